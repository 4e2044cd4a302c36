-- When users were last active: kept for a month, whatever becomes of their devices and tokens.
CREATE TABLE monthly_active_users (
    localpart      TEXT   NOT NULL PRIMARY KEY,
    last_active_ts BIGINT NOT NULL
);

CREATE INDEX monthly_active_users_last_active_idx ON monthly_active_users (last_active_ts);

INSERT INTO monthly_active_users (localpart, last_active_ts)
SELECT devices.localpart, max(devices.last_seen_ts)
FROM devices
JOIN accounts ON accounts.localpart = devices.localpart
WHERE NOT accounts.is_guest
  AND accounts.appservice_id IS NULL
  AND (accounts.user_type IS NULL OR accounts.user_type <> 'support')
GROUP BY devices.localpart;

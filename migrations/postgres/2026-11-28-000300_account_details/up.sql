ALTER TABLE accounts ADD COLUMN consent_ts BIGINT;
ALTER TABLE accounts ADD COLUMN erased BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE accounts ADD COLUMN suspended BOOLEAN NOT NULL DEFAULT FALSE;
-- Outlives the devices on which somebody was seen, and lists are ordered by it.
ALTER TABLE accounts ADD COLUMN last_seen_ts BIGINT;

UPDATE accounts SET last_seen_ts =
    (SELECT MAX(devices.last_seen_ts) FROM devices WHERE devices.localpart = accounts.localpart);

CREATE INDEX accounts_created_idx ON accounts (created_ts, localpart);
CREATE INDEX accounts_last_seen_idx ON accounts (last_seen_ts NULLS FIRST, localpart);

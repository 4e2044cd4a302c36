CREATE TABLE devices (
    localpart            TEXT NOT NULL REFERENCES accounts (localpart),
    device_id            TEXT NOT NULL,
    display_name         TEXT,
    created_ts           BIGINT NOT NULL,
    last_seen_ts         BIGINT NOT NULL,
    last_seen_ip         TEXT,
    last_seen_user_agent TEXT,
    PRIMARY KEY (localpart, device_id)
);

-- AUTOINCREMENT, here and below: the number of a removed token must never come back for another one.
CREATE TABLE refresh_tokens (
    refresh_token_id   INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    digest             BLOB NOT NULL UNIQUE,
    localpart          TEXT NOT NULL,
    device_id          TEXT NOT NULL,
    expires_ts         BIGINT,
    session_expires_ts BIGINT,
    successor_id       BIGINT REFERENCES refresh_tokens (refresh_token_id) ON DELETE SET NULL,
    FOREIGN KEY (localpart, device_id) REFERENCES devices (localpart, device_id) ON DELETE CASCADE
);

CREATE INDEX refresh_tokens_device_idx ON refresh_tokens (localpart, device_id);
CREATE INDEX refresh_tokens_successor_idx ON refresh_tokens (successor_id);

CREATE TABLE access_tokens (
    access_token_id  INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    digest           BLOB NOT NULL UNIQUE,
    localpart        TEXT NOT NULL REFERENCES accounts (localpart),
    device_id        TEXT,
    issued_ts        BIGINT NOT NULL,
    validated_ts     BIGINT NOT NULL,
    expires_ts       BIGINT,
    refresh_token_id BIGINT REFERENCES refresh_tokens (refresh_token_id) ON DELETE CASCADE,
    used             BOOLEAN NOT NULL,
    FOREIGN KEY (localpart, device_id) REFERENCES devices (localpart, device_id) ON DELETE CASCADE
);

CREATE INDEX access_tokens_device_idx ON access_tokens (localpart, device_id);
CREATE INDEX access_tokens_refresh_token_idx ON access_tokens (refresh_token_id);

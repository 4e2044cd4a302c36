DROP TABLE uia_clients;
DROP TABLE uia_stages;
DROP TABLE uia_sessions;

CREATE TABLE registration_tokens_before AS SELECT * FROM registration_tokens;
DROP TABLE registration_tokens;

CREATE TABLE uia_sessions (
    uia_session_id       TEXT PRIMARY KEY NOT NULL,
    created_ts           BIGINT NOT NULL,
    -- Of method and target: the target may hold an access token.
    operation_digest     BLOB NOT NULL,
    -- JSON.
    parameters           TEXT NOT NULL,
    password_hash        TEXT,
    requester            TEXT,
    -- No reference: the session is marked before the account is created, in one transaction.
    registered_localpart TEXT,
    registered_device_id TEXT
);

CREATE INDEX uia_sessions_created_idx ON uia_sessions (created_ts);

-- The number tells the order of completion.
CREATE TABLE uia_stages (
    uia_stage_id   INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    uia_session_id TEXT NOT NULL REFERENCES uia_sessions (uia_session_id) ON DELETE CASCADE,
    stage          TEXT NOT NULL,
    -- JSON.
    result         TEXT NOT NULL,
    completed_ts   BIGINT NOT NULL,
    UNIQUE (uia_session_id, stage)
);

-- The digest stands for address and user agent, which may be too long for an index.
CREATE TABLE uia_clients (
    uia_session_id TEXT NOT NULL REFERENCES uia_sessions (uia_session_id) ON DELETE CASCADE,
    client_digest  BLOB NOT NULL,
    ip             TEXT NOT NULL,
    user_agent     TEXT NOT NULL,
    PRIMARY KEY (uia_session_id, client_digest)
);

CREATE TABLE registration_tokens (
    registration_token TEXT PRIMARY KEY NOT NULL,
    -- NULL: any number of uses.
    uses_allowed       BIGINT,
    pending            BIGINT NOT NULL CHECK (pending >= 0),
    completed          BIGINT NOT NULL CHECK (completed >= 0),
    -- NULL: never.
    expires_ts         BIGINT
);

-- No reference: a token can be removed while sessions hold a use of it.
ALTER TABLE uia_sessions ADD COLUMN registration_token TEXT;

INSERT INTO registration_tokens
    (registration_token, uses_allowed, pending, completed, expires_ts)
    SELECT registration_token, uses_allowed, 0, completed, expires_ts
    FROM registration_tokens_before;
DROP TABLE registration_tokens_before;

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

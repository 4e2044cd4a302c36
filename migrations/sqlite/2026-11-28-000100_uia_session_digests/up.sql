-- Sessions under way end: only digests of their IDs are stored from here on. What they had reserved of
-- registration tokens is given back.
DROP TABLE uia_clients;
DROP TABLE uia_stages;
DROP TABLE uia_sessions;

-- A token made again under the string of a removed one is another token, so it has another number.
CREATE TABLE registration_tokens_before AS SELECT * FROM registration_tokens;
DROP TABLE registration_tokens;
CREATE TABLE registration_tokens (
    registration_token_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    registration_token    TEXT NOT NULL,
    -- NULL: any number of uses.
    uses_allowed          BIGINT,
    pending               BIGINT NOT NULL CHECK (pending >= 0),
    completed             BIGINT NOT NULL CHECK (completed >= 0),
    -- NULL: never.
    expires_ts            BIGINT,
    CONSTRAINT registration_tokens_string_key UNIQUE (registration_token)
);
INSERT INTO registration_tokens
    (registration_token, uses_allowed, pending, completed, expires_ts)
    SELECT registration_token, uses_allowed, 0, completed, expires_ts
    FROM registration_tokens_before ORDER BY registration_token;
DROP TABLE registration_tokens_before;

CREATE TABLE uia_sessions (
    -- Of the session's ID.
    digest                BLOB PRIMARY KEY NOT NULL,
    created_ts            BIGINT NOT NULL,
    -- Of method and target: the target may hold an access token.
    operation_digest      BLOB NOT NULL,
    -- JSON.
    parameters            TEXT NOT NULL,
    password_hash         TEXT,
    -- The login that opened it: the account, and its device or, without one, its access token.
    -- No references: a session outlives its login, and nobody can continue it.
    requester             TEXT,
    requester_device_id   TEXT,
    requester_token_id    BIGINT,
    -- No reference: the session is marked before the account is created, in one transaction.
    registered_localpart  TEXT,
    registered_device_id  TEXT,
    registered_ts         BIGINT,
    -- Of the tokens that the last answer to the registration gave; NULL: it gave none.
    answer_access_digest  BLOB,
    answer_refresh_digest BLOB,
    -- No reference: a token can be removed while sessions hold a use of it.
    registration_token_id BIGINT,
    registration_token    TEXT
);

CREATE INDEX uia_sessions_created_idx ON uia_sessions (created_ts);

-- The number is the order of completion.
CREATE TABLE uia_stages (
    uia_stage_id   INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    session_digest BLOB NOT NULL REFERENCES uia_sessions (digest) ON DELETE CASCADE,
    stage          TEXT NOT NULL,
    -- JSON.
    result         TEXT NOT NULL,
    completed_ts   BIGINT NOT NULL,
    UNIQUE (session_digest, stage)
);

-- The number is the order of appearance.
CREATE TABLE uia_clients (
    uia_client_id  INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    session_digest BLOB NOT NULL REFERENCES uia_sessions (digest) ON DELETE CASCADE,
    -- Of address and user agent, which may be too long for an index.
    client_digest  BLOB NOT NULL,
    ip             TEXT NOT NULL,
    user_agent     TEXT NOT NULL,
    UNIQUE (session_digest, client_digest)
);

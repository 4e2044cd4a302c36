-- Secrets and tokens are stored as digests.
CREATE TABLE validation_sessions (
    validation_session_id TEXT COLLATE "C" PRIMARY KEY,
    medium                TEXT COLLATE "C" NOT NULL,
    address               TEXT COLLATE "C" NOT NULL,
    purpose               TEXT NOT NULL,
    client_secret_digest  BYTEA NOT NULL,
    -- NULL: no mail has gone out.
    last_send_attempt     BIGINT,
    -- NULL: the link has not been opened.
    validated_ts          BIGINT
);

-- A client that asks again gets the session that it has.
CREATE UNIQUE INDEX validation_sessions_open_idx
    ON validation_sessions (medium, address, purpose, client_secret_digest)
    WHERE validated_ts IS NULL;

CREATE INDEX validation_sessions_validated_idx ON validation_sessions (validated_ts);

CREATE TABLE validation_tokens (
    digest                BYTEA PRIMARY KEY,
    validation_session_id TEXT COLLATE "C" NOT NULL
        REFERENCES validation_sessions (validation_session_id) ON DELETE CASCADE,
    next_link             TEXT,
    expires_ts            BIGINT NOT NULL
);

CREATE INDEX validation_tokens_validation_session_id_idx
    ON validation_tokens (validation_session_id);

CREATE INDEX validation_tokens_expires_idx ON validation_tokens (expires_ts);

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

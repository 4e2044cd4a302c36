-- What is known about proofs of identity servers: what they were asked for, and that they were used.
CREATE TABLE delegated_proofs (
    -- SHA-256 of the server, its session ID and the client secret.
    proof_digest BYTEA PRIMARY KEY NOT NULL,
    -- NULL: nobody asked for it here.
    purpose      TEXT,
    used         BOOLEAN NOT NULL,
    expires_ts   BIGINT NOT NULL
);

CREATE INDEX delegated_proofs_expires_idx ON delegated_proofs (expires_ts);

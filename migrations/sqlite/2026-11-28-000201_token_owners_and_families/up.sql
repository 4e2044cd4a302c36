-- The administrator who speaks for the account with the token, which belongs to them.
ALTER TABLE access_tokens ADD COLUMN made_by TEXT REFERENCES accounts (localpart);

CREATE INDEX access_tokens_made_by_idx ON access_tokens (made_by) WHERE made_by IS NOT NULL;

-- Only administrators' tokens have no device. Whose these are is not known, so they end.
DELETE FROM access_tokens WHERE device_id IS NULL;

-- The digest of the secret that the refresh tokens of one login share, and how often they were exchanged.
ALTER TABLE refresh_tokens ADD COLUMN family BLOB;
ALTER TABLE refresh_tokens ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;

CREATE INDEX refresh_tokens_family_idx ON refresh_tokens (family) WHERE family IS NOT NULL;

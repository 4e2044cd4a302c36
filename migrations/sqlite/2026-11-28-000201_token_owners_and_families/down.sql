DROP INDEX refresh_tokens_family_idx;
ALTER TABLE refresh_tokens DROP COLUMN generation;
ALTER TABLE refresh_tokens DROP COLUMN family;

-- Without their owner they would be the account's own.
DELETE FROM access_tokens WHERE made_by IS NOT NULL;
DROP INDEX access_tokens_made_by_idx;
ALTER TABLE access_tokens DROP COLUMN made_by;

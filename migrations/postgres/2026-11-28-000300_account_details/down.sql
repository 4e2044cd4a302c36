DROP INDEX accounts_last_seen_idx;
DROP INDEX accounts_created_idx;

ALTER TABLE accounts DROP COLUMN last_seen_ts;
ALTER TABLE accounts DROP COLUMN suspended;
ALTER TABLE accounts DROP COLUMN erased;
ALTER TABLE accounts DROP COLUMN consent_ts;

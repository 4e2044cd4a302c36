-- An earlier version would accept what was used up.
DELETE FROM validation_sessions WHERE consumed;
ALTER TABLE validation_sessions DROP COLUMN delegate_sid;
ALTER TABLE validation_sessions DROP COLUMN consumed;

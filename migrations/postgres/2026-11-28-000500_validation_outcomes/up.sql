-- A link that was opened can be opened again, so its session outlives the use of what it proves.
ALTER TABLE validation_sessions ADD COLUMN consumed BOOLEAN NOT NULL DEFAULT FALSE;
-- The session of an identity server that this one stands for.
ALTER TABLE validation_sessions ADD COLUMN delegate_sid TEXT;

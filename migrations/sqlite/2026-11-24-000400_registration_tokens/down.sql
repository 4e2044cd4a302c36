ALTER TABLE uia_sessions DROP COLUMN registration_token;

DROP TABLE registration_tokens;

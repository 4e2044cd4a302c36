DROP TABLE validation_tokens;
DROP TABLE validation_sessions;

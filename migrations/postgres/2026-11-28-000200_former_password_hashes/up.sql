-- What the password of a deactivated account was: who knows it learns that the account is deactivated.
ALTER TABLE accounts ADD COLUMN former_password_hash TEXT;

-- Passwords proved in sessions that are under way are proved again: the proof says with which hash.
DELETE FROM uia_stages WHERE stage = 'm.login.password';

DELETE FROM uia_stages WHERE stage = 'm.login.password';

ALTER TABLE accounts DROP COLUMN former_password_hash;

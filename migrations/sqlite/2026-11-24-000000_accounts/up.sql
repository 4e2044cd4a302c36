CREATE TABLE accounts (
    localpart        TEXT PRIMARY KEY NOT NULL,
    -- Lower case, by the rules of Unicode: the form in which localparts are compared.
    localpart_folded TEXT NOT NULL,
    password_hash    TEXT,
    created_ts       BIGINT NOT NULL,
    upgraded_ts      BIGINT,
    is_guest         BOOLEAN NOT NULL,
    admin            BOOLEAN NOT NULL,
    appservice_id    TEXT,
    display_name     TEXT,
    user_type        TEXT,
    consent_version  TEXT,
    deactivated      BOOLEAN NOT NULL,
    shadow_banned    BOOLEAN NOT NULL
);

CREATE INDEX accounts_localpart_folded_idx ON accounts (localpart_folded);

CREATE TABLE counters (
    name  TEXT PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
);

CREATE TABLE threepids (
    medium       TEXT NOT NULL,
    address      TEXT NOT NULL,
    localpart    TEXT NOT NULL REFERENCES accounts (localpart),
    validated_ts BIGINT NOT NULL,
    added_ts     BIGINT NOT NULL,
    PRIMARY KEY (medium, address)
);

CREATE INDEX threepids_localpart_idx ON threepids (localpart);

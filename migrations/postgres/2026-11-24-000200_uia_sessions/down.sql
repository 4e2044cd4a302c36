DROP TABLE uia_clients;
DROP TABLE uia_stages;
DROP TABLE uia_sessions;

DROP TABLE threepids;
DROP TABLE counters;
DROP TABLE accounts;

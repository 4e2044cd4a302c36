DROP TABLE delegated_proofs;

//! The store against real databases.
//!
//! SQLite is always there. For PostgreSQL, `REGISTRAR_TEST_POSTGRES_URL` names a server on which the
//! user may create databases; each test makes its own and removes it.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its helpers meet a surprise"
)]

mod contract;
mod frozen;
mod lost_files;
mod migrations;
mod postgres;
mod schema;
mod sqlite;
mod store;
mod support;
mod tls;
mod use_cases;

//! What a database's complaint means: diesel's errors become [`StoreError`]s here and nowhere else.

use diesel::result::{DatabaseErrorKind, Error};
use registrar_domain::ports::store::{Constraint, StoreError, StoreErrorKind};

/// The uniqueness rules with a meaning: SQLite names the columns, PostgreSQL the constraint or index.
const UNIQUENESS: [(&str, &str, Constraint); 5] = [
    (
        "accounts.localpart",
        "accounts_pkey",
        Constraint::LocalpartTaken,
    ),
    (
        "registration_tokens.registration_token",
        "registration_tokens_string_key",
        Constraint::RegistrationTokenTaken,
    ),
    (
        "threepids.medium, threepids.address",
        "threepids_pkey",
        Constraint::ThreepidTaken,
    ),
    (
        "uia_sessions.digest",
        "uia_sessions_pkey",
        Constraint::UiaSessionTaken,
    ),
    (
        "validation_sessions.medium, validation_sessions.address, validation_sessions.purpose, \
         validation_sessions.client_secret_digest",
        "validation_sessions_open_idx",
        Constraint::ValidationSessionOpen,
    ),
];

/// The meaning of a statement's failure on SQLite, whose messages are never translated.
pub(crate) fn sqlite(error: Error) -> StoreError {
    let kind = match &error {
        Error::DatabaseError(kind, information) => match kind {
            DatabaseErrorKind::Unknown if is_locked(information.message()) => {
                StoreErrorKind::Contended
            }
            DatabaseErrorKind::Unknown if is_out_of_order(information.message()) => {
                StoreErrorKind::Unavailable
            }
            _ => of_both(kind, unique_columns(information.message())),
        },
        _ => StoreErrorKind::Other,
    };
    StoreError::new(kind, error)
}

/// The meaning of a statement's failure on PostgreSQL.
///
/// Diesel hides the code of most errors, and their texts are in the server's language. What can be
/// told apart: a statement that is wrong fails while it is parsed, with a position in its text.
/// An error without one met a statement that could have worked: a deadlock, a time-out, a server
/// that shuts down. Nothing of the unit of work stays, so it may be tried again.
pub(crate) fn postgres(error: Error) -> StoreError {
    let kind = match &error {
        Error::DatabaseError(kind, information) => match kind {
            DatabaseErrorKind::Unknown if information.statement_position().is_none() => {
                StoreErrorKind::Contended
            }
            _ => of_both(kind, information.constraint_name()),
        },
        _ => StoreErrorKind::Other,
    };
    StoreError::new(kind, error)
}

/// The meaning of a failed COMMIT on PostgreSQL. Only a serialization failure is known to have
/// written nothing; after anything else the outcome must be looked up.
pub(crate) fn postgres_commit(error: Error) -> StoreError {
    let kind = match &error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => {
            StoreErrorKind::Contended
        }
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::new(kind, error)
}

/// A value that this program did not write.
pub(crate) fn corrupt(table: &'static str, column: &'static str) -> StoreError {
    StoreErrorKind::Corrupt { table, column }.into()
}

fn of_both(kind: &DatabaseErrorKind, unique: Option<&str>) -> StoreErrorKind {
    match kind {
        DatabaseErrorKind::UniqueViolation => StoreErrorKind::Conflict(meaning(unique)),
        DatabaseErrorKind::ForeignKeyViolation => {
            StoreErrorKind::Conflict(Constraint::MissingReference)
        }
        DatabaseErrorKind::NotNullViolation
        | DatabaseErrorKind::CheckViolation
        | DatabaseErrorKind::RestrictViolation
        | DatabaseErrorKind::ExclusionViolation => StoreErrorKind::Conflict(Constraint::Unnamed),
        DatabaseErrorKind::SerializationFailure => StoreErrorKind::Contended,
        DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection => {
            StoreErrorKind::Unavailable
        }
        _ => StoreErrorKind::Other,
    }
}

fn meaning(unique: Option<&str>) -> Constraint {
    let is_broken = |columns: &str, name: &str| unique == Some(columns) || unique == Some(name);
    UNIQUENESS
        .into_iter()
        .find(|(columns, name, _)| is_broken(columns, name))
        .map_or(Constraint::Unnamed, |(_, _, constraint)| constraint)
}

fn unique_columns(message: &str) -> Option<&str> {
    message.strip_prefix("UNIQUE constraint failed: ")
}

/// The disk is full or broken: nothing is wrong with what was asked.
fn is_out_of_order(message: &str) -> bool {
    matches!(message, "database or disk is full" | "disk I/O error")
}

fn is_locked(message: &str) -> bool {
    matches!(message, "database is locked" | "database table is locked")
        || message.starts_with("database table is locked: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database_error(kind: DatabaseErrorKind, message: &str) -> Error {
        Error::DatabaseError(kind, Box::new(message.to_owned()))
    }

    #[test]
    fn sqlite_messages() {
        use DatabaseErrorKind::{ForeignKeyViolation, UniqueViolation, Unknown};
        let rows = [
            (
                UniqueViolation,
                "UNIQUE constraint failed: accounts.localpart",
                StoreErrorKind::Conflict(Constraint::LocalpartTaken),
            ),
            (
                UniqueViolation,
                "UNIQUE constraint failed: access_tokens.digest",
                StoreErrorKind::Conflict(Constraint::Unnamed),
            ),
            (
                ForeignKeyViolation,
                "FOREIGN KEY constraint failed",
                StoreErrorKind::Conflict(Constraint::MissingReference),
            ),
            (Unknown, "database is locked", StoreErrorKind::Contended),
            (
                Unknown,
                "database table is locked: accounts",
                StoreErrorKind::Contended,
            ),
            (
                Unknown,
                "database or disk is full",
                StoreErrorKind::Unavailable,
            ),
            (
                Unknown,
                "attempt to write a readonly database",
                StoreErrorKind::Other,
            ),
        ];
        for (kind, message, expected) in rows {
            assert_eq!(
                sqlite(database_error(kind, message)).kind,
                expected,
                "{message}"
            );
        }
    }

    #[test]
    fn postgres_kinds() {
        use DatabaseErrorKind::{
            ReadOnlyTransaction, SerializationFailure, UnableToSendCommand, Unknown,
        };
        let rows = [
            (
                Unknown,
                StoreErrorKind::Contended,
                StoreErrorKind::Unavailable,
            ),
            (
                SerializationFailure,
                StoreErrorKind::Contended,
                StoreErrorKind::Contended,
            ),
            (
                UnableToSendCommand,
                StoreErrorKind::Unavailable,
                StoreErrorKind::Unavailable,
            ),
            (
                ReadOnlyTransaction,
                StoreErrorKind::Other,
                StoreErrorKind::Unavailable,
            ),
        ];
        for (kind, in_statement, in_commit) in rows {
            let error = || database_error(kind, "Verklemmung entdeckt");
            assert_eq!(postgres(error()).kind, in_statement, "{kind:?}");
            assert_eq!(postgres_commit(error()).kind, in_commit, "{kind:?}");
        }
    }
}

use std::error::Error;
use std::fmt;

/// A statement or a commit that did not succeed.
#[derive(Debug)]
pub struct StoreError {
    /// What it means to a use-case.
    pub kind: StoreErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What the failure of a database operation means to a use-case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// Another row stands in the way.
    Conflict(Constraint),
    /// Another transaction stood in the way: nothing was written, trying again may succeed.
    Contended,
    /// The database cannot be reached, or gave no connection in time.
    Unavailable,
    /// The database was deleted or replaced while it was open. It stays lost until the process is
    /// restarted, and the adapter has logged it.
    Lost,
    /// A row holds what this program never wrote.
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Anything else: a bug or a broken database.
    Other,
}

/// The rule of the database that a row would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// Two accounts with one localpart.
    LocalpartTaken,
    /// Two owners of one third-party identifier.
    ThreepidTaken,
    /// Two registration tokens with one text.
    RegistrationTokenTaken,
    /// Two user-interactive authentication sessions with one ID.
    UiaSessionTaken,
    /// Two open validation sessions of one client for one address.
    ValidationSessionOpen,
    /// A row that refers to one that is not there (any more): a device, a session, an account.
    MissingReference,
    /// A constraint without a meaning of its own.
    Unnamed,
}

impl StoreError {
    /// An error with the adapter's own error as its cause.
    pub fn new(kind: StoreErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    /// Does this constraint stand in the way?
    pub fn is_conflict(&self, constraint: Constraint) -> bool {
        self.kind == StoreErrorKind::Conflict(constraint)
    }

    /// May the whole unit of work be tried again?
    pub fn is_contended(&self) -> bool {
        self.kind == StoreErrorKind::Contended
    }
}

impl From<StoreErrorKind> for StoreError {
    fn from(kind: StoreErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            StoreErrorKind::Conflict(constraint) => {
                write!(f, "conflict in the database: {constraint:?}")
            }
            StoreErrorKind::Contended => f.write_str("another transaction stood in the way"),
            StoreErrorKind::Unavailable => f.write_str("the database is not available"),
            StoreErrorKind::Lost => {
                f.write_str("the database was deleted or replaced while it was open")
            }
            StoreErrorKind::Corrupt { table, column } => {
                write!(
                    f,
                    "the database holds an unreadable value in {table}.{column}"
                )
            }
            StoreErrorKind::Other => f.write_str("the database operation failed"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

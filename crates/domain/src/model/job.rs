//! The periodic jobs.

use std::time::Duration;

/// A periodic job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Removes sessions of user-interactive authentication.
    UiaSessions,
    /// Removes validation tokens, the validation sessions that nobody can use any more, and what is
    /// known about proofs of identity servers that are too old.
    Validations,
    /// Removes the activity of users who were not seen for a month.
    ActiveUsers,
}

impl Job {
    /// Every job.
    pub const ALL: [Self; 3] = [Self::UiaSessions, Self::Validations, Self::ActiveUsers];

    /// How often it should run, the first time at the start.
    pub const fn period(self) -> Duration {
        match self {
            Self::UiaSessions => Duration::from_mins(5),
            Self::Validations => Duration::from_mins(30),
            Self::ActiveUsers => Duration::from_hours(1),
        }
    }

    /// Its name, for logs and for its lease.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UiaSessions => "expire_uia_sessions",
            Self::Validations => "expire_validations",
            Self::ActiveUsers => "expire_active_users",
        }
    }
}

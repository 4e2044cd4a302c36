//! The `auth` object of a request that needs user-interactive authentication.

use crate::account::identifier::IdentityClaim;
use crate::given::Given;

/// What the client says in `auth`: which dialogue it continues, which stage it attempts, and what it
/// submits there.
#[derive(Clone, Debug, Default)]
pub struct Auth {
    /// The object has no key at all, which counts as no `auth`, except that it is there.
    pub is_empty: bool,
    /// `session`.
    pub session: Given<String>,
    /// `type`: the stage.
    pub stage: Given<String>,
    /// What the stages look at.
    pub submission: Submission,
}

/// The fields of `auth` that belong to single stages.
#[derive(Clone, Debug, Default)]
pub struct Submission {
    /// `token`, for `m.login.registration_token`.
    pub token: Given<String>,
    /// `password`, for `m.login.password`.
    pub password: Given<String>,
    /// Who says so, for `m.login.password`.
    pub identity: IdentityClaim,
}

//! The `auth` object of a request that needs user-interactive authentication.

use crate::model::given::Given;
use crate::usecase::credentials::identifier::IdentityClaim;

/// What the client says in `auth`: which session it continues, which stage it attempts, and what it
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
    /// `response`, for `m.login.recaptcha`.
    pub response: Given<String>,
    /// `threepid_creds`, for `m.login.email.identity` and `m.login.msisdn`.
    pub threepid_creds: Given<ThreepidCredentials>,
    /// `token`, for `m.login.registration_token`.
    pub token: Given<String>,
    /// `password`, for `m.login.password`.
    pub password: Given<String>,
    /// Who says so, for `m.login.password`.
    pub identity: IdentityClaim,
}

/// What shows that an address was validated: a validation session and its secret.
#[derive(Clone, Debug, Default)]
pub struct ThreepidCredentials {
    /// `client_secret`.
    pub client_secret: Given<String>,
    /// `sid`.
    pub sid: Given<String>,
}

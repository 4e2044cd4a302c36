//! The door to the operator's own rules about registration.
//!
//! These are the module callbacks of a homeserver that concern registration. None of them ever
//! sees a password, a token or a client secret.

use async_trait::async_trait;

use crate::model::threepid::Threepid;

/// What an operator may have a say in. An adapter answers the questions that matter to
/// them; the others have answers that change nothing.
///
/// Questions may be repeated, for instance when a client repeats a request, so answering one should
/// have no effect of its own.
#[async_trait]
pub trait RegistrationHooks: Send + Sync {
    /// May this registration go ahead? Asked once the session is complete and the limit is
    /// charged, right before the account is created; also for guests and for accounts that an
    /// application service or an administrator makes.
    ///
    /// # Errors
    /// [`HookError`]; nothing is registered then.
    async fn check_registration(
        &self,
        _facts: &RegistrationFacts,
    ) -> Result<RegistrationVerdict, HookError> {
        Ok(RegistrationVerdict::Allow)
    }

    /// Which localpart does the account get, regardless of the client's request? `None` leaves it to the
    /// request. What is chosen is lower-cased and checked as a requested one would be.
    ///
    /// # Errors
    /// [`HookError`]; nothing is registered then.
    async fn choose_username(
        &self,
        _facts: &RegistrationFacts,
    ) -> Result<Option<String>, HookError> {
        Ok(None)
    }

    /// Which display name does the account get? `None` leaves it to the localpart.
    ///
    /// # Errors
    /// [`HookError`]; nothing is registered then.
    async fn choose_display_name(
        &self,
        _facts: &RegistrationFacts,
    ) -> Result<Option<String>, HookError> {
        Ok(None)
    }

    /// May this third-party identifier be used here? Asked besides `allowed_local_3pids`.
    ///
    /// # Errors
    /// [`HookError`]; the identifier is not used then.
    async fn is_threepid_allowed(
        &self,
        _threepid: &Threepid,
        _purpose: ThreepidPurpose,
    ) -> Result<bool, HookError> {
        Ok(true)
    }
}

/// What is known about a registration when a hook is asked. Fields that do not apply are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistrationFacts {
    /// The localpart that the client requested or, once one was chosen, that one; lower-cased. `None`
    /// while it will be generated.
    pub username: Option<String>,
    /// The email address that was validated, in canonical form.
    pub email: Option<String>,
    /// The phone number that was validated, in canonical form: digits without a `+`.
    pub msisdn: Option<String>,
    /// Who took part in the session.
    pub clients: Vec<ObservedClient>,
}

/// A client that took part in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedClient {
    /// Its address as text, or the empty string where that is unknown.
    pub ip: String,
    /// Its `User-Agent` header, or the empty string.
    pub user_agent: String,
}

impl From<(String, String)> for ObservedClient {
    /// From an (address, user agent) pair as
    /// [`list_clients`](crate::ports::store::UiaRepository::list_clients) gives it.
    fn from((ip, user_agent): (String, String)) -> Self {
        Self { ip, user_agent }
    }
}

/// What a hook thinks of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationVerdict {
    /// It may go ahead.
    Allow,
    /// It may not.
    Deny,
    /// It may, but the homeserver is to hide what the account does from others. The client cannot
    /// tell.
    ShadowBan,
}

/// What a third-party identifier is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreepidPurpose {
    /// A new account.
    Registration,
    /// An account that exists.
    Addition,
}

/// Why a hook gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// It did not answer in time.
    #[error("the registration hook did not answer in time")]
    TimedOut,
    /// It cannot be asked about this request, because of what the client sent: the question is too
    /// long, or the hook says that it is. Trouble of the hook itself is none of this.
    #[error("the registration hook cannot be asked about this request")]
    Unaskable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It could not be reached, or what it said makes no sense.
    #[error("the registration hook could not be used")]
    Unusable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

use crate::model::limit::LimitExceeded;
use crate::model::threepid::{
    ClientSecretError, EmailAddressError, Medium, NextLinkError, PhoneNumberError, Purpose,
};
use crate::model::uia::Stage;
use crate::ports::{HookError, IdentityServerError, MailError, StoreError};
use crate::usecase::retry::MaybeStore;

/// Why no message was sent. The order of the variants is the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum RequestTokenError {
    /// Nobody validates email addresses here.
    #[error("email addresses cannot be validated on this server")]
    EmailNotSupported,
    /// `enable_registration` is off.
    #[error("registration is disabled on this server")]
    RegistrationClosed,
    /// `enable_3pid_changes` is off.
    #[error("addresses of accounts cannot be changed on this server")]
    ChangesForbidden,
    /// These parameters are missing.
    #[error("missing parameters: {}", .0.join(", "))]
    ParametersMissing(Vec<&'static str>),
    /// The client secret cannot be read.
    #[error(transparent)]
    ClientSecret(#[from] ClientSecretError),
    /// A field has the wrong type.
    #[error("`{0}` has the wrong type")]
    MalformedField(&'static str),
    /// The email address cannot be read.
    #[error(transparent)]
    Email(#[from] EmailAddressError),
    /// A field has the wrong type, or is no email address, where Synapse checks the body as a whole.
    #[error("`{0}` cannot be read")]
    Unreadable(&'static str),
    /// The phone number cannot be read.
    #[error(transparent)]
    PhoneNumber(#[from] PhoneNumberError),
    /// `next_link` leads where nobody is sent.
    #[error(transparent)]
    NextLink(#[from] NextLinkError),
    /// The client names no UIA session in which these stages were passed.
    #[error(
        "these stages must be passed before a message is sent, in the session that the request names: {}",
        names(.0)
    )]
    StagesRequired(Vec<Stage>),
    /// The operator does not want such addresses.
    #[error("this {} may not be used on this server", .0.noun())]
    Denied(Medium),
    /// Too many requests from this client, or for this address.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// The address is already in use.
    #[error("this {} is already in use", .0.noun())]
    InUse(Medium),
    /// The address belongs to no account.
    #[error("no account has this {}", .0.noun())]
    NotFound(Medium),
    /// Nobody validates phone numbers here.
    #[error("phone numbers cannot be validated on this server")]
    MsisdnNotSupported(Purpose),
    /// The deployment has sent as many messages in this hour as its operator allows.
    #[error("this server has reached its hourly limit of messages, try again next hour")]
    CapReached {
        /// The medium.
        medium: Medium,
        /// Milliseconds until the next hour.
        retry_after_ms: u64,
    },
    /// Too many messages are under way already. Nothing is stored.
    #[error("too many messages are being sent, try again later")]
    Busy,
    /// The mail did not go out. Nothing is stored, and the same attempt can be repeated.
    #[error("the mail could not be sent")]
    Mail(#[source] MailError),
    /// The identity server gave no usable answer.
    #[error(transparent)]
    IdentityServer(#[from] IdentityServerError),
    /// The operator's own rules could not be asked.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RequestTokenError {
    /// What a field that cannot be read is for a purpose: Synapse reads the fields one by one for a
    /// registration, and checks the body as a whole for the requests of accounts.
    pub(super) fn in_request_for(self, purpose: Purpose) -> Self {
        match (purpose, self) {
            (Purpose::Addition | Purpose::PasswordReset, Self::MalformedField(name)) => {
                Self::Unreadable(name)
            }
            (Purpose::Addition | Purpose::PasswordReset, Self::Email(_)) => {
                Self::Unreadable("email")
            }
            (_, error) => error,
        }
    }
}

impl MaybeStore for RequestTokenError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

fn names(stages: &[Stage]) -> String {
    let names: Vec<_> = stages.iter().map(|stage| stage.as_str()).collect();
    names.join(", ")
}

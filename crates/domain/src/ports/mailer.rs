//! The door to mail.

use async_trait::async_trait;

use crate::model::threepid::EmailAddress;

/// Sends mail to people.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands one mail to the mail server. Not idempotent: a repeated call is a second mail.
    ///
    /// # Errors
    /// [`MailError`]; after an error nothing is known to have been delivered.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}

/// A mail: to whom, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The recipient.
    pub to: EmailAddress,
    /// What it says.
    pub content: MailContent,
}

/// What a mail says. The wording is the adapter's, from the operator's templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailContent {
    /// "Open this link to register with this address."
    ValidateRegistration {
        /// The link.
        link: String,
    },
    /// "Open this link to add this address to your account."
    ValidateAddition {
        /// The link.
        link: String,
    },
    /// "Open this link to reset your password."
    ResetPassword {
        /// The link.
        link: String,
    },
    /// "Somebody wanted to register with this address, which belongs to your account."
    AlreadyInUse,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// It may work later: connection trouble, time-outs, 4xx answers.
    #[error("the mail server cannot accept the mail at the moment")]
    Transient(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It will not work: mail cannot be addressed to this recipient.
    #[error("mail cannot be sent to this address")]
    Unaddressable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It will not work: the server refuses this mail or this recipient.
    #[error("the mail server refused the mail")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The mail could not be written: a template fails.
    #[error("the mail could not be composed")]
    Compose(#[source] Box<dyn std::error::Error + Send + Sync>),
}

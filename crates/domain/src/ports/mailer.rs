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
    #[error("the mail server could not take the mail now")]
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

/// Keeps the mails instead of sending them.
#[cfg(feature = "fakes")]
#[derive(Debug, Default)]
pub struct FakeMailer(std::sync::Mutex<Outbox>);

#[cfg(feature = "fakes")]
#[derive(Debug, Default)]
struct Outbox {
    sent: Vec<Mail>,
    is_down: bool,
}

#[cfg(feature = "fakes")]
impl FakeMailer {
    /// The mails so far, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.outbox().sent.clone()
    }

    /// Refuses mails from now on, or takes them again.
    pub fn be_down(&self, is_down: bool) {
        self.outbox().is_down = is_down;
    }

    fn outbox(&self) -> std::sync::MutexGuard<'_, Outbox> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(feature = "fakes")]
#[async_trait]
impl Mailer for FakeMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let mut outbox = self.outbox();
        if outbox.is_down {
            return Err(MailError::Transient("a fake outage".into()));
        }
        outbox.sent.push(mail.clone());
        Ok(())
    }
}

#![doc = include_str!("../README.md")]
//!
//! # Files
//!
//! | file | what it decides |
//! |---|---|
//! | [`options`] | what an operator can choose, and the names of mistakes |
//! | `recipient` | which addresses may appear in an SMTP command |
//! | `sender`, `percent` | `notif_from` and the subjects, with their `%(name)s` variables |
//! | `templates` | where a template is found, and what it may use |
//! | `message` | headers and parts of a mail |
//! | `pool` | connections to the mail server, and which of them are used again |
//! | `connection` | TCP, TLS and login of one of them |
//! | `stream`, `limit` | what the SMTP library reads from, and how much the server may send |
//! | `failure` | what the domain gets when a mail is not sent |

mod connection;
mod failure;
mod limit;
mod message;
pub mod options;
mod percent;
mod pool;
mod recipient;
mod sender;
mod stream;
mod templates;

use std::time::Duration;

use async_trait::async_trait;
use registrar_domain::ports::mailer::MailContent;
use registrar_domain::ports::{Mail, MailError, Mailer};

pub use options::{Options, SetupError};
pub use registrar_templates::TemplateWarning;

use crate::message::Composer;
use crate::pool::Pool;

/// Sends mail over SMTP, through a small pool of connections.
#[derive(Debug)]
pub struct LettreMailer {
    composer: Composer,
    pool: Pool,
    send_timeout: Duration,
}

impl LettreMailer {
    /// Reads and tries all templates; connects to nothing, and needs no runtime.
    ///
    /// # Errors
    /// Every mistake in the options and templates at once, at least one.
    pub fn new(options: Options) -> Result<Self, Vec<SetupError>> {
        let send_timeout = options.smtp.send_timeout;
        let pool = Pool::new(&options.smtp);
        match (Composer::new(options), pool) {
            (Ok(composer), Ok(pool)) => Ok(Self {
                composer,
                pool,
                send_timeout,
            }),
            (composer, pool) => {
                let mistakes = composer.err().unwrap_or_default();
                Err(mistakes.into_iter().chain(pool.err()).collect())
            }
        }
    }

    /// What is odd about the operator's templates.
    pub fn warnings(&self) -> &[TemplateWarning] {
        &self.composer.warnings
    }

    /// Says goodbye on idle connections. Mails can still be sent afterwards.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

#[async_trait]
impl Mailer for LettreMailer {
    #[tracing::instrument(name = "mail.send", skip_all, fields(mail.kind = kind(&mail.content)))]
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let to =
            recipient::smtp_address(&mail.to).map_err(|e| MailError::Unaddressable(e.into()))?;
        let message = self.composer.compose(to, &mail.content)?;
        let bytes = message.formatted();
        let sending = self.pool.send(message.envelope(), &bytes);
        match tokio::time::timeout(self.send_timeout, sending).await {
            Ok(Ok(())) => {
                tracing::debug!("mail accepted by the mail server");
                Ok(())
            }
            Ok(Err(failure)) => {
                let server = self.pool.server().name();
                Err(failure::mail_error(&server, &failure, &mail.to))
            }
            Err(_elapsed) => Err(failure::timed_out(self.pool.server(), self.send_timeout)),
        }
    }
}

/// A name for log lines.
fn kind(content: &MailContent) -> &'static str {
    match content {
        MailContent::ValidateRegistration { .. } => "registration",
        MailContent::ValidateAddition { .. } => "add_threepid",
        MailContent::ResetPassword { .. } => "password_reset",
        MailContent::AlreadyInUse => "already_in_use",
    }
}

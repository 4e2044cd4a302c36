//! A mailer without a mail server.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use async_trait::async_trait;
use registrar_domain::ports::{Mail, MailError, Mailer};

/// Keeps the mails instead of sending them.
#[derive(Debug, Default)]
pub struct FakeMailer(Mutex<Outbox>);

#[derive(Debug, Default)]
struct Outbox {
    sent: Vec<Mail>,
    is_down: bool,
}

impl FakeMailer {
    /// The mails so far, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.outbox().sent.clone()
    }

    /// Refuses mails from now on, or takes them again.
    pub fn be_down(&self, is_down: bool) {
        self.outbox().is_down = is_down;
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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

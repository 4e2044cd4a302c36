//! Mails: how many of which kind, and what became of them.

use std::sync::Arc;

use async_trait::async_trait;
use prometheus::{Histogram, IntCounterVec};
use registrar_domain::ports::mailer::MailContent;
use registrar_domain::ports::{Mail, MailError, Mailer};

use crate::family::Families;
use crate::stopwatch::Stopwatch;

/// Every kind of mail, as Synapse calls them.
const KINDS: [&str; 4] = [
    "registration",
    "add_threepid",
    "password_reset",
    "already_in_use",
];
const OUTCOMES: [&str; 5] = [
    "sent",
    "transient",
    "refused",
    "unaddressable",
    "not_composed",
];

#[derive(Clone)]
pub(crate) struct MailMetrics {
    sent: IntCounterVec,
    mails: IntCounterVec,
    seconds: Histogram,
}

impl MailMetrics {
    pub(crate) fn new(families: &mut Families) -> Self {
        let metrics = Self {
            sent: families.counters(
                "synapse_emails_sent_total",
                "Mails accepted by the mail server.",
                &["type"],
            ),
            mails: families.counters(
                "registrar_mails_total",
                "Mails, by outcome.",
                &["kind", "outcome"],
            ),
            seconds: families.seconds(
                "registrar_mail_seconds",
                "How long sending a mail took, or failed, in seconds.",
            ),
        };
        for kind in KINDS {
            metrics.sent.with_label_values(&[kind]);
            for outcome in OUTCOMES {
                metrics.mails.with_label_values(&[kind, outcome]);
            }
        }
        metrics
    }
}

/// A mailer that is watched.
pub(crate) struct ObservedMailer {
    inner: Arc<dyn Mailer>,
    metrics: MailMetrics,
}

impl ObservedMailer {
    pub(crate) fn new(inner: Arc<dyn Mailer>, metrics: MailMetrics) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl Mailer for ObservedMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let began = Stopwatch::start();
        let result = self.inner.send(mail).await;
        let (kind, outcome) = (kind(&mail.content), outcome(&result));
        self.metrics.seconds.observe(began.seconds());
        self.metrics.mails.with_label_values(&[kind, outcome]).inc();
        if result.is_ok() {
            self.metrics.sent.with_label_values(&[kind]).inc();
        }
        result
    }
}

fn kind(content: &MailContent) -> &'static str {
    match content {
        MailContent::ValidateRegistration { .. } => "registration",
        MailContent::ValidateAddition { .. } => "add_threepid",
        MailContent::ResetPassword { .. } => "password_reset",
        MailContent::AlreadyInUse => "already_in_use",
    }
}

fn outcome(result: &Result<(), MailError>) -> &'static str {
    match result {
        Ok(()) => "sent",
        Err(MailError::Transient(_)) => "transient",
        Err(MailError::Refused(_)) => "refused",
        Err(MailError::Unaddressable(_)) => "unaddressable",
        Err(MailError::Compose(_)) => "not_composed",
    }
}

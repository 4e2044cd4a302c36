//! The adapters that ask other servers: mail, captcha, identity servers, webhook.
//!
//! Building them connects to nothing, but finds the mistakes that only they can see, such as a
//! template that cannot be parsed.

use std::sync::Arc;

use anyhow::Context as _;
use registrar_captcha::SiteVerify;
use registrar_config::{self as configured, Config};
use registrar_domain::model::threepid::Medium;
use registrar_domain::ports::EmailValidation;
use registrar_domain::ports::{CaptchaVerifier, IdentityServer, RegistrationHooks};
use registrar_identity_client::HttpIdentityServer;
use registrar_mail::LettreMailer;
use registrar_webhook::Webhook;

use super::authorities;

/// The other servers, as the use-cases ask them.
pub(crate) struct Outbound {
    /// Who validates email addresses.
    pub(crate) email: EmailValidation,
    /// Who validates phone numbers.
    pub(crate) msisdn: Option<Arc<dyn IdentityServer>>,
    /// Who tells people from programs.
    pub(crate) captcha: Option<Arc<dyn CaptchaVerifier>>,
    /// Who has a say in registrations.
    pub(crate) hooks: Option<Arc<dyn RegistrationHooks>>,
    /// What is odd about the templates of mails, for people.
    pub(crate) warnings: Vec<String>,
}

impl Outbound {
    /// Builds what the operator chose.
    ///
    /// # Errors
    /// Every mistake, for people, each with the key that is to blame.
    pub(crate) fn new(config: &Config) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        let mut note = |error: anyhow::Error| mistakes.push(format!("{error:#}"));
        let mut warnings = Vec::new();
        let email = email_validation(config, &mut warnings).map_err(&mut note);
        let msisdn = identity_server(config.msisdn.as_ref(), Medium::Msisdn).map_err(&mut note);
        let captcha = captcha_verifier(config).map_err(&mut note);
        let hooks = registration_hooks(config).map_err(&mut note);
        if asks_others(config) {
            mistakes.extend(authorities::mistakes());
        }
        match (email, msisdn, captcha, hooks) {
            (Ok(email), Ok(msisdn), Ok(captcha), Ok(hooks)) if mistakes.is_empty() => Ok(Self {
                email,
                msisdn,
                captcha,
                hooks,
                warnings,
            }),
            _ => Err(mistakes),
        }
    }
}

/// Is there a server that could have to show a certificate?
fn asks_others(config: &Config) -> bool {
    !matches!(config.email, configured::EmailValidation::Off)
        || config.msisdn.is_some()
        || config.captcha.is_some()
        || config.webhook.is_some()
}

/// Who validates email addresses.
///
/// # Errors
/// Every mistake in the templates, subjects and TLS settings at once; or what is wrong with the
/// identity server.
fn email_validation(
    config: &Config,
    warnings: &mut Vec<String>,
) -> anyhow::Result<EmailValidation> {
    match &config.email {
        configured::EmailValidation::Off => Ok(EmailValidation::Off),
        configured::EmailValidation::Delegated(options) => {
            let server = identity_server(Some(options), Medium::Email)?;
            Ok(server.map_or(EmailValidation::Off, EmailValidation::Delegated))
        }
        configured::EmailValidation::ByMail(options) => {
            let mut options = options.clone();
            options.smtp.extra_root_certificates = authorities::of_the_system();
            let mailer = LettreMailer::new(*options).map_err(|mistakes| {
                let mistakes = mistakes.into_iter().map(anyhow::Error::from);
                let mistakes: Vec<String> = mistakes.map(|error| format!("{error:#}")).collect();
                anyhow::anyhow!("email: {}", mistakes.join("; "))
            })?;
            warnings.extend(mailer.warnings().iter().map(ToString::to_string));
            Ok(EmailValidation::Local(Arc::new(mailer)))
        }
    }
}

/// The identity server that validates addresses of this medium. Each medium can have its own.
///
/// # Errors
/// A URL, an access token or a proxy that cannot be used.
fn identity_server(
    options: Option<&registrar_identity_client::Options>,
    medium: Medium,
) -> anyhow::Result<Option<Arc<dyn IdentityServer>>> {
    let Some(mut options) = options.cloned() else {
        return Ok(None);
    };
    options.http.extra_root_certificates = authorities::of_the_system();
    let server = HttpIdentityServer::new(&options)
        .with_context(|| format!("account_threepid_delegates.{medium}"))?;
    Ok(Some(Arc::new(server)))
}

/// Who tells whether a captcha was solved.
///
/// # Errors
/// A URL or a proxy that cannot be used.
fn captcha_verifier(config: &Config) -> anyhow::Result<Option<Arc<dyn CaptchaVerifier>>> {
    let Some(mut options) = config.captcha.clone() else {
        return Ok(None);
    };
    options.http.extra_root_certificates = authorities::of_the_system();
    let verifier = SiteVerify::new(options).context("recaptcha_siteverify_api")?;
    Ok(Some(Arc::new(verifier)))
}

/// Who has a say in registrations; nobody without a webhook.
///
/// # Errors
/// A URL, a secret or a proxy that cannot be used.
fn registration_hooks(config: &Config) -> anyhow::Result<Option<Arc<dyn RegistrationHooks>>> {
    let Some(mut options) = config.webhook.clone() else {
        return Ok(None);
    };
    options.http.extra_root_certificates = authorities::of_the_system();
    let webhook = Webhook::new(&options).context("registrar.webhook")?;
    Ok(Some(Arc::new(webhook)))
}

#[cfg(test)]
mod tests;

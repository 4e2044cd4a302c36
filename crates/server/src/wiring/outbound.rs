//! The adapters that ask other servers: mail, captcha, identity servers, webhook.
//!
//! Building them connects to nothing, but finds the mistakes that only they can see, such as a
//! template that cannot be parsed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use registrar_captcha::SiteVerify;
use registrar_config::{Config, Email, MailTls, Sender};
use registrar_domain::model::threepid::Medium;
use registrar_domain::ports::EmailValidation;
use registrar_domain::ports::{CaptchaVerifier, IdentityServer, RegistrationHooks};
use registrar_identity_client::{Api, HttpIdentityServer};
use registrar_mail::LettreMailer;
use registrar_mail::options::{
    Credentials, Encryption, Smtp, Subjects, TemplateNames, TemplatePair,
};
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
        let msisdn = delegate(config, Medium::Msisdn).map_err(&mut note);
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
    config.email.is_some()
        || config.threepids.email_delegate.is_some()
        || config.threepids.msisdn_delegate.is_some()
        || config.captcha.private_key.is_some()
        || config.webhook.is_some()
}

/// An identity server validates email addresses if there is one, else this server does if it can
/// send mail.
fn email_validation(
    config: &Config,
    warnings: &mut Vec<String>,
) -> anyhow::Result<EmailValidation> {
    if let Some(identity_server) = delegate(config, Medium::Email)? {
        return Ok(EmailValidation::Delegated(identity_server));
    }
    let Some(email) = &config.email else {
        return Ok(EmailValidation::Off);
    };
    let Some(sender) = &email.sender else {
        return Ok(EmailValidation::Off);
    };
    let mailer = mailer(config, email, sender)?;
    warnings.extend(mailer.warnings().iter().map(ToString::to_string));
    Ok(EmailValidation::Local(Arc::new(mailer)))
}

/// Who sends the mails.
///
/// # Errors
/// Every mistake in the templates, subjects and TLS settings at once.
fn mailer(config: &Config, email: &Email, sender: &Sender) -> anyhow::Result<LettreMailer> {
    let folders = [&config.template_dir, &email.texts.template_dir];
    let options = registrar_mail::Options {
        smtp: smtp(email, deadline(config)),
        notif_from: sender.text.clone(),
        app_name: email.app_name.clone(),
        server_name: config.server.name.clone(),
        subjects: Subjects {
            email_validation: email.texts.validation_subject.clone(),
            password_reset: email.texts.password_reset_subject.clone(),
            email_already_in_use: email.texts.already_in_use_subject.clone(),
        },
        template_directories: folders.into_iter().flatten().cloned().collect(),
        templates: template_names(email),
    };
    LettreMailer::new(options).map_err(|mistakes| {
        let mistakes = mistakes.into_iter().map(anyhow::Error::from);
        let mistakes: Vec<String> = mistakes.map(|error| format!("{error:#}")).collect();
        anyhow::anyhow!("email: {}", mistakes.join("; "))
    })
}

fn smtp(email: &Email, deadline: Duration) -> Smtp {
    let defaults = Smtp::default();
    let credentials = email.login.clone();
    Smtp {
        host: email.host.clone(),
        port: email.port,
        encryption: match email.tls {
            MailTls::Never => Encryption::Off,
            MailTls::Opportunistic => Encryption::IfOffered,
            MailTls::Required => Encryption::Required,
            MailTls::Immediate => Encryption::Implicit,
        },
        tls_name: Some(email.tls_name.clone()),
        credentials: credentials.map(|(user, password)| Credentials { user, password }),
        cleartext_login: email.cleartext_login,
        ehlo_name: Some(email.ehlo_name.clone()),
        extra_root_certificates: authorities::of_the_system(),
        connect_timeout: defaults.connect_timeout.min(deadline),
        send_timeout: defaults.send_timeout.min(deadline),
    }
}

fn template_names(email: &Email) -> TemplateNames {
    let texts = &email.texts;
    let pair = |html: &str, text: &str| TemplatePair {
        html: html.to_owned(),
        text: text.to_owned(),
    };
    TemplateNames {
        registration: pair(&texts.registration_html, &texts.registration_text),
        add_threepid: pair(&texts.add_threepid_html, &texts.add_threepid_text),
        password_reset: pair(&texts.password_reset_html, &texts.password_reset_text),
        already_in_use: pair(&texts.already_in_use_html, &texts.already_in_use_text),
    }
}

/// The identity server that validates addresses of this medium. Each medium can have its own.
///
/// # Errors
/// A URL, an access token or a proxy that cannot be used.
fn delegate(config: &Config, medium: Medium) -> anyhow::Result<Option<Arc<dyn IdentityServer>>> {
    let delegate = match medium {
        Medium::Email => &config.threepids.email_delegate,
        Medium::Msisdn => &config.threepids.msisdn_delegate,
    };
    let Some(delegate) = delegate else {
        return Ok(None);
    };
    let url = delegate.url.as_str();
    let mut options = registrar_identity_client::Options::new(url);
    options.http = http(config, url);
    if let Some(access_token) = delegate.access_token.clone() {
        options.api = Api::V2 { access_token };
    }
    let server = HttpIdentityServer::new(&options)
        .with_context(|| format!("account_threepid_delegates.{medium}"))?;
    Ok(Some(Arc::new(server)))
}

/// Who tells whether a captcha was solved; nobody without a private key.
///
/// # Errors
/// A URL or a proxy that cannot be used.
fn captcha_verifier(config: &Config) -> anyhow::Result<Option<Arc<dyn CaptchaVerifier>>> {
    let captcha = &config.captcha;
    let (Some(secret_key), Some(url)) = (&captcha.private_key, &captcha.verify_url) else {
        return Ok(None);
    };
    let verifier = SiteVerify::new(registrar_captcha::Options {
        verify_url: url.as_str().to_owned(),
        secret_key: secret_key.clone(),
        http: http(config, url.as_str()),
    })
    .context("recaptcha_siteverify_api")?;
    Ok(Some(Arc::new(verifier)))
}

/// Who has a say in registrations; nobody without a webhook.
///
/// # Errors
/// A URL, a secret or a proxy that cannot be used.
fn registration_hooks(config: &Config) -> anyhow::Result<Option<Arc<dyn RegistrationHooks>>> {
    let Some(webhook) = &config.webhook else {
        return Ok(None);
    };
    let url = webhook.url.as_str();
    let mut options = registrar_webhook::Options::new(url, config.server.name.clone());
    options.secret = Some(webhook.secret.clone());
    options.questions.clone_from(&webhook.questions);
    options.on_failure = webhook.on_failure;
    options.http = registrar_http_client::Options {
        max_response_bytes: options.http.max_response_bytes,
        ..http(config, url)
    }
    .within(webhook.timeout);
    let webhook = Webhook::new(&options).context("registrar.webhook")?;
    Ok(Some(Arc::new(webhook)))
}

/// How to get to a URL.
fn http(config: &Config, url: &str) -> registrar_http_client::Options {
    registrar_http_client::Options {
        proxy: config.proxies.find(url).cloned(),
        extra_root_certificates: authorities::of_the_system(),
        ..registrar_http_client::Options::default()
    }
    .within(deadline(config))
}

/// How long another server may keep a request waiting: not so long that the client is turned away
/// before it can be told what went wrong.
fn deadline(config: &Config) -> Duration {
    config.http.request_timeout * 2 / 3
}

#[cfg(test)]
mod tests;

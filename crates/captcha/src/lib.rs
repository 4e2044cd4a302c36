#![doc = include_str!("../README.md")]

use std::net::IpAddr;

use async_trait::async_trait;
use registrar_domain::model::secret::Secret;
use registrar_domain::ports::{CaptchaError, CaptchaVerdict, CaptchaVerifier};
use registrar_http_client::{Client, ExchangeError, SetupError};
use serde_json::{Map, Value};

/// The configuration of [`SiteVerify`].
#[derive(Clone, Debug)]
pub struct Options {
    /// The `http` or `https` URL that verifies responses.
    pub verify_url: String,
    /// The secret key that belongs to the site key.
    pub secret_key: Secret<String>,
    /// Deadlines, limits, proxy and trusted certificates.
    pub http: registrar_http_client::Options,
}

impl Options {
    /// A provider with its own URL and the defaults of [`registrar_http_client::Options`].
    pub fn new(provider: Provider, secret_key: Secret<String>) -> Self {
        Self {
            verify_url: provider.verify_url().to_owned(),
            secret_key,
            http: registrar_http_client::Options::default(),
        }
    }
}

/// A captcha provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provider {
    /// Google's reCAPTCHA.
    #[default]
    Recaptcha,
    /// hCaptcha.
    Hcaptcha,
    /// Cloudflare's Turnstile.
    Turnstile,
}

impl Provider {
    /// All providers.
    pub const ALL: [Self; 3] = [Self::Recaptcha, Self::Hcaptcha, Self::Turnstile];

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recaptcha => "recaptcha",
            Self::Hcaptcha => "hcaptcha",
            Self::Turnstile => "turnstile",
        }
    }

    /// The provider of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.name() == name)
    }

    /// The URL that verifies responses; for reCAPTCHA the one that is reachable in every country.
    pub const fn verify_url(self) -> &'static str {
        match self {
            Self::Recaptcha => "https://www.recaptcha.net/recaptcha/api/siteverify",
            Self::Hcaptcha => "https://api.hcaptcha.com/siteverify",
            Self::Turnstile => "https://challenges.cloudflare.com/turnstile/v0/siteverify",
        }
    }
}

/// A captcha provider that is reached over HTTP.
#[derive(Debug)]
pub struct SiteVerify {
    client: Client,
    secret_key: Secret<String>,
}

impl SiteVerify {
    /// Checks the options. Opens no connection, and needs no runtime.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(options: Options) -> Result<Self, SetupError> {
        Ok(Self {
            client: Client::new(&options.verify_url, &options.http)?,
            secret_key: options.secret_key,
        })
    }
}

#[async_trait]
impl CaptchaVerifier for SiteVerify {
    #[tracing::instrument(name = "captcha.verify", skip_all)]
    async fn verify(
        &self,
        response: &str,
        client_ip: Option<IpAddr>,
    ) -> Result<CaptchaVerdict, CaptchaError> {
        let client_ip = client_ip.map(|ip| ip.to_canonical().to_string());
        let mut fields = vec![
            ("secret", self.secret_key.expose().as_str()),
            ("response", response),
        ];
        fields.extend(client_ip.as_deref().map(|ip| ("remoteip", ip)));
        let answer = match self.client.post_form("", &fields).await {
            // A response that does not fit into a request was not issued by the provider.
            Err(ExchangeError::Unsendable(_)) => return Ok(CaptchaVerdict::Rejected),
            answer => answer.map_err(no_answer)?,
        };
        if !answer.status().is_success() {
            return Err(BadAnswer::Status(answer.status().as_u16()).into());
        }
        match answer.json().ok_or(BadAnswer::NoVerdict)? {
            Value::Object(verdict) if verdict.get("success").is_some_and(is_truthy) => {
                Ok(CaptchaVerdict::Human)
            }
            Value::Object(verdict) => {
                report_bad_key(&verdict);
                Ok(CaptchaVerdict::Rejected)
            }
            // Well-formed, but without `success`.
            Value::Array(_) | Value::String(_) => Ok(CaptchaVerdict::Rejected),
            Value::Null | Value::Bool(_) | Value::Number(_) => Err(BadAnswer::NoVerdict.into()),
        }
    }
}

/// Why a response cannot be used. Does not contain the response.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum BadAnswer {
    #[error("unexpected status {0}")]
    Status(u16),
    #[error("the response is not a JSON object with `success`")]
    NoVerdict,
}

impl From<BadAnswer> for CaptchaError {
    fn from(error: BadAnswer) -> Self {
        Self::Unusable(error.into())
    }
}

fn no_answer(error: ExchangeError) -> CaptchaError {
    match error {
        ExchangeError::TimedOut => CaptchaError::TimedOut,
        ExchangeError::Unsendable(_) | ExchangeError::TooLong(_) | ExchangeError::Failed(_) => {
            CaptchaError::Unusable(error.into())
        }
    }
}

/// Does the value count as true in Python? Synapse decides this way, and operators run verification
/// servers that rely on it.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// To users, a wrong secret key looks like a failed captcha. Only the operator can correct it, so it is
/// logged.
fn report_bad_key(verdict: &Map<String, Value>) {
    let codes = verdict.get("error-codes").and_then(Value::as_array);
    let about_the_key = |code: &Value| {
        let code = code.as_str();
        code == Some("invalid-input-secret") || code == Some("missing-input-secret")
    };
    if codes.is_some_and(|codes| codes.iter().any(about_the_key)) {
        tracing::error!("captcha provider rejected the secret key");
    }
}

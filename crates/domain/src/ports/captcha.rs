//! The door to captcha providers.

use std::net::IpAddr;

use async_trait::async_trait;

/// Asks whoever sets the puzzles whether one was solved.
///
/// Spec: <https://spec.matrix.org/v1.16/client-server-api/#google-recaptcha>
#[async_trait]
pub trait CaptchaVerifier: Send + Sync {
    /// Judges what the client's puzzle gave it, for a client at this address if that is known. Not
    /// idempotent: providers accept a response once.
    ///
    /// # Errors
    /// [`CaptchaError`]; an error is never a pass.
    async fn verify(
        &self,
        response: &str,
        client_ip: Option<IpAddr>,
    ) -> Result<CaptchaVerdict, CaptchaError>;
}

/// What the provider thinks of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptchaVerdict {
    /// The puzzle was solved.
    Human,
    /// It was not, or the response is too old, or has been used before.
    Rejected,
}

/// Why the provider gave no verdict.
#[derive(Debug, thiserror::Error)]
pub enum CaptchaError {
    /// It did not answer in time.
    #[error("the captcha provider did not answer in time")]
    TimedOut,
    /// It could not be reached, or what it said makes no sense.
    #[error("the captcha provider could not be used")]
    Unusable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Accepts the responses that it was given, each any number of times.
#[cfg(feature = "fakes")]
#[derive(Debug, Default)]
pub struct FakeCaptcha {
    good: std::collections::BTreeSet<String>,
    outage: std::sync::Mutex<Option<CaptchaOutage>>,
    asked: std::sync::Mutex<Vec<(String, Option<IpAddr>)>>,
}

/// How a [`FakeCaptcha`] fails.
#[cfg(feature = "fakes")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptchaOutage {
    /// By [`CaptchaError::TimedOut`].
    Silence,
    /// By [`CaptchaError::Unusable`].
    Nonsense,
}

#[cfg(feature = "fakes")]
impl FakeCaptcha {
    /// Accepts these responses and no other.
    pub fn accepting<S: Into<String>>(good: impl IntoIterator<Item = S>) -> Self {
        Self {
            good: good.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Fails from now on; `None` puts an end to that.
    pub fn fail(&self, outage: Option<CaptchaOutage>) {
        *lock(&self.outage) = outage;
    }

    /// The responses and addresses so far, oldest first, failures included.
    pub fn asked(&self) -> Vec<(String, Option<IpAddr>)> {
        lock(&self.asked).clone()
    }
}

#[cfg(feature = "fakes")]
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(feature = "fakes")]
#[async_trait]
impl CaptchaVerifier for FakeCaptcha {
    async fn verify(
        &self,
        response: &str,
        client_ip: Option<IpAddr>,
    ) -> Result<CaptchaVerdict, CaptchaError> {
        lock(&self.asked).push((response.to_owned(), client_ip));
        match *lock(&self.outage) {
            Some(CaptchaOutage::Silence) => Err(CaptchaError::TimedOut),
            Some(CaptchaOutage::Nonsense) => Err(CaptchaError::Unusable("a fake outage".into())),
            None if self.good.contains(response) => Ok(CaptchaVerdict::Human),
            None => Ok(CaptchaVerdict::Rejected),
        }
    }
}

//! A captcha provider that accepts what a test tells it to.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use std::net::IpAddr;

use async_trait::async_trait;
use registrar_domain::ports::{CaptchaError, CaptchaVerdict, CaptchaVerifier};

/// Accepts the responses that it was given, each any number of times.
#[derive(Debug, Default)]
pub struct FakeCaptcha {
    good: BTreeSet<String>,
    outage: Mutex<Option<CaptchaOutage>>,
    asked: Mutex<Vec<(String, Option<IpAddr>)>>,
}

/// How a [`FakeCaptcha`] fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptchaOutage {
    /// By [`CaptchaError::TimedOut`].
    Silence,
    /// By [`CaptchaError::Unusable`].
    Nonsense,
}

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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

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

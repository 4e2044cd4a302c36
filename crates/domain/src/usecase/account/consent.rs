//! `/_matrix/consent`: people read the operator's policy, and those who follow a link that was made for
//! them agree to it.
//!
//! A link is signed with `form_secret`, so that nobody can agree in the name of somebody else. It is
//! no login: it says who somebody is and opens nothing.
//!
//! Reference: surroundings, part C.

use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::model::given::Given;
use crate::model::id::{Localpart, UserId};
use crate::model::policy::ConsentPolicy;
use crate::model::secret::{Secret, equal_in_constant_time, hexadecimal};
use crate::ports::{Intent, StoreError};
use crate::usecase::retry::MaybeStore;
use crate::usecase::shared::Shared;

/// The use-case.
#[derive(Clone)]
pub struct Consent(Arc<Shared>);

/// The arguments of a link, or the fields of the form behind it, as sent.
#[derive(Clone, Debug, Default)]
pub struct ConsentRequest {
    /// `v`: which version of the policy; the current one if nothing else is said.
    pub version: Given<String>,
    /// `u`: who agrees, a localpart or a user ID; absent or empty for people who only read.
    pub user: Given<String>,
    /// `h`: the signature of `u`: HMAC-SHA256 in lower-case hexadecimal digits.
    pub mac: Given<String>,
}

/// A version of the policy, to be shown to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentView {
    /// Which version.
    pub version: String,
    /// Who can agree to it; `None` for people who only read.
    pub person: Option<ConsentPerson>,
}

/// Somebody whose link is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentPerson {
    /// Who they are, as in the link.
    pub user: String,
    /// The signature of that.
    pub mac: String,
    /// Whether the last version that they agreed to is this one.
    pub has_consented: bool,
}

/// Why a policy is not shown or agreed to. The order of the variants is the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// There is no `user_consent`.
    #[error("this server has no policy to agree to")]
    NoPolicy,
    /// An argument holds characters outside ASCII.
    #[error("`{0}` must be ASCII")]
    NotAscii(&'static str),
    /// An argument is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// The link was not made by the holder of `form_secret`.
    #[error("the signature of the link is wrong")]
    WrongMac,
    /// The link is about an account that does not exist.
    #[error("there is no such user")]
    UnknownUser,
    /// There is no such version of the policy.
    #[error("there is no such version of the policy")]
    UnknownVersion,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MaybeStore for ConsentError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl Consent {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// What to show to a person who opens a link. `is_known` says whether there is a version.
    ///
    /// # Errors
    /// [`ConsentError`].
    pub async fn view(
        &self,
        request: &ConsentRequest,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<ConsentView, ConsentError> {
        let policy = self.policy()?;
        let version = argument(&request.version, "v")?.unwrap_or(&policy.version);
        let person = match argument(&request.user, "u")? {
            None | Some("") => None,
            Some(user) => Some(self.person(policy, user, &request.mac, version).await?),
        };
        if !is_known(version) {
            return Err(ConsentError::UnknownVersion);
        }
        Ok(ConsentView {
            version: version.to_owned(),
            person,
        })
    }

    /// Records that somebody agrees to a version. Idempotent. `is_known` says whether there is a
    /// version.
    ///
    /// # Errors
    /// [`ConsentError`].
    pub async fn agree(
        &self,
        request: &ConsentRequest,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<(), ConsentError> {
        let shared = &self.0;
        let policy = self.policy()?;
        let version = argument(&request.version, "v")?.ok_or(ConsentError::Missing("v"))?;
        let user = argument(&request.user, "u")?.ok_or(ConsentError::Missing("u"))?;
        let localpart = self.localpart(policy, user, &request.mac)?;
        // A record of a version that never existed would say nothing.
        if !is_known(version) {
            self.account_version(&localpart).await?;
            return Err(ConsentError::UnknownVersion);
        }
        let now = shared.now();
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                let accounts = uow.accounts();
                if !accounts.record_consent(&localpart, version, now).await? {
                    return Err(ConsentError::UnknownUser);
                }
                Ok(uow.commit().await?)
            })
            .await
    }

    fn policy(&self) -> Result<&ConsentPolicy, ConsentError> {
        let policy = &self.0.policy.registration.consent;
        policy.as_ref().ok_or(ConsentError::NoPolicy)
    }

    /// Whose link it is, and whether they have agreed to this version.
    async fn person(
        &self,
        policy: &ConsentPolicy,
        user: &str,
        mac: &Given<String>,
        version: &str,
    ) -> Result<ConsentPerson, ConsentError> {
        let localpart = self.localpart(policy, user, mac)?;
        let agreed = self.account_version(&localpart).await?;
        Ok(ConsentPerson {
            user: user.to_owned(),
            mac: mac.value().cloned().unwrap_or_default(),
            has_consented: agreed.as_deref() == Some(version),
        })
    }

    /// Whose link it is, if it is signed.
    fn localpart(
        &self,
        policy: &ConsentPolicy,
        user: &str,
        mac: &Given<String>,
    ) -> Result<Localpart, ConsentError> {
        let mac = argument(mac, "h")?.ok_or(ConsentError::Missing("h"))?;
        // Without a secret nothing is signed.
        let secret = policy.form_secret.as_ref();
        if !secret.is_some_and(|secret| is_signed(secret, user, mac)) {
            return Err(ConsentError::WrongMac);
        }
        UserId::read_local(user, &self.0.policy.server_name).ok_or(ConsentError::UnknownUser)
    }

    /// The version that an account's owner agreed to last.
    async fn account_version(&self, localpart: &Localpart) -> Result<Option<String>, ConsentError> {
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        let account = uow.accounts().find(localpart).await?;
        Ok(account.ok_or(ConsentError::UnknownUser)?.consent_version)
    }
}

/// An argument that may be absent.
fn argument<'a>(
    argument: &'a Given<String>,
    name: &'static str,
) -> Result<Option<&'a str>, ConsentError> {
    let text = argument.optional(ConsentError::NotAscii(name))?;
    Ok(text.map(String::as_str))
}

/// Is this the signature of the secret's holder? Compared in constant time.
fn is_signed(secret: &Secret<String>, user: &str, mac: &str) -> bool {
    let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
        return false;
    };
    hmac.update(user.as_bytes());
    let expected = hexadecimal(&hmac.finalize().into_bytes());
    equal_in_constant_time(expected.as_bytes(), mac.as_bytes())
}

//! `/_synapse/admin/v1/register`: anyone who knows the shared secret registers accounts, administrators
//! too. This is how the first administrator comes into being.
//!
//! A request proves that it knows the secret with a MAC over a nonce, the name, the password and the
//! rights. The MAC is checked before the password is hashed, so that nobody without the secret can
//! make the server work.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

use super::enroll::{FirstLogin, enroll};
use super::rules::{self, Admission};
use super::{RegisteredAccount, RuleError};
use crate::model::account::{Account, AccountKind};
use crate::model::context::{HashTurn, RequestContext};
use crate::model::device::{DisplayName, DisplayNameError};
use crate::model::given::Given;
use crate::model::id::{DeviceId, DeviceIdError, Localpart};
use crate::model::password::{Password, PasswordHash};
use crate::model::secret::{Secret, hexadecimal};
use crate::model::time::MonotonicTime;
use crate::ports::observer::Applicant;
use crate::ports::{HashError, Intent, StoreError};
use crate::usecase::name::{self, Claims, NameError};
use crate::usecase::shared::Shared;

/// How long a nonce can be used.
const NONCE_LIFETIME: Duration = Duration::from_secs(60);
/// Nonces that are remembered; the oldest make room.
const MAX_NONCES: usize = 10_000;
const NONCE_BYTES: usize = 64;
/// The longest name and password, in Unicode code points.
const MAX_CHARS: usize = 512;

/// The use-case.
#[derive(Clone)]
pub struct SharedSecretRegistration {
    shared: Arc<Shared>,
    nonces: Arc<Mutex<VecDeque<(String, MonotonicTime)>>>,
}

/// The request, as sent.
#[derive(Clone, Debug)]
pub struct SharedSecretRequest {
    /// `nonce`.
    pub nonce: Given<String>,
    /// `username`.
    pub username: Given<String>,
    /// `password`.
    pub password: Given<String>,
    /// Whether `admin` is anything that counts as true.
    pub admin: bool,
    /// `user_type`: `support`, `bot` or nothing.
    pub user_type: Given<String>,
    /// `mac`: HMAC-SHA1 in lower-case hexadecimal digits.
    pub mac: Given<String>,
    /// `displayname` of the account; not covered by the MAC.
    pub display_name: Given<String>,
    /// `device_id`.
    pub device_id: Given<String>,
    /// `initial_device_display_name`.
    pub initial_device_display_name: Given<String>,
    /// Whether `inhibit_login` is anything that counts as true.
    pub inhibit_login: bool,
    /// `refresh_token`: is one wanted?
    pub refresh_token: Given<bool>,
}

/// Why nobody was registered. The order of the variants is the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum SharedSecretError {
    /// There is no `registration_shared_secret`.
    #[error("registration by shared secret is not enabled")]
    SwitchedOff,
    /// A field is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// The nonce was not given out by this process, or longer than a minute ago, or used before.
    #[error("the nonce is not known")]
    UnknownNonce,
    /// A field has the wrong type, is too long, or holds a NUL character.
    #[error("`{0}` cannot be used")]
    Unreadable(&'static str),
    /// The MAC was not made with the shared secret.
    #[error("the MAC is wrong")]
    WrongMac,
    /// The name cannot be registered.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The device ID cannot be used.
    #[error(transparent)]
    DeviceId(#[from] DeviceIdError),
    /// The device's name cannot be used.
    #[error(transparent)]
    DisplayName(#[from] DisplayNameError),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The operator's rules stop it.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A request whose MAC is right.
struct Order<'a> {
    localpart: Localpart,
    password: Password,
    admin: bool,
    user_type: Option<&'a String>,
    display_name: Option<&'a String>,
    login: FirstLogin,
}

impl SharedSecretRegistration {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            nonces: Arc::default(),
        }
    }

    /// Gives out a nonce, valid for a minute, for one attempt, in this process: 128 hexadecimal
    /// digits.
    pub fn nonce(&self) -> String {
        let mut bytes = [0_u8; NONCE_BYTES];
        self.shared.entropy().fill(&mut bytes);
        let nonce = hexadecimal(&bytes);
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        if nonces.len() >= MAX_NONCES {
            nonces.pop_front();
        }
        nonces.push_back((nonce.clone(), self.shared.monotonic().after(NONCE_LIFETIME)));
        nonce
    }

    /// Registers an account. Neither the registration limit nor `enable_registration` applies.
    ///
    /// # Errors
    /// [`SharedSecretError`].
    pub async fn register(
        &self,
        ctx: &RequestContext,
        request: &SharedSecretRequest,
    ) -> Result<RegisteredAccount, SharedSecretError> {
        let shared = &self.shared;
        let secret = shared.policy.registration.shared_secret.as_ref();
        let secret = secret.ok_or(SharedSecretError::SwitchedOff)?;
        self.use_nonce(text(&request.nonce, "nonce")?)?;
        let order = self.check(secret, request)?;
        {
            let mut uow = shared.ports.store.begin(Intent::Read).await?;
            name::check(&mut *uow, shared, &order.localpart, Claims::default()).await?;
        }
        let admission = rules::judge_named(shared, Some(&order.localpart)).await?;
        let hash = shared
            .ports
            .password_hasher
            .hash(HashTurn::OPERATOR, &order.password)
            .await?;
        let mut account = self.account(&order, hash);
        account.shadow_banned = admission == Admission::ShadowBanned;
        let login = (!request.inhibit_login).then_some(&order.login);
        Ok(enroll(shared, ctx, &account, Applicant::Operator, login).await?)
    }

    /// Uses a nonce up, also when a later check fails.
    fn use_nonce(&self, nonce: &str) -> Result<(), SharedSecretError> {
        let now = self.shared.monotonic();
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        nonces.retain(|(_, expires)| *expires > now);
        let known = nonces.iter().position(|(known, _)| known == nonce);
        known
            .and_then(|index| nonces.remove(index))
            .ok_or(SharedSecretError::UnknownNonce)?;
        Ok(())
    }

    fn check<'a>(
        &self,
        secret: &Secret<String>,
        request: &'a SharedSecretRequest,
    ) -> Result<Order<'a>, SharedSecretError> {
        let username = short_text(&request.username, "username")?;
        let password = short_text(&request.password, "password")?;
        let user_type = optional(&request.user_type, "user_type")?;
        let user_types = &self.shared.policy.accounts.user_types;
        if user_type.is_some_and(|kind| !user_types.contains(kind)) {
            return Err(SharedSecretError::Unreadable("user_type"));
        }
        let covered = Covered {
            nonce: text(&request.nonce, "nonce")?,
            username,
            password,
            admin: request.admin,
            user_type: user_type.map(String::as_str),
        };
        if !covered.is_signed(secret, text(&request.mac, "mac")?) {
            return Err(SharedSecretError::WrongMac);
        }
        let refresh = request
            .refresh_token
            .optional_not_null(SharedSecretError::Unreadable("refresh_token"))?;
        let device_name = optional(
            &request.initial_device_display_name,
            "initial_device_display_name",
        )?;
        let device_id = match optional(&request.device_id, "device_id")? {
            Some(text) => DeviceId::parse(text)?,
            None => DeviceId::generate(self.shared.entropy()),
        };
        Ok(Order {
            localpart: name::parse(&self.shared, &username.to_lowercase())?,
            password: Password::parse(password)
                .map_err(|_| SharedSecretError::Unreadable("password"))?,
            admin: request.admin,
            user_type,
            display_name: optional(&request.display_name, "displayname")?,
            login: FirstLogin {
                device_id,
                display_name: device_name
                    .map(|text| DisplayName::parse(text))
                    .transpose()?,
                refresh: refresh.copied().unwrap_or(false).into(),
            },
        })
    }

    fn account(&self, order: &Order<'_>, hash: PasswordHash) -> Account {
        let now = self.shared.now();
        let mut account = Account::new(order.localpart.clone(), AccountKind::User, now);
        account.password_hash = Some(hash);
        account.admin = order.admin;
        let user_type = order.user_type.cloned();
        account.user_type =
            user_type.or_else(|| self.shared.policy.accounts.user_types.default.clone());
        if let Some(name) = order.display_name {
            account.display_name = Some(name.clone()).filter(|name| !name.is_empty());
        }
        account
    }
}

/// What the MAC covers.
struct Covered<'a> {
    nonce: &'a str,
    username: &'a str,
    password: &'a str,
    admin: bool,
    user_type: Option<&'a str>,
}

impl Covered<'_> {
    /// Is this the MAC of the secret's holder? Compared in constant time.
    fn is_signed(&self, secret: &Secret<String>, mac: &str) -> bool {
        let Ok(mut hmac) = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes()) else {
            return false;
        };
        let rights = if self.admin { "admin" } else { "notadmin" };
        let parts = [self.nonce, self.username, self.password, rights];
        for (number, part) in parts.into_iter().chain(self.user_type).enumerate() {
            if number > 0 {
                hmac.update(b"\0");
            }
            hmac.update(part.as_bytes());
        }
        let expected = hexadecimal(&hmac.finalize().into_bytes());
        crate::model::secret::equal_in_constant_time(expected.as_bytes(), mac.as_bytes())
    }
}

/// A field that must be there.
fn text<'a>(field: &'a Given<String>, name: &'static str) -> Result<&'a str, SharedSecretError> {
    let unreadable = SharedSecretError::Unreadable(name);
    let text = field.present(SharedSecretError::Missing(name), unreadable)?;
    Ok(text)
}

/// A field that must be there and is not too long. A NUL would let two requests have one MAC.
fn short_text<'a>(
    field: &'a Given<String>,
    name: &'static str,
) -> Result<&'a str, SharedSecretError> {
    let text = text(field, name)?;
    if text.chars().count() > MAX_CHARS || text.contains('\0') {
        return Err(SharedSecretError::Unreadable(name));
    }
    Ok(text)
}

/// A field that may be absent or `null`, and holds no NUL.
fn optional<'a>(
    field: &'a Given<String>,
    name: &'static str,
) -> Result<Option<&'a String>, SharedSecretError> {
    let text = field.optional(SharedSecretError::Unreadable(name))?;
    if text.is_some_and(|text| text.contains('\0')) {
        return Err(SharedSecretError::Unreadable(name));
    }
    Ok(text)
}

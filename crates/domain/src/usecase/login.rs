//! `GET /login` and `POST /login`: an access token in exchange for the password.
//!
//! The order of the checks is visible to clients and is the order of the code.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#login>

mod grounds;

use std::sync::Arc;

use self::grounds::Grounds;
use crate::model::account::AccountKind;
use crate::model::context::{RequestContext, Trust};
use crate::model::device::{DisplayName, DisplayNameError};
use crate::model::given::Given;
use crate::model::id::{DeviceId, DeviceIdError, Localpart, UserId};
use crate::model::limit::LimitExceeded;
use crate::model::password::{Password, PasswordHash};
use crate::ports::observer::Event;
use crate::ports::store::StoreErrorKind;
use crate::ports::{HashError, Intent, StoreError};
use crate::usecase::credentials::identifier::{self, IdentifierError, IdentityClaim, Named};
use crate::usecase::credentials::{self, CredentialError, Verified};
use crate::usecase::retry::MaybeStore;
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::Bearer;
use crate::usecase::token::issue::{self, DeviceHistory, IssuedTokens, NewLogin, RefreshChoice};
use crate::usecase::usage::{self, UsageError};

/// How often a password is verified because the hash was replaced while it was: by another password, or
/// by the renewal of a login beside this one.
const MAX_VERIFICATIONS: usize = 3;

/// The use-case.
#[derive(Clone)]
pub struct Login(Arc<Shared>);

/// `POST /login`, as sent.
#[derive(Clone, Debug, Default)]
pub struct LoginRequest {
    /// `type`.
    pub login_type: Given<String>,
    /// Who wants to log in.
    pub identity: IdentityClaim,
    /// `password`.
    pub password: Given<String>,
    /// `device_id`.
    pub device_id: Given<String>,
    /// `initial_device_display_name`.
    pub initial_device_display_name: Given<String>,
    /// `refresh_token`: does the client want one?
    pub refresh_token: Given<bool>,
}

/// Somebody is logged in.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// Who.
    pub user_id: UserId,
    /// Their tokens.
    pub tokens: IssuedTokens,
}

/// A way to log in, for `GET /login`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginFlow {
    /// `m.login.password`.
    Password,
    /// `m.login.application_service`.
    ApplicationService,
}

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// `refresh_token` is not a boolean.
    #[error("`refresh_token` must be a boolean")]
    RefreshTokenNotBoolean,
    /// No `type`.
    #[error("`type` is missing")]
    TypeMissing,
    /// An application service must present its token.
    #[error("an application service must present its access token")]
    AppserviceTokenMissing,
    /// The token is not that of an application service.
    #[error("the access token does not belong to an application service")]
    AppserviceTokenUnknown,
    /// The user is none of the application service's.
    #[error("this user is not one of the application service's")]
    AppserviceUserForeign,
    /// The user is one of the application service's, and not registered.
    #[error("this user is not registered")]
    AppserviceUserUnknown,
    /// Too many logins from this address or to this account.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// A field has the wrong type or a value that cannot be used.
    #[error("`{0}` is missing or has the wrong type")]
    MalformedField(&'static str),
    /// Passwords are switched off.
    #[error("password login is disabled on this server")]
    PasswordLoginDisabled,
    /// Nobody was named.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// A type that this server does not know.
    #[error("this login type is not known")]
    UnknownType,
    /// The password does not open the account.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The device ID cannot be used.
    #[error(transparent)]
    DeviceId(#[from] DeviceIdError),
    /// The device's name cannot be used.
    #[error(transparent)]
    DisplayName(#[from] DisplayNameError),
    /// The server is closed, or full.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MaybeStore for LoginError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl Login {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// The ways to log in, in the order in which clients are offered them.
    pub fn flows(&self) -> Vec<LoginFlow> {
        let password = self
            .0
            .policy
            .password
            .login_enabled
            .then_some(LoginFlow::Password);
        password
            .into_iter()
            .chain([LoginFlow::ApplicationService])
            .collect()
    }

    /// Logs somebody in.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn log_in(
        &self,
        ctx: &RequestContext,
        bearer: &Bearer,
        request: &LoginRequest,
    ) -> Result<LoggedIn, LoginError> {
        let shared = &self.0;
        refresh_choice(request)?;
        if !request.login_type.is_present() {
            return Err(LoginError::TypeMissing);
        }
        let login_type = request.login_type.value().map(String::as_str);
        if login_type == Some("m.login.application_service") {
            return self.log_in_for_appservice(ctx, bearer, request).await;
        }
        shared
            .limits
            .login_address
            .charge(&ctx.limit_key(), shared.monotonic())?;
        let login_type = login_type.ok_or(LoginError::MalformedField("type"))?;
        let password = self.password(login_type, request)?;
        let named = identifier::resolve(shared, &request.identity).await?;
        let Some(password) = password else {
            return Err(LoginError::UnknownType);
        };
        self.log_in_by_password(ctx, &named, password, request)
            .await
    }

    /// Logs in by password, in a unit of work in which the hash that it was verified with
    /// still is the account's: nobody is logged in by a password that was replaced in the meantime.
    async fn log_in_by_password(
        &self,
        ctx: &RequestContext,
        named: &Named,
        password: &str,
        request: &LoginRequest,
    ) -> Result<LoggedIn, LoginError> {
        let shared = &self.0;
        let turn = ctx.hash_turn(Trust::Charged);
        let mut verified = credentials::check(shared, turn, named, password).await?;
        let user_id = shared.user_id(&verified.account.localpart);
        shared
            .limits
            .login_account
            .charge(&account_key(&user_id), shared.monotonic())?;
        usage::check_login(shared, &verified.account).await?;
        let device = Device::parse(request)?;
        for _ in 0..MAX_VERIFICATIONS {
            let renewed = self.renewed_hash(ctx, &verified, password).await;
            let grounds = Grounds::Password {
                verified: &verified.hash,
                renewed: renewed.as_ref(),
            };
            let localpart = &verified.account.localpart;
            let attempt = || self.admit(ctx, localpart, &device, grounds);
            if let Some(tokens) = shared.retrying(attempt).await? {
                let kind = verified.account.kind;
                shared.observe(Event::LoggedIn { kind });
                return Ok(LoggedIn { user_id, tokens });
            }
            // Another password, or the same one with a hash that a login beside this one has renewed.
            verified = credentials::check(shared, turn, named, password).await?;
        }
        Err(StoreError::from(StoreErrorKind::Contended).into())
    }

    /// Logs an application service in as one of its users.
    async fn log_in_for_appservice(
        &self,
        ctx: &RequestContext,
        bearer: &Bearer,
        request: &LoginRequest,
    ) -> Result<LoggedIn, LoginError> {
        let shared = &self.0;
        let Bearer::Token(token) = bearer else {
            return Err(LoginError::AppserviceTokenMissing);
        };
        let services = &shared.policy.registration.appservices;
        let service = services
            .with_token(token)
            .ok_or(LoginError::AppserviceTokenUnknown)?;
        if service.rate_limited {
            shared
                .limits
                .login_address
                .charge(&ctx.limit_key(), shared.monotonic())?;
        }
        let localpart = identifier::user_of(shared, &request.identity)?;
        let localpart = localpart.filter(|it| service.is_interested(&shared.user_id(it)));
        let localpart = localpart.ok_or(LoginError::AppserviceUserForeign)?;
        let user_id = shared.user_id(&localpart);
        if service.rate_limited {
            shared
                .limits
                .login_account
                .charge(&account_key(&user_id), shared.monotonic())?;
        }
        let device = Device::parse(request)?;
        let grounds = Grounds::Service(service);
        let attempt = || self.admit(ctx, &localpart, &device, grounds);
        let tokens = shared.retrying(attempt).await?;
        let tokens = tokens.ok_or(LoginError::AppserviceUserUnknown)?;
        let kind = AccountKind::User;
        shared.observe(Event::LoggedIn { kind });
        Ok(LoggedIn { user_id, tokens })
    }

    /// The password of a password login; `None` for a type that nobody implements, which is refused
    /// after the identifier was looked at.
    fn password<'a>(
        &self,
        login_type: &str,
        request: &'a LoginRequest,
    ) -> Result<Option<&'a String>, LoginError> {
        if login_type != "m.login.password" {
            return Ok(None);
        }
        if !self.0.policy.password.login_enabled {
            return Err(LoginError::PasswordLoginDisabled);
        }
        request
            .password
            .value()
            .map(Some)
            .ok_or(LoginError::MalformedField("password"))
    }

    /// Today's hash of a password that was stored under an older algorithm or cost.
    ///
    /// A full queue is no reason to refuse a login: the next one will try again.
    async fn renewed_hash(
        &self,
        ctx: &RequestContext,
        verified: &Verified,
        password: &str,
    ) -> Option<PasswordHash> {
        let password = Password::parse(password)
            .ok()
            .filter(|_| verified.is_outdated)?;
        let turn = ctx.hash_turn(Trust::Proved);
        match self.0.ports.password_hasher.hash(turn, &password).await {
            Ok(hash) => Some(hash),
            Err(HashError::Busy { .. }) => None,
            Err(error) => {
                tracing::error!(error = %error, "an outdated password hash could not be renewed");
                None
            }
        }
    }

    /// Logs in on a device, in one unit of work; `None` where the grounds no longer hold.
    async fn admit(
        &self,
        ctx: &RequestContext,
        localpart: &Localpart,
        device: &Device,
        grounds: Grounds<'_>,
    ) -> Result<Option<IssuedTokens>, LoginError> {
        let shared = &self.0;
        let mut uow = shared.ports.store.begin(Intent::Write).await?;
        if !grounds.hold(&mut *uow, shared, localpart).await? {
            return Ok(None);
        }
        let (device_id, history) = match &device.id {
            Some(device_id) => (device_id.clone(), DeviceHistory::MayExist),
            None => {
                let device_id = issue::fresh_device_id(&mut *uow, shared, localpart).await?;
                (device_id, DeviceHistory::New)
            }
        };
        let login = NewLogin {
            localpart,
            device_id: &device_id,
            display_name: device.display_name.as_ref(),
            refresh: device.refresh,
            device: history,
        };
        let tokens = issue::issue(&mut *uow, shared, ctx, &login).await?;
        uow.commit().await?;
        Ok(Some(tokens))
    }
}

/// The key under which logins to an account are counted.
fn account_key(user_id: &UserId) -> String {
    user_id.to_string().to_lowercase()
}

/// Does the client want a refresh token?
fn refresh_choice(request: &LoginRequest) -> Result<RefreshChoice, LoginError> {
    let wanted = request
        .refresh_token
        .optional_not_null(LoginError::RefreshTokenNotBoolean)?;
    Ok(wanted.copied().unwrap_or(false).into())
}

/// The device that a client describes when it logs in.
struct Device {
    id: Option<DeviceId>,
    display_name: Option<DisplayName>,
    refresh: RefreshChoice,
}

impl Device {
    fn parse(request: &LoginRequest) -> Result<Self, LoginError> {
        let id = request
            .device_id
            .optional(LoginError::MalformedField("device_id"))?;
        let name = request
            .initial_device_display_name
            .optional(LoginError::MalformedField("initial_device_display_name"))?;
        Ok(Self {
            id: id.map(|text| DeviceId::parse(text)).transpose()?,
            display_name: name.map(|text| DisplayName::parse(text)).transpose()?,
            refresh: refresh_choice(request)?,
        })
    }
}

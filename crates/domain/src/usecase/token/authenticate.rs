//! Who makes a request: from the access token to the account and the device.
//!
//! An application service presents its `as_token` instead, and speaks for any of its users.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#using-access-tokens>,
//! <https://spec.matrix.org/v1.16/application-service-api/#identity-assertion>; naming a device is
//! [MSC4326](https://github.com/matrix-org/matrix-spec-proposals/pull/4326)

use std::fmt;
use std::sync::Arc;

use crate::model::account::{Account, AccountKind};
use crate::model::appservice::AppService;
use crate::model::context::{Effects, RequestContext};
use crate::model::given::Given;
use crate::model::id::{DeviceId, Localpart, UserId};
use crate::model::limit::{Limiter, Rate};
use crate::model::time::Timestamp;
use crate::model::token::{AccessToken, AccessTokenKey, StoredAccessToken};
use crate::model::uia::{UiaLogin, UiaRequester};
use crate::ports::{Intent, StoreError};
use crate::usecase::shared::Shared;
use crate::usecase::token::issue;
use crate::usecase::usage;

/// How often a device's last sighting is written, per second: once in two minutes.
const SIGHTINGS: Rate = Rate {
    per_second: 1.0 / 120.0,
    burst_count: 1.0,
};

/// The use-case.
#[derive(Clone)]
pub struct Authentication {
    shared: Arc<Shared>,
    sightings: Arc<Limiter>,
}

/// The access token that came with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// None at all.
    Absent,
    /// More than one, or a header that cannot be read.
    Malformed,
    /// A token, as yet unknown.
    Token(crate::model::secret::Secret<String>),
}

/// Whom an application service speaks for. With any other token it means nothing.
#[derive(Clone, Debug, Default)]
pub struct Assertion {
    /// The argument `user_id`; without it the service's own user.
    pub user_id: Given<String>,
    /// The argument `device_id`: a device of that user; without it none.
    pub device_id: Given<String>,
}

/// Whom an endpoint serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Users and guests.
    Everyone,
    /// Users only.
    Users,
    /// Users and guests, also after their token has expired: they want to log out.
    Leaving,
}

/// Somebody with a working access token.
#[derive(Clone, Debug)]
pub struct Requester {
    /// Their account.
    pub account: Account,
    /// Their user ID.
    pub user_id: UserId,
    /// The device that the token belongs to; application services have the one that they name, or none.
    pub device_id: Option<DeviceId>,
    /// What they showed.
    pub credential: Credential,
    /// The administrator who speaks for the account, if somebody does.
    pub spoken_for_by: Option<Localpart>,
}

/// What a requester showed to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// An access token of the account.
    AccessToken {
        /// The token.
        key: AccessTokenKey,
        /// When its owner last proved who they are.
        validated: Timestamp,
    },
    /// The `as_token` of the application service that the account belongs to.
    ApplicationService,
}

impl Requester {
    /// The access token, unless an application service speaks for the account.
    pub fn access_token(&self) -> Option<AccessTokenKey> {
        match self.credential {
            Credential::AccessToken { key, .. } => Some(key),
            Credential::ApplicationService => None,
        }
    }

    /// The account that the access token belongs to: that of an administrator who speaks for somebody, or
    /// the one that it speaks for.
    pub fn owner(&self) -> &Localpart {
        self.spoken_for_by
            .as_ref()
            .unwrap_or(&self.account.localpart)
    }

    /// Did they prove who they are within `ui_auth.session_timeout`? An application service never does:
    /// its users have no passwords.
    pub(crate) fn has_proved_recently(&self, shared: &Shared) -> bool {
        match self.credential {
            Credential::AccessToken { validated, .. } => {
                shared.now() < validated.after(shared.policy.ui_auth_session_timeout)
            }
            Credential::ApplicationService => false,
        }
    }

    /// The login, as sessions of user-interactive authentication are bound to it.
    pub(crate) fn login(&self) -> UiaRequester {
        UiaRequester {
            localpart: self.account.localpart.clone(),
            login: match (&self.device_id, self.credential) {
                (_, Credential::ApplicationService) => UiaLogin::ApplicationService,
                (Some(device_id), _) => UiaLogin::Device(device_id.clone()),
                (None, Credential::AccessToken { key, .. }) => UiaLogin::AccessToken(key),
            },
        }
    }
}

impl Requester {
    /// May they use the admin API? Guests never may, nor do application services, for any user that they speak
    /// for.
    pub fn is_administrator(&self) -> bool {
        self.account.admin
            && self.account.kind == AccountKind::User
            && self.credential != Credential::ApplicationService
    }
}

/// Somebody who may use the admin API. There are two ways to be one, and each is a proof: a request
/// carried an administrator's access token ([`Authentication::authenticate_admin`]), or somebody
/// holds the keys of the database ([`Console`](crate::console::Console)).
#[derive(Clone, Debug)]
pub struct Administrator(Authority);

#[derive(Clone, Debug)]
enum Authority {
    AccessToken(Box<Requester>),
    Console,
}

impl Administrator {
    /// The operator at the console of the server.
    pub(crate) fn at_console() -> Self {
        Self(Authority::Console)
    }

    /// The account that acts; `None` at the console.
    pub fn requester(&self) -> Option<&Requester> {
        match &self.0 {
            Authority::AccessToken(requester) => Some(requester),
            Authority::Console => None,
        }
    }

    /// Is this the account that acts?
    pub(crate) fn is(&self, localpart: &Localpart) -> bool {
        self.requester()
            .is_some_and(|requester| requester.account.localpart == *localpart)
    }
}

impl fmt::Display for Administrator {
    /// For logs: who did it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Authority::AccessToken(requester) => requester.user_id.fmt(f),
            Authority::Console => f.write_str("the console"),
        }
    }
}

/// Why a request has no requester.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// It carries no access token.
    #[error("the access token is missing")]
    Missing,
    /// It carries several, or one in a form that cannot be read.
    #[error("send the access token once, as `Authorization: Bearer …` or as `access_token`")]
    Malformed,
    /// It is no token of this server, or no longer.
    #[error("the access token is not known")]
    Unknown,
    /// It has expired; refreshing may help.
    #[error("the access token has expired")]
    Expired,
    /// An application service wants to speak for somebody who is none of its users, or has no
    /// account.
    #[error("this user is not one of the application service's")]
    AppserviceUserForeign,
    /// The user that an application service speaks for has no such device.
    #[error("this user has no such device")]
    AppserviceDeviceUnknown,
    /// Guests may not do this.
    #[error("guests may not do this")]
    GuestForbidden,
    /// Only administrators may do this.
    #[error("only administrators may do this")]
    NotAdministrator,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Authentication {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            sightings: Arc::new(Limiter::new(SIGHTINGS)),
        }
    }

    /// Finds out who makes a request. Marks the token as used and, now and then, the device as seen.
    ///
    /// `assertion` says for whom an application service speaks.
    ///
    /// # Errors
    /// [`AuthenticateError`].
    pub async fn authenticate(
        &self,
        ctx: &RequestContext,
        bearer: &Bearer,
        assertion: &Assertion,
        audience: Audience,
    ) -> Result<Requester, AuthenticateError> {
        let text = match bearer {
            Bearer::Absent => return Err(AuthenticateError::Missing),
            Bearer::Malformed => return Err(AuthenticateError::Malformed),
            Bearer::Token(text) => text,
        };
        if let Some(service) = self.shared.policy.registration.appservices.with_token(text) {
            return self.speak_for(service, assertion).await;
        }
        let token = AccessToken::parse(text.expose()).ok_or(AuthenticateError::Unknown)?;
        let (stored, account) = {
            let mut uow = self.shared.ports.store.begin(Intent::Read).await?;
            uow.tokens()
                .find_access(&token.digest())
                .await?
                .ok_or(AuthenticateError::Unknown)?
        };
        if account.deactivated {
            return Err(AuthenticateError::Unknown);
        }
        let expired = stored
            .expires
            .is_some_and(|expires| expires <= self.shared.now());
        if expired && audience != Audience::Leaving {
            return Err(AuthenticateError::Expired);
        }
        if account.kind == AccountKind::Guest && audience == Audience::Users {
            return Err(AuthenticateError::GuestForbidden);
        }
        if let Err(error) = self.record_use(ctx, &stored, &account).await {
            // The answer does not depend on it, and the next request will try again.
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "use of an access token could not be recorded");
        }
        Ok(Requester {
            user_id: self.shared.user_id(&account.localpart),
            account,
            device_id: stored.device_id,
            credential: Credential::AccessToken {
                key: stored.key,
                validated: stored.validated,
            },
            spoken_for_by: stored.made_by,
        })
    }

    /// The user that an application service speaks for, and their device if it names one.
    async fn speak_for(
        &self,
        service: &AppService,
        assertion: &Assertion,
    ) -> Result<Requester, AuthenticateError> {
        let shared = &self.shared;
        let localpart = match &assertion.user_id {
            Given::Absent => Some(service.sender.clone()),
            Given::Null | Given::Malformed => None,
            // A bare localpart is not a user ID.
            Given::Value(text) if !text.starts_with('@') => None,
            Given::Value(text) => UserId::read_local(text, &shared.policy.server_name),
        };
        let localpart = localpart.filter(|it| service.is_interested(&shared.user_id(it)));
        let localpart = localpart.ok_or(AuthenticateError::AppserviceUserForeign)?;
        let found = {
            let mut uow = shared.ports.store.begin(Intent::Read).await?;
            uow.accounts().find(&localpart).await?
        };
        let account = match found {
            Some(account) if !account.deactivated => account,
            // Services ask who they are before they register anybody, their own user included.
            None if localpart == service.sender => {
                Account::new(localpart, AccountKind::User, shared.now())
            }
            Some(_) | None => return Err(AuthenticateError::AppserviceUserForeign),
        };
        let device_id = match &assertion.device_id {
            Given::Absent => None,
            named => {
                let device_id = self.device_of(&account.localpart, named).await?;
                Some(device_id.ok_or(AuthenticateError::AppserviceDeviceUnknown)?)
            }
        };
        Ok(Requester {
            user_id: shared.user_id(&account.localpart),
            account,
            device_id,
            credential: Credential::ApplicationService,
            spoken_for_by: None,
        })
    }

    /// The device of this ID, if the user has one.
    async fn device_of(
        &self,
        localpart: &Localpart,
        named: &Given<String>,
    ) -> Result<Option<DeviceId>, StoreError> {
        let Some(device_id) = named.value().and_then(|text| DeviceId::parse(text).ok()) else {
            return Ok(None);
        };
        let mut uow = self.shared.ports.store.begin(Intent::Read).await?;
        let device = uow.devices().find(localpart, &device_id).await?;
        Ok(device.map(|device| device.device_id))
    }

    /// Finds out which administrator makes a request. Application services are none, for any user that they
    /// speak for.
    ///
    /// # Errors
    /// [`AuthenticateError`], [`AuthenticateError::NotAdministrator`] for everybody else, and for
    /// guests whatever their account says.
    pub async fn authenticate_admin(
        &self,
        ctx: &RequestContext,
        bearer: &Bearer,
    ) -> Result<Administrator, AuthenticateError> {
        let requester = self
            .authenticate(ctx, bearer, &Assertion::default(), Audience::Everyone)
            .await?;
        if requester.is_administrator() {
            Ok(Administrator(Authority::AccessToken(Box::new(requester))))
        } else {
            Err(AuthenticateError::NotAdministrator)
        }
    }

    /// Records what the database must know of this request, in one unit of work, mostly none.
    async fn record_use(
        &self,
        ctx: &RequestContext,
        stored: &StoredAccessToken,
        account: &Account,
    ) -> Result<(), StoreError> {
        if ctx.effects == Effects::None {
            return Ok(());
        }
        let now = self.shared.now();
        // Only a first use matters, and only beside a refresh token: it ends the predecessor.
        let first_use = !stored.used && stored.refresh_token.is_some();
        let device_id = stored.device_id.as_ref().filter(|device_id| {
            let key = format!("{}|{device_id}", stored.localpart);
            self.sightings.charge(&key, self.shared.monotonic()).is_ok()
        });
        if !first_use && device_id.is_none() {
            return Ok(());
        }
        let ports = &self.shared.ports;
        self.shared
            .retrying(|| async {
                let mut uow = ports.store.begin(Intent::Write).await?;
                if first_use {
                    uow.tokens().mark_access_used(stored.key).await?;
                }
                if let Some(device_id) = device_id {
                    let sighting = issue::sighting(ctx, now);
                    uow.devices()
                        .see(&stored.localpart, device_id, &sighting, now)
                        .await?;
                    usage::record(&self.shared, &mut *uow, account, now).await?;
                }
                uow.commit().await
            })
            .await
    }
}

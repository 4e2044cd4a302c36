//! May this name be registered? The check that `POST /register` makes twice and
//! `GET /register/available` once.
//!
//! See `docs/BEHAVIOR.md` §6.3 (names) and §1.10 (guest upgrades).

use crate::model::account::{Account, AccountKind};
use crate::model::id::{Localpart, LocalpartError};
use crate::model::secret::TokenDigest;
use crate::model::uia::GuestClaim;
use crate::ports::store::Constraint;
use crate::ports::{StoreError, UnitOfWork};
use crate::usecase::retry::MaybeStore;
use crate::usecase::shared::Shared;

/// What the caller can say for itself besides the name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Claims {
    /// The access token of a guest account that shall become the named account.
    pub(crate) guest: Option<GuestClaim>,
    /// Whether it is told that a name is taken.
    pub(crate) disclosure: Disclosure,
}

/// Whether a client is told that a name is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Disclosure {
    #[default]
    Tell,
    /// `inhibit_user_in_use_error`: not before interactive authentication is complete.
    Hide,
}

/// Who has a permitted name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameAvailability {
    /// Nobody, or it was not looked up.
    Free,
    /// The guest who asks.
    OwnGuest,
}

/// Why a name may not be registered. The order of the variants is the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// It is not of the grammar, or too long.
    #[error(transparent)]
    Invalid(#[from] LocalpartError),
    /// The UIA session has registered another one.
    #[error("this session has already registered a different user ID")]
    DifferentUserRegistered,
    /// It is the server notices user.
    #[error("this user ID is reserved")]
    Reserved,
    /// It belongs to an application service and to nobody else.
    #[error("this user ID is reserved by an application service")]
    Exclusive,
    /// Another account has it, whatever its case.
    #[error("this user ID is taken")]
    Taken,
    /// The guest access token is not that of a guest with this name.
    #[error("the guest access token does not belong to a guest of this name")]
    GuestMismatch,
    /// The guest access token is not a token of this server.
    #[error("the guest access token is not known")]
    GuestTokenUnknown,
    /// The guest access token was one until it expired.
    #[error("the guest access token has expired")]
    GuestTokenExpired,
    /// It consists of digits, which are kept for accounts that the server names.
    #[error("user IDs of digits only are reserved")]
    Numeric,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MaybeStore for NameError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Reads a name that is already lower-cased where it should be: the checks that need nobody else.
pub(crate) fn parse(shared: &Shared, text: &str) -> Result<Localpart, NameError> {
    Ok(Localpart::create(
        text,
        shared.policy.registration.localparts,
    )?)
}

/// Does the operator keep the name for somebody?
pub(crate) fn check_reservations(shared: &Shared, localpart: &Localpart) -> Result<(), NameError> {
    let policy = &shared.policy.registration;
    if policy.server_notices_localpart.as_ref() == Some(localpart) {
        return Err(NameError::Reserved);
    }
    if policy
        .appservices
        .own_exclusively(&shared.user_id(localpart), None)
    {
        return Err(NameError::Exclusive);
    }
    Ok(())
}

/// May the name be registered by somebody who makes these claims?
pub(crate) async fn check(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    localpart: &Localpart,
    claims: Claims,
) -> Result<NameAvailability, NameError> {
    check_reservations(shared, localpart)?;
    localpart.check_length(&shared.policy.server_name)?;

    // An empty guest token claims nobody, and yet says that a numeric name is meant as a guest's.
    let guest_token = match claims.guest {
        Some(GuestClaim::Token(digest)) => Some(digest),
        Some(GuestClaim::Empty) | None => None,
    };
    if guest_token.is_some() || claims.disclosure == Disclosure::Tell {
        let taken = uow.accounts().is_taken(localpart).await?;
        match guest_token {
            Some(token) if taken => {
                check_guest(uow, shared, &token, localpart).await?;
                return Ok(NameAvailability::OwnGuest);
            }
            None if taken => return Err(NameError::Taken),
            _ => {}
        }
    }
    if claims.guest.is_none() && localpart.is_numeric() {
        return Err(NameError::Numeric);
    }
    Ok(NameAvailability::Free)
}

/// Adds an account; losing a race for its name is the same as coming late.
pub(crate) async fn add(uow: &mut dyn UnitOfWork, account: &Account) -> Result<(), NameError> {
    uow.accounts().add(account).await.map_err(|error| {
        if error.is_conflict(Constraint::LocalpartTaken) {
            NameError::Taken
        } else {
            error.into()
        }
    })
}

/// Does the token belong to the guest of this name?
async fn check_guest(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    token: &TokenDigest,
    localpart: &Localpart,
) -> Result<(), NameError> {
    let (stored, account) = uow
        .tokens()
        .find_access(token)
        .await?
        .ok_or(NameError::GuestTokenUnknown)?;
    if stored
        .expires
        .is_some_and(|expires| expires <= shared.now())
    {
        return Err(NameError::GuestTokenExpired);
    }
    if account.kind == AccountKind::Guest && account.localpart == *localpart {
        Ok(())
    } else {
        Err(NameError::GuestMismatch)
    }
}

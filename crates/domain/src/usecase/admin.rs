//! Administrators look after accounts: everything about users under `/_synapse/admin`, and
//! `registrar admin user` on the command line.
//!
//! Each part is a file: [`list`] finds accounts, [`change`] makes and changes them as a whole,
//! [`close`] has the single actions, [`logins`] their devices and tokens.

pub mod change;
pub mod close;
pub mod list;
pub mod logins;

use std::sync::Arc;

use crate::model::account::Account;
use crate::model::context::HashTurn;
use crate::model::device::DisplayNameError;
use crate::model::given::Given;
use crate::model::id::{Localpart, UserId};
use crate::model::password::{Password, PasswordHash};
use crate::model::threepid::{AccountThreepid, Threepid};
use crate::ports::{HashError, Intent, StoreError, UnitOfWork};
use crate::usecase::name::NameError;
use crate::usecase::registration::RuleError;
use crate::usecase::retry::MaybeStore;
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::Administrator;

/// The use-case.
#[derive(Clone)]
pub struct UserAdmin(Arc<Shared>);

/// What administrators see of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDetails {
    /// Who it is.
    pub user_id: UserId,
    /// The account.
    pub account: Account,
    /// Its third-party identifiers.
    pub threepids: Vec<AccountThreepid>,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum UserAdminError {
    /// The text in the path is no user ID.
    #[error("this is not a user ID")]
    NotAUserId,
    /// A user of another server.
    #[error("only users of this server can be managed here")]
    Foreign,
    /// There is no such account, device or identifier.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Only administrators may ask about others.
    #[error("only administrators may do this")]
    Forbidden,
    /// A field is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A switch that is read strictly is not a boolean.
    #[error("`{0}` must be true or false")]
    NotBoolean(&'static str),
    /// A field has the wrong type, or an argument a value that means nothing.
    #[error("`{0}` cannot be read")]
    Malformed(&'static str),
    /// A field has a value that this server does not take.
    #[error("`{0}` has a value that cannot be used")]
    BadValue(&'static str),
    /// A field asks for what this server does not do.
    #[error("this server does not support `{0}`")]
    Unsupported(&'static str),
    /// Not an email address or a phone number.
    #[error("`threepids` must hold email addresses and phone numbers in international form")]
    BadThreepid,
    /// The third-party identifier belongs to another account.
    #[error("the third-party identifier belongs to another account")]
    ThreepidInUse,
    /// Administrators cannot take their own rights away: the last one could not undo it.
    #[error("administrators cannot demote themselves")]
    OwnDemotion,
    /// Administrators have an access token already.
    #[error("administrators cannot log in as themselves here")]
    OwnLogin,
    /// The account is deactivated.
    #[error("this account is deactivated")]
    Deactivated,
    /// The account is not deactivated.
    #[error("this account is not deactivated")]
    NotDeactivated,
    /// Passwords are switched off.
    #[error("passwords are switched off on this server")]
    PasswordsDisabled,
    /// The device cannot be called so.
    #[error(transparent)]
    DeviceName(#[from] DisplayNameError),
    /// The name cannot be registered.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The operator's rules stop the registration.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UserAdminError {
    const NO_USER: Self = Self::NotFound("user");
}

impl MaybeStore for UserAdminError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) | Self::Name(NameError::Store(error)) => Some(error),
            _ => None,
        }
    }
}

impl UserAdmin {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// An account with everything that administrators see of it.
    ///
    /// # Errors
    /// [`UserAdminError`].
    pub async fn find(
        &self,
        _admin: &Administrator,
        user_id: &str,
    ) -> Result<UserDetails, UserAdminError> {
        let localpart = self.target(user_id)?;
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        self.details(&mut *uow, &localpart).await
    }

    /// Is there such a user? Asked before anything else about a request is looked at, so that an
    /// unknown user is one whatever else is wrong.
    ///
    /// # Errors
    /// [`UserAdminError::NotAUserId`], [`UserAdminError::Foreign`], [`UserAdminError::NotFound`],
    /// [`UserAdminError::Store`].
    pub async fn require(
        &self,
        _admin: &Administrator,
        user_id: &str,
    ) -> Result<(), UserAdminError> {
        let localpart = self.target(user_id)?;
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        existing(&mut *uow, &localpart).await.map(|_| ())
    }

    /// The user who has a third-party identifier.
    ///
    /// # Errors
    /// [`UserAdminError::NotFound`], [`UserAdminError::Store`].
    pub async fn find_owner(
        &self,
        _admin: &Administrator,
        medium: &str,
        address: &str,
    ) -> Result<UserId, UserAdminError> {
        let threepid = Threepid::parse(medium, address).ok_or(UserAdminError::NO_USER)?;
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        let owner = uow.threepids().find_owner(&threepid).await?;
        let owner = owner.ok_or(UserAdminError::NO_USER)?;
        Ok(self.0.user_id(&owner))
    }

    /// The localpart of a user of this server.
    fn target(&self, user_id: &str) -> Result<Localpart, UserAdminError> {
        let (localpart, server) = user_id
            .strip_prefix('@')
            .and_then(|rest| rest.split_once(':'))
            .ok_or(UserAdminError::NotAUserId)?;
        if server != self.0.policy.server_name.as_str() {
            return Err(UserAdminError::Foreign);
        }
        Localpart::read(localpart).ok_or(UserAdminError::NO_USER)
    }

    async fn details(
        &self,
        uow: &mut dyn UnitOfWork,
        localpart: &Localpart,
    ) -> Result<UserDetails, UserAdminError> {
        let account = existing(uow, localpart).await?;
        Ok(UserDetails {
            user_id: self.0.user_id(localpart),
            threepids: uow.threepids().list(localpart).await?,
            account,
        })
    }

    /// The hash of a password that an administrator chose. The strength rules are for the people
    /// themselves.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, UserAdminError> {
        if !self.0.policy.password.reauth_enabled {
            return Err(UserAdminError::PasswordsDisabled);
        }
        let hasher = &self.0.ports.password_hasher;
        Ok(hasher.hash(HashTurn::OPERATOR, password).await?)
    }
}

async fn existing(
    uow: &mut dyn UnitOfWork,
    localpart: &Localpart,
) -> Result<Account, UserAdminError> {
    let account = uow.accounts().find(localpart).await?;
    account.ok_or(UserAdminError::NO_USER)
}

/// A password that is about to be set. An empty one would be none.
fn new_password(text: &str, name: &'static str) -> Result<Password, UserAdminError> {
    let password = Password::parse(text).map_err(|_| UserAdminError::BadValue(name))?;
    if password.expose().is_empty() {
        return Err(UserAdminError::BadValue(name));
    }
    Ok(password)
}

/// A switch that may be absent, and is nothing but true or false when it is there.
fn switch(field: &Given<bool>, name: &'static str) -> Result<Option<bool>, UserAdminError> {
    let value = field
        .optional_not_null()
        .map_err(|_| UserAdminError::BadValue(name))?;
    Ok(value.copied())
}

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

/// A user of this server, who has an account or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(Localpart);

/// A user who had an account when [`UserAdmin::user`] looked. Whatever is done to users asks for one,
/// so that an unknown user is found out before anything else about a request matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistingUser {
    user_id: UserId,
    account: Account,
}

impl ExistingUser {
    /// Who it is.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// The account as it was then.
    pub fn account(&self) -> &Account {
        &self.account
    }

    fn localpart(&self) -> &Localpart {
        &self.account.localpart
    }
}

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

/// A password that an administrator sets: never empty, and otherwise as weak as they like. The
/// strength rules are for the users themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedPassword(Password);

/// The string cannot be set as a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a password must have 1 to {} characters, none of them NUL",
    Password::MAX_CHARS
)]
pub struct AssignedPasswordError;

impl AssignedPassword {
    /// Takes a password.
    ///
    /// # Errors
    /// [`AssignedPasswordError`].
    pub fn parse(text: &str) -> Result<Self, AssignedPasswordError> {
        match Password::parse(text) {
            Ok(password) if !text.is_empty() => Ok(Self(password)),
            Ok(_) | Err(_) => Err(AssignedPasswordError),
        }
    }
}

/// What a new password does to the logins of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExistingLogins {
    /// They end, except the administrator's own.
    #[default]
    End,
    /// They go on.
    Keep,
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
    /// Not one of the types that the operator's policy knows.
    #[error("`user_type` has a value that cannot be used")]
    UnknownUserType,
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
    const NO_DEVICE: Self = Self::NotFound("device");
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

    /// A user of this server, who has an account or not.
    ///
    /// # Errors
    /// [`UserAdminError::NotAUserId`], [`UserAdminError::Foreign`], and [`UserAdminError::NotFound`]
    /// if no account can have this user ID.
    pub fn target(&self, user_id: &str) -> Result<Target, UserAdminError> {
        let (localpart, server) = user_id
            .strip_prefix('@')
            .and_then(|rest| rest.split_once(':'))
            .ok_or(UserAdminError::NotAUserId)?;
        if server != self.0.policy.server_name.as_str() {
            return Err(UserAdminError::Foreign);
        }
        let localpart = Localpart::read(localpart).ok_or(UserAdminError::NO_USER)?;
        Ok(Target(localpart))
    }

    /// A user who has an account.
    ///
    /// # Errors
    /// [`UserAdminError::NotAUserId`], [`UserAdminError::Foreign`], [`UserAdminError::NotFound`],
    /// [`UserAdminError::Store`].
    pub async fn user(
        &self,
        _admin: &Administrator,
        user_id: &str,
    ) -> Result<ExistingUser, UserAdminError> {
        let Target(localpart) = self.target(user_id)?;
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        Ok(ExistingUser {
            user_id: self.0.user_id(&localpart),
            account: existing(&mut *uow, &localpart).await?,
        })
    }

    /// An account as it is now, with everything that administrators see of it.
    ///
    /// # Errors
    /// [`UserAdminError::NotFound`], [`UserAdminError::Store`].
    pub async fn details(
        &self,
        _admin: &Administrator,
        user: &ExistingUser,
    ) -> Result<UserDetails, UserAdminError> {
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        self.read_details(&mut *uow, user.localpart()).await
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

    async fn read_details(
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

    /// The hash of a password for an account that exists.
    async fn hash(&self, password: &AssignedPassword) -> Result<PasswordHash, UserAdminError> {
        if !self.0.policy.password.reauth_enabled {
            return Err(UserAdminError::PasswordsDisabled);
        }
        Ok(self.hash_always(password).await?)
    }

    /// The hash of a password, also where users cannot log in with one.
    async fn hash_always(&self, password: &AssignedPassword) -> Result<PasswordHash, HashError> {
        let hasher = &self.0.ports.password_hasher;
        hasher.hash(HashTurn::OPERATOR, &password.0).await
    }
}

async fn existing(
    uow: &mut dyn UnitOfWork,
    localpart: &Localpart,
) -> Result<Account, UserAdminError> {
    let account = uow.accounts().find(localpart).await?;
    account.ok_or(UserAdminError::NO_USER)
}

//! `PUT /_synapse/admin/v2/users/{userId}`: makes an account, or changes one, as a whole and in one
//! transaction.

use std::collections::BTreeSet;

use super::close::logins;
use super::existing;
use super::{AssignedPassword, ExistingLogins, Target, UserAdmin, UserAdminError, UserDetails};
use crate::model::account::{Account, AccountDisplayName, AccountKind};
use crate::model::id::Localpart;
use crate::model::password::PasswordHash;
use crate::model::threepid::{AccountThreepid, Threepid};
use crate::model::uia::ErasePolicy;
use crate::ports::observer::{Applicant, Event};
use crate::ports::store::{AccountChanges, Change, Constraint};
use crate::ports::{Intent, UnitOfWork};
use crate::usecase::account::deactivate::deactivate;
use crate::usecase::name::{self, Claims};
use crate::usecase::password::set_password;
use crate::usecase::registration::rules::{self, Admission};
use crate::usecase::token::authenticate::Administrator;

/// An account as it shall be. The default changes nothing.
#[derive(Clone, Debug, Default)]
pub struct UserChanges {
    /// A new password.
    pub password: Option<AssignedPassword>,
    /// What a new password does to the logins.
    pub existing_logins: ExistingLogins,
    /// The display name, or none. A new account has its localpart for a name unless this is a name; the
    /// empty one stands for none there too.
    pub display_name: Change<Option<AccountDisplayName>>,
    /// All third-party identifiers that the account shall have.
    pub threepids: Option<BTreeSet<Threepid>>,
    /// May it use the admin API?
    pub admin: Option<bool>,
    /// Shall it be deactivated, or reactivated?
    pub deactivated: Option<bool>,
    /// The type, or none. A new account has the policy's default unless this is a type.
    pub user_type: Change<Option<UserType>>,
}

/// The type of an account, one that the operator's policy knows: see [`UserAdmin::user_type`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserType(String);

/// What became of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is new.
    Created(UserDetails),
    /// It was there.
    Modified(UserDetails),
}

impl UserAdmin {
    /// A type that accounts can have on this server.
    ///
    /// # Errors
    /// [`UserAdminError::UnknownUserType`].
    pub fn user_type(&self, name: &str) -> Result<UserType, UserAdminError> {
        if self.0.policy.accounts.user_types.contains(name) {
            Ok(UserType(name.to_owned()))
        } else {
            Err(UserAdminError::UnknownUserType)
        }
    }

    /// Makes an account, or changes the one that is there.
    ///
    /// # Errors
    /// [`UserAdminError`]; nothing has changed then.
    pub async fn put(
        &self,
        admin: &Administrator,
        Target(localpart): Target,
        changes: &UserChanges,
    ) -> Result<Changed, UserAdminError> {
        let account = {
            let mut uow = self.0.ports.store.begin(Intent::Read).await?;
            uow.accounts().find(&localpart).await?
        };
        match account {
            None => {
                let details = self.create(admin, localpart.as_str(), changes).await?;
                Ok(Changed::Created(details))
            }
            Some(account) => {
                let details = self.modify(admin, &account, changes).await?;
                Ok(Changed::Modified(details))
            }
        }
    }

    /// Makes an account. Whether registration is open, and its limits, do not matter.
    ///
    /// # Errors
    /// [`UserAdminError`]; nothing has changed then.
    pub async fn create(
        &self,
        admin: &Administrator,
        username: &str,
        changes: &UserChanges,
    ) -> Result<UserDetails, UserAdminError> {
        let shared = &self.0;
        let localpart = name::parse(shared, username)?;
        {
            let mut uow = shared.ports.store.begin(Intent::Read).await?;
            name::check(&mut *uow, shared, &localpart, Claims::default()).await?;
        }
        let admission = rules::judge_named(shared, Some(&localpart)).await?;
        let mut account = Account::new(localpart, AccountKind::User, shared.now());
        // As elsewhere, whether people may log in with a password does not keep an account from
        // having one.
        account.password_hash = match &changes.password {
            Some(password) => Some(self.hash_always(password).await?),
            None => None,
        };
        account.shadow_banned = admission == Admission::ShadowBanned;
        account
            .user_type
            .clone_from(&shared.policy.accounts.user_types.default);
        changes.apply(&mut account);
        let localpart = &account.localpart;
        let details = shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                name::add(&mut *uow, &account).await?;
                self.set_threepids(&mut *uow, localpart, changes).await?;
                if changes.deactivated == Some(true) {
                    deactivate(&mut *uow, localpart, ErasePolicy::Keep).await?;
                }
                let details = self.read_details(&mut *uow, localpart).await?;
                uow.commit().await?;
                Ok::<_, UserAdminError>(details)
            })
            .await?;
        shared.observe(Event::AccountRegistered {
            kind: account.kind,
            applicant: Applicant::Operator,
            shadow_banned: account.shadow_banned,
        });
        tracing::info!(%admin, account.localpart = %localpart, "account created");
        Ok(details)
    }

    async fn modify(
        &self,
        admin: &Administrator,
        account: &Account,
        changes: &UserChanges,
    ) -> Result<UserDetails, UserAdminError> {
        let shared = &self.0;
        let localpart = &account.localpart;
        // Checked early, before the expensive hash, and once more where nothing can come in between.
        changes.check(admin, account)?;
        let hash = match &changes.password {
            Some(password) => Some(self.hash(password).await?),
            None => None,
        };
        let details = shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                let account = existing(&mut *uow, localpart).await?;
                changes.check(admin, &account)?;
                uow.accounts()
                    .update(localpart, &changes.properties())
                    .await?;
                if changes.admin == Some(false) {
                    uow.tokens().remove_made_by(localpart).await?;
                }
                if changes.reopens(&account) {
                    reopen(&mut *uow, localpart, hash.as_ref()).await?;
                } else if let Some(hash) = &hash {
                    let logins = logins(admin, localpart, changes.existing_logins);
                    if !set_password(&mut *uow, localpart, hash, logins).await? {
                        return Err(UserAdminError::Deactivated);
                    }
                }
                self.set_threepids(&mut *uow, localpart, changes).await?;
                if changes.deactivated == Some(true) && !account.deactivated {
                    deactivate(&mut *uow, localpart, ErasePolicy::Keep).await?;
                }
                let details = self.read_details(&mut *uow, localpart).await?;
                uow.commit().await?;
                Ok(details)
            })
            .await?;
        tracing::info!(%admin, account.localpart = %localpart, "account changed");
        Ok(details)
    }

    /// Gives an account the identifiers it shall have, and takes all others away from it.
    async fn set_threepids(
        &self,
        uow: &mut dyn UnitOfWork,
        localpart: &Localpart,
        changes: &UserChanges,
    ) -> Result<(), UserAdminError> {
        let Some(wanted) = &changes.threepids else {
            return Ok(());
        };
        let mut missing = wanted.clone();
        for old in uow.threepids().list(localpart).await? {
            if !missing.remove(&old.threepid) {
                uow.threepids().remove(localpart, &old.threepid).await?;
            }
        }
        let now = self.0.now();
        for threepid in missing {
            let new = AccountThreepid {
                threepid,
                validated: now,
                added: now,
            };
            uow.threepids()
                .add(localpart, &new)
                .await
                .map_err(|error| {
                    if error.is_conflict(Constraint::ThreepidTaken) {
                        UserAdminError::ThreepidInUse
                    } else {
                        error.into()
                    }
                })?;
        }
        Ok(())
    }
}

/// Reactivates an account, without anything that a login may have left behind while it
/// was being deactivated.
pub(super) async fn reopen(
    uow: &mut dyn UnitOfWork,
    localpart: &Localpart,
    hash: Option<&PasswordHash>,
) -> Result<(), UserAdminError> {
    uow.accounts().reactivate(localpart, hash).await?;
    let changes = AccountChanges {
        erased: Change::Set(false),
        ..AccountChanges::default()
    };
    uow.accounts().update(localpart, &changes).await?;
    uow.devices().remove_all(localpart).await?;
    uow.tokens().remove_all(localpart).await?;
    uow.tokens().remove_made_for(localpart).await?;
    Ok(())
}

impl UserChanges {
    /// What changes about an account that exists.
    fn properties(&self) -> AccountChanges {
        AccountChanges {
            display_name: self.display_name.clone().map(|name| {
                let name = name.as_ref().and_then(AccountDisplayName::as_option);
                name.map(str::to_owned)
            }),
            admin: self.admin.into(),
            user_type: self
                .user_type
                .clone()
                .map(|user_type| user_type.map(|UserType(name)| name)),
            ..AccountChanges::default()
        }
    }

    /// Does it open this account again?
    fn reopens(&self, account: &Account) -> bool {
        self.deactivated == Some(false) && account.deactivated
    }

    /// May this account be changed like this?
    fn check(&self, admin: &Administrator, account: &Account) -> Result<(), UserAdminError> {
        let is_demotion = account.admin && self.admin == Some(false);
        if is_demotion && admin.is(&account.localpart) {
            return Err(UserAdminError::OwnDemotion);
        }
        let adds_threepids = self.threepids.as_ref().is_some_and(|it| !it.is_empty());
        let needs_open = self.password.is_some() || adds_threepids;
        if account.deactivated && !self.reopens(account) && needs_open {
            return Err(UserAdminError::Deactivated);
        }
        Ok(())
    }

    /// Gives a new account its properties.
    fn apply(&self, account: &mut Account) {
        if let Change::Set(Some(name)) = &self.display_name {
            account.display_name = name.as_option().map(str::to_owned);
        }
        account.admin = self.admin == Some(true);
        // An administrator who says nothing leaves the operator's default.
        if let Change::Set(Some(UserType(name))) = &self.user_type {
            account.user_type = Some(name.clone());
        }
    }
}

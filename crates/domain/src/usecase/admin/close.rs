//! The single actions on an account: closing it, a new password, rights.

use super::change::reopen;
use super::{AssignedPassword, ExistingLogins, ExistingUser, UserAdmin, UserAdminError, existing};
use crate::model::account::Account;
use crate::model::id::Localpart;
use crate::model::threepid::AccountThreepid;
use crate::model::uia::ErasePolicy;
use crate::ports::Intent;
use crate::ports::store::{AccountChanges, Change};
use crate::usecase::account::deactivate::deactivate;
use crate::usecase::password::{Logins, set_password};
use crate::usecase::token::authenticate::Administrator;

/// Whether an account is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspension {
    /// It is.
    Imposed,
    /// It is not, or no longer.
    Lifted,
}

/// Whether a user may use the admin API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminRights {
    /// They may.
    Granted,
    /// They may not, or no longer, and their logins as others end.
    Revoked,
}

impl UserAdmin {
    /// Closes an account for good. The third-party identifiers that it had: this server has
    /// forgotten them, an identity server may not have.
    ///
    /// # Errors
    /// [`UserAdminError::NotFound`], [`UserAdminError::Store`].
    pub async fn deactivate(
        &self,
        admin: &Administrator,
        user: &ExistingUser,
        erase_policy: ErasePolicy,
    ) -> Result<Vec<AccountThreepid>, UserAdminError> {
        let shared = &self.0;
        let localpart = user.localpart();
        let closed = shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                let closed = deactivate(&mut *uow, localpart, erase_policy).await?;
                let closed = closed.ok_or(UserAdminError::NO_USER)?;
                uow.commit().await?;
                Ok::<_, UserAdminError>(closed)
            })
            .await?;
        tracing::info!(%admin, account.localpart = %localpart, "account deactivated");
        Ok(closed.threepids)
    }

    /// Reactivates an account, with this password or with none. What deactivation took away does not
    /// come back.
    ///
    /// # Errors
    /// [`UserAdminError::NotDeactivated`], [`UserAdminError::PasswordsDisabled`],
    /// [`UserAdminError::Hash`], [`UserAdminError::NotFound`], [`UserAdminError::Store`].
    pub async fn reactivate(
        &self,
        admin: &Administrator,
        user: &ExistingUser,
        password: Option<&AssignedPassword>,
    ) -> Result<(), UserAdminError> {
        let shared = &self.0;
        let localpart = user.localpart();
        // Checked early, before the expensive hash, and once more where nothing can come in between.
        check_deactivated(&user.account)?;
        let hash = match password {
            Some(password) => Some(self.hash(password).await?),
            None => None,
        };
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                check_deactivated(&existing(&mut *uow, localpart).await?)?;
                reopen(&mut *uow, localpart, hash.as_ref()).await?;
                Ok::<_, UserAdminError>(uow.commit().await?)
            })
            .await?;
        tracing::info!(%admin, account.localpart = %localpart, "account reactivated");
        Ok(())
    }

    /// Sets a password, whatever the strength rules say.
    ///
    /// # Errors
    /// [`UserAdminError::Deactivated`], [`UserAdminError::PasswordsDisabled`],
    /// [`UserAdminError::Hash`], [`UserAdminError::Store`].
    pub async fn reset_password(
        &self,
        admin: &Administrator,
        user: &ExistingUser,
        password: &AssignedPassword,
        existing_logins: ExistingLogins,
    ) -> Result<(), UserAdminError> {
        let shared = &self.0;
        let localpart = user.localpart();
        // Checked early, before the expensive hash, and once more where nothing can come in between.
        if user.account.deactivated {
            return Err(UserAdminError::Deactivated);
        }
        let hash = self.hash(password).await?;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                let logins = logins(admin, localpart, existing_logins);
                if !set_password(&mut *uow, localpart, &hash, logins).await? {
                    return Err(UserAdminError::Deactivated);
                }
                Ok(uow.commit().await?)
            })
            .await?;
        tracing::info!(%admin, account.localpart = %localpart, "password set");
        Ok(())
    }

    /// Suspends an account, or lifts its suspension. What a suspended user may not do is rooms'
    /// business, and profiles', which a homeserver keeps.
    ///
    /// # Errors
    /// [`UserAdminError::NotFound`], [`UserAdminError::Store`].
    pub async fn set_suspension(
        &self,
        admin: &Administrator,
        user: &ExistingUser,
        suspension: Suspension,
    ) -> Result<(), UserAdminError> {
        let suspended = suspension == Suspension::Imposed;
        let localpart = user.localpart();
        let changes = AccountChanges {
            suspended: Change::Set(suspended),
            ..AccountChanges::default()
        };
        self.update(localpart, &changes).await?;
        tracing::info!(
            %admin,
            account.localpart = %localpart,
            account.suspended = suspended,
            "suspension set"
        );
        Ok(())
    }

    /// Gives somebody the right to use the admin API, or takes it away, and with it the logins as others.
    ///
    /// # Errors
    /// [`UserAdminError::OwnDemotion`], [`UserAdminError::NotFound`], [`UserAdminError::Store`].
    pub async fn set_admin(
        &self,
        admin: &Administrator,
        user: &ExistingUser,
        rights: AdminRights,
    ) -> Result<(), UserAdminError> {
        let may_administrate = rights == AdminRights::Granted;
        let localpart = user.localpart();
        if admin.is(localpart) && !may_administrate {
            return Err(UserAdminError::OwnDemotion);
        }
        let changes = AccountChanges {
            admin: Change::Set(may_administrate),
            ..AccountChanges::default()
        };
        self.update(localpart, &changes).await?;
        tracing::info!(
            %admin,
            account.localpart = %localpart,
            account.admin = may_administrate,
            "rights set"
        );
        Ok(())
    }

    async fn update(
        &self,
        localpart: &Localpart,
        changes: &AccountChanges,
    ) -> Result<(), UserAdminError> {
        let shared = &self.0;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                if !uow.accounts().update(localpart, changes).await? {
                    return Err(UserAdminError::NO_USER);
                }
                if matches!(changes.admin, Change::Set(false)) {
                    // What an administrator made for others ends with the right to make it.
                    uow.tokens().remove_made_by(localpart).await?;
                }
                Ok(uow.commit().await?)
            })
            .await
    }
}

fn check_deactivated(account: &Account) -> Result<(), UserAdminError> {
    if account.deactivated {
        Ok(())
    } else {
        Err(UserAdminError::NotDeactivated)
    }
}

/// Which logins end with a new password. Administrators who set their own stay logged in.
pub(super) fn logins<'a>(
    admin: &'a Administrator,
    localpart: &Localpart,
    existing_logins: ExistingLogins,
) -> Logins<'a> {
    match (existing_logins, admin.requester()) {
        (ExistingLogins::Keep, _) => Logins::Keep,
        (ExistingLogins::End, Some(requester)) if admin.is(localpart) => {
            Logins::EndOthers(requester)
        }
        (ExistingLogins::End, _) => Logins::EndAll,
    }
}

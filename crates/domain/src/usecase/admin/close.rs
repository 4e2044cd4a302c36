//! The single actions on an account: closing it, a new password, rights.

use super::change::reopen;
use super::{UserAdmin, UserAdminError, existing, new_password};
use crate::model::given::Given;
use crate::model::id::Localpart;
use crate::model::threepid::AccountThreepid;
use crate::model::uia::ErasePolicy;
use crate::ports::store::{AccountChanges, Change};
use crate::ports::{Intent, UnitOfWork};
use crate::usecase::account::deactivate::deactivate;
use crate::usecase::password::{Logins, set_password};
use crate::usecase::token::authenticate::Administrator;

/// A new password, as sent.
#[derive(Clone, Debug, Default)]
pub struct PasswordReset {
    /// `new_password`.
    pub new_password: Given<String>,
    /// `logout_devices`: do all logins end? They do unless told otherwise.
    pub logout_devices: Given<bool>,
}

impl UserAdmin {
    /// Closes an account for good. The third-party identifiers that it had: this server has
    /// forgotten them, an identity server may not have.
    ///
    /// # Errors
    /// [`UserAdminError`].
    pub async fn deactivate(
        &self,
        admin: &Administrator,
        user_id: &str,
        erase: &Given<bool>,
    ) -> Result<Vec<AccountThreepid>, UserAdminError> {
        let shared = &self.0;
        self.require(admin, user_id).await?;
        let localpart = self.target(user_id)?;
        let erase = erase
            .optional_not_null()
            .map_err(|_| UserAdminError::NotBoolean("erase"))?;
        let traces = match erase {
            Some(true) => ErasePolicy::Erase,
            Some(false) | None => ErasePolicy::Keep,
        };
        let closed = shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                let closed = deactivate(&mut *uow, &localpart, traces).await?;
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
    /// [`UserAdminError::NotDeactivated`] and others.
    pub async fn reactivate(
        &self,
        admin: &Administrator,
        user_id: &str,
        password: Option<&str>,
    ) -> Result<(), UserAdminError> {
        let shared = &self.0;
        let localpart = self.target(user_id)?;
        {
            // Checked early, before the expensive hash, and once more where nothing can come in between.
            let mut uow = shared.ports.store.begin(Intent::Read).await?;
            deactivated(&mut *uow, &localpart).await?;
        }
        let hash = match password {
            Some(text) => Some(self.hash(&new_password(text, "password")?).await?),
            None => None,
        };
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                deactivated(&mut *uow, &localpart).await?;
                reopen(&mut *uow, &localpart, hash.as_ref()).await?;
                Ok::<_, UserAdminError>(uow.commit().await?)
            })
            .await?;
        tracing::info!(%admin, account.localpart = %localpart, "account reactivated");
        Ok(())
    }

    /// Sets a password, whatever the strength rules say.
    ///
    /// # Errors
    /// [`UserAdminError`].
    pub async fn reset_password(
        &self,
        admin: &Administrator,
        user_id: &str,
        request: &PasswordReset,
    ) -> Result<(), UserAdminError> {
        let shared = &self.0;
        let localpart = self.target(user_id)?;
        let account = {
            let mut uow = shared.ports.store.begin(Intent::Read).await?;
            existing(&mut *uow, &localpart).await?
        };
        let password = match &request.new_password {
            Given::Absent => return Err(UserAdminError::Missing("new_password")),
            Given::Null | Given::Malformed => {
                return Err(UserAdminError::BadValue("new_password"));
            }
            Given::Value(text) => new_password(text, "new_password")?,
        };
        let logout = super::switch(&request.logout_devices, "logout_devices")?.unwrap_or(true);
        // Checked early, before the expensive hash, and once more where nothing can come in between.
        if account.deactivated {
            return Err(UserAdminError::Deactivated);
        }
        let hash = self.hash(&password).await?;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                let logins = logins(admin, &localpart, logout);
                if !set_password(&mut *uow, &localpart, &hash, logins).await? {
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
    /// [`UserAdminError`].
    pub async fn suspend(
        &self,
        admin: &Administrator,
        user_id: &str,
        wanted: &Given<bool>,
    ) -> Result<bool, UserAdminError> {
        self.require(admin, user_id).await?;
        let localpart = self.target(user_id)?;
        let suspended = match wanted {
            Given::Absent => return Err(UserAdminError::Missing("suspend")),
            Given::Null | Given::Malformed => return Err(UserAdminError::NotBoolean("suspend")),
            Given::Value(wanted) => *wanted,
        };
        let changes = AccountChanges {
            suspended: Change::Set(suspended),
            ..AccountChanges::default()
        };
        self.update(&localpart, &changes).await?;
        tracing::info!(
            %admin,
            account.localpart = %localpart,
            account.suspended = suspended,
            "suspension set"
        );
        Ok(suspended)
    }

    /// May this user use the admin API?
    ///
    /// # Errors
    /// [`UserAdminError`].
    pub async fn is_admin(
        &self,
        _admin: &Administrator,
        user_id: &str,
    ) -> Result<bool, UserAdminError> {
        let localpart = self.target(user_id)?;
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        Ok(existing(&mut *uow, &localpart).await?.admin)
    }

    /// Gives somebody the right to use the admin API, or takes it away, and with it the logins as others.
    ///
    /// # Errors
    /// [`UserAdminError::OwnDemotion`] and others.
    pub async fn set_admin(
        &self,
        admin: &Administrator,
        user_id: &str,
        wanted: &Given<bool>,
    ) -> Result<(), UserAdminError> {
        self.require(admin, user_id).await?;
        let localpart = self.target(user_id)?;
        let may_administrate = match wanted {
            Given::Absent => return Err(UserAdminError::Missing("admin")),
            Given::Null | Given::Malformed => return Err(UserAdminError::NotBoolean("admin")),
            Given::Value(wanted) => *wanted,
        };
        if admin.is(&localpart) && !may_administrate {
            return Err(UserAdminError::OwnDemotion);
        }
        let changes = AccountChanges {
            admin: Change::Set(may_administrate),
            ..AccountChanges::default()
        };
        self.update(&localpart, &changes).await?;
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

/// Is there such an account, and is it deactivated?
async fn deactivated(
    uow: &mut dyn UnitOfWork,
    localpart: &Localpart,
) -> Result<(), UserAdminError> {
    if existing(uow, localpart).await?.deactivated {
        Ok(())
    } else {
        Err(UserAdminError::NotDeactivated)
    }
}

/// Which logins end with a new password. Administrators who set their own stay logged in.
pub(super) fn logins<'a>(
    admin: &'a Administrator,
    localpart: &Localpart,
    logout: bool,
) -> Logins<'a> {
    match admin.requester() {
        _ if !logout => Logins::Keep,
        Some(requester) if admin.is(localpart) => Logins::EndOthers(requester),
        _ => Logins::EndAll,
    }
}

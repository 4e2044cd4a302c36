//! Devices and tokens of others: listing and removing devices, logging in as somebody, `whois`.

use super::{ExistingUser, Target, UserAdmin, UserAdminError, existing};
use crate::model::device::{Device, DisplayName};
use crate::model::id::{DeviceId, Localpart, UserId};
use crate::model::time::Timestamp;
use crate::model::token::{AccessToken, NewAccessToken};
use crate::ports::{Intent, UnitOfWork};
use crate::usecase::token::authenticate::{Administrator, Requester};

impl UserAdmin {
    /// The devices of a user, ordered by ID.
    ///
    /// # Errors
    /// [`UserAdminError::Store`].
    pub async fn devices(
        &self,
        _admin: &Administrator,
        user: &ExistingUser,
    ) -> Result<Vec<Device>, UserAdminError> {
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        Ok(uow.devices().list(user.localpart()).await?)
    }

    /// One device of a user.
    ///
    /// # Errors
    /// [`UserAdminError::NotFound`], [`UserAdminError::Store`].
    pub async fn device(
        &self,
        _admin: &Administrator,
        user: &ExistingUser,
        device_id: &str,
    ) -> Result<Device, UserAdminError> {
        let device_id = DeviceId::parse(device_id).map_err(|_| UserAdminError::NO_DEVICE)?;
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        let device = uow.devices().find(user.localpart(), &device_id).await?;
        device.ok_or(UserAdminError::NO_DEVICE)
    }

    /// Renames a device of a user. Without a name nothing changes.
    ///
    /// # Errors
    /// [`UserAdminError::NotFound`], [`UserAdminError::Store`].
    pub async fn rename_device(
        &self,
        admin: &Administrator,
        user: &ExistingUser,
        device_id: &str,
        display_name: Option<&DisplayName>,
    ) -> Result<(), UserAdminError> {
        let shared = &self.0;
        if display_name.is_none() {
            return self.device(admin, user, device_id).await.map(|_| ());
        }
        let localpart = user.localpart();
        let device_id = DeviceId::parse(device_id).map_err(|_| UserAdminError::NO_DEVICE)?;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                let devices = uow.devices();
                if !devices.rename(localpart, &device_id, display_name).await? {
                    return Err(UserAdminError::NO_DEVICE);
                }
                Ok(uow.commit().await?)
            })
            .await?;
        tracing::info!(%admin, account.localpart = %localpart, "device renamed");
        Ok(())
    }

    /// Removes devices and their tokens. Those that are not there are as good as removed.
    ///
    /// # Errors
    /// [`UserAdminError::Store`].
    pub async fn remove_devices(
        &self,
        admin: &Administrator,
        user: &ExistingUser,
        names: &[String],
    ) -> Result<(), UserAdminError> {
        let shared = &self.0;
        let localpart = user.localpart();
        // Names that cannot be devices are as good as removed.
        let device_ids = names.iter().flat_map(|name| DeviceId::parse(name));
        let device_ids: Vec<_> = device_ids.collect();
        let removed = shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                let removed = uow.devices().remove(localpart, &device_ids).await?;
                uow.commit().await?;
                Ok::<_, UserAdminError>(removed)
            })
            .await?;
        tracing::info!(%admin, account.localpart = %localpart, devices.removed = removed, "devices removed");
        Ok(())
    }

    /// Logs an administrator in as somebody else: an access token without a device, until
    /// it expires or for ever.
    ///
    /// The token belongs to the administrator: it ends with their logins, with their rights and with the
    /// account that it speaks for. One that was made by speaking for another administrator belongs to
    /// the administrator who speaks. At the console there is no account that it could belong to but the user's own.
    ///
    /// # Errors
    /// [`UserAdminError::OwnLogin`], [`UserAdminError::Deactivated`], [`UserAdminError::Forbidden`] for
    /// one who is no administrator any longer, [`UserAdminError::Store`].
    pub async fn log_in_as(
        &self,
        admin: &Administrator,
        user: &ExistingUser,
        expires: Option<Timestamp>,
    ) -> Result<AccessToken, UserAdminError> {
        let shared = &self.0;
        let localpart = user.localpart();
        if admin.is(localpart) {
            return Err(UserAdminError::OwnLogin);
        }
        let access_token = AccessToken::generate(shared.entropy(), localpart);
        let token = NewAccessToken {
            digest: access_token.digest(),
            localpart: localpart.clone(),
            device_id: None,
            issued: shared.now(),
            expires,
            refresh_token: None,
            made_by: admin.requester().map(|requester| requester.owner().clone()),
        };
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                hold_open(&mut *uow, admin, localpart).await?;
                uow.tokens().add_access(&token).await?;
                Ok::<_, UserAdminError>(uow.commit().await?)
            })
            .await?;
        tracing::info!(%admin, account.localpart = %localpart, "administrator logged in as another user");
        Ok(access_token)
    }

    /// The devices of a user, for themselves and for administrators.
    ///
    /// # Errors
    /// [`UserAdminError::Forbidden`] for everybody else, and others.
    pub async fn whois(
        &self,
        requester: &Requester,
        user_id: &str,
    ) -> Result<(UserId, Vec<Device>), UserAdminError> {
        let target = match self.target(user_id) {
            Err(UserAdminError::NotAUserId) => return Err(UserAdminError::NotAUserId),
            target => target,
        };
        let is_own = target
            .as_ref()
            .is_ok_and(|Target(localpart)| *localpart == requester.account.localpart);
        if !is_own && !requester.is_administrator() {
            return Err(UserAdminError::Forbidden);
        }
        let Target(localpart) = target?;
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        existing(&mut *uow, &localpart).await?;
        let devices = uow.devices().list(&localpart).await?;
        Ok((self.0.user_id(&localpart), devices))
    }
}

/// Holds the accounts of an administrator and of the user whom they want to speak for: the administrator
/// still is one and still logged in, and the user's account is open.
async fn hold_open(
    uow: &mut dyn UnitOfWork,
    admin: &Administrator,
    localpart: &Localpart,
) -> Result<(), UserAdminError> {
    // In one order, so that two administrators who speak for each other do not wait for each other.
    let mut names = vec![localpart];
    if let Some(requester) = admin.requester() {
        names.extend([requester.owner(), &requester.account.localpart]);
    }
    names.sort_unstable();
    names.dedup();
    for name in names {
        let account = uow.accounts().hold(name).await?;
        let account = account.ok_or(UserAdminError::NO_USER)?;
        if name == localpart && account.deactivated {
            return Err(UserAdminError::Deactivated);
        }
        if name != localpart && (account.deactivated || !account.admin) {
            return Err(UserAdminError::Forbidden);
        }
    }
    if let Some(key) = admin.requester().and_then(Requester::access_token)
        && !uow.tokens().has_access(key).await?
    {
        return Err(UserAdminError::Forbidden);
    }
    Ok(())
}

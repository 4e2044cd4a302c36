//! Devices and tokens of others: listing and removing devices, logging in as somebody, `whois`.

use std::slice;

use super::{UserAdmin, UserAdminError, existing};
use crate::model::device::{Device, DisplayName};
use crate::model::given::Given;
use crate::model::id::{DeviceId, Localpart, UserId};
use crate::model::time::Timestamp;
use crate::model::token::{AccessToken, NewAccessToken};
use crate::ports::{Intent, UnitOfWork};
use crate::usecase::device::MAX_DEVICES;
use crate::usecase::token::authenticate::{Administrator, Requester};

impl UserAdmin {
    /// The devices of a user, ordered by ID.
    ///
    /// # Errors
    /// [`UserAdminError`].
    pub async fn devices(
        &self,
        _admin: &Administrator,
        user_id: &str,
    ) -> Result<(UserId, Vec<Device>), UserAdminError> {
        self.devices_of(&self.target(user_id)?).await
    }

    /// One device of a user.
    ///
    /// # Errors
    /// [`UserAdminError`].
    pub async fn device(
        &self,
        _admin: &Administrator,
        user_id: &str,
        device_id: &str,
    ) -> Result<(UserId, Device), UserAdminError> {
        let localpart = self.target(user_id)?;
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        existing(&mut *uow, &localpart).await?;
        let unknown = || UserAdminError::NotFound("device");
        let device_id = DeviceId::parse(device_id).map_err(|_| unknown())?;
        let device = uow.devices().find(&localpart, &device_id).await?;
        Ok((self.0.user_id(&localpart), device.ok_or_else(unknown)?))
    }

    /// Renames a device of a user. Without a name nothing changes.
    ///
    /// # Errors
    /// [`UserAdminError`].
    pub async fn rename_device(
        &self,
        admin: &Administrator,
        user_id: &str,
        device_id: &str,
        display_name: &Given<String>,
    ) -> Result<(), UserAdminError> {
        let shared = &self.0;
        self.require(admin, user_id).await?;
        let display_name = display_name.optional();
        let display_name = display_name.map_err(|_| UserAdminError::Malformed("display_name"))?;
        let Some(display_name) = display_name else {
            return self.device(admin, user_id, device_id).await.map(|_| ());
        };
        let localpart = self.target(user_id)?;
        let display_name = DisplayName::parse(display_name)?;
        let unknown = || UserAdminError::NotFound("device");
        let device_id = DeviceId::parse(device_id).map_err(|_| unknown())?;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                let (devices, name) = (uow.devices(), Some(&display_name));
                if !devices.rename(&localpart, &device_id, name).await? {
                    return Err(unknown());
                }
                Ok(uow.commit().await?)
            })
            .await?;
        tracing::info!(%admin, account.localpart = %localpart, "device renamed");
        Ok(())
    }

    /// Removes a device and its tokens. A device that is not there is as good as removed.
    ///
    /// # Errors
    /// [`UserAdminError`].
    pub async fn remove_device(
        &self,
        admin: &Administrator,
        user_id: &str,
        device_id: &str,
    ) -> Result<(), UserAdminError> {
        self.require(admin, user_id).await?;
        let localpart = self.target(user_id)?;
        self.remove(admin, &localpart, slice::from_ref(&device_id.to_owned()))
            .await
    }

    /// Removes devices and their tokens. Those that are not there are as good as removed.
    ///
    /// # Errors
    /// [`UserAdminError`].
    pub async fn remove_devices(
        &self,
        admin: &Administrator,
        user_id: &str,
        devices: &Given<Vec<String>>,
    ) -> Result<(), UserAdminError> {
        self.require(admin, user_id).await?;
        let localpart = self.target(user_id)?;
        match devices {
            Given::Absent => Err(UserAdminError::Missing("devices")),
            Given::Value(names) if names.len() <= MAX_DEVICES => {
                self.remove(admin, &localpart, names).await
            }
            Given::Null | Given::Malformed | Given::Value(_) => {
                Err(UserAdminError::Malformed("devices"))
            }
        }
    }

    /// Logs an administrator in as somebody else: an access token without a device, until
    /// `valid_until_ms` or for ever.
    ///
    /// The token belongs to the administrator: it ends with their logins, with their rights and with the
    /// account that it speaks for. One that was made by speaking for another administrator belongs to
    /// whoever speaks. At the console there is no account that it could belong to but the user's own.
    ///
    /// # Errors
    /// [`UserAdminError`].
    pub async fn log_in_as(
        &self,
        admin: &Administrator,
        user_id: &str,
        valid_until_ms: &Given<i64>,
    ) -> Result<AccessToken, UserAdminError> {
        let shared = &self.0;
        self.require(admin, user_id).await?;
        let localpart = self.target(user_id)?;
        let valid_until_ms = valid_until_ms.optional();
        let valid_until_ms =
            valid_until_ms.map_err(|_| UserAdminError::BadValue("valid_until_ms"))?;
        if admin.is(&localpart) {
            return Err(UserAdminError::OwnLogin);
        }
        let access_token = AccessToken::generate(shared.entropy(), &localpart);
        let token = NewAccessToken {
            digest: access_token.digest(),
            localpart: localpart.clone(),
            device_id: None,
            issued: shared.now(),
            expires: valid_until_ms.map(|unix_ms| Timestamp::from_unix_ms(*unix_ms)),
            refresh_token: None,
            made_by: admin.requester().map(|requester| requester.owner().clone()),
        };
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                hold_open(&mut *uow, admin, &localpart).await?;
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
            .is_ok_and(|localpart| *localpart == requester.account.localpart);
        if !is_own && !requester.is_administrator() {
            return Err(UserAdminError::Forbidden);
        }
        self.devices_of(&target?).await
    }

    async fn devices_of(
        &self,
        localpart: &Localpart,
    ) -> Result<(UserId, Vec<Device>), UserAdminError> {
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        existing(&mut *uow, localpart).await?;
        let devices = uow.devices().list(localpart).await?;
        Ok((self.0.user_id(localpart), devices))
    }

    async fn remove(
        &self,
        admin: &Administrator,
        localpart: &Localpart,
        names: &[String],
    ) -> Result<(), UserAdminError> {
        let shared = &self.0;
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

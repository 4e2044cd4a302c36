use async_trait::async_trait;

use super::StoreError;
use crate::model::device::{Device, DisplayName};
use crate::model::id::{DeviceId, Localpart};
use crate::model::time::Timestamp;

/// A request of a device: when, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// When.
    pub at: Timestamp,
    /// The client's address, if known.
    pub ip: Option<String>,
    /// The `User-Agent` header, if sent.
    pub user_agent: Option<String>,
}

/// Devices. Removing a device removes its access and refresh tokens. A sighting of a device is one of
/// its account, which keeps the latest, guarded in the same way
/// ([`Account::last_seen`](crate::model::account::Account::last_seen)).
#[async_trait]
pub trait DeviceRepository: Send {
    /// One device.
    async fn find(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
    ) -> Result<Option<Device>, StoreError>;

    /// All devices of an account, ordered by device ID.
    async fn list(&mut self, localpart: &Localpart) -> Result<Vec<Device>, StoreError>;

    /// Adds a device, or marks the existing one as seen: an existing device keeps its display name.
    ///
    /// # Errors
    /// [`Constraint::MissingReference`](super::Constraint::MissingReference) without such an account.
    async fn add_or_see(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
        display_name: Option<&DisplayName>,
        sighting: &Sighting,
    ) -> Result<(), StoreError>;

    /// Guarded: records a sighting while the last one is older than `stale_before`.
    async fn see(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
        sighting: &Sighting,
        stale_before: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Renames a device. `false` when there is no such device.
    async fn rename(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
        display_name: Option<&DisplayName>,
    ) -> Result<bool, StoreError>;

    /// Removes devices; unknown ones are passed over. The number removed.
    async fn remove(
        &mut self,
        localpart: &Localpart,
        device_ids: &[DeviceId],
    ) -> Result<usize, StoreError>;

    /// Removes all devices of an account. The number removed.
    async fn remove_all(&mut self, localpart: &Localpart) -> Result<usize, StoreError>;

    /// Removes all devices of an account except one. The number removed.
    async fn remove_others(
        &mut self,
        localpart: &Localpart,
        keep: &DeviceId,
    ) -> Result<usize, StoreError>;
}

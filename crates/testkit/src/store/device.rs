use async_trait::async_trait;

use super::{FakeUnitOfWork, State};
use registrar_domain::model::device::{Device, DisplayName};
use registrar_domain::model::id::{DeviceId, Localpart};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{DeviceRepository, Sighting, StoreError};

#[async_trait]
impl DeviceRepository for FakeUnitOfWork {
    async fn find(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
    ) -> Result<Option<Device>, StoreError> {
        let key = (localpart.clone(), device_id.clone());
        self.read(|state| state.devices.get(&key).cloned())
    }

    async fn list(&mut self, localpart: &Localpart) -> Result<Vec<Device>, StoreError> {
        self.read(|state| {
            let is_theirs = |device: &&Device| device.localpart == *localpart;
            state.devices.values().filter(is_theirs).cloned().collect()
        })
    }

    async fn add_or_see(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
        display_name: Option<&DisplayName>,
        sighting: &Sighting,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            state.require_account(localpart)?;
            let key = (localpart.clone(), device_id.clone());
            let device = state.devices.entry(key).or_insert_with(|| Device {
                localpart: localpart.clone(),
                device_id: device_id.clone(),
                display_name: display_name.map(|name| name.as_str().to_owned()),
                created: sighting.at,
                last_seen: sighting.at,
                last_seen_ip: None,
                last_seen_user_agent: None,
            });
            record(device, sighting);
            state.record_seen(localpart, sighting.at, sighting.at);
            Ok(())
        })
    }

    async fn see(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
        sighting: &Sighting,
        stale_before: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            state.record_seen(localpart, sighting.at, stale_before);
            let device = state
                .devices
                .get_mut(&(localpart.clone(), device_id.clone()));
            let Some(stale) = device.filter(|device| device.last_seen < stale_before) else {
                return Ok(false);
            };
            record(stale, sighting);
            Ok(true)
        })
    }

    async fn rename(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
        display_name: Option<&DisplayName>,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let device = state
                .devices
                .get_mut(&(localpart.clone(), device_id.clone()));
            Ok(device.is_some_and(|device| {
                device.display_name = display_name.map(|name| name.as_str().to_owned());
                true
            }))
        })
    }

    async fn remove(
        &mut self,
        localpart: &Localpart,
        device_ids: &[DeviceId],
    ) -> Result<usize, StoreError> {
        self.write(|state| {
            let is_listed = |device: &Device| {
                device.localpart == *localpart && device_ids.contains(&device.device_id)
            };
            Ok(state.remove_devices(is_listed))
        })
    }

    async fn remove_all(&mut self, localpart: &Localpart) -> Result<usize, StoreError> {
        self.write(|state| Ok(state.remove_devices(|device| device.localpart == *localpart)))
    }

    async fn remove_others(
        &mut self,
        localpart: &Localpart,
        keep: &DeviceId,
    ) -> Result<usize, StoreError> {
        let is_other =
            |device: &Device| device.localpart == *localpart && device.device_id != *keep;
        self.write(|state| Ok(state.remove_devices(is_other)))
    }
}

fn record(device: &mut Device, sighting: &Sighting) {
    device.last_seen = sighting.at;
    device.last_seen_ip.clone_from(&sighting.ip);
    device.last_seen_user_agent.clone_from(&sighting.user_agent);
}

impl State {
    /// Records when an account's owner was last seen, if the last time was before `stale_before`.
    fn record_seen(&mut self, localpart: &Localpart, at: Timestamp, stale_before: Timestamp) {
        let account = self.accounts.get_mut(localpart);
        if let Some(account) = account.filter(|it| it.last_seen < Some(stale_before)) {
            account.last_seen = Some(at);
        }
    }

    /// Removes devices with their tokens; the number of devices.
    fn remove_devices(&mut self, is_doomed: impl Fn(&Device) -> bool) -> usize {
        let before = self.devices.len();
        let mut doomed = Vec::new();
        self.devices.retain(|key, device| {
            let keep = !is_doomed(device);
            if !keep {
                doomed.push(key.clone());
            }
            keep
        });
        for (localpart, device_id) in &doomed {
            self.remove_tokens(localpart, Some(device_id));
        }
        before - self.devices.len()
    }
}

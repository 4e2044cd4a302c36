//! Devices.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use registrar_domain::model::device::{Device, DisplayName};
use registrar_domain::model::id::{DeviceId, Localpart};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{DeviceRepository, Sighting, StoreError};

use crate::connection::{WithFixedText as _, on_conn};
use crate::error::corrupt;
use crate::schema::{accounts, devices};
use crate::unit_of_work::DieselUnitOfWork;

/// How many devices one statement removes: SQLite limits the number of values in a statement.
const REMOVED_AT_ONCE: usize = 1_000;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = devices, treat_none_as_default_value = false)]
struct DeviceRow {
    localpart: String,
    device_id: String,
    display_name: Option<String>,
    created_ts: i64,
    last_seen_ts: i64,
    last_seen_ip: Option<String>,
    last_seen_user_agent: Option<String>,
}

impl TryFrom<DeviceRow> for Device {
    type Error = StoreError;

    fn try_from(row: DeviceRow) -> Result<Self, StoreError> {
        Ok(Self {
            localpart: Localpart::read(&row.localpart)
                .ok_or_else(|| corrupt("devices", "localpart"))?,
            device_id: DeviceId::parse(&row.device_id)
                .map_err(|_| corrupt("devices", "device_id"))?,
            display_name: row.display_name,
            created: Timestamp::from_unix_ms(row.created_ts),
            last_seen: Timestamp::from_unix_ms(row.last_seen_ts),
            last_seen_ip: row.last_seen_ip,
            last_seen_user_agent: row.last_seen_user_agent,
        })
    }
}

impl DieselUnitOfWork {
    /// Records when an account's owner was last seen, if the last time was before `stale_before`.
    /// Before the device: whatever changes both begins with the account, so that none waits for
    /// the other.
    async fn record_seen(
        &mut self,
        localpart: &Localpart,
        at: Timestamp,
        stale_before: Timestamp,
    ) -> Result<(), StoreError> {
        let is_stale = accounts::last_seen_ts
            .is_null()
            .or(accounts::last_seen_ts.lt(stale_before.unix_ms()));
        let account = accounts::table.find(localpart.as_str()).filter(is_stale);
        on_conn!(self, conn => diesel::update(account)
            .set(accounts::last_seen_ts.eq(at.unix_ms()))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(())
    }
}

#[async_trait]
impl DeviceRepository for DieselUnitOfWork {
    #[tracing::instrument(name = "db.device.find", level = "debug", skip_all)]
    async fn find(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
    ) -> Result<Option<Device>, StoreError> {
        let row: Option<DeviceRow> = on_conn!(self, conn => devices::table
            .find((localpart.as_str(), device_id.as_str()))
            .select(DeviceRow::as_select())
            .get_result(conn)
            .await
            .optional())?;
        row.map(Device::try_from).transpose()
    }

    #[tracing::instrument(name = "db.device.list", level = "debug", skip_all)]
    async fn list(&mut self, localpart: &Localpart) -> Result<Vec<Device>, StoreError> {
        let rows: Vec<DeviceRow> = on_conn!(self, conn => devices::table
            .filter(devices::localpart.eq(localpart.as_str()))
            .order(devices::device_id)
            .select(DeviceRow::as_select())
            .load(conn)
            .await)?;
        rows.into_iter().map(Device::try_from).collect()
    }

    #[tracing::instrument(name = "db.device.add_or_see", level = "debug", skip_all)]
    async fn add_or_see(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
        display_name: Option<&DisplayName>,
        sighting: &Sighting,
    ) -> Result<(), StoreError> {
        let row = DeviceRow {
            localpart: localpart.to_string(),
            device_id: device_id.to_string(),
            display_name: display_name.map(|name| name.as_str().to_owned()),
            created_ts: sighting.at.unix_ms(),
            last_seen_ts: sighting.at.unix_ms(),
            last_seen_ip: sighting.ip.clone(),
            last_seen_user_agent: sighting.user_agent.clone(),
        };
        self.record_seen(localpart, sighting.at, sighting.at)
            .await?;
        on_conn!(self, conn => diesel::insert_into(devices::table)
            .values(&row)
            .on_conflict((devices::localpart, devices::device_id))
            .do_update()
            .set((
                devices::last_seen_ts.eq(excluded(devices::last_seen_ts)),
                devices::last_seen_ip.eq(excluded(devices::last_seen_ip)),
                devices::last_seen_user_agent.eq(excluded(devices::last_seen_user_agent)),
            ))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.device.see", level = "debug", skip_all)]
    async fn see(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
        sighting: &Sighting,
        stale_before: Timestamp,
    ) -> Result<bool, StoreError> {
        self.record_seen(localpart, sighting.at, stale_before)
            .await?;
        let device = devices::table.find((localpart.as_str(), device_id.as_str()));
        let stale = device.filter(devices::last_seen_ts.lt(stale_before.unix_ms()));
        let seen = on_conn!(self, conn => diesel::update(stale)
            .set((
                devices::last_seen_ts.eq(sighting.at.unix_ms()),
                devices::last_seen_ip.eq(&sighting.ip),
                devices::last_seen_user_agent.eq(&sighting.user_agent),
            ))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(seen > 0)
    }

    #[tracing::instrument(name = "db.device.rename", level = "debug", skip_all)]
    async fn rename(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
        display_name: Option<&DisplayName>,
    ) -> Result<bool, StoreError> {
        let device = devices::table.find((localpart.as_str(), device_id.as_str()));
        let display_name = display_name.map(DisplayName::as_str);
        let renamed = on_conn!(self, conn => diesel::update(device)
            .set(devices::display_name.eq(display_name))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(renamed > 0)
    }

    #[tracing::instrument(name = "db.device.remove", level = "debug", skip_all)]
    async fn remove(
        &mut self,
        localpart: &Localpart,
        device_ids: &[DeviceId],
    ) -> Result<usize, StoreError> {
        let mut removed = 0;
        for chunk in device_ids.chunks(REMOVED_AT_ONCE) {
            let listed: Vec<_> = chunk.iter().map(DeviceId::as_str).collect();
            let doomed = devices::localpart
                .eq(localpart.as_str())
                .and(devices::device_id.eq_any(listed));
            removed += on_conn!(self, conn =>
                diesel::delete(devices::table.filter(doomed)).execute(conn).await)?;
        }
        Ok(removed)
    }

    #[tracing::instrument(name = "db.device.remove_all", level = "debug", skip_all)]
    async fn remove_all(&mut self, localpart: &Localpart) -> Result<usize, StoreError> {
        let doomed = devices::localpart.eq(localpart.as_str());
        on_conn!(self, conn => diesel::delete(devices::table.filter(doomed)).execute(conn).await)
    }

    #[tracing::instrument(name = "db.device.remove_others", level = "debug", skip_all)]
    async fn remove_others(
        &mut self,
        localpart: &Localpart,
        keep: &DeviceId,
    ) -> Result<usize, StoreError> {
        let others = devices::localpart
            .eq(localpart.as_str())
            .and(devices::device_id.ne(keep.as_str()));
        on_conn!(self, conn => diesel::delete(devices::table.filter(others)).execute(conn).await)
    }
}

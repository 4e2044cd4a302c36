//! When users were last active.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{ActivityRepository, StoreError};

use crate::connection::{WithFixedText as _, on_conn};
use crate::schema::monthly_active_users::{self, last_active_ts};
use crate::unit_of_work::DieselUnitOfWork;

#[async_trait]
impl ActivityRepository for DieselUnitOfWork {
    #[tracing::instrument(name = "db.activity.find", level = "debug", skip_all)]
    async fn find(&mut self, localpart: &Localpart) -> Result<Option<Timestamp>, StoreError> {
        let found: Option<i64> = on_conn!(self, conn => monthly_active_users::table
            .find(localpart.as_str())
            .select(last_active_ts)
            .get_result(conn)
            .await
            .optional())?;
        Ok(found.map(Timestamp::from_unix_ms))
    }

    #[tracing::instrument(name = "db.activity.record", level = "debug", skip_all)]
    async fn record(&mut self, localpart: &Localpart, at: Timestamp) -> Result<(), StoreError> {
        let row = (
            monthly_active_users::localpart.eq(localpart.as_str()),
            last_active_ts.eq(at.unix_ms()),
        );
        on_conn!(self, conn => {
            let upsert = diesel::insert_into(monthly_active_users::table)
                .values(row)
                .on_conflict(monthly_active_users::localpart)
                .do_update()
                .set(last_active_ts.eq(excluded(last_active_ts)));
            // By its full name: two traits of diesel offer a `filter`, and this is the rarer one.
            diesel::query_dsl::methods::FilterDsl::filter(upsert, last_active_ts.lt(at.unix_ms()))
                .with_fixed_text()
                .execute(conn)
                .await
        })?;
        Ok(())
    }

    #[tracing::instrument(name = "db.activity.has_reached", level = "debug", skip_all)]
    async fn has_reached(&mut self, count: u64, since: Timestamp) -> Result<bool, StoreError> {
        let Some(before_the_last) = count.checked_sub(1) else {
            return Ok(true);
        };
        let offset = i64::try_from(before_the_last).unwrap_or(i64::MAX);
        // Is there one with this number? The index holds all that is asked for, so no row is read.
        let found: Option<i64> = on_conn!(self, conn => monthly_active_users::table
            .select(last_active_ts)
            .filter(last_active_ts.ge(since.unix_ms()))
            .order(last_active_ts.desc())
            .offset(offset)
            .limit(1)
            .get_result(conn)
            .await
            .optional())?;
        Ok(found.is_some())
    }

    #[tracing::instrument(name = "db.activity.remove_before", level = "debug", skip_all)]
    async fn remove_before(&mut self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let old: Vec<String> = on_conn!(self, conn => monthly_active_users::table
            .select(monthly_active_users::localpart)
            .filter(last_active_ts.lt(before.unix_ms()))
            .order((last_active_ts, monthly_active_users::localpart))
            .limit(i64::from(limit))
            .load(conn)
            .await)?;
        // Somebody may have come back since the first statement.
        let doomed = monthly_active_users::localpart
            .eq_any(old)
            .and(last_active_ts.lt(before.unix_ms()));
        on_conn!(self, conn =>
            diesel::delete(monthly_active_users::table.filter(doomed)).execute(conn).await)
    }
}

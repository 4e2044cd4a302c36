//! Leases.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::query_dsl::methods::FilterDsl;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{LeaseRepository, StoreError};

use crate::connection::on_conn;
use crate::schema::leases;
use crate::unit_of_work::DieselUnitOfWork;

#[async_trait]
impl LeaseRepository for DieselUnitOfWork {
    #[tracing::instrument(name = "db.lease.acquire", level = "debug", skip_all)]
    async fn acquire(
        &mut self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = (
            leases::name.eq(name),
            leases::holder.eq(holder),
            leases::expires_ts.eq(until.unix_ms()),
        );
        let available = leases::holder
            .eq(holder)
            .or(leases::expires_ts.le(now.unix_ms()))
            .or(leases::expires_ts.gt(until.unix_ms()));
        let acquired = on_conn!(self, conn => {
            let upsert = diesel::insert_into(leases::table)
                .values(row)
                .on_conflict(leases::name)
                .do_update()
                .set((
                    leases::holder.eq(excluded(leases::holder)),
                    leases::expires_ts.eq(excluded(leases::expires_ts)),
                ));
            // By its full name: two traits of diesel offer a `filter`, and this is the rarer one.
            FilterDsl::filter(upsert, available).execute(conn).await
        })?;
        Ok(acquired > 0)
    }
}

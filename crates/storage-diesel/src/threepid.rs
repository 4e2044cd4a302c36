//! Third-party identifiers of accounts.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::threepid::{AccountThreepid, Medium, Threepid};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{StoreError, ThreepidRepository};

use crate::connection::on_conn;
use crate::error::corrupt;
use crate::schema::threepids;
use crate::unit_of_work::DieselUnitOfWork;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = threepids, treat_none_as_default_value = false)]
struct ThreepidRow {
    medium: String,
    address: String,
    localpart: String,
    validated_ts: i64,
    added_ts: i64,
}

impl TryFrom<ThreepidRow> for AccountThreepid {
    type Error = StoreError;

    fn try_from(row: ThreepidRow) -> Result<Self, StoreError> {
        let medium = Medium::parse(&row.medium).ok_or_else(|| corrupt("threepids", "medium"))?;
        Ok(Self {
            threepid: Threepid::from_canonical(medium, row.address),
            validated: Timestamp::from_unix_ms(row.validated_ts),
            added: Timestamp::from_unix_ms(row.added_ts),
        })
    }
}

#[async_trait]
impl ThreepidRepository for DieselUnitOfWork {
    #[tracing::instrument(name = "db.threepid.find_owner", level = "debug", skip_all)]
    async fn find_owner(&mut self, threepid: &Threepid) -> Result<Option<Localpart>, StoreError> {
        let owner: Option<String> = on_conn!(self, conn => threepids::table
            .find((threepid.medium().as_str(), threepid.address()))
            .select(threepids::localpart)
            .get_result(conn)
            .await
            .optional())?;
        let read =
            |text: String| Localpart::read(&text).ok_or_else(|| corrupt("threepids", "localpart"));
        owner.map(read).transpose()
    }

    #[tracing::instrument(name = "db.threepid.list", level = "debug", skip_all)]
    async fn list(&mut self, localpart: &Localpart) -> Result<Vec<AccountThreepid>, StoreError> {
        let rows: Vec<ThreepidRow> = on_conn!(self, conn => threepids::table
            .filter(threepids::localpart.eq(localpart.as_str()))
            .order((threepids::medium, threepids::address))
            .select(ThreepidRow::as_select())
            .load(conn)
            .await)?;
        rows.into_iter().map(AccountThreepid::try_from).collect()
    }

    #[tracing::instrument(name = "db.threepid.add", level = "debug", skip_all)]
    async fn add(
        &mut self,
        localpart: &Localpart,
        threepid: &AccountThreepid,
    ) -> Result<(), StoreError> {
        let row = ThreepidRow {
            medium: threepid.threepid.medium().as_str().to_owned(),
            address: threepid.threepid.address().to_owned(),
            localpart: localpart.to_string(),
            validated_ts: threepid.validated.unix_ms(),
            added_ts: threepid.added.unix_ms(),
        };
        on_conn!(self, conn =>
            diesel::insert_into(threepids::table).values(&row).execute(conn).await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.threepid.remove", level = "debug", skip_all)]
    async fn remove(
        &mut self,
        localpart: &Localpart,
        threepid: &Threepid,
    ) -> Result<bool, StoreError> {
        let theirs = threepids::table
            .find((threepid.medium().as_str(), threepid.address()))
            .filter(threepids::localpart.eq(localpart.as_str()));
        let removed = on_conn!(self, conn => diesel::delete(theirs).execute(conn).await)?;
        Ok(removed > 0)
    }

    #[tracing::instrument(name = "db.threepid.remove_all", level = "debug", skip_all)]
    async fn remove_all(&mut self, localpart: &Localpart) -> Result<usize, StoreError> {
        let theirs = threepids::localpart.eq(localpart.as_str());
        on_conn!(self, conn => diesel::delete(threepids::table.filter(theirs)).execute(conn).await)
    }
}

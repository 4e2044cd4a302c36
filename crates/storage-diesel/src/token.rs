//! Access and refresh tokens.

use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use registrar_domain::model::account::Account;
use registrar_domain::model::id::{DeviceId, Localpart};
use registrar_domain::model::secret::TokenDigest;
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::token::{
    AccessTokenKey, NewAccessToken, NewRefreshToken, RefreshFamily, RefreshTokenKey,
    StoredAccessToken, StoredRefreshToken, Successor,
};
use registrar_domain::ports::store::{StoreError, TokenRepository};

use crate::account::AccountRow;
use crate::connection::{WithFixedText as _, on_conn};
use crate::error::corrupt;
use crate::schema::{access_tokens, accounts, refresh_tokens};
use crate::unit_of_work::DieselUnitOfWork;

#[derive(Queryable, Selectable)]
#[diesel(table_name = access_tokens)]
struct AccessTokenRow {
    access_token_id: i64,
    localpart: String,
    device_id: Option<String>,
    validated_ts: i64,
    expires_ts: Option<i64>,
    refresh_token_id: Option<i64>,
    used: bool,
    made_by: Option<String>,
}

impl TryFrom<AccessTokenRow> for StoredAccessToken {
    type Error = StoreError;

    fn try_from(row: AccessTokenRow) -> Result<Self, StoreError> {
        let parse = |text: String| {
            DeviceId::parse(&text).map_err(|_| corrupt("access_tokens", "device_id"))
        };
        Ok(Self {
            key: AccessTokenKey(row.access_token_id),
            localpart: Localpart::read(&row.localpart)
                .ok_or_else(|| corrupt("access_tokens", "localpart"))?,
            device_id: row.device_id.map(parse).transpose()?,
            validated: Timestamp::from_unix_ms(row.validated_ts),
            expires: row.expires_ts.map(Timestamp::from_unix_ms),
            refresh_token: row.refresh_token_id.map(RefreshTokenKey),
            used: row.used,
            made_by: match row.made_by {
                Some(text) => Some(
                    Localpart::read(&text).ok_or_else(|| corrupt("access_tokens", "made_by"))?,
                ),
                None => None,
            },
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = refresh_tokens)]
struct RefreshTokenRow {
    refresh_token_id: i64,
    localpart: String,
    device_id: String,
    expires_ts: Option<i64>,
    session_expires_ts: Option<i64>,
    successor_id: Option<i64>,
}

impl RefreshTokenRow {
    fn stored(
        self,
        access_token_used: bool,
        next_successor_id: Option<i64>,
    ) -> Result<StoredRefreshToken, StoreError> {
        let successor = |id| Successor {
            key: RefreshTokenKey(id),
            access_token_used,
            rotated: next_successor_id.is_some(),
        };
        Ok(StoredRefreshToken {
            key: RefreshTokenKey(self.refresh_token_id),
            localpart: Localpart::read(&self.localpart)
                .ok_or_else(|| corrupt("refresh_tokens", "localpart"))?,
            device_id: DeviceId::parse(&self.device_id)
                .map_err(|_| corrupt("refresh_tokens", "device_id"))?,
            expires: self.expires_ts.map(Timestamp::from_unix_ms),
            session_expires: self.session_expires_ts.map(Timestamp::from_unix_ms),
            successor: self.successor_id.map(successor),
        })
    }
}

#[async_trait]
impl TokenRepository for DieselUnitOfWork {
    #[tracing::instrument(name = "db.token.add_access", level = "debug", skip_all)]
    async fn add_access(&mut self, token: &NewAccessToken) -> Result<AccessTokenKey, StoreError> {
        let row = (
            access_tokens::digest.eq(token.digest.as_bytes()),
            access_tokens::localpart.eq(token.localpart.as_str()),
            access_tokens::device_id.eq(token.device_id.as_ref().map(DeviceId::as_str)),
            access_tokens::issued_ts.eq(token.issued.unix_ms()),
            access_tokens::validated_ts.eq(token.issued.unix_ms()),
            access_tokens::expires_ts.eq(token.expires.map(Timestamp::unix_ms)),
            access_tokens::refresh_token_id.eq(token.refresh_token.map(|key| key.0)),
            access_tokens::used.eq(false),
            access_tokens::made_by.eq(token.made_by.as_ref().map(Localpart::as_str)),
        );
        on_conn!(self, conn => diesel::insert_into(access_tokens::table)
            .values(row)
            .returning(access_tokens::access_token_id)
            .get_result(conn)
            .await)
        .map(AccessTokenKey)
    }

    #[tracing::instrument(name = "db.token.find_access", level = "debug", skip_all)]
    async fn find_access(
        &mut self,
        digest: &TokenDigest,
    ) -> Result<Option<(StoredAccessToken, Account)>, StoreError> {
        let found: Option<(AccessTokenRow, AccountRow)> = on_conn!(self, conn =>
            access_tokens::table
                .inner_join(accounts::table)
                .filter(access_tokens::digest.eq(digest.as_bytes()))
                .select((AccessTokenRow::as_select(), AccountRow::as_select()))
                .get_result(conn)
                .await
                .optional())?;
        found
            .map(|(token, account)| Ok((token.try_into()?, account.try_into()?)))
            .transpose()
    }

    #[tracing::instrument(name = "db.token.mark_access_used", level = "debug", skip_all)]
    async fn mark_access_used(&mut self, key: AccessTokenKey) -> Result<(), StoreError> {
        let token = access_tokens::table.find(key.0);
        on_conn!(self, conn => diesel::update(token)
            .set(access_tokens::used.eq(true))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.token.mark_access_validated", level = "debug", skip_all)]
    async fn mark_access_validated(
        &mut self,
        key: AccessTokenKey,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let token = access_tokens::table.find(key.0);
        let marked = on_conn!(self, conn => diesel::update(token)
            .set(access_tokens::validated_ts.eq(now.unix_ms()))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(marked > 0)
    }

    #[tracing::instrument(name = "db.token.has_access", level = "debug", skip_all)]
    async fn has_access(&mut self, key: AccessTokenKey) -> Result<bool, StoreError> {
        let token = access_tokens::table.find(key.0);
        on_conn!(self, conn => diesel::select(exists(token)).get_result(conn).await)
    }

    #[tracing::instrument(name = "db.token.remove_access", level = "debug", skip_all)]
    async fn remove_access(&mut self, key: AccessTokenKey) -> Result<(), StoreError> {
        let token = access_tokens::table.find(key.0);
        on_conn!(self, conn => diesel::delete(token).execute(conn).await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.token.add_refresh", level = "debug", skip_all)]
    async fn add_refresh(
        &mut self,
        token: &NewRefreshToken,
    ) -> Result<RefreshTokenKey, StoreError> {
        let row = (
            refresh_tokens::digest.eq(token.digest.as_bytes()),
            refresh_tokens::localpart.eq(token.localpart.as_str()),
            refresh_tokens::device_id.eq(token.device_id.as_str()),
            refresh_tokens::expires_ts.eq(token.expires.map(Timestamp::unix_ms)),
            refresh_tokens::session_expires_ts.eq(token.session_expires.map(Timestamp::unix_ms)),
            refresh_tokens::family.eq(token
                .lineage
                .as_ref()
                .map(|lineage| lineage.family.as_bytes())),
            refresh_tokens::generation.eq(token.lineage.map_or(0, |it| i64::from(it.generation))),
        );
        on_conn!(self, conn => diesel::insert_into(refresh_tokens::table)
            .values(row)
            .returning(refresh_tokens::refresh_token_id)
            .get_result(conn)
            .await)
        .map(RefreshTokenKey)
    }

    #[tracing::instrument(name = "db.token.find_refresh", level = "debug", skip_all)]
    async fn find_refresh(
        &mut self,
        digest: &TokenDigest,
    ) -> Result<Option<StoredRefreshToken>, StoreError> {
        let successors = diesel::alias!(refresh_tokens as successors);
        let is_successor = refresh_tokens::successor_id.eq(successors
            .field(refresh_tokens::refresh_token_id)
            .nullable());
        let is_used = exists(
            access_tokens::table.filter(
                access_tokens::refresh_token_id
                    .eq(refresh_tokens::successor_id)
                    .and(access_tokens::used.eq(true)),
            ),
        );
        let found: Option<(RefreshTokenRow, bool, Option<i64>)> = on_conn!(self, conn =>
            refresh_tokens::table
                .left_join(successors.on(is_successor))
                .filter(refresh_tokens::digest.eq(digest.as_bytes()))
                .select((
                    RefreshTokenRow::as_select(),
                    is_used,
                    successors.field(refresh_tokens::successor_id).nullable(),
                ))
                .get_result(conn)
                .await
                .optional())?;
        found
            .map(|(row, is_used, next)| row.stored(is_used, next))
            .transpose()
    }

    #[tracing::instrument(name = "db.token.find_family", level = "debug", skip_all)]
    async fn find_family(
        &mut self,
        family: &TokenDigest,
    ) -> Result<Option<RefreshFamily>, StoreError> {
        // A family has three rows at most: a token, its predecessor, and one that was replaced just now.
        let rows: Vec<(String, String, i64)> = on_conn!(self, conn => refresh_tokens::table
            .filter(refresh_tokens::family.eq(family.as_bytes()))
            .select((
                refresh_tokens::localpart,
                refresh_tokens::device_id,
                refresh_tokens::generation,
            ))
            .load(conn)
            .await)?;
        let youngest = rows
            .into_iter()
            .max_by_key(|(_, _, generation)| *generation);
        let Some((localpart, device_id, generation)) = youngest else {
            return Ok(None);
        };
        let bad = |column| corrupt("refresh_tokens", column);
        Ok(Some(RefreshFamily {
            localpart: Localpart::read(&localpart).ok_or_else(|| bad("localpart"))?,
            device_id: DeviceId::parse(&device_id).map_err(|_| bad("device_id"))?,
            generation: u32::try_from(generation).map_err(|_| bad("generation"))?,
        }))
    }

    #[tracing::instrument(name = "db.token.rotate_refresh", level = "debug", skip_all)]
    async fn rotate_refresh(
        &mut self,
        old: RefreshTokenKey,
        expected: Option<RefreshTokenKey>,
        new: RefreshTokenKey,
    ) -> Result<bool, StoreError> {
        let expected = expected.map(|key| key.0);
        // "Is not distinct from", spelled so that both databases understand it.
        let has_none = refresh_tokens::successor_id.is_null();
        let as_expected = refresh_tokens::successor_id
            .eq(expected)
            .or(has_none.and(expected.is_none().into_sql::<Bool>()));
        let unchanged = refresh_tokens::table.find(old.0).filter(as_expected);
        let rotated = on_conn!(self, conn => diesel::update(unchanged)
            .set(refresh_tokens::successor_id.eq(new.0))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        if rotated == 0 {
            return Ok(false);
        }
        // Their access tokens go with them, by the foreign key.
        let replaced = refresh_tokens::refresh_token_id.nullable().eq(expected);
        let predecessor = refresh_tokens::successor_id.eq(old.0);
        let doomed = refresh_tokens::table.filter(replaced.or(predecessor));
        on_conn!(self, conn => diesel::delete(doomed).execute(conn).await)?;
        Ok(true)
    }

    #[tracing::instrument(name = "db.token.remove_of_device", level = "debug", skip_all)]
    async fn remove_of_device(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
    ) -> Result<(), StoreError> {
        let access = access_tokens::localpart
            .eq(localpart.as_str())
            .and(access_tokens::device_id.eq(device_id.as_str()));
        on_conn!(self, conn =>
            diesel::delete(access_tokens::table.filter(access)).execute(conn).await)?;
        let refresh = refresh_tokens::localpart
            .eq(localpart.as_str())
            .and(refresh_tokens::device_id.eq(device_id.as_str()));
        on_conn!(self, conn =>
            diesel::delete(refresh_tokens::table.filter(refresh)).execute(conn).await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.token.remove_all", level = "debug", skip_all)]
    async fn remove_all(&mut self, localpart: &Localpart) -> Result<(), StoreError> {
        let own = access_tokens::localpart
            .eq(localpart.as_str())
            .and(access_tokens::made_by.is_null());
        on_conn!(self, conn =>
            diesel::delete(access_tokens::table.filter(own)).execute(conn).await)?;
        TokenRepository::remove_made_by(self, localpart).await?;
        let refresh = refresh_tokens::localpart.eq(localpart.as_str());
        on_conn!(self, conn =>
            diesel::delete(refresh_tokens::table.filter(refresh)).execute(conn).await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.token.remove_made_by", level = "debug", skip_all)]
    async fn remove_made_by(&mut self, localpart: &Localpart) -> Result<(), StoreError> {
        let made = access_tokens::made_by.eq(localpart.as_str());
        on_conn!(self, conn =>
            diesel::delete(access_tokens::table.filter(made)).execute(conn).await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.token.remove_made_for", level = "debug", skip_all)]
    async fn remove_made_for(&mut self, localpart: &Localpart) -> Result<(), StoreError> {
        let made = access_tokens::localpart
            .eq(localpart.as_str())
            .and(access_tokens::made_by.is_not_null());
        on_conn!(self, conn =>
            diesel::delete(access_tokens::table.filter(made)).execute(conn).await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.token.remove_other_access", level = "debug", skip_all)]
    async fn remove_other_access(
        &mut self,
        localpart: &Localpart,
        keep: AccessTokenKey,
    ) -> Result<(), StoreError> {
        let other = access_tokens::access_token_id.ne(keep.0);
        let own = access_tokens::localpart
            .eq(localpart.as_str())
            .and(access_tokens::made_by.is_null());
        on_conn!(self, conn =>
            diesel::delete(access_tokens::table.filter(own.and(other))).execute(conn).await)?;
        let made = access_tokens::made_by.eq(localpart.as_str());
        on_conn!(self, conn =>
            diesel::delete(access_tokens::table.filter(made.and(other))).execute(conn).await)?;
        Ok(())
    }
}

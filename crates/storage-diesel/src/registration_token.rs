//! Registration tokens.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use registrar_domain::model::registration_token::{
    RegistrationToken, RegistrationTokenId, RegistrationTokenKey,
};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{Change, RegistrationTokenRepository, StoreError};

use crate::connection::{WithFixedText as _, on_conn};
use crate::error::corrupt;
use crate::schema::registration_tokens;
use crate::unit_of_work::DieselUnitOfWork;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = registration_tokens, treat_none_as_default_value = false)]
struct TokenRow {
    registration_token: String,
    uses_allowed: Option<i64>,
    pending: i64,
    completed: i64,
    expires_ts: Option<i64>,
}

impl From<&RegistrationToken> for TokenRow {
    fn from(token: &RegistrationToken) -> Self {
        Self {
            registration_token: token.id.expose().to_owned(),
            uses_allowed: token.uses_allowed.map(i64::from),
            pending: token.pending.into(),
            completed: token.completed.into(),
            expires_ts: token.expires.map(Timestamp::unix_ms),
        }
    }
}

impl TryFrom<TokenRow> for RegistrationToken {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self, StoreError> {
        let bad = |column| corrupt("registration_tokens", column);
        let count = |number: i64, column| u32::try_from(number).map_err(|_| bad(column));
        Ok(Self {
            id: RegistrationTokenId::parse(&row.registration_token)
                .map_err(|_| bad("registration_token"))?,
            uses_allowed: row
                .uses_allowed
                .map(|number| count(number, "uses_allowed"))
                .transpose()?,
            pending: count(row.pending, "pending")?,
            completed: count(row.completed, "completed")?,
            expires: row.expires_ts.map(Timestamp::from_unix_ms),
        })
    }
}

#[derive(AsChangeset)]
#[diesel(table_name = registration_tokens)]
struct Changes {
    uses_allowed: Option<Option<i64>>,
    expires_ts: Option<Option<i64>>,
}

#[async_trait]
impl RegistrationTokenRepository for DieselUnitOfWork {
    #[tracing::instrument(name = "db.registration_token.find", level = "debug", skip_all)]
    async fn find(
        &mut self,
        id: &RegistrationTokenId,
    ) -> Result<Option<RegistrationToken>, StoreError> {
        let row: Option<TokenRow> = on_conn!(self, conn => registration_tokens::table
            .filter(registration_tokens::registration_token.eq(id.expose()))
            .select(TokenRow::as_select())
            .get_result(conn)
            .await
            .optional())?;
        row.map(RegistrationToken::try_from).transpose()
    }

    #[tracing::instrument(name = "db.registration_token.list", level = "debug", skip_all)]
    async fn list(&mut self) -> Result<Vec<RegistrationToken>, StoreError> {
        let rows: Vec<TokenRow> = on_conn!(self, conn => registration_tokens::table
            .order(registration_tokens::registration_token)
            .select(TokenRow::as_select())
            .load(conn)
            .await)?;
        rows.into_iter().map(RegistrationToken::try_from).collect()
    }

    #[tracing::instrument(name = "db.registration_token.add", level = "debug", skip_all)]
    async fn add(&mut self, token: &RegistrationToken) -> Result<(), StoreError> {
        let row = TokenRow::from(token);
        on_conn!(self, conn => diesel::insert_into(registration_tokens::table)
            .values(&row)
            .execute(conn)
            .await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.registration_token.update", level = "debug", skip_all)]
    async fn update(
        &mut self,
        id: &RegistrationTokenId,
        uses_allowed: Change<Option<u32>>,
        expires: Change<Option<Timestamp>>,
    ) -> Result<bool, StoreError> {
        let changes = Changes {
            uses_allowed: uses_allowed
                .into_option()
                .map(|number| number.map(i64::from)),
            expires_ts: expires
                .into_option()
                .map(|moment| moment.map(Timestamp::unix_ms)),
        };
        if changes.uses_allowed.is_none() && changes.expires_ts.is_none() {
            // There is no statement that changes nothing.
            return Ok(RegistrationTokenRepository::find(self, id).await?.is_some());
        }
        let token = registration_tokens::registration_token.eq(id.expose());
        let updated = on_conn!(self, conn =>
            diesel::update(registration_tokens::table.filter(token))
                .set(&changes)
                .execute(conn)
                .await)?;
        Ok(updated > 0)
    }

    #[tracing::instrument(name = "db.registration_token.remove", level = "debug", skip_all)]
    async fn remove(&mut self, id: &RegistrationTokenId) -> Result<bool, StoreError> {
        let token = registration_tokens::registration_token.eq(id.expose());
        let removed = on_conn!(self, conn =>
            diesel::delete(registration_tokens::table.filter(token)).execute(conn).await)?;
        Ok(removed > 0)
    }

    #[tracing::instrument(name = "db.registration_token.reserve", level = "debug", skip_all)]
    async fn reserve(
        &mut self,
        id: &RegistrationTokenId,
        now: Timestamp,
    ) -> Result<Option<RegistrationTokenKey>, StoreError> {
        use registration_tokens::{
            completed, expires_ts, pending, registration_token, registration_token_id, uses_allowed,
        };
        let unlimited = uses_allowed.is_null();
        let uses_left = uses_allowed.assume_not_null().gt(pending + completed);
        let unexpired = expires_ts.assume_not_null().ge(now.unix_ms());
        let valid = registration_tokens::table
            .filter(registration_token.eq(id.expose()))
            .filter(unlimited.or(uses_left))
            .filter(expires_ts.is_null().or(unexpired));
        let reserved: Option<i64> = on_conn!(self, conn => diesel::update(valid)
            .set(pending.eq(pending + 1))
            .returning(registration_token_id)
            .with_fixed_text()
            .get_result(conn)
            .await
            .optional())?;
        Ok(reserved.map(RegistrationTokenKey))
    }

    #[tracing::instrument(name = "db.registration_token.complete", level = "debug", skip_all)]
    async fn complete(&mut self, key: RegistrationTokenKey) -> Result<bool, StoreError> {
        use registration_tokens::{completed, pending};
        let used = registration_tokens::table.find(key.0).filter(pending.gt(0));
        let completions = on_conn!(self, conn => diesel::update(used)
            .set((pending.eq(pending - 1), completed.eq(completed + 1)))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(completions > 0)
    }

    #[tracing::instrument(name = "db.registration_token.release", level = "debug", skip_all)]
    async fn release(&mut self, key: RegistrationTokenKey, uses: u32) -> Result<bool, StoreError> {
        use registration_tokens::pending;
        let uses = i64::from(uses);
        let held = registration_tokens::table
            .find(key.0)
            .filter(pending.ge(uses));
        let released = on_conn!(self, conn =>
            diesel::update(held).set(pending.eq(pending - uses)).execute(conn).await)?;
        Ok(released > 0)
    }
}

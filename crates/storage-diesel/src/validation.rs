//! Validation sessions and their tokens.
//!
//! On PostgreSQL the check that a session has no token and its removal see the database at different
//! moments if another unit of work adds a token in between. So code that adds a token, or removes a
//! session for having none, locks the session first, in a statement of its own.

mod delegated;

use async_trait::async_trait;
use diesel::dsl::{auto_type, exists, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use registrar_domain::model::secret::TokenDigest;
use registrar_domain::model::threepid::{
    Medium, NextLink, ProofDigest, Purpose, Threepid, Unasked, ValidatedThreepid,
    ValidationSession, ValidationSessionId, ValidationToken,
};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{StoreError, ValidationRepository};

use crate::connection::{WithFixedText as _, on_conn};
use crate::error::corrupt;
use crate::schema::{validation_sessions, validation_tokens};
use crate::unit_of_work::DieselUnitOfWork;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = validation_sessions, treat_none_as_default_value = false)]
struct SessionRow {
    validation_session_id: String,
    medium: String,
    address: String,
    purpose: String,
    client_secret_digest: Vec<u8>,
    last_send_attempt: Option<i64>,
    validated_ts: Option<i64>,
    consumed: bool,
    delegate_sid: Option<String>,
}

impl From<&ValidationSession> for SessionRow {
    fn from(session: &ValidationSession) -> Self {
        Self {
            validation_session_id: session.id.as_str().to_owned(),
            medium: session.threepid.medium().to_string(),
            address: session.threepid.address().to_owned(),
            purpose: session.purpose.as_str().to_owned(),
            client_secret_digest: session.client_secret.as_bytes().to_vec(),
            last_send_attempt: session.last_send_attempt,
            validated_ts: session.validated.map(Timestamp::unix_ms),
            consumed: session.consumed,
            delegate_sid: session
                .delegate_sid
                .as_ref()
                .map(|it| it.as_str().to_owned()),
        }
    }
}

impl TryFrom<SessionRow> for ValidationSession {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self, StoreError> {
        let bad = |column| move || corrupt("validation_sessions", column);
        Ok(Self {
            id: ValidationSessionId::new(row.validation_session_id),
            threepid: read_threepid(&row.medium, row.address)?,
            purpose: Purpose::parse(&row.purpose).ok_or_else(bad("purpose"))?,
            client_secret: TokenDigest::from_bytes(&row.client_secret_digest)
                .ok_or_else(bad("client_secret_digest"))?,
            last_send_attempt: row.last_send_attempt,
            validated: row.validated_ts.map(Timestamp::from_unix_ms),
            consumed: row.consumed,
            delegate_sid: row.delegate_sid.map(ValidationSessionId::new),
        })
    }
}

fn read_threepid(medium: &str, address: String) -> Result<Threepid, StoreError> {
    let medium = Medium::parse(medium).ok_or_else(|| corrupt("validation_sessions", "medium"))?;
    Ok(Threepid::from_canonical(medium, address))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = validation_tokens)]
struct TokenRow {
    digest: Vec<u8>,
    next_link: Option<String>,
    expires_ts: i64,
}

impl TryFrom<TokenRow> for ValidationToken {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self, StoreError> {
        // Which hosts are allowed was decided when the link was accepted.
        let read_link = |text: String| {
            NextLink::parse(&text, None).map_err(|_| corrupt("validation_tokens", "next_link"))
        };
        Ok(Self {
            digest: TokenDigest::from_bytes(&row.digest)
                .ok_or_else(|| corrupt("validation_tokens", "digest"))?,
            next_link: row.next_link.map(read_link).transpose()?,
            expires: Timestamp::from_unix_ms(row.expires_ts),
        })
    }
}

/// The key of a session that a client names. `None` for text that PostgreSQL cannot hold.
fn key(id: &ValidationSessionId) -> Option<&str> {
    Some(id.as_str()).filter(|text| !text.contains('\0'))
}

#[async_trait]
impl ValidationRepository for DieselUnitOfWork {
    #[tracing::instrument(name = "db.validation.find_open", level = "debug", skip_all)]
    async fn find_open(
        &mut self,
        threepid: &Threepid,
        purpose: Purpose,
        client_secret: &TokenDigest,
    ) -> Result<Option<ValidationSession>, StoreError> {
        let row: Option<SessionRow> = on_conn!(self, conn => validation_sessions::table
            .filter(validation_sessions::medium.eq(threepid.medium().as_str()))
            .filter(validation_sessions::address.eq(threepid.address()))
            .filter(validation_sessions::purpose.eq(purpose.as_str()))
            .filter(validation_sessions::client_secret_digest.eq(client_secret.as_bytes()))
            .filter(validation_sessions::validated_ts.is_null())
            .select(SessionRow::as_select())
            .get_result(conn)
            .await
            .optional())?;
        row.map(ValidationSession::try_from).transpose()
    }

    #[tracing::instrument(name = "db.validation.find", level = "debug", skip_all)]
    async fn find(
        &mut self,
        id: &ValidationSessionId,
    ) -> Result<Option<ValidationSession>, StoreError> {
        let Some(key) = key(id) else {
            return Ok(None);
        };
        let row: Option<SessionRow> = on_conn!(self, conn => validation_sessions::table
            .find(key)
            .select(SessionRow::as_select())
            .get_result(conn)
            .await
            .optional())?;
        row.map(ValidationSession::try_from).transpose()
    }

    #[tracing::instrument(name = "db.validation.find_token", level = "debug", skip_all)]
    async fn find_token(
        &mut self,
        id: &ValidationSessionId,
        token: &TokenDigest,
    ) -> Result<Option<ValidationToken>, StoreError> {
        let Some(key) = key(id) else {
            return Ok(None);
        };
        let row: Option<TokenRow> = on_conn!(self, conn => validation_tokens::table
            .find(token.as_bytes())
            .filter(validation_tokens::validation_session_id.eq(key))
            .select(TokenRow::as_select())
            .get_result(conn)
            .await
            .optional())?;
        row.map(ValidationToken::try_from).transpose()
    }

    #[tracing::instrument(name = "db.validation.add", level = "debug", skip_all)]
    async fn add(&mut self, session: &ValidationSession) -> Result<(), StoreError> {
        let row = SessionRow::from(session);
        on_conn!(self, conn =>
            diesel::insert_into(validation_sessions::table).values(&row).execute(conn).await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.validation.add_token", level = "debug", skip_all)]
    async fn add_token(
        &mut self,
        id: &ValidationSessionId,
        token: &ValidationToken,
    ) -> Result<(), StoreError> {
        self.lock_validations(&[id.as_str()]).await?;
        let row = (
            validation_tokens::digest.eq(token.digest.as_bytes()),
            validation_tokens::validation_session_id.eq(id.as_str()),
            validation_tokens::next_link.eq(token.next_link.as_ref().map(NextLink::as_str)),
            validation_tokens::expires_ts.eq(token.expires.unix_ms()),
        );
        on_conn!(self, conn =>
            diesel::insert_into(validation_tokens::table).values(row).execute(conn).await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.validation.record_send_attempt", level = "debug", skip_all)]
    async fn record_send_attempt(
        &mut self,
        id: &ValidationSessionId,
        send_attempt: i64,
    ) -> Result<(), StoreError> {
        use validation_sessions::last_send_attempt;
        let is_lower = last_send_attempt.assume_not_null().lt(send_attempt);
        let behind = validation_sessions::table
            .find(id.as_str())
            .filter(last_send_attempt.is_null().or(is_lower));
        on_conn!(self, conn => diesel::update(behind)
            .set(last_send_attempt.eq(send_attempt))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.validation.retract_token", level = "debug", skip_all)]
    async fn retract_token(
        &mut self,
        id: &ValidationSessionId,
        token: &TokenDigest,
    ) -> Result<(), StoreError> {
        self.lock_validations(&[id.as_str()]).await?;
        let retracted = validation_tokens::table
            .find(token.as_bytes())
            .filter(validation_tokens::validation_session_id.eq(id.as_str()));
        on_conn!(self, conn => diesel::delete(retracted).execute(conn).await)?;
        let its_tokens = validation_tokens::table
            .filter(validation_tokens::validation_session_id.eq(id.as_str()));
        let unused = validation_sessions::table
            .find(id.as_str())
            .filter(validation_sessions::last_send_attempt.is_null())
            .filter(validation_sessions::validated_ts.is_null())
            .filter(not(exists(its_tokens)));
        on_conn!(self, conn => diesel::delete(unused).execute(conn).await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.validation.record_delegate", level = "debug", skip_all)]
    async fn record_delegate(
        &mut self,
        id: &ValidationSessionId,
        delegate_sid: &ValidationSessionId,
    ) -> Result<(), StoreError> {
        let session = validation_sessions::table.find(id.as_str());
        on_conn!(self, conn => diesel::update(session)
            .set(validation_sessions::delegate_sid.eq(delegate_sid.as_str()))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.validation.mark_validated", level = "debug", skip_all)]
    async fn mark_validated(
        &mut self,
        id: &ValidationSessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let session = validation_sessions::table.find(id.as_str());
        let open = session.filter(validation_sessions::validated_ts.is_null());
        let marked = on_conn!(self, conn => diesel::update(open)
            .set(validation_sessions::validated_ts.eq(now.unix_ms()))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(marked > 0)
    }

    #[tracing::instrument(name = "db.validation.consume", level = "debug", skip_all)]
    async fn consume(
        &mut self,
        id: &ValidationSessionId,
        client_secret: &TokenDigest,
        purposes: &[Purpose],
        validated_after: Timestamp,
    ) -> Result<Option<ValidatedThreepid>, StoreError> {
        let Some(key) = key(id) else {
            return Ok(None);
        };
        let validated_ts = validation_sessions::validated_ts.assume_not_null();
        let usable = validation_sessions::table
            .find(key)
            .filter(validation_sessions::client_secret_digest.eq(client_secret.as_bytes()))
            .filter(validation_sessions::purpose.eq_any(purposes.iter().map(|it| it.as_str())))
            .filter(validated_ts.gt(validated_after.unix_ms()))
            .filter(validation_sessions::consumed.eq(false));
        let used: Option<(String, String, i64)> = on_conn!(self, conn => diesel::update(usable)
            .set(validation_sessions::consumed.eq(true))
            .returning((
                validation_sessions::medium,
                validation_sessions::address,
                validated_ts,
            ))
            .get_result(conn)
            .await
            .optional())?;
        let Some((medium, address, validated)) = used else {
            return Ok(None);
        };
        Ok(Some(ValidatedThreepid {
            threepid: read_threepid(&medium, address)?,
            validated: Timestamp::from_unix_ms(validated),
        }))
    }

    #[tracing::instrument(
        name = "db.validation.record_delegated_purpose",
        level = "debug",
        skip_all
    )]
    async fn record_delegated_purpose(
        &mut self,
        proof: &ProofDigest,
        purpose: Purpose,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        self.add_delegated_proof(proof, Some(purpose), expires)
            .await?;
        Ok(())
    }

    #[tracing::instrument(name = "db.validation.consume_delegated", level = "debug", skip_all)]
    async fn consume_delegated(
        &mut self,
        proof: &ProofDigest,
        purposes: &[Purpose],
        unasked: Unasked,
        expires: Timestamp,
    ) -> Result<bool, StoreError> {
        if self.mark_delegated_used(proof, purposes, expires).await? {
            return Ok(true);
        }
        match unasked {
            Unasked::Refused => Ok(false),
            Unasked::Accepted => self.add_delegated_proof(proof, None, expires).await,
        }
    }

    #[tracing::instrument(name = "db.validation.count_message", level = "debug", skip_all)]
    async fn count_message(
        &mut self,
        medium: Medium,
        window: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError> {
        self.count_up(medium, window, limit).await
    }

    #[tracing::instrument(
        name = "db.validation.remove_expired_delegated",
        level = "debug",
        skip_all
    )]
    async fn remove_expired_delegated(
        &mut self,
        now: Timestamp,
        window: Timestamp,
        limit: u32,
    ) -> Result<usize, StoreError> {
        let proofs = self.remove_expired_proofs(now, limit).await?;
        Ok(proofs + self.remove_message_counts(window).await?)
    }

    #[tracing::instrument(name = "db.validation.remove_expired", level = "debug", skip_all)]
    async fn remove_expired(
        &mut self,
        now: Timestamp,
        validated_before: Timestamp,
        limit: u32,
    ) -> Result<usize, StoreError> {
        let tokens = self.remove_expired_validation_tokens(now, limit).await?;
        let sessions = self
            .remove_ended_validations(validated_before, limit)
            .await?;
        Ok(tokens + sessions)
    }
}

/// The sessions that no link can open any more and whose proof nobody can use.
#[auto_type(no_type_alias)]
fn ended(validated_before: i64) -> _ {
    let its_tokens = validation_tokens::table.filter(
        validation_tokens::validation_session_id.eq(validation_sessions::validation_session_id),
    );
    let is_open = validation_sessions::validated_ts.is_null();
    let is_old = validation_sessions::validated_ts
        .assume_not_null()
        .le(validated_before);
    let is_useless = is_open
        .or(is_old)
        .or(validation_sessions::consumed.eq(true));
    validation_sessions::table.filter(is_useless.and(not(exists(its_tokens))))
}

impl DieselUnitOfWork {
    /// Makes other units of work that lock these sessions wait until this one has ended.
    async fn lock_validations(&mut self, ids: &[&str]) -> Result<(), StoreError> {
        use validation_sessions::{last_send_attempt, validation_session_id};
        let sessions = validation_sessions::table.filter(validation_session_id.eq_any(ids));
        on_conn!(self, conn => diesel::update(sessions)
            .set(last_send_attempt.eq(last_send_attempt))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(())
    }

    async fn remove_expired_validation_tokens(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<usize, StoreError> {
        let old = diesel::alias!(validation_tokens as old);
        let expires_ts = old.field(validation_tokens::expires_ts);
        let oldest = old
            .filter(expires_ts.lt(now.unix_ms()))
            .order(expires_ts)
            .limit(i64::from(limit))
            .select(old.field(validation_tokens::digest));
        let doomed = validation_tokens::table.filter(validation_tokens::digest.eq_any(oldest));
        on_conn!(self, conn => diesel::delete(doomed).execute(conn).await)
    }

    async fn remove_ended_validations(
        &mut self,
        validated_before: Timestamp,
        limit: u32,
    ) -> Result<usize, StoreError> {
        use validation_sessions::validation_session_id;
        let ended = || ended(validated_before.unix_ms());
        let ids: Vec<String> = on_conn!(self, conn => ended()
            .order(validation_session_id)
            .limit(i64::from(limit))
            .select(validation_session_id)
            .load(conn)
            .await)?;
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        self.lock_validations(&ids).await?;
        // Another unit of work may have added a token to one of them before it was locked.
        let doomed = ended().filter(validation_session_id.eq_any(&ids));
        on_conn!(self, conn => diesel::delete(doomed).execute(conn).await)
    }
}

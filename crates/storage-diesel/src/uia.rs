//! Sessions of user-interactive authentication.

mod json;
mod row;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use registrar_domain::model::password::PasswordHash;
use registrar_domain::model::registration_token::{HeldRegistrationToken, RegistrationTokenKey};
use registrar_domain::model::secret::TokenDigest;
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::uia::{
    AnsweredTokens, CompletedStage, EndedSession, Parameters, Registered, UiaSession, UiaSessionId,
};
use registrar_domain::ports::store::{StoreError, UiaRepository};
use sha2::{Digest as _, Sha256};

use self::row::{SessionRow, StageRow};
use crate::connection::{Held as _, WithFixedText as _, on_conn};
use crate::schema::{uia_clients, uia_sessions, uia_stages};
use crate::unit_of_work::DieselUnitOfWork;

/// What a session leaves behind: the registration token that it held, and whom it has registered.
type Ended = (Option<i64>, Option<String>);

fn ended((registration_token, registered): Ended) -> EndedSession {
    EndedSession {
        registration_token: registration_token.map(RegistrationTokenKey),
        has_registered: registered.is_some(),
    }
}

/// Stands for an address and a user agent in a key, however long they are.
fn client_digest(ip: &str, user_agent: &str) -> Vec<u8> {
    let separator = [0];
    Sha256::new()
        .chain_update(ip)
        .chain_update(separator)
        .chain_update(user_agent)
        .finalize()
        .to_vec()
}

#[async_trait]
impl UiaRepository for DieselUnitOfWork {
    #[tracing::instrument(name = "db.uia.add", level = "debug", skip_all)]
    async fn add(&mut self, session: &UiaSession) -> Result<(), StoreError> {
        let row = SessionRow::from(session);
        on_conn!(self, conn =>
            diesel::insert_into(uia_sessions::table).values(&row).execute(conn).await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.uia.find", level = "debug", skip_all)]
    async fn find(&mut self, id: &UiaSessionId) -> Result<Option<UiaSession>, StoreError> {
        // One row a stage; the few columns that repeat cost less than a second round trip.
        let rows: Vec<(SessionRow, Option<StageRow>)> = on_conn!(self, conn => uia_sessions::table
            .left_join(uia_stages::table)
            .filter(uia_sessions::digest.eq(id.digest().as_bytes()))
            .order(uia_stages::uia_stage_id)
            .select((SessionRow::as_select(), Option::<StageRow>::as_select()))
            .load(conn)
            .await)?;
        let mut session = None;
        let mut completed = Vec::new();
        for (row, stage) in rows {
            session = Some(row);
            completed.extend(stage.map(CompletedStage::try_from).transpose()?);
        }
        session.map(|row| row.read(id, completed)).transpose()
    }

    #[tracing::instrument(name = "db.uia.find_locked", level = "debug", skip_all)]
    async fn find_locked(&mut self, id: &UiaSessionId) -> Result<Option<UiaSession>, StoreError> {
        // In a statement of its own: the next one then sees what was committed while this one waited.
        let session = uia_sessions::table.find(id.digest().as_bytes().to_vec());
        let held: Option<i64> = on_conn!(self, conn => session
            .select(uia_sessions::created_ts)
            .held()
            .get_result(conn)
            .await
            .optional())?;
        if held.is_none() {
            return Ok(None);
        }
        UiaRepository::find(self, id).await
    }

    #[tracing::instrument(name = "db.uia.update_parameters", level = "debug", skip_all)]
    async fn update_parameters(
        &mut self,
        id: &UiaSessionId,
        parameters: &Parameters,
    ) -> Result<(), StoreError> {
        let session = uia_sessions::table.find(id.digest().as_bytes().to_vec());
        let parameters = json::write_parameters(parameters);
        on_conn!(self, conn => diesel::update(session)
            .set(uia_sessions::parameters.eq(&parameters))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.uia.record_client", level = "debug", skip_all)]
    async fn record_client(
        &mut self,
        id: &UiaSessionId,
        ip: &str,
        user_agent: &str,
    ) -> Result<(), StoreError> {
        let session_digest = id.digest();
        let digest = client_digest(ip, user_agent);
        let row = (
            uia_clients::session_digest.eq(session_digest.as_bytes()),
            uia_clients::client_digest.eq(&digest),
            uia_clients::ip.eq(ip),
            uia_clients::user_agent.eq(user_agent),
        );
        let added = on_conn!(self, conn => diesel::insert_into(uia_clients::table)
            .values(row)
            .on_conflict((uia_clients::session_digest, uia_clients::client_digest))
            .do_nothing()
            .execute(conn)
            .await)?;
        if added > 0 {
            self.forget_clients_in_the_middle(&session_digest).await?;
        }
        Ok(())
    }

    #[tracing::instrument(name = "db.uia.list_clients", level = "debug", skip_all)]
    async fn list_clients(
        &mut self,
        id: &UiaSessionId,
    ) -> Result<Vec<(String, String)>, StoreError> {
        on_conn!(self, conn => uia_clients::table
            .filter(uia_clients::session_digest.eq(id.digest().as_bytes()))
            .order(uia_clients::uia_client_id)
            .select((uia_clients::ip, uia_clients::user_agent))
            .load(conn)
            .await)
    }

    #[tracing::instrument(name = "db.uia.record_stage", level = "debug", skip_all)]
    async fn record_stage(
        &mut self,
        id: &UiaSessionId,
        stage: &CompletedStage,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let result = json::write_result(&stage.result);
        let session_digest = id.digest();
        let row = (
            uia_stages::session_digest.eq(session_digest.as_bytes()),
            uia_stages::stage.eq(stage.stage.as_str()),
            uia_stages::result.eq(&result),
            uia_stages::completed_ts.eq(now.unix_ms()),
        );
        on_conn!(self, conn => diesel::insert_into(uia_stages::table)
            .values(row)
            .on_conflict((uia_stages::session_digest, uia_stages::stage))
            .do_update()
            .set((
                uia_stages::result.eq(excluded(uia_stages::result)),
                uia_stages::completed_ts.eq(excluded(uia_stages::completed_ts)),
            ))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.uia.park_password_hash", level = "debug", skip_all)]
    async fn park_password_hash(
        &mut self,
        id: &UiaSessionId,
        hash: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let session = uia_sessions::table.find(id.digest().as_bytes().to_vec());
        let without = session.filter(uia_sessions::password_hash.is_null());
        let parked = on_conn!(self, conn => diesel::update(without)
            .set(uia_sessions::password_hash.eq(hash.expose()))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(parked > 0)
    }

    #[tracing::instrument(name = "db.uia.mark_registered", level = "debug", skip_all)]
    async fn mark_registered(
        &mut self,
        id: &UiaSessionId,
        registered: &Registered,
        password_hash: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let session = uia_sessions::table.find(id.digest().as_bytes().to_vec());
        let unmarked = session.filter(uia_sessions::registered_localpart.is_null());
        let marked = on_conn!(self, conn => diesel::update(unmarked)
            .set((
                uia_sessions::registered_localpart.eq(registered.localpart.as_str()),
                uia_sessions::registered_device_id.eq(registered.device_id.as_str()),
                uia_sessions::registered_ts.eq(registered.at.unix_ms()),
                uia_sessions::password_hash.eq(password_hash.expose()),
            ))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(marked > 0)
    }

    #[tracing::instrument(name = "db.uia.record_answer", level = "debug", skip_all)]
    async fn record_answer(
        &mut self,
        id: &UiaSessionId,
        answer: &AnsweredTokens,
    ) -> Result<(), StoreError> {
        let session = uia_sessions::table.find(id.digest().as_bytes().to_vec());
        let registered = session.filter(uia_sessions::registered_localpart.is_not_null());
        let refresh = answer.refresh.as_ref().map(TokenDigest::as_bytes);
        on_conn!(self, conn => diesel::update(registered)
            .set((
                uia_sessions::answer_access_digest.eq(answer.access.as_bytes()),
                uia_sessions::answer_refresh_digest.eq(refresh),
            ))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.uia.hold_registration_token", level = "debug", skip_all)]
    async fn hold_registration_token(
        &mut self,
        id: &UiaSessionId,
        token: &HeldRegistrationToken,
    ) -> Result<bool, StoreError> {
        let session = uia_sessions::table.find(id.digest().as_bytes().to_vec());
        let without = session.filter(uia_sessions::registration_token_id.is_null());
        let held = on_conn!(self, conn => diesel::update(without)
            .set((
                uia_sessions::registration_token_id.eq(token.key.0),
                uia_sessions::registration_token.eq(token.id.expose()),
            ))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(held > 0)
    }

    #[tracing::instrument(name = "db.uia.remove", level = "debug", skip_all)]
    async fn remove(&mut self, id: &UiaSessionId) -> Result<Option<EndedSession>, StoreError> {
        let session = uia_sessions::table.find(id.digest().as_bytes().to_vec());
        let removed: Option<Ended> = on_conn!(self, conn => diesel::delete(session)
            .returning((
                uia_sessions::registration_token_id,
                uia_sessions::registered_localpart,
            ))
            .get_result(conn)
            .await
            .optional())?;
        Ok(removed.map(ended))
    }

    #[tracing::instrument(name = "db.uia.remove_expired", level = "debug", skip_all)]
    async fn remove_expired(
        &mut self,
        created_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<EndedSession>, StoreError> {
        let old = diesel::alias!(uia_sessions as old);
        let created_ts = old.field(uia_sessions::created_ts);
        let oldest = old
            .filter(created_ts.le(created_before.unix_ms()))
            .order(created_ts)
            .limit(i64::from(limit))
            .select(old.field(uia_sessions::digest));
        let doomed = uia_sessions::table.filter(uia_sessions::digest.eq_any(oldest));
        let removed: Vec<Ended> = on_conn!(self, conn =>
            diesel::delete(doomed)
                .returning((
                    uia_sessions::registration_token_id,
                    uia_sessions::registered_localpart,
                ))
                .get_results(conn)
                .await)?;
        Ok(removed.into_iter().map(ended).collect())
    }
}

impl DieselUnitOfWork {
    /// Removes the clients of a session that are neither among the first nor among the last.
    async fn forget_clients_in_the_middle(
        &mut self,
        session: &TokenDigest,
    ) -> Result<(), StoreError> {
        let numbers: Vec<i64> = on_conn!(self, conn => uia_clients::table
            .filter(uia_clients::session_digest.eq(session.as_bytes()))
            .order(uia_clients::uia_client_id)
            .select(uia_clients::uia_client_id)
            .load(conn)
            .await)?;
        let last = numbers.len().saturating_sub(UiaSession::LAST_CLIENTS);
        let middle = numbers.get(UiaSession::FIRST_CLIENTS..last);
        let Some(middle) = middle.filter(|middle| !middle.is_empty()) else {
            return Ok(());
        };
        let doomed = uia_clients::table.filter(uia_clients::uia_client_id.eq_any(middle));
        on_conn!(self, conn => diesel::delete(doomed).execute(conn).await)?;
        Ok(())
    }
}

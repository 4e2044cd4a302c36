//! Sessions of user-interactive authentication.

mod json;

use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use registrar_domain::id::{DeviceId, Localpart};
use registrar_domain::password::PasswordHash;
use registrar_domain::ports::store::{StoreError, UiaRepository};
use registrar_domain::registration_token::RegistrationTokenId;
use registrar_domain::time::Timestamp;
use registrar_domain::uia::{
    CompletedStage, OperationDigest, Parameters, Registered, Stage, UiaSession, UiaSessionId,
};
use sha2::{Digest as _, Sha256};

use crate::connection::{WithFixedText as _, on_conn};
use crate::error::corrupt;
use crate::schema::{uia_clients, uia_sessions, uia_stages};
use crate::unit_of_work::DieselUnitOfWork;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = uia_sessions, treat_none_as_default_value = false)]
struct SessionRow {
    uia_session_id: String,
    created_ts: i64,
    operation_digest: Vec<u8>,
    parameters: String,
    password_hash: Option<String>,
    requester: Option<String>,
    registered_localpart: Option<String>,
    registered_device_id: Option<String>,
    registration_token: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = uia_stages)]
struct StageRow {
    stage: String,
    result: String,
}

impl From<&UiaSession> for SessionRow {
    fn from(session: &UiaSession) -> Self {
        let registered = session.registered.as_ref();
        Self {
            uia_session_id: session.id.as_str().to_owned(),
            created_ts: session.created.unix_ms(),
            operation_digest: session.operation.as_bytes().to_vec(),
            parameters: json::write_parameters(&session.parameters),
            password_hash: session
                .password_hash
                .as_ref()
                .map(|hash| hash.expose().to_owned()),
            requester: session.requester.as_ref().map(Localpart::to_string),
            registered_localpart: registered.map(|registered| registered.localpart.to_string()),
            registered_device_id: registered.map(|registered| registered.device_id.to_string()),
            registration_token: session
                .registration_token
                .as_ref()
                .map(|token| token.expose().to_owned()),
        }
    }
}

impl SessionRow {
    fn with_stages(self, completed: Vec<CompletedStage>) -> Result<UiaSession, StoreError> {
        let bad = |column| move || corrupt("uia_sessions", column);
        let read_localpart = |text: String, column| Localpart::read(&text).ok_or_else(bad(column));
        let registered = match (self.registered_localpart, self.registered_device_id) {
            (None, None) => None,
            (Some(localpart), Some(device_id)) => Some(Registered {
                localpart: read_localpart(localpart, "registered_localpart")?,
                device_id: DeviceId::parse(&device_id)
                    .map_err(|_| corrupt("uia_sessions", "registered_device_id"))?,
            }),
            _ => return Err(corrupt("uia_sessions", "registered_device_id")),
        };
        Ok(UiaSession {
            id: UiaSessionId::parse(&self.uia_session_id).ok_or_else(bad("uia_session_id"))?,
            created: Timestamp::from_unix_ms(self.created_ts),
            operation: OperationDigest::from_bytes(&self.operation_digest)
                .ok_or_else(bad("operation_digest"))?,
            parameters: json::read_parameters(&self.parameters).ok_or_else(bad("parameters"))?,
            password_hash: self.password_hash.map(PasswordHash::from_stored),
            requester: self
                .requester
                .map(|text| read_localpart(text, "requester"))
                .transpose()?,
            registration_token: self
                .registration_token
                .map(|text| RegistrationTokenId::parse(&text))
                .transpose()
                .map_err(|_| corrupt("uia_sessions", "registration_token"))?,
            registered,
            completed,
        })
    }
}

impl TryFrom<StageRow> for CompletedStage {
    type Error = StoreError;

    fn try_from(row: StageRow) -> Result<Self, StoreError> {
        Ok(Self {
            stage: Stage::parse(&row.stage).ok_or_else(|| corrupt("uia_stages", "stage"))?,
            result: json::read_result(&row.result)
                .ok_or_else(|| corrupt("uia_stages", "result"))?,
        })
    }
}

/// Stands for an address and a user agent in the primary key, however long they are.
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
            .filter(uia_sessions::uia_session_id.eq(id.as_str()))
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
        session.map(|row| row.with_stages(completed)).transpose()
    }

    #[tracing::instrument(name = "db.uia.update_parameters", level = "debug", skip_all)]
    async fn update_parameters(
        &mut self,
        id: &UiaSessionId,
        parameters: &Parameters,
    ) -> Result<(), StoreError> {
        let session = uia_sessions::table.find(id.as_str());
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
        let digest = client_digest(ip, user_agent);
        let row = (
            uia_clients::uia_session_id.eq(id.as_str()),
            uia_clients::client_digest.eq(&digest),
            uia_clients::ip.eq(ip),
            uia_clients::user_agent.eq(user_agent),
        );
        on_conn!(self, conn => diesel::insert_into(uia_clients::table)
            .values(row)
            .on_conflict((uia_clients::uia_session_id, uia_clients::client_digest))
            .do_nothing()
            .execute(conn)
            .await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.uia.list_clients", level = "debug", skip_all)]
    async fn list_clients(
        &mut self,
        id: &UiaSessionId,
    ) -> Result<Vec<(String, String)>, StoreError> {
        on_conn!(self, conn => uia_clients::table
            .filter(uia_clients::uia_session_id.eq(id.as_str()))
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
        let row = (
            uia_stages::uia_session_id.eq(id.as_str()),
            uia_stages::stage.eq(stage.stage.as_str()),
            uia_stages::result.eq(&result),
            uia_stages::completed_ts.eq(now.unix_ms()),
        );
        on_conn!(self, conn => diesel::insert_into(uia_stages::table)
            .values(row)
            .on_conflict((uia_stages::uia_session_id, uia_stages::stage))
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
        let session = uia_sessions::table.find(id.as_str());
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
    ) -> Result<bool, StoreError> {
        let session = uia_sessions::table.find(id.as_str());
        let unmarked = session.filter(uia_sessions::registered_localpart.is_null());
        let marked = on_conn!(self, conn => diesel::update(unmarked)
            .set((
                uia_sessions::registered_localpart.eq(registered.localpart.as_str()),
                uia_sessions::registered_device_id.eq(registered.device_id.as_str()),
            ))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(marked > 0)
    }

    #[tracing::instrument(name = "db.uia.hold_registration_token", level = "debug", skip_all)]
    async fn hold_registration_token(
        &mut self,
        id: &UiaSessionId,
        token: &RegistrationTokenId,
    ) -> Result<bool, StoreError> {
        let session = uia_sessions::table.find(id.as_str());
        let without = session.filter(uia_sessions::registration_token.is_null());
        let held = on_conn!(self, conn => diesel::update(without)
            .set(uia_sessions::registration_token.eq(token.expose()))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(held > 0)
    }

    #[tracing::instrument(name = "db.uia.remove", level = "debug", skip_all)]
    async fn remove(&mut self, id: &UiaSessionId) -> Result<bool, StoreError> {
        let session = uia_sessions::table.find(id.as_str());
        let without = session.filter(uia_sessions::registration_token.is_null());
        let removed = on_conn!(self, conn => diesel::delete(without).execute(conn).await)?;
        Ok(removed > 0)
    }

    #[tracing::instrument(name = "db.uia.remove_expired", level = "debug", skip_all)]
    async fn remove_expired(
        &mut self,
        created_before: Timestamp,
        limit: u32,
    ) -> Result<usize, StoreError> {
        let old = diesel::alias!(uia_sessions as old);
        let created_ts = old.field(uia_sessions::created_ts);
        let oldest = old
            .filter(created_ts.le(created_before.unix_ms()))
            .order(created_ts)
            .limit(i64::from(limit))
            .select(old.field(uia_sessions::uia_session_id));
        let doomed = uia_sessions::table.filter(uia_sessions::uia_session_id.eq_any(oldest));
        let ended: Vec<(Option<String>, Option<String>)> = on_conn!(self, conn =>
            diesel::delete(doomed)
                .returning((
                    uia_sessions::registration_token,
                    uia_sessions::registered_localpart,
                ))
                .get_results(conn)
                .await)?;
        // In the order of their text, so that two of these never wait for each other.
        let mut unused = BTreeMap::<&str, i64>::new();
        for (token, registered) in &ended {
            if let (Some(token), None) = (token, registered) {
                *unused.entry(token).or_default() += 1;
            }
        }
        for (token, uses) in unused {
            self.release_registration_token(token, uses).await?;
        }
        Ok(ended.len())
    }
}

//! The rows of sessions and of their stages.

use diesel::prelude::*;
use registrar_domain::model::id::{DeviceId, Localpart};
use registrar_domain::model::password::PasswordHash;
use registrar_domain::model::registration_token::{
    HeldRegistrationToken, RegistrationTokenId, RegistrationTokenKey,
};
use registrar_domain::model::secret::TokenDigest;
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::token::AccessTokenKey;
use registrar_domain::model::uia::{
    AnsweredTokens, CompletedStage, OperationDigest, Registered, Stage, UiaLogin, UiaRequester,
    UiaSession, UiaSessionId,
};
use registrar_domain::ports::store::StoreError;

use super::json;
use crate::error::corrupt;
use crate::schema::{uia_sessions, uia_stages};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = uia_sessions, treat_none_as_default_value = false)]
pub(super) struct SessionRow {
    digest: Vec<u8>,
    created_ts: i64,
    operation_digest: Vec<u8>,
    parameters: String,
    password_hash: Option<String>,
    requester: Option<String>,
    requester_device_id: Option<String>,
    requester_token_id: Option<i64>,
    registered_localpart: Option<String>,
    registered_device_id: Option<String>,
    registered_ts: Option<i64>,
    answer_access_digest: Option<Vec<u8>>,
    answer_refresh_digest: Option<Vec<u8>>,
    registration_token_id: Option<i64>,
    registration_token: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = uia_stages)]
pub(super) struct StageRow {
    stage: String,
    result: String,
}

impl From<&UiaSession> for SessionRow {
    fn from(session: &UiaSession) -> Self {
        let registered = session.registered.as_ref();
        let answer = registered.and_then(|registered| registered.answer);
        let refresh = answer.and_then(|answer| answer.refresh);
        let requester = session.requester.as_ref();
        let (requester_device_id, requester_token_id) = match requester.map(|it| &it.login) {
            None | Some(UiaLogin::ApplicationService) => (None, None),
            Some(UiaLogin::Device(device_id)) => (Some(device_id.to_string()), None),
            Some(UiaLogin::AccessToken(key)) => (None, Some(key.0)),
        };
        let held = session.registration_token.as_ref();
        Self {
            digest: session.id.digest().as_bytes().to_vec(),
            created_ts: session.created.unix_ms(),
            operation_digest: session.operation.as_bytes().to_vec(),
            parameters: json::write_parameters(&session.parameters),
            password_hash: session
                .password_hash
                .as_ref()
                .map(|hash| hash.expose().to_owned()),
            requester: requester.map(|requester| requester.localpart.to_string()),
            requester_device_id,
            requester_token_id,
            registered_localpart: registered.map(|registered| registered.localpart.to_string()),
            registered_device_id: registered.map(|registered| registered.device_id.to_string()),
            registered_ts: registered.map(|registered| registered.at.unix_ms()),
            answer_access_digest: answer.map(|answer| answer.access.as_bytes().to_vec()),
            answer_refresh_digest: refresh.map(|refresh| refresh.as_bytes().to_vec()),
            registration_token_id: held.map(|held| held.key.0),
            registration_token: held.map(|held| held.id.expose().to_owned()),
        }
    }
}

fn bad(column: &'static str) -> impl Fn() -> StoreError {
    move || corrupt("uia_sessions", column)
}

fn read_localpart(text: &str, column: &'static str) -> Result<Localpart, StoreError> {
    Localpart::read(text).ok_or_else(bad(column))
}

fn read_device_id(text: &str, column: &'static str) -> Result<DeviceId, StoreError> {
    DeviceId::parse(text).map_err(|_| corrupt("uia_sessions", column))
}

fn read_digest(bytes: &[u8], column: &'static str) -> Result<TokenDigest, StoreError> {
    TokenDigest::from_bytes(bytes).ok_or_else(bad(column))
}

impl SessionRow {
    /// The session that was found by its ID, of which the row has only the digest.
    pub(super) fn read(
        self,
        id: &UiaSessionId,
        completed: Vec<CompletedStage>,
    ) -> Result<UiaSession, StoreError> {
        Ok(UiaSession {
            id: id.clone(),
            created: Timestamp::from_unix_ms(self.created_ts),
            operation: OperationDigest::from_bytes(&self.operation_digest)
                .ok_or_else(bad("operation_digest"))?,
            parameters: json::read_parameters(&self.parameters).ok_or_else(bad("parameters"))?,
            requester: self.requester()?,
            registered: self.registered()?,
            registration_token: self.held()?,
            password_hash: self.password_hash.map(PasswordHash::from_stored),
            completed,
        })
    }

    fn requester(&self) -> Result<Option<UiaRequester>, StoreError> {
        let Some(localpart) = &self.requester else {
            return Ok(None);
        };
        let login = match (&self.requester_device_id, self.requester_token_id) {
            (Some(device_id), _) => {
                UiaLogin::Device(read_device_id(device_id, "requester_device_id")?)
            }
            (None, Some(key)) => UiaLogin::AccessToken(AccessTokenKey(key)),
            (None, None) => UiaLogin::ApplicationService,
        };
        Ok(Some(UiaRequester {
            localpart: read_localpart(localpart, "requester")?,
            login,
        }))
    }

    fn registered(&self) -> Result<Option<Registered>, StoreError> {
        let Some(localpart) = &self.registered_localpart else {
            return Ok(None);
        };
        let device_id = self.registered_device_id.as_deref();
        let device_id = device_id.ok_or_else(bad("registered_device_id"))?;
        let at = self.registered_ts.ok_or_else(bad("registered_ts"))?;
        Ok(Some(Registered {
            localpart: read_localpart(localpart, "registered_localpart")?,
            device_id: read_device_id(device_id, "registered_device_id")?,
            at: Timestamp::from_unix_ms(at),
            answer: self.answer()?,
        }))
    }

    fn answer(&self) -> Result<Option<AnsweredTokens>, StoreError> {
        let Some(access) = &self.answer_access_digest else {
            return Ok(None);
        };
        let refresh = self.answer_refresh_digest.as_deref();
        Ok(Some(AnsweredTokens {
            access: read_digest(access, "answer_access_digest")?,
            refresh: refresh
                .map(|refresh| read_digest(refresh, "answer_refresh_digest"))
                .transpose()?,
        }))
    }

    fn held(&self) -> Result<Option<HeldRegistrationToken>, StoreError> {
        match (self.registration_token_id, &self.registration_token) {
            (None, None) => Ok(None),
            (Some(key), Some(text)) => Ok(Some(HeldRegistrationToken {
                key: RegistrationTokenKey(key),
                id: RegistrationTokenId::parse(text)
                    .map_err(|_| corrupt("uia_sessions", "registration_token"))?,
            })),
            _ => Err(corrupt("uia_sessions", "registration_token_id")),
        }
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

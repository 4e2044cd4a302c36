use async_trait::async_trait;

use super::{FakeUnitOfWork, State, conflict};
use registrar_domain::model::password::PasswordHash;
use registrar_domain::model::registration_token::HeldRegistrationToken;
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::uia::{
    AnsweredTokens, CompletedStage, EndedSession, Parameters, Registered, UiaSession, UiaSessionId,
};
use registrar_domain::ports::store::{Constraint, StoreError, UiaRepository};

#[derive(Clone)]
pub(super) struct SessionRow {
    session: UiaSession,
    /// In the order of their appearance.
    clients: Vec<(String, String)>,
}

#[async_trait]
impl UiaRepository for FakeUnitOfWork {
    async fn add(&mut self, session: &UiaSession) -> Result<(), StoreError> {
        self.write(|state| {
            if state.session(&session.id).is_some() {
                return Err(conflict(Constraint::UiaSessionTaken));
            }
            let session = UiaSession {
                completed: Vec::new(),
                ..session.clone()
            };
            state.uia_sessions.push(SessionRow {
                session,
                clients: Vec::new(),
            });
            Ok(())
        })
    }

    async fn find(&mut self, id: &UiaSessionId) -> Result<Option<UiaSession>, StoreError> {
        self.read(|state| state.session(id).map(|row| row.session.clone()))
    }

    async fn find_locked(&mut self, id: &UiaSessionId) -> Result<Option<UiaSession>, StoreError> {
        // Units of work that write take turns.
        UiaRepository::find(self, id).await
    }

    async fn update_parameters(
        &mut self,
        id: &UiaSessionId,
        parameters: &Parameters,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            if let Some(row) = state.session_mut(id) {
                row.session.parameters = parameters.clone();
            }
            Ok(())
        })
    }

    async fn record_client(
        &mut self,
        id: &UiaSessionId,
        ip: &str,
        user_agent: &str,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            let clients = &mut state.required_session(id)?.clients;
            let client = (ip.to_owned(), user_agent.to_owned());
            if !clients.contains(&client) {
                clients.push(client);
            }
            let last = clients.len().saturating_sub(UiaSession::LAST_CLIENTS);
            if last > UiaSession::FIRST_CLIENTS {
                clients.drain(UiaSession::FIRST_CLIENTS..last);
            }
            Ok(())
        })
    }

    async fn list_clients(
        &mut self,
        id: &UiaSessionId,
    ) -> Result<Vec<(String, String)>, StoreError> {
        self.read(|state| {
            state
                .session(id)
                .into_iter()
                .flat_map(|row| row.clients.iter().cloned())
                .collect()
        })
    }

    async fn record_stage(
        &mut self,
        id: &UiaSessionId,
        stage: &CompletedStage,
        _now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            let completed = &mut state.required_session(id)?.session.completed;
            match completed
                .iter_mut()
                .find(|other| other.stage == stage.stage)
            {
                Some(same) => same.result = stage.result.clone(),
                None => completed.push(stage.clone()),
            }
            Ok(())
        })
    }

    async fn park_password_hash(
        &mut self,
        id: &UiaSessionId,
        hash: &PasswordHash,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let row = state
                .session_mut(id)
                .filter(|row| row.session.password_hash.is_none());
            Ok(row.is_some_and(|row| {
                row.session.password_hash = Some(hash.clone());
                true
            }))
        })
    }

    async fn mark_registered(
        &mut self,
        id: &UiaSessionId,
        registered: &Registered,
        password_hash: &PasswordHash,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let row = state
                .session_mut(id)
                .filter(|row| row.session.registered.is_none());
            Ok(row.is_some_and(|row| {
                row.session.registered = Some(registered.clone());
                row.session.password_hash = Some(password_hash.clone());
                true
            }))
        })
    }

    async fn record_answer(
        &mut self,
        id: &UiaSessionId,
        answer: &AnsweredTokens,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            let row = state.session_mut(id);
            if let Some(registered) = row.and_then(|row| row.session.registered.as_mut()) {
                registered.answer = Some(*answer);
            }
            Ok(())
        })
    }

    async fn hold_registration_token(
        &mut self,
        id: &UiaSessionId,
        token: &HeldRegistrationToken,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let row = state
                .session_mut(id)
                .filter(|row| row.session.registration_token.is_none());
            Ok(row.is_some_and(|row| {
                row.session.registration_token = Some(token.clone());
                true
            }))
        })
    }

    async fn remove(&mut self, id: &UiaSessionId) -> Result<Option<EndedSession>, StoreError> {
        self.write(|state| {
            let mut rows = state.uia_sessions.iter();
            let Some(index) = rows.position(|row| row.session.id == *id) else {
                return Ok(None);
            };
            let row = state.uia_sessions.remove(index);
            Ok(Some(ended(&row.session)))
        })
    }

    async fn remove_expired(
        &mut self,
        created_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<EndedSession>, StoreError> {
        self.write(|state| {
            state.uia_sessions.sort_by_key(|row| row.session.created);
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let expired = state.uia_sessions.iter().take(limit);
            let expired = expired
                .take_while(|row| row.session.created <= created_before)
                .count();
            let expired = state.uia_sessions.drain(..expired);
            Ok(expired.map(|row| ended(&row.session)).collect())
        })
    }
}

fn ended(session: &UiaSession) -> EndedSession {
    EndedSession {
        registration_token: session.registration_token.as_ref().map(|held| held.key),
        has_registered: session.registered.is_some(),
    }
}

impl State {
    fn session(&self, id: &UiaSessionId) -> Option<&SessionRow> {
        self.uia_sessions.iter().find(|row| row.session.id == *id)
    }

    fn session_mut(&mut self, id: &UiaSessionId) -> Option<&mut SessionRow> {
        self.uia_sessions
            .iter_mut()
            .find(|row| row.session.id == *id)
    }

    /// The foreign key on sessions.
    fn required_session(&mut self, id: &UiaSessionId) -> Result<&mut SessionRow, StoreError> {
        self.session_mut(id)
            .ok_or_else(|| conflict(Constraint::MissingReference))
    }
}

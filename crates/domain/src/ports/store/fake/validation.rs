use async_trait::async_trait;

use super::{FakeUnitOfWork, State, conflict};
use crate::ports::store::{Constraint, StoreError, ValidationRepository};
use crate::secret::TokenDigest;
use crate::threepid::{
    Purpose, Threepid, ValidatedThreepid, ValidationSession, ValidationSessionId, ValidationToken,
};
use crate::time::Timestamp;

#[derive(Clone)]
pub(super) struct ValidationRow {
    session: ValidationSession,
    tokens: Vec<ValidationToken>,
}

impl ValidationRow {
    fn is_open(&self, threepid: &Threepid, purpose: Purpose, secret: &TokenDigest) -> bool {
        let session = &self.session;
        session.validated.is_none()
            && session.threepid == *threepid
            && session.purpose == purpose
            && session.client_secret == *secret
    }
}

#[async_trait]
impl ValidationRepository for FakeUnitOfWork {
    async fn find_open(
        &mut self,
        threepid: &Threepid,
        purpose: Purpose,
        client_secret: &TokenDigest,
    ) -> Result<Option<ValidationSession>, StoreError> {
        self.read(|state| {
            let mut rows = state.validations.iter();
            let row = rows.find(|row| row.is_open(threepid, purpose, client_secret));
            row.map(|row| row.session.clone())
        })
    }

    async fn find(
        &mut self,
        id: &ValidationSessionId,
    ) -> Result<Option<ValidationSession>, StoreError> {
        self.read(|state| state.validation(id).map(|row| row.session.clone()))
    }

    async fn find_token(
        &mut self,
        id: &ValidationSessionId,
        token: &TokenDigest,
    ) -> Result<Option<ValidationToken>, StoreError> {
        self.read(|state| {
            let tokens = &state.validation(id)?.tokens;
            tokens.iter().find(|it| it.digest == *token).cloned()
        })
    }

    async fn add(&mut self, session: &ValidationSession) -> Result<(), StoreError> {
        self.write(|state| {
            let ValidationSession {
                threepid,
                purpose,
                client_secret,
                ..
            } = session;
            let is_same = |row: &ValidationRow| row.is_open(threepid, *purpose, client_secret);
            if session.validated.is_none() && state.validations.iter().any(is_same) {
                return Err(conflict(Constraint::ValidationSessionOpen));
            }
            state.validations.push(ValidationRow {
                session: session.clone(),
                tokens: Vec::new(),
            });
            Ok(())
        })
    }

    async fn add_token(
        &mut self,
        id: &ValidationSessionId,
        token: &ValidationToken,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            let row = state
                .validation_mut(id)
                .ok_or_else(|| conflict(Constraint::MissingReference))?;
            row.tokens.push(token.clone());
            Ok(())
        })
    }

    async fn record_send_attempt(
        &mut self,
        id: &ValidationSessionId,
        send_attempt: i64,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            if let Some(row) = state.validation_mut(id) {
                let last = &mut row.session.last_send_attempt;
                *last = Some(last.map_or(send_attempt, |last| last.max(send_attempt)));
            }
            Ok(())
        })
    }

    async fn retract_token(
        &mut self,
        id: &ValidationSessionId,
        token: &TokenDigest,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            if let Some(row) = state.validation_mut(id) {
                row.tokens.retain(|it| it.digest != *token);
            }
            let is_unused = |row: &ValidationRow| {
                row.session.id == *id
                    && row.session.last_send_attempt.is_none()
                    && row.session.validated.is_none()
                    && row.tokens.is_empty()
            };
            state.validations.retain(|row| !is_unused(row));
            Ok(())
        })
    }

    async fn mark_validated(
        &mut self,
        id: &ValidationSessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let row = state.validation_mut(id);
            let open = row.filter(|row| row.session.validated.is_none());
            Ok(open.is_some_and(|row| {
                row.session.validated = Some(now);
                true
            }))
        })
    }

    async fn consume(
        &mut self,
        id: &ValidationSessionId,
        client_secret: &TokenDigest,
        purposes: &[Purpose],
        validated_after: Timestamp,
    ) -> Result<Option<ValidatedThreepid>, StoreError> {
        self.write(|state| {
            let Some(row) = state.validation(id) else {
                return Ok(None);
            };
            let session = row.session.clone();
            let fits =
                session.client_secret == *client_secret && purposes.contains(&session.purpose);
            let validated = session.validated.filter(|it| fits && *it > validated_after);
            let Some(validated) = validated else {
                return Ok(None);
            };
            state.validations.retain(|row| row.session.id != *id);
            Ok(Some(ValidatedThreepid {
                threepid: session.threepid,
                validated,
            }))
        })
    }

    async fn remove_expired(
        &mut self,
        now: Timestamp,
        validated_before: Timestamp,
        limit: u32,
    ) -> Result<usize, StoreError> {
        self.write(|state| {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let mut removed_tokens = 0;
            for row in &mut state.validations {
                row.tokens.retain(|token| {
                    let expired = token.expires < now && removed_tokens < limit;
                    removed_tokens += usize::from(expired);
                    !expired
                });
            }
            let mut removed_sessions = 0;
            state.validations.retain(|row| {
                let ended = match row.session.validated {
                    Some(validated) => validated <= validated_before,
                    None => row.tokens.is_empty(),
                };
                let removed = ended && removed_sessions < limit;
                removed_sessions += usize::from(removed);
                !removed
            });
            Ok(removed_tokens + removed_sessions)
        })
    }
}

impl State {
    fn validation(&self, id: &ValidationSessionId) -> Option<&ValidationRow> {
        self.validations.iter().find(|row| row.session.id == *id)
    }

    fn validation_mut(&mut self, id: &ValidationSessionId) -> Option<&mut ValidationRow> {
        self.validations
            .iter_mut()
            .find(|row| row.session.id == *id)
    }
}

use async_trait::async_trait;

use super::{FakeUnitOfWork, State, conflict};
use registrar_domain::model::secret::TokenDigest;
use registrar_domain::model::threepid::{
    Medium, ProofDigest, Purpose, Threepid, Unasked, ValidatedThreepid, ValidationSession,
    ValidationSessionId, ValidationToken,
};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{Constraint, StoreError, ValidationRepository};

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

/// A proof of an identity server, as far as it is known.
#[derive(Clone)]
pub(super) struct DelegatedRow {
    purpose: Option<Purpose>,
    is_used: bool,
    expires: Timestamp,
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

    async fn record_delegate(
        &mut self,
        id: &ValidationSessionId,
        delegate_sid: &ValidationSessionId,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            if let Some(row) = state.validation_mut(id) {
                row.session.delegate_sid = Some(delegate_sid.clone());
            }
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
            let Some(row) = state.validation_mut(id) else {
                return Ok(None);
            };
            let session = &mut row.session;
            let fits = !session.consumed
                && session.client_secret == *client_secret
                && purposes.contains(&session.purpose);
            let validated = session.validated.filter(|it| fits && *it > validated_after);
            let Some(validated) = validated else {
                return Ok(None);
            };
            session.consumed = true;
            Ok(Some(ValidatedThreepid {
                threepid: session.threepid.clone(),
                validated,
            }))
        })
    }

    async fn record_delegated_purpose(
        &mut self,
        proof: &ProofDigest,
        purpose: Purpose,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            let row = DelegatedRow {
                purpose: Some(purpose),
                is_used: false,
                expires,
            };
            state.delegated_proofs.entry(*proof).or_insert(row);
            Ok(())
        })
    }

    async fn consume_delegated(
        &mut self,
        proof: &ProofDigest,
        purposes: &[Purpose],
        unasked: Unasked,
        expires: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let Some(row) = state.delegated_proofs.get_mut(proof) else {
                if unasked == Unasked::Refused {
                    return Ok(false);
                }
                let row = DelegatedRow {
                    purpose: None,
                    is_used: true,
                    expires,
                };
                state.delegated_proofs.insert(*proof, row);
                return Ok(true);
            };
            let fits = row.purpose.is_some_and(|it| purposes.contains(&it));
            if row.is_used || !fits {
                return Ok(false);
            }
            row.is_used = true;
            row.expires = expires;
            Ok(true)
        })
    }

    async fn count_message(
        &mut self,
        medium: Medium,
        window: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let count = state.message_counts.entry((medium, window)).or_insert(0);
            let fits = *count < limit;
            *count += u32::from(fits);
            Ok(fits)
        })
    }

    async fn remove_expired_delegated(
        &mut self,
        now: Timestamp,
        window: Timestamp,
        limit: u32,
    ) -> Result<usize, StoreError> {
        self.write(|state| {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let mut removed = 0;
            state.delegated_proofs.retain(|_, row| {
                let is_expired = row.expires < now && removed < limit;
                removed += usize::from(is_expired);
                !is_expired
            });
            let counted = state.message_counts.len();
            state
                .message_counts
                .retain(|(_, begun), _| *begun >= window);
            Ok(removed + counted - state.message_counts.len())
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
                let is_waiting = match row.session.validated {
                    Some(validated) => validated > validated_before && !row.session.consumed,
                    None => false,
                };
                let ended = row.tokens.is_empty() && !is_waiting;
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

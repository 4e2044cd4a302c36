use async_trait::async_trait;

use super::{FakeUnitOfWork, conflict};
use crate::ports::store::{Change, Constraint, RegistrationTokenRepository, StoreError};
use crate::registration_token::{RegistrationToken, RegistrationTokenId};
use crate::time::Timestamp;

#[async_trait]
impl RegistrationTokenRepository for FakeUnitOfWork {
    async fn find(
        &mut self,
        id: &RegistrationTokenId,
    ) -> Result<Option<RegistrationToken>, StoreError> {
        self.read(|state| state.registration_tokens.get(id).cloned())
    }

    async fn list(&mut self) -> Result<Vec<RegistrationToken>, StoreError> {
        self.read(|state| state.registration_tokens.values().cloned().collect())
    }

    async fn add(&mut self, token: &RegistrationToken) -> Result<(), StoreError> {
        self.write(|state| {
            if state.registration_tokens.contains_key(&token.id) {
                return Err(conflict(Constraint::RegistrationTokenTaken));
            }
            state
                .registration_tokens
                .insert(token.id.clone(), token.clone());
            Ok(())
        })
    }

    async fn update(
        &mut self,
        id: &RegistrationTokenId,
        uses_allowed: Change<Option<u32>>,
        expires: Change<Option<Timestamp>>,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let Some(token) = state.registration_tokens.get_mut(id) else {
                return Ok(false);
            };
            if let Change::Set(uses_allowed) = uses_allowed {
                token.uses_allowed = uses_allowed;
            }
            if let Change::Set(expires) = expires {
                token.expires = expires;
            }
            Ok(true)
        })
    }

    async fn remove(&mut self, id: &RegistrationTokenId) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.registration_tokens.remove(id).is_some()))
    }

    async fn reserve(
        &mut self,
        id: &RegistrationTokenId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let token = state
                .registration_tokens
                .get_mut(id)
                .filter(|token| token.is_valid(now));
            Ok(token.is_some_and(|token| {
                token.pending += 1;
                true
            }))
        })
    }

    async fn complete(&mut self, id: &RegistrationTokenId) -> Result<bool, StoreError> {
        self.write(|state| {
            let token = state
                .registration_tokens
                .get_mut(id)
                .filter(|token| token.pending > 0);
            Ok(token.is_some_and(|token| {
                token.pending -= 1;
                token.completed += 1;
                true
            }))
        })
    }
}

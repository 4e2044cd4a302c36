use async_trait::async_trait;

use super::{FakeUnitOfWork, State, conflict};
use registrar_domain::model::registration_token::{
    RegistrationToken, RegistrationTokenId, RegistrationTokenKey,
};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{Change, Constraint, RegistrationTokenRepository, StoreError};

#[derive(Clone)]
pub(super) struct TokenRow {
    key: RegistrationTokenKey,
    token: RegistrationToken,
}

#[async_trait]
impl RegistrationTokenRepository for FakeUnitOfWork {
    async fn find(
        &mut self,
        id: &RegistrationTokenId,
    ) -> Result<Option<RegistrationToken>, StoreError> {
        self.read(|state| {
            state
                .registration_tokens
                .get(id)
                .map(|row| row.token.clone())
        })
    }

    async fn list(&mut self) -> Result<Vec<RegistrationToken>, StoreError> {
        self.read(|state| {
            let rows = state.registration_tokens.values();
            rows.map(|row| row.token.clone()).collect()
        })
    }

    async fn add(&mut self, token: &RegistrationToken) -> Result<(), StoreError> {
        self.write(|state| {
            if state.registration_tokens.contains_key(&token.id) {
                return Err(conflict(Constraint::RegistrationTokenTaken));
            }
            state.last_registration_token_key += 1;
            let row = TokenRow {
                key: RegistrationTokenKey(state.last_registration_token_key),
                token: token.clone(),
            };
            state.registration_tokens.insert(token.id.clone(), row);
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
            let Some(TokenRow { token, .. }) = state.registration_tokens.get_mut(id) else {
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
    ) -> Result<Option<RegistrationTokenKey>, StoreError> {
        self.write(|state| {
            let row = state
                .registration_tokens
                .get_mut(id)
                .filter(|row| row.token.is_valid(now));
            Ok(row.map(|row| {
                row.token.pending += 1;
                row.key
            }))
        })
    }

    async fn complete(&mut self, key: RegistrationTokenKey) -> Result<bool, StoreError> {
        self.write(|state| {
            let token = state.registration_token_mut(key);
            Ok(token
                .filter(|token| token.pending > 0)
                .is_some_and(|token| {
                    token.pending -= 1;
                    token.completed += 1;
                    true
                }))
        })
    }

    async fn release(&mut self, key: RegistrationTokenKey, uses: u32) -> Result<bool, StoreError> {
        self.write(|state| {
            let token = state.registration_token_mut(key);
            Ok(token
                .filter(|token| token.pending >= uses)
                .is_some_and(|token| {
                    token.pending -= uses;
                    true
                }))
        })
    }
}

impl State {
    /// The token with this number, unless it was removed.
    pub(super) fn registration_token_mut(
        &mut self,
        key: RegistrationTokenKey,
    ) -> Option<&mut RegistrationToken> {
        let mut rows = self.registration_tokens.values_mut();
        rows.find(|row| row.key == key).map(|row| &mut row.token)
    }
}

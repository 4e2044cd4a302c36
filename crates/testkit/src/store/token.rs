use async_trait::async_trait;

use super::{FakeUnitOfWork, State, conflict};
use registrar_domain::model::account::Account;
use registrar_domain::model::id::{DeviceId, Localpart};
use registrar_domain::model::secret::TokenDigest;
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::token::{
    AccessTokenKey, NewAccessToken, NewRefreshToken, RefreshFamily, RefreshTokenKey,
    StoredAccessToken, StoredRefreshToken, Successor,
};
use registrar_domain::ports::store::{Constraint, StoreError, TokenRepository};

#[derive(Clone)]
pub(super) struct AccessRow {
    digest: TokenDigest,
    token: StoredAccessToken,
}

#[derive(Clone)]
pub(super) struct RefreshRow {
    key: RefreshTokenKey,
    token: NewRefreshToken,
    successor: Option<RefreshTokenKey>,
}

#[async_trait]
impl TokenRepository for FakeUnitOfWork {
    async fn add_access(&mut self, token: &NewAccessToken) -> Result<AccessTokenKey, StoreError> {
        self.write(|state| {
            state.require_account(&token.localpart)?;
            if let Some(made_by) = &token.made_by {
                state.require_account(made_by)?;
            }
            if let Some(device_id) = &token.device_id {
                state.require_device(&token.localpart, device_id)?;
            }
            if let Some(key) = token.refresh_token {
                state
                    .refresh_row(key)
                    .ok_or_else(|| conflict(Constraint::MissingReference))?;
            }
            if state
                .access_tokens
                .iter()
                .any(|row| row.digest == token.digest)
            {
                return Err(conflict(Constraint::Unnamed));
            }
            let key = AccessTokenKey(state.next_token_key());
            state.access_tokens.push(AccessRow {
                digest: token.digest,
                token: stored(key, token),
            });
            Ok(key)
        })
    }

    async fn find_access(
        &mut self,
        digest: &TokenDigest,
    ) -> Result<Option<(StoredAccessToken, Account)>, StoreError> {
        self.read(|state| {
            let row = state
                .access_tokens
                .iter()
                .find(|row| row.digest == *digest)?;
            let account = state.accounts.get(&row.token.localpart)?;
            Some((row.token.clone(), account.clone()))
        })
    }

    async fn mark_access_used(&mut self, key: AccessTokenKey) -> Result<(), StoreError> {
        self.write(|state| {
            if let Some(row) = state.access_row(key) {
                row.token.used = true;
            }
            Ok(())
        })
    }

    async fn mark_access_validated(
        &mut self,
        key: AccessTokenKey,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            Ok(state.access_row(key).is_some_and(|row| {
                row.token.validated = now;
                true
            }))
        })
    }

    async fn has_access(&mut self, key: AccessTokenKey) -> Result<bool, StoreError> {
        self.read(|state| state.access_tokens.iter().any(|row| row.token.key == key))
    }

    async fn remove_access(&mut self, key: AccessTokenKey) -> Result<(), StoreError> {
        self.write(|state| {
            state.access_tokens.retain(|row| row.token.key != key);
            Ok(())
        })
    }

    async fn add_refresh(
        &mut self,
        token: &NewRefreshToken,
    ) -> Result<RefreshTokenKey, StoreError> {
        self.write(|state| {
            state.require_device(&token.localpart, &token.device_id)?;
            if state
                .refresh_tokens
                .iter()
                .any(|row| row.token.digest == token.digest)
            {
                return Err(conflict(Constraint::Unnamed));
            }
            let key = RefreshTokenKey(state.next_token_key());
            state.refresh_tokens.push(RefreshRow {
                key,
                token: token.clone(),
                successor: None,
            });
            Ok(key)
        })
    }

    async fn find_refresh(
        &mut self,
        digest: &TokenDigest,
    ) -> Result<Option<StoredRefreshToken>, StoreError> {
        self.read(|state| {
            let row = state
                .refresh_tokens
                .iter()
                .find(|row| row.token.digest == *digest)?;
            Some(StoredRefreshToken {
                key: row.key,
                localpart: row.token.localpart.clone(),
                device_id: row.token.device_id.clone(),
                expires: row.token.expires,
                session_expires: row.token.session_expires,
                successor: row.successor.and_then(|key| state.successor(key)),
            })
        })
    }

    async fn find_family(
        &mut self,
        family: &TokenDigest,
    ) -> Result<Option<RefreshFamily>, StoreError> {
        self.read(|state| {
            let generation = |row: &RefreshRow| {
                let lineage = row.token.lineage?;
                (lineage.family == *family).then_some(lineage.generation)
            };
            let rows = state.refresh_tokens.iter();
            let rows = rows.filter_map(|row| Some((generation(row)?, &row.token)));
            let (generation, token) = rows.max_by_key(|(generation, _)| *generation)?;
            Some(RefreshFamily {
                localpart: token.localpart.clone(),
                device_id: token.device_id.clone(),
                generation,
            })
        })
    }

    async fn rotate_refresh(
        &mut self,
        old: RefreshTokenKey,
        expected: Option<RefreshTokenKey>,
        new: RefreshTokenKey,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            if !state
                .refresh_row(old)
                .is_some_and(|row| row.successor == expected)
            {
                return Ok(false);
            }
            if state.refresh_row(new).is_none() {
                return Err(conflict(Constraint::MissingReference));
            }
            for row in state.refresh_tokens.iter_mut().filter(|row| row.key == old) {
                row.successor = Some(new);
            }
            state.remove_refresh_tokens(|row| {
                Some(row.key) == expected || row.successor == Some(old)
            });
            Ok(true)
        })
    }

    async fn remove_of_device(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            state.remove_tokens(localpart, Some(device_id));
            Ok(())
        })
    }

    async fn remove_all(&mut self, localpart: &Localpart) -> Result<(), StoreError> {
        self.write(|state| {
            state.remove_tokens(localpart, None);
            Ok(())
        })
    }

    async fn remove_made_by(&mut self, localpart: &Localpart) -> Result<(), StoreError> {
        self.write(|state| {
            let is_made_by = |row: &AccessRow| row.token.made_by.as_ref() == Some(localpart);
            state.access_tokens.retain(|row| !is_made_by(row));
            Ok(())
        })
    }

    async fn remove_made_for(&mut self, localpart: &Localpart) -> Result<(), StoreError> {
        self.write(|state| {
            state.access_tokens.retain(|AccessRow { token, .. }| {
                token.localpart != *localpart || token.made_by.is_none()
            });
            Ok(())
        })
    }

    async fn remove_other_access(
        &mut self,
        localpart: &Localpart,
        keep: AccessTokenKey,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            state.access_tokens.retain(|AccessRow { token, .. }| {
                !token.belongs_to(localpart) || token.key == keep
            });
            Ok(())
        })
    }
}

fn stored(key: AccessTokenKey, token: &NewAccessToken) -> StoredAccessToken {
    StoredAccessToken {
        key,
        localpart: token.localpart.clone(),
        device_id: token.device_id.clone(),
        validated: token.issued,
        expires: token.expires,
        refresh_token: token.refresh_token,
        used: false,
        made_by: token.made_by.clone(),
    }
}

impl State {
    fn next_token_key(&mut self) -> i64 {
        self.last_token_key += 1;
        self.last_token_key
    }

    fn access_row(&mut self, key: AccessTokenKey) -> Option<&mut AccessRow> {
        self.access_tokens
            .iter_mut()
            .find(|row| row.token.key == key)
    }

    fn refresh_row(&self, key: RefreshTokenKey) -> Option<&RefreshRow> {
        self.refresh_tokens.iter().find(|row| row.key == key)
    }

    fn successor(&self, key: RefreshTokenKey) -> Option<Successor> {
        let row = self.refresh_row(key)?;
        let is_used =
            |access: &AccessRow| access.token.refresh_token == Some(key) && access.token.used;
        Some(Successor {
            key,
            access_token_used: self.access_tokens.iter().any(is_used),
            rotated: row.successor.is_some(),
        })
    }

    /// Removes the tokens of an account, or of one of its devices.
    pub(super) fn remove_tokens(&mut self, localpart: &Localpart, device_id: Option<&DeviceId>) {
        self.access_tokens.retain(|AccessRow { token, .. }| {
            !token.belongs_to(localpart)
                || device_id.is_some_and(|device_id| token.device_id.as_ref() != Some(device_id))
        });
        self.remove_refresh_tokens(|RefreshRow { token, .. }| {
            token.localpart == *localpart
                && device_id.is_none_or(|device_id| token.device_id == *device_id)
        });
    }

    /// Removes refresh tokens; their access tokens go with them, and tokens that named one of them as
    /// successor has none any more.
    fn remove_refresh_tokens(&mut self, is_doomed: impl Fn(&RefreshRow) -> bool) {
        let doomed: Vec<_> = self
            .refresh_tokens
            .iter()
            .filter(|row| is_doomed(row))
            .map(|row| row.key)
            .collect();
        let is_gone = |key: &Option<RefreshTokenKey>| key.is_some_and(|key| doomed.contains(&key));
        self.refresh_tokens.retain(|row| !doomed.contains(&row.key));
        self.access_tokens
            .retain(|row| !is_gone(&row.token.refresh_token));
        for row in self
            .refresh_tokens
            .iter_mut()
            .filter(|row| is_gone(&row.successor))
        {
            row.successor = None;
        }
    }
}

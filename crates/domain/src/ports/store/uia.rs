use async_trait::async_trait;

use super::StoreError;
use crate::password::PasswordHash;
use crate::registration_token::RegistrationTokenId;
use crate::time::Timestamp;
use crate::uia::{CompletedStage, Parameters, Registered, UiaSession, UiaSessionId};

/// Sessions of user-interactive authentication.
#[async_trait]
pub trait UiaRepository: Send {
    /// Adds a session, without completed stages.
    ///
    /// # Errors
    /// [`Constraint::UiaSessionTaken`](super::Constraint::UiaSessionTaken).
    async fn add(&mut self, session: &UiaSession) -> Result<(), StoreError>;

    /// A session with its completed stages in the order of their completion.
    async fn find(&mut self, id: &UiaSessionId) -> Result<Option<UiaSession>, StoreError>;

    /// Replaces the stored parameters.
    async fn update_parameters(
        &mut self,
        id: &UiaSessionId,
        parameters: &Parameters,
    ) -> Result<(), StoreError>;

    /// Remembers an address and user agent that took part in the session. Idempotent.
    ///
    /// # Errors
    /// [`Constraint::MissingReference`](super::Constraint::MissingReference) without such a session.
    async fn record_client(
        &mut self,
        id: &UiaSessionId,
        ip: &str,
        user_agent: &str,
    ) -> Result<(), StoreError>;

    /// The (address, user agent) pairs that took part in the session.
    async fn list_clients(
        &mut self,
        id: &UiaSessionId,
    ) -> Result<Vec<(String, String)>, StoreError>;

    /// Records a completed stage; replaces the result of the same stage.
    ///
    /// # Errors
    /// [`Constraint::MissingReference`](super::Constraint::MissingReference) without such a session.
    async fn record_stage(
        &mut self,
        id: &UiaSessionId,
        stage: &CompletedStage,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Guarded: parks a password hash in a session that has none. `false` when it has one.
    async fn park_password_hash(
        &mut self,
        id: &UiaSessionId,
        hash: &PasswordHash,
    ) -> Result<bool, StoreError>;

    /// Guarded: records which account the session has registered, while it has registered none.
    /// `false` when it has. The one winner of this guard creates the account.
    async fn mark_registered(
        &mut self,
        id: &UiaSessionId,
        registered: &Registered,
    ) -> Result<bool, StoreError>;

    /// Guarded: remembers the registration token with which the session passed the stage, while it has
    /// passed with none. `false` when it has. It stands for one pending use of the token.
    async fn hold_registration_token(
        &mut self,
        id: &UiaSessionId,
        token: &RegistrationTokenId,
    ) -> Result<bool, StoreError>;

    /// Guarded: removes a session that holds no registration token, with all that belongs to it.
    /// `false` when it is gone already. The one winner of this guard does what the session was for.
    async fn remove(&mut self, id: &UiaSessionId) -> Result<bool, StoreError>;

    /// Removes up to `limit` sessions created at or before `created_before`, with all that belongs to
    /// them. Sessions that hold a registration token and have registered nobody give their pending use
    /// back. The number removed.
    async fn remove_expired(
        &mut self,
        created_before: Timestamp,
        limit: u32,
    ) -> Result<usize, StoreError>;
}

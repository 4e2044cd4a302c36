use async_trait::async_trait;

use super::StoreError;
use crate::model::password::PasswordHash;
use crate::model::registration_token::HeldRegistrationToken;
use crate::model::time::Timestamp;
use crate::model::uia::{
    AnsweredTokens, CompletedStage, EndedSession, Parameters, Registered, UiaSession, UiaSessionId,
};

/// Sessions of user-interactive authentication.
#[async_trait]
pub trait UiaRepository: Send {
    /// Adds a session, without completed stages.
    ///
    /// # Errors
    /// [`Constraint::UiaSessionTaken`](super::Constraint::UiaSessionTaken).
    async fn add(&mut self, session: &UiaSession) -> Result<(), StoreError>;

    /// A session with its completed stages in the order of their completion, whether its lifetime is
    /// over or not.
    async fn find(&mut self, id: &UiaSessionId) -> Result<Option<UiaSession>, StoreError>;

    /// The same for a unit of work that goes on to change the session: others of the kind wait until
    /// this one ends, and then see what it did.
    async fn find_locked(&mut self, id: &UiaSessionId) -> Result<Option<UiaSession>, StoreError>;

    /// Replaces the stored parameters.
    async fn update_parameters(
        &mut self,
        id: &UiaSessionId,
        parameters: &Parameters,
    ) -> Result<(), StoreError>;

    /// Remembers an address and user agent that took part in the session. Idempotent. Of more clients
    /// than [`FIRST_CLIENTS`](UiaSession::FIRST_CLIENTS) and
    /// [`LAST_CLIENTS`](UiaSession::LAST_CLIENTS) together, those in the middle are forgotten.
    ///
    /// # Errors
    /// [`Constraint::MissingReference`](super::Constraint::MissingReference) without such a session.
    async fn record_client(
        &mut self,
        id: &UiaSessionId,
        ip: &str,
        user_agent: &str,
    ) -> Result<(), StoreError>;

    /// The (address, user agent) pairs that took part in the session, in the order of their appearance.
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

    /// Guarded: records which account the session has registered and with which password, while it
    /// has registered none. `false` when it has. The one winner of this guard creates the account.
    async fn mark_registered(
        &mut self,
        id: &UiaSessionId,
        registered: &Registered,
        password_hash: &PasswordHash,
    ) -> Result<bool, StoreError>;

    /// Replaces the tokens that the last answer of a session that has registered an account gave.
    async fn record_answer(
        &mut self,
        id: &UiaSessionId,
        answer: &AnsweredTokens,
    ) -> Result<(), StoreError>;

    /// Guarded: remembers the registration token with which the session passed the stage, while it has
    /// passed with none. `false` when it has. It stands for one pending use of the token.
    async fn hold_registration_token(
        &mut self,
        id: &UiaSessionId,
        token: &HeldRegistrationToken,
    ) -> Result<bool, StoreError>;

    /// Guarded: removes a session, with all that belongs to it. What it held; `None` when it is gone
    /// already. The one winner of this guard does what the session was for.
    async fn remove(&mut self, id: &UiaSessionId) -> Result<Option<EndedSession>, StoreError>;

    /// Removes up to `limit` sessions created at or before `created_before`, with all that belongs to
    /// them. What each of them held.
    async fn remove_expired(
        &mut self,
        created_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<EndedSession>, StoreError>;
}

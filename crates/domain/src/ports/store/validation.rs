use async_trait::async_trait;

use super::StoreError;
use crate::model::secret::TokenDigest;
use crate::model::threepid::{
    Medium, ProofDigest, Purpose, Threepid, Unasked, ValidatedThreepid, ValidationSession,
    ValidationSessionId, ValidationToken,
};
use crate::model::time::Timestamp;

/// Validation sessions and the tokens that open them.
#[async_trait]
pub trait ValidationRepository: Send {
    /// The session that waits for the owner of an address, if this client has asked for one.
    async fn find_open(
        &mut self,
        threepid: &Threepid,
        purpose: Purpose,
        client_secret: &TokenDigest,
    ) -> Result<Option<ValidationSession>, StoreError>;

    /// A session.
    async fn find(
        &mut self,
        id: &ValidationSessionId,
    ) -> Result<Option<ValidationSession>, StoreError>;

    /// A token of a session.
    async fn find_token(
        &mut self,
        id: &ValidationSessionId,
        token: &TokenDigest,
    ) -> Result<Option<ValidationToken>, StoreError>;

    /// Adds a session.
    ///
    /// # Errors
    /// [`Constraint::ValidationSessionOpen`](super::Constraint::ValidationSessionOpen) when this
    /// client has an open one for the address and the purpose.
    async fn add(&mut self, session: &ValidationSession) -> Result<(), StoreError>;

    /// Adds a token to a session.
    ///
    /// # Errors
    /// [`Constraint::MissingReference`](super::Constraint::MissingReference) without the session.
    async fn add_token(
        &mut self,
        id: &ValidationSessionId,
        token: &ValidationToken,
    ) -> Result<(), StoreError>;

    /// Records that the mail of a `send_attempt` went out, unless a higher one has. Idempotent.
    async fn record_send_attempt(
        &mut self,
        id: &ValidationSessionId,
        send_attempt: i64,
    ) -> Result<(), StoreError>;

    /// Removes a token whose mail did not go out, and its session if nothing else ever did.
    /// Idempotent.
    async fn retract_token(
        &mut self,
        id: &ValidationSessionId,
        token: &TokenDigest,
    ) -> Result<(), StoreError>;

    /// Records which session of an identity server a session stands for, in place of an earlier one.
    /// Idempotent, and nothing happens without the session.
    async fn record_delegate(
        &mut self,
        id: &ValidationSessionId,
        delegate_sid: &ValidationSessionId,
    ) -> Result<(), StoreError>;

    /// Guarded: marks a session as validated while it is not. `false` when it is, or is gone.
    async fn mark_validated(
        &mut self,
        id: &ValidationSessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Guarded: uses up a session with this secret that was validated after `validated_after` for
    /// one of these purposes and has not been used up. It stays, with its tokens, until they expire;
    /// `None` when there is no such session.
    async fn consume(
        &mut self,
        id: &ValidationSessionId,
        client_secret: &TokenDigest,
        purposes: &[Purpose],
        validated_after: Timestamp,
    ) -> Result<Option<ValidatedThreepid>, StoreError>;

    /// Records for which purpose an identity server was asked for a proof, until `expires`. The first
    /// one stands, because identity servers know no purposes.
    async fn record_delegated_purpose(
        &mut self,
        proof: &ProofDigest,
        purpose: Purpose,
        expires: Timestamp,
    ) -> Result<(), StoreError>;

    /// Guarded: uses up a proof of an identity server that was asked for one of these purposes, or
    /// about whose purpose nothing is recorded if `unasked` allows that. It stays used until `expires`.
    /// `false` when it may not be used, or was.
    async fn consume_delegated(
        &mut self,
        proof: &ProofDigest,
        purposes: &[Purpose],
        unasked: Unasked,
        expires: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Guarded: counts a message of a medium in the window that begins at `window`, unless `limit`
    /// have been counted. `false` then.
    async fn count_message(
        &mut self,
        medium: Medium,
        window: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError>;

    /// Removes up to `limit` proofs of identity servers that expired before `now`, and the counts of
    /// messages in windows that began before `window`. The number of rows removed.
    async fn remove_expired_delegated(
        &mut self,
        now: Timestamp,
        window: Timestamp,
        limit: u32,
    ) -> Result<usize, StoreError>;

    /// Removes up to `limit` tokens that expired before `now`, then up to `limit` sessions without a
    /// token whose proof nobody can use: those that were validated at or before `validated_before`,
    /// those that are used up, and those that are not validated. The number of tokens and sessions
    /// removed.
    async fn remove_expired(
        &mut self,
        now: Timestamp,
        validated_before: Timestamp,
        limit: u32,
    ) -> Result<usize, StoreError>;
}

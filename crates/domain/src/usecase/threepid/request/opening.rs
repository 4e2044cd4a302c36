//! A validation session is opened, or the one that the client has already is found.

use crate::model::secret::TokenDigest;
use crate::model::threepid::{
    Purpose, Threepid, ValidationSession, ValidationSessionId, ValidationToken,
};
use crate::ports::UnitOfWork;
use crate::ports::store::{Constraint, StoreErrorKind};
use crate::usecase::shared::Shared;

use super::RequestTokenError;

/// A request for a message, as the store sees it.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) purpose: Purpose,
    pub(super) threepid: Threepid,
    pub(super) client_secret: TokenDigest,
    pub(super) send_attempt: i64,
    /// What opens the session.
    pub(super) token: ValidationToken,
}

/// What the store says to a request for a message.
#[derive(Clone, Debug)]
pub(super) enum Opened {
    /// The message of this attempt has gone out already.
    AlreadySent(ValidationSessionId),
    /// A token waits for its message.
    MessageDue(ValidationSessionId),
}

impl Opened {
    pub(super) fn sid(&self) -> &ValidationSessionId {
        match self {
            Self::AlreadySent(sid) | Self::MessageDue(sid) => sid,
        }
    }
}

impl Opening {
    /// Finds the client's session for the address or opens one, and adds the token to it.
    pub(super) async fn open(
        &self,
        uow: &mut dyn UnitOfWork,
        shared: &Shared,
    ) -> Result<Opened, RequestTokenError> {
        let sessions = uow.validations();
        let open = sessions
            .find_open(&self.threepid, self.purpose, &self.client_secret)
            .await?;
        let sid = match open {
            Some(session) if session.last_send_attempt >= Some(self.send_attempt) => {
                return Ok(Opened::AlreadySent(session.id));
            }
            Some(session) => session.id,
            None => {
                let session = ValidationSession {
                    id: ValidationSessionId::generate(shared.entropy()),
                    threepid: self.threepid.clone(),
                    purpose: self.purpose,
                    client_secret: self.client_secret,
                    last_send_attempt: None,
                    validated: None,
                    consumed: false,
                    delegate_sid: None,
                };
                match sessions.add(&session).await {
                    // A concurrent request of the same client was faster: look again.
                    Err(error) if error.is_conflict(Constraint::ValidationSessionOpen) => {
                        return Err(RequestTokenError::Store(StoreErrorKind::Contended.into()));
                    }
                    outcome => outcome?,
                }
                session.id
            }
        };
        match sessions.add_token(&sid, &self.token).await {
            // The session has ended at the same moment: look again.
            Err(error) if error.is_conflict(Constraint::MissingReference) => {
                Err(RequestTokenError::Store(StoreErrorKind::Contended.into()))
            }
            outcome => {
                outcome?;
                Ok(Opened::MessageDue(sid))
            }
        }
    }
}

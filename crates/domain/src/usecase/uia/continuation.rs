//! `auth`, read once.

use super::auth::{Auth, Submission};
use super::gate_error::GateError;
use crate::model::given::Given;
use crate::model::uia::UiaSessionId;

/// Where a request's `auth` goes on, read once: which session it continues, if any.
#[derive(Debug)]
pub(crate) struct Continuation<'a> {
    session_id: Option<UiaSessionId>,
    auth: Option<&'a Auth>,
}

impl<'a> Continuation<'a> {
    /// Reads `auth`.
    ///
    /// # Errors
    /// [`GateError::MalformedAuth`], [`GateError::UnknownSession`] for what cannot be a session.
    pub(crate) fn read(auth: &'a Given<Auth>) -> Result<Self, GateError> {
        let auth = auth.optional(GateError::MalformedAuth)?;
        let named = match auth {
            None => None,
            Some(auth) => auth.session.optional(GateError::MalformedAuth)?,
        };
        let session_id = named
            .filter(|text| !text.is_empty())
            .map(|text| UiaSessionId::parse(text).ok_or(GateError::UnknownSession));
        Ok(Self {
            session_id: session_id.transpose()?,
            auth,
        })
    }

    /// The session that the request continues; `None` when it opens one.
    pub(crate) fn session_id(&self) -> Option<&UiaSessionId> {
        self.session_id.as_ref()
    }

    /// Does the request open a session and attempt nothing?
    pub(crate) fn only_opens_a_session(&self) -> bool {
        let attempts = self.auth.is_some_and(|auth| auth.stage.is_present());
        self.session_id.is_none() && !attempts
    }

    /// The stage that it attempts, whether there is such a stage or not, and what it submits there.
    ///
    /// # Errors
    /// [`GateError::MalformedAuth`].
    pub(super) fn attempt(&self) -> Result<Option<(&'a str, &'a Submission)>, GateError> {
        let Some(auth) = self.auth else {
            return Ok(None);
        };
        let stage = auth.stage.optional(GateError::MalformedAuth)?;
        Ok(stage.map(|stage| (stage.as_str(), &auth.submission)))
    }

    /// Does it say anything in `auth`?
    pub(super) fn says_something(&self) -> bool {
        self.auth.is_some_and(|auth| !auth.is_empty)
    }
}

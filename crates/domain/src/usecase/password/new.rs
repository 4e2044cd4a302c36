//! A new password that comes in some request of a UIA session: what registration and the change of
//! a password have in common.
//!
//! See `docs/BEHAVIOR.md` §1.6 and §1.1 step 22: many clients send it once, with the first request,
//! so its hash waits in the session.

use crate::model::context::{HashTurn, RequestContext, Trust};
use crate::model::given::Given;
use crate::model::password::strength::WeakPassword;
use crate::model::password::{Password, PasswordError, PasswordHash};
use crate::model::policy::PasswordPolicy;
use crate::model::uia::UiaSession;
use crate::ports::{HashError, Intent};
use crate::usecase::shared::Shared;
use crate::usecase::uia::continuation::Continuation;
use crate::usecase::uia::gate::GateError;
use crate::usecase::uia::prompt::UiaPrompt;

/// The password in one request: one, an empty one, or none.
#[derive(Clone, Debug)]
pub(crate) struct NewPassword(Option<Password>);

/// Why a string cannot be a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NewPasswordError {
    /// Not a string, or longer than 512 characters.
    #[error(
        "the password must be a string of at most {} characters",
        Password::MAX_CHARS
    )]
    Unreadable,
    /// It holds a NUL character.
    #[error("the password may not contain a NUL character")]
    Nul,
    /// The operator asks for a better one.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
}

impl NewPassword {
    /// Reads a field; `null` counts as none.
    ///
    /// # Errors
    /// [`NewPasswordError`].
    pub(crate) fn read(
        policy: &PasswordPolicy,
        given: &Given<String>,
    ) -> Result<Self, NewPasswordError> {
        let Some(text) = given.optional(NewPasswordError::Unreadable)? else {
            return Ok(Self(None));
        };
        let password = Password::parse(text).map_err(|error| match error {
            PasswordError::TooLong => NewPasswordError::Unreadable,
            PasswordError::Nul => NewPasswordError::Nul,
        })?;
        if let Some(rules) = &policy.strength {
            rules.check(text)?;
        }
        Ok(Self(Some(password)))
    }

    /// Did the client send anything, be it an empty one?
    pub(crate) fn was_sent(&self) -> bool {
        self.0.is_some()
    }

    /// The password, unless it is empty: that opens no account.
    fn usable(&self) -> Option<&Password> {
        let password = self.0.as_ref();
        password.filter(|password| !password.expose().is_empty())
    }

    /// Is there a password, in this request or in an earlier one of the session?
    pub(crate) fn is_known(&self, session: Option<&UiaSession>) -> bool {
        self.usable().is_some() || session.is_some_and(|session| session.password_hash.is_some())
    }

    /// Its hash, or the one that waits in the session; `None` when there is neither.
    ///
    /// # Errors
    /// [`HashError`].
    pub(crate) async fn hash(
        &self,
        shared: &Shared,
        turn: HashTurn,
        session: Option<&UiaSession>,
    ) -> Result<Option<PasswordHash>, HashError> {
        match self.usable() {
            Some(password) => {
                let hasher = &shared.ports.password_hasher;
                hasher.hash(turn, password).await.map(Some)
            }
            None => Ok(session.and_then(|session| session.password_hash.clone())),
        }
    }

    /// Charges a first request for its hash, before anything is stored for it. A look would not do,
    /// as concurrent requests would all pass it together.
    ///
    /// # Errors
    /// [`GateError::Limited`].
    pub(crate) fn charge_first(
        &self,
        shared: &Shared,
        ctx: &RequestContext,
        continuation: &Continuation<'_>,
    ) -> Result<Option<HashCharged>, GateError> {
        if self.usable().is_none() || !continuation.only_opens_a_session() {
            return Ok(None);
        }
        HashCharged::now(shared, ctx).map(Some)
    }

    /// Keeps the hash for the rest of a session that is not complete. The first one stays: only the
    /// request that completes the session can bring another.
    ///
    /// # Errors
    /// [`GateError::Hash`], [`GateError::Store`], and [`GateError::Limited`] for a client that has
    /// proved nothing and brings too many.
    pub(crate) async fn park(
        &self,
        shared: &Shared,
        ctx: &RequestContext,
        prompt: &UiaPrompt,
        charged: Option<HashCharged>,
    ) -> Result<(), GateError> {
        let Some(password) = self.usable().filter(|_| !prompt.has_password_hash) else {
            return Ok(());
        };
        if prompt.trust == Trust::Unproved && charged.is_none() {
            HashCharged::now(shared, ctx)?;
        }
        let turn = ctx.hash_turn(prompt.trust);
        let hash = shared.ports.password_hasher.hash(turn, password).await?;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                uow.uia_sessions()
                    .park_password_hash(&prompt.session, &hash)
                    .await?;
                Ok(uow.commit().await?)
            })
            .await
    }
}

/// A client that has proved nothing has been charged for a hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashCharged(());

impl HashCharged {
    fn now(shared: &Shared, ctx: &RequestContext) -> Result<Self, GateError> {
        let limit = &shared.limits.unproved_hashes;
        limit.charge(&ctx.limit_key(), shared.monotonic())?;
        Ok(Self(()))
    }
}

//! The gate in front of a protected use-case: it carries the dialogue on by one request and lets
//! through whoever has completed a flow.
//!
//! Passing is a value: only this module can make a `Clearance`, and the protected use-cases take it.
//!
//! Reference §2.3.

use super::advance::{Progress, progress};
use super::auth::Auth;
use super::flow::Flow;
use super::stage::{dummy, password};
use super::{
    CompletedStage, OperationDigest, Parameters, Stage, StageResult, UiaSession, UiaSessionId,
};
use crate::account::credentials::CredentialError;
use crate::account::identifier::IdentifierError;
use crate::context::RequestContext;
use crate::core::Core;
use crate::given::Given;
use crate::id::Localpart;
use crate::limit::LimitExceeded;
use crate::ports::{HashError, Intent, StoreError, UnitOfWork};
use crate::retry::MaybeStore;

/// The protected operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation<'a> {
    /// Which one: sessions are bound to it.
    pub(crate) digest: OperationDigest,
    /// The flows that open the gate.
    pub(crate) flows: &'a [Flow],
    /// The stages that may be attempted, whether a flow lists them or not.
    pub(crate) enabled: &'a [Stage],
    /// The signed-in account, where the operation needs one.
    pub(crate) requester: Option<&'a Localpart>,
}

/// A request at the gate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt<'a> {
    pub(crate) operation: Operation<'a>,
    pub(crate) auth: &'a Given<Auth>,
    /// What the client wants; `None` when the request says nothing and what was stored stands.
    pub(crate) parameters: Option<&'a Parameters>,
}

/// What the gate says.
#[derive(Debug)]
pub(crate) enum Decision {
    /// A flow is complete.
    Cleared(Clearance),
    /// The dialogue goes on.
    Challenged(UiaPrompt),
}

/// Proof that a flow is complete, with the session that proved it.
#[derive(Debug)]
pub(crate) struct Clearance {
    session: Box<UiaSession>,
}

impl Clearance {
    /// The session, as it was when it was cleared.
    pub(crate) fn session(&self) -> &UiaSession {
        &self.session
    }
}

/// What the client is told to do next: the body of a 401.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UiaPrompt {
    /// The session to continue with.
    pub session: UiaSessionId,
    /// The ways through.
    pub flows: Vec<Flow>,
    /// The stages passed so far; `None` when the request had no `auth` to speak of.
    pub completed: Option<Vec<Stage>>,
    /// The stage that was attempted and not passed.
    pub failure: Option<Stage>,
    /// The session already keeps the hash of a password.
    pub(crate) has_password_hash: bool,
}

/// What became of an attempt at a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed(StageResult),
    Failed,
}

/// Why the dialogue could not be carried on. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// `auth` is neither an object nor `null`, or its `session` or `type` is not a string.
    #[error("`auth` must be an object with string fields `session` and `type`")]
    MalformedAuth,
    /// No such session, or no longer.
    #[error("the session is not known")]
    UnknownSession,
    /// The session was opened for another request target or method.
    #[error("the requested operation has changed during the dialogue")]
    OperationChanged,
    /// The stage does not exist, is not enabled, or has no place in this operation.
    #[error("the stage is not known")]
    UnknownStage {
        /// The client also named a person, as for a login.
        with_identity: bool,
    },
    /// A field of `auth` is missing or has the wrong type.
    #[error("`{0}` is missing or has the wrong type")]
    MalformedField(&'static str),
    /// Passwords are switched off.
    #[error("password login is disabled on this server")]
    PasswordLoginDisabled,
    /// Somebody else answered, or the session is somebody else's.
    #[error("the dialogue belongs to another user")]
    AnotherUser,
    /// The person could not be identified.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// The password could not be checked.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// Too many attempts.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// A password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MaybeStore for GateError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// The session that a request continues; `None` when it opens one.
pub(crate) fn session_id(auth: &Given<Auth>) -> Result<Option<UiaSessionId>, GateError> {
    let auth = auth.optional().map_err(|_| GateError::MalformedAuth)?;
    let Some(auth) = auth else {
        return Ok(None);
    };
    match auth
        .session
        .optional()
        .map_err(|_| GateError::MalformedAuth)?
    {
        None => Ok(None),
        Some(text) if text.is_empty() => Ok(None),
        Some(text) => UiaSessionId::parse(text)
            .map(Some)
            .ok_or(GateError::UnknownSession),
    }
}

/// Carries the dialogue on by one request.
pub(crate) async fn pass(
    core: &Core,
    ctx: &RequestContext,
    attempt: &Attempt<'_>,
) -> Result<Decision, GateError> {
    let session_id = session_id(attempt.auth)?;
    let verdict = examine(core, attempt, session_id.as_ref()).await?;
    core.retrying(|| step(core, ctx, attempt, session_id.as_ref(), verdict.as_ref()))
        .await
}

/// Runs the attempted stage as far as it is slow or knows nothing of the database.
async fn examine(
    core: &Core,
    attempt: &Attempt<'_>,
    session_id: Option<&UiaSessionId>,
) -> Result<Option<(Stage, Verdict)>, GateError> {
    let Some(auth) = attempt.auth.value() else {
        return Ok(None);
    };
    let Some(name) = auth
        .stage
        .optional()
        .map_err(|_| GateError::MalformedAuth)?
    else {
        return Ok(None);
    };
    // A session that is unknown or bound to something else is the greater mistake, and costs nothing.
    if let Some(id) = session_id {
        let mut uow = core.ports.store.begin(Intent::Read).await?;
        find_bound(&mut *uow, attempt, id).await?;
    }
    let unknown = GateError::UnknownStage {
        with_identity: auth.submission.identity.is_present(),
    };
    let stage = Stage::parse(name).filter(|stage| attempt.operation.enabled.contains(stage));
    let verdict = match (stage, attempt.operation.requester) {
        (Some(Stage::Dummy), _) => Verdict::Passed(dummy::check()),
        (Some(Stage::Password), Some(requester)) => {
            password::examine(core, &auth.submission, requester).await?
        }
        _ => return Err(unknown),
    };
    Ok(stage.map(|stage| (stage, verdict)))
}

/// One unit of work: open or load the session, store what this request brings, and decide.
async fn step(
    core: &Core,
    ctx: &RequestContext,
    attempt: &Attempt<'_>,
    session_id: Option<&UiaSessionId>,
    verdict: Option<&(Stage, Verdict)>,
) -> Result<Decision, GateError> {
    let mut uow = core.ports.store.begin(Intent::Write).await?;
    let mut session = match session_id {
        None => open(&mut *uow, core, attempt).await?,
        Some(id) => {
            let mut session = find_bound(&mut *uow, attempt, id).await?;
            if let Some(parameters) = attempt.parameters.filter(|p| **p != session.parameters) {
                uow.uia_sessions().update_parameters(id, parameters).await?;
                session.parameters = parameters.clone();
            }
            session
        }
    };
    let (ip, user_agent) = (ctx.client_ip_text(), &ctx.user_agent);
    uow.uia_sessions()
        .record_client(&session.id, &ip, user_agent)
        .await?;
    if let Some((stage, Verdict::Passed(result))) = verdict {
        let completed = CompletedStage {
            stage: *stage,
            result: result.clone(),
        };
        uow.uia_sessions()
            .record_stage(&session.id, &completed, core.now())
            .await?;
        session.completed.retain(|earlier| earlier.stage != *stage);
        session.completed.push(completed);
    }
    uow.commit().await?;

    let failure = verdict
        .filter(|(_, verdict)| *verdict == Verdict::Failed)
        .map(|(stage, _)| *stage);
    Ok(decide(attempt, session, failure))
}

fn decide(attempt: &Attempt<'_>, session: UiaSession, failure: Option<Stage>) -> Decision {
    let completed: Vec<Stage> = session.completed.iter().map(|done| done.stage).collect();
    let flows = attempt.operation.flows;
    let has_auth = attempt.auth.value().is_some_and(|auth| !auth.is_empty);
    // Without `auth` the client only asks for the way, however far the dialogue is.
    if has_auth && progress(flows, &completed) == Progress::Cleared {
        return Decision::Cleared(Clearance {
            session: Box::new(session),
        });
    }
    Decision::Challenged(UiaPrompt {
        has_password_hash: session.password_hash.is_some(),
        session: session.id,
        flows: flows.to_vec(),
        completed: has_auth.then_some(completed),
        failure,
    })
}

/// Loads a session and refuses it where it was opened for something else.
async fn find_bound(
    uow: &mut dyn UnitOfWork,
    attempt: &Attempt<'_>,
    id: &UiaSessionId,
) -> Result<UiaSession, GateError> {
    let Operation {
        digest, requester, ..
    } = attempt.operation;
    let session = uow
        .uia_sessions()
        .find(id)
        .await?
        .ok_or(GateError::UnknownSession)?;
    if session.operation != digest {
        return Err(GateError::OperationChanged);
    }
    if session.requester.as_ref() != requester {
        return Err(GateError::AnotherUser);
    }
    Ok(session)
}

/// Opens a session.
async fn open(
    uow: &mut dyn UnitOfWork,
    core: &Core,
    attempt: &Attempt<'_>,
) -> Result<UiaSession, GateError> {
    let Operation {
        digest, requester, ..
    } = attempt.operation;
    let session = UiaSession {
        id: UiaSessionId::generate(core.entropy()),
        created: core.now(),
        operation: digest,
        parameters: attempt.parameters.cloned().unwrap_or(Parameters::None),
        password_hash: None,
        requester: requester.cloned(),
        registered: None,
        completed: Vec::new(),
    };
    uow.uia_sessions().add(&session).await?;
    Ok(session)
}

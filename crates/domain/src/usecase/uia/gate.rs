//! The gate in front of a protected use-case: it carries the dialogue on by one request and lets
//! through whoever has completed a flow.
//!
//! Passing is a value: only this module can make a `Clearance`, and the protected use-cases take it.
//!
//! Reference §2.3.

use super::attempt::{self, Attempted, Attempter};
use super::auth::Auth;
pub use super::gate_error::GateError;
use super::{end, funnel, open};
use crate::model::context::{RequestContext, Trust};
use crate::model::given::Given;
use crate::model::threepid::Purpose;
use crate::model::uia::flow::Flow;
use crate::model::uia::progress::{Progress, progress};
use crate::model::uia::{
    OperationDigest, Parameters, Stage, StageFailure, UiaRequester, UiaSession, UiaSessionId,
};
use crate::ports::store::Constraint;
use crate::ports::{Intent, StoreError, UnitOfWork};
use crate::usecase::retry::MaybeStore as _;
use crate::usecase::shared::Shared;

/// The protected operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation<'a> {
    /// Which one: sessions are bound to it.
    pub(crate) digest: OperationDigest,
    /// The flows that open the gate.
    pub(crate) flows: &'a [Flow],
    /// The stages that may be attempted, whether a flow lists them or not.
    pub(crate) enabled: &'a [Stage],
    /// What a validated email address must have been validated for.
    pub(crate) purposes: &'a [Purpose],
    /// The login that asks, where the operation needs one.
    pub(crate) requester: Option<&'a UiaRequester>,
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

    /// Uses the proof up, in the unit of work of the operation that it is for: of several requests that
    /// would each be the last of their session, one is.
    ///
    /// # Errors
    /// [`GateError::UnknownSession`] when another request was faster, [`GateError::Store`].
    pub(crate) async fn spend(&self, uow: &mut dyn UnitOfWork) -> Result<(), GateError> {
        let ended = uow.uia_sessions().remove(&self.session.id).await?;
        let ended = ended.ok_or(GateError::UnknownSession)?;
        Ok(end::give_back(uow, &[ended]).await?)
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
    /// Why the stage that was attempted was not passed.
    pub failure: Option<StageFailure>,
    /// The session already keeps the hash of a password.
    pub(crate) has_password_hash: bool,
    /// How far the client has earned that a password is hashed.
    pub(crate) trust: Trust,
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

/// Does the request ask for a new session and attempt nothing?
pub(crate) fn only_opens_a_session(auth: &Given<Auth>) -> Result<bool, GateError> {
    let attempts = auth.value().is_some_and(|auth| auth.stage.is_present());
    Ok(session_id(auth)?.is_none() && !attempts)
}

/// Carries the dialogue on by one request.
pub(crate) async fn pass(
    shared: &Shared,
    ctx: &RequestContext,
    attempt: &Attempt<'_>,
) -> Result<Decision, GateError> {
    let outcome = carry_on(shared, ctx, attempt).await;
    funnel::observe(shared, attempt, &outcome);
    outcome
}

async fn carry_on(
    shared: &Shared,
    ctx: &RequestContext,
    attempt: &Attempt<'_>,
) -> Result<Decision, GateError> {
    let session_id = session_id(attempt.auth)?;
    let attempted = match examine(shared, ctx, attempt, session_id.as_ref()).await {
        Ok(attempted) => attempted,
        Err(error) => {
            if let (Some(id), None) = (&session_id, error.store_error()) {
                shared
                    .retrying(|| remember(shared, ctx, attempt, id))
                    .await?;
            }
            return Err(error);
        }
    };
    let guess = match &attempted {
        Some(attempted) => attempted.guess(shared, ctx)?,
        None => None,
    };
    let outcome = shared
        .retrying(|| {
            step(
                shared,
                ctx,
                attempt,
                session_id.as_ref(),
                attempted.as_ref(),
            )
        })
        .await;
    if let Some(guess) = guess {
        guess.end(match &outcome {
            Ok(Decision::Challenged(prompt)) => prompt.failure,
            Ok(Decision::Cleared(_)) | Err(_) => None,
        });
    }
    match outcome {
        // The session was removed in this moment.
        Err(GateError::Store(error)) if error.is_conflict(Constraint::MissingReference) => {
            Err(GateError::UnknownSession)
        }
        outcome => outcome,
    }
}

/// Runs the attempted stage as far as it is slow or needs no database.
async fn examine<'a>(
    shared: &Shared,
    ctx: &RequestContext,
    attempt: &Attempt<'a>,
    session_id: Option<&UiaSessionId>,
) -> Result<Option<Attempted<'a>>, GateError> {
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
    let submission = &auth.submission;
    let operation = &attempt.operation;
    let unknown = GateError::UnknownStage {
        with_identity: submission.identity.is_present(),
    };
    let known = Stage::parse(name).filter(|stage| operation.enabled.contains(stage));
    let Some(stage) = known else {
        return Err(unknown);
    };
    if stage.is_slow()
        && let Some(id) = session_id
    {
        // Without a session for this operation nobody is asked and nothing hashed.
        let mut uow = shared.ports.store.begin(Intent::Read).await?;
        check_binding(attempt, open::find(&mut *uow, shared, id).await?)?;
    }
    let who = Attempter {
        ctx,
        requester: operation.requester.map(|requester| &requester.localpart),
        continues_session: session_id.is_some(),
    };
    let attempted = attempt::examine(shared, who, stage, submission).await?;
    attempted.map(Some).ok_or(unknown)
}

/// One unit of work: open or load the session, store what this request brings, and decide.
async fn step(
    shared: &Shared,
    ctx: &RequestContext,
    attempt: &Attempt<'_>,
    session_id: Option<&UiaSessionId>,
    attempted: Option<&Attempted<'_>>,
) -> Result<Decision, GateError> {
    let mut uow = shared.ports.store.begin(Intent::Write).await?;
    let mut session = match session_id {
        None => open(&mut *uow, shared, ctx, attempt).await?,
        Some(id) => resume(&mut *uow, shared, ctx, attempt, id).await?,
    };
    let failure = match attempted {
        None => None,
        Some(attempted) => {
            let purposes = attempt.operation.purposes;
            attempt::settle(&mut *uow, shared, &mut session, purposes, attempted).await?
        }
    };
    uow.commit().await?;
    Ok(decide(attempt, session, failure))
}

/// Keeps what a request brings whose stage could not be examined: the client may send it only once.
async fn remember(
    shared: &Shared,
    ctx: &RequestContext,
    attempt: &Attempt<'_>,
    id: &UiaSessionId,
) -> Result<(), GateError> {
    let mut uow = shared.ports.store.begin(Intent::Write).await?;
    resume(&mut *uow, shared, ctx, attempt, id).await?;
    Ok(uow.commit().await?)
}

fn decide(attempt: &Attempt<'_>, session: UiaSession, failure: Option<StageFailure>) -> Decision {
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
        trust: session.trust(),
        session: session.id,
        flows: flows.to_vec(),
        completed: has_auth.then_some(completed),
        failure,
    })
}

/// Loads a session and stores what this request brings.
async fn resume(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    ctx: &RequestContext,
    attempt: &Attempt<'_>,
    id: &UiaSessionId,
) -> Result<UiaSession, GateError> {
    let mut session = check_binding(attempt, open::find_locked(uow, shared, id).await?)?;
    if let Some(parameters) = attempt.parameters.filter(|p| **p != session.parameters) {
        uow.uia_sessions().update_parameters(id, parameters).await?;
        session.parameters = parameters.clone();
    }
    record_client(uow, ctx, id).await?;
    Ok(session)
}

/// Refuses a session that was opened for something else, or by another login.
fn check_binding(attempt: &Attempt<'_>, session: UiaSession) -> Result<UiaSession, GateError> {
    let Operation {
        digest, requester, ..
    } = attempt.operation;
    if session.operation != digest {
        return Err(GateError::OperationChanged);
    }
    if session.requester.as_ref() != requester {
        return Err(GateError::AnotherUser);
    }
    Ok(session)
}

async fn record_client(
    uow: &mut dyn UnitOfWork,
    ctx: &RequestContext,
    id: &UiaSessionId,
) -> Result<(), StoreError> {
    let ip = ctx.client_ip_text();
    uow.uia_sessions()
        .record_client(id, &ip, ctx.recorded_user_agent())
        .await
}

/// Opens a session.
async fn open(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    ctx: &RequestContext,
    attempt: &Attempt<'_>,
) -> Result<UiaSession, GateError> {
    let Operation {
        digest, requester, ..
    } = attempt.operation;
    let session = UiaSession {
        id: UiaSessionId::generate(shared.entropy()),
        created: shared.now(),
        operation: digest,
        parameters: attempt.parameters.cloned().unwrap_or(Parameters::None),
        password_hash: None,
        registration_token: None,
        requester: requester.cloned(),
        registered: None,
        completed: Vec::new(),
    };
    uow.uia_sessions().add(&session).await?;
    record_client(uow, ctx, &session.id).await?;
    Ok(session)
}

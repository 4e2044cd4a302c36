//! The gate in front of a protected use-case: it continues the session by one request and lets
//! through clients that have completed a flow.
//!
//! Passing is a value: only this module can make a `Clearance`, and the protected use-cases take
//! it.
//!
//! See `docs/BEHAVIOR.md` §2.3.

use super::continuation::Continuation;
use super::examined::{self, ExaminedStage, StageClient};
pub use super::gate_error::GateError;
use super::prompt::{StageParams, UiaPrompt};
use super::{end, open};
use crate::model::context::RequestContext;
use crate::model::threepid::Purpose;
use crate::model::uia::flow::Flow;
use crate::model::uia::progress::{Progress, progress};
use crate::model::uia::{
    OperationDigest, Parameters, Stage, StageFailure, UiaRequester, UiaSession, UiaSessionId,
};
use crate::ports::observer::{Event, StageOutcome};
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
pub(crate) struct GateRequest<'a> {
    pub(crate) operation: Operation<'a>,
    pub(crate) continuation: &'a Continuation<'a>,
    /// The session that it continues, if the use-case has looked at it already.
    pub(crate) known: Option<&'a UiaSession>,
    /// What the client wants; `None` when the request says nothing and what was stored stands.
    pub(crate) parameters: Option<&'a Parameters>,
}

/// What the gate says.
#[derive(Debug)]
pub(crate) enum Decision {
    /// A flow is complete.
    Cleared(Clearance),
    /// The session stays open.
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

    /// Uses the proof up, in the unit of work of the operation that it is for: of several requests
    /// that would each be the last of their session, one is.
    ///
    /// # Errors
    /// [`GateError::UnknownSession`] when another request was faster, [`GateError::Store`].
    pub(crate) async fn spend(&self, uow: &mut dyn UnitOfWork) -> Result<(), GateError> {
        let ended = uow.uia_sessions().remove(&self.session.id).await?;
        let ended = ended.ok_or(GateError::UnknownSession)?;
        Ok(end::give_back(uow, &[ended]).await?)
    }
}

/// Continues the session by one request.
pub(crate) async fn pass(
    shared: &Shared,
    ctx: &RequestContext,
    request: &GateRequest<'_>,
) -> Result<Decision, GateError> {
    let outcome = carry_on(shared, ctx, request).await;
    observe(shared, request, &outcome);
    outcome
}

async fn carry_on(
    shared: &Shared,
    ctx: &RequestContext,
    request: &GateRequest<'_>,
) -> Result<Decision, GateError> {
    let session_id = request.continuation.session_id();
    let examined = match examine(shared, ctx, request).await {
        Ok(examined) => examined,
        Err(error) => {
            if let (Some(id), None) = (session_id, error.store_error()) {
                shared
                    .retrying(|| remember(shared, ctx, request, id))
                    .await?;
            }
            return Err(error);
        }
    };
    let guess = match &examined {
        Some(examined) => examined.guess(shared, ctx)?,
        None => None,
    };
    let outcome = shared
        .retrying(|| step(shared, ctx, request, examined.as_ref()))
        .await;
    if let Some(guess) = guess {
        guess.end(match &outcome {
            Ok(Decision::Challenged(prompt)) => prompt.failure,
            Ok(Decision::Cleared(_)) | Err(_) => None,
        });
    }
    match outcome {
        // The session was removed at the same moment.
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
    request: &GateRequest<'a>,
) -> Result<Option<ExaminedStage<'a>>, GateError> {
    let Some((name, submission)) = request.continuation.attempt()? else {
        return Ok(None);
    };
    let operation = &request.operation;
    let unknown = GateError::UnknownStage {
        with_identity: submission.identity.is_present(),
    };
    let known = Stage::parse(name).filter(|stage| operation.enabled.contains(stage));
    let Some(stage) = known else {
        return Err(unknown);
    };
    let session_id = request.continuation.session_id();
    if stage.is_slow()
        && let Some(id) = session_id
    {
        // Without a session for this operation nothing is verified elsewhere and nothing hashed.
        match request.known {
            Some(session) => check_binding(request, session)?,
            None => {
                let mut uow = shared.ports.store.begin(Intent::Read).await?;
                check_binding(request, &open::find(&mut *uow, shared, id).await?)?;
            }
        }
    }
    let client = StageClient {
        ctx,
        requester: operation.requester.map(|requester| &requester.localpart),
        continues_session: session_id.is_some(),
    };
    let examined = examined::examine(shared, client, stage, submission).await?;
    examined.map(Some).ok_or(unknown)
}

/// One unit of work: open or load the session, store what this request brings, and decide.
async fn step(
    shared: &Shared,
    ctx: &RequestContext,
    request: &GateRequest<'_>,
    examined: Option<&ExaminedStage<'_>>,
) -> Result<Decision, GateError> {
    let mut uow = shared.ports.store.begin(Intent::Write).await?;
    let mut session = match request.continuation.session_id() {
        None => open(&mut *uow, shared, ctx, request).await?,
        Some(id) => resume(&mut *uow, shared, ctx, request, id).await?,
    };
    let failure = match examined {
        None => None,
        Some(examined) => {
            let purposes = request.operation.purposes;
            examined::settle(&mut *uow, shared, &mut session, purposes, examined).await?
        }
    };
    uow.commit().await?;
    Ok(decide(shared, request, session, failure))
}

/// Keeps what a request brings whose stage could not be examined: the client may send it only once.
async fn remember(
    shared: &Shared,
    ctx: &RequestContext,
    request: &GateRequest<'_>,
    id: &UiaSessionId,
) -> Result<(), GateError> {
    let mut uow = shared.ports.store.begin(Intent::Write).await?;
    resume(&mut *uow, shared, ctx, request, id).await?;
    Ok(uow.commit().await?)
}

fn decide(
    shared: &Shared,
    request: &GateRequest<'_>,
    session: UiaSession,
    failure: Option<StageFailure>,
) -> Decision {
    let completed: Vec<Stage> = session.completed.iter().map(|done| done.stage).collect();
    let flows = request.operation.flows;
    let has_auth = request.continuation.says_something();
    // Without `auth` the client only asks what to do, however far the session is.
    if has_auth && progress(flows, &completed) == Progress::Cleared {
        return Decision::Cleared(Clearance {
            session: Box::new(session),
        });
    }
    Decision::Challenged(UiaPrompt {
        has_password_hash: session.password_hash.is_some(),
        trust: session.trust(),
        session: session.id,
        params: StageParams::of_flows(&shared.policy.registration, flows),
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
    request: &GateRequest<'_>,
    id: &UiaSessionId,
) -> Result<UiaSession, GateError> {
    let mut session = open::find_locked(uow, shared, id).await?;
    check_binding(request, &session)?;
    if let Some(parameters) = request.parameters.filter(|p| **p != session.parameters) {
        uow.uia_sessions().update_parameters(id, parameters).await?;
        session.parameters = parameters.clone();
    }
    record_client(uow, ctx, id).await?;
    Ok(session)
}

/// Refuses a session that was opened for something else, or by another login.
fn check_binding(request: &GateRequest<'_>, session: &UiaSession) -> Result<(), GateError> {
    let Operation {
        digest, requester, ..
    } = request.operation;
    if session.operation != digest {
        return Err(GateError::OperationChanged);
    }
    if session.requester.as_ref() != requester {
        return Err(GateError::AnotherUser);
    }
    Ok(())
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
    request: &GateRequest<'_>,
) -> Result<UiaSession, GateError> {
    let Operation {
        digest, requester, ..
    } = request.operation;
    let session = UiaSession {
        id: UiaSessionId::generate(shared.entropy()),
        created: shared.now(),
        operation: digest,
        parameters: request.parameters.cloned().unwrap_or(Parameters::None),
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

/// Tells observers what became of a request at the gate.
fn observe(shared: &Shared, request: &GateRequest<'_>, outcome: &Result<Decision, GateError>) {
    if outcome.is_ok() && request.continuation.session_id().is_none() {
        shared.observe(Event::UiaSessionOpened);
    }
    let Some(stage) = attempted(request) else {
        return;
    };
    let outcome = match outcome {
        Err(_) => StageOutcome::Refused,
        Ok(Decision::Challenged(prompt)) if prompt.failure.is_some() => StageOutcome::Failed,
        Ok(Decision::Challenged(_) | Decision::Cleared(_)) => StageOutcome::Passed,
    };
    shared.observe(Event::StageAttempted { stage, outcome });
}

/// The stage that the request attempts, if it is one that can be.
fn attempted(request: &GateRequest<'_>) -> Option<Stage> {
    let (name, _) = request.continuation.attempt().ok()??;
    Stage::parse(name).filter(|stage| request.operation.enabled.contains(stage))
}

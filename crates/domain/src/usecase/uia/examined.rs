//! A stage is examined: first what is slow or needs no database, then its part of the unit of work.

use super::auth::Submission;
use super::gate_error::GateError;
use super::stage::{password, recaptcha, registration_token, threepid};
use crate::model::context::RequestContext;
use crate::model::id::Localpart;
use crate::model::limit::LimitExceeded;
use crate::model::threepid::{Medium, Purpose};
use crate::model::uia::{CompletedStage, Stage, StageFailure, StageResult, UiaSession};
use crate::ports::{EmailValidation, StoreError, UnitOfWork};
use crate::usecase::proof::delegated::DelegatedProof;
use crate::usecase::shared::Shared;
use crate::usecase::uia::guess::Guess;

/// Whether a stage was passed, with what that proves or why not.
type Outcome = Result<StageResult, StageFailure>;

/// A stage that the client attempts, examined.
#[derive(Clone, Debug)]
pub(crate) enum ExaminedStage<'a> {
    /// It is known what became of it.
    Settled(Stage, Outcome),
    /// The unit of work decides about a registration token.
    RegistrationToken(&'a str),
    /// The unit of work decides about a validated email address.
    Email(threepid::Credentials<'a>),
    /// The unit of work decides about a proof of an identity server.
    Delegated(Stage, DelegatedProof),
}

impl ExaminedStage<'_> {
    /// Charges an attempt that could guess a registration token.
    pub(crate) fn guess<'a>(
        &self,
        shared: &'a Shared,
        ctx: &RequestContext,
    ) -> Result<Option<Guess<'a>>, LimitExceeded> {
        match self {
            Self::RegistrationToken(_) => Guess::at_stage(shared, ctx).map(Some),
            Self::Settled(..) | Self::Email(_) | Self::Delegated(..) => Ok(None),
        }
    }
}

/// Who attempts a stage, and in what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StageClient<'a> {
    pub(crate) ctx: &'a RequestContext,
    /// The signed-in account, where the operation needs one.
    pub(crate) requester: Option<&'a Localpart>,
    /// The client knows the session already.
    pub(crate) continues_session: bool,
}

/// Runs a stage as far as it is slow or needs no database; `None` for one that has no place here.
pub(crate) async fn examine<'a>(
    shared: &Shared,
    client: StageClient<'_>,
    stage: Stage,
    submission: &'a Submission,
) -> Result<Option<ExaminedStage<'a>>, GateError> {
    let outcome = match stage {
        Stage::Dummy | Stage::Terms => Ok(StageResult::Passed),
        Stage::RegistrationToken => {
            match registration_token::examine(&submission.token, client.continues_session) {
                Ok(token) => return Ok(Some(ExaminedStage::RegistrationToken(token))),
                Err(failure) => Err(failure),
            }
        }
        Stage::Recaptcha => match &shared.ports.captcha {
            None => return Ok(None),
            Some(verifier) => {
                recaptcha::examine(&**verifier, &submission.response, client.ctx.client_ip).await?
            }
        },
        Stage::Email => return examine_email(shared, submission).await,
        Stage::Msisdn => return examine_msisdn(shared, submission).await,
        Stage::Password => match client.requester {
            None => return Ok(None),
            Some(requester) => password::examine(shared, submission, client.ctx, requester).await?,
        },
    };
    Ok(Some(ExaminedStage::Settled(stage, outcome)))
}

async fn examine_email<'a>(
    shared: &Shared,
    submission: &'a Submission,
) -> Result<Option<ExaminedStage<'a>>, GateError> {
    if matches!(shared.ports.email, EmailValidation::Off) {
        return Ok(None);
    }
    let outcome = match threepid::credentials(&submission.threepid_creds)? {
        Err(failure) => Err(failure),
        Ok(credentials) => match &shared.ports.email {
            EmailValidation::Off | EmailValidation::Local(_) => {
                return Ok(Some(ExaminedStage::Email(credentials)));
            }
            EmailValidation::Delegated(server) => {
                threepid::ask(shared, &**server, credentials, Medium::Email).await?
            }
        },
    };
    Ok(Some(delegated(Stage::Email, outcome)))
}

async fn examine_msisdn<'a>(
    shared: &Shared,
    submission: &'a Submission,
) -> Result<Option<ExaminedStage<'a>>, GateError> {
    let Some(server) = &shared.ports.msisdn else {
        return Ok(None);
    };
    let outcome = match threepid::credentials(&submission.threepid_creds)? {
        Err(failure) => Err(failure),
        Ok(credentials) => threepid::ask(shared, &**server, credentials, Medium::Msisdn).await?,
    };
    Ok(Some(delegated(Stage::Msisdn, outcome)))
}

fn delegated<'a>(stage: Stage, found: Result<DelegatedProof, StageFailure>) -> ExaminedStage<'a> {
    match found {
        Ok(proof) => ExaminedStage::Delegated(stage, proof),
        Err(failure) => ExaminedStage::Settled(stage, Err(failure)),
    }
}

/// Settles and records an examined stage; why it was not passed, if it was not. `purposes` are those
/// that an email address may have been validated for.
pub(crate) async fn settle(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    session: &mut UiaSession,
    purposes: &[Purpose],
    examined: &ExaminedStage<'_>,
) -> Result<Option<StageFailure>, StoreError> {
    let (stage, outcome) = match examined {
        ExaminedStage::Settled(stage, outcome) => (*stage, outcome.clone()),
        ExaminedStage::RegistrationToken(token) => {
            let outcome = registration_token::settle(uow, shared, session, token).await?;
            (Stage::RegistrationToken, outcome)
        }
        ExaminedStage::Email(credentials) => {
            let outcome = threepid::consume(uow, shared, *credentials, purposes).await?;
            (Stage::Email, outcome)
        }
        ExaminedStage::Delegated(stage, proof) => {
            let validated = proof.consume(uow, shared, purposes).await?;
            let outcome = validated.map(StageResult::Threepid);
            (*stage, outcome.ok_or(StageFailure::NotValidated))
        }
    };
    let result = match outcome {
        Ok(result) => result,
        Err(failure) => return Ok(Some(failure)),
    };
    let completed = CompletedStage { stage, result };
    uow.uia_sessions()
        .record_stage(&session.id, &completed, shared.now())
        .await?;
    session
        .completed
        .retain(|earlier| earlier.stage != completed.stage);
    session.completed.push(completed);
    Ok(None)
}

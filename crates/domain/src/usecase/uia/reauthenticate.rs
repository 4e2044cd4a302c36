//! A signed-in user proves once more who they are, before anything that an access token alone must
//! not be enough for.
//!
//! Reference A.5: the password is asked for. Where that is all the operation risks, having given it
//! within `ui_auth.session_timeout` is enough.

use super::continuation::Continuation;
use super::gate::{self, Clearance, Decision, GateError, GateRequest, Operation};
use super::prompt::UiaPrompt;
use crate::model::context::RequestContext;
use crate::model::threepid::Purpose;
use crate::model::uia::flow::Flow;
use crate::model::uia::{OperationDigest, Parameters, Stage, StageResult, UiaSession};
use crate::ports::UnitOfWork;
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::{Credential, Requester};

/// What a signed-in user wants to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProtectedRequest<'a> {
    /// Who wants to.
    pub(crate) requester: &'a Requester,
    /// Which operation it is: sessions are bound to it.
    pub(crate) operation: OperationDigest,
    /// `auth`.
    pub(crate) continuation: &'a Continuation<'a>,
    /// What exactly; `None` when the request says nothing and what was stored stands.
    pub(crate) parameters: Option<&'a Parameters>,
    /// What an address must have been validated for to pass its stage. No flow asks for one; where
    /// this is empty the stages of addresses are unknown.
    pub(crate) purposes: &'a [Purpose],
    /// Whether having proved it recently is enough.
    pub(crate) recent: RecentProof,
}

/// Whether having proved recently who one is, for whatever operation, is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecentProof {
    /// Within `ui_auth.session_timeout` it is: people remove one device after another.
    Suffices,
    /// It never is: this operation decides who keeps the account.
    NeverSuffices,
}

/// Whether they have proved who they are.
#[derive(Debug)]
pub(crate) enum Reauthentication {
    /// Yes.
    Authorized(Authorization),
    /// Not yet.
    Challenged(UiaPrompt),
}

/// Leave to do what the requester wants.
#[derive(Debug)]
pub(crate) struct Authorization(Source);

#[derive(Debug)]
enum Source {
    /// They proved who they are a short while ago and that is enough, or an application service asks.
    Trusted(Parameters),
    /// They proved it in a session for this very operation.
    Session(Clearance),
}

impl Authorization {
    /// What they want to do.
    pub(crate) fn parameters(&self) -> &Parameters {
        match &self.0 {
            Source::Trusted(parameters) => parameters,
            Source::Session(clearance) => &clearance.session().parameters,
        }
    }

    /// The session, if there was one.
    pub(crate) fn session(&self) -> Option<&UiaSession> {
        match &self.0 {
            Source::Trusted(_) => None,
            Source::Session(clearance) => Some(clearance.session()),
        }
    }

    /// Uses the session up, if there was one, so that one completion does one thing once; and confirms
    /// that the requester still may do it: their access token works, and the password that they proved to
    /// know is still theirs. Records when they proved it. All of it in the unit of work of what they
    /// want.
    ///
    /// Having been let off proves nothing: otherwise a stolen token, used often enough, would never
    /// be asked for a password.
    ///
    /// # Errors
    /// As for [`Clearance::spend`]; [`GateError::Withdrawn`] when the password was changed, or the login
    /// ended, in the meantime.
    pub(crate) async fn confirm(
        &self,
        uow: &mut dyn UnitOfWork,
        shared: &Shared,
        requester: &Requester,
    ) -> Result<(), GateError> {
        if let Source::Session(clearance) = &self.0 {
            clearance.spend(uow).await?;
        }
        let Some(key) = requester.access_token() else {
            return Ok(());
        };
        let account = uow.accounts().hold(&requester.account.localpart).await?;
        let account = account.filter(|account| !account.deactivated);
        let account = account.ok_or(GateError::Withdrawn)?;
        let still_stands = match &self.0 {
            Source::Trusted(_) => uow.tokens().has_access(key).await?,
            Source::Session(clearance) => {
                let proved = clearance.session().completed.iter();
                let is_current = proved.into_iter().all(|done| match &done.result {
                    StageResult::Account(_, password) => account
                        .password_hash
                        .as_ref()
                        .is_some_and(|hash| hash.digest() == *password),
                    StageResult::Passed | StageResult::Threepid(_) => true,
                });
                is_current
                    && uow
                        .tokens()
                        .mark_access_validated(key, shared.now())
                        .await?
            }
        };
        if still_stands {
            Ok(())
        } else {
            Err(GateError::Withdrawn)
        }
    }
}

/// Has the requester proved who they are, now or before?
pub(crate) async fn reauthenticate(
    shared: &Shared,
    ctx: &RequestContext,
    protected: &ProtectedRequest<'_>,
) -> Result<Reauthentication, GateError> {
    let ProtectedRequest {
        requester,
        operation,
        continuation,
        parameters,
        purposes,
        recent,
    } = *protected;
    let is_trusted = match requester.credential {
        // Its users have no passwords to give.
        Credential::ApplicationService => true,
        Credential::AccessToken { .. } => {
            recent == RecentProof::Suffices && requester.has_proved_recently(shared)
        }
    };
    if let Some(parameters) = parameters.filter(|_| is_trusted) {
        let trusted = Source::Trusted(parameters.clone());
        return Ok(Reauthentication::Authorized(Authorization(trusted)));
    }
    let can_give_password =
        shared.policy.password.reauth_enabled && requester.account.password_hash.is_some();
    let flows: Vec<Flow> = can_give_password
        .then(|| Flow::new([Stage::Password]))
        .into_iter()
        .collect();
    let enabled: &[Stage] = if purposes.is_empty() {
        &[Stage::Password]
    } else {
        &[Stage::Password, Stage::Email, Stage::Msisdn]
    };
    let login = requester.login();
    let request = GateRequest {
        operation: Operation {
            digest: operation,
            flows: &flows,
            enabled,
            purposes,
            requester: Some(&login),
        },
        continuation,
        known: None,
        parameters,
    };
    Ok(match gate::pass(shared, ctx, &request).await? {
        Decision::Challenged(prompt) => Reauthentication::Challenged(prompt),
        Decision::Cleared(clearance) => {
            Reauthentication::Authorized(Authorization(Source::Session(clearance)))
        }
    })
}

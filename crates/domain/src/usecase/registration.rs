//! `POST /register`: a new account for a person, a guest, or a guest who becomes a user.
//!
//! [`Registration::register`] is the order of checks (§1.1), which clients can observe,
//! top to bottom. What a success means is one transaction, in `create`.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3register>

mod appservice;
pub mod available;
mod checked;
mod create;
pub(crate) mod enroll;
mod error;
mod guest;
mod repeat;
mod request;
pub(crate) mod rules;
pub mod shared_secret;

use std::sync::Arc;

pub use error::RegisterError;
pub use request::{RegisterOutcome, RegisterRequest, RegisteredAccount};
pub use rules::RuleError;

use crate::model::context::{RequestContext, Trust};
use crate::model::given::Given;
use crate::model::limit::Spent;
use crate::model::threepid::{Purpose, ValidatedThreepid};
use crate::model::uia::{Parameters, RegisterParameters, Registered, UiaSession};
use crate::ports::Intent;
use crate::usecase::name::{self, Claims, Disclosure, NameAvailability, NameError};
use crate::usecase::shared::Shared;
use crate::usecase::token::issue::RefreshChoice;
use crate::usecase::uia::continuation::Continuation;
use crate::usecase::uia::gate::{self, Clearance, Decision, GateRequest, Operation};
use crate::usecase::uia::open;
use crate::usecase::usage;
use checked::CheckedRequest;
use create::{CheckedName, NewRegistration};

/// The use-case.
#[derive(Clone)]
pub struct Registration(Arc<Shared>);

impl Registration {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Registers an account, or says what is still to be proved.
    ///
    /// # Errors
    /// [`RegisterError`]; nothing was changed, except that the UIA session may have gone on.
    pub async fn register(
        &self,
        ctx: &RequestContext,
        request: &RegisterRequest,
    ) -> Result<RegisterOutcome, RegisterError> {
        let shared = &self.0;
        shared
            .limits
            .registration
            .peek(&ctx.limit_key(), shared.monotonic())?;
        match &request.kind {
            Given::Malformed => return Err(RegisterError::KindNotAscii),
            Given::Absent | Given::Null => {}
            Given::Value(kind) => match kind.as_str() {
                "user" => {}
                "guest" => return self.register_guest(ctx, request).await,
                other => return Err(RegisterError::UnknownKind(other.to_owned())),
            },
        }
        let refresh = checked::refresh(request)?;
        let username = checked::username(request)?;
        if request
            .login_type
            .value()
            .is_some_and(|kind| kind == "m.login.application_service")
        {
            return self
                .register_for_appservice(ctx, request, username, refresh)
                .await;
        }
        let checked = CheckedRequest::parse(shared, request, username)?;
        let continuation = Continuation::read(&request.auth)?;
        // Before the database is asked about the name, since a flood should cost nothing.
        let charged = checked.password.charge_first(shared, ctx, &continuation)?;
        let session = self.session(&continuation).await?;
        self.check_name_early(&checked, session.as_ref()).await?;

        let parameters = Parameters::Register(checked.parameters.clone());
        let passing = GateRequest {
            operation: self.operation(request),
            continuation: &continuation,
            known: session.as_ref(),
            parameters: (checked.has_parameters || session.is_none()).then_some(&parameters),
        };
        match gate::pass(shared, ctx, &passing).await? {
            Decision::Challenged(prompt) => {
                checked.password.park(shared, ctx, &prompt, charged).await?;
                Ok(RegisterOutcome::AuthRequired(prompt))
            }
            Decision::Cleared(clearance) => {
                let registered = self.complete(ctx, &checked, refresh, &clearance).await?;
                Ok(RegisterOutcome::Registered(registered))
            }
        }
    }

    /// The UIA session that the request continues, for what it knows of earlier requests.
    async fn session(
        &self,
        continuation: &Continuation<'_>,
    ) -> Result<Option<UiaSession>, RegisterError> {
        let Some(id) = continuation.session_id() else {
            return Ok(None);
        };
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        Ok(Some(open::find(&mut *uow, &self.0, id).await?))
    }

    /// Refuses a name before interactive authentication rather than after it.
    async fn check_name_early(
        &self,
        checked: &CheckedRequest,
        session: Option<&UiaSession>,
    ) -> Result<(), RegisterError> {
        let Some(username) = &checked.parameters.username else {
            return Ok(());
        };
        let shared = &self.0;
        let localpart = name::parse(shared, username)?;
        if let Some(registered) = session.and_then(|session| session.registered.as_ref()) {
            return if registered.localpart == localpart {
                Ok(())
            } else {
                Err(NameError::DifferentUserRegistered.into())
            };
        }
        let claims = Claims {
            guest: checked.parameters.guest_claim,
            disclosure: if shared.policy.registration.inhibit_user_in_use_error {
                Disclosure::Hide
            } else {
                Disclosure::Tell
            },
        };
        let outcome = {
            let mut uow = shared.ports.store.begin(Intent::Read).await?;
            name::check(&mut *uow, shared, &localpart, claims).await
        };
        match (outcome, session) {
            (Err(NameError::Taken), Some(session)) => {
                match self.registered_meanwhile(session).await? {
                    Some(registered) if registered.localpart == localpart => Ok(()),
                    _ => Err(NameError::Taken.into()),
                }
            }
            (outcome, _) => Ok(outcome.map(|_| ())?),
        }
    }

    fn operation(&self, request: &RegisterRequest) -> Operation<'_> {
        let policy = &self.0.policy.registration;
        Operation {
            digest: request.operation,
            flows: &policy.flows,
            enabled: &policy.stages,
            purposes: &[Purpose::Registration, Purpose::Addition],
            requester: None,
        }
    }

    /// Interactive authentication is complete: everything else that can be checked is checked now, then the account
    /// is created.
    async fn complete(
        &self,
        ctx: &RequestContext,
        checked: &CheckedRequest,
        refresh: RefreshChoice,
        clearance: &Clearance,
    ) -> Result<RegisteredAccount, RegisterError> {
        let shared = &self.0;
        let session = clearance.session();
        let nothing = RegisterParameters::default();
        let parameters = if let Parameters::Register(parameters) = &session.parameters {
            parameters
        } else {
            &nothing
        };
        let mut new =
            NewRegistration::new(&shared.policy.registration, clearance, parameters, refresh)?;
        rules::check_threepids(shared, &new.threepids).await?;
        if session.registered.is_some() {
            return self.repeat(ctx, &new).await;
        }
        if !checked.password.is_known(Some(session)) {
            return Err(RegisterError::PasswordMissing);
        }
        let spent = match self.check(ctx, session, parameters, &mut new).await {
            Err(error) if error.is_taken() => {
                // Perhaps by a concurrent request of this very session.
                return match self.registered_meanwhile(session).await? {
                    Some(_) => self.repeat(ctx, &new).await,
                    None => Err(error),
                };
            }
            outcome => outcome?,
        };
        let turn = ctx.hash_turn(session.trust().min(Trust::Charged));
        let hash = checked.password.hash(shared, turn, Some(session)).await?;
        let hash = hash.ok_or(RegisterError::PasswordMissing)?;
        self.create(ctx, &new, &hash, spent).await
    }

    /// Checks what can be checked before anything is created, and completes the new registration. It
    /// is charged, so that concurrent ones cannot pass the limit together; it is given back unless the
    /// account is created.
    async fn check(
        &self,
        ctx: &RequestContext,
        session: &UiaSession,
        parameters: &RegisterParameters,
        new: &mut NewRegistration<'_>,
    ) -> Result<Spent<'_>, RegisterError> {
        let shared = &self.0;
        let requested = parameters.username.as_deref();
        let mut facts = rules::facts(shared, session, requested, &new.threepids).await?;
        if let Some(chosen) = rules::choose_username(shared, &facts).await? {
            facts.username = Some(chosen);
        }
        self.check_threepids_free(&new.threepids).await?;
        new.account_name = rules::choose_display_name(shared, &facts).await?;
        let limit = &shared.limits.registration;
        let spent = limit.spend(&ctx.limit_key(), shared.monotonic())?;
        new.admission = rules::judge(shared, &facts).await?;
        usage::check_registration(shared, rules::proved_email(&new.threepids)).await?;
        if let Some(username) = facts.username.as_deref().or(requested) {
            new.name = Some(self.check_name_finally(username, parameters).await?);
        }
        Ok(spent)
    }

    /// An address belongs to one account. The database has the last word; this is the kind answer.
    async fn check_threepids_free(
        &self,
        proved: &[&ValidatedThreepid],
    ) -> Result<(), RegisterError> {
        if proved.is_empty() {
            return Ok(());
        }
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        for validated in proved {
            let threepid = &validated.threepid;
            if uow.threepids().find_owner(threepid).await?.is_some() {
                return Err(RegisterError::ThreepidTaken(threepid.medium()));
            }
        }
        Ok(())
    }

    /// What a concurrent request of the same session has registered since the session was read.
    async fn registered_meanwhile(
        &self,
        session: &UiaSession,
    ) -> Result<Option<Registered>, RegisterError> {
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        let session = uow.uia_sessions().find(&session.id).await?;
        Ok(session.and_then(|session| session.registered))
    }

    async fn check_name_finally(
        &self,
        username: &str,
        parameters: &RegisterParameters,
    ) -> Result<CheckedName, RegisterError> {
        let shared = &self.0;
        let localpart = name::parse(shared, username)?;
        let claims = Claims {
            guest: parameters.guest_claim,
            disclosure: Disclosure::Tell,
        };
        let mut uow = shared.ports.store.begin(Intent::Read).await?;
        let availability = name::check(&mut *uow, shared, &localpart, claims).await?;
        // A guest can only become the user of the same name; for any other there is nobody to upgrade.
        if claims.guest.is_some() && availability == NameAvailability::Free {
            return Err(NameError::GuestMismatch.into());
        }
        Ok(CheckedName {
            localpart,
            availability,
        })
    }
}

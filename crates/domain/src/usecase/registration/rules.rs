//! The operator's own rules: what the hooks say about a registration.
//!
//! See `docs/BEHAVIOR.md` §8.2 and §8.8, §1.1 steps 20, 23, 26 and 28.

use crate::model::id::Localpart;
use crate::model::threepid::{Medium, Threepid, ValidatedThreepid};
use crate::model::uia::{StageResult, UiaSession};
use crate::ports::registration_hooks::{ObservedClient, RegistrationFacts, ThreepidPurpose};
use crate::ports::{HookError, Intent, RegistrationVerdict, StoreError};
use crate::usecase::proof::allowed;
use crate::usecase::shared::Shared;

/// A registration that the hooks let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// As a normal account.
    Normal,
    /// As one that others do not see.
    ShadowBanned,
}

/// Why the operator's rules stop a registration.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// An address that was validated may not be used here.
    #[error("this third-party identifier may not be used on this server")]
    ThreepidDenied,
    /// The hooks refuse the registration.
    #[error("the registration is refused")]
    Denied,
    /// The hooks could not be asked.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The addresses that a session has proved, the email address first.
pub(super) fn proved_threepids(session: &UiaSession) -> Vec<&ValidatedThreepid> {
    let proved = session
        .completed
        .iter()
        .filter_map(|done| match &done.result {
            StageResult::Threepid(validated) => Some(validated),
            StageResult::Passed | StageResult::Account(..) => None,
        });
    let mut proved: Vec<_> = proved.collect();
    proved.sort_by_key(|validated| validated.threepid.medium());
    proved
}

/// The email address among them.
pub(super) fn proved_email<'a>(proved: &[&'a ValidatedThreepid]) -> Option<&'a Threepid> {
    let mut proved = proved.iter().map(|validated| &validated.threepid);
    proved.find(|threepid| threepid.medium() == Medium::Email)
}

/// May all of these addresses be used for a new account?
pub(super) async fn check_threepids(
    shared: &Shared,
    proved: &[&ValidatedThreepid],
) -> Result<(), RuleError> {
    for validated in proved {
        let threepid = &validated.threepid;
        if !allowed::is_allowed(shared, threepid, ThreepidPurpose::Registration).await? {
            return Err(RuleError::ThreepidDenied);
        }
    }
    Ok(())
}

/// What the hooks are told about a UIA session. Without hooks nothing is looked up.
pub(super) async fn facts(
    shared: &Shared,
    session: &UiaSession,
    username: Option<&str>,
    proved: &[&ValidatedThreepid],
) -> Result<RegistrationFacts, StoreError> {
    if shared.ports.hooks.is_none() {
        return Ok(RegistrationFacts::default());
    }
    let address = |medium| {
        let mut proved = proved.iter().map(|validated| &validated.threepid);
        let threepid = proved.find(|threepid| threepid.medium() == medium);
        threepid.map(|threepid| threepid.address().to_owned())
    };
    let mut uow = shared.ports.store.begin(Intent::Read).await?;
    let clients = uow.uia_sessions().list_clients(&session.id).await?;
    Ok(RegistrationFacts {
        username: username.map(str::to_owned),
        email: address(Medium::Email),
        msisdn: address(Medium::Msisdn),
        clients: clients.into_iter().map(ObservedClient::from).collect(),
    })
}

/// Lets the hooks choose the localpart, lower-cased.
pub(super) async fn choose_username(
    shared: &Shared,
    facts: &RegistrationFacts,
) -> Result<Option<String>, RuleError> {
    match &shared.ports.hooks {
        None => Ok(None),
        Some(hooks) => {
            let chosen = hooks.choose_username(facts).await?;
            Ok(chosen.map(|name| name.to_lowercase()))
        }
    }
}

/// Lets the hooks choose the name that others see.
pub(super) async fn choose_display_name(
    shared: &Shared,
    facts: &RegistrationFacts,
) -> Result<Option<String>, RuleError> {
    match &shared.ports.hooks {
        None => Ok(None),
        Some(hooks) => Ok(hooks.choose_display_name(facts).await?),
    }
}

/// Lets the hooks judge a registration.
pub(crate) async fn judge(
    shared: &Shared,
    facts: &RegistrationFacts,
) -> Result<Admission, RuleError> {
    let Some(hooks) = &shared.ports.hooks else {
        return Ok(Admission::Normal);
    };
    match hooks.check_registration(facts).await? {
        RegistrationVerdict::Allow => Ok(Admission::Normal),
        RegistrationVerdict::ShadowBan => {
            tracing::info!("new account shadow-banned by the registration hook");
            Ok(Admission::ShadowBanned)
        }
        RegistrationVerdict::Deny => Err(RuleError::Denied),
    }
}

/// Lets the hooks judge a registration that comes without interactive authentication.
pub(crate) async fn judge_named(
    shared: &Shared,
    localpart: Option<&Localpart>,
) -> Result<Admission, RuleError> {
    let facts = RegistrationFacts {
        username: localpart.map(Localpart::to_string),
        ..RegistrationFacts::default()
    };
    judge(shared, &facts).await
}

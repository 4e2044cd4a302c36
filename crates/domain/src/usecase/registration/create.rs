//! What a successful registration means, in one transaction: the account, its device, its tokens, and
//! the mark in the UIA session that makes a repeated request ([`repeat`](super::repeat)) find them again.

use super::rules::{self, Admission};
use super::{RegisterError, RegisteredAccount, Registration};
use crate::model::account::{Account, AccountKind};
use crate::model::context::RequestContext;
use crate::model::device::DisplayName;
use crate::model::id::{DeviceId, Localpart};
use crate::model::limit::Spent;
use crate::model::password::PasswordHash;
use crate::model::policy::RegistrationPolicy;
use crate::model::registration_token::HeldRegistrationToken;
use crate::model::threepid::{AccountThreepid, ValidatedThreepid};
use crate::model::uia::{RegisterParameters, Registered, Stage, UiaSessionId};
use crate::ports::observer::Applicant;
use crate::ports::store::{Constraint, GuestUpgrade};
use crate::ports::{Intent, StoreError, UnitOfWork};
use crate::usecase::name::{self, NameAvailability, NameError};
use crate::usecase::retry::MaybeStore as _;
use crate::usecase::shared::Shared;
use crate::usecase::token::issue::{self, DeviceHistory, IssuedTokens, NewLogin, RefreshChoice};
use crate::usecase::uia::gate::Clearance;

/// How many numbers are tried for an account without a name.
const NUMBER_ATTEMPTS: usize = 10;
/// How much longer the next step is when a number was taken; ten of them pass over 150 million.
const NUMBER_STEP_GROWTH: u32 = 8;

/// A name that passed all checks.
pub(super) struct CheckedName {
    pub(super) localpart: Localpart,
    pub(super) availability: NameAvailability,
}

/// Everything that decides what is created, checked.
pub(super) struct NewRegistration<'a> {
    pub(super) session_id: &'a UiaSessionId,
    /// The chosen name; without one the server counts.
    pub(super) name: Option<CheckedName>,
    device_id: Option<&'a DeviceId>,
    display_name: Option<DisplayName>,
    pub(super) refresh: RefreshChoice,
    pub(super) inhibit_login: bool,
    /// The invitation whose use is completed.
    registration_token: Option<&'a HeldRegistrationToken>,
    /// The addresses that were validated.
    pub(super) threepids: Vec<&'a ValidatedThreepid>,
    /// The name that others see, where the hooks chose it.
    pub(super) account_name: Option<String>,
    /// What the hooks say.
    pub(super) admission: Admission,
    /// The version of the policies that was agreed to.
    consent_version: Option<&'a str>,
}

impl<'a> NewRegistration<'a> {
    pub(super) fn new(
        policy: &'a RegistrationPolicy,
        clearance: &'a Clearance,
        parameters: &'a RegisterParameters,
        refresh: RefreshChoice,
    ) -> Result<Self, RegisterError> {
        let session = clearance.session();
        let display_name = parameters.initial_device_display_name.as_deref();
        Ok(Self {
            session_id: &session.id,
            name: None,
            device_id: parameters.device_id.as_ref(),
            display_name: display_name.map(DisplayName::parse).transpose()?,
            refresh,
            inhibit_login: parameters.inhibit_login,
            registration_token: session.registration_token.as_ref(),
            threepids: rules::proved_threepids(session),
            account_name: None,
            admission: Admission::Normal,
            consent_version: policy
                .consent
                .as_ref()
                .filter(|_| session.has_passed(Stage::Terms))
                .map(|consent| consent.version.as_str()),
        })
    }

    /// The account of a person, as it is added.
    fn account(&self, shared: &Shared, localpart: &Localpart, hash: &PasswordHash) -> Account {
        let mut account = Account::new(localpart.clone(), AccountKind::User, shared.now());
        account.password_hash = Some(hash.clone());
        account.shadow_banned = self.is_shadow_banned();
        if let Some(name) = &self.account_name {
            account.display_name = Some(name.clone()).filter(|name| !name.is_empty());
        }
        if self.name.is_some() {
            account
                .user_type
                .clone_from(&shared.policy.accounts.user_types.default);
        }
        account
    }

    /// What a guest becomes.
    fn upgrade(&self, shared: &Shared, hash: &PasswordHash) -> GuestUpgrade {
        GuestUpgrade {
            password_hash: hash.clone(),
            shadow_banned: self.is_shadow_banned(),
            at: shared.now(),
        }
    }

    fn is_shadow_banned(&self) -> bool {
        self.admission == Admission::ShadowBanned
    }
}

/// How one attempt at the transaction ended.
enum Creation {
    /// It is committed.
    Done(RegisteredAccount),
    /// A concurrent request of the same session was faster.
    Overtaken,
}

impl Registration {
    /// Creates the account. Of several requests of one session, also concurrent ones, one creates it
    /// and the others get its tokens anew.
    pub(super) async fn create(
        &self,
        ctx: &RequestContext,
        new: &NewRegistration<'_>,
        hash: &PasswordHash,
        spent: Spent<'_>,
    ) -> Result<RegisteredAccount, RegisterError> {
        let shared = &self.0;
        let kept = spent.keep();
        let outcome = shared.retrying(|| self.try_create(ctx, new, hash)).await;
        if !matches!(outcome, Ok(Creation::Done(_)))
            && !outcome.as_ref().err().is_some_and(may_have_committed)
            && let Some(kept) = kept
        {
            kept.give_back();
        }
        match outcome? {
            Creation::Done(registered) => {
                tracing::info!(account.localpart = %registered.user_id.localpart(), "account registered");
                let shadow_banned = new.is_shadow_banned();
                registered.announce(shared, AccountKind::User, Applicant::Client, shadow_banned);
                Ok(registered)
            }
            Creation::Overtaken => self.repeat(ctx, new).await,
        }
    }

    async fn try_create(
        &self,
        ctx: &RequestContext,
        new: &NewRegistration<'_>,
        hash: &PasswordHash,
    ) -> Result<Creation, RegisterError> {
        let shared = &self.0;
        let mut uow = shared.ports.store.begin(Intent::Write).await?;
        let localpart = match &new.name {
            Some(name) => name.localpart.clone(),
            None => next_numbered(&mut *uow, shared).await?,
        };
        let device_id = match new.device_id {
            Some(device_id) => device_id.clone(),
            None => DeviceId::generate(shared.entropy()),
        };
        // First of all the mark: the request that sets it creates the account, every other one waits for the
        // outcome here and then finds the mark set.
        let registered = Registered {
            localpart,
            device_id,
            at: shared.now(),
            answer: None,
        };
        if !uow
            .uia_sessions()
            .mark_registered(new.session_id, &registered, hash)
            .await?
        {
            return Ok(Creation::Overtaken);
        }
        let Registered { localpart, .. } = &registered;
        match new.name.as_ref().map(|name| name.availability) {
            Some(NameAvailability::OwnGuest) => {
                upgrade_guest(&mut *uow, localpart, &new.upgrade(shared, hash)).await?;
            }
            Some(NameAvailability::Free) | None => {
                let account = new.account(shared, localpart, hash);
                name::add(&mut *uow, &account).await?;
            }
        }
        add_threepids(&mut *uow, shared, new, localpart).await?;
        if let Some(version) = new.consent_version {
            let accounts = uow.accounts();
            accounts
                .record_consent(localpart, version, shared.now())
                .await?;
        }
        if let Some(token) = new.registration_token {
            // A token that was removed since has nothing left to count, and its holder may register.
            uow.registration_tokens().complete(token.key).await?;
        }
        let tokens = log_in(&mut *uow, shared, ctx, new, &registered).await?;
        uow.commit().await?;
        let user_id = shared.user_id(localpart);
        Ok(Creation::Done(RegisteredAccount { user_id, tokens }))
    }
}

/// Was the database lost while it may have been committing?
pub(super) fn may_have_committed(error: &RegisterError) -> bool {
    error
        .store_error()
        .is_some_and(|error| !error.is_contended())
}

/// The device and the tokens, unless the client wants none. The session keeps their digests for a
/// repeated request.
async fn log_in(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    ctx: &RequestContext,
    new: &NewRegistration<'_>,
    registered: &Registered,
) -> Result<Option<IssuedTokens>, StoreError> {
    if new.inhibit_login {
        return Ok(None);
    }
    let login = login(new, registered, DeviceHistory::New, new.refresh);
    let tokens = issue::issue(uow, shared, ctx, &login).await?;
    uow.uia_sessions()
        .record_answer(new.session_id, &tokens.digests())
        .await?;
    Ok(Some(tokens))
}

/// The login that a registration comes with.
pub(super) fn login<'a>(
    new: &'a NewRegistration<'_>,
    registered: &'a Registered,
    device: DeviceHistory,
    refresh: RefreshChoice,
) -> NewLogin<'a> {
    NewLogin {
        localpart: &registered.localpart,
        device_id: &registered.device_id,
        display_name: new.display_name.as_ref(),
        refresh,
        device,
    }
}

/// Gives the account the addresses that were validated, and to nobody else.
async fn add_threepids(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    new: &NewRegistration<'_>,
    localpart: &Localpart,
) -> Result<(), RegisterError> {
    for validated in &new.threepids {
        let medium = validated.threepid.medium();
        let threepid = AccountThreepid {
            threepid: validated.threepid.clone(),
            validated: validated.validated,
            added: shared.now(),
        };
        match uow.threepids().add(localpart, &threepid).await {
            Err(error) if error.is_conflict(Constraint::ThreepidTaken) => {
                return Err(RegisterError::ThreepidTaken(medium));
            }
            outcome => outcome?,
        }
    }
    Ok(())
}

/// Turns a guest into a user. What it had as a guest ends: its device and its tokens.
async fn upgrade_guest(
    uow: &mut dyn UnitOfWork,
    localpart: &Localpart,
    upgrade: &GuestUpgrade,
) -> Result<(), RegisterError> {
    if !uow.accounts().upgrade_guest(localpart, upgrade).await? {
        return Err(NameError::GuestMismatch.into());
    }
    uow.devices().remove_all(localpart).await?;
    uow.tokens().remove_all(localpart).await?;
    Ok(())
}

/// The next localpart that the server counts out, passing over those that somebody has already.
///
/// Accounts moved here from another server may hold a long run of numbers, so the steps grow.
pub(super) async fn next_numbered(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
) -> Result<Localpart, RegisterError> {
    let mut step = 1;
    for _ in 0..NUMBER_ATTEMPTS {
        let localpart = Localpart::numbered(uow.accounts().next_number(step).await?);
        name::check_reservations(shared, &localpart)?;
        if !uow.accounts().is_taken(&localpart).await? {
            return Ok(localpart);
        }
        step *= NUMBER_STEP_GROWTH;
    }
    Err(RegisterError::NoNumberFree)
}

//! `POST …/requestToken`: a client wants the owner of an address to prove that it is theirs.
//!
//! One use-case for all purposes: what differs is whether the address may, or must, belong to an
//! account already.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3registeremailrequesttoken>

mod covert;
mod delegated;
mod email;
mod error;
mod flight;
mod mail;
mod msisdn;
mod opening;
mod stages;

use std::sync::Arc;
use std::time::Duration;

pub use email::{EmailParameters, EmailRequests};
pub use error::RequestTokenError;
pub use msisdn::{MsisdnParameters, MsisdnRequests};

use crate::model::context::RequestContext;
use crate::model::given::Given;
use crate::model::threepid::{
    ClientSecret, ClientSecretError, Medium, NextLink, Purpose, Threepid, ValidationSessionId,
};
use crate::model::time::Timestamp;
use crate::ports::identity_server::RequestTokenReply;
use crate::ports::observer::Event;
use crate::ports::registration_hooks::ThreepidPurpose;
use crate::ports::{Intent, StoreError, UnitOfWork};
use crate::usecase::proof::allowed;
use crate::usecase::shared::Shared;
use stages::Source;

/// The hour of a cap.
const MESSAGE_WINDOW: Duration = Duration::from_hours(1);
const MESSAGE_WINDOW_MS: i64 = 60 * 60 * 1000;

/// The use-case.
#[derive(Clone)]
pub struct TokenRequests(Arc<Shared>);

/// The owner of the address was sent a message, or it looks like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRequested {
    /// By this server, or by an identity server whose answer clients must not see.
    Here(ValidationSessionId),
    /// By text message, from an identity server whose answer clients must not see.
    Texted {
        /// The validation session.
        sid: ValidationSessionId,
        /// The number in international form, without the `+`.
        number: String,
    },
    /// By an identity server, which answered this.
    Elsewhere(RequestTokenReply),
}

/// Whether an address must belong to an account of this server.
enum Ownership {
    /// To none.
    Free,
    /// To one.
    Taken,
}

impl Ownership {
    fn required_for(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Registration | Purpose::Addition => Self::Free,
            Purpose::PasswordReset => Self::Taken,
        }
    }
}

/// Whether the address suits the purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suitability {
    Suitable,
    Unsuitable,
}

async fn suitability(
    uow: &mut dyn UnitOfWork,
    threepid: &Threepid,
    purpose: Purpose,
) -> Result<Suitability, StoreError> {
    let owner = uow.threepids().find_owner(threepid).await?;
    Ok(match (Ownership::required_for(purpose), owner) {
        (Ownership::Free, None) | (Ownership::Taken, Some(_)) => Suitability::Suitable,
        (Ownership::Free, Some(_)) | (Ownership::Taken, None) => Suitability::Unsuitable,
    })
}

impl TokenRequests {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Are there parameters missing? They are named all at once, in this order.
    fn require(fields: &[(&'static str, bool)]) -> Result<(), RequestTokenError> {
        let missing: Vec<_> = fields
            .iter()
            .filter(|(_, is_present)| !is_present)
            .map(|(name, _)| *name)
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(RequestTokenError::ParametersMissing(missing))
        }
    }

    /// May the address be used here at all? Only what gives somebody an address is held to that.
    async fn check_allowed(
        &self,
        threepid: &Threepid,
        purpose: Purpose,
    ) -> Result<(), RequestTokenError> {
        let purpose = match purpose {
            Purpose::Registration => ThreepidPurpose::Registration,
            Purpose::Addition => ThreepidPurpose::Addition,
            Purpose::PasswordReset => return Ok(()),
        };
        if allowed::is_allowed(&self.0, threepid, purpose).await? {
            Ok(())
        } else {
            Err(RequestTokenError::Denied(threepid.medium()))
        }
    }

    fn charge(&self, ctx: &RequestContext, threepid: &Threepid) -> Result<(), RequestTokenError> {
        let (shared, medium) = (&self.0, threepid.medium());
        let now = shared.monotonic();
        let by_client = format!("{medium}:{}", ctx.limit_key());
        shared.limits.threepid_by_client.charge(&by_client, now)?;
        let by_address = format!("{medium}:{}", threepid.address());
        shared.limits.threepid_by_address.charge(&by_address, now)?;
        Ok(())
    }

    /// Does the address suit the purpose? Clients learn that, unless the operator wants it
    /// otherwise.
    async fn check_availability(
        &self,
        threepid: &Threepid,
        purpose: Purpose,
    ) -> Result<(), RequestTokenError> {
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        match suitability(&mut *uow, threepid, purpose).await? {
            Suitability::Suitable => Ok(()),
            Suitability::Unsuitable => Err(match Ownership::required_for(purpose) {
                Ownership::Free => RequestTokenError::InUse(threepid.medium()),
                Ownership::Taken => RequestTokenError::NotFound(threepid.medium()),
            }),
        }
    }

    /// Tells observers of a request that was granted, whether it took another message or not.
    fn announce(&self, medium: Medium, purpose: Purpose, send_attempt: i64) {
        self.0.observe(Event::TokenRequested {
            medium,
            purpose,
            send_attempt,
        });
    }

    /// Must the client of such a request be signed in? The operator may require it for additions. It is
    /// implied where registrations must pass stages first: otherwise the other endpoint would send
    /// messages to anybody.
    fn is_login_required(&self, purpose: Purpose) -> bool {
        let validation = &self.0.policy.threepids.validation;
        match purpose {
            Purpose::Addition => {
                validation.login_required || !validation.required_stages.is_empty()
            }
            Purpose::Registration | Purpose::PasswordReset => false,
        }
    }

    /// Is there anything to ask for, for this purpose? Told before anything else about a request is
    /// looked at.
    fn check_purpose(&self, purpose: Purpose) -> Result<(), RequestTokenError> {
        let policy = &self.0.policy;
        match purpose {
            Purpose::Registration if !policy.registration.enabled => {
                Err(RequestTokenError::RegistrationClosed)
            }
            Purpose::Addition if !policy.threepids.changes_allowed => {
                Err(RequestTokenError::ChangesForbidden)
            }
            Purpose::Registration | Purpose::Addition | Purpose::PasswordReset => Ok(()),
        }
    }

    /// Counts a message that is about to be sent, in the caller's unit of work, which must not commit
    /// when there may be none.
    ///
    /// The counts are in the database, so the cap holds for all processes of the deployment. An hour is
    /// one of the clock.
    async fn spend(
        &self,
        uow: &mut dyn UnitOfWork,
        medium: Medium,
    ) -> Result<(), RequestTokenError> {
        let shared = &self.0;
        let validation = &shared.policy.threepids.validation;
        let limit = match medium {
            Medium::Email => validation.max_mails_per_hour,
            Medium::Msisdn => validation.max_texts_per_hour,
        };
        let Some(limit) = limit else {
            return Ok(());
        };
        let now = shared.now();
        let window = message_window(now);
        if uow
            .validations()
            .count_message(medium, window, limit)
            .await?
        {
            return Ok(());
        }
        Err(RequestTokenError::CapReached {
            medium,
            retry_after_ms: window.after(MESSAGE_WINDOW).ms_since(now),
        })
    }

    /// Everything that is checked before accounts are looked at: the link, whether the address is
    /// wanted here, and the limits. Where an address is to be added to an account, the link comes last.
    async fn admit(
        &self,
        ctx: &RequestContext,
        purpose: Purpose,
        threepid: &Threepid,
        source: &Source<'_>,
    ) -> Result<Option<NextLink>, RequestTokenError> {
        let text = source
            .next_link
            .optional(RequestTokenError::MalformedField("next_link").in_request_for(purpose))?;
        let text = text.filter(|text| !text.is_empty());
        let hosts = self.0.policy.threepids.next_link_hosts.as_deref();
        let judge = || text.map(|text| NextLink::parse(text, hosts)).transpose();
        let judged_early = match purpose {
            Purpose::Registration | Purpose::PasswordReset => Some(judge()?),
            Purpose::Addition => None,
        };
        if purpose == Purpose::Registration {
            self.check_stages(threepid.medium(), source).await?;
        }
        self.check_allowed(threepid, purpose).await?;
        self.charge(ctx, threepid)?;
        match judged_early {
            Some(link) => Ok(link),
            None => Ok(judge()?),
        }
    }
}

/// The hour of the clock in which messages are counted together.
pub(crate) fn message_window(now: Timestamp) -> Timestamp {
    let length_ms = MESSAGE_WINDOW_MS;
    Timestamp::from_unix_ms(now.unix_ms().div_euclid(length_ms) * length_ms)
}

fn client_secret(given: &Given<String>) -> Result<ClientSecret, RequestTokenError> {
    let text = given.value().ok_or(ClientSecretError)?;
    Ok(ClientSecret::parse(text)?)
}

fn send_attempt(given: &Given<i64>) -> Result<i64, RequestTokenError> {
    let number = given.value().copied();
    number.ok_or(RequestTokenError::MalformedField("send_attempt"))
}

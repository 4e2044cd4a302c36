//! `POST …/requestToken`: a client wants the owner of an address to prove that it is theirs.
//!
//! One use-case for all purposes: what differs is whether the address may, or must, belong to an
//! account already.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3registeremailrequesttoken>

mod email;
mod error;
mod msisdn;

use std::sync::Arc;
use std::time::Duration;

pub use email::EmailWish;
pub use error::RequestTokenError;
pub use msisdn::MsisdnWish;

use super::{
    ClientSecret, ClientSecretError, Medium, NextLink, Purpose, Threepid, ValidationSessionId,
};
use crate::context::RequestContext;
use crate::core::Core;
use crate::given::Given;
use crate::ports::Intent;
use crate::ports::identity_server::RequestTokenReply;
use crate::ports::observer::Event;
use crate::ports::registration_hooks::ThreepidPurpose;

/// A request that is not told the truth waits for 1 to this many tenths of a second: about as long as
/// sending a mail might have taken.
const MAX_PRETENSE_TENTHS: u64 = 10;

/// The use-case.
#[derive(Clone)]
pub struct TokenRequests(Arc<Core>);

/// Whoever owns the address has been asked, or it looks like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRequested {
    /// By this server.
    Here(ValidationSessionId),
    /// By an identity server, which answered this.
    Elsewhere(RequestTokenReply),
}

/// What the address must be to the accounts of this server.
enum Standing {
    /// Nobody's.
    Free,
    /// Somebody's.
    Taken,
}

impl Standing {
    fn wanted_for(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Registration | Purpose::Addition => Self::Free,
            Purpose::PasswordReset => Self::Taken,
        }
    }
}

/// Whether the address is what the purpose asks for.
enum Suitability {
    Suitable,
    /// It is not, and the operator does not want clients to learn that.
    Concealed,
}

impl TokenRequests {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
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
        if super::allowed::is_allowed(&self.0, threepid, purpose).await? {
            Ok(())
        } else {
            Err(RequestTokenError::Denied(threepid.medium()))
        }
    }

    fn charge(&self, ctx: &RequestContext, threepid: &Threepid) -> Result<(), RequestTokenError> {
        let (core, medium) = (&self.0, threepid.medium());
        let now = core.monotonic();
        let by_client = format!("{medium}:{}", ctx.limit_key());
        core.limits.threepid_by_client.charge(&by_client, now)?;
        let by_address = format!("{medium}:{}", threepid.address());
        core.limits.threepid_by_address.charge(&by_address, now)?;
        Ok(())
    }

    async fn check_standing(
        &self,
        threepid: &Threepid,
        purpose: Purpose,
    ) -> Result<Suitability, RequestTokenError> {
        let core = &self.0;
        let owner = {
            let mut uow = core.ports.store.begin(Intent::Read).await?;
            uow.threepids().find_owner(threepid).await?
        };
        let refusal = match (Standing::wanted_for(purpose), owner) {
            (Standing::Free, None) | (Standing::Taken, Some(_)) => {
                return Ok(Suitability::Suitable);
            }
            (Standing::Free, Some(_)) => RequestTokenError::InUse(threepid.medium()),
            (Standing::Taken, None) => RequestTokenError::NotFound(threepid.medium()),
        };
        if core.policy.threepids.inhibit_errors {
            Ok(Suitability::Concealed)
        } else {
            Err(refusal)
        }
    }

    /// Tells observers of a wish that was granted, whether it took another message or not.
    fn announce(&self, medium: Medium, purpose: Purpose, send_attempt: i64) {
        self.0.observe(Event::TokenRequested {
            medium,
            purpose,
            send_attempt,
        });
    }

    /// Answers as if all was well, after as long as that might have taken.
    async fn pretend(&self) -> TokenRequested {
        let core = &self.0;
        let mut byte = [0_u8; 1];
        core.entropy().fill(&mut byte);
        let tenths = 1 + u64::from(byte[0]) % MAX_PRETENSE_TENTHS;
        core.ports
            .clock
            .sleep(Duration::from_millis(100 * tenths))
            .await;
        TokenRequested::Here(ValidationSessionId::generate(core.entropy()))
    }

    /// Everything that is checked before accounts are looked at: the link, whether the address is
    /// wanted here, and the limits. Where an address is to be added to an account, the link comes last.
    async fn admit(
        &self,
        ctx: &RequestContext,
        purpose: Purpose,
        threepid: &Threepid,
        next_link: &Given<String>,
    ) -> Result<Option<NextLink>, RequestTokenError> {
        let text = next_link.optional();
        let text = text
            .map_err(|_| RequestTokenError::MalformedField("next_link").in_request_for(purpose))?;
        let text = text.filter(|text| !text.is_empty());
        let hosts = self.0.policy.threepids.next_link_hosts.as_deref();
        let judge = || text.map(|text| NextLink::parse(text, hosts)).transpose();
        let judged_early = match purpose {
            Purpose::Registration | Purpose::PasswordReset => Some(judge()?),
            Purpose::Addition => None,
        };
        self.check_allowed(threepid, purpose).await?;
        self.charge(ctx, threepid)?;
        match judged_early {
            Some(link) => Ok(link),
            None => Ok(judge()?),
        }
    }
}

fn client_secret(given: &Given<String>) -> Result<ClientSecret, RequestTokenError> {
    let text = given.value().ok_or(ClientSecretError)?;
    Ok(ClientSecret::parse(text)?)
}

fn send_attempt(given: &Given<i64>) -> Result<i64, RequestTokenError> {
    let number = given.value().copied();
    number.ok_or(RequestTokenError::MalformedField("send_attempt"))
}

//! The proof that an address may be added: a validation session, this server's or an identity
//! server's.

use super::ThreepidError;
use crate::model::given::Given;
use crate::model::threepid::{
    ClientSecret, Medium, Purpose, ValidatedThreepid, ValidationSession, ValidationSessionId,
};
use crate::ports::{EmailValidation, IdentityServer, Intent, StoreError, UnitOfWork};
use crate::usecase::proof::delegated::DelegatedProof;
use crate::usecase::shared::Shared;
use crate::usecase::uia::auth::ThreepidCredentials;

/// What a session must have been validated for.
pub(super) const PURPOSES: &[Purpose] = &[Purpose::Addition];

/// The credentials of a validation session.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    pub(super) client_secret: ClientSecret,
    pub(super) sid: ValidationSessionId,
}

/// Where the proof was found, and what it proves.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// Here. It is used up by what it is used for.
    Here(ValidatedThreepid),
    /// At an identity server. Here it is noted that it was used.
    Elsewhere(DelegatedProof),
}

impl Found {
    pub(super) fn validated(&self) -> &ValidatedThreepid {
        match self {
            Self::Here(validated) => validated,
            Self::Elsewhere(proof) => proof.validated(),
        }
    }
}

impl Proof {
    pub(super) fn read(credentials: &ThreepidCredentials) -> Result<Self, ThreepidError> {
        let client_secret = required(&credentials.client_secret, "client_secret")?;
        let sid = required(&credentials.sid, "sid")?;
        Ok(Self {
            client_secret: ClientSecret::parse(client_secret)?,
            sid: ValidationSessionId::read(sid).ok_or(ThreepidError::MalformedField("sid"))?,
        })
    }

    /// Looks for the proof without using it up: first here, then at the identity servers. A client
    /// does not say of which kind the address is.
    pub(super) async fn find(&self, shared: &Shared) -> Result<Found, ThreepidError> {
        match &shared.ports.email {
            EmailValidation::Off => {}
            EmailValidation::Local(_) => {
                if let Some(validated) = self.find_here(shared).await? {
                    return Ok(Found::Here(validated));
                }
            }
            EmailValidation::Delegated(server) => {
                if let Some(proof) = self.ask(shared, &**server, Medium::Email).await? {
                    return Ok(Found::Elsewhere(proof));
                }
            }
        }
        if let Some(server) = &shared.ports.msisdn
            && let Some(proof) = self.ask(shared, &**server, Medium::Msisdn).await?
        {
            return Ok(Found::Elsewhere(proof));
        }
        Err(ThreepidError::NotValidated)
    }

    async fn find_here(&self, shared: &Shared) -> Result<Option<ValidatedThreepid>, StoreError> {
        let mut uow = shared.ports.store.begin(Intent::Read).await?;
        let session = uow.validations().find(&self.sid).await?;
        let session = session.filter(|session| {
            session.client_secret == self.client_secret.digest()
                && !session.consumed
                && PURPOSES.contains(&session.purpose)
        });
        Ok(session.and_then(|session| {
            session.validated.map(|validated| ValidatedThreepid {
                threepid: session.threepid,
                validated,
            })
        }))
    }

    async fn ask(
        &self,
        shared: &Shared,
        server: &dyn IdentityServer,
        medium: Medium,
    ) -> Result<Option<DelegatedProof>, ThreepidError> {
        let (sid, client_secret) = (self.sid.as_str(), &self.client_secret);
        let found =
            DelegatedProof::find::<ThreepidError>(shared, server, sid, client_secret).await?;
        Ok(found.filter(|proof| proof.medium() == medium))
    }

    /// Uses up a proof of this server: it is good for one account, once.
    pub(super) async fn consume(
        &self,
        uow: &mut dyn UnitOfWork,
        shared: &Shared,
    ) -> Result<ValidatedThreepid, ThreepidError> {
        let after = shared.now().before(ValidationSession::USABLE_FOR);
        let secret = self.client_secret.digest();
        let validated = uow
            .validations()
            .consume(&self.sid, &secret, PURPOSES, after)
            .await?;
        validated.ok_or(ThreepidError::NotValidated)
    }
}

/// A string that must be there and not be empty.
pub(super) fn required<'a>(
    given: &'a Given<String>,
    name: &'static str,
) -> Result<&'a str, ThreepidError> {
    given.required(
        ThreepidError::ParameterMissing(name),
        ThreepidError::MalformedField(name),
    )
}

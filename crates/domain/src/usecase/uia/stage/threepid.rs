//! `m.login.email.identity` and `m.login.msisdn`: an address whose owner has proved that it is theirs,
//! to this server or to an identity server.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#email-based-identity--homeserver>

use crate::model::given::Given;
use crate::model::secret::TokenDigest;
use crate::model::threepid::{
    ClientSecret, Medium, Purpose, ValidationSession, ValidationSessionId,
};
use crate::model::uia::{StageFailure, StageResult};
use crate::ports::{IdentityServer, StoreError, UnitOfWork};
use crate::usecase::proof::delegated::DelegatedProof;
use crate::usecase::shared::Shared;
use crate::usecase::uia::auth::ThreepidCredentials;
use crate::usecase::uia::gate_error::GateError;

/// The credentials of a validation session, as far as they can be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credentials<'a> {
    sid: &'a str,
    client_secret: &'a str,
}

/// Reads the credentials. A client that sends none may go on; one that sends nonsense is told so.
pub(crate) fn credentials(
    given: &Given<ThreepidCredentials>,
) -> Result<Result<Credentials<'_>, StageFailure>, GateError> {
    let given = match given {
        Given::Absent => return Ok(Err(StageFailure::CredentialsMissing)),
        Given::Null | Given::Malformed => return Err(GateError::MalformedField("threepid_creds")),
        Given::Value(given) => given,
    };
    Ok(Ok(Credentials {
        client_secret: required(&given.client_secret, "client_secret")?,
        sid: required(&given.sid, "sid")?,
    }))
}

fn required<'a>(given: &'a Given<String>, name: &'static str) -> Result<&'a str, GateError> {
    given.required(
        GateError::MissingField(name),
        GateError::MalformedField(name),
    )
}

/// Asks an identity server. Slow, so it comes before the unit of work.
pub(crate) async fn ask(
    shared: &Shared,
    server: &dyn IdentityServer,
    credentials: Credentials<'_>,
    medium: Medium,
) -> Result<Result<DelegatedProof, StageFailure>, GateError> {
    let client_secret = ClientSecret::parse(credentials.client_secret)?;
    let sid = credentials.sid;
    let found = DelegatedProof::find::<GateError>(shared, server, sid, &client_secret).await?;
    Ok(match found {
        None => Err(StageFailure::NotValidated),
        Some(proof) if proof.medium() != medium => Err(StageFailure::WrongMedium),
        Some(proof) => Ok(proof),
    })
}

/// Uses up a validation session of this server: one proof passes the stage of one session.
pub(crate) async fn consume(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    credentials: Credentials<'_>,
    purposes: &[Purpose],
) -> Result<Result<StageResult, StageFailure>, StoreError> {
    let Some(sid) = ValidationSessionId::read(credentials.sid) else {
        return Ok(Err(StageFailure::NotValidated));
    };
    let secret = TokenDigest::of(credentials.client_secret);
    let after = shared.now().before(ValidationSession::USABLE_FOR);
    let validated = uow
        .validations()
        .consume(&sid, &secret, purposes, after)
        .await?;
    Ok(validated
        .map(StageResult::Threepid)
        .ok_or(StageFailure::NotValidated))
}

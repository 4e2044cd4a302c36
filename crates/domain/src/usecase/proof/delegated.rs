//! Proofs of identity servers: which session a client means, whether its proof is fresh, and that it is
//! used once.

use std::time::Duration;

use crate::model::threepid::{
    ClientSecret, Medium, ProofDigest, Purpose, Unasked, ValidatedThreepid, ValidationSession,
    ValidationSessionId,
};
use crate::model::time::Timestamp;
use crate::ports::{IdentityServer, IdentityServerError, Intent, StoreError, UnitOfWork};
use crate::usecase::shared::Shared;

/// How far ahead the clock of an identity server may be.
const MAX_CLOCK_SKEW: Duration = Duration::from_mins(5);
/// How long it is remembered what a proof was asked for: longer than identity servers wait for their
/// reader and the proof is good for afterwards.
const PURPOSE_KNOWN_FOR: Duration = Duration::from_hours(24 * 7);

/// A fresh proof of an identity server, not yet used.
#[derive(Clone, Debug)]
pub(crate) struct DelegatedProof {
    digest: ProofDigest,
    validated: ValidatedThreepid,
}

impl DelegatedProof {
    /// Asks an identity server for the proof in a session. `None` when nothing is proved there, or too
    /// long ago, or in the future.
    ///
    /// # Errors
    /// Those of the store and of the identity server.
    pub(crate) async fn find<E: From<StoreError> + From<IdentityServerError>>(
        shared: &Shared,
        server: &dyn IdentityServer,
        sid: &str,
        client_secret: &ClientSecret,
    ) -> Result<Option<Self>, E> {
        let sid = delegate_sid(shared, sid, client_secret).await?;
        let validated = server.validated(&sid, client_secret).await?;
        let validated = validated.filter(|validated| {
            let is_fresh = is_fresh(validated.validated, shared.now());
            if !is_fresh {
                tracing::warn!("identity server returned a proof that is too old or in the future");
            }
            is_fresh
        });
        Ok(validated.map(|validated| Self {
            digest: ProofDigest::of(server.name(), &sid, client_secret),
            validated,
        }))
    }

    /// What it proves.
    pub(crate) fn validated(&self) -> &ValidatedThreepid {
        &self.validated
    }

    /// Its medium.
    pub(crate) fn medium(&self) -> Medium {
        self.validated.threepid.medium()
    }

    /// Uses it up, in the unit of work of what it proves. `None` when it was used, or asked for another
    /// purpose.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn consume(
        &self,
        uow: &mut dyn UnitOfWork,
        shared: &Shared,
        purposes: &[Purpose],
    ) -> Result<Option<ValidatedThreepid>, StoreError> {
        // Afterwards it is too old, whatever the clocks say.
        let expires = shared
            .now()
            .after(ValidationSession::USABLE_FOR + 2 * MAX_CLOCK_SKEW);
        let unasked = Unasked::for_purposes(purposes, self.medium());
        let consumed = uow
            .validations()
            .consume_delegated(&self.digest, purposes, unasked, expires)
            .await?;
        Ok(consumed.then(|| self.validated.clone()))
    }
}

fn is_fresh(validated: Timestamp, now: Timestamp) -> bool {
    validated > now.before(ValidationSession::USABLE_FOR) && validated <= now.after(MAX_CLOCK_SKEW)
}

/// Records what an identity server was asked for, in the caller's unit of work.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn record_purpose(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    proof: &ProofDigest,
    purpose: Purpose,
) -> Result<(), StoreError> {
    let expires = shared.now().after(PURPOSE_KNOWN_FOR);
    uow.validations()
        .record_delegated_purpose(proof, purpose, expires)
        .await
}

/// The `sid` by which an identity server knows the session that a client names.
///
/// Clients have a `sid` of this server where they must not see the identity server's answer, and the
/// identity server's own otherwise. A pretended session has one that no identity server knows; it is
/// asked about it all the same.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn delegate_sid(
    shared: &Shared,
    sid: &str,
    client_secret: &ClientSecret,
) -> Result<String, StoreError> {
    let Some(id) = ValidationSessionId::read(sid) else {
        return Ok(sid.to_owned());
    };
    let mut uow = shared.ports.store.begin(Intent::Read).await?;
    let session = uow.validations().find(&id).await?;
    let session = session.filter(|session| session.client_secret == client_secret.digest());
    let delegate_sid = session.and_then(|session| session.delegate_sid);
    Ok(delegate_sid.map_or_else(|| sid.to_owned(), |id| id.as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_are_fresh_for_two_days() {
        let hour = 60 * 60 * 1000;
        let now = 1_700_000_000_000;
        let rows = [
            (now, true),
            (now - 48 * hour + 1, true),
            (now - 48 * hour, false),
            (5, false),
            (now + 5 * 60 * 1000, true),
            (now + 5 * 60 * 1000 + 1, false),
            (i64::MAX, false),
            (i64::MIN, false),
        ];
        for (validated, expected) in rows {
            let at = Timestamp::from_unix_ms;
            assert_eq!(is_fresh(at(validated), at(now)), expected, "{validated}");
        }
    }
}

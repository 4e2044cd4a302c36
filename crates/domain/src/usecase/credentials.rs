//! Is this the password of this account? With the limit on failures, for `POST /login` and for
//! the password stage of user-interactive authentication.

pub mod identifier;

use self::identifier::Named;
use crate::model::account::Account;
use crate::model::context::HashTurn;
use crate::model::id::Localpart;
use crate::model::limit::LimitExceeded;
use crate::model::password::{Password, PasswordHash, Verification};
use crate::ports::{HashError, Intent, StoreError};
use crate::usecase::shared::Shared;

/// Why a password did not open an account.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// Too many failures with this name.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// No such account, or another password. Nobody learns which.
    #[error("the username or password is wrong")]
    Wrong,
    /// The account is deactivated, which only its right password discloses.
    #[error("this account has been deactivated")]
    Deactivated,
    /// The password could not be compared.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An account whose password was given.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) account: Account,
    /// The hash that the password was verified with. Whatever the password is to open must happen in
    /// a unit of work in which this still is the account's.
    pub(crate) hash: PasswordHash,
    /// The hash should be replaced by one of today's algorithm and cost.
    pub(crate) is_outdated: bool,
}

/// Checks a password. Counts failures under the name that was given, existing or not.
pub(crate) async fn check(
    shared: &Shared,
    turn: HashTurn,
    named: &Named,
    password: &str,
) -> Result<Verified, CredentialError> {
    let failures = &shared.limits.login_failed_attempts;
    failures.peek(&named.failure_key, shared.monotonic())?;
    let outcome = compare(shared, turn, named, password).await;
    if matches!(
        outcome,
        Err(CredentialError::Wrong | CredentialError::Deactivated)
    ) {
        // A client that reaches the limit with this failure is still told that it failed.
        let _limit_reached = failures.charge(&named.failure_key, shared.monotonic());
    }
    outcome
}

/// Compares a password with the hash of the named account. Where there is nothing to compare with, as
/// much is computed for nothing, so that time does not disclose who has an account and a password.
/// Hashes of another algorithm or cost take their own time until a login renews them.
async fn compare(
    shared: &Shared,
    turn: HashTurn,
    named: &Named,
    password: &str,
) -> Result<Verified, CredentialError> {
    let account = find(shared, named).await?;
    let password = Password::parse(password).map_err(|_| CredentialError::Wrong)?;
    let hash = account.as_ref().and_then(stored_hash).cloned();
    let (Some(account), Some(hash)) = (account, hash) else {
        return mismatch(shared, turn, &password).await;
    };
    let hasher = &shared.ports.password_hasher;
    let is_outdated = match hasher.verify(turn, &password, &hash).await {
        Ok(Verification::Mismatch) => return Err(CredentialError::Wrong),
        Ok(Verification::Match) => false,
        Ok(Verification::MatchOutdated) => true,
        Err(HashError::UnusableHash(reason)) => {
            // No password opens what was imported here.
            tracing::error!(account.localpart = %account.localpart, %reason, "stored password hash cannot be used");
            return mismatch(shared, turn, &password).await;
        }
        Err(error) => return Err(error.into()),
    };
    if account.deactivated {
        return Err(CredentialError::Deactivated);
    }
    Ok(Verified {
        account,
        hash,
        is_outdated,
    })
}

/// What the password of an account is compared with; of a deactivated account, what it was.
fn stored_hash(account: &Account) -> Option<&PasswordHash> {
    let hash = account.password_hash.as_ref();
    let former = account.former_password_hash.as_ref();
    hash.or(former.filter(|_| account.deactivated))
}

/// Computes as much as a comparison does: a hash of the same password at today's cost.
async fn mismatch(
    shared: &Shared,
    turn: HashTurn,
    password: &Password,
) -> Result<Verified, CredentialError> {
    shared.ports.password_hasher.hash(turn, password).await?;
    Err(CredentialError::Wrong)
}

/// The account of a name, ignoring case: the only one, or the exact one among several.
async fn find(shared: &Shared, named: &Named) -> Result<Option<Account>, StoreError> {
    let mut uow = shared.ports.store.begin(Intent::Read).await?;
    // Looked up in any case, since that takes time too.
    let nobody = Localpart::numbered(0);
    let localpart = named.localpart.as_ref().unwrap_or(&nobody);
    let mut accounts = uow.accounts().list_by_folded(localpart).await?;
    if accounts.len() > 1 {
        accounts.retain(|account| account.localpart == *localpart);
    }
    Ok(accounts.pop().filter(|_| named.localpart.is_some()))
}

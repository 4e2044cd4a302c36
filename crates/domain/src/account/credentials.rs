//! Is this the password of this account? With the limit on failures, for `POST /login` and for
//! the password stage of user-interactive authentication.

use super::Account;
use super::identifier::Named;
use crate::core::Core;
use crate::limit::LimitExceeded;
use crate::password::{Password, PasswordHash};
use crate::ports::{HashError, HashTurn, Intent, StoreError, Verification};

/// Why a password did not open an account.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// Too many failures with this name.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// No such account, or another password. Nobody learns which.
    #[error("the username or password is wrong")]
    Wrong,
    /// The account is closed.
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
    /// The stored hash, when it should be replaced by one of today's algorithm and cost.
    pub(crate) outdated_hash: Option<PasswordHash>,
}

/// Checks a password. Counts failures under the name that was given, existing or not.
pub(crate) async fn check(
    core: &Core,
    turn: HashTurn,
    named: &Named,
    password: &str,
) -> Result<Verified, CredentialError> {
    let failures = &core.limits.login_failed_attempts;
    failures.peek(&named.failure_key, core.monotonic())?;
    let outcome = compare(core, turn, named, password).await;
    if matches!(
        outcome,
        Err(CredentialError::Wrong | CredentialError::Deactivated)
    ) {
        // Whoever runs into the limit with this very failure still learns that it was one.
        let _limit_reached = failures.charge(&named.failure_key, core.monotonic());
    }
    outcome
}

async fn compare(
    core: &Core,
    turn: HashTurn,
    named: &Named,
    password: &str,
) -> Result<Verified, CredentialError> {
    let account = find(core, named).await?.ok_or(CredentialError::Wrong)?;
    let Some(hash) = &account.password_hash else {
        return Err(if account.deactivated {
            CredentialError::Deactivated
        } else {
            CredentialError::Wrong
        });
    };
    let password = Password::parse(password).map_err(|_| CredentialError::Wrong)?;
    let verification = match core
        .ports
        .password_hasher
        .verify(turn, &password, hash)
        .await
    {
        Err(HashError::UnusableHash(reason)) => {
            // Whatever was imported here, no password opens it.
            tracing::error!(account.localpart = %account.localpart, %reason, "a stored hash cannot be used");
            return Err(CredentialError::Wrong);
        }
        verification => verification?,
    };
    let outdated_hash = match verification {
        Verification::Mismatch => return Err(CredentialError::Wrong),
        Verification::Match => None,
        Verification::MatchOutdated => Some(hash.clone()),
    };
    Ok(Verified {
        account,
        outdated_hash,
    })
}

/// The account of a name, ignoring case: the only one, or the exact one among several.
async fn find(core: &Core, named: &Named) -> Result<Option<Account>, StoreError> {
    let Some(localpart) = &named.localpart else {
        return Ok(None);
    };
    let mut uow = core.ports.store.begin(Intent::Read).await?;
    let mut accounts = uow.accounts().list_by_folded(localpart).await?;
    if accounts.len() > 1 {
        accounts.retain(|account| account.localpart == *localpart);
    }
    Ok(accounts.pop())
}

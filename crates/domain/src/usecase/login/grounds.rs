//! Why somebody is logged in, and whether that still holds in the unit of work that issues the tokens.

use super::LoginError;
use crate::model::appservice::AppService;
use crate::model::id::Localpart;
use crate::model::password::PasswordHash;
use crate::ports::store::{Constraint, StoreErrorKind};
use crate::ports::{StoreError, UnitOfWork};
use crate::usecase::credentials::CredentialError;
use crate::usecase::shared::Shared;

/// Why somebody is logged in.
#[derive(Clone, Copy)]
pub(super) enum Grounds<'a> {
    /// They know the password.
    Password {
        /// The hash that it was verified with.
        verified: &'a PasswordHash,
        /// Today's hash of it, to replace an outdated one.
        renewed: Option<&'a PasswordHash>,
    },
    /// They are a user of this application service. Its own user, which services need not register,
    /// gets an account with the first login.
    Service(&'a AppService),
}

impl Grounds<'_> {
    /// Holds the account for the unit of work. Do the grounds still hold?
    ///
    /// # Errors
    /// [`CredentialError::Deactivated`] to an application service, [`LoginError::Store`].
    pub(super) async fn hold(
        self,
        uow: &mut dyn UnitOfWork,
        shared: &Shared,
        localpart: &Localpart,
    ) -> Result<bool, LoginError> {
        let held = uow.accounts().hold(localpart).await?;
        match (self, held) {
            (Self::Password { verified, renewed }, Some(account)) => {
                if account.deactivated || account.password_hash.as_ref() != Some(verified) {
                    return Ok(false);
                }
                if let Some(renewed) = renewed {
                    uow.accounts()
                        .replace_password_hash(localpart, verified, renewed)
                        .await?;
                }
                Ok(true)
            }
            (Self::Service(_), Some(account)) if account.deactivated => {
                Err(CredentialError::Deactivated.into())
            }
            (Self::Service(_), Some(_)) => Ok(true),
            (Self::Service(service), None) if service.sender == *localpart => {
                let account = service.new_account(&shared.user_id(localpart), shared.now());
                match uow.accounts().add(&account).await {
                    // Another login has just added it: look again.
                    Err(error) if error.is_conflict(Constraint::LocalpartTaken) => {
                        Err(StoreError::from(StoreErrorKind::Contended).into())
                    }
                    added => Ok(added.map(|()| true)?),
                }
            }
            (Self::Password { .. } | Self::Service(_), None) => Ok(false),
        }
    }
}

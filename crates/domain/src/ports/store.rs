//! The database: [`Store`] opens a [`UnitOfWork`], whose repositories read and write.
//!
//! Rules for every adapter, pinned by the suite in `registrar-testkit`:
//! * What a unit of work wrote is visible to others after [`UnitOfWork::commit`] and not before;
//!   dropping it at any point, also in the middle of a statement, undoes all of it.
//! * When `commit` returns `Ok`, the data survives a crash of the machine.
//! * After a failed statement a unit of work can only be dropped.
//! * Uniqueness is the database's business and comes back as [`StoreErrorKind::Conflict`].
//! * Counters and one-time marks are *guarded updates*: they change a row only while the guard holds
//!   and say whether they did. No two callers win the same guard.

mod account;
mod activity;
mod change;
mod device;
mod error;
mod lease;
mod registration_token;
mod threepid;
mod token;
mod uia;
mod validation;

use async_trait::async_trait;

pub use account::{
    AccountChanges, AccountFilter, AccountList, AccountOrder, AccountPage, AccountRepository,
    AccountSearch, Direction, GuestUpgrade,
};
pub use activity::ActivityRepository;
pub use change::Change;
pub use device::{DeviceRepository, Sighting};
pub use error::{Constraint, StoreError, StoreErrorKind};
pub use lease::LeaseRepository;
pub use registration_token::RegistrationTokenRepository;
pub use threepid::ThreepidRepository;
pub use token::TokenRepository;
pub use uia::UiaRepository;
pub use validation::ValidationRepository;

/// What a unit of work is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Reading. Each statement sees the database as it is at that moment; there is no snapshot over
    /// several statements, and writing is an error. Ends by dropping it.
    Read,
    /// Reading and writing, all or nothing. Ends by [`UnitOfWork::commit`] or by dropping it.
    Write,
}

/// A database.
#[async_trait]
pub trait Store: Send + Sync {
    /// Begins a unit of work.
    ///
    /// # Errors
    /// [`StoreErrorKind::Unavailable`] when no connection comes free in time.
    async fn begin(&self, intent: Intent) -> Result<Box<dyn UnitOfWork>, StoreError>;
}

/// One transaction with the repositories in it.
#[async_trait]
pub trait UnitOfWork: Send {
    /// Accounts.
    fn accounts(&mut self) -> &mut dyn AccountRepository;
    /// Devices.
    fn devices(&mut self) -> &mut dyn DeviceRepository;
    /// Access and refresh tokens.
    fn tokens(&mut self) -> &mut dyn TokenRepository;
    /// Sessions of user-interactive authentication.
    fn uia_sessions(&mut self) -> &mut dyn UiaRepository;
    /// Third-party identifiers of accounts.
    fn threepids(&mut self) -> &mut dyn ThreepidRepository;
    /// Registration tokens.
    fn registration_tokens(&mut self) -> &mut dyn RegistrationTokenRepository;
    /// Validation sessions of third-party identifiers.
    fn validations(&mut self) -> &mut dyn ValidationRepository;
    /// When users were last active.
    fn activity(&mut self) -> &mut dyn ActivityRepository;
    /// Leases: which process does a periodic job.
    fn leases(&mut self) -> &mut dyn LeaseRepository;

    /// Makes everything durable and visible.
    ///
    /// # Errors
    /// [`StoreErrorKind::Contended`] when nothing was written and the whole unit may be tried again;
    /// [`StoreErrorKind::Unavailable`] when the connection broke or no answer came in time, and the
    /// outcome is unknown; [`StoreErrorKind::Lost`] when what was written will not be found again.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

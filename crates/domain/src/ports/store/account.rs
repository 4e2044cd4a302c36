use async_trait::async_trait;

use super::{Change, StoreError};
use crate::model::account::Account;
use crate::model::id::{Localpart, ServerName};
use crate::model::password::PasswordHash;
use crate::model::time::Timestamp;

/// What of an account is replaced. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChanges {
    /// The name shown to others.
    pub display_name: Change<Option<String>>,
    /// May it use the admin API?
    pub admin: Change<bool>,
    /// `support`, `bot`, or a type that the operator configured.
    pub user_type: Change<Option<String>>,
    /// Was it deactivated with the request to erase?
    pub erased: Change<bool>,
    /// Is it suspended?
    pub suspended: Change<bool>,
}

/// What a guest becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestUpgrade {
    /// How the user's password is checked.
    pub password_hash: PasswordHash,
    /// Is the user invisible to others, whatever the guest was?
    pub shadow_banned: bool,
    /// When.
    pub at: Timestamp,
}

/// Which accounts are listed. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Only those that contain a string.
    pub search: Option<AccountSearch>,
    /// Only guests, or only others.
    pub guests: Option<bool>,
    /// Only deactivated accounts, or only others.
    pub deactivated: Option<bool>,
    /// Only administrators, or only others.
    pub admins: Option<bool>,
    /// None of these types; `None` stands for accounts without a type.
    pub without_user_types: Vec<Option<String>>,
}

/// Where a string must be found. It stands for itself, also where it holds wildcards of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountSearch {
    /// Anywhere in the user ID, in whatever case.
    UserId {
        /// The text.
        part: String,
        /// What user IDs end in.
        server_name: ServerName,
    },
    /// Anywhere in the localpart, in whatever case; or in the display name, where the case of
    /// letters beyond ASCII may count.
    Name(String),
}

/// What accounts are ordered by, and after it by their localparts. Nothing comes before something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountOrder {
    /// Their localparts.
    #[default]
    Localpart,
    /// Their display names, by the rules of the database.
    DisplayName,
    /// Whether they are guests.
    Guest,
    /// Whether they are administrators.
    Admin,
    /// Whether they are deactivated.
    Deactivated,
    /// Their types.
    UserType,
    /// Whether they are shadow-banned.
    ShadowBanned,
    /// When they were created.
    Created,
    /// When their owners were last seen.
    LastSeen,
}

/// Which way an order goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// From the smallest to the largest.
    #[default]
    Forwards,
    /// From the largest to the smallest. Accounts that are equal stay in the order of their localparts.
    Backwards,
}

/// A part of a list of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountPage {
    /// What they are ordered by.
    pub order: AccountOrder,
    /// Which way.
    pub direction: Direction,
    /// How many accounts are passed over.
    pub offset: u64,
    /// How many accounts there are at most.
    pub limit: u64,
}

/// A page of accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountList {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// How many there are on all pages.
    pub total: u64,
}

/// Accounts.
#[async_trait]
pub trait AccountRepository: Send {
    /// The account with exactly this localpart.
    async fn find(&mut self, localpart: &Localpart) -> Result<Option<Account>, StoreError>;

    /// The account with exactly this localpart, held until the unit of work ends: nobody else changes
    /// or holds it meanwhile, and it is read as the last one who did left it.
    ///
    /// For units of work that write. What was found out about an account before, such as that a
    /// password opens it, is compared with what is held.
    async fn hold(&mut self, localpart: &Localpart) -> Result<Option<Account>, StoreError>;

    /// All accounts whose localpart is this one when case is ignored ([`Localpart::folded`]);
    /// historical accounts may differ in case alone.
    async fn list_by_folded(&mut self, localpart: &Localpart) -> Result<Vec<Account>, StoreError>;

    /// Is there an account with this localpart, ignoring case, of any kind, deactivated or not?
    async fn is_taken(&mut self, localpart: &Localpart) -> Result<bool, StoreError>;

    /// Adds an account.
    ///
    /// # Errors
    /// [`Constraint::LocalpartTaken`](super::Constraint::LocalpartTaken) for exactly the same
    /// localpart; also when the other account was committed a moment ago.
    async fn add(&mut self, account: &Account) -> Result<(), StoreError>;

    /// Guarded: turns a guest into a user, who has what this upgrade says and keeps the display name,
    /// but no rights, type or application service that the guest was given. `false` when there is no
    /// such guest.
    async fn upgrade_guest(
        &mut self,
        localpart: &Localpart,
        upgrade: &GuestUpgrade,
    ) -> Result<bool, StoreError>;

    /// Guarded: replaces the password hash while it still is `old`. `false` when it is not.
    async fn replace_password_hash(
        &mut self,
        localpart: &Localpart,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError>;

    /// Guarded: sets the password hash of an account, whatever it was, while the account is not
    /// deactivated. `false` when it is, or is not there.
    async fn set_password_hash(
        &mut self,
        localpart: &Localpart,
        password_hash: &PasswordHash,
    ) -> Result<bool, StoreError>;

    /// Replaces some properties of an account. `false` when there is no such account.
    async fn update(
        &mut self,
        localpart: &Localpart,
        changes: &AccountChanges,
    ) -> Result<bool, StoreError>;

    /// Marks an account as deactivated and takes its password away, which becomes the former one.
    /// Idempotent; `false` when there is no such account.
    async fn deactivate(&mut self, localpart: &Localpart) -> Result<bool, StoreError>;

    /// Guarded: opens a deactivated account again, with this password or with none, and forgets the
    /// former one. `false` when it is not deactivated, or is not there.
    async fn reactivate(
        &mut self,
        localpart: &Localpart,
        password_hash: Option<&PasswordHash>,
    ) -> Result<bool, StoreError>;

    /// The accounts that pass a filter, one page of them.
    async fn list(
        &mut self,
        filter: &AccountFilter,
        page: AccountPage,
    ) -> Result<AccountList, StoreError>;

    /// Records which version of the policies an account's owner agreed to, and when. `false` when
    /// there is no such account.
    async fn record_consent(
        &mut self,
        localpart: &Localpart,
        version: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The next number for an account without a chosen name, starting at 1; with a larger `step` the
    /// one that many further. Numbers are never given twice, and gaps are normal.
    async fn next_number(&mut self, step: u32) -> Result<u64, StoreError>;
}

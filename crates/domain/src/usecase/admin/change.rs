//! `PUT /_synapse/admin/v2/users/{userId}`: makes an account, or changes one, as a whole and in one
//! transaction.

use std::collections::BTreeSet;

use super::close::logins;
use super::{UserAdmin, UserAdminError, UserDetails, existing, new_password, switch};
use crate::model::account::{Account, AccountKind};
use crate::model::context::HashTurn;
use crate::model::given::Given;
use crate::model::id::Localpart;
use crate::model::password::{Password, PasswordHash};
use crate::model::policy::UserTypes;
use crate::model::threepid::{AccountThreepid, Threepid};
use crate::model::uia::ErasePolicy;
use crate::ports::observer::{Applicant, Event};
use crate::ports::store::{AccountChanges, Change, Constraint};
use crate::ports::{Intent, UnitOfWork};
use crate::usecase::account::deactivate::deactivate;
use crate::usecase::name::{self, Claims};
use crate::usecase::password::set_password;
use crate::usecase::registration::rules::{self, Admission};
use crate::usecase::token::authenticate::Administrator;

/// The longest display name of an account, in Unicode code points.
const MAX_DISPLAY_NAME_CHARS: usize = 256;

/// An account as it shall be, as sent. What is absent stays.
#[derive(Clone, Debug, Default)]
pub struct UserChanges {
    /// `password`.
    pub password: Given<String>,
    /// `logout_devices`: do all logins end with a new password? They do unless told otherwise.
    pub logout_devices: Given<bool>,
    /// `displayname`; `null` and the empty string for none. A new account without this field, or
    /// with `null`, gets its localpart for a name.
    pub display_name: Given<String>,
    /// `threepids`: all that the account shall have.
    pub threepids: Given<Vec<ThreepidEntry>>,
    /// `external_ids`: how many there are. This server has none.
    pub external_ids: Given<usize>,
    /// `admin`.
    pub admin: Given<bool>,
    /// `deactivated`.
    pub deactivated: Given<bool>,
    /// `locked`. This server locks nobody.
    pub locked: Given<bool>,
    /// `user_type`; `null` for none.
    pub user_type: Given<String>,
}

/// An item of `threepids`, as sent.
#[derive(Clone, Debug, Default)]
pub struct ThreepidEntry {
    /// `medium`.
    pub medium: Given<String>,
    /// `address`.
    pub address: Given<String>,
}

/// What became of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is new.
    Created(UserDetails),
    /// It was there.
    Modified(UserDetails),
}

/// A request whose fields can be used.
struct CheckedChanges {
    /// A new account has its localpart for a name.
    default_name: bool,
    threepids: Option<BTreeSet<Threepid>>,
    properties: AccountChanges,
    password: Option<Password>,
    logout: bool,
    deactivated: Option<bool>,
}

impl UserAdmin {
    /// Makes an account, or changes the one that is there.
    ///
    /// # Errors
    /// [`UserAdminError`]; nothing has changed then.
    pub async fn put(
        &self,
        admin: &Administrator,
        user_id: &str,
        changes: &UserChanges,
    ) -> Result<Changed, UserAdminError> {
        let localpart = self.target(user_id)?;
        let changes = self.parse(changes)?;
        let account = {
            let mut uow = self.0.ports.store.begin(Intent::Read).await?;
            uow.accounts().find(&localpart).await?
        };
        match account {
            None => self.make(admin, localpart, &changes).await,
            Some(account) => {
                let details = self.modify(admin, &account, &changes).await?;
                Ok(Changed::Modified(details))
            }
        }
    }

    /// Makes an account. Whether registration is open, and its limits, do not matter.
    ///
    /// # Errors
    /// [`UserAdminError`]; nothing has changed then.
    pub async fn create(
        &self,
        admin: &Administrator,
        username: &str,
        changes: &UserChanges,
    ) -> Result<UserDetails, UserAdminError> {
        let localpart = name::parse(&self.0, username)?;
        let changes = self.parse(changes)?;
        match self.make(admin, localpart, &changes).await? {
            Changed::Created(details) | Changed::Modified(details) => Ok(details),
        }
    }

    async fn make(
        &self,
        admin: &Administrator,
        localpart: Localpart,
        changes: &CheckedChanges,
    ) -> Result<Changed, UserAdminError> {
        let shared = &self.0;
        let localpart = name::parse(shared, localpart.as_str())?;
        {
            let mut uow = shared.ports.store.begin(Intent::Read).await?;
            name::check(&mut *uow, shared, &localpart, Claims::default()).await?;
        }
        let admission = rules::judge_named(shared, Some(&localpart)).await?;
        let mut account = Account::new(localpart, AccountKind::User, shared.now());
        // As elsewhere, whether people may log in with a password does not keep an account from
        // having one.
        account.password_hash = match &changes.password {
            Some(password) => {
                let hasher = &shared.ports.password_hasher;
                Some(hasher.hash(HashTurn::OPERATOR, password).await?)
            }
            None => None,
        };
        account.shadow_banned = admission == Admission::ShadowBanned;
        account
            .user_type
            .clone_from(&shared.policy.accounts.user_types.default);
        changes.apply(&mut account);
        let localpart = &account.localpart;
        let details = shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                name::add(&mut *uow, &account).await?;
                self.set_threepids(&mut *uow, localpart, changes).await?;
                if changes.deactivated == Some(true) {
                    deactivate(&mut *uow, localpart, ErasePolicy::Keep).await?;
                }
                let details = self.details(&mut *uow, localpart).await?;
                uow.commit().await?;
                Ok::<_, UserAdminError>(details)
            })
            .await?;
        shared.observe(Event::AccountRegistered {
            kind: account.kind,
            applicant: Applicant::Operator,
            shadow_banned: account.shadow_banned,
        });
        tracing::info!(%admin, account.localpart = %localpart, "account created");
        Ok(Changed::Created(details))
    }

    async fn modify(
        &self,
        admin: &Administrator,
        account: &Account,
        changes: &CheckedChanges,
    ) -> Result<UserDetails, UserAdminError> {
        let shared = &self.0;
        let localpart = &account.localpart;
        // Once before the dear hash, and once more where nothing can come in between.
        changes.check(admin, account)?;
        let hash = match &changes.password {
            Some(password) => Some(self.hash(password).await?),
            None => None,
        };
        let details = shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                let account = existing(&mut *uow, localpart).await?;
                changes.check(admin, &account)?;
                uow.accounts()
                    .update(localpart, &changes.properties)
                    .await?;
                if changes.properties.admin == Change::Set(false) {
                    uow.tokens().remove_made_by(localpart).await?;
                }
                if changes.reopens(&account) {
                    reopen(&mut *uow, localpart, hash.as_ref()).await?;
                } else if let Some(hash) = &hash {
                    let logins = logins(admin, localpart, changes.logout);
                    if !set_password(&mut *uow, localpart, hash, logins).await? {
                        return Err(UserAdminError::Deactivated);
                    }
                }
                self.set_threepids(&mut *uow, localpart, changes).await?;
                if changes.deactivated == Some(true) && !account.deactivated {
                    deactivate(&mut *uow, localpart, ErasePolicy::Keep).await?;
                }
                let details = self.details(&mut *uow, localpart).await?;
                uow.commit().await?;
                Ok(details)
            })
            .await?;
        tracing::info!(%admin, account.localpart = %localpart, "account changed");
        Ok(details)
    }

    fn parse(&self, changes: &UserChanges) -> Result<CheckedChanges, UserAdminError> {
        CheckedChanges::parse(changes, &self.0.policy.accounts.user_types)
    }

    /// Gives an account the identifiers it shall have, and takes all others away from it.
    async fn set_threepids(
        &self,
        uow: &mut dyn UnitOfWork,
        localpart: &Localpart,
        changes: &CheckedChanges,
    ) -> Result<(), UserAdminError> {
        let Some(wanted) = &changes.threepids else {
            return Ok(());
        };
        let mut missing = wanted.clone();
        for old in uow.threepids().list(localpart).await? {
            if !missing.remove(&old.threepid) {
                uow.threepids().remove(localpart, &old.threepid).await?;
            }
        }
        let now = self.0.now();
        for threepid in missing {
            let new = AccountThreepid {
                threepid,
                validated: now,
                added: now,
            };
            uow.threepids()
                .add(localpart, &new)
                .await
                .map_err(|error| {
                    if error.is_conflict(Constraint::ThreepidTaken) {
                        UserAdminError::ThreepidInUse
                    } else {
                        error.into()
                    }
                })?;
        }
        Ok(())
    }
}

/// Reactivates an account, without anything that a login may have left behind while it
/// was being deactivated.
pub(super) async fn reopen(
    uow: &mut dyn UnitOfWork,
    localpart: &Localpart,
    hash: Option<&PasswordHash>,
) -> Result<(), UserAdminError> {
    uow.accounts().reactivate(localpart, hash).await?;
    let changes = AccountChanges {
        erased: Change::Set(false),
        ..AccountChanges::default()
    };
    uow.accounts().update(localpart, &changes).await?;
    uow.devices().remove_all(localpart).await?;
    uow.tokens().remove_all(localpart).await?;
    uow.tokens().remove_made_for(localpart).await?;
    Ok(())
}

impl CheckedChanges {
    /// Reads the fields, in the order in which Synapse complains about them.
    fn parse(changes: &UserChanges, user_types: &UserTypes) -> Result<Self, UserAdminError> {
        let threepids = threepids(&changes.threepids)?;
        match changes.external_ids.optional() {
            Ok(None | Some(0)) => {}
            Ok(Some(_)) => return Err(UserAdminError::Unsupported("external_ids")),
            Err(_) => return Err(UserAdminError::Malformed("external_ids")),
        }
        let user_type = user_type(&changes.user_type, user_types)?;
        let admin = changes.admin.optional_not_null();
        let admin = admin.map_err(|_| UserAdminError::NotBoolean("admin"))?;
        let password = changes.password.optional();
        let password = password
            .map_err(|_| UserAdminError::BadValue("password"))?
            .map(|text| new_password(text, "password"))
            .transpose()?;
        let logout = switch(&changes.logout_devices, "logout_devices")?.unwrap_or(true);
        let deactivated = switch(&changes.deactivated, "deactivated")?;
        // An operator who locks somebody relies on it, so the changes cannot be passed over.
        if switch(&changes.locked, "locked")? == Some(true) {
            return Err(UserAdminError::Unsupported("locked"));
        }
        let properties = AccountChanges {
            display_name: display_name(&changes.display_name)?,
            admin: admin.copied().into(),
            user_type,
            ..AccountChanges::default()
        };
        Ok(Self {
            default_name: matches!(changes.display_name, Given::Absent | Given::Null),
            threepids,
            properties,
            password,
            logout,
            deactivated,
        })
    }

    /// Does it open this account again?
    fn reopens(&self, account: &Account) -> bool {
        self.deactivated == Some(false) && account.deactivated
    }

    /// May this account be changed like this?
    fn check(&self, admin: &Administrator, account: &Account) -> Result<(), UserAdminError> {
        let is_demotion = account.admin && self.properties.admin == Change::Set(false);
        if is_demotion && admin.is(&account.localpart) {
            return Err(UserAdminError::OwnDemotion);
        }
        let adds_threepids = self.threepids.as_ref().is_some_and(|it| !it.is_empty());
        let needs_open = self.password.is_some() || adds_threepids;
        if account.deactivated && !self.reopens(account) && needs_open {
            return Err(UserAdminError::Deactivated);
        }
        Ok(())
    }

    /// Gives a new account its properties.
    fn apply(&self, account: &mut Account) {
        if let (false, Change::Set(name)) = (self.default_name, &self.properties.display_name) {
            account.display_name.clone_from(name);
        }
        account.admin = self.properties.admin == Change::Set(true);
        // An administrator who says nothing leaves the operator's default.
        if let Change::Set(Some(user_type)) = &self.properties.user_type {
            account.user_type = Some(user_type.clone());
        }
    }
}

fn threepids(
    field: &Given<Vec<ThreepidEntry>>,
) -> Result<Option<BTreeSet<Threepid>>, UserAdminError> {
    let wishes = field.optional();
    let Some(wishes) = wishes.map_err(|_| UserAdminError::Malformed("threepids"))? else {
        return Ok(None);
    };
    let present =
        |changes: &ThreepidEntry| changes.medium.is_present() && changes.address.is_present();
    if !wishes.iter().all(present) {
        return Err(UserAdminError::Missing("threepids"));
    }
    let parsed = wishes.iter().map(|changes| {
        let (medium, address) = (changes.medium.value()?, changes.address.value()?);
        Threepid::parse(medium, address)
    });
    let parsed: Option<_> = parsed.collect();
    parsed.map(Some).ok_or(UserAdminError::BadThreepid)
}

fn user_type(
    field: &Given<String>,
    user_types: &UserTypes,
) -> Result<Change<Option<String>>, UserAdminError> {
    match field {
        Given::Absent => Ok(Change::Keep),
        Given::Null => Ok(Change::Set(None)),
        Given::Value(kind) if user_types.contains(kind) => Ok(Change::Set(Some(kind.clone()))),
        Given::Malformed | Given::Value(_) => Err(UserAdminError::BadValue("user_type")),
    }
}

fn display_name(field: &Given<String>) -> Result<Change<Option<String>>, UserAdminError> {
    match field {
        Given::Absent => Ok(Change::Keep),
        Given::Null => Ok(Change::Set(None)),
        Given::Malformed => Err(UserAdminError::Malformed("displayname")),
        Given::Value(name)
            if name.contains('\0') || name.chars().count() > MAX_DISPLAY_NAME_CHARS =>
        {
            Err(UserAdminError::BadValue("displayname"))
        }
        Given::Value(name) => Ok(Change::Set(
            Some(name.clone()).filter(|name| !name.is_empty()),
        )),
    }
}

//! Accounts.

mod list;

use async_trait::async_trait;
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use registrar_domain::model::account::{Account, AccountKind};
use registrar_domain::model::id::Localpart;
use registrar_domain::model::password::PasswordHash;
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{
    AccountChanges, AccountFilter, AccountList, AccountPage, AccountRepository, GuestUpgrade,
    StoreError,
};

use crate::connection::{Held as _, WithFixedText as _, on_conn};
use crate::error::corrupt;
use crate::schema::{accounts, counters};
use crate::unit_of_work::DieselUnitOfWork;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = accounts, treat_none_as_default_value = false)]
pub(crate) struct AccountRow {
    localpart: String,
    localpart_folded: String,
    password_hash: Option<String>,
    former_password_hash: Option<String>,
    created_ts: i64,
    upgraded_ts: Option<i64>,
    is_guest: bool,
    admin: bool,
    appservice_id: Option<String>,
    display_name: Option<String>,
    user_type: Option<String>,
    consent_version: Option<String>,
    deactivated: bool,
    shadow_banned: bool,
    consent_ts: Option<i64>,
    erased: bool,
    suspended: bool,
    last_seen_ts: Option<i64>,
}

impl From<&Account> for AccountRow {
    fn from(account: &Account) -> Self {
        Self {
            localpart: account.localpart.to_string(),
            localpart_folded: account.localpart.folded(),
            password_hash: account
                .password_hash
                .as_ref()
                .map(|hash| hash.expose().to_owned()),
            former_password_hash: account
                .former_password_hash
                .as_ref()
                .map(|hash| hash.expose().to_owned()),
            created_ts: account.created.unix_ms(),
            upgraded_ts: account.upgraded.map(Timestamp::unix_ms),
            is_guest: account.kind == AccountKind::Guest,
            admin: account.admin,
            appservice_id: account.appservice_id.clone(),
            display_name: account.display_name.clone(),
            user_type: account.user_type.clone(),
            consent_version: account.consent_version.clone(),
            deactivated: account.deactivated,
            shadow_banned: account.shadow_banned,
            consent_ts: account.consented.map(Timestamp::unix_ms),
            erased: account.erased,
            suspended: account.suspended,
            last_seen_ts: account.last_seen.map(Timestamp::unix_ms),
        }
    }
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        let localpart =
            Localpart::read(&row.localpart).ok_or_else(|| corrupt("accounts", "localpart"))?;
        Ok(Self {
            localpart,
            kind: if row.is_guest {
                AccountKind::Guest
            } else {
                AccountKind::User
            },
            // Other servers store an empty text where there is no password.
            password_hash: row
                .password_hash
                .filter(|hash| !hash.is_empty())
                .map(PasswordHash::from_stored),
            former_password_hash: row
                .former_password_hash
                .filter(|hash| !hash.is_empty())
                .map(PasswordHash::from_stored),
            created: Timestamp::from_unix_ms(row.created_ts),
            upgraded: row.upgraded_ts.map(Timestamp::from_unix_ms),
            admin: row.admin,
            appservice_id: row.appservice_id,
            display_name: row.display_name,
            user_type: row.user_type,
            consent_version: row.consent_version,
            consented: row.consent_ts.map(Timestamp::from_unix_ms),
            deactivated: row.deactivated,
            erased: row.erased,
            suspended: row.suspended,
            shadow_banned: row.shadow_banned,
            last_seen: row.last_seen_ts.map(Timestamp::from_unix_ms),
        })
    }
}

#[derive(AsChangeset)]
#[diesel(table_name = accounts)]
struct Changes {
    display_name: Option<Option<String>>,
    admin: Option<bool>,
    user_type: Option<Option<String>>,
    erased: Option<bool>,
    suspended: Option<bool>,
}

impl From<&AccountChanges> for Changes {
    fn from(changes: &AccountChanges) -> Self {
        let AccountChanges {
            display_name,
            admin,
            user_type,
            erased,
            suspended,
        } = changes.clone();
        Self {
            display_name: display_name.into_option(),
            admin: admin.into_option(),
            user_type: user_type.into_option(),
            erased: erased.into_option(),
            suspended: suspended.into_option(),
        }
    }
}

#[async_trait]
impl AccountRepository for DieselUnitOfWork {
    #[tracing::instrument(name = "db.account.find", level = "debug", skip_all)]
    async fn find(&mut self, localpart: &Localpart) -> Result<Option<Account>, StoreError> {
        let row: Option<AccountRow> = on_conn!(self, conn => accounts::table
            .find(localpart.as_str())
            .select(AccountRow::as_select())
            .get_result(conn)
            .await
            .optional())?;
        row.map(Account::try_from).transpose()
    }

    #[tracing::instrument(name = "db.account.hold", level = "debug", skip_all)]
    async fn hold(&mut self, localpart: &Localpart) -> Result<Option<Account>, StoreError> {
        let account = accounts::table.find(localpart.as_str());
        let row: Option<AccountRow> = on_conn!(self, conn => account
            .select(AccountRow::as_select())
            .held()
            .get_result(conn)
            .await
            .optional())?;
        row.map(Account::try_from).transpose()
    }

    #[tracing::instrument(name = "db.account.list_by_folded", level = "debug", skip_all)]
    async fn list_by_folded(&mut self, localpart: &Localpart) -> Result<Vec<Account>, StoreError> {
        let rows: Vec<AccountRow> = on_conn!(self, conn => accounts::table
            .filter(accounts::localpart_folded.eq(localpart.folded()))
            .order(accounts::localpart)
            .select(AccountRow::as_select())
            .load(conn)
            .await)?;
        rows.into_iter().map(Account::try_from).collect()
    }

    #[tracing::instrument(name = "db.account.is_taken", level = "debug", skip_all)]
    async fn is_taken(&mut self, localpart: &Localpart) -> Result<bool, StoreError> {
        let same = accounts::localpart_folded.eq(localpart.folded());
        on_conn!(self, conn =>
            diesel::select(diesel::dsl::exists(accounts::table.filter(same))).get_result(conn).await)
    }

    #[tracing::instrument(name = "db.account.add", level = "debug", skip_all)]
    async fn add(&mut self, account: &Account) -> Result<(), StoreError> {
        let row = AccountRow::from(account);
        on_conn!(self, conn =>
            diesel::insert_into(accounts::table).values(&row).execute(conn).await)?;
        Ok(())
    }

    #[tracing::instrument(name = "db.account.upgrade_guest", level = "debug", skip_all)]
    async fn upgrade_guest(
        &mut self,
        localpart: &Localpart,
        upgrade: &GuestUpgrade,
    ) -> Result<bool, StoreError> {
        let guest = accounts::localpart
            .eq(localpart.as_str())
            .and(accounts::is_guest.eq(true));
        let upgraded = on_conn!(self, conn => diesel::update(accounts::table.filter(guest))
            .set((
                accounts::is_guest.eq(false),
                accounts::password_hash.eq(upgrade.password_hash.expose()),
                accounts::upgraded_ts.eq(upgrade.at.unix_ms()),
                accounts::shadow_banned.eq(upgrade.shadow_banned),
                accounts::admin.eq(false),
                accounts::user_type.eq(None::<String>),
                accounts::appservice_id.eq(None::<String>),
            ))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(upgraded > 0)
    }

    #[tracing::instrument(name = "db.account.replace_password_hash", level = "debug", skip_all)]
    async fn replace_password_hash(
        &mut self,
        localpart: &Localpart,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let unchanged = accounts::localpart
            .eq(localpart.as_str())
            .and(accounts::password_hash.eq(old.expose()));
        let replaced = on_conn!(self, conn => diesel::update(accounts::table.filter(unchanged))
            .set(accounts::password_hash.eq(new.expose()))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(replaced > 0)
    }

    #[tracing::instrument(name = "db.account.set_password_hash", level = "debug", skip_all)]
    async fn set_password_hash(
        &mut self,
        localpart: &Localpart,
        password_hash: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let open = accounts::localpart
            .eq(localpart.as_str())
            .and(accounts::deactivated.eq(false));
        let updated = on_conn!(self, conn => diesel::update(accounts::table.filter(open))
            .set(accounts::password_hash.eq(password_hash.expose()))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(updated > 0)
    }

    #[tracing::instrument(name = "db.account.update", level = "debug", skip_all)]
    async fn update(
        &mut self,
        localpart: &Localpart,
        changes: &AccountChanges,
    ) -> Result<bool, StoreError> {
        if *changes == AccountChanges::default() {
            // There is no statement that changes nothing.
            return Ok(AccountRepository::find(self, localpart).await?.is_some());
        }
        let account = accounts::table.find(localpart.as_str());
        let changes = Changes::from(changes);
        let updated =
            on_conn!(self, conn => diesel::update(account).set(&changes).execute(conn).await)?;
        Ok(updated > 0)
    }

    #[tracing::instrument(name = "db.account.deactivate", level = "debug", skip_all)]
    async fn deactivate(&mut self, localpart: &Localpart) -> Result<bool, StoreError> {
        let account = accounts::table.find(localpart.as_str());
        let updated = on_conn!(self, conn => diesel::update(account)
            .set((
                accounts::deactivated.eq(true),
                accounts::former_password_hash.eq(case_when(
                    accounts::password_hash.is_not_null(),
                    accounts::password_hash,
                )
                .otherwise(accounts::former_password_hash)),
                accounts::password_hash.eq(None::<String>),
            ))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(updated > 0)
    }

    #[tracing::instrument(name = "db.account.reactivate", level = "debug", skip_all)]
    async fn reactivate(
        &mut self,
        localpart: &Localpart,
        password_hash: Option<&PasswordHash>,
    ) -> Result<bool, StoreError> {
        let closed = accounts::localpart
            .eq(localpart.as_str())
            .and(accounts::deactivated.eq(true));
        let updated = on_conn!(self, conn => diesel::update(accounts::table.filter(closed))
            .set((
                accounts::deactivated.eq(false),
                accounts::password_hash.eq(password_hash.map(PasswordHash::expose)),
                accounts::former_password_hash.eq(None::<String>),
            ))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(updated > 0)
    }

    #[tracing::instrument(name = "db.account.list", level = "debug", skip_all)]
    async fn list(
        &mut self,
        filter: &AccountFilter,
        page: AccountPage,
    ) -> Result<AccountList, StoreError> {
        self.list_accounts(filter, page).await
    }

    #[tracing::instrument(name = "db.account.record_consent", level = "debug", skip_all)]
    async fn record_consent(
        &mut self,
        localpart: &Localpart,
        version: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let account = accounts::table.find(localpart.as_str());
        let recorded = on_conn!(self, conn => diesel::update(account)
            .set((
                accounts::consent_version.eq(version),
                accounts::consent_ts.eq(now.unix_ms()),
            ))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(recorded > 0)
    }

    #[tracing::instrument(name = "db.account.next_number", level = "debug", skip_all)]
    async fn next_number(&mut self, step: u32) -> Result<u64, StoreError> {
        let number: i64 = on_conn!(self, conn => diesel::insert_into(counters::table)
            .values((counters::name.eq("account_number"), counters::value.eq(i64::from(step))))
            .on_conflict(counters::name)
            .do_update()
            .set(counters::value.eq(counters::value + i64::from(step)))
            .returning(counters::value)
            .get_result(conn)
            .await)?;
        u64::try_from(number).map_err(|_| corrupt("counters", "value"))
    }
}

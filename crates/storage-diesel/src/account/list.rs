//! Listing accounts: what operators look for, in the order they like.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, SingleValue, Text, Untyped};
use diesel_async::RunQueryDsl;
use registrar_domain::model::account::Account;
use registrar_domain::ports::store::{
    AccountFilter, AccountList, AccountOrder, AccountPage, AccountSearch, Direction, StoreError,
};

use super::AccountRow;
use crate::connection::on_conn;
use crate::error::corrupt;
use crate::schema::accounts;
use crate::unit_of_work::DieselUnitOfWork;

#[diesel::declare_sql_function]
extern "SQL" {
    fn lower<T: SingleValue>(text: T) -> T;
}

/// What stands before a wildcard that is meant as a character.
const ESCAPE: char = '\\';
/// Matches every text.
const ANYTHING: &str = "%";

/// The values of a filter, for one statement that serves all filters: a test that does not matter
/// is one that everything passes.
struct Bounds {
    user_id: String,
    server_suffix: String,
    name: String,
    name_as_written: String,
    guests: (bool, bool),
    deactivated: (bool, bool),
    admins: (bool, bool),
    unwanted_types: Vec<String>,
    with_untyped: bool,
}

impl From<&AccountFilter> for Bounds {
    fn from(filter: &AccountFilter) -> Self {
        let (mut user_id, mut name) = (ANYTHING.to_owned(), ANYTHING.to_owned());
        let mut name_as_written = ANYTHING.to_owned();
        let mut server_suffix = String::new();
        match &filter.search {
            None => {}
            Some(AccountSearch::UserId { part, server_name }) => {
                user_id = anywhere(&part.to_lowercase());
                server_suffix = format!(":{server_name}");
            }
            Some(AccountSearch::Name(text)) => {
                name = anywhere(&text.to_lowercase());
                name_as_written = anywhere(text);
            }
        }
        // The value that is wanted, and whether any will do.
        let wanted = |value: Option<bool>| (value.unwrap_or_default(), value.is_none());
        let unwanted = &filter.without_user_types;
        Self {
            user_id,
            server_suffix,
            name,
            name_as_written,
            guests: wanted(filter.guests),
            deactivated: wanted(filter.deactivated),
            admins: wanted(filter.admins),
            unwanted_types: unwanted.iter().flatten().cloned().collect(),
            with_untyped: !unwanted.contains(&None),
        }
    }
}

/// A pattern for texts that hold this one.
fn anywhere(text: &str) -> String {
    let mut pattern = ANYTHING.to_owned();
    for character in text.chars() {
        if matches!(character, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(character);
    }
    pattern + ANYTHING
}

/// What to order by. The databases do not agree on where nulls belong, so it is said for them where
/// there are any; elsewhere saying it would keep PostgreSQL from using the index.
fn order(page: AccountPage) -> SqlLiteral<Untyped> {
    let (column, is_nullable) = match page.order {
        AccountOrder::Localpart => ("localpart", false),
        AccountOrder::DisplayName => ("display_name", true),
        AccountOrder::Guest => ("is_guest", false),
        AccountOrder::Admin => ("admin", false),
        AccountOrder::Deactivated => ("deactivated", false),
        AccountOrder::UserType => ("user_type", true),
        AccountOrder::ShadowBanned => ("shadow_banned", false),
        AccountOrder::Created => ("created_ts", false),
        AccountOrder::LastSeen => ("last_seen_ts", true),
    };
    let way = match (page.direction, is_nullable) {
        (Direction::Forwards, false) => "ASC",
        (Direction::Forwards, true) => "ASC NULLS FIRST",
        (Direction::Backwards, false) => "DESC",
        (Direction::Backwards, true) => "DESC NULLS LAST",
    };
    sql(&format!("{column} {way}, localpart"))
}

impl DieselUnitOfWork {
    pub(super) async fn list_accounts(
        &mut self,
        filter: &AccountFilter,
        page: AccountPage,
    ) -> Result<AccountList, StoreError> {
        use accounts::{admin, deactivated, display_name, is_guest, localpart_folded, user_type};
        let bounds = Bounds::from(filter);
        let user_id = "@"
            .into_sql::<Text>()
            .concat(localpart_folded)
            .concat(bounds.server_suffix);
        let in_localpart = localpart_folded.like(bounds.name.clone()).escape(ESCAPE);
        // SQLite, and PostgreSQL in some locales, know no case beyond ASCII. There a name is found at
        // least as it is written.
        let folded_name = lower::<Nullable<Text>, _>(display_name);
        let in_folded_name = folded_name.like(bounds.name).escape(ESCAPE);
        let in_written_name = folded_name
            .like(lower::<Nullable<Text>, _>(bounds.name_as_written))
            .escape(ESCAPE);
        let in_display_name = in_folded_name.or(in_written_name);
        let wanted_type = user_type
            .is_not_null()
            .and(user_type.ne_all(bounds.unwanted_types));
        let untyped = user_type
            .is_null()
            .and(bounds.with_untyped.into_sql::<Bool>());
        let any = |(_, any): (bool, bool)| any.into_sql::<Bool>();
        let passes = user_id
            .like(bounds.user_id)
            .escape(ESCAPE)
            .and(in_localpart.or(in_display_name))
            .and(is_guest.eq(bounds.guests.0).or(any(bounds.guests)))
            .and(
                deactivated
                    .eq(bounds.deactivated.0)
                    .or(any(bounds.deactivated)),
            )
            .and(admin.eq(bounds.admins.0).or(any(bounds.admins)))
            .and(wanted_type.or(untyped));

        let counted = accounts::table.filter(passes.clone()).count();
        let total: i64 = on_conn!(self, conn => counted.get_result(conn).await)?;
        let listed = accounts::table
            .filter(passes)
            .order(order(page))
            .offset(saturated(page.offset))
            .limit(saturated(page.limit));
        let rows: Vec<AccountRow> =
            on_conn!(self, conn => listed.select(AccountRow::as_select()).load(conn).await)?;
        let accounts: Result<_, StoreError> = rows.into_iter().map(Account::try_from).collect();
        Ok(AccountList {
            accounts: accounts?,
            total: u64::try_from(total).map_err(|_| corrupt("accounts", "localpart"))?,
        })
    }
}

/// Databases count with a sign.
fn saturated(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

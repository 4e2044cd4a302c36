use super::{Outcome, at, localpart, read, user, write};
use registrar_domain::model::account::{Account, AccountKind};
use registrar_domain::model::id::ServerName;
use registrar_domain::ports::store::{
    AccountFilter, AccountOrder, AccountPage, AccountSearch, Direction, Store, StoreError,
};

const EVERYTHING: AccountPage = AccountPage {
    order: AccountOrder::Localpart,
    direction: Direction::Forwards,
    offset: 0,
    limit: u64::MAX,
};

/// Five accounts that differ in everything that lists look at.
async fn given_five(store: &dyn Store) -> Result<(), StoreError> {
    let named = |name: &str, display_name: &str| Account {
        display_name: Some(display_name.to_owned()),
        ..user(name)
    };
    let accounts = [
        Account {
            admin: true,
            created: at(5),
            last_seen: Some(at(50)),
            ..named("Älice", "the queen")
        },
        Account {
            user_type: Some("bot".to_owned()),
            created: at(4),
            last_seen: Some(at(90)),
            ..named("b_b", "A 100% bot\\")
        },
        Account {
            deactivated: true,
            display_name: None,
            created: at(3),
            ..user("carol")
        },
        Account {
            shadow_banned: true,
            user_type: Some("support".to_owned()),
            created: at(2),
            last_seen: Some(at(50)),
            ..named("bib", "Knave Ö.")
        },
        Account {
            created: at(1),
            ..Account::new(localpart("7"), AccountKind::Guest, at(0))
        },
    ];
    let mut uow = write(store).await?;
    for account in &accounts {
        uow.accounts().add(account).await?;
    }
    uow.commit().await
}

async fn list(
    store: &dyn Store,
    filter: &AccountFilter,
    page: AccountPage,
) -> Result<(Vec<String>, u64), StoreError> {
    let list = read(store).await?.accounts().list(filter, page).await?;
    let names = list.accounts.iter();
    let names = names.map(|account| account.localpart.to_string()).collect();
    Ok((names, list.total))
}

/// The localparts that pass a filter, all on one page.
async fn filtered(store: &dyn Store, filter: &AccountFilter) -> Result<Vec<String>, StoreError> {
    let (names, total) = list(store, filter, EVERYTHING).await?;
    assert_eq!(u64::try_from(names.len()).ok(), Some(total), "{filter:?}");
    Ok(names)
}

pub(super) async fn every_account_is_listed_by_its_localpart(store: &dyn Store) -> Outcome {
    let all = AccountFilter::default();
    assert_eq!(filtered(store, &all).await?, [""; 0]);
    given_five(store).await?;
    let expected = ["7", "b_b", "bib", "carol", "Älice"];
    assert_eq!(filtered(store, &all).await?, expected);
    Ok(())
}

pub(super) async fn accounts_are_found_by_a_part_of_the_user_id(store: &dyn Store) -> Outcome {
    given_five(store).await?;
    let server_name = ServerName::parse("example.org").expect("the suite's server has a name");
    let rows: &[(&str, &[&str])] = &[
        ("", &["7", "b_b", "bib", "carol", "Älice"]),
        ("@b", &["b_b", "bib"]),
        ("B", &["b_b", "bib"]),
        ("b_b", &["b_b"]),
        ("%", &[]),
        ("\\", &[]),
        ("äLI", &["Älice"]),
        ("l:Example", &["carol"]),
        ("@7:example.org", &["7"]),
        ("example.org:8448", &[]),
    ];
    for (part, expected) in rows {
        let filter = AccountFilter {
            search: Some(AccountSearch::UserId {
                part: (*part).to_owned(),
                server_name: server_name.clone(),
            }),
            ..AccountFilter::default()
        };
        assert_eq!(filtered(store, &filter).await?, *expected, "{part}");
    }
    Ok(())
}

pub(super) async fn accounts_are_found_by_a_part_of_a_name(store: &dyn Store) -> Outcome {
    given_five(store).await?;
    let rows: &[(&str, &[&str])] = &[
        ("", &["7", "b_b", "bib", "carol", "Älice"]),
        ("QUEEN", &["Älice"]),
        ("ALICE", &[]),
        ("ÄLICE", &["Älice"]),
        ("0% B", &["b_b"]),
        ("bot\\", &["b_b"]),
        ("_", &["b_b"]),
        ("car", &["carol"]),
        ("kna", &["bib"]),
        ("E Ö.", &["bib"]),
        ("' OR 1=1 --", &[]),
    ];
    for (name, expected) in rows {
        let filter = AccountFilter {
            search: Some(AccountSearch::Name((*name).to_owned())),
            ..AccountFilter::default()
        };
        assert_eq!(filtered(store, &filter).await?, *expected, "{name}");
    }
    Ok(())
}

pub(super) async fn accounts_are_listed_by_what_they_are(store: &dyn Store) -> Outcome {
    given_five(store).await?;
    let all = AccountFilter::default;
    let without = |types: &[Option<&str>]| AccountFilter {
        without_user_types: types.iter().map(|kind| kind.map(str::to_owned)).collect(),
        ..all()
    };
    let rows: &[(AccountFilter, &[&str])] = &[
        (
            AccountFilter {
                guests: Some(true),
                ..all()
            },
            &["7"],
        ),
        (
            AccountFilter {
                guests: Some(false),
                deactivated: Some(false),
                ..all()
            },
            &["b_b", "bib", "Älice"],
        ),
        (
            AccountFilter {
                deactivated: Some(true),
                ..all()
            },
            &["carol"],
        ),
        (
            AccountFilter {
                admins: Some(true),
                ..all()
            },
            &["Älice"],
        ),
        (
            AccountFilter {
                admins: Some(false),
                guests: Some(false),
                ..all()
            },
            &["b_b", "bib", "carol"],
        ),
        (without(&[Some("bot")]), &["7", "bib", "carol", "Älice"]),
        (without(&[None]), &["b_b", "bib"]),
        (without(&[None, Some("support"), Some("x")]), &["b_b"]),
        (without(&[None, Some("support"), Some("bot")]), &[]),
    ];
    for (filter, expected) in rows {
        assert_eq!(filtered(store, filter).await?, *expected, "{filter:?}");
    }
    Ok(())
}

pub(super) async fn accounts_are_listed_in_every_order(store: &dyn Store) -> Outcome {
    given_five(store).await?;
    use Direction::{Backwards, Forwards};
    let rows: &[(AccountOrder, Direction, [&str; 5])] = &[
        (
            AccountOrder::Localpart,
            Backwards,
            ["Älice", "carol", "bib", "b_b", "7"],
        ),
        (
            AccountOrder::DisplayName,
            Forwards,
            ["carol", "7", "b_b", "bib", "Älice"],
        ),
        (
            AccountOrder::DisplayName,
            Backwards,
            ["Älice", "bib", "b_b", "7", "carol"],
        ),
        (
            AccountOrder::Guest,
            Forwards,
            ["b_b", "bib", "carol", "Älice", "7"],
        ),
        (
            AccountOrder::Admin,
            Backwards,
            ["Älice", "7", "b_b", "bib", "carol"],
        ),
        (
            AccountOrder::Deactivated,
            Backwards,
            ["carol", "7", "b_b", "bib", "Älice"],
        ),
        (
            AccountOrder::UserType,
            Forwards,
            ["7", "carol", "Älice", "b_b", "bib"],
        ),
        (
            AccountOrder::UserType,
            Backwards,
            ["bib", "b_b", "7", "carol", "Älice"],
        ),
        (
            AccountOrder::ShadowBanned,
            Backwards,
            ["bib", "7", "b_b", "carol", "Älice"],
        ),
        (
            AccountOrder::Created,
            Forwards,
            ["7", "bib", "carol", "b_b", "Älice"],
        ),
        (
            AccountOrder::LastSeen,
            Forwards,
            ["7", "carol", "bib", "Älice", "b_b"],
        ),
        (
            AccountOrder::LastSeen,
            Backwards,
            ["b_b", "bib", "Älice", "7", "carol"],
        ),
    ];
    for (order, direction, expected) in rows {
        let page = AccountPage {
            order: *order,
            direction: *direction,
            ..EVERYTHING
        };
        let (names, _) = list(store, &AccountFilter::default(), page).await?;
        assert_eq!(names, *expected, "{order:?} {direction:?}");
    }
    Ok(())
}

pub(super) async fn accounts_are_listed_page_by_page(store: &dyn Store) -> Outcome {
    given_five(store).await?;
    let rows: &[(u64, u64, &[&str])] = &[
        (0, 2, &["7", "b_b"]),
        (2, 2, &["bib", "carol"]),
        (4, 2, &["Älice"]),
        (5, 2, &[]),
        (u64::MAX, u64::MAX, &[]),
        (1, 0, &[]),
    ];
    for (offset, limit, expected) in rows {
        let page = AccountPage {
            offset: *offset,
            limit: *limit,
            ..EVERYTHING
        };
        let (names, total) = list(store, &AccountFilter::default(), page).await?;
        assert_eq!(names, *expected, "{offset} {limit}");
        assert_eq!(total, 5);
    }
    Ok(())
}

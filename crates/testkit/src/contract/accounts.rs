use super::{
    Constraint, Outcome, assert_conflict, at, given_user, hash, localpart, read, user, write,
};
use registrar_domain::model::account::{Account, AccountKind};
use registrar_domain::ports::store::{AccountChanges, Change, GuestUpgrade, Store, StoreError};

async fn given(store: &dyn Store, accounts: &[Account]) -> Result<(), StoreError> {
    let mut uow = write(store).await?;
    for account in accounts {
        uow.accounts().add(account).await?;
    }
    uow.commit().await
}

fn rich_account() -> Account {
    Account {
        localpart: localpart("Ünï-\u{1F980}_+/='\"\\%"),
        kind: AccountKind::User,
        password_hash: Some(hash("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA")),
        former_password_hash: Some(hash("$2b$04$former")),
        created: at(i64::MAX),
        upgraded: Some(at(-1)),
        admin: true,
        appservice_id: Some("irc".to_owned()),
        display_name: Some("𝓐lice\n\u{202E}".repeat(5_000)),
        user_type: Some(String::new()),
        consent_version: Some("v1".to_owned()),
        consented: Some(at(-7)),
        deactivated: true,
        erased: true,
        suspended: true,
        shadow_banned: true,
        last_seen: Some(at(8)),
    }
}

pub(super) async fn an_account_comes_back_as_it_was_added(store: &dyn Store) -> Outcome {
    let plain = Account {
        display_name: None,
        ..user("alice")
    };
    let guest = Account::new(localpart("1"), AccountKind::Guest, at(0));
    let accounts = [plain, rich_account(), guest];
    given(store, &accounts).await?;
    let mut reader = read(store).await?;
    for account in accounts {
        assert_eq!(
            reader.accounts().find(&account.localpart).await?,
            Some(account)
        );
    }
    assert_eq!(reader.accounts().find(&localpart("nobody")).await?, None);
    Ok(())
}

pub(super) async fn an_account_is_held_as_it_is(store: &dyn Store) -> Outcome {
    given(store, &[user("alice"), rich_account()]).await?;
    let mut uow = write(store).await?;
    for account in [user("alice"), rich_account()] {
        let held = uow.accounts().hold(&account.localpart).await?;
        assert_eq!(held, Some(account));
    }
    // Holding twice, and what is nobody's, is holding as well.
    let alice = user("alice");
    assert_eq!(uow.accounts().hold(&alice.localpart).await?, Some(alice));
    assert_eq!(uow.accounts().hold(&localpart("nobody")).await?, None);
    uow.commit().await?;
    // Nothing is held any longer.
    let mut uow = write(store).await?;
    assert!(
        uow.accounts()
            .set_password_hash(&localpart("alice"), &hash("h"))
            .await?
    );
    uow.commit().await
}

pub(super) async fn a_taken_localpart_is_refused(store: &dyn Store) -> Outcome {
    let deactivated = Account {
        deactivated: true,
        ..user("alice")
    };
    given(store, &[deactivated]).await?;
    let again = write(store).await?.accounts().add(&user("alice")).await;
    assert_conflict(again, Constraint::LocalpartTaken);
    // Historical accounts may differ in case alone.
    given(store, &[user("Alice")]).await
}

pub(super) async fn accounts_are_found_in_whatever_case(store: &dyn Store) -> Outcome {
    let guest = Account::new(localpart("7"), AccountKind::Guest, at(0));
    given(
        store,
        &[
            user("Älice"),
            user("älice"),
            user("ÄLICE"),
            user("alice"),
            guest,
        ],
    )
    .await?;
    let mut reader = read(store).await?;
    for spelling in ["Älice", "älice", "äLICE"] {
        let found = reader
            .accounts()
            .list_by_folded(&localpart(spelling))
            .await?;
        let mut names: Vec<_> = found
            .iter()
            .map(|account| account.localpart.as_str())
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["ÄLICE", "Älice", "älice"], "{spelling}");
        assert!(
            reader.accounts().is_taken(&localpart(spelling)).await?,
            "{spelling}"
        );
    }
    assert_eq!(reader.accounts().find(&localpart("äLICE")).await?, None);
    assert!(reader.accounts().is_taken(&localpart("ALICE")).await?);
    assert!(reader.accounts().is_taken(&localpart("7")).await?);
    for nobody in ["lice", "alic", "a%", "al_ce"] {
        assert!(
            !reader.accounts().is_taken(&localpart(nobody)).await?,
            "{nobody}"
        );
        assert_eq!(
            reader.accounts().list_by_folded(&localpart(nobody)).await?,
            []
        );
    }
    Ok(())
}

pub(super) fn upgrade(password_hash: &str, unix_ms: i64) -> GuestUpgrade {
    GuestUpgrade {
        password_hash: hash(password_hash),
        shadow_banned: true,
        at: at(unix_ms),
    }
}

pub(super) async fn a_guest_is_no_longer_shadow_banned_where_the_user_is_not(
    store: &dyn Store,
) -> Outcome {
    let guest = Account {
        shadow_banned: true,
        ..Account::new(localpart("1"), AccountKind::Guest, at(5))
    };
    given(store, std::slice::from_ref(&guest)).await?;
    let visible = GuestUpgrade {
        shadow_banned: false,
        ..upgrade("h", 6)
    };
    let mut uow = write(store).await?;
    let accounts = uow.accounts();
    assert!(accounts.upgrade_guest(&guest.localpart, &visible).await?);
    let found = accounts.find(&guest.localpart).await?;
    assert_eq!(found.map(|account| account.shadow_banned), Some(false));
    Ok(())
}

pub(super) async fn a_guest_is_upgraded_once(store: &dyn Store) -> Outcome {
    // What somebody made of the guest does not make the user.
    let guest = Account {
        admin: true,
        user_type: Some("support".to_owned()),
        appservice_id: Some("irc".to_owned()),
        display_name: Some("Guest".to_owned()),
        consent_version: Some("1".to_owned()),
        ..Account::new(localpart("1"), AccountKind::Guest, at(5))
    };
    given(store, &[guest.clone(), user("alice")]).await?;
    let mut uow = write(store).await?;
    let accounts = uow.accounts();
    assert!(
        !accounts
            .upgrade_guest(&localpart("2"), &upgrade("h", 6))
            .await?
    );
    assert!(
        !accounts
            .upgrade_guest(&localpart("alice"), &upgrade("h", 6))
            .await?
    );
    assert!(
        accounts
            .upgrade_guest(&guest.localpart, &upgrade("h", 6))
            .await?
    );
    assert!(
        !accounts
            .upgrade_guest(&guest.localpart, &upgrade("i", 7))
            .await?
    );
    uow.commit().await?;
    let mut reader = read(store).await?;
    let upgraded = Account {
        kind: AccountKind::User,
        password_hash: Some(hash("h")),
        upgraded: Some(at(6)),
        shadow_banned: true,
        admin: false,
        user_type: None,
        appservice_id: None,
        ..guest
    };
    assert_eq!(
        reader.accounts().find(&localpart("1")).await?,
        Some(upgraded)
    );
    assert_eq!(
        reader.accounts().find(&localpart("alice")).await?,
        Some(user("alice"))
    );
    Ok(())
}

pub(super) async fn a_password_hash_is_replaced_only_while_it_is_the_expected_one(
    store: &dyn Store,
) -> Outcome {
    let alice = Account {
        password_hash: Some(hash("a")),
        ..user("alice")
    };
    let carol = Account {
        password_hash: Some(hash("a")),
        ..user("carol")
    };
    given(store, &[alice.clone(), carol.clone(), user("bob")]).await?;
    let mut uow = write(store).await?;
    let accounts = uow.accounts();
    assert!(
        !accounts
            .replace_password_hash(&localpart("bob"), &hash("a"), &hash("b"))
            .await?
    );
    assert!(
        !accounts
            .replace_password_hash(&localpart("eve"), &hash("a"), &hash("b"))
            .await?
    );
    assert!(
        accounts
            .replace_password_hash(&alice.localpart, &hash("a"), &hash("b"))
            .await?
    );
    assert!(
        !accounts
            .replace_password_hash(&alice.localpart, &hash("a"), &hash("c"))
            .await?
    );
    uow.commit().await?;
    let mut reader = read(store).await?;
    let found = reader.accounts().find(&alice.localpart).await?;
    assert_eq!(
        found.and_then(|account| account.password_hash),
        Some(hash("b"))
    );
    assert_eq!(reader.accounts().find(&carol.localpart).await?, Some(carol));
    Ok(())
}

pub(super) async fn a_password_hash_is_set_while_the_account_is_open(store: &dyn Store) -> Outcome {
    let closed = Account {
        deactivated: true,
        ..user("closed")
    };
    let carol = Account {
        password_hash: Some(hash("a")),
        ..user("carol")
    };
    given(store, &[user("alice"), carol.clone(), closed.clone()]).await?;
    let mut uow = write(store).await?;
    let accounts = uow.accounts();
    for new in ["a", "b"] {
        assert!(
            accounts
                .set_password_hash(&localpart("alice"), &hash(new))
                .await?
        );
    }
    for nobody in ["closed", "eve"] {
        assert!(
            !accounts
                .set_password_hash(&localpart(nobody), &hash("a"))
                .await?,
            "{nobody}"
        );
    }
    uow.commit().await?;
    let mut reader = read(store).await?;
    let alice = Account {
        password_hash: Some(hash("b")),
        ..user("alice")
    };
    for account in [alice, carol, closed] {
        let found = reader.accounts().find(&account.localpart).await?;
        assert_eq!(found, Some(account));
    }
    Ok(())
}

pub(super) async fn only_what_changes_of_an_account_is_replaced(store: &dyn Store) -> Outcome {
    let rich = rich_account();
    given(store, &[rich.clone(), user("bob")]).await?;
    let mut uow = write(store).await?;
    let accounts = uow.accounts();
    let nothing = AccountChanges::default();
    assert!(accounts.update(&rich.localpart, &nothing).await?);
    assert_eq!(accounts.find(&rich.localpart).await?, Some(rich.clone()));
    let name = AccountChanges {
        display_name: Change::Set(Some("Älice".to_owned())),
        ..AccountChanges::default()
    };
    assert!(accounts.update(&rich.localpart, &name).await?);
    let renamed = Account {
        display_name: Some("Älice".to_owned()),
        ..rich
    };
    assert_eq!(
        accounts.find(&renamed.localpart).await?,
        Some(renamed.clone())
    );
    let rest = AccountChanges {
        display_name: Change::Keep,
        admin: Change::Set(false),
        user_type: Change::Set(None),
        erased: Change::Set(false),
        suspended: Change::Set(false),
    };
    assert!(accounts.update(&renamed.localpart, &rest).await?);
    for changes in [&nothing, &rest] {
        assert!(!accounts.update(&localpart("eve"), changes).await?);
    }
    uow.commit().await?;
    let mut reader = read(store).await?;
    let changed = Account {
        admin: false,
        user_type: None,
        erased: false,
        suspended: false,
        ..renamed
    };
    for account in [changed, user("bob")] {
        let found = reader.accounts().find(&account.localpart).await?;
        assert_eq!(found, Some(account));
    }
    Ok(())
}

pub(super) async fn a_deactivated_account_has_no_password_until_it_is_opened_again(
    store: &dyn Store,
) -> Outcome {
    let open = Account {
        deactivated: false,
        former_password_hash: None,
        ..rich_account()
    };
    let alice = open.localpart.clone();
    given(store, &[open.clone(), user("bob")]).await?;
    let mut uow = write(store).await?;
    let accounts = uow.accounts();
    assert!(!accounts.reactivate(&alice, Some(&hash("n"))).await?);
    assert!(accounts.deactivate(&alice).await?);
    assert!(accounts.deactivate(&alice).await?);
    let closed = Account {
        deactivated: true,
        password_hash: None,
        former_password_hash: open.password_hash.clone(),
        ..open.clone()
    };
    assert_eq!(accounts.find(&alice).await?, Some(closed));
    assert!(accounts.reactivate(&alice, None).await?);
    let bare = Account {
        password_hash: None,
        ..open.clone()
    };
    assert_eq!(accounts.find(&alice).await?, Some(bare));
    assert!(accounts.deactivate(&alice).await?);
    assert!(accounts.reactivate(&alice, Some(&hash("n"))).await?);
    assert!(!accounts.deactivate(&localpart("eve")).await?);
    assert!(!accounts.reactivate(&localpart("eve"), None).await?);
    uow.commit().await?;
    let mut reader = read(store).await?;
    let opened = Account {
        password_hash: Some(hash("n")),
        ..open
    };
    for account in [opened, user("bob")] {
        let found = reader.accounts().find(&account.localpart).await?;
        assert_eq!(found, Some(account));
    }
    Ok(())
}

pub(super) async fn consent_is_recorded(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let mut uow = write(store).await?;
    let accounts = uow.accounts();
    assert!(accounts.record_consent(&alice, "1.0", at(5)).await?);
    assert!(accounts.record_consent(&alice, "2.0", at(6)).await?);
    let nobody = localpart("bob");
    assert!(!accounts.record_consent(&nobody, "1.0", at(7)).await?);
    uow.commit().await?;
    let found = read(store).await?.accounts().find(&alice).await?;
    let found = found.expect("the account was added");
    assert_eq!(found.consent_version.as_deref(), Some("2.0"));
    assert_eq!(found.consented, Some(at(6)));
    Ok(())
}

pub(super) async fn numbers_count_from_one(store: &dyn Store) -> Outcome {
    let mut uow = write(store).await?;
    assert_eq!(uow.accounts().next_number(1).await?, 1);
    assert_eq!(uow.accounts().next_number(1).await?, 2);
    uow.commit().await?;
    let mut uow = write(store).await?;
    assert_eq!(uow.accounts().next_number(1).await?, 3);
    assert_eq!(uow.accounts().next_number(40).await?, 43);
    uow.commit().await
}

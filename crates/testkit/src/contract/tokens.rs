use super::{
    Constraint, Outcome, Unit, assert_conflict, at, device_id, digest, given_device, given_user,
    localpart, read, user, write,
};
use registrar_domain::model::account::Account;
use registrar_domain::model::token::{
    AccessTokenKey, Lineage, NewAccessToken, NewRefreshToken, RefreshFamily, RefreshTokenKey,
    StoredAccessToken, StoredRefreshToken, Successor,
};
use registrar_domain::ports::store::{Store, StoreError};

fn access(owner: &str, device: Option<&str>, text: &str) -> NewAccessToken {
    NewAccessToken {
        digest: digest(text),
        localpart: localpart(owner),
        device_id: device.map(device_id),
        issued: at(100),
        expires: None,
        refresh_token: None,
        made_by: None,
    }
}

fn refresh(owner: &str, device: &str, text: &str) -> NewRefreshToken {
    NewRefreshToken {
        digest: digest(text),
        localpart: localpart(owner),
        device_id: device_id(device),
        expires: None,
        session_expires: None,
        lineage: None,
    }
}

/// Alice with her phone.
async fn given_alice(store: &dyn Store) -> Result<(), StoreError> {
    let alice = given_user(store, "alice").await?;
    given_device(store, &alice, "PHONE").await?;
    Ok(())
}

/// Adds Alice's refresh token `r<name>` and the access token `a<name>` beside it.
pub(super) async fn add_pair(
    uow: &mut Unit,
    name: &str,
) -> Result<(RefreshTokenKey, AccessTokenKey), StoreError> {
    let token = refresh("alice", "PHONE", &format!("r{name}"));
    let refresh_token = uow.tokens().add_refresh(&token).await?;
    let token = access("alice", Some("PHONE"), &format!("a{name}"));
    let token = NewAccessToken {
        refresh_token: Some(refresh_token),
        ..token
    };
    Ok((refresh_token, uow.tokens().add_access(&token).await?))
}

async fn successor(uow: &mut Unit, text: &str) -> Result<Option<Successor>, StoreError> {
    let found = uow.tokens().find_refresh(&digest(text)).await?;
    Ok(found.expect("the refresh token is there").successor)
}

pub(super) async fn is_there(uow: &mut Unit, name: &str) -> Result<(bool, bool), StoreError> {
    let refresh = uow
        .tokens()
        .find_refresh(&digest(&format!("r{name}")))
        .await?
        .is_some();
    let access = uow
        .tokens()
        .find_access(&digest(&format!("a{name}")))
        .await?
        .is_some();
    Ok((refresh, access))
}

pub(super) async fn an_access_token_comes_back_with_its_account(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    given_user(store, "bob").await?;
    let mut uow = write(store).await?;
    let plain = uow
        .tokens()
        .add_access(&access("alice", None, "plain"))
        .await?;
    let refresh_token = Some(
        uow.tokens()
            .add_refresh(&refresh("alice", "PHONE", "r"))
            .await?,
    );
    let full = NewAccessToken {
        expires: Some(at(200)),
        refresh_token,
        made_by: Some(localpart("bob")),
        ..access("alice", Some("PHONE"), "full")
    };
    let full = uow.tokens().add_access(&full).await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    let expected = StoredAccessToken {
        key: plain,
        localpart: localpart("alice"),
        device_id: None,
        validated: at(100),
        expires: None,
        refresh_token: None,
        used: false,
        made_by: None,
    };
    // The account was seen on its device.
    let alice = Account {
        last_seen: Some(at(1)),
        ..user("alice")
    };
    let found = reader.tokens().find_access(&digest("plain")).await?;
    assert_eq!(found, Some((expected.clone(), alice.clone())));
    let expected = StoredAccessToken {
        key: full,
        device_id: Some(device_id("PHONE")),
        expires: Some(at(200)),
        refresh_token,
        made_by: Some(localpart("bob")),
        ..expected
    };
    let found = reader.tokens().find_access(&digest("full")).await?;
    assert_eq!(found, Some((expected, alice)));
    assert_eq!(reader.tokens().find_access(&digest("other")).await?, None);
    Ok(())
}

pub(super) async fn an_access_token_needs_what_it_refers_to(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    let gone = NewAccessToken {
        refresh_token: Some(RefreshTokenKey(4_711)),
        ..access("alice", Some("PHONE"), "a")
    };
    let nobodys = NewAccessToken {
        made_by: Some(localpart("nobody")),
        ..access("alice", None, "a")
    };
    let dangling = [
        nobodys,
        access("nobody", None, "a"),
        access("alice", Some("TABLET"), "a"),
        gone,
    ];
    for token in dangling {
        let added = write(store).await?.tokens().add_access(&token).await;
        assert_conflict(added, Constraint::MissingReference);
    }
    Ok(())
}

pub(super) async fn a_refresh_token_needs_its_device(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    for token in [
        refresh("alice", "TABLET", "r"),
        refresh("nobody", "PHONE", "r"),
    ] {
        let added = write(store).await?.tokens().add_refresh(&token).await;
        assert_conflict(added, Constraint::MissingReference);
    }
    Ok(())
}

pub(super) async fn digests_are_unique(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    let mut uow = write(store).await?;
    add_pair(&mut uow, "1").await?;
    uow.commit().await?;
    let again = write(store)
        .await?
        .tokens()
        .add_access(&access("alice", None, "a1"))
        .await;
    assert_conflict(again, Constraint::Unnamed);
    let again = write(store)
        .await?
        .tokens()
        .add_refresh(&refresh("alice", "PHONE", "r1"))
        .await;
    assert_conflict(again, Constraint::Unnamed);
    Ok(())
}

pub(super) async fn marks_on_access_tokens_stay(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    let mut uow = write(store).await?;
    let key = uow.tokens().add_access(&access("alice", None, "a")).await?;
    uow.tokens().add_access(&access("alice", None, "b")).await?;
    for _ in 0..2 {
        uow.tokens().mark_access_used(key).await?;
        assert!(uow.tokens().mark_access_validated(key, at(500)).await?);
        assert!(uow.tokens().has_access(key).await?);
    }
    let nobodys = AccessTokenKey(4_711);
    uow.tokens().mark_access_used(nobodys).await?;
    assert!(!uow.tokens().mark_access_validated(nobodys, at(1)).await?);
    assert!(!uow.tokens().has_access(nobodys).await?);
    uow.commit().await?;
    let mut reader = read(store).await?;
    let found = reader.tokens().find_access(&digest("a")).await?;
    assert_eq!(
        found.map(|(token, _)| (token.used, token.validated)),
        Some((true, at(500)))
    );
    let found = reader.tokens().find_access(&digest("b")).await?;
    assert_eq!(
        found.map(|(token, _)| (token.used, token.validated)),
        Some((false, at(100)))
    );
    Ok(())
}

pub(super) async fn removed_access_tokens_are_gone(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    let mut uow = write(store).await?;
    let key = uow.tokens().add_access(&access("alice", None, "a")).await?;
    uow.tokens().add_access(&access("alice", None, "b")).await?;
    uow.tokens().remove_access(key).await?;
    uow.tokens().remove_access(key).await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(reader.tokens().find_access(&digest("a")).await?, None);
    assert!(reader.tokens().find_access(&digest("b")).await?.is_some());
    Ok(())
}

pub(super) async fn a_refresh_token_comes_back_as_it_was_added(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    let mut uow = write(store).await?;
    let token = NewRefreshToken {
        expires: Some(at(7)),
        session_expires: Some(at(8)),
        ..refresh("alice", "PHONE", "r")
    };
    let key = uow.tokens().add_refresh(&token).await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    let expected = StoredRefreshToken {
        key,
        localpart: token.localpart,
        device_id: token.device_id,
        expires: token.expires,
        session_expires: token.session_expires,
        successor: None,
    };
    assert_eq!(
        reader.tokens().find_refresh(&digest("r")).await?,
        Some(expected)
    );
    assert_eq!(reader.tokens().find_refresh(&digest("other")).await?, None);
    Ok(())
}

fn lineage(family: &str, generation: u32) -> Option<Lineage> {
    Some(Lineage {
        family: digest(family),
        generation,
    })
}

pub(super) async fn a_family_is_found_by_its_youngest_token(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    given_device(store, &localpart("alice"), "TABLET").await?;
    let mut uow = write(store).await?;
    let mut keys = Vec::new();
    for (device, text, lineage) in [
        ("PHONE", "1", lineage("f", 1)),
        ("PHONE", "2", lineage("f", u32::MAX)),
        ("PHONE", "3", lineage("f", 2)),
        ("TABLET", "4", lineage("g", 0)),
        ("TABLET", "5", None),
    ] {
        let token = NewRefreshToken {
            lineage,
            ..refresh("alice", device, text)
        };
        keys.push(uow.tokens().add_refresh(&token).await?);
    }
    uow.commit().await?;
    let mut uow = write(store).await?;
    for (family, device, generation) in [("f", "PHONE", u32::MAX), ("g", "TABLET", 0)] {
        let expected = RefreshFamily {
            localpart: localpart("alice"),
            device_id: device_id(device),
            generation,
        };
        let found = uow.tokens().find_family(&digest(family)).await?;
        assert_eq!(found, Some(expected));
    }
    assert_eq!(uow.tokens().find_family(&digest("h")).await?, None);
    // A rotated token goes and leaves its family behind.
    assert!(uow.tokens().rotate_refresh(keys[0], None, keys[2]).await?);
    assert!(uow.tokens().rotate_refresh(keys[2], None, keys[1]).await?);
    assert_eq!(uow.tokens().find_refresh(&digest("1")).await?, None);
    assert!(uow.tokens().find_family(&digest("f")).await?.is_some());
    let (alice, phone) = (localpart("alice"), device_id("PHONE"));
    uow.tokens().remove_of_device(&alice, &phone).await?;
    assert_eq!(uow.tokens().find_family(&digest("f")).await?, None);
    assert!(uow.tokens().find_family(&digest("g")).await?.is_some());
    Ok(())
}

pub(super) async fn a_successor_tells_what_became_of_it(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    let mut uow = write(store).await?;
    let (one, one_access) = add_pair(&mut uow, "1").await?;
    let (two, two_access) = add_pair(&mut uow, "2").await?;
    let (three, _) = add_pair(&mut uow, "3").await?;
    uow.tokens().mark_access_used(one_access).await?;
    assert!(uow.tokens().rotate_refresh(one, None, two).await?);
    let fresh = Successor {
        key: two,
        access_token_used: false,
        rotated: false,
    };
    assert_eq!(successor(&mut uow, "r1").await?, Some(fresh));
    uow.tokens().mark_access_used(two_access).await?;
    let used = Successor {
        access_token_used: true,
        ..fresh
    };
    assert_eq!(successor(&mut uow, "r1").await?, Some(used));
    assert_eq!(successor(&mut uow, "r2").await?, None);
    assert!(uow.tokens().rotate_refresh(two, None, three).await?);
    // Token 1 is gone with that, so what a rotated successor looks like takes a fourth.
    let (four, _) = add_pair(&mut uow, "4").await?;
    assert!(uow.tokens().rotate_refresh(four, None, two).await?);
    let rotated = Successor {
        rotated: true,
        ..used
    };
    assert_eq!(successor(&mut uow, "r4").await?, Some(rotated));
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(successor(&mut reader, "r4").await?, Some(rotated));
    Ok(())
}

pub(super) async fn rotation_replaces_an_unused_successor(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    let mut uow = write(store).await?;
    let (one, _) = add_pair(&mut uow, "1").await?;
    let (two, _) = add_pair(&mut uow, "2").await?;
    let (again, _) = add_pair(&mut uow, "2 again").await?;
    assert!(uow.tokens().rotate_refresh(one, None, two).await?);
    assert!(uow.tokens().rotate_refresh(one, Some(two), again).await?);
    uow.commit().await?;
    let mut reader = read(store).await?;
    let expected = Successor {
        key: again,
        access_token_used: false,
        rotated: false,
    };
    assert_eq!(successor(&mut reader, "r1").await?, Some(expected));
    assert_eq!(is_there(&mut reader, "1").await?, (true, true));
    assert_eq!(is_there(&mut reader, "2").await?, (false, false));
    assert_eq!(is_there(&mut reader, "2 again").await?, (true, true));
    Ok(())
}

pub(super) async fn rotation_removes_the_predecessor(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    let mut uow = write(store).await?;
    let (one, _) = add_pair(&mut uow, "1").await?;
    let (two, _) = add_pair(&mut uow, "2").await?;
    let (three, _) = add_pair(&mut uow, "3").await?;
    add_pair(&mut uow, "of another login").await?;
    assert!(uow.tokens().rotate_refresh(one, None, two).await?);
    assert_eq!(is_there(&mut uow, "1").await?, (true, true));
    assert!(uow.tokens().rotate_refresh(two, None, three).await?);
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(is_there(&mut reader, "1").await?, (false, false));
    for name in ["2", "3", "of another login"] {
        assert_eq!(is_there(&mut reader, name).await?, (true, true), "{name}");
    }
    Ok(())
}

pub(super) async fn rotation_is_refused_when_the_successor_is_another(
    store: &dyn Store,
) -> Outcome {
    given_alice(store).await?;
    let mut uow = write(store).await?;
    let (one, _) = add_pair(&mut uow, "1").await?;
    let (two, _) = add_pair(&mut uow, "2").await?;
    let (three, _) = add_pair(&mut uow, "3").await?;
    assert!(!uow.tokens().rotate_refresh(one, Some(two), three).await?);
    assert!(uow.tokens().rotate_refresh(one, None, two).await?);
    assert!(!uow.tokens().rotate_refresh(one, None, three).await?);
    assert!(!uow.tokens().rotate_refresh(one, Some(three), three).await?);
    assert!(
        !uow.tokens()
            .rotate_refresh(RefreshTokenKey(4_711), None, three)
            .await?
    );
    for name in ["1", "2", "3"] {
        assert_eq!(is_there(&mut uow, name).await?, (true, true), "{name}");
    }
    assert_eq!(
        successor(&mut uow, "r1")
            .await?
            .map(|successor| successor.key),
        Some(two)
    );
    Ok(())
}

pub(super) async fn rotation_needs_the_new_token(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    let mut uow = write(store).await?;
    let (one, _) = add_pair(&mut uow, "1").await?;
    let rotated = uow
        .tokens()
        .rotate_refresh(one, None, RefreshTokenKey(4_711))
        .await;
    assert_conflict(rotated, Constraint::MissingReference);
    Ok(())
}

pub(super) async fn tokens_of_one_device_are_removed(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    given_device(store, &localpart("alice"), "TABLET").await?;
    let mut uow = write(store).await?;
    add_pair(&mut uow, "1").await?;
    uow.tokens()
        .add_access(&access("alice", Some("PHONE"), "lone"))
        .await?;
    uow.tokens()
        .add_access(&access("alice", Some("TABLET"), "a2"))
        .await?;
    uow.tokens()
        .add_refresh(&refresh("alice", "TABLET", "r2"))
        .await?;
    uow.tokens()
        .remove_of_device(&localpart("alice"), &device_id("PHONE"))
        .await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(is_there(&mut reader, "1").await?, (false, false));
    assert_eq!(reader.tokens().find_access(&digest("lone")).await?, None);
    assert_eq!(is_there(&mut reader, "2").await?, (true, true));
    assert_eq!(reader.devices().list(&localpart("alice")).await?.len(), 2);
    Ok(())
}

pub(super) async fn tokens_of_an_account_are_removed(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    let bob = given_user(store, "bob").await?;
    given_device(store, &bob, "PHONE").await?;
    let mut uow = write(store).await?;
    add_pair(&mut uow, "1").await?;
    uow.tokens()
        .add_access(&access("alice", None, "deviceless"))
        .await?;
    uow.tokens()
        .add_access(&access("bob", Some("PHONE"), "a2"))
        .await?;
    uow.tokens()
        .add_refresh(&refresh("bob", "PHONE", "r2"))
        .await?;
    uow.tokens().remove_all(&localpart("alice")).await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(is_there(&mut reader, "1").await?, (false, false));
    assert_eq!(
        reader.tokens().find_access(&digest("deviceless")).await?,
        None
    );
    assert_eq!(is_there(&mut reader, "2").await?, (true, true));
    assert_eq!(reader.devices().list(&localpart("alice")).await?.len(), 1);
    Ok(())
}

pub(super) async fn access_tokens_of_an_account_but_one_are_removed(store: &dyn Store) -> Outcome {
    given_alice(store).await?;
    given_user(store, "bob").await?;
    let mut uow = write(store).await?;
    let (_, kept) = add_pair(&mut uow, "1").await?;
    add_pair(&mut uow, "2").await?;
    for (owner, text) in [("alice", "deviceless"), ("bob", "a3")] {
        uow.tokens().add_access(&access(owner, None, text)).await?;
    }
    uow.tokens()
        .remove_other_access(&localpart("alice"), kept)
        .await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(is_there(&mut reader, "1").await?, (true, true));
    assert_eq!(is_there(&mut reader, "2").await?, (true, false));
    assert_eq!(is_there(&mut reader, "3").await?, (false, true));
    let gone = reader.tokens().find_access(&digest("deviceless")).await?;
    assert_eq!(gone, None);
    Ok(())
}

/// Alice's and Bob's tokens, of which the administrator Carol and Bob have made some to speak for others:
/// each is named by its maker and whom it speaks for.
async fn given_tokens_of_administrators(
    store: &dyn Store,
) -> Result<(Unit, AccessTokenKey), StoreError> {
    for name in ["alice", "bob", "carol"] {
        given_user(store, name).await?;
    }
    let mut uow = write(store).await?;
    let mut kept = AccessTokenKey(0);
    for (maker, subject) in [
        (None, "alice"),
        (None, "bob"),
        (None, "carol"),
        (Some("carol"), "alice"),
        (Some("carol"), "bob"),
        (Some("bob"), "alice"),
    ] {
        let text = format!("{} {subject}", maker.unwrap_or("own"));
        let token = NewAccessToken {
            made_by: maker.map(localpart),
            ..access(subject, None, &text)
        };
        let key = uow.tokens().add_access(&token).await?;
        if text == "own carol" {
            kept = key;
        }
    }
    Ok((uow, kept))
}

async fn assert_left(uow: &mut Unit, expected: &[&str]) -> Outcome {
    let mut left = Vec::new();
    for text in [
        "own alice",
        "own bob",
        "own carol",
        "carol alice",
        "carol bob",
        "bob alice",
    ] {
        if uow.tokens().find_access(&digest(text)).await?.is_some() {
            left.push(text);
        }
    }
    assert_eq!(left, expected);
    Ok(())
}

pub(super) async fn tokens_belong_to_the_administrator_who_made_them(store: &dyn Store) -> Outcome {
    let (mut uow, kept) = given_tokens_of_administrators(store).await?;
    let tokens = uow.tokens();
    tokens.remove_all(&localpart("alice")).await?;
    let left = [
        "own bob",
        "own carol",
        "carol alice",
        "carol bob",
        "bob alice",
    ];
    assert_left(&mut uow, &left).await?;
    uow.tokens()
        .remove_other_access(&localpart("carol"), kept)
        .await?;
    assert_left(&mut uow, &["own bob", "own carol", "bob alice"]).await?;
    uow.tokens().remove_all(&localpart("bob")).await?;
    assert_left(&mut uow, &["own carol"]).await
}

pub(super) async fn tokens_of_administrators_end_for_either_account(store: &dyn Store) -> Outcome {
    let (mut uow, _) = given_tokens_of_administrators(store).await?;
    uow.tokens().remove_made_by(&localpart("carol")).await?;
    let left = ["own alice", "own bob", "own carol", "bob alice"];
    assert_left(&mut uow, &left).await?;
    uow.tokens().remove_made_for(&localpart("alice")).await?;
    assert_left(&mut uow, &["own alice", "own bob", "own carol"]).await
}

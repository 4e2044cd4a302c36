use super::{Constraint, Outcome, Unit, assert_conflict, at, digest, read, write};
use registrar_domain::model::threepid::{
    Medium, NextLink, Purpose, Threepid, ValidatedThreepid, ValidationSession, ValidationSessionId,
    ValidationToken,
};
use registrar_domain::ports::store::{Store, StoreError};

pub(super) fn sid(text: &str) -> ValidationSessionId {
    ValidationSessionId::new(text)
}

fn mail(address: &str) -> Threepid {
    Threepid::from_canonical(Medium::Email, address.to_owned())
}

/// A session for an address and with a secret of its own.
pub(super) fn session(id: &str) -> ValidationSession {
    ValidationSession {
        id: sid(id),
        threepid: mail(&format!("{id}@example.org")),
        purpose: Purpose::Registration,
        client_secret: digest(&format!("secret of {id}")),
        last_send_attempt: None,
        validated: None,
        consumed: false,
        delegate_sid: None,
    }
}

pub(super) fn token(text: &str, expires: i64) -> ValidationToken {
    ValidationToken {
        digest: digest(text),
        next_link: None,
        expires: at(expires),
    }
}

/// Commits a session with a token each of these expiries.
async fn given(
    store: &dyn Store,
    session: &ValidationSession,
    tokens: &[ValidationToken],
) -> Outcome {
    let mut uow = write(store).await?;
    uow.validations().add(session).await?;
    for token in tokens {
        uow.validations().add_token(&session.id, token).await?;
    }
    uow.commit().await
}

/// Commits a session that waits for its owner.
pub(super) async fn given_open(
    store: &dyn Store,
    id: &str,
) -> Result<ValidationSession, StoreError> {
    let session = session(id);
    given(store, &session, &[token(&format!("token of {id}"), 100)]).await?;
    Ok(session)
}

/// Commits a session that was validated.
pub(super) async fn given_validated(
    store: &dyn Store,
    id: &str,
    validated: i64,
) -> Result<ValidationSession, StoreError> {
    let session = ValidationSession {
        validated: Some(at(validated)),
        ..session(id)
    };
    given(store, &session, &[]).await?;
    Ok(session)
}

async fn is_there(uow: &mut Unit, id: &str) -> Result<bool, StoreError> {
    Ok(uow.validations().find(&sid(id)).await?.is_some())
}

/// Consumes a session with its own secret and purpose.
pub(super) async fn consume(
    uow: &mut Unit,
    session: &ValidationSession,
    validated_after: i64,
) -> Result<Option<ValidatedThreepid>, StoreError> {
    let ValidationSession {
        id,
        client_secret,
        purpose,
        ..
    } = session;
    uow.validations()
        .consume(id, client_secret, &[*purpose], at(validated_after))
        .await
}

pub(super) async fn a_validation_session_comes_back_as_it_was_added(store: &dyn Store) -> Outcome {
    let full = ValidationSession {
        threepid: mail(&format!("{}@bücher.example", "ü".repeat(240))),
        purpose: Purpose::PasswordReset,
        last_send_attempt: Some(i64::MAX),
        validated: Some(at(i64::MIN)),
        ..session("full")
    };
    let number = ValidationSession {
        threepid: Threepid::from_canonical(Medium::Msisdn, "447700900001".to_owned()),
        purpose: Purpose::Addition,
        last_send_attempt: Some(i64::MIN),
        consumed: true,
        delegate_sid: Some(sid("of an identity server")),
        ..session("number")
    };
    let all = [session("plain"), full, number];
    for session in &all {
        given(store, session, &[]).await?;
    }
    let mut reader = read(store).await?;
    for session in all {
        let found = reader.validations().find(&session.id).await?;
        assert_eq!(found, Some(session));
    }
    Ok(())
}

pub(super) async fn nothing_is_found_by_an_id_that_no_session_has(store: &dyn Store) -> Outcome {
    let session = given_open(store, "s").await?;
    for id in ["S", "", "\0", "s\0", &"s".repeat(100_000)].map(sid) {
        let mut uow = write(store).await?;
        let validations = uow.validations();
        assert_eq!(validations.find(&id).await?, None);
        let token = validations.find_token(&id, &digest("token of s")).await?;
        assert_eq!(token, None);
        let consumed = validations
            .consume(&id, &session.client_secret, &Purpose::ALL, at(0))
            .await?;
        assert_eq!(consumed, None);
    }
    Ok(())
}

pub(super) async fn an_open_session_is_found_by_all_that_it_was_asked_for(
    store: &dyn Store,
) -> Outcome {
    let open = given_open(store, "open").await?;
    let used = given_validated(store, "used", 5).await?;
    let mut reader = read(store).await?;
    let number = Threepid::from_canonical(Medium::Msisdn, open.threepid.address().to_owned());
    let secret = &open.client_secret;
    for (threepid, purpose, secret) in [
        (&mail("other@example.org"), open.purpose, secret),
        (&number, open.purpose, secret),
        (&open.threepid, Purpose::Addition, secret),
        (&open.threepid, Purpose::PasswordReset, secret),
        (&open.threepid, open.purpose, &used.client_secret),
        (&used.threepid, used.purpose, &used.client_secret),
    ] {
        let found = reader
            .validations()
            .find_open(threepid, purpose, secret)
            .await?;
        assert_eq!(found, None, "{threepid:?} {purpose:?}");
    }
    let found = reader
        .validations()
        .find_open(&open.threepid, open.purpose, secret)
        .await?;
    assert_eq!(found, Some(open));
    Ok(())
}

pub(super) async fn a_client_has_one_open_session_for_an_address(store: &dyn Store) -> Outcome {
    let first = given_open(store, "first").await?;
    let second = ValidationSession {
        id: sid("second"),
        ..first.clone()
    };
    let again = write(store).await?.validations().add(&second).await;
    assert_conflict(again, Constraint::ValidationSessionOpen);
    let others = [
        ValidationSession {
            threepid: mail("other@example.org"),
            ..second.clone()
        },
        ValidationSession {
            purpose: Purpose::Addition,
            ..second.clone()
        },
        ValidationSession {
            client_secret: digest("other"),
            ..second.clone()
        },
    ];
    for (n, other) in others.into_iter().enumerate() {
        let id = sid(&format!("other{n}"));
        given(store, &ValidationSession { id, ..other }, &[]).await?;
    }
    let mut uow = write(store).await?;
    assert!(uow.validations().mark_validated(&first.id, at(5)).await?);
    uow.validations().add(&second).await?;
    // Any number of validated ones may wait for their use.
    assert!(uow.validations().mark_validated(&second.id, at(6)).await?);
    uow.commit().await
}

pub(super) async fn a_validation_token_comes_back_as_it_was_added(store: &dyn Store) -> Outcome {
    let link = format!("https://app.example/#/{}", "x".repeat(4000));
    let full = ValidationToken {
        next_link: Some(NextLink::parse(&link, None).expect("the suite's link is allowed")),
        ..token("full", i64::MAX)
    };
    let plain = token("plain", i64::MIN);
    let id = session("s").id;
    given(store, &session("s"), &[full.clone(), plain.clone()]).await?;
    given(store, &session("other"), &[token("of other", 1)]).await?;
    let mut reader = read(store).await?;
    let validations = reader.validations();
    for token in [full, plain] {
        let found = validations.find_token(&id, &token.digest).await?;
        assert_eq!(found, Some(token));
    }
    let of_other = digest("of other");
    assert_eq!(validations.find_token(&id, &of_other).await?, None);
    assert_eq!(validations.find_token(&id, &digest("none")).await?, None);
    Ok(())
}

pub(super) async fn a_validation_token_needs_its_session(store: &dyn Store) -> Outcome {
    let mut uow = write(store).await?;
    let added = uow
        .validations()
        .add_token(&sid("gone"), &token("t", 1))
        .await;
    assert_conflict(added, Constraint::MissingReference);
    Ok(())
}

pub(super) async fn send_attempts_only_rise(store: &dyn Store) -> Outcome {
    let id = given_open(store, "s").await?.id;
    let other = given_open(store, "other").await?;
    let mut uow = write(store).await?;
    let validations = uow.validations();
    for (send_attempt, highest) in [(-3, -3), (-4, -3), (2, 2), (2, 2), (1, 2), (7, 7)] {
        validations.record_send_attempt(&id, send_attempt).await?;
        let found = validations.find(&id).await?;
        let last = found.and_then(|session| session.last_send_attempt);
        assert_eq!(last, Some(highest), "after {send_attempt}");
    }
    validations.record_send_attempt(&sid("gone"), 1).await?;
    uow.commit().await?;
    let found = read(store).await?.validations().find(&other.id).await?;
    assert_eq!(found, Some(other));
    Ok(())
}

pub(super) async fn a_retracted_token_takes_an_unused_session_with_it(
    store: &dyn Store,
) -> Outcome {
    let tokens = |id: &str| [token(&format!("first of {id}"), 9)];
    given(store, &session("unused"), &tokens("unused")).await?;
    given(store, &session("bystander"), &tokens("bystander")).await?;
    let sent = ValidationSession {
        last_send_attempt: Some(1),
        ..session("sent")
    };
    given(store, &sent, &tokens("sent")).await?;
    let validated = ValidationSession {
        validated: Some(at(5)),
        ..session("validated")
    };
    given(store, &validated, &tokens("validated")).await?;
    let two = [token("first of two", 9), token("second of two", 9)];
    given(store, &session("two"), &two).await?;
    for (id, stays) in [
        ("unused", false),
        ("sent", true),
        ("validated", true),
        ("two", true),
    ] {
        let first = digest(&format!("first of {id}"));
        // It is safe to repeat.
        for _ in 0..2 {
            let mut uow = write(store).await?;
            uow.validations().retract_token(&sid(id), &first).await?;
            uow.commit().await?;
            let mut reader = read(store).await?;
            let found = reader.validations().find_token(&sid(id), &first).await?;
            assert_eq!(found, None, "{id}");
            assert_eq!(is_there(&mut reader, id).await?, stays, "{id}");
        }
    }
    let mut uow = write(store).await?;
    let validations = uow.validations();
    let of_another = digest("first of bystander");
    validations.retract_token(&sid("two"), &of_another).await?;
    for (id, text) in [
        ("bystander", "first of bystander"),
        ("two", "second of two"),
    ] {
        let found = validations.find_token(&sid(id), &digest(text)).await?;
        assert!(found.is_some(), "{text}");
    }
    let second = digest("second of two");
    validations.retract_token(&sid("two"), &second).await?;
    assert!(!is_there(&mut uow, "two").await?);
    Ok(())
}

pub(super) async fn a_session_is_validated_once(store: &dyn Store) -> Outcome {
    let id = given_open(store, "s").await?.id;
    let other = given_open(store, "other").await?;
    let mut uow = write(store).await?;
    assert!(uow.validations().mark_validated(&id, at(5)).await?);
    assert!(!uow.validations().mark_validated(&id, at(6)).await?);
    assert!(
        !uow.validations()
            .mark_validated(&sid("gone"), at(6))
            .await?
    );
    uow.commit().await?;
    let mut reader = read(store).await?;
    let found = reader.validations().find(&id).await?;
    assert_eq!(found.and_then(|session| session.validated), Some(at(5)));
    let found = reader.validations().find(&other.id).await?;
    assert_eq!(found, Some(other));
    Ok(())
}

pub(super) async fn a_validated_session_is_consumed_once(store: &dyn Store) -> Outcome {
    let session = given_open(store, "s").await?;
    let other = given_validated(store, "other", 5).await?;
    let mut uow = write(store).await?;
    assert_eq!(consume(&mut uow, &session, 0).await?, None, "not validated");
    assert!(uow.validations().mark_validated(&session.id, at(5)).await?);
    let secret = &session.client_secret;
    for (id, secret, purposes, validated_after) in [
        (&session.id, &digest("wrong"), &Purpose::ALL[..], 4),
        (&other.id, secret, &Purpose::ALL, 4),
        (&session.id, secret, &[Purpose::Addition], 4),
        (&session.id, secret, &[], 4),
        (&session.id, secret, &Purpose::ALL, 5),
        (&sid("gone"), secret, &Purpose::ALL, 4),
    ] {
        let consumed = uow
            .validations()
            .consume(id, secret, purposes, at(validated_after))
            .await?;
        assert_eq!(consumed, None, "{id:?} {purposes:?} {validated_after}");
    }
    let purposes = [Purpose::Addition, session.purpose];
    let consumed = uow
        .validations()
        .consume(&session.id, secret, &purposes, at(4))
        .await?;
    let expected = ValidatedThreepid {
        threepid: session.threepid.clone(),
        validated: at(5),
    };
    assert_eq!(consumed, Some(expected));
    assert_eq!(consume(&mut uow, &session, 4).await?, None, "a second time");
    uow.commit().await?;
    let mut reader = read(store).await?;
    let found = reader.validations().find(&session.id).await?;
    let expected = ValidationSession {
        validated: Some(at(5)),
        consumed: true,
        ..session.clone()
    };
    assert_eq!(found, Some(expected), "its link can be opened again");
    let of_consumed = digest("token of s");
    let found = reader
        .validations()
        .find_token(&session.id, &of_consumed)
        .await?;
    assert!(found.is_some());
    let found = reader.validations().find(&other.id).await?;
    assert_eq!(found, Some(other));
    Ok(())
}

pub(super) async fn expired_validation_tokens_are_removed_up_to_a_limit(
    store: &dyn Store,
) -> Outcome {
    let tokens = [("a", 10), ("b", 20), ("c", 30), ("d", 40)].map(|(text, at)| token(text, at));
    given(store, &session("s"), &tokens).await?;
    let mut uow = write(store).await?;
    let validations = uow.validations();
    // A token is accepted until the moment at which it expires, and with it.
    for (now, limit, removed) in [(10, 9, 0), (31, 0, 0), (31, 2, 2), (31, 2, 1), (31, 2, 0)] {
        let found = validations.remove_expired(at(now), at(0), limit).await?;
        assert_eq!(found, removed, "at {now}, up to {limit}");
    }
    let last = validations.find_token(&sid("s"), &digest("d")).await?;
    assert!(last.is_some());
    assert!(is_there(&mut uow, "s").await?);
    let found = uow.validations().remove_expired(at(41), at(0), 9).await?;
    assert_eq!(found, 2, "the session goes with its last token");
    assert!(!is_there(&mut uow, "s").await?);
    Ok(())
}

pub(super) async fn ended_validation_sessions_are_removed_up_to_a_limit(
    store: &dyn Store,
) -> Outcome {
    given_open(store, "open").await?;
    for (id, validated) in [("old", 10), ("older", 9), ("oldest", 8), ("fresh", 11)] {
        given_validated(store, id, validated).await?;
    }
    let with_token = ValidationSession {
        validated: Some(at(10)),
        ..session("with token")
    };
    given(store, &with_token, &[token("unexpired", 100)]).await?;
    given(store, &session("shut"), &[]).await?;
    let used = ValidationSession {
        validated: Some(at(11)),
        consumed: true,
        ..session("used")
    };
    given(store, &used, &[]).await?;
    let mut uow = write(store).await?;
    for (limit, removed) in [(0, 0), (2, 2), (2, 2), (2, 1), (2, 0)] {
        let found = uow
            .validations()
            .remove_expired(at(50), at(10), limit)
            .await?;
        assert_eq!(found, removed, "up to {limit}");
    }
    assert!(is_there(&mut uow, "open").await?);
    assert!(is_there(&mut uow, "fresh").await?);
    assert!(
        is_there(&mut uow, "with token").await?,
        "its link can be opened"
    );
    let found = uow.validations().remove_expired(at(101), at(10), 9).await?;
    assert_eq!(found, 4, "two tokens and what they could open");
    Ok(())
}

pub(super) async fn a_session_stands_for_the_last_one_of_its_identity_server(
    store: &dyn Store,
) -> Outcome {
    let session = given_open(store, "s").await?;
    let other = given_open(store, "other").await?;
    for delegate_sid in ["1", "1", "2"].map(sid) {
        let mut uow = write(store).await?;
        let validations = uow.validations();
        validations
            .record_delegate(&session.id, &delegate_sid)
            .await?;
        validations
            .record_delegate(&sid("gone"), &delegate_sid)
            .await?;
        uow.commit().await?;
    }
    let mut reader = read(store).await?;
    let found = reader.validations().find(&session.id).await?;
    assert_eq!(found.and_then(|it| it.delegate_sid), Some(sid("2")));
    let found = reader.validations().find(&other.id).await?;
    assert_eq!(found, Some(other));
    Ok(())
}

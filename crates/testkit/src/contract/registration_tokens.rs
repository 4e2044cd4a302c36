use super::uia::{given_session, registered, session_id};
use super::{Constraint, Outcome, assert_conflict, at, hash, read, write};
use registrar_domain::model::registration_token::{
    HeldRegistrationToken, RegistrationToken, RegistrationTokenId, RegistrationTokenKey,
};
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::uia::EndedSession;
use registrar_domain::model::uia::UiaSessionId;
use registrar_domain::ports::store::{Change, Store, StoreError};

pub(super) fn token_id(text: &str) -> RegistrationTokenId {
    RegistrationTokenId::parse(text).expect("the suite's tokens are of the grammar")
}

pub(super) async fn given_token(
    store: &dyn Store,
    text: &str,
    uses_allowed: Option<u32>,
    expires: Option<Timestamp>,
) -> Result<RegistrationTokenId, StoreError> {
    let mut uow = write(store).await?;
    let token = RegistrationToken::new(token_id(text), uses_allowed, expires);
    uow.registration_tokens().add(&token).await?;
    uow.commit().await?;
    Ok(token.id)
}

pub(super) async fn counts(
    store: &dyn Store,
    id: &RegistrationTokenId,
) -> Result<(u32, u32), StoreError> {
    let found = read(store).await?.registration_tokens().find(id).await?;
    Ok(found.map_or((0, 0), |token| (token.pending, token.completed)))
}

pub(super) async fn a_token_comes_back_as_it_was_added(store: &dyn Store) -> Outcome {
    let limit = i32::MAX.unsigned_abs();
    let full = RegistrationToken {
        id: token_id(&"~".repeat(64)),
        uses_allowed: Some(limit),
        pending: limit,
        completed: limit,
        expires: Some(at(i64::MAX)),
    };
    let plain = RegistrationToken::new(token_id("a"), None, None);
    let mut uow = write(store).await?;
    uow.registration_tokens().add(&full).await?;
    uow.registration_tokens().add(&plain).await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    let tokens = reader.registration_tokens();
    assert_eq!(tokens.find(&full.id).await?.as_ref(), Some(&full));
    assert_eq!(tokens.find(&token_id("A")).await?, None, "case counts");
    assert_eq!(tokens.list().await?, [plain, full]);
    Ok(())
}

pub(super) async fn a_taken_token_is_refused(store: &dyn Store) -> Outcome {
    let id = given_token(store, "t", None, None).await?;
    let mut uow = write(store).await?;
    let again = RegistrationToken::new(id, Some(1), None);
    let added = uow.registration_tokens().add(&again).await;
    assert_conflict(added, Constraint::RegistrationTokenTaken);
    Ok(())
}

pub(super) async fn only_what_changes_is_changed(store: &dyn Store) -> Outcome {
    let id = given_token(store, "t", Some(1), Some(at(5))).await?;
    let mut uow = write(store).await?;
    let tokens = uow.registration_tokens();
    assert!(tokens.update(&id, Change::Keep, Change::Keep).await?);
    assert!(tokens.update(&id, Change::Set(None), Change::Keep).await?);
    let found = tokens.find(&id).await?;
    assert_eq!(
        found,
        Some(RegistrationToken::new(id.clone(), None, Some(at(5))))
    );
    assert!(
        tokens
            .update(&id, Change::Set(Some(3)), Change::Set(None))
            .await?
    );
    let found = tokens.find(&id).await?;
    assert_eq!(
        found,
        Some(RegistrationToken::new(id.clone(), Some(3), None))
    );
    assert!(
        !tokens
            .update(&token_id("none"), Change::Set(None), Change::Keep)
            .await?
    );
    assert!(tokens.remove(&id).await?);
    assert!(!tokens.remove(&id).await?);
    Ok(())
}

pub(super) async fn a_use_is_reserved_while_the_token_is_valid(store: &dyn Store) -> Outcome {
    let twice = given_token(store, "twice", Some(2), None).await?;
    let never = given_token(store, "never", Some(0), None).await?;
    let brief = given_token(store, "brief", None, Some(at(10))).await?;
    let mut uow = write(store).await?;
    let tokens = uow.registration_tokens();
    let key = tokens.reserve(&twice, at(1)).await?;
    let key = key.expect("it is good for two uses");
    assert!(tokens.complete(key).await?);
    assert_eq!(tokens.reserve(&twice, at(1)).await?, Some(key));
    assert_eq!(
        tokens.reserve(&twice, at(1)).await?,
        None,
        "pending and completed uses count alike"
    );
    assert_eq!(tokens.reserve(&never, at(1)).await?, None);
    assert!(tokens.reserve(&brief, at(10)).await?.is_some());
    assert_eq!(tokens.reserve(&brief, at(11)).await?, None);
    assert_eq!(tokens.reserve(&token_id("none"), at(1)).await?, None);
    uow.commit().await?;
    assert_eq!(counts(store, &twice).await?, (1, 1));
    Ok(())
}

pub(super) async fn only_a_pending_use_is_completed(store: &dyn Store) -> Outcome {
    let id = given_token(store, "t", Some(1), None).await?;
    let mut uow = write(store).await?;
    let tokens = uow.registration_tokens();
    let key = tokens.reserve(&id, at(1)).await?;
    let key = key.expect("it is good for one use");
    tokens
        .update(&id, Change::Set(Some(0)), Change::Set(Some(at(0))))
        .await?;
    assert!(
        tokens.complete(key).await?,
        "a reserved use outlives the token's validity"
    );
    assert!(!tokens.complete(key).await?);
    assert!(!tokens.complete(RegistrationTokenKey(-1)).await?);
    Ok(())
}

pub(super) async fn a_session_holds_one_token(store: &dyn Store) -> Outcome {
    let id = given_session(store, "s", 1).await?;
    let held = |key, text| HeldRegistrationToken {
        key: RegistrationTokenKey(key),
        id: token_id(text),
    };
    let gone = session_id("gone");
    let mut uow = write(store).await?;
    let sessions = uow.uia_sessions();
    let first = held(1, "a");
    assert!(sessions.hold_registration_token(&id, &first).await?);
    assert!(!sessions.hold_registration_token(&id, &first).await?);
    assert!(!sessions.hold_registration_token(&id, &held(2, "a")).await?);
    assert!(!sessions.hold_registration_token(&id, &held(3, "b")).await?);
    assert!(!sessions.hold_registration_token(&gone, &first).await?);
    uow.commit().await?;
    let found = read(store).await?.uia_sessions().find(&id).await?;
    assert_eq!(
        found.and_then(|session| session.registration_token),
        Some(first)
    );
    Ok(())
}

/// Commits a session that holds a use of a token, and has registered with it or not.
async fn given_holder(
    store: &dyn Store,
    session: &str,
    token: &RegistrationTokenId,
    registers: bool,
) -> Result<UiaSessionId, StoreError> {
    let session = given_session(store, session, 1).await?;
    let mut uow = write(store).await?;
    let key = uow.registration_tokens().reserve(token, at(1)).await?;
    let held = HeldRegistrationToken {
        key: key.expect("the token has a use left"),
        id: token.clone(),
    };
    let sessions = uow.uia_sessions();
    sessions.hold_registration_token(&session, &held).await?;
    if registers {
        let registered = registered("new", "D");
        sessions
            .mark_registered(&session, &registered, &hash("h"))
            .await?;
        uow.registration_tokens().complete(held.key).await?;
    }
    uow.commit().await?;
    Ok(session)
}

pub(super) async fn a_removed_session_tells_what_it_held(store: &dyn Store) -> Outcome {
    let id = given_token(store, "t", Some(4), None).await?;
    let unused = given_holder(store, "unused", &id, false).await?;
    let registered = given_holder(store, "registered", &id, true).await?;
    let without = given_session(store, "without", 1).await?;
    let mut uow = write(store).await?;
    let sessions = uow.uia_sessions();
    let found = sessions.find(&unused).await?.expect("it was just opened");
    let registration_token = found.registration_token.map(|held| held.key);
    assert!(registration_token.is_some());
    let rows = [
        (&unused, registration_token, false),
        (&registered, registration_token, true),
        (&without, None, false),
    ];
    let held = rows.map(|(_, registration_token, has_registered)| EndedSession {
        registration_token,
        has_registered,
    });
    for (index, (session, ..)) in rows.iter().enumerate() {
        assert_eq!(sessions.remove(session).await?, Some(held[index]));
        assert_eq!(sessions.remove(session).await?, None);
    }
    drop(uow);
    let mut uow = write(store).await?;
    let ended = uow.uia_sessions().remove_expired(at(1), 10).await?;
    assert_eq!(ended.len(), held.len());
    for expected in held {
        assert!(ended.contains(&expected), "{expected:?} in {ended:?}");
    }
    uow.commit().await?;
    assert_eq!(counts(store, &id).await?, (1, 1), "nothing decides here");
    Ok(())
}

pub(super) async fn pending_uses_are_released(store: &dyn Store) -> Outcome {
    let id = given_token(store, "t", Some(4), None).await?;
    for session in ["first", "second", "third"] {
        given_holder(store, session, &id, false).await?;
    }
    let mut uow = write(store).await?;
    let found = uow.uia_sessions().find(&session_id("first")).await?;
    let held = found.and_then(|session| session.registration_token);
    let key = held.expect("it holds a use").key;
    let tokens = uow.registration_tokens();
    assert!(tokens.release(key, 2).await?);
    assert!(!tokens.release(key, 2).await?, "one is left");
    assert!(tokens.release(key, 1).await?);
    uow.commit().await?;
    assert_eq!(counts(store, &id).await?, (0, 0));
    let mut uow = write(store).await?;
    let tokens = uow.registration_tokens();
    tokens.remove(&id).await?;
    assert!(!tokens.release(key, 0).await?, "the token is gone");
    Ok(())
}

pub(super) async fn a_token_made_again_is_another_token(store: &dyn Store) -> Outcome {
    let id = given_token(store, "t", Some(1), None).await?;
    let old = given_holder(store, "old", &id, false).await?;
    let remove = async || {
        let mut uow = write(store).await?;
        assert!(uow.registration_tokens().remove(&id).await?);
        uow.commit().await
    };
    remove().await?;
    given_token(store, "t", Some(1), None).await?;
    let new = given_holder(store, "new", &id, false).await?;
    let find = async |session: &UiaSessionId| {
        let found = read(store).await?.uia_sessions().find(session).await?;
        let held = found.and_then(|session| session.registration_token);
        Ok::<_, StoreError>(held.expect("it holds a use").key)
    };
    let (old_key, new_key) = (find(&old).await?, find(&new).await?);
    assert_ne!(old_key, new_key);
    let mut uow = write(store).await?;
    assert!(!uow.registration_tokens().complete(old_key).await?);
    let ended = uow.uia_sessions().remove(&old).await?;
    assert_eq!(ended.and_then(|it| it.registration_token), Some(old_key));
    assert!(!uow.registration_tokens().release(old_key, 1).await?);
    uow.commit().await?;
    assert_eq!(
        counts(store, &id).await?,
        (1, 0),
        "the old session's use is not its own"
    );
    // The number of a removed token never comes back, though it was the last one.
    remove().await?;
    given_token(store, "t", None, None).await?;
    let mut uow = write(store).await?;
    let third = uow.registration_tokens().reserve(&id, at(1)).await?;
    assert!(third != Some(new_key) && third != Some(old_key));
    Ok(())
}

use super::uia::{given_session, session_id};
use super::{Constraint, Outcome, assert_conflict, at, device_id, localpart, read, write};
use crate::ports::store::{Change, Store, StoreError};
use crate::registration_token::{RegistrationToken, RegistrationTokenId};
use crate::time::Timestamp;
use crate::uia::Registered;

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

async fn counts(store: &dyn Store, id: &RegistrationTokenId) -> Result<(u32, u32), StoreError> {
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
    assert!(tokens.reserve(&twice, at(1)).await?);
    assert!(tokens.complete(&twice).await?);
    assert!(tokens.reserve(&twice, at(1)).await?);
    assert!(
        !tokens.reserve(&twice, at(1)).await?,
        "pending and completed uses count alike"
    );
    assert!(!tokens.reserve(&never, at(1)).await?);
    assert!(tokens.reserve(&brief, at(10)).await?);
    assert!(!tokens.reserve(&brief, at(11)).await?);
    assert!(!tokens.reserve(&token_id("none"), at(1)).await?);
    uow.commit().await?;
    assert_eq!(counts(store, &twice).await?, (1, 1));
    Ok(())
}

pub(super) async fn only_a_pending_use_is_completed(store: &dyn Store) -> Outcome {
    let id = given_token(store, "t", Some(1), None).await?;
    let mut uow = write(store).await?;
    let tokens = uow.registration_tokens();
    assert!(!tokens.complete(&id).await?);
    assert!(tokens.reserve(&id, at(1)).await?);
    tokens
        .update(&id, Change::Set(Some(0)), Change::Set(Some(at(0))))
        .await?;
    assert!(
        tokens.complete(&id).await?,
        "a reserved use outlives the token's validity"
    );
    assert!(!tokens.complete(&id).await?);
    assert!(!tokens.complete(&token_id("none")).await?);
    Ok(())
}

pub(super) async fn a_session_holds_one_token(store: &dyn Store) -> Outcome {
    let id = given_session(store, "s", 1).await?;
    let mut uow = write(store).await?;
    let sessions = uow.uia_sessions();
    assert!(
        sessions
            .hold_registration_token(&id, &token_id("a"))
            .await?
    );
    assert!(
        !sessions
            .hold_registration_token(&id, &token_id("a"))
            .await?
    );
    assert!(
        !sessions
            .hold_registration_token(&id, &token_id("b"))
            .await?
    );
    assert!(
        !sessions
            .hold_registration_token(&session_id("gone"), &token_id("a"))
            .await?
    );
    uow.commit().await?;
    let found = read(store).await?.uia_sessions().find(&id).await?;
    assert_eq!(
        found.and_then(|session| session.registration_token),
        Some(token_id("a"))
    );
    Ok(())
}

pub(super) async fn an_expired_session_gives_its_use_back(store: &dyn Store) -> Outcome {
    let id = given_token(store, "t", Some(4), None).await?;
    let gone = token_id("removed");
    for (session, held, registers) in [
        ("first", Some(&id), false),
        ("second", Some(&id), false),
        ("registered", Some(&id), true),
        ("without", None, false),
        ("orphan", Some(&gone), false),
    ] {
        let session = given_session(store, session, 1).await?;
        let mut uow = write(store).await?;
        if let Some(token) = held {
            uow.registration_tokens().reserve(token, at(1)).await?;
            uow.uia_sessions()
                .hold_registration_token(&session, token)
                .await?;
        }
        if registers {
            let registered = Registered {
                localpart: localpart("new"),
                device_id: device_id("D"),
            };
            uow.uia_sessions()
                .mark_registered(&session, &registered)
                .await?;
            uow.registration_tokens().complete(&id).await?;
        }
        uow.commit().await?;
    }
    assert_eq!(counts(store, &id).await?, (2, 1));
    let mut uow = write(store).await?;
    assert_eq!(uow.uia_sessions().remove_expired(at(1), 10).await?, 5);
    uow.commit().await?;
    assert_eq!(counts(store, &id).await?, (0, 1));
    Ok(())
}

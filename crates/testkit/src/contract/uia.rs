use super::registration_tokens::token_id;
use super::{
    Constraint, Outcome, assert_conflict, at, device_id, digest, hash, localpart, read, write,
};
use registrar_domain::model::registration_token::{HeldRegistrationToken, RegistrationTokenKey};
use registrar_domain::model::threepid::{
    ClientSecret, Medium, Threepid, ValidatedThreepid, ValidationSessionId,
};
use registrar_domain::model::token::AccessTokenKey;
use registrar_domain::model::uia::{
    AnsweredTokens, CompletedStage, ErasePolicy, GuestClaim, OperationDigest, OtherDevices,
    Parameters, RegisterParameters, Registered, Stage, StageResult, UiaLogin, UiaRequester,
    UiaSession, UiaSessionId,
};
use registrar_domain::ports::store::{Store, StoreError};

pub(super) fn session_id(text: &str) -> UiaSessionId {
    UiaSessionId::parse(text).expect("the suite's session IDs are plausible")
}

fn session(id: &str, created: i64) -> UiaSession {
    UiaSession {
        id: session_id(id),
        created: at(created),
        operation: OperationDigest::of("POST", "/_matrix/client/v3/register"),
        parameters: Parameters::None,
        password_hash: None,
        registration_token: None,
        requester: None,
        registered: None,
        completed: Vec::new(),
    }
}

pub(super) async fn given_session(
    store: &dyn Store,
    id: &str,
    created: i64,
) -> Result<UiaSessionId, StoreError> {
    let mut uow = write(store).await?;
    uow.uia_sessions().add(&session(id, created)).await?;
    uow.commit().await?;
    Ok(session_id(id))
}

pub(super) fn registered(name: &str, device: &str) -> Registered {
    Registered {
        localpart: localpart(name),
        device_id: device_id(device),
        at: at(7),
        answer: None,
    }
}

fn passed(stage: Stage) -> CompletedStage {
    CompletedStage {
        stage,
        result: StageResult::Passed,
    }
}

pub(super) async fn a_session_comes_back_as_it_was_added(store: &dyn Store) -> Outcome {
    let full = UiaSession {
        operation: OperationDigest::of("DELETE", "/_matrix/client/v3/devices/PHONE"),
        password_hash: Some(hash("h")),
        requester: Some(UiaRequester {
            localpart: localpart("Ädmin"),
            login: UiaLogin::Device(device_id("🏠")),
        }),
        registered: Some(Registered {
            localpart: localpart("new"),
            device_id: device_id("🏠"),
            at: at(-1),
            answer: Some(AnsweredTokens {
                access: digest("access"),
                refresh: Some(digest("refresh")),
            }),
        }),
        registration_token: Some(HeldRegistrationToken {
            key: RegistrationTokenKey(i64::MAX),
            id: token_id("a~"),
        }),
        ..session(&"x".repeat(255), 9)
    };
    let plain = session("s", i64::MIN);
    let of_login = |id: &str, login| UiaSession {
        requester: Some(UiaRequester {
            localpart: localpart("alice"),
            login,
        }),
        ..session(id, 1)
    };
    let sessions = [
        full,
        plain,
        of_login("token", UiaLogin::AccessToken(AccessTokenKey(i64::MAX))),
        of_login("service", UiaLogin::ApplicationService),
        of_login("nameless", UiaLogin::Device(device_id(""))),
    ];
    let mut uow = write(store).await?;
    for session in &sessions {
        uow.uia_sessions().add(session).await?;
    }
    uow.commit().await?;
    let mut reader = read(store).await?;
    for session in sessions {
        let found = reader.uia_sessions().find(&session.id).await?;
        assert_eq!(found, Some(session));
    }
    assert_eq!(reader.uia_sessions().find(&session_id("S")).await?, None);
    Ok(())
}

pub(super) async fn every_kind_of_parameters_comes_back(store: &dyn Store) -> Outcome {
    let full = RegisterParameters {
        username: Some("Ünï\"\\\u{0}".to_owned()),
        guest_claim: Some(GuestClaim::of("syt_…")),
        device_id: Some(device_id("🏠")),
        initial_device_display_name: Some("long".repeat(10_000)),
        inhibit_login: true,
    };
    let secret = ClientSecret::parse("0Z.=_-").expect("the suite's secret is of the grammar");
    let kinds = [
        Parameters::None,
        Parameters::Register(RegisterParameters::default()),
        Parameters::Register(full),
        Parameters::DeleteDevices(Vec::new()),
        Parameters::DeleteDevices(["", "A", "ä"].map(device_id).to_vec()),
        Parameters::ChangePassword(OtherDevices::LogOut),
        Parameters::ChangePassword(OtherDevices::Keep),
        Parameters::AddThreepid(secret, ValidationSessionId::new("Ünï\"\\\u{0}")),
        Parameters::Deactivate(ErasePolicy::Keep),
        Parameters::Deactivate(ErasePolicy::Erase),
    ];
    for (n, parameters) in kinds.into_iter().enumerate() {
        let added = UiaSession {
            parameters,
            ..session(&format!("s{n}"), 1)
        };
        let mut uow = write(store).await?;
        uow.uia_sessions().add(&added).await?;
        uow.commit().await?;
        assert_eq!(
            read(store).await?.uia_sessions().find(&added.id).await?,
            Some(added)
        );
    }
    Ok(())
}

pub(super) async fn a_taken_session_id_is_refused(store: &dyn Store) -> Outcome {
    given_session(store, "s", 1).await?;
    let again = write(store)
        .await?
        .uia_sessions()
        .add(&session("s", 2))
        .await;
    assert_conflict(again, Constraint::UiaSessionTaken);
    Ok(())
}

pub(super) async fn parameters_are_replaced(store: &dyn Store) -> Outcome {
    let id = given_session(store, "s", 1).await?;
    given_session(store, "other", 1).await?;
    let parameters = Parameters::DeleteDevices(vec![device_id("A")]);
    let mut uow = write(store).await?;
    uow.uia_sessions()
        .update_parameters(&id, &parameters)
        .await?;
    uow.uia_sessions()
        .update_parameters(&session_id("unknown"), &parameters)
        .await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    let expected = UiaSession {
        parameters,
        ..session("s", 1)
    };
    assert_eq!(reader.uia_sessions().find(&id).await?, Some(expected));
    let other = reader.uia_sessions().find(&session_id("other")).await?;
    assert_eq!(other, Some(session("other", 1)));
    Ok(())
}

pub(super) async fn stages_come_back_in_the_order_of_completion(store: &dyn Store) -> Outcome {
    let id = given_session(store, "s", 1).await?;
    let proved = |medium, address: &str| {
        StageResult::Threepid(ValidatedThreepid {
            threepid: Threepid::from_canonical(medium, address.to_owned()),
            validated: at(i64::MAX),
        })
    };
    let mut completed: Vec<_> = Stage::ALL.into_iter().rev().map(passed).collect();
    completed[0].result = StageResult::Account(localpart("Älice"), digest("hash"));
    completed[1].result = proved(Medium::Email, "\"ü\"@bücher.example");
    completed[2].result = proved(Medium::Msisdn, "447700900001");
    for stage in &completed {
        let mut uow = write(store).await?;
        // All in the same millisecond, so that time alone cannot tell the order.
        uow.uia_sessions().record_stage(&id, stage, at(5)).await?;
        uow.commit().await?;
    }
    let expected = UiaSession {
        completed,
        ..session("s", 1)
    };
    assert_eq!(
        read(store).await?.uia_sessions().find(&id).await?,
        Some(expected)
    );
    Ok(())
}

pub(super) async fn a_repeated_stage_replaces_its_result(store: &dyn Store) -> Outcome {
    let id = given_session(store, "s", 1).await?;
    let other = given_session(store, "other", 1).await?;
    let account = |name| CompletedStage {
        stage: Stage::Password,
        result: StageResult::Account(localpart(name), digest("hash")),
    };
    let mut uow = write(store).await?;
    for stage in [account("alice"), passed(Stage::Dummy), account("bob")] {
        uow.uia_sessions().record_stage(&id, &stage, at(5)).await?;
    }
    uow.uia_sessions()
        .record_stage(&other, &account("carol"), at(5))
        .await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    let found = reader
        .uia_sessions()
        .find(&id)
        .await?
        .map(|session| session.completed);
    assert_eq!(found, Some(vec![account("bob"), passed(Stage::Dummy)]));
    let found = reader
        .uia_sessions()
        .find(&other)
        .await?
        .map(|session| session.completed);
    assert_eq!(found, Some(vec![account("carol")]));
    Ok(())
}

pub(super) async fn parts_of_a_session_need_the_session(store: &dyn Store) -> Outcome {
    let gone = session_id("gone");
    let client = write(store)
        .await?
        .uia_sessions()
        .record_client(&gone, "::1", "Elm")
        .await;
    assert_conflict(client, Constraint::MissingReference);
    let mut uow = write(store).await?;
    let stage = uow
        .uia_sessions()
        .record_stage(&gone, &passed(Stage::Dummy), at(1))
        .await;
    assert_conflict(stage, Constraint::MissingReference);
    Ok(())
}

pub(super) async fn a_password_hash_is_parked_once(store: &dyn Store) -> Outcome {
    let id = given_session(store, "s", 1).await?;
    given_session(store, "other", 1).await?;
    let mut uow = write(store).await?;
    assert!(
        uow.uia_sessions()
            .park_password_hash(&id, &hash("a"))
            .await?
    );
    assert!(
        !uow.uia_sessions()
            .park_password_hash(&id, &hash("b"))
            .await?
    );
    assert!(
        !uow.uia_sessions()
            .park_password_hash(&session_id("gone"), &hash("c"))
            .await?
    );
    uow.commit().await?;
    let mut reader = read(store).await?;
    let found = reader
        .uia_sessions()
        .find(&id)
        .await?
        .and_then(|session| session.password_hash);
    assert_eq!(found, Some(hash("a")));
    let other = reader.uia_sessions().find(&session_id("other")).await?;
    assert_eq!(other, Some(session("other", 1)));
    Ok(())
}

pub(super) async fn a_session_registers_one_account(store: &dyn Store) -> Outcome {
    let id = given_session(store, "s", 1).await?;
    let first = registered("alice", "PHONE");
    let second = registered("bob", "");
    let gone = session_id("gone");
    let mut uow = write(store).await?;
    let sessions = uow.uia_sessions();
    sessions.park_password_hash(&id, &hash("parked")).await?;
    // The account may be created after the mark, so the mark does not refer to it.
    assert!(sessions.mark_registered(&id, &first, &hash("a")).await?);
    assert!(!sessions.mark_registered(&id, &second, &hash("b")).await?);
    assert!(!sessions.mark_registered(&gone, &second, &hash("c")).await?);
    uow.commit().await?;
    let found = read(store).await?.uia_sessions().find(&id).await?;
    let expected = UiaSession {
        password_hash: Some(hash("a")),
        registered: Some(first),
        ..session("s", 1)
    };
    assert_eq!(found, Some(expected));
    Ok(())
}

pub(super) async fn the_answer_of_a_registration_is_replaced(store: &dyn Store) -> Outcome {
    let id = given_session(store, "s", 1).await?;
    let other = given_session(store, "other", 1).await?;
    let answer = |access, refresh: Option<&str>| AnsweredTokens {
        access: digest(access),
        refresh: refresh.map(digest),
    };
    let mut uow = write(store).await?;
    let sessions = uow.uia_sessions();
    let first = registered("alice", "PHONE");
    sessions.mark_registered(&id, &first, &hash("h")).await?;
    for answer in [answer("a", Some("r")), answer("b", None)] {
        sessions.record_answer(&id, &answer).await?;
        let found = sessions.find(&id).await?;
        let found = found.and_then(|session| session.registered);
        assert_eq!(found.and_then(|registered| registered.answer), Some(answer));
    }
    // One that has registered nobody has answered nobody.
    sessions.record_answer(&other, &answer("a", None)).await?;
    assert_eq!(sessions.find(&other).await?, Some(session("other", 1)));
    Ok(())
}

pub(super) async fn a_locked_session_is_the_session(store: &dyn Store) -> Outcome {
    let id = given_session(store, "s", 1).await?;
    let mut uow = write(store).await?;
    let sessions = uow.uia_sessions();
    sessions
        .record_stage(&id, &passed(Stage::Dummy), at(1))
        .await?;
    let found = sessions.find(&id).await?;
    assert!(found.is_some());
    assert_eq!(sessions.find_locked(&id).await?, found);
    assert_eq!(sessions.find_locked(&session_id("gone")).await?, None);
    Ok(())
}

pub(super) async fn a_session_is_removed_once(store: &dyn Store) -> Outcome {
    let id = given_session(store, "s", 1).await?;
    let other = given_session(store, "other", 1).await?;
    let mut uow = write(store).await?;
    let sessions = uow.uia_sessions();
    sessions
        .record_stage(&id, &passed(Stage::Dummy), at(1))
        .await?;
    sessions.record_client(&id, "::1", "Elm").await?;
    uow.commit().await?;
    let mut uow = write(store).await?;
    assert!(uow.uia_sessions().remove(&id).await?.is_some());
    assert_eq!(uow.uia_sessions().remove(&id).await?, None);
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(reader.uia_sessions().find(&id).await?, None);
    assert_eq!(reader.uia_sessions().list_clients(&id).await?, []);
    assert!(reader.uia_sessions().find(&other).await?.is_some());
    Ok(())
}

pub(super) async fn expired_sessions_are_removed_oldest_first_up_to_a_limit(
    store: &dyn Store,
) -> Outcome {
    for (id, created) in [("d", 40), ("b", 20), ("a", 10), ("c", 30)] {
        let id = given_session(store, id, created).await?;
        let mut uow = write(store).await?;
        uow.uia_sessions()
            .record_stage(&id, &passed(Stage::Dummy), at(created))
            .await?;
        uow.uia_sessions().record_client(&id, "::1", "Elm").await?;
        uow.commit().await?;
    }
    let mut uow = write(store).await?;
    assert_eq!(uow.uia_sessions().remove_expired(at(30), 0).await?.len(), 0);
    assert_eq!(uow.uia_sessions().remove_expired(at(30), 2).await?.len(), 2);
    assert_eq!(uow.uia_sessions().find(&session_id("b")).await?, None);
    assert!(uow.uia_sessions().find(&session_id("c")).await?.is_some());
    assert_eq!(uow.uia_sessions().remove_expired(at(30), 2).await?.len(), 1);
    assert_eq!(uow.uia_sessions().remove_expired(at(30), 2).await?.len(), 0);
    assert!(uow.uia_sessions().find(&session_id("d")).await?.is_some());
    uow.commit().await?;
    // Nothing of a removed session is left for a later one of the same name.
    let id = given_session(store, "a", 50).await?;
    let mut reader = read(store).await?;
    assert_eq!(
        reader.uia_sessions().find(&id).await?,
        Some(session("a", 50))
    );
    assert_eq!(reader.uia_sessions().list_clients(&id).await?, []);
    Ok(())
}

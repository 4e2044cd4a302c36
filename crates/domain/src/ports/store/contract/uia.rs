use super::{
    Constraint, Outcome, assert_conflict, at, device_id, digest, hash, localpart, read, write,
};
use crate::ports::store::{Store, StoreError};
use crate::threepid::{ClientSecret, Medium, Threepid, ValidatedThreepid, ValidationSessionId};
use crate::uia::{
    CompletedStage, GuestClaim, OperationDigest, OtherDevices, Parameters, RegisterParameters,
    Registered, Stage, StageResult, Traces, UiaSession, UiaSessionId,
};

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
        requester: Some(localpart("Ädmin")),
        registered: Some(Registered {
            localpart: localpart("new"),
            device_id: device_id("🏠"),
        }),
        ..session(&"x".repeat(255), 9)
    };
    let plain = session("s", i64::MIN);
    let mut uow = write(store).await?;
    uow.uia_sessions().add(&full).await?;
    uow.uia_sessions().add(&plain).await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(reader.uia_sessions().find(&full.id).await?, Some(full));
    assert_eq!(reader.uia_sessions().find(&plain.id).await?, Some(plain));
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
        Parameters::Deactivate(Traces::Keep),
        Parameters::Deactivate(Traces::Erase),
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

pub(super) async fn clients_of_a_session_are_remembered_once(store: &dyn Store) -> Outcome {
    let id = given_session(store, "s", 1).await?;
    let other = given_session(store, "other", 1).await?;
    // Longer than what a B-tree takes as a key, and of characters that do not compress well.
    let letter = |n: u32| char::from_u32(0x20000 + (n * 7919) % 0xA000);
    let long: String = (0..5_000).filter_map(letter).collect();
    let clients = [
        ("192.0.2.1", "Elm"),
        ("192.0.2.1", ""),
        ("", "192.0.2.1"),
        ("::1", &long),
    ];
    let mut uow = write(store).await?;
    for (ip, user_agent) in clients.into_iter().chain(clients) {
        uow.uia_sessions()
            .record_client(&id, ip, user_agent)
            .await?;
    }
    uow.uia_sessions()
        .record_client(&other, "192.0.2.1", "Elm")
        .await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    let mut found = reader.uia_sessions().list_clients(&id).await?;
    found.sort_unstable();
    let mut expected = clients
        .map(|(ip, user_agent)| (ip.to_owned(), user_agent.to_owned()))
        .to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(reader.uia_sessions().list_clients(&other).await?.len(), 1);
    assert_eq!(
        reader
            .uia_sessions()
            .list_clients(&session_id("unknown"))
            .await?,
        []
    );
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
    let first = Registered {
        localpart: localpart("alice"),
        device_id: device_id("PHONE"),
    };
    let second = Registered {
        localpart: localpart("bob"),
        device_id: device_id(""),
    };
    let mut uow = write(store).await?;
    // The account may be created after the mark, so the mark does not refer to it.
    assert!(uow.uia_sessions().mark_registered(&id, &first).await?);
    assert!(!uow.uia_sessions().mark_registered(&id, &second).await?);
    assert!(
        !uow.uia_sessions()
            .mark_registered(&session_id("gone"), &second)
            .await?
    );
    uow.commit().await?;
    let found = read(store).await?.uia_sessions().find(&id).await?;
    assert_eq!(found.and_then(|session| session.registered), Some(first));
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
    assert!(uow.uia_sessions().remove(&id).await?);
    assert!(!uow.uia_sessions().remove(&id).await?);
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
    assert_eq!(uow.uia_sessions().remove_expired(at(30), 0).await?, 0);
    assert_eq!(uow.uia_sessions().remove_expired(at(30), 2).await?, 2);
    assert_eq!(uow.uia_sessions().find(&session_id("b")).await?, None);
    assert!(uow.uia_sessions().find(&session_id("c")).await?.is_some());
    assert_eq!(uow.uia_sessions().remove_expired(at(30), 2).await?, 1);
    assert_eq!(uow.uia_sessions().remove_expired(at(30), 2).await?, 0);
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

use std::time::Duration;

use registrar_domain::account::register::{RegisterError, RegisterRequest};
use registrar_domain::given::Given;
use registrar_domain::housekeeping::Job;
use registrar_domain::uia::auth::Auth;
use registrar_domain::uia::flow::{FlowSettings, registration_flows};
use registrar_domain::uia::gate::GateError;
use registrar_domain::uia::{OperationDigest, Stage};

use crate::world::{World, dummy, given, poll, register};

#[tokio::test]
async fn a_poll_shows_what_is_complete_and_clears_nothing_by_itself() {
    let world = World::with(|policy| {
        let settings = FlowSettings {
            require_token: true,
            ..FlowSettings::default()
        };
        policy.registration.flows = registration_flows(&settings).unwrap();
    });
    let prompt = world.prompted(&register("alice")).await;
    assert_eq!(
        prompt.flows[0].stages(),
        [Stage::RegistrationToken, Stage::Dummy]
    );
    let polled = RegisterRequest {
        auth: poll(&prompt),
        ..register("alice")
    };
    assert_eq!(world.prompted(&polled).await.completed, Some(vec![]));

    let one_stage = RegisterRequest {
        auth: dummy(Some(&prompt)),
        ..register("alice")
    };
    let after = world.prompted(&one_stage).await;
    assert_eq!(
        (after.completed, after.failure),
        (Some(vec![Stage::Dummy]), None)
    );
    assert_eq!(
        world.prompted(&polled).await.completed,
        Some(vec![Stage::Dummy])
    );
}

#[tokio::test]
async fn empty_auth_asks_for_the_way_without_completed() {
    let world = World::new();
    for auth in [
        Given::Absent,
        Given::Null,
        Given::Value(Auth {
            is_empty: true,
            ..Auth::default()
        }),
    ] {
        let prompt = world
            .prompted(&RegisterRequest {
                auth,
                ..register("alice")
            })
            .await;
        assert_eq!(prompt.completed, None);
    }
}

#[tokio::test]
async fn a_session_is_bound_to_target_and_method_byte_for_byte() {
    let world = World::new();
    let prompt = world.prompted(&register("alice")).await;
    for uri in [
        "/_matrix/client/r0/register",
        "/_matrix/client/v3/register?kind=user",
    ] {
        let request = RegisterRequest {
            operation: OperationDigest::of("POST", uri),
            auth: dummy(Some(&prompt)),
            ..register("alice")
        };
        let refused = world.refused(&request).await;
        assert!(
            matches!(refused, RegisterError::Gate(GateError::OperationChanged)),
            "{uri}"
        );
    }
}

#[tokio::test]
async fn sessions_that_cannot_exist_are_unknown() {
    let world = World::new();
    for session in ["nosuch", "a\0b", "ü", &"s".repeat(10_000)] {
        let auth = Auth {
            session: given(session),
            stage: given("m.login.dummy"),
            ..Auth::default()
        };
        let request = RegisterRequest {
            auth: Given::Value(auth),
            ..register("alice")
        };
        let refused = world.refused(&request).await;
        assert!(
            matches!(refused, RegisterError::Gate(GateError::UnknownSession)),
            "{session}"
        );
    }
}

#[tokio::test]
async fn the_addresses_of_a_dialogue_are_remembered_once_each() {
    let world = World::new();
    let prompt = world.prompted(&register("alice")).await;
    world
        .registered(&RegisterRequest {
            auth: dummy(Some(&prompt)),
            ..register("alice")
        })
        .await;
    let clients = world
        .read()
        .await
        .uia_sessions()
        .list_clients(&prompt.session)
        .await
        .unwrap();
    assert_eq!(clients, [("192.0.2.1".to_owned(), "test".to_owned())]);
}

#[tokio::test]
async fn sessions_end_after_two_days_by_one_process_at_a_time() {
    let world = World::new();
    let prompt = world.prompted(&register("alice")).await;
    world.clock.advance(Duration::from_secs(48 * 60 * 60 - 1));
    let expire = |holder| world.services.housekeeping.run(Job::UiaSessions, holder);
    assert_eq!(expire("a").await.unwrap(), Some(0));
    assert_eq!(expire("b").await.unwrap(), None, "the lease is a's");
    world.clock.advance(Duration::from_secs(5 * 60));
    assert_eq!(expire("b").await.unwrap(), Some(1));
    let late = RegisterRequest {
        auth: dummy(Some(&prompt)),
        ..register("alice")
    };
    let refused = world.refused(&late).await;
    assert!(
        matches!(refused, RegisterError::Gate(GateError::UnknownSession)),
        "{refused:?}"
    );
}

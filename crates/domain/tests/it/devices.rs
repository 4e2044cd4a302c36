use std::time::Duration;

use registrar_domain::model::given::Given;
use registrar_domain::model::limit::Rate;
use registrar_domain::model::uia::{OperationDigest, Stage, StageFailure};
use registrar_domain::usecase::device::{DeviceError, RemoveOutcome, RemoveRequest};
use registrar_domain::usecase::token::authenticate::Requester;
use registrar_domain::usecase::uia::auth::Auth;
use registrar_domain::usecase::uia::gate::GateError;
use registrar_domain::usecase::uia::prompt::UiaPrompt;

use crate::validating::password;
use crate::world::{PASSWORD, World, dummy, given, login, register};

/// Alice with the devices `ONE` and `TWO`, signed in on `ONE`.
async fn alice(world: &World) -> Requester {
    let mut request = register("alice");
    request.device_id = given("ONE");
    request.auth = dummy(None);
    let tokens = world.registered(&request).await.tokens.unwrap();
    let mut second = login("alice", PASSWORD);
    second.device_id = given("TWO");
    world.log_in(&second).await.unwrap();
    world
        .authenticate(tokens.access_token.expose())
        .await
        .unwrap()
}

async fn remove(
    world: &World,
    requester: &Requester,
    device_id: &str,
    auth: &Given<Auth>,
) -> Result<RemoveOutcome, DeviceError> {
    let uri = format!("/_matrix/client/v3/devices/{device_id}");
    let request = RemoveRequest {
        operation: OperationDigest::of("DELETE", &uri),
        auth,
    };
    world
        .services
        .devices
        .remove(&world.ctx, requester, &request, device_id)
        .await
}

async fn remove_several(
    world: &World,
    requester: &Requester,
    devices: Given<Vec<String>>,
    auth: &Given<Auth>,
) -> Result<RemoveOutcome, DeviceError> {
    let request = RemoveRequest {
        operation: OperationDigest::of("POST", "/_matrix/client/v3/delete_devices"),
        auth,
    };
    world
        .services
        .devices
        .remove_several(&world.ctx, requester, &request, &devices)
        .await
}

fn prompt(outcome: Result<RemoveOutcome, DeviceError>) -> UiaPrompt {
    match outcome.unwrap() {
        RemoveOutcome::AuthRequired(prompt) => prompt,
        RemoveOutcome::Removed => panic!("removed without a password"),
    }
}

async fn device_ids(world: &World, requester: &Requester) -> Vec<String> {
    let devices = world.services.devices.list(requester).await.unwrap();
    devices
        .iter()
        .map(|device| device.device_id.to_string())
        .collect()
}

#[tokio::test]
async fn removing_a_device_needs_the_password_of_its_owner() {
    let world = World::new();
    let requester = alice(&world).await;
    let asked = prompt(remove(&world, &requester, "TWO", &Given::Absent).await);
    assert_eq!(asked.flows[0].stages(), [Stage::Password]);

    let wrong = remove(
        &world,
        &requester,
        "TWO",
        &password(&asked, "alice", "wrong"),
    )
    .await;
    assert_eq!(prompt(wrong).failure, Some(StageFailure::WrongPassword));
    assert_eq!(device_ids(&world, &requester).await, ["ONE", "TWO"]);

    let right = remove(
        &world,
        &requester,
        "TWO",
        &password(&asked, "alice", PASSWORD),
    )
    .await;
    assert_eq!(right.unwrap(), RemoveOutcome::Removed);
    assert_eq!(device_ids(&world, &requester).await, ["ONE"]);
}

#[tokio::test]
async fn nobody_else_can_answer_and_no_other_device_can_be_meant() {
    let world = World::new();
    let requester = alice(&world).await;
    let mut bob = register("bob");
    bob.auth = dummy(None);
    let tokens = world.registered(&bob).await.tokens.unwrap();
    let bob = world
        .authenticate(tokens.access_token.expose())
        .await
        .unwrap();

    let asked = prompt(remove(&world, &requester, "TWO", &Given::Absent).await);
    let by_bob = remove(
        &world,
        &requester,
        "TWO",
        &password(&asked, "bob", PASSWORD),
    )
    .await;
    assert!(
        matches!(by_bob, Err(DeviceError::Gate(GateError::AnotherUser))),
        "{by_bob:?}"
    );
    let in_bobs_name = remove(&world, &bob, "TWO", &password(&asked, "bob", PASSWORD)).await;
    assert!(matches!(
        in_bobs_name,
        Err(DeviceError::Gate(GateError::AnotherUser))
    ));
    let another = remove(
        &world,
        &requester,
        "ONE",
        &password(&asked, "alice", PASSWORD),
    )
    .await;
    assert!(matches!(
        another,
        Err(DeviceError::Gate(GateError::OperationChanged))
    ));
    let dummy = remove(&world, &requester, "TWO", &dummy(Some(&asked))).await;
    assert!(matches!(
        dummy,
        Err(DeviceError::Gate(GateError::UnknownStage { .. }))
    ));
    assert_eq!(device_ids(&world, &requester).await, ["ONE", "TWO"]);
}

#[tokio::test]
async fn several_devices_named_once_are_remembered() {
    let world = World::new();
    let requester = alice(&world).await;
    let both = Given::Value(vec!["ONE".to_owned(), "TWO".to_owned(), "NONE".to_owned()]);
    let asked = prompt(remove_several(&world, &requester, both, &Given::Absent).await);
    let auth = password(&asked, "@alice:example.org", PASSWORD);
    let outcome = remove_several(&world, &requester, Given::Absent, &auth).await;
    assert_eq!(outcome.unwrap(), RemoveOutcome::Removed);
    assert_eq!(device_ids(&world, &requester).await, Vec::<String>::new());
}

#[tokio::test]
async fn devices_must_be_named() {
    let world = World::new();
    let requester = alice(&world).await;
    let outcome = remove_several(&world, &requester, Given::Absent, &Given::Absent).await;
    assert!(matches!(outcome, Err(DeviceError::DevicesMissing)));
    let outcome = remove_several(&world, &requester, Given::Malformed, &Given::Absent).await;
    assert!(matches!(
        outcome,
        Err(DeviceError::MalformedField("devices"))
    ));
}

#[tokio::test]
async fn failures_at_the_gate_are_limited_too() {
    let world = World::with(|policy| {
        policy.rates.login_failed_attempts = Rate {
            per_second: 0.01,
            burst_count: 2.0,
        };
    });
    let requester = alice(&world).await;
    let asked = prompt(remove(&world, &requester, "TWO", &Given::Absent).await);
    for _ in 0..2 {
        prompt(
            remove(
                &world,
                &requester,
                "TWO",
                &password(&asked, "alice", "wrong"),
            )
            .await,
        );
    }
    let limited = remove(
        &world,
        &requester,
        "TWO",
        &password(&asked, "alice", PASSWORD),
    )
    .await;
    assert!(
        matches!(limited, Err(DeviceError::Gate(GateError::Credential(_)))),
        "{limited:?}"
    );
}

#[tokio::test]
async fn within_the_session_timeout_nobody_is_asked_again() {
    let world = World::with(|policy| policy.ui_auth_session_timeout = Duration::from_secs(15));
    let requester = alice(&world).await;
    let outcome = remove(&world, &requester, "TWO", &Given::Absent).await;
    assert_eq!(outcome.unwrap(), RemoveOutcome::Removed);
    world.clock.advance(Duration::from_secs(15));
    prompt(remove(&world, &requester, "ONE", &Given::Absent).await);
}

#[tokio::test]
async fn being_let_off_proves_nothing() {
    let world = World::with(|policy| policy.ui_auth_session_timeout = Duration::from_secs(15));
    let access_token = {
        let mut request = register("alice");
        request.auth = dummy(None);
        world
            .registered(&request)
            .await
            .tokens
            .unwrap()
            .access_token
    };
    let signed_in = async || world.authenticate(access_token.expose()).await.unwrap();
    world.clock.advance(Duration::from_secs(10));
    let requester = signed_in().await;
    let outcome = remove(&world, &requester, "TWO", &Given::Absent).await;
    assert_eq!(outcome.unwrap(), RemoveOutcome::Removed);
    world.clock.advance(Duration::from_secs(10));
    let requester = signed_in().await;
    let asked = prompt(remove(&world, &requester, "TWO", &Given::Absent).await);
    // The password counts from when it was given.
    let auth = password(&asked, "alice", PASSWORD);
    let outcome = remove(&world, &requester, "TWO", &auth).await;
    assert_eq!(outcome.unwrap(), RemoveOutcome::Removed);
    world.clock.advance(Duration::from_secs(10));
    let requester = signed_in().await;
    let outcome = remove(&world, &requester, "ONE", &Given::Absent).await;
    assert_eq!(outcome.unwrap(), RemoveOutcome::Removed);
}

#[tokio::test]
async fn devices_are_renamed_within_limits() {
    let world = World::new();
    let requester = alice(&world).await;
    let devices = &world.services.devices;
    devices
        .rename(&requester, "TWO", &given("Täblet"))
        .await
        .unwrap();
    devices
        .rename(&requester, "TWO", &Given::Absent)
        .await
        .unwrap();
    let renamed = devices.find(&requester, "TWO").await.unwrap();
    assert_eq!(renamed.display_name.as_deref(), Some("Täblet"));

    let too_long = devices
        .rename(&requester, "TWO", &given(&"n".repeat(101)))
        .await;
    assert!(matches!(too_long, Err(DeviceError::DisplayName(_))));
    for unknown in [given("x"), Given::Absent] {
        let outcome = devices.rename(&requester, "NONE", &unknown).await;
        assert!(matches!(outcome, Err(DeviceError::NotFound)));
    }
}

#[tokio::test]
async fn logging_out_ends_one_login_or_all() {
    let world = World::new();
    let requester = alice(&world).await;
    let other = world.log_in(&login("alice", PASSWORD)).await.unwrap();
    world.services.logout.one(&requester).await.unwrap();
    let other = world
        .authenticate(other.tokens.access_token.expose())
        .await
        .unwrap();
    let left = device_ids(&world, &other).await;
    assert!(!left.contains(&"ONE".to_owned()), "{left:?}");
    assert_eq!(left.len(), 2);
    world.services.logout.all(&other).await.unwrap();
    assert_eq!(device_ids(&world, &other).await, Vec::<String>::new());
}

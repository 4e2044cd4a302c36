//! What a user proves once more is good for one operation, once, by the login that asked for it.

use std::sync::Arc;

use registrar_domain::model::given::Given;
use registrar_domain::model::policy::Policy;
use registrar_domain::model::threepid::Purpose;
use registrar_domain::model::uia::OperationDigest;
use registrar_domain::usecase::account::deactivate::own::{
    DeactivationError, DeactivationOutcome, DeactivationRequest,
};
use registrar_domain::usecase::device::{DeviceError, RemoveOutcome, RemoveRequest};
use registrar_domain::usecase::threepid::manage::{AddOutcome, AddRequest, ThreepidError};
use registrar_domain::usecase::token::authenticate::Requester;
use registrar_domain::usecase::uia::auth::{Auth, ThreepidCredentials};
use registrar_domain::usecase::uia::gate::GateError;
use registrar_domain::usecase::uia::prompt::UiaPrompt;

use crate::validating::{SECRET, creds, password};
use crate::world::{PASSWORD, ROUNDS, World, login, poll, race};

/// An operation that asks who the requester is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    RemoveDevice,
    RemoveDevices,
    AddAddress,
    Deactivate,
}

const OPERATIONS: [Operation; 4] = [
    Operation::RemoveDevice,
    Operation::RemoveDevices,
    Operation::AddAddress,
    Operation::Deactivate,
];

/// Why it is not done.
#[derive(Debug)]
enum Refused {
    AtTheGate(GateError),
    /// The address was given away before the gate was reached.
    WithoutProof,
}

/// `Ok(None)` when it is done.
async fn attempt(
    world: &World,
    requester: &Requester,
    operation: Operation,
    sid: Option<&str>,
    auth: Given<Auth>,
) -> Result<Option<UiaPrompt>, Refused> {
    let digest = |path: &str| OperationDigest::of("POST", path);
    let device = |error| match error {
        DeviceError::Gate(error) => Refused::AtTheGate(error),
        other => panic!("{other:?}"),
    };
    let services = &world.services;
    let ctx = &world.ctx;
    match operation {
        Operation::RemoveDevice | Operation::RemoveDevices => {
            let request = RemoveRequest {
                operation: digest("devices"),
                auth: &auth,
            };
            let devices = &services.devices;
            let outcome = if operation == Operation::RemoveDevice {
                devices.remove(ctx, requester, &request, "TABLET").await
            } else {
                let several = sid.map(|_| vec!["TABLET".to_owned()]).into();
                devices
                    .remove_several(ctx, requester, &request, &several)
                    .await
            };
            match outcome.map_err(device)? {
                RemoveOutcome::Removed => Ok(None),
                RemoveOutcome::AuthRequired(prompt) => Ok(Some(prompt)),
            }
        }
        Operation::AddAddress => {
            let request = AddRequest {
                operation: digest("add"),
                credentials: sid.map_or_else(ThreepidCredentials::default, |it| creds(it, SECRET)),
                auth,
            };
            match services
                .threepids
                .changes()
                .unwrap()
                .add(ctx, requester, &request)
                .await
            {
                Ok(AddOutcome::Added) => Ok(None),
                Ok(AddOutcome::AuthRequired(prompt)) => Ok(Some(prompt)),
                Err(ThreepidError::Gate(error)) => Err(Refused::AtTheGate(error)),
                Err(ThreepidError::NotValidated) => Err(Refused::WithoutProof),
                Err(other) => panic!("{other:?}"),
            }
        }
        Operation::Deactivate => {
            let request = DeactivationRequest {
                operation: digest("deactivate"),
                erase: Given::Absent,
                id_server: Given::Absent,
                auth,
                has_other_fields: false,
            };
            let wish = services.deactivation.read(request).unwrap();
            match services
                .deactivation
                .deactivate(ctx, requester, &wish)
                .await
            {
                Ok(DeactivationOutcome::AuthRequired(prompt)) => Ok(Some(prompt)),
                Ok(_) => Ok(None),
                Err(DeactivationError::Gate(error)) => Err(Refused::AtTheGate(error)),
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}

/// Removes a device, with the password.
pub(crate) async fn remove_device(world: &World, requester: &Requester, device_id: &str) {
    let attempt = async |auth| {
        let request = RemoveRequest {
            operation: OperationDigest::of("DELETE", device_id),
            auth: &auth,
        };
        let devices = &world.services.devices;
        devices
            .remove(&world.ctx, requester, &request, device_id)
            .await
            .unwrap()
    };
    let RemoveOutcome::AuthRequired(prompt) = attempt(Given::Absent).await else {
        panic!("removed without a password")
    };
    let outcome = attempt(password(&prompt, "alice", PASSWORD)).await;
    assert_eq!(outcome, RemoveOutcome::Removed);
}

/// Alice on her phone, and the prompt of an operation.
async fn asked(world: &World, operation: Operation) -> (Requester, String, UiaPrompt) {
    let alice = world.signed_in("alice").await;
    let sid = world
        .validated(Purpose::Addition, "alice@example.org")
        .await;
    let prompt = attempt(world, &alice, operation, Some(&sid), Given::Absent).await;
    (
        alice,
        sid,
        prompt.unwrap().expect("a password is asked for"),
    )
}

/// Another login of Alice's, on a device or with a token alone.
async fn other_login(world: &World) -> Requester {
    let other = world.log_in(&login("alice", PASSWORD)).await.unwrap();
    let token = other.tokens.access_token;
    world.authenticate(token.expose()).await.unwrap()
}

#[tokio::test]
async fn one_completion_does_one_operation_once() {
    for operation in OPERATIONS {
        let world = World::new();
        let (alice, sid, prompt) = asked(&world, operation).await;
        let right = password(&prompt, "alice", PASSWORD);
        let done = attempt(&world, &alice, operation, None, right.clone()).await;
        assert!(matches!(done, Ok(None)), "{operation:?}: {done:?}");
        for auth in [right.clone(), poll(&prompt)] {
            for sid in [None, Some(&*sid)] {
                let again = attempt(&world, &alice, operation, sid, auth.clone()).await;
                assert!(
                    matches!(again, Err(Refused::AtTheGate(GateError::UnknownSession))),
                    "{operation:?}: {again:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_session_belongs_to_the_login_that_opened_it() {
    for operation in OPERATIONS {
        let world = World::new();
        let (alice, sid, prompt) = asked(&world, operation).await;
        let other = other_login(&world).await;
        let without_device = Requester {
            device_id: None,
            ..other.clone()
        };
        for thief in [&other, &without_device] {
            for auth in [password(&prompt, "alice", PASSWORD), poll(&prompt)] {
                let stolen = attempt(&world, thief, operation, Some(&sid), auth).await;
                assert!(
                    matches!(stolen, Err(Refused::AtTheGate(GateError::AnotherUser))),
                    "{operation:?}: {stolen:?}"
                );
            }
        }
        // Its own login has other access tokens once it has refreshed them.
        let refreshed = Requester {
            credential: other.credential,
            ..alice
        };
        let right = password(&prompt, "alice", PASSWORD);
        let done = attempt(&world, &refreshed, operation, Some(&sid), right).await;
        assert!(matches!(done, Ok(None)), "{operation:?}: {done:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_final_requests_one_does_it() {
    for operation in OPERATIONS {
        for _round in 0..ROUNDS / 4 {
            let world = Arc::new(World::new());
            let (alice, _, prompt) = asked(&world, operation).await;
            let racers = (0..64).map(|_| {
                let (world, alice) = (Arc::clone(&world), alice.clone());
                let right = password(&prompt, "alice", PASSWORD);
                async move { attempt(&world, &alice, operation, None, right).await }
            });
            let outcomes = race(racers).await;
            let done = outcomes.iter().filter(|it| matches!(it, Ok(None))).count();
            assert_eq!(done, 1, "{operation:?}");
            let asked_again = outcomes.iter().any(|it| matches!(it, Ok(Some(_))));
            // Those who come when the account is closed give a password that nobody has.
            assert!(!asked_again || operation == Operation::Deactivate);
        }
    }
}

#[tokio::test]
async fn the_session_timeout_saves_the_password_for_devices_alone() {
    let relaxed = |policy: &mut Policy| {
        policy.ui_auth_session_timeout = std::time::Duration::from_secs(15);
    };
    for operation in OPERATIONS {
        let world = World::with(relaxed);
        let alice = world.signed_in("alice").await;
        let sid = world
            .validated(Purpose::Addition, "alice@example.org")
            .await;
        let outcome = attempt(&world, &alice, operation, Some(&sid), Given::Absent).await;
        let asks = matches!(outcome, Ok(Some(_)));
        let dangerous = matches!(operation, Operation::AddAddress | Operation::Deactivate);
        assert_eq!(asks, dangerous, "{operation:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_failed_operation_leaves_its_completion() {
    let world = World::new();
    let (alice, sid, prompt) = asked(&world, Operation::AddAddress).await;
    let right = || password(&prompt, "alice", PASSWORD);
    let request = AddRequest {
        operation: OperationDigest::of("POST", "add"),
        credentials: creds("nosuch", SECRET),
        auth: right(),
    };
    let threepids = &world.services.threepids;
    let refused = threepids
        .changes()
        .unwrap()
        .add(&world.ctx, &alice, &request)
        .await;
    assert!(
        matches!(refused, Err(ThreepidError::NotValidated)),
        "{refused:?}"
    );
    let done = attempt(
        &world,
        &alice,
        Operation::AddAddress,
        Some(&sid),
        poll(&prompt),
    )
    .await;
    assert!(matches!(done, Ok(None)), "{done:?}");
}

//! `POST /account/deactivate`: who may close an account, and what is left of it.

use registrar_domain::model::appservice::AppServices;
use registrar_domain::model::given::Given;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::threepid::Purpose;
use registrar_domain::model::uia::OperationDigest;
use registrar_domain::usecase::account::deactivate::own::{
    CheckedDeactivation, DeactivationError, DeactivationOutcome, DeactivationRequest, Unbinding,
};
use registrar_domain::usecase::credentials::CredentialError;
use registrar_domain::usecase::login::LoginError;
use registrar_domain::usecase::name::NameError;
use registrar_domain::usecase::registration::RegisterError;
use registrar_domain::usecase::token::authenticate::{Assertion, Audience, Requester};
use registrar_domain::usecase::uia::auth::Auth;
use registrar_domain::usecase::uia::gate::GateError;
use registrar_domain::usecase::uia::prompt::UiaPrompt;

use crate::appservices::{service, token};
use crate::validating::{SECRET, creds, password};
use crate::world::{PASSWORD, World, dummy, given, login, poll, register};

fn request(auth: Given<Auth>) -> DeactivationRequest {
    DeactivationRequest {
        operation: OperationDigest::of("POST", "/_matrix/client/v3/account/deactivate"),
        erase: Given::Absent,
        id_server: Given::Absent,
        auth,
        has_other_fields: false,
    }
}

fn erasing(auth: Given<Auth>) -> DeactivationRequest {
    DeactivationRequest {
        erase: Given::Value(true),
        has_other_fields: true,
        ..request(auth)
    }
}

fn wish(world: &World, request: DeactivationRequest) -> CheckedDeactivation {
    world.services.deactivation.read(request).unwrap()
}

async fn deactivate(
    world: &World,
    requester: &Requester,
    request: DeactivationRequest,
) -> Result<DeactivationOutcome, DeactivationError> {
    let wish = wish(world, request);
    let deactivation = &world.services.deactivation;
    deactivation.deactivate(&world.ctx, requester, &wish).await
}

async fn asked(world: &World, requester: &Requester, request: DeactivationRequest) -> UiaPrompt {
    match deactivate(world, requester, request).await.unwrap() {
        DeactivationOutcome::AuthRequired(prompt) => prompt,
        closed => panic!("closed without a password: {closed:?}"),
    }
}

async fn display_name(world: &World, name: &str) -> Option<String> {
    let localpart = Localpart::read(name).unwrap();
    let account = world.read().await.accounts().find(&localpart).await;
    account.unwrap().unwrap().display_name
}

#[tokio::test]
async fn a_closed_account_keeps_its_name_and_nothing_else() {
    let world = World::new();
    let alice = world.signed_in("alice").await;
    let other = world.log_in(&login("alice", PASSWORD)).await.unwrap();
    let address = "alice@example.org";
    let sid = world.validated(Purpose::Addition, address).await;
    let credentials = Given::Value(creds(&sid, SECRET));
    let threepids = world.services.threepids.changes().unwrap();
    threepids.add_at_once(&alice, &credentials).await.unwrap();

    let prompt = asked(&world, &alice, request(Given::Absent)).await;
    let wrong = password(&prompt, "alice", "wrong");
    asked(&world, &alice, request(wrong)).await;
    let right = request(password(&prompt, "alice", PASSWORD));
    let outcome = deactivate(&world, &alice, right).await.unwrap();
    let expected = DeactivationOutcome::Deactivated(Unbinding::NoSupport);
    assert_eq!(outcome, expected, "the address may have been bound");

    assert!(world.threepids("alice").await.is_empty());
    let token = other.tokens.access_token;
    assert!(world.authenticate(token.expose()).await.is_err());
    let devices = world.services.devices.list(&alice).await.unwrap();
    assert!(devices.is_empty());
    let refused = world.log_in(&login("alice", PASSWORD)).await;
    assert!(matches!(
        refused,
        Err(LoginError::Credential(CredentialError::Deactivated))
    ));
    let taken = world.refused(&register("alice")).await;
    assert!(matches!(taken, RegisterError::Name(NameError::Taken)));
    assert_eq!(
        display_name(&world, "alice").await.as_deref(),
        Some("alice")
    );

    // The address is free again.
    let bob = world.signed_in("bob").await;
    let sid = world.validated(Purpose::Addition, address).await;
    let credentials = Given::Value(creds(&sid, SECRET));
    threepids.add_at_once(&bob, &credentials).await.unwrap();
}

#[tokio::test]
async fn the_wish_to_be_erased_is_remembered() {
    let world = World::new();
    for (name, first, last, erased) in [
        ("anne", erasing(Given::Absent), request as fn(_) -> _, true),
        ("bert", erasing(Given::Absent), erasing, true),
        ("carl", request(Given::Absent), erasing, true),
        ("dora", request(Given::Absent), request, false),
    ] {
        let requester = world.signed_in(name).await;
        let prompt = asked(&world, &requester, first).await;
        let last = last(password(&prompt, name, PASSWORD));
        let outcome = deactivate(&world, &requester, last).await.unwrap();
        let expected = DeactivationOutcome::Deactivated(Unbinding::Success);
        assert_eq!(outcome, expected, "there was nothing to unbind");
        assert_eq!(display_name(&world, name).await.is_none(), erased, "{name}");
    }
}

#[tokio::test]
async fn nobody_closes_the_account_of_somebody_else() {
    let world = World::new();
    let alice = world.signed_in("alice").await;
    let bob = world.signed_in("bob").await;
    let hers = asked(&world, &alice, request(Given::Absent)).await;
    let rows = [
        (&bob, password(&hers, "alice", PASSWORD)),
        (&bob, password(&hers, "bob", PASSWORD)),
        (&alice, password(&hers, "bob", PASSWORD)),
        (&bob, poll(&hers)),
    ];
    for (requester, auth) in rows {
        let outcome = deactivate(&world, requester, request(auth)).await;
        assert!(
            matches!(
                outcome,
                Err(DeactivationError::Gate(GateError::AnotherUser))
            ),
            "{outcome:?}"
        );
    }
    let outcome = deactivate(&world, &alice, request(dummy(Some(&hers)))).await;
    assert!(matches!(
        outcome,
        Err(DeactivationError::Gate(GateError::UnknownStage { .. }))
    ));
    for name in ["alice", "bob"] {
        world.log_in(&login(name, PASSWORD)).await.unwrap();
    }
}

#[tokio::test]
async fn fields_have_types() {
    let world = World::new();
    let deactivation = &world.services.deactivation;
    let refused = |request| {
        let refused = deactivation.read(request);
        format!("{:?}", refused.expect_err("it was not refused"))
    };
    for erase in [Given::Malformed, Given::Null] {
        let bad = DeactivationRequest {
            erase,
            ..request(Given::Absent)
        };
        assert_eq!(refused(bad), "MalformedField(\"erase\")");
    }
    let bad = DeactivationRequest {
        id_server: Given::Malformed,
        ..request(Given::Absent)
    };
    assert_eq!(refused(bad), "MalformedField(\"id_server\")");
}

#[tokio::test]
async fn an_application_service_closes_accounts_of_its_users_without_a_uia_session() {
    let world = World::with(|policy| {
        let namespaces = [("@irc_.*", true), ("@shared_.*", false)];
        let irc = service("irc", &namespaces, false);
        policy.registration.appservices = AppServices::new(vec![irc]);
    });
    world.signed_in("shared_x").await;
    let speaking = async |user_id| {
        let authentication = &world.services.authentication;
        let bearer = token("irc");
        let asserted = Assertion {
            user_id,
            ..Assertion::default()
        };
        authentication
            .authenticate(&world.ctx, &bearer, &asserted, Audience::Users)
            .await
            .unwrap()
    };
    let shared = speaking(given("@shared_x:example.org")).await;
    let outcome = deactivate(&world, &shared, erasing(Given::Absent)).await;
    assert_eq!(outcome.unwrap(), DeactivationOutcome::DeactivatedByService);
    assert_eq!(display_name(&world, "shared_x").await, None);
    let refused = world.log_in(&login("shared_x", PASSWORD)).await;
    assert!(refused.is_err());
    // Its own user was never registered.
    let bot = speaking(Given::Absent).await;
    let outcome = deactivate(&world, &bot, request(Given::Absent)).await;
    assert_eq!(outcome.unwrap(), DeactivationOutcome::DeactivatedByService);
}

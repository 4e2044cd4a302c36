//! `/account/3pid`: what it takes to add an address to an account. See the folder for removing it.

mod removal;

use std::sync::Arc;
use std::time::Duration;

use registrar_domain::model::given::Given;
use registrar_domain::model::pattern::Pattern;
use registrar_domain::model::policy::Policy;
use registrar_domain::model::threepid::{AllowedThreepid, Medium, Purpose, Threepid};
use registrar_domain::model::uia::{OperationDigest, Stage};
use registrar_domain::ports::EmailValidation;
use registrar_domain::ports::registration_hooks::ThreepidPurpose;
use registrar_domain::usecase::threepid::manage::{
    AddOutcome, AddRequest, NamedThreepid, ThreepidError,
};
use registrar_domain::usecase::token::authenticate::Requester;
use registrar_domain::usecase::uia::auth::{Auth, ThreepidCredentials};
use registrar_domain::usecase::uia::gate::GateError;
use registrar_domain::usecase::uia::prompt::UiaPrompt;
use registrar_testkit::HookQuestion;

use crate::validating::{SECRET, creds, delegating, email_wish, password, proof, validated};
use crate::world::{PASSWORD, ROUNDS, World, dummy, given, login, poll, race};

const ADDRESS: &str = "alice@example.org";

fn request(credentials: ThreepidCredentials, auth: Given<Auth>) -> AddRequest {
    AddRequest {
        operation: OperationDigest::of("POST", "/_matrix/client/v3/account/3pid/add"),
        credentials,
        auth,
    }
}

async fn add(
    world: &World,
    requester: &Requester,
    credentials: ThreepidCredentials,
    auth: Given<Auth>,
) -> Result<AddOutcome, ThreepidError> {
    let request = request(credentials, auth);
    let threepids = world.services.threepids.changes()?;
    threepids.add(&world.ctx, requester, &request).await
}

async fn asked(world: &World, requester: &Requester, sid: &str) -> UiaPrompt {
    let credentials = creds(sid, SECRET);
    let outcome = add(world, requester, credentials, Given::Absent).await;
    match outcome.unwrap() {
        AddOutcome::AuthRequired(prompt) => prompt,
        AddOutcome::Added => panic!("added without a password"),
    }
}

/// Adds an address as clients did before there was a UIA session.
async fn at_once(
    world: &World,
    requester: &Requester,
    sid: &str,
    secret: &str,
) -> Result<(), ThreepidError> {
    let credentials = Given::Value(creds(sid, secret));
    let threepids = world.services.threepids.changes()?;
    threepids.add_at_once(requester, &credentials).await
}

fn is_not_validated(outcome: &Result<(), ThreepidError>) -> bool {
    matches!(outcome, Err(ThreepidError::NotValidated))
}

fn named(medium: &str, address: &str) -> NamedThreepid {
    NamedThreepid {
        medium: given(medium),
        address: given(address),
        id_server: Given::Absent,
    }
}

#[tokio::test]
async fn adding_an_address_takes_its_proof_and_the_password() {
    let world = World::new();
    let alice = world.signed_in("alice").await;
    let sid = world
        .validated(Purpose::Addition, "Alice@Example.org")
        .await;
    world.clock.advance(Duration::from_secs(1));
    let prompt = asked(&world, &alice, &sid).await;
    assert_eq!(prompt.flows[0].stages(), [Stage::Password]);
    let wrong = password(&prompt, "alice", "wrong");
    let outcome = add(&world, &alice, creds(&sid, SECRET), wrong).await;
    assert!(matches!(outcome, Ok(AddOutcome::AuthRequired(_))));
    assert!(world.threepids("alice").await.is_empty());

    // What was said first need not be repeated.
    let right = password(&prompt, "alice", PASSWORD);
    let outcome = add(&world, &alice, ThreepidCredentials::default(), right).await;
    assert_eq!(outcome.unwrap(), AddOutcome::Added);
    let threepids = world.services.threepids.list(&alice).await.unwrap();
    let [added] = &threepids[..] else {
        panic!("not one: {threepids:?}");
    };
    assert_eq!(added.threepid.medium(), Medium::Email);
    assert_eq!(added.threepid.address(), ADDRESS);
    assert_eq!(added.validated.unix_ms(), 1_700_000_000_000);
    assert_eq!(added.added.unix_ms(), 1_700_000_001_000);
    // It is a name now.
    let mut by_address = login("alice", PASSWORD);
    by_address.identity.identifier = Given::Absent;
    by_address.identity.medium = given("email");
    by_address.identity.address = given(ADDRESS);
    world.log_in(&by_address).await.unwrap();
}

#[tokio::test]
async fn what_is_missing_or_unreadable_is_told_before_the_password_is_asked_for() {
    let world = World::new();
    let alice = world.signed_in("alice").await;
    let (sid, secret) = (given("s"), given(SECRET));
    let rows = [
        (
            Given::Absent,
            sid.clone(),
            "ParameterMissing(\"client_secret\")",
        ),
        (
            Given::Null,
            sid.clone(),
            "ParameterMissing(\"client_secret\")",
        ),
        (
            given(""),
            sid.clone(),
            "ParameterMissing(\"client_secret\")",
        ),
        (
            Given::Malformed,
            sid.clone(),
            "MalformedField(\"client_secret\")",
        ),
        (given("a b"), sid.clone(), "ClientSecret(ClientSecretError)"),
        (
            given(&"s".repeat(256)),
            sid,
            "ClientSecret(ClientSecretError)",
        ),
        (secret.clone(), Given::Absent, "ParameterMissing(\"sid\")"),
        (secret.clone(), Given::Null, "ParameterMissing(\"sid\")"),
        (secret.clone(), given(""), "ParameterMissing(\"sid\")"),
        (secret.clone(), Given::Malformed, "MalformedField(\"sid\")"),
        (
            secret.clone(),
            given(&"s".repeat(256)),
            "MalformedField(\"sid\")",
        ),
        (secret, given("a\0b"), "MalformedField(\"sid\")"),
    ];
    for (client_secret, sid, refusal) in rows {
        let credentials = ThreepidCredentials { client_secret, sid };
        let outcome = add(&world, &alice, credentials.clone(), Given::Absent).await;
        assert_eq!(format!("{:?}", outcome.expect_err("it passed")), refusal);
        let threepids = &world.services.threepids;
        let credentials = Given::Value(credentials);
        let outcome = threepids
            .changes()
            .unwrap()
            .add_at_once(&alice, &credentials)
            .await;
        assert_eq!(format!("{:?}", outcome.expect_err("it passed")), refusal);
    }
    for (given, refusal) in [
        (Given::Absent, "ParameterMissing(\"three_pid_creds\")"),
        (Given::Null, "ParameterMissing(\"three_pid_creds\")"),
        (Given::Malformed, "MalformedField(\"three_pid_creds\")"),
    ] {
        let threepids = &world.services.threepids;
        let outcome = threepids
            .changes()
            .unwrap()
            .add_at_once(&alice, &given)
            .await;
        assert_eq!(format!("{:?}", outcome.expect_err("it passed")), refusal);
    }
}

#[tokio::test]
async fn proofs_that_add_nothing() {
    let world = World::new();
    let alice = world.signed_in("alice").await;
    let unopened = world.mailed(Purpose::Addition, &email_wish(ADDRESS)).await;
    let first = world
        .validated_with(Purpose::Addition, ADDRESS, "first")
        .await;
    let other = "other@example.org";
    let second = world
        .validated_with(Purpose::Addition, other, "second")
        .await;
    let registering = world.validated(Purpose::Registration, other).await;
    let rows = [
        ("nosuch", SECRET),
        (&unopened, SECRET),
        (&first, "second"),
        (&second, "first"),
        (&first, SECRET),
        (&registering, SECRET),
    ];
    for (sid, secret) in rows {
        let outcome = at_once(&world, &alice, sid, secret).await;
        assert!(is_not_validated(&outcome), "{sid} {secret}: {outcome:?}");
    }
    at_once(&world, &alice, &second, "second").await.unwrap();
    let resetting = world.validated(Purpose::PasswordReset, other).await;
    let outcome = at_once(&world, &alice, &resetting, SECRET).await;
    assert!(is_not_validated(&outcome), "{outcome:?}");
    world.clock.advance(Duration::from_hours(48));
    let outcome = at_once(&world, &alice, &first, "first").await;
    assert!(is_not_validated(&outcome), "too old: {outcome:?}");
    assert_eq!(world.threepids("alice").await, ["email:other@example.org"]);
}

#[tokio::test]
async fn a_proof_is_good_for_one_account_once() {
    let world = World::new();
    let alice = world.signed_in("alice").await;
    let bob = world.signed_in("bob").await;
    let sid = world.validated(Purpose::Addition, ADDRESS).await;
    at_once(&world, &alice, &sid, SECRET).await.unwrap();
    for requester in [&alice, &bob] {
        let outcome = at_once(&world, requester, &sid, SECRET).await;
        assert!(is_not_validated(&outcome), "{outcome:?}");
    }
    let threepids = &world.services.threepids;
    let address = named("email", ADDRESS);
    threepids
        .changes()
        .unwrap()
        .remove(&alice, &address)
        .await
        .unwrap();
    let outcome = at_once(&world, &bob, &sid, SECRET).await;
    assert!(is_not_validated(&outcome), "{outcome:?}");
}

#[tokio::test]
async fn an_address_is_never_taken_away_from_somebody_else() {
    let world = World::new();
    let alice = world.signed_in("alice").await;
    let bob = world.signed_in("bob").await;
    let hers = world.validated_with(Purpose::Addition, ADDRESS, "a").await;
    let his = world.validated_with(Purpose::Addition, ADDRESS, "b").await;
    at_once(&world, &alice, &hers, "a").await.unwrap();
    let outcome = at_once(&world, &bob, &his, "b").await;
    assert!(
        matches!(outcome, Err(ThreepidError::InUse(Medium::Email))),
        "{outcome:?}"
    );
    assert_eq!(world.threepids("alice").await, ["email:alice@example.org"]);
    assert!(world.threepids("bob").await.is_empty());
    // A refusal uses nothing up: his proof is good when she has let go.
    let threepids = &world.services.threepids;
    let address = named("email", "ALICE@example.org");
    threepids
        .changes()
        .unwrap()
        .remove(&alice, &address)
        .await
        .unwrap();
    at_once(&world, &bob, &his, "b").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_for_an_address_get_it_once() {
    for _round in 0..ROUNDS {
        one_gets_the_address().await;
    }
}

async fn one_gets_the_address() {
    let world = Arc::new(World::new());
    let racer = |requester: &Requester, sid: &str, secret: &'static str| {
        let (world, requester, sid) = (Arc::clone(&world), requester.clone(), sid.to_owned());
        async move { at_once(&world, &requester, &sid, secret).await }
    };
    let alice = world.signed_in("alice").await;
    let bob = world.signed_in("bob").await;
    let hers = world.validated_with(Purpose::Addition, ADDRESS, "a").await;
    let his = world.validated_with(Purpose::Addition, ADDRESS, "b").await;
    let outcomes = race([racer(&alice, &hers, "a"), racer(&bob, &his, "b")]).await;
    let losers: Vec<_> = outcomes.iter().filter_map(|it| it.as_ref().err()).collect();
    let [ThreepidError::InUse(Medium::Email)] = losers[..] else {
        panic!("{outcomes:?}")
    };

    let shared = world
        .validated(Purpose::Addition, "shared@example.org")
        .await;
    let outcomes = race([
        racer(&alice, &shared, SECRET),
        racer(&bob, &shared, SECRET),
        racer(&alice, &shared, SECRET),
    ])
    .await;
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(won, 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|it| it.is_ok() || is_not_validated(it)));
    let owners = world.threepids("alice").await.len() + world.threepids("bob").await.len();
    assert_eq!(owners, 2);
}

#[tokio::test]
async fn a_uia_session_belongs_to_the_login_that_opened_it() {
    let world = World::new();
    let alice = world.signed_in("alice").await;
    let bob = world.signed_in("bob").await;
    let sid = world.validated(Purpose::Addition, ADDRESS).await;
    let hers = asked(&world, &alice, &sid).await;
    let rows = [
        (&bob, password(&hers, "alice", PASSWORD)),
        (&bob, password(&hers, "bob", PASSWORD)),
        (&alice, password(&hers, "bob", PASSWORD)),
        (&bob, poll(&hers)),
    ];
    for (requester, auth) in rows {
        let outcome = add(&world, requester, creds(&sid, SECRET), auth).await;
        assert!(
            matches!(outcome, Err(ThreepidError::Gate(GateError::AnotherUser))),
            "{outcome:?}"
        );
    }
    for auth in [dummy(Some(&hers)), proof(&hers, Stage::Email, &sid, SECRET)] {
        let outcome = add(&world, &alice, creds(&sid, SECRET), auth).await;
        assert!(
            matches!(
                outcome,
                Err(ThreepidError::Gate(GateError::UnknownStage { .. }))
            ),
            "{outcome:?}"
        );
    }
    let right = password(&hers, "alice", PASSWORD);
    let outcome = add(&world, &alice, creds(&sid, SECRET), right).await;
    assert_eq!(outcome.unwrap(), AddOutcome::Added);
    let again = add(&world, &alice, ThreepidCredentials::default(), poll(&hers)).await;
    assert!(
        matches!(again, Err(ThreepidError::Gate(GateError::UnknownSession))),
        "{again:?}"
    );
}

#[tokio::test]
async fn a_phone_number_is_proved_by_the_identity_server() {
    let world = World::new();
    let alice = world.signed_in("alice").await;
    let bob = world.signed_in("bob").await;
    let outcome = at_once(&world, &alice, "77", SECRET).await;
    assert!(is_not_validated(&outcome));
    world.vouched("77", Medium::Email, ADDRESS);
    let outcome = at_once(&world, &alice, "77", SECRET).await;
    assert!(
        is_not_validated(&outcome),
        "it is asked about phone numbers"
    );
    world.vouched("77", Medium::Msisdn, "447700900001");
    world.identity_server.be_down(true);
    let outcome = at_once(&world, &alice, "77", SECRET).await;
    assert!(matches!(outcome, Err(ThreepidError::IdentityServer(_))));
    world.identity_server.be_down(false);
    let outcome = at_once(&world, &alice, "77", "another").await;
    assert!(is_not_validated(&outcome));
    at_once(&world, &alice, "77", SECRET).await.unwrap();
    assert_eq!(world.threepids("alice").await, ["msisdn:447700900001"]);
    // Once more changes nothing, and helps nobody else.
    at_once(&world, &alice, "77", SECRET).await.unwrap();
    let outcome = at_once(&world, &bob, "77", SECRET).await;
    assert!(matches!(outcome, Err(ThreepidError::InUse(Medium::Msisdn))));
}

#[tokio::test]
async fn a_delegated_address_is_proved_by_the_identity_server() {
    let (world, server) = delegating(|_| {});
    let alice = world.signed_in("alice").await;
    server.vouch("9", SECRET, validated(Medium::Email, ADDRESS));
    at_once(&world, &alice, "9", SECRET).await.unwrap();
    // Where it does not know, the one for phone numbers may.
    world.vouched("10", Medium::Msisdn, "447700900001");
    at_once(&world, &alice, "10", SECRET).await.unwrap();
    assert_eq!(world.threepids("alice").await.len(), 2);
}

#[tokio::test]
async fn an_address_that_is_there_already_uses_the_session_up_all_the_same() {
    let world = World::new();
    let alice = world.signed_in("alice").await;
    world.vouched("77", Medium::Msisdn, "447700900001");
    world.vouched("78", Medium::Msisdn, "447700900002");
    at_once(&world, &alice, "77", SECRET).await.unwrap();
    let prompt = asked(&world, &alice, "77").await;
    let auth = password(&prompt, "alice", PASSWORD);
    let outcome = add(&world, &alice, creds("77", SECRET), auth).await;
    assert_eq!(outcome.unwrap(), AddOutcome::Added);
    // The password was given for one address, once.
    let outcome = add(&world, &alice, creds("78", SECRET), poll(&prompt)).await;
    assert!(matches!(
        outcome,
        Err(ThreepidError::Gate(GateError::UnknownSession))
    ));
    assert_eq!(world.threepids("alice").await, ["msisdn:447700900001"]);
}

#[tokio::test]
async fn without_anybody_to_validate_there_is_no_proof() {
    let world = World::over(
        |_| {},
        |ports| {
            ports.email = EmailValidation::Off;
            ports.msisdn = None;
        },
    );
    let alice = world.signed_in("alice").await;
    let outcome = at_once(&world, &alice, "1", SECRET).await;
    assert!(is_not_validated(&outcome));
}

fn only_example_org(policy: &mut Policy) {
    policy.threepids.allowed = vec![AllowedThreepid {
        medium: Medium::Email,
        pattern: Pattern::parse("^[^@]+@example\\.org$").unwrap(),
    }];
}

#[tokio::test]
async fn what_the_operator_does_not_want_is_not_added() {
    let world = World::with(only_example_org);
    let alice = world.signed_in("alice").await;
    world.vouched("77", Medium::Msisdn, "447700900001");
    let outcome = at_once(&world, &alice, "77", SECRET).await;
    assert!(matches!(
        outcome,
        Err(ThreepidError::Denied(Medium::Msisdn))
    ));
    let sid = world.validated(Purpose::Addition, ADDRESS).await;
    let address = Threepid::from_canonical(Medium::Email, ADDRESS.to_owned());
    world.hooks.deny(address.clone());
    let outcome = at_once(&world, &alice, &sid, SECRET).await;
    assert!(matches!(outcome, Err(ThreepidError::Denied(Medium::Email))));
    let asked = HookQuestion::IsThreepidAllowed(address, ThreepidPurpose::Addition);
    assert!(world.hooks.asked().contains(&asked));
    assert!(world.threepids("alice").await.is_empty());
}

#[tokio::test]
async fn where_changes_are_forbidden_nothing_changes() {
    let world = World::with(|policy| policy.threepids.changes_allowed = false);
    let alice = world.signed_in("alice").await;
    let threepids = &world.services.threepids;
    let outcomes = [
        threepids.changes().map(drop),
        at_once(&world, &alice, "1", SECRET).await,
        add(
            &world,
            &alice,
            ThreepidCredentials::default(),
            Given::Absent,
        )
        .await
        .map(|_| ()),
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Err(ThreepidError::ChangesForbidden)));
    }
    assert!(threepids.list(&alice).await.unwrap().is_empty());
}

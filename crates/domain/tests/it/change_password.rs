//! `POST /account/password`: who may set another password, and what becomes of their logins.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use registrar_domain::model::given::Given;
use registrar_domain::model::password::strength::StrengthRules;
use registrar_domain::model::threepid::{Medium, Purpose};
use registrar_domain::model::uia::{OperationDigest, Stage, StageFailure};
use registrar_domain::usecase::account::change_password::{
    ChangePasswordError, ChangePasswordOutcome, ChangePasswordRequest,
};
use registrar_domain::usecase::threepid::request::EmailParameters;
use registrar_domain::usecase::token::authenticate::Requester;
use registrar_domain::usecase::uia::auth::Auth;
use registrar_domain::usecase::uia::gate::GateError;
use registrar_domain::usecase::uia::prompt::UiaPrompt;

use crate::validating::{SECRET, delegating, email_wish, password, proof, validated};
use crate::world::{PASSWORD, ROUNDS, World, dummy, given, login, poll, race};

const NEW: &str = "Another-Passw0rd";
const ADDRESS: &str = "alice@example.org";

/// A request with a new password, and nothing else.
fn request(new_password: &str) -> ChangePasswordRequest {
    ChangePasswordRequest {
        new_password: given(new_password),
        ..empty()
    }
}

fn empty() -> ChangePasswordRequest {
    ChangePasswordRequest {
        operation: OperationDigest::of("POST", "/_matrix/client/v3/account/password"),
        new_password: Given::Absent,
        logout_devices: Given::Absent,
        auth: Given::Absent,
        has_other_fields: false,
    }
}

fn with(auth: Given<Auth>, request: ChangePasswordRequest) -> ChangePasswordRequest {
    ChangePasswordRequest { auth, ..request }
}

fn keeping_devices(request: ChangePasswordRequest) -> ChangePasswordRequest {
    ChangePasswordRequest {
        logout_devices: Given::Value(false),
        has_other_fields: true,
        ..request
    }
}

async fn change(
    world: &World,
    requester: Option<&Requester>,
    request: ChangePasswordRequest,
) -> Result<ChangePasswordOutcome, ChangePasswordError> {
    let change = &world.services.password_change;
    let wish = change.read(request)?;
    change.change(&world.ctx, requester, &wish).await
}

async fn asked(
    world: &World,
    requester: Option<&Requester>,
    request: ChangePasswordRequest,
) -> UiaPrompt {
    match change(world, requester, request).await.unwrap() {
        ChangePasswordOutcome::AuthRequired(prompt) => prompt,
        ChangePasswordOutcome::Changed => panic!("changed without a proof"),
    }
}

async fn changed(world: &World, requester: Option<&Requester>, request: ChangePasswordRequest) {
    let outcome = change(world, requester, request).await.unwrap();
    assert_eq!(outcome, ChangePasswordOutcome::Changed);
}

async fn opens(world: &World, user: &str, password: &str) -> bool {
    world.log_in(&login(user, password)).await.is_ok()
}

async fn device_count(world: &World, requester: &Requester) -> usize {
    let devices = world.services.devices.list(requester).await.unwrap();
    devices.len()
}

/// Alice, signed in twice, and with an address.
async fn alice(world: &World) -> Requester {
    let alice = world.signed_in("alice").await;
    world.log_in(&login("alice", PASSWORD)).await.unwrap();
    give_address(world, &alice, ADDRESS).await;
    alice
}

async fn give_address(world: &World, requester: &Requester, email: &str) {
    let sid = world.validated(Purpose::Addition, email).await;
    let credentials = Given::Value(crate::validating::creds(&sid, SECRET));
    let threepids = world.services.threepids.changes().unwrap();
    threepids
        .add_at_once(requester, &credentials)
        .await
        .unwrap();
}

#[tokio::test]
async fn whoever_knows_the_password_can_change_it() {
    let world = World::new();
    let alice = alice(&world).await;
    let other = world.log_in(&login("alice", PASSWORD)).await.unwrap();
    let prompt = asked(&world, Some(&alice), request(NEW)).await;
    assert_eq!(prompt.flows.len(), 1);
    assert_eq!(prompt.flows[0].stages(), [Stage::Password]);

    let wrong = with(password(&prompt, "alice", "wrong"), request(NEW));
    let failure = asked(&world, Some(&alice), wrong).await.failure;
    assert_eq!(failure, Some(StageFailure::WrongPassword));
    assert!(opens(&world, "alice", PASSWORD).await);

    let right = with(password(&prompt, "alice", PASSWORD), request(NEW));
    changed(&world, Some(&alice), right).await;
    assert_eq!(device_count(&world, &alice).await, 1, "the others are out");
    let token = other.tokens.access_token;
    assert!(world.authenticate(token.expose()).await.is_err());
    assert!(!opens(&world, "alice", PASSWORD).await);
    assert!(opens(&world, "alice", NEW).await);
}

#[tokio::test]
async fn the_requester_stays_logged_in_and_nobody_else() {
    let world = World::new();
    world.signed_in("alice").await;
    let mut second = login("alice", PASSWORD);
    second.refresh_token = Given::Value(true);
    let mine = world.log_in(&second).await.unwrap().tokens;
    let theirs = world.log_in(&second).await.unwrap().tokens;
    let requester = world
        .authenticate(mine.access_token.expose())
        .await
        .unwrap();
    let prompt = asked(&world, Some(&requester), request(NEW)).await;
    let auth = password(&prompt, "alice", PASSWORD);
    changed(&world, Some(&requester), with(auth, empty())).await;

    world
        .authenticate(mine.access_token.expose())
        .await
        .unwrap();
    let refresh = &world.services.refresh;
    let refreshed = |token: Option<registrar_domain::model::token::RefreshToken>| {
        let token = given(token.unwrap().expose());
        async move { refresh.enabled()?.refresh(&token).await }
    };
    refreshed(mine.refresh_token).await.unwrap();
    assert!(refreshed(theirs.refresh_token).await.is_err());
}

#[tokio::test]
async fn other_devices_stay_if_the_client_says_so() {
    let world = World::new();
    let alice = alice(&world).await;
    let first = keeping_devices(request(NEW));
    let prompt = asked(&world, Some(&alice), first).await;
    // What was said first stands.
    let auth = password(&prompt, "alice", PASSWORD);
    changed(&world, Some(&alice), with(auth, empty())).await;
    assert_eq!(device_count(&world, &alice).await, 2);

    // Other fields replace it as a whole.
    let first = keeping_devices(request(PASSWORD));
    let prompt = asked(&world, Some(&alice), first).await;
    let last = ChangePasswordRequest {
        has_other_fields: true,
        ..with(password(&prompt, "alice", NEW), empty())
    };
    changed(&world, Some(&alice), last).await;
    assert_eq!(device_count(&world, &alice).await, 1);
}

#[tokio::test]
async fn the_new_password_of_the_last_request_wins_over_the_parked_one() {
    let world = World::new();
    let alice = alice(&world).await;
    let prompt = asked(&world, Some(&alice), request("parked")).await;
    let auth = password(&prompt, "alice", PASSWORD);
    changed(&world, Some(&alice), with(auth, empty())).await;
    assert!(opens(&world, "alice", "parked").await);

    let prompt = asked(&world, Some(&alice), request("parked again")).await;
    let auth = password(&prompt, "alice", "parked");
    changed(&world, Some(&alice), with(auth, request(NEW))).await;
    assert!(opens(&world, "alice", NEW).await);
}

#[tokio::test]
async fn complaints_come_in_the_order_of_synapse() {
    let rules = StrengthRules {
        minimum_length: Some(8),
        ..StrengthRules::default()
    };
    let world = World::with(|policy| {
        policy.password.strength = Some(rules);
        policy.password.reauth_enabled = false;
    });
    let alice = world.signed_in("alice").await;
    give_address(&world, &alice, ADDRESS).await;
    let complaint = async |request: &ChangePasswordRequest| {
        let outcome = change(&world, None, request.clone()).await;
        format!("{:?}", outcome.expect_err("it was not refused"))
    };
    // From the last complaint to the first.
    let nobody = world.validated(Purpose::PasswordReset, ADDRESS).await;
    let prompt = asked(&world, None, empty()).await;
    let auth = proof(&prompt, Stage::Email, &nobody, SECRET);
    let mut request = with(auth, request("long enough"));
    assert_eq!(complaint(&request).await, "PasswordsDisabled");
    // The proof is in the session now.
    request.auth = poll(&prompt);
    assert_eq!(complaint(&request).await, "PasswordsDisabled");
    request.new_password = Given::Absent;
    assert_eq!(complaint(&request).await, "PasswordMissing");
    remove_address(&world, &alice).await;
    assert_eq!(complaint(&request).await, "NobodyHasAddress(Email)");
    request.auth = Given::Value(Auth {
        session: given("nosuch"),
        ..Auth::default()
    });
    assert_eq!(complaint(&request).await, "Gate(UnknownSession)");
    request.auth = Given::Malformed;
    assert_eq!(complaint(&request).await, "Gate(MalformedAuth)");
    for bad in [Given::Malformed, Given::Null] {
        request.logout_devices = bad;
        let expected = "MalformedField(\"logout_devices\")";
        assert_eq!(complaint(&request).await, expected);
    }
    let rows = [
        (
            given("short"),
            "NewPassword(Weak(TooShort { minimum_length: 8 }))",
        ),
        (
            given(""),
            "NewPassword(Weak(TooShort { minimum_length: 8 }))",
        ),
        (given("nul\0nul\0nul"), "NewPassword(Nul)"),
        (given(&"p".repeat(513)), "NewPassword(Unreadable)"),
        (Given::Malformed, "NewPassword(Unreadable)"),
    ];
    for (new_password, expected) in rows {
        request.new_password = new_password;
        assert_eq!(complaint(&request).await, expected);
    }
}

async fn remove_address(world: &World, requester: &Requester) {
    let named = registrar_domain::usecase::threepid::manage::NamedThreepid {
        medium: given("email"),
        address: given(ADDRESS),
        id_server: Given::Absent,
    };
    let threepids = world.services.threepids.changes().unwrap();
    threepids.remove(requester, &named).await.unwrap();
}

#[tokio::test]
async fn a_password_is_needed_at_the_end_and_an_empty_one_is_none() {
    let world = World::new();
    let alice = alice(&world).await;
    for nothing in [Given::Absent, Given::Null, given("")] {
        let nothing = ChangePasswordRequest {
            new_password: nothing,
            ..empty()
        };
        let prompt = asked(&world, Some(&alice), nothing.clone()).await;
        let auth = password(&prompt, "alice", PASSWORD);
        let outcome = change(&world, Some(&alice), with(auth, nothing)).await;
        assert!(
            matches!(outcome, Err(ChangePasswordError::PasswordMissing)),
            "{outcome:?}"
        );
    }
    assert!(opens(&world, "alice", PASSWORD).await);
}

#[tokio::test]
async fn a_uia_session_belongs_to_the_login_that_opened_it() {
    let world = World::new();
    let alice = alice(&world).await;
    let bob = world.signed_in("bob").await;
    let hers = asked(&world, Some(&alice), request(NEW)).await;
    let nobodys = asked(&world, None, request(NEW)).await;
    let rows = [
        (Some(&bob), password(&hers, "bob", PASSWORD)),
        (Some(&alice), password(&hers, "bob", PASSWORD)),
        (None, proof(&hers, Stage::Email, "1", SECRET)),
        (None, poll(&hers)),
        (Some(&bob), password(&nobodys, "bob", PASSWORD)),
        (Some(&alice), poll(&nobodys)),
    ];
    for (requester, auth) in rows {
        let outcome = change(&world, requester, with(auth, request(NEW))).await;
        let outcome = outcome.expect_err("it was not refused");
        assert!(
            matches!(outcome, ChangePasswordError::Gate(GateError::AnotherUser)),
            "{outcome:?}"
        );
    }
    for user in ["alice", "bob"] {
        assert!(opens(&world, user, PASSWORD).await, "{user}");
    }
}

#[tokio::test]
async fn without_a_token_nobody_is_asked_for_a_password() {
    let world = World::new();
    alice(&world).await;
    let prompt = asked(&world, None, request(NEW)).await;
    assert_eq!(prompt.flows.len(), 1);
    assert_eq!(prompt.flows[0].stages(), [Stage::Email]);
    for auth in [password(&prompt, "alice", PASSWORD), dummy(Some(&prompt))] {
        let outcome = change(&world, None, with(auth, request(NEW))).await;
        assert!(matches!(
            outcome,
            Err(ChangePasswordError::Gate(GateError::UnknownStage { .. }))
        ));
    }
}

#[tokio::test]
async fn whoever_reads_the_mail_of_an_account_resets_its_password() {
    let world = World::new();
    let alice = alice(&world).await;
    let sid = world
        .validated(Purpose::PasswordReset, "Alice@Example.ORG")
        .await;
    let prompt = asked(&world, None, request(NEW)).await;
    let auth = proof(&prompt, Stage::Email, &sid, SECRET);
    changed(&world, None, with(auth, request(NEW))).await;
    assert!(opens(&world, "alice", NEW).await);
    assert!(!opens(&world, "alice", PASSWORD).await);
    // The login just made is the only one.
    assert_eq!(device_count(&world, &alice).await, 1);

    let sid = world.validated(Purpose::PasswordReset, ADDRESS).await;
    let first = keeping_devices(request(PASSWORD));
    let prompt = asked(&world, None, first).await;
    let auth = proof(&prompt, Stage::Email, &sid, SECRET);
    changed(&world, None, with(auth, empty())).await;
    assert_eq!(device_count(&world, &alice).await, 1, "it stays");
    assert!(opens(&world, "alice", PASSWORD).await);
}

#[tokio::test]
async fn other_proofs_reset_nothing() {
    let world = World::new();
    let alice = alice(&world).await;
    let unopened = {
        let wish = email_wish(ADDRESS);
        world.mailed(Purpose::PasswordReset, &wish).await
    };
    let first = world
        .validated_with(Purpose::PasswordReset, ADDRESS, "first")
        .await;
    let second = world
        .validated_with(Purpose::PasswordReset, ADDRESS, "second")
        .await;
    let elsewhere = world
        .validated(Purpose::Registration, "new@example.org")
        .await;
    let added = world.validated(Purpose::Addition, "new@example.org").await;
    give_address(&world, &alice, "other@example.org").await;
    let prompt = asked(&world, None, request(NEW)).await;
    let rows = [
        (&unopened, SECRET),
        (&first, "second"),
        (&second, "first"),
        (&first, SECRET),
        (&elsewhere, SECRET),
        (&added, SECRET),
    ];
    for (sid, secret) in rows {
        let auth = proof(&prompt, Stage::Email, sid, secret);
        let failure = asked(&world, None, with(auth, request(NEW))).await.failure;
        assert_eq!(failure, Some(StageFailure::NotValidated), "{sid} {secret}");
    }
    world.clock.advance(Duration::from_hours(48));
    let prompt = asked(&world, None, request(NEW)).await;
    let auth = proof(&prompt, Stage::Email, &first, "first");
    let failure = asked(&world, None, with(auth, request(NEW))).await.failure;
    assert_eq!(failure, Some(StageFailure::NotValidated), "too old");
    assert!(opens(&world, "alice", PASSWORD).await);
}

#[tokio::test]
async fn a_proof_and_a_uia_session_set_one_password() {
    let world = World::new();
    let alice = alice(&world).await;
    let sid = world.validated(Purpose::PasswordReset, ADDRESS).await;
    let prompt = asked(&world, None, request(NEW)).await;
    let last = with(proof(&prompt, Stage::Email, &sid, SECRET), request(NEW));
    changed(&world, None, last.clone()).await;
    for auth in [last.auth.clone(), poll(&prompt)] {
        let again = change(&world, None, with(auth, request("third"))).await;
        assert!(
            matches!(
                again,
                Err(ChangePasswordError::Gate(GateError::UnknownSession))
            ),
            "{again:?}"
        );
    }
    let fresh = asked(&world, None, request("third")).await;
    let auth = proof(&fresh, Stage::Email, &sid, SECRET);
    let failure = asked(&world, None, with(auth, request("third")))
        .await
        .failure;
    assert_eq!(failure, Some(StageFailure::NotValidated));

    let login = world.log_in(&login("alice", NEW)).await.unwrap();
    let token = login.tokens.access_token;
    let requester = world.authenticate(token.expose()).await.unwrap();
    let prompt = asked(&world, Some(&requester), request(PASSWORD)).await;
    let last = with(password(&prompt, "alice", NEW), request(PASSWORD));
    changed(&world, Some(&requester), last).await;
    let again = with(poll(&prompt), request("third"));
    assert!(change(&world, Some(&requester), again).await.is_err());
    assert!(opens(&world, "alice", PASSWORD).await);
    drop(alice);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_final_requests_one_sets_the_password() {
    for _round in 0..ROUNDS {
        one_sets_the_password().await;
    }
}

async fn one_sets_the_password() {
    let world = Arc::new(World::new());
    alice(&world).await;
    let sid = world.validated(Purpose::PasswordReset, ADDRESS).await;
    let prompt = asked(&world, None, empty()).await;
    let auth = proof(&prompt, Stage::Email, &sid, SECRET);
    let missing = change(&world, None, with(auth, empty())).await;
    assert!(matches!(missing, Err(ChangePasswordError::PasswordMissing)));
    let names = ["one", "two", "three", "four", "five", "six"];
    let racers = names.map(|new_password| {
        let last = with(poll(&prompt), request(new_password));
        let world = Arc::clone(&world);
        async move { change(&world, None, last).await.is_ok() }
    });
    let outcomes = race(racers).await;
    assert_eq!(outcomes.iter().filter(|won| **won).count(), 1);
    for (name, won) in names.into_iter().zip(outcomes) {
        assert_eq!(opens(&world, "alice", name).await, won, "{name}");
    }
}

#[tokio::test]
async fn the_address_decides_at_the_end_whose_password_it_is() {
    let world = World::new();
    let alice = alice(&world).await;
    let bob = world.signed_in("bob").await;
    let sid = world.validated(Purpose::PasswordReset, ADDRESS).await;
    let prompt = asked(&world, None, empty()).await;
    let auth = proof(&prompt, Stage::Email, &sid, SECRET);
    let missing = change(&world, None, with(auth, empty())).await;
    assert!(matches!(missing, Err(ChangePasswordError::PasswordMissing)));
    remove_address(&world, &alice).await;
    let last = || with(poll(&prompt), request(NEW));
    let outcome = change(&world, None, last()).await;
    assert!(matches!(
        outcome,
        Err(ChangePasswordError::NobodyHasAddress(Medium::Email))
    ));
    give_address(&world, &bob, ADDRESS).await;
    changed(&world, None, last()).await;
    assert!(opens(&world, "bob", NEW).await);
    assert!(opens(&world, "alice", PASSWORD).await);
}

#[tokio::test]
async fn a_phone_number_alone_resets_nothing() {
    let world = World::new();
    alice(&world).await;
    world.vouched("77", Medium::Msisdn, "447700900001");
    let prompt = asked(&world, None, request(NEW)).await;
    let auth = proof(&prompt, Stage::Msisdn, "77", SECRET);
    let prompt = asked(&world, None, with(auth, request(NEW))).await;
    assert_eq!(prompt.completed, Some(vec![Stage::Msisdn]));
}

#[tokio::test]
async fn addresses_prove_nothing_to_those_who_have_a_password() {
    let world = World::new();
    let alice = alice(&world).await;
    let sid = world.validated(Purpose::PasswordReset, ADDRESS).await;
    let prompt = asked(&world, Some(&alice), request(NEW)).await;
    let auth = proof(&prompt, Stage::Email, &sid, SECRET);
    let prompt = asked(&world, Some(&alice), with(auth, request(NEW))).await;
    assert_eq!(prompt.completed, Some(vec![Stage::Email]));
    assert_eq!(prompt.flows[0].stages(), [Stage::Password]);
}

#[tokio::test]
async fn a_delegated_address_is_proved_by_the_identity_server() {
    let (world, server) = delegating(|_| {});
    let alice = world.signed_in("alice").await;
    server.vouch("9", SECRET, validated(Medium::Email, ADDRESS));
    let credentials = Given::Value(crate::validating::creds("9", SECRET));
    let threepids = world.services.threepids.changes().unwrap();
    threepids.add_at_once(&alice, &credentials).await.unwrap();
    // The fake counts its sessions. What was asked for something else, or was used, proves nothing.
    let asking = async |purpose, secret: &str, sid: &str| {
        let wish = EmailParameters {
            client_secret: given(secret),
            ..email_wish(ADDRESS)
        };
        world.ask_email(purpose, &wish).await.unwrap();
        server.vouch(sid, secret, validated(Medium::Email, ADDRESS));
    };
    asking(Purpose::PasswordReset, "reset", "1").await;
    server.vouch("unasked", SECRET, validated(Medium::Email, ADDRESS));
    let prompt = asked(&world, None, request(NEW)).await;
    for (sid, secret) in [("9", SECRET), ("unasked", SECRET)] {
        let auth = proof(&prompt, Stage::Email, sid, secret);
        let failed = asked(&world, None, with(auth, request(NEW))).await;
        assert_eq!(failed.completed, Some(vec![]), "{sid}");
    }
    let auth = proof(&prompt, Stage::Email, "1", "reset");
    changed(&world, None, with(auth, request(NEW))).await;
    assert!(opens(&world, "alice", NEW).await);
    let prompt = asked(&world, None, request(PASSWORD)).await;
    let auth = proof(&prompt, Stage::Email, "1", "reset");
    asked(&world, None, with(auth, request(PASSWORD))).await;
    assert!(!opens(&world, "alice", PASSWORD).await);
}

#[tokio::test]
async fn a_delegated_proof_asked_for_registration_resets_no_password() {
    let (world, server) = delegating(|_| {});
    let wish = email_wish(ADDRESS);
    world.ask_email(Purpose::Registration, &wish).await.unwrap();
    let alice = world.signed_in("alice").await;
    server.vouch("9", "other", validated(Medium::Email, ADDRESS));
    let credentials = Given::Value(crate::validating::creds("9", "other"));
    let threepids = world.services.threepids.changes().unwrap();
    threepids.add_at_once(&alice, &credentials).await.unwrap();
    server.vouch("1", SECRET, validated(Medium::Email, ADDRESS));
    let prompt = asked(&world, None, request(NEW)).await;
    let auth = proof(&prompt, Stage::Email, "1", SECRET);
    asked(&world, None, with(auth, request(NEW))).await;
    assert!(!opens(&world, "alice", NEW).await);
}

#[tokio::test]
async fn the_session_timeout_lets_nobody_change_a_password() {
    let world = World::with(|policy| policy.ui_auth_session_timeout = Duration::from_secs(15));
    let alice = world.signed_in("alice").await;
    asked(&world, Some(&alice), request(NEW)).await;
    assert!(opens(&world, "alice", PASSWORD).await);
}

#[tokio::test]
async fn a_full_hash_queue_and_contention_change_nothing() {
    let world = World::new();
    let alice = alice(&world).await;
    let prompt = asked(&world, Some(&alice), empty()).await;
    let auth = password(&prompt, "alice", PASSWORD);
    let missing = change(&world, Some(&alice), with(auth, empty())).await;
    assert!(matches!(missing, Err(ChangePasswordError::PasswordMissing)));
    world.hasher.busy.store(true, SeqCst);
    let last = || with(poll(&prompt), request(NEW));
    let busy = change(&world, Some(&alice), last()).await;
    assert!(
        matches!(busy, Err(ChangePasswordError::Hash(_))),
        "{busy:?}"
    );
    world.hasher.busy.store(false, SeqCst);
    world.store.contend_next(2);
    changed(&world, Some(&alice), last()).await;
    assert!(opens(&world, "alice", NEW).await);
}

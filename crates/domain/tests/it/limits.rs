//! What limits count, whom they bind, and by which clock.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use registrar_domain::model::context::{Effects, RequestContext, Trust};
use registrar_domain::model::given::Given;
use registrar_domain::model::limit::{LimitExceeded, Rate};
use registrar_domain::model::policy::ServerDisabled;
use registrar_domain::model::registration_token::{RegistrationToken, RegistrationTokenId};
use registrar_domain::model::uia::flow::{FlowSettings, registration_flows};
use registrar_domain::model::uia::{OperationDigest, Stage, StageFailure};
use registrar_domain::ports::observer::Event;
use registrar_domain::ports::{Intent, Store as _};
use registrar_domain::usecase::account::change_password::{
    ChangePasswordError, ChangePasswordRequest,
};
use registrar_domain::usecase::registration::{RegisterError, RegisterOutcome, RegisterRequest};
use registrar_domain::usecase::registration_token::validity::TokenValidityError;
use registrar_domain::usecase::uia::auth::{Auth, Submission};
use registrar_domain::usecase::uia::fallback::FallbackOutcome;
use registrar_domain::usecase::uia::gate::GateError;
use registrar_domain::usecase::uia::prompt::UiaPrompt;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::world::{World, dummy, empty_register, given, login, poll, register};

const ONCE_IN_TEN_SECONDS: Rate = Rate {
    per_second: 0.1,
    burst_count: 1.0,
};

fn client(ip: &str) -> RequestContext {
    RequestContext {
        client_ip: Some(ip.parse().unwrap()),
        user_agent: "test".to_owned(),
        effects: Effects::Allowed,
    }
}

fn final_request(username: &str) -> RegisterRequest {
    RegisterRequest {
        auth: dummy(None),
        ..register(username)
    }
}

fn slow_registrations() -> World {
    World::with(|policy| policy.rates.registration = ONCE_IN_TEN_SECONDS)
}

#[tokio::test]
async fn setting_the_clock_back_locks_nobody_out() {
    let world = slow_registrations();
    world.registered(&final_request("alice")).await;
    world.clock.set_back(Duration::from_hours(24));
    let refused = world.refused(&final_request("bob")).await;
    assert!(
        matches!(
            refused,
            RegisterError::Limited(LimitExceeded {
                retry_after_ms: 10_000
            })
        ),
        "{refused:?}"
    );
    world.clock.advance(Duration::from_secs(10));
    world.registered(&final_request("bob")).await;
}

#[tokio::test]
async fn setting_the_clock_forward_gives_no_units() {
    let world = slow_registrations();
    world.registered(&final_request("alice")).await;
    world.clock.set_forward(Duration::from_hours(24));
    assert!(matches!(
        world.refused(&final_request("bob")).await,
        RegisterError::Limited(_)
    ));
}

#[tokio::test]
async fn a_registration_that_is_refused_later_is_not_charged() {
    let world = slow_registrations();
    world.hasher.busy.store(true, SeqCst);
    let refused = world.refused(&final_request("alice")).await;
    assert!(matches!(refused, RegisterError::Hash(_)), "{refused:?}");
    world.hasher.busy.store(false, SeqCst);

    world.registered(&final_request("alice")).await;
    let refused = world.refused(&final_request("bob")).await;
    assert!(matches!(refused, RegisterError::Limited(_)), "{refused:?}");
}

#[tokio::test]
async fn a_switched_off_server_charges_neither_users_nor_guests() {
    let world = World::with(|policy| {
        policy.rates.registration = ONCE_IN_TEN_SECONDS;
        policy.usage.disabled = Some(ServerDisabled {
            message: "moving house".to_owned(),
            admin_contact: None,
        });
    });
    let guest = RegisterRequest {
        kind: given("guest"),
        ..empty_register()
    };
    for _ in 0..3 {
        for request in [&guest, &final_request("alice")] {
            let refused = world.refused(request).await;
            assert!(matches!(refused, RegisterError::Usage(_)), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_repeated_final_request_is_charged_once() {
    let world = World::with(|policy| {
        policy.rates.registration = Rate {
            per_second: 0.1,
            burst_count: 2.0,
        };
    });
    let prompt = world.prompted(&register("alice")).await;
    let last = RegisterRequest {
        auth: dummy(Some(&prompt)),
        ..register("alice")
    };
    for _ in 0..3 {
        world.registered(&last).await;
    }
    world.registered(&final_request("bob")).await;
}

#[tokio::test]
async fn first_requests_with_a_password_are_limited_before_they_cost_anything() {
    let world = slow_registrations();
    for _ in 0..10 {
        world.prompted(&register("alice")).await;
    }
    assert_eq!(world.hasher.calls.load(SeqCst), 10);
    let refused = world.refused(&register("alice")).await;
    assert!(
        matches!(
            refused,
            RegisterError::Gate(GateError::Limited(LimitExceeded {
                retry_after_ms: 1000
            }))
        ),
        "{refused:?}"
    );
    let empty_auth = RegisterRequest {
        auth: Given::Value(Auth::default()),
        ..register("alice")
    };
    let refused = world.refused(&empty_auth).await;
    assert!(
        matches!(refused, RegisterError::Gate(GateError::Limited(_))),
        "{refused:?}"
    );
    assert_eq!(world.hasher.calls.load(SeqCst), 10);

    // Others, questions without a password, and registrations that complete are not concerned.
    let elsewhere = &client("192.0.2.2");
    let registration = &world.services.registration;
    let outcome = registration.register(elsewhere, &register("alice")).await;
    assert!(matches!(outcome, Ok(RegisterOutcome::AuthRequired(_))));
    let question = RegisterRequest {
        password: Given::Absent,
        ..register("alice")
    };
    world.prompted(&question).await;
    world.registered(&final_request("alice")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_first_requests_open_no_more_sessions_than_are_charged() {
    const RACERS: usize = 64;
    for _ in 0..10 {
        let world = slow_registrations();
        let start = Arc::new(Barrier::new(RACERS));
        let mut racers = JoinSet::new();
        for _ in 0..RACERS {
            let registration = world.services.registration.clone();
            let (ctx, start) = (world.ctx.clone(), Arc::clone(&start));
            racers.spawn(async move {
                start.wait().await;
                registration
                    .register(&ctx, &register("alice"))
                    .await
                    .is_ok()
            });
        }
        let admitted = racers.join_all().await;
        assert_eq!(admitted.into_iter().filter(|it| *it).count(), 10);
        let events = world.observer.take();
        let opened = events.iter().filter(|it| **it == Event::UiaSessionOpened);
        assert_eq!(opened.count(), 10);
    }
}

#[tokio::test]
async fn password_resets_are_limited_like_first_registrations() {
    let world = slow_registrations();
    let change = &world.services.password_change;
    let request = ChangePasswordRequest {
        operation: OperationDigest::of("POST", "/_matrix/client/v3/account/password"),
        new_password: given("Another-Passw0rd"),
        logout_devices: Given::Absent,
        auth: Given::Absent,
        has_other_fields: false,
    };
    let wish = change.read(request).unwrap();
    for _ in 0..10 {
        change.change(&world.ctx, None, &wish).await.unwrap();
    }
    let refused = change.change(&world.ctx, None, &wish).await.unwrap_err();
    assert!(
        matches!(refused, ChangePasswordError::Gate(GateError::Limited(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn hashing_knows_who_has_earned_it() {
    let world = World::with(|policy| {
        let settings = FlowSettings {
            require_token: true,
            ..FlowSettings::default()
        };
        policy.registration.flows = registration_flows(&settings).unwrap();
    });
    add_token(&world, "invite").await;
    let turns = || -> Vec<Trust> {
        let mut turns = world.hasher.turns.lock().unwrap();
        turns.drain(..).map(|turn| turn.trust).collect()
    };
    // The first password is hashed for nothing, as dummy stages prove nothing.
    world.prompted(&register("alice")).await;
    assert_eq!(turns(), [Trust::Unproved]);
    let unproved = RegisterRequest {
        password: Given::Absent,
        ..register("alice")
    };
    let prompt_without = world.prompted(&unproved).await;
    let invited = RegisterRequest {
        auth: token_stage(&prompt_without, "invite"),
        ..register("alice")
    };
    world.prompted(&invited).await;
    assert_eq!(turns(), [Trust::Proved]);
    let last = RegisterRequest {
        auth: dummy(Some(&prompt_without)),
        password: Given::Absent,
        ..register("alice")
    };
    world.registered(&last).await;
    assert!(turns().is_empty(), "the hash has waited in the session");
    world
        .log_in(&login("alice", crate::world::PASSWORD))
        .await
        .unwrap();
    assert_eq!(turns(), [Trust::Charged]);
}

async fn add_token(world: &World, text: &str) {
    let mut uow = world.store.begin(Intent::Write).await.unwrap();
    let id = RegistrationTokenId::parse(text).unwrap();
    let token = RegistrationToken::new(id, None, None);
    uow.registration_tokens().add(&token).await.unwrap();
    uow.commit().await.unwrap();
}

fn token_stage(prompt: &UiaPrompt, token: &str) -> Given<Auth> {
    Given::Value(Auth {
        stage: given(Stage::RegistrationToken.as_str()),
        submission: Submission {
            token: given(token),
            ..Submission::default()
        },
        ..poll(prompt).value().cloned().unwrap()
    })
}

/// A world with the invitation `invite`, in which tokens can be tried as these rates allow.
async fn invited(by_client: Rate, in_total: Rate) -> World {
    let world = World::with(|policy| {
        let settings = FlowSettings {
            require_token: true,
            ..FlowSettings::default()
        };
        policy.registration.flows = registration_flows(&settings).unwrap();
        policy.rates.registration_token_validity = by_client;
        policy.rates.failed_registration_tokens = in_total;
    });
    add_token(&world, "invite").await;
    world
}

const THREE: Rate = Rate {
    per_second: 0.1,
    burst_count: 3.0,
};
const PLENTY: Rate = Rate {
    per_second: 1000.0,
    burst_count: 1000.0,
};

/// What became of one attempt with a token.
#[derive(Debug, PartialEq, Eq)]
enum Tried {
    Right,
    Wrong,
    Limited,
}

/// Tries a token in a session of its own.
async fn try_at_stage(world: &World, ctx: &RequestContext, token: &str) -> Tried {
    let registration = &world.services.registration;
    let question = RegisterRequest {
        password: Given::Absent,
        ..register("alice")
    };
    let Ok(RegisterOutcome::AuthRequired(prompt)) = registration.register(ctx, &question).await
    else {
        panic!("no session was opened")
    };
    let request = RegisterRequest {
        auth: token_stage(&prompt, token),
        ..question
    };
    match registration.register(ctx, &request).await {
        Err(RegisterError::Gate(GateError::Limited(_))) => Tried::Limited,
        Ok(RegisterOutcome::AuthRequired(prompt)) => match prompt.failure {
            None => Tried::Right,
            Some(StageFailure::TokenInvalid) => Tried::Wrong,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

async fn try_on_page(world: &World, ctx: &RequestContext, token: &str) -> Tried {
    let prompt = world.prompted(&register("alice")).await;
    let submission = Submission {
        token: given(token),
        ..Submission::default()
    };
    let fallback = &world.services.fallback;
    let stage = Stage::RegistrationToken;
    match fallback
        .attempt(ctx, prompt.session.as_str(), stage, &submission)
        .await
    {
        Ok(FallbackOutcome::Passed) => Tried::Right,
        Ok(FallbackOutcome::Failed(StageFailure::TokenInvalid)) => Tried::Wrong,
        Err(GateError::Limited(_)) => Tried::Limited,
        other => panic!("{other:?}"),
    }
}

async fn try_at_endpoint(world: &World, ctx: &RequestContext, token: &str) -> Tried {
    let outcome = world
        .services
        .token_validity
        .check(ctx, &given(token))
        .await;
    match outcome {
        Ok(true) => Tried::Right,
        Ok(false) => Tried::Wrong,
        Err(TokenValidityError::Limited(_)) => Tried::Limited,
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn wrong_tokens_are_charged_to_the_client_wherever_they_are_tried() {
    let world = invited(THREE, PLENTY).await;
    let guesser = &client("192.0.2.9");
    assert_eq!(try_at_stage(&world, guesser, "guess").await, Tried::Wrong);
    assert_eq!(try_on_page(&world, guesser, "guess").await, Tried::Wrong);
    assert_eq!(
        try_at_endpoint(&world, guesser, "guess").await,
        Tried::Wrong
    );
    for token in ["guess", "invite"] {
        assert_eq!(try_at_stage(&world, guesser, token).await, Tried::Limited);
        assert_eq!(try_on_page(&world, guesser, token).await, Tried::Limited);
        assert_eq!(
            try_at_endpoint(&world, guesser, token).await,
            Tried::Limited
        );
    }
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(try_at_stage(&world, guesser, "guess").await, Tried::Wrong);
    assert_eq!(try_on_page(&world, guesser, "guess").await, Tried::Limited);
}

#[tokio::test]
async fn right_tokens_are_not_charged_at_registration() {
    let world = invited(THREE, THREE).await;
    let office = &client("192.0.2.9");
    for _ in 0..10 {
        assert_eq!(try_at_stage(&world, office, "invite").await, Tried::Right);
        assert_eq!(try_on_page(&world, office, "invite").await, Tried::Right);
    }
}

#[tokio::test]
async fn many_addresses_cannot_guess_and_keep_nobody_from_registering() {
    let world = invited(PLENTY, THREE).await;
    let mut wrong = 0;
    for address in 0..200 {
        let guesser = client(&format!("203.0.113.{address}"));
        for _ in 0..3 {
            wrong += usize::from(try_at_stage(&world, &guesser, "guess").await == Tried::Wrong);
        }
    }
    // Three of all, and one more of the neighborhood.
    assert_eq!(wrong, 4);
    let neighbor = client("203.0.113.250");
    assert_eq!(
        try_at_stage(&world, &neighbor, "invite").await,
        Tried::Limited
    );
    // People elsewhere register, as long as they do not guess.
    let newcomer = client("198.51.100.1");
    for _ in 0..5 {
        assert_eq!(
            try_at_stage(&world, &newcomer, "invite").await,
            Tried::Right
        );
    }
    assert_eq!(
        try_at_endpoint(&world, &newcomer, "guess").await,
        Tried::Wrong
    );
    assert_eq!(
        try_at_endpoint(&world, &newcomer, "guess").await,
        Tried::Limited
    );
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(
        try_at_stage(&world, &neighbor, "invite").await,
        Tried::Right
    );
}

#[tokio::test]
async fn one_ipv6_site_is_one_neighborhood() {
    let world = invited(PLENTY, THREE).await;
    let mut wrong = 0;
    for subnet in 0..50_u16 {
        let ip = IpAddr::from([0x2001, 0xdb8, 1, subnet, 0, 0, 0, 1]);
        let guesser = client(&ip.to_string());
        wrong += usize::from(try_at_stage(&world, &guesser, "guess").await == Tried::Wrong);
    }
    assert_eq!(wrong, 4);
}

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use registrar_domain::model::given::Given;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::limit::Rate;
use registrar_domain::model::password::strength::StrengthRules;
use registrar_domain::model::policy::ServerDisabled;
use registrar_domain::model::uia::{ErasePolicy, Stage};
use registrar_domain::usecase::name::NameError;
use registrar_domain::usecase::registration::{RegisterError, RegisterRequest};
use registrar_domain::usecase::token::authenticate::Bearer;
use registrar_domain::usecase::uia::auth::Auth;
use registrar_domain::usecase::uia::gate::GateError;
use registrar_domain::usecase::usage::UsageError;

use crate::world::{
    PASSWORD, ROUNDS, World, dummy, empty_register, given, login, poll, race, register,
};

async fn exists(world: &World, localpart: &str) -> bool {
    let localpart = Localpart::read(localpart).unwrap();
    world
        .read()
        .await
        .accounts()
        .find(&localpart)
        .await
        .unwrap()
        .is_some()
}

#[tokio::test]
async fn one_request_is_enough_for_the_dummy_flow() {
    let world = World::new();
    let registered = world
        .registered(&RegisterRequest {
            auth: dummy(None),
            ..register("alice")
        })
        .await;
    assert_eq!(registered.user_id.to_string(), "@alice:example.org");
    let tokens = registered.tokens.unwrap();
    assert_eq!((tokens.expires_in_ms, tokens.refresh_token), (None, None));
    assert_eq!(tokens.device_id.as_str().len(), 10);
    let requester = world
        .authenticate(tokens.access_token.expose())
        .await
        .unwrap();
    assert_eq!(requester.user_id, registered.user_id);
    assert_eq!(requester.account.display_name.as_deref(), Some("alice"));
}

#[tokio::test]
async fn what_was_said_first_need_not_be_repeated() {
    let world = World::new();
    let first = RegisterRequest {
        device_id: given("PHONE"),
        initial_device_display_name: given("My phone"),
        ..register("Alice")
    };
    let prompt = world.prompted(&first).await;
    assert_eq!((prompt.completed.clone(), prompt.failure), (None, None));

    let last = RegisterRequest {
        password: Given::Absent,
        initial_device_display_name: given("sent again, without a password"),
        auth: dummy(Some(&prompt)),
        ..empty_register()
    };
    let registered = world.registered(&last).await;
    assert_eq!(registered.user_id.to_string(), "@alice:example.org");
    let tokens = registered.tokens.unwrap();
    assert_eq!(tokens.device_id.as_str(), "PHONE");
    let requester = world
        .authenticate(tokens.access_token.expose())
        .await
        .unwrap();
    let device = world
        .services
        .devices
        .find(&requester, "PHONE")
        .await
        .unwrap();
    assert_eq!(device.display_name.as_deref(), Some("My phone"));
    world.log_in(&login("alice", PASSWORD)).await.unwrap();
}

#[tokio::test]
async fn new_parameters_replace_the_stored_ones_as_a_whole() {
    let world = World::new();
    let prompt = world.prompted(&register("alice")).await;
    let last = RegisterRequest {
        refresh_token: Given::Value(true),
        has_other_fields: true,
        auth: dummy(Some(&prompt)),
        ..empty_register()
    };
    let registered = world.registered(&last).await;
    assert_eq!(
        registered.user_id.to_string(),
        "@1:example.org",
        "the username is forgotten"
    );
    assert!(registered.tokens.unwrap().refresh_token.is_some());
}

#[tokio::test]
async fn the_password_of_the_last_request_wins_over_the_parked_one() {
    let world = World::new();
    let prompt = world.prompted(&register("alice")).await;
    let ignored = RegisterRequest {
        password: given("second"),
        ..empty_register()
    };
    world
        .prompted(&RegisterRequest {
            auth: poll(&prompt),
            ..ignored
        })
        .await;
    let last = RegisterRequest {
        password: given("third"),
        auth: dummy(Some(&prompt)),
        ..empty_register()
    };
    world.registered(&last).await;
    world.log_in(&login("alice", "third")).await.unwrap();
    assert!(world.log_in(&login("alice", PASSWORD)).await.is_err());
}

#[tokio::test]
async fn a_repeated_final_request_gives_new_tokens_of_the_same_device() {
    let world = World::new();
    let prompt = world.prompted(&register("alice")).await;
    let last = RegisterRequest {
        auth: dummy(Some(&prompt)),
        ..register("alice")
    };
    let first = world.registered(&last).await;
    let hashed = world.hasher.calls.load(SeqCst);
    let second = world.registered(&last).await;
    assert_eq!(
        world.hasher.calls.load(SeqCst),
        hashed,
        "a replay hashes nothing"
    );
    assert_eq!(first.user_id, second.user_id);

    let (first, second) = (first.tokens.unwrap(), second.tokens.unwrap());
    assert_eq!(first.device_id, second.device_id);
    assert!(
        world
            .authenticate(first.access_token.expose())
            .await
            .is_err()
    );
    world
        .authenticate(second.access_token.expose())
        .await
        .unwrap();

    let other = RegisterRequest {
        auth: dummy(Some(&prompt)),
        ..register("bob")
    };
    let refused = world.refused(&other).await;
    assert!(matches!(
        refused,
        RegisterError::Name(NameError::DifferentUserRegistered)
    ));
    let polled = RegisterRequest {
        password: Given::Absent,
        auth: poll(&prompt),
        ..empty_register()
    };
    assert_eq!(
        world.registered(&polled).await.user_id.to_string(),
        "@alice:example.org"
    );
}

#[tokio::test]
async fn a_repeated_final_request_does_not_open_a_closed_account() {
    let world = World::new();
    let prompt = world.prompted(&register("alice")).await;
    let last = RegisterRequest {
        auth: dummy(Some(&prompt)),
        ..register("alice")
    };
    let user_id = world.registered(&last).await.user_id.to_string();
    let (users, operator) = (&world.console.users, &world.console.operator);
    let user = users.user(operator, &user_id).await.unwrap();
    let closed = users.deactivate(operator, &user, ErasePolicy::Keep).await;
    closed.unwrap();
    let refused = world.refused(&last).await;
    assert!(matches!(refused, RegisterError::Deactivated), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_final_requests_create_one_account() {
    let world = Arc::new(World::new());
    for _round in 0..ROUNDS {
        let prompt = world.prompted(&empty_register()).await;
        let last = RegisterRequest {
            auth: dummy(Some(&prompt)),
            ..empty_register()
        };
        one_account(&world, &last).await;
    }
}

/// Sends a final request many times at once: they make one account, and one of their tokens works.
async fn one_account(world: &Arc<World>, last: &RegisterRequest) {
    let racers = (0..8).map(|_| {
        let (world, last) = (Arc::clone(world), last.clone());
        async move { world.registered(&last).await }
    });
    let registered = race(racers).await;
    let user_id = &registered[0].user_id;
    assert!(registered.iter().all(|it| it.user_id == *user_id));
    let mut working = 0;
    for registered in registered {
        let token = registered.tokens.unwrap().access_token;
        working += usize::from(world.authenticate(token.expose()).await.is_ok());
    }
    assert_eq!(working, 1);
}

#[tokio::test]
async fn contention_is_retried_and_a_lost_race_is_a_taken_name() {
    let world = World::new();
    world.store.contend_next(2);
    let request = RegisterRequest {
        auth: dummy(None),
        ..register("alice")
    };
    world.registered(&request).await;

    let (one, two) = (
        world.prompted(&register("bob")).await,
        world.prompted(&register("bob")).await,
    );
    let final_request = |prompt| RegisterRequest {
        auth: dummy(Some(prompt)),
        ..register("bob")
    };
    world.registered(&final_request(&one)).await;
    let refused = world.refused(&final_request(&two)).await;
    assert!(
        matches!(refused, RegisterError::Name(NameError::Taken)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn inhibit_login_makes_no_device_and_no_token() {
    let world = World::new();
    let request = RegisterRequest {
        inhibit_login: true,
        auth: dummy(None),
        ..register("alice")
    };
    assert_eq!(world.registered(&request).await.tokens, None);
    let alice = Localpart::read("alice").unwrap();
    assert_eq!(world.read().await.devices().list(&alice).await.unwrap(), []);
}

/// Each row breaks one more check than the row before, in the reverse order of the checks.
#[tokio::test]
async fn complaints_come_in_the_order_of_synapse() {
    let world = World::with(|policy| {
        policy.password.strength = Some(StrengthRules {
            minimum_length: Some(8),
            ..StrengthRules::default()
        });
    });
    let complaint = |request: &RegisterRequest| {
        let (world, request) = (&world, request.clone());
        async move { format!("{:?}", world.refused(&request).await) }
    };
    world
        .registered(&RegisterRequest {
            auth: dummy(None),
            ..register("taken")
        })
        .await;

    let mut request = RegisterRequest {
        initial_device_display_name: given(&"n".repeat(101)),
        auth: dummy(None),
        ..register("alice")
    };
    assert_eq!(complaint(&request).await, "DisplayName(TooLong)");
    request.password = Given::Absent;
    assert_eq!(complaint(&request).await, "PasswordMissing");
    request.auth = Given::Value(Auth {
        stage: given("m.login.nonsense"),
        ..Auth::default()
    });
    assert_eq!(
        complaint(&request).await,
        "Gate(UnknownStage { with_identity: false })"
    );
    request.username = given("007");
    assert_eq!(complaint(&request).await, "Name(Numeric)");
    request.username = given("TAKEN");
    assert_eq!(complaint(&request).await, "Name(Taken)");
    for invalid in ["_ü", "", "_x", &"1".repeat(256)] {
        request.username = given(invalid);
        let found = complaint(&request).await;
        assert!(found.starts_with("Name(Invalid("), "{invalid}: {found}");
    }
    request.username = given("alice");
    request.auth = Given::Value(Auth {
        session: given("nosuch"),
        ..Auth::default()
    });
    assert_eq!(complaint(&request).await, "Gate(UnknownSession)");
    request.auth = Given::Malformed;
    assert_eq!(complaint(&request).await, "Gate(MalformedAuth)");
    request.device_id = Given::Malformed;
    assert_eq!(complaint(&request).await, "MalformedField(\"device_id\")");
    request.password = given("short");
    assert_eq!(
        complaint(&request).await,
        "WeakPassword(TooShort { minimum_length: 8 })"
    );
    request.password = given("nul\0nul\0nul");
    assert_eq!(complaint(&request).await, "PasswordWithNul");
    request.password = given(&"p".repeat(513));
    assert_eq!(complaint(&request).await, "PasswordUnreadable");
    request.bearer = Bearer::Malformed;
    assert_eq!(complaint(&request).await, "AccessTokenGiven");
    request.login_type = given("m.login.application_service");
    assert_eq!(complaint(&request).await, "AppserviceTokenMalformed");
    request.username = Given::Null;
    assert_eq!(complaint(&request).await, "UsernameUnreadable");
    request.username = given(&"u".repeat(513));
    assert_eq!(complaint(&request).await, "UsernameUnreadable");
    request.refresh_token = Given::Null;
    assert_eq!(complaint(&request).await, "RefreshTokenNotBoolean");
    request.kind = given("wizard");
    assert_eq!(complaint(&request).await, "UnknownKind(\"wizard\")");
    request.kind = Given::Malformed;
    assert_eq!(complaint(&request).await, "KindNotAscii");
}

#[tokio::test]
async fn a_closed_server_says_so_after_the_types_and_before_the_password() {
    let world = World::with(|policy| policy.registration.enabled = false);
    let mut request = RegisterRequest {
        password: Given::Malformed,
        ..register("alice")
    };
    assert!(matches!(
        world.refused(&request).await,
        RegisterError::Closed
    ));
    request.bearer = Bearer::Malformed;
    assert!(matches!(
        world.refused(&request).await,
        RegisterError::AccessTokenGiven
    ));
    request.username = Given::Malformed;
    assert!(matches!(
        world.refused(&request).await,
        RegisterError::UsernameUnreadable
    ));
}

#[tokio::test]
async fn forbidden_guests_are_refused_for_their_kind_alone() {
    let world = World::with(|policy| policy.registration.guests_allowed = false);
    let request = RegisterRequest {
        kind: given("guest"),
        refresh_token: Given::Null,
        ..register("alice")
    };
    assert!(matches!(
        world.refused(&request).await,
        RegisterError::GuestsForbidden
    ));
}

#[tokio::test]
async fn a_password_is_needed_at_the_end_and_an_empty_one_is_none() {
    let world = World::new();
    for password in [Given::Absent, Given::Null, given("")] {
        let request = RegisterRequest {
            password,
            auth: dummy(None),
            ..register("alice")
        };
        assert!(matches!(
            world.refused(&request).await,
            RegisterError::PasswordMissing
        ));
    }
    assert!(!exists(&world, "alice").await);
}

#[tokio::test]
async fn a_name_that_is_too_long_is_refused_before_it_is_looked_up() {
    let world = World::new();
    let refused = world.refused(&register(&"x".repeat(300))).await;
    assert!(
        matches!(refused, RegisterError::Name(NameError::Invalid(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn with_inhibit_a_taken_name_shows_only_after_the_uia_session() {
    let world = World::with(|policy| policy.registration.inhibit_user_in_use_error = true);
    world
        .registered(&RegisterRequest {
            auth: dummy(None),
            ..register("alice")
        })
        .await;
    let prompt = world.prompted(&register("alice")).await;
    let last = RegisterRequest {
        auth: dummy(Some(&prompt)),
        ..register("alice")
    };
    assert!(matches!(
        world.refused(&last).await,
        RegisterError::Name(NameError::Taken)
    ));
}

#[tokio::test]
async fn a_uia_session_costs_one_unit_however_many_requests_it_takes() {
    let world = World::with(|policy| {
        policy.rates.registration = Rate {
            per_second: 0.01,
            burst_count: 1.0,
        };
    });
    let prompt = world.prompted(&register("alice")).await;
    world
        .prompted(&RegisterRequest {
            auth: poll(&prompt),
            ..register("alice")
        })
        .await;
    let last = RegisterRequest {
        auth: dummy(Some(&prompt)),
        ..register("alice")
    };
    world.registered(&last).await;
    for request in [
        last,
        register("bob"),
        RegisterRequest {
            kind: given("guest"),
            ..empty_register()
        },
    ] {
        assert!(matches!(
            world.refused(&request).await,
            RegisterError::Limited(_)
        ));
    }
    world.clock.advance(Duration::from_secs(101));
    world.prompted(&register("bob")).await;
}

#[tokio::test]
async fn a_full_hash_queue_creates_nothing() {
    let world = World::new();
    world.hasher.busy.store(true, SeqCst);
    let request = RegisterRequest {
        auth: dummy(None),
        ..register("alice")
    };
    assert!(matches!(
        world.refused(&request).await,
        RegisterError::Hash(_)
    ));
    assert!(!exists(&world, "alice").await);
    world.hasher.busy.store(false, SeqCst);
    world.registered(&request).await;
}

#[tokio::test]
async fn a_server_that_is_switched_off_registers_nobody() {
    let world = World::with(|policy| {
        policy.usage.disabled = Some(ServerDisabled {
            message: "moving house".to_owned(),
            admin_contact: None,
        });
    });
    let request = RegisterRequest {
        auth: dummy(None),
        ..register("alice")
    };
    let refused = world.refused(&request).await;
    assert!(matches!(
        refused,
        RegisterError::Usage(UsageError::Disabled(_))
    ));
    assert_eq!(refused.to_string(), "moving house");
}

#[tokio::test]
async fn the_password_stage_is_unknown_to_registration() {
    let world = World::new();
    let prompt = world.prompted(&register("alice")).await;
    let mut auth = Auth {
        session: given(prompt.session.as_str()),
        ..Auth::default()
    };
    auth.stage = given(Stage::Password.as_str());
    auth.submission.password = given(PASSWORD);
    auth.submission.identity = crate::world::named("alice");
    let refused = world
        .refused(&RegisterRequest {
            auth: Given::Value(auth),
            ..register("alice")
        })
        .await;
    let unknown = matches!(
        refused,
        RegisterError::Gate(GateError::UnknownStage {
            with_identity: true
        })
    );
    assert!(unknown, "{refused:?}");
}

/// As many as a server with guests hands over, in one run.
#[tokio::test]
async fn numbers_that_somebody_has_are_passed_over() {
    use registrar_domain::model::account::{Account, AccountKind};
    use registrar_domain::ports::{Intent, Store as _};
    let world = World::new();
    let mut uow = world.store.begin(Intent::Write).await.unwrap();
    for number in 1..=500 {
        let localpart = Localpart::numbered(number);
        let now = registrar_domain::model::time::Timestamp::from_unix_ms(0);
        uow.accounts()
            .add(&Account::new(localpart, AccountKind::User, now))
            .await
            .unwrap();
    }
    uow.commit().await.unwrap();
    let request = RegisterRequest {
        auth: dummy(None),
        ..empty_register()
    };
    let first = world.registered(&request).await;
    let first: u64 = first.user_id.localpart().as_str().parse().unwrap();
    assert!(first > 500, "{first}");
    let second = world.registered(&request).await;
    assert_eq!(second.user_id.localpart().as_str(), (first + 1).to_string());
}

/// The winner may commit between any two steps of the loser, who must not take its own account for
/// somebody else's.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_final_requests_with_a_name_agree() {
    let world = Arc::new(World::new());
    for round in 0..ROUNDS {
        let username = format!("alice{round}");
        let prompt = world.prompted(&register(&username)).await;
        let last = RegisterRequest {
            auth: dummy(Some(&prompt)),
            ..register(&username)
        };
        one_account(&world, &last).await;
    }
}

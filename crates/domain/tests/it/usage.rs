//! The limit on monthly active users.

use std::time::Duration;

use registrar_domain::model::given::Given;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::job::Job;
use registrar_domain::model::policy::{MonthlyLimit, ServerDisabled};
use registrar_domain::model::threepid::{Medium, Purpose};
use registrar_domain::model::uia::Stage;
use registrar_domain::model::uia::flow::{FlowSettings, registration_flows};
use registrar_domain::ports::store::{AccountChanges, Change, Intent, Store as _};
use registrar_domain::usecase::admin::AssignedPassword;
use registrar_domain::usecase::admin::change::UserChanges;
use registrar_domain::usecase::login::{LoginError, LoginRequest};
use registrar_domain::usecase::registration::{RegisterError, RegisterRequest};
use registrar_domain::usecase::token::authenticate::Requester;
use registrar_domain::usecase::token::issue::IssuedTokens;
use registrar_domain::usecase::token::refresh::RefreshError;
use registrar_domain::usecase::usage::UsageError;

use crate::validating::{SECRET, proof, validated};
use crate::world::{PASSWORD, World, dummy, given, login, register};

fn limited(max_users: u64, trial: Duration) -> World {
    World::with(|policy| {
        policy.usage.monthly = Some(MonthlyLimit {
            max_users,
            reserved: Vec::new(),
            trial,
            admin_contact: Some("mailto:admin@example.org".to_owned()),
        });
    })
}

fn at_once(name: &str) -> RegisterRequest {
    RegisterRequest {
        auth: dummy(None),
        ..register(name)
    }
}

/// Registers, and makes an authenticated request.
async fn active(world: &World, name: &str) -> Requester {
    let tokens = world.registered(&at_once(name)).await.tokens.unwrap();
    seen(world, &tokens).await
}

/// An authenticated request.
async fn seen(world: &World, tokens: &IssuedTokens) -> Requester {
    let requester = world.authenticate(tokens.access_token.expose()).await;
    requester.unwrap()
}

fn is_full(error: &UsageError) -> bool {
    matches!(
        error,
        UsageError::Full {
            admin_contact: Some(_)
        }
    )
}

#[tokio::test]
async fn a_full_server_registers_nobody_and_lets_active_users_in() {
    let world = limited(1, Duration::ZERO);
    active(&world, "alice").await;
    let refused = world.refused(&at_once("bob")).await;
    assert!(
        matches!(&refused, RegisterError::Usage(error) if is_full(error)),
        "{refused:?}"
    );
    let guest = RegisterRequest {
        kind: given("guest"),
        ..register("ignored")
    };
    let refused = world.refused(&guest).await;
    assert!(
        matches!(&refused, RegisterError::Usage(error) if is_full(error)),
        "{refused:?}"
    );
    world.log_in(&login("alice", PASSWORD)).await.unwrap();
}

#[tokio::test]
async fn whoever_was_away_for_a_month_waits_for_room() {
    let world = limited(1, Duration::ZERO);
    active(&world, "alice").await;
    world.clock.advance(Duration::from_hours(30 * 24 + 1));
    active(&world, "bob").await;
    let refused = world.log_in(&login("alice", PASSWORD)).await.unwrap_err();
    assert!(
        matches!(&refused, LoginError::Usage(error) if is_full(error)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_registration_alone_takes_no_place() {
    let world = limited(1, Duration::ZERO);
    for name in ["alice", "bob", "carol"] {
        world.registered(&at_once(name)).await;
    }
    let carol = world.log_in(&login("carol", PASSWORD)).await.unwrap();
    seen(&world, &carol.tokens).await;
    for name in ["alice", "bob"] {
        let refused = world.log_in(&login(name, PASSWORD)).await;
        assert!(matches!(refused, Err(LoginError::Usage(_))), "{name}");
    }
}

#[tokio::test]
async fn logging_out_frees_no_place() {
    let world = limited(1, Duration::ZERO);
    let alice = active(&world, "alice").await;
    world.services.logout.all(&alice).await.unwrap();
    let refused = world.refused(&at_once("bob")).await;
    assert!(matches!(refused, RegisterError::Usage(_)), "{refused:?}");
    world
        .log_in(&login("alice", PASSWORD))
        .await
        .expect("the place is still alice's");
    world.clock.advance(Duration::from_hours(30 * 24 + 1));
    world.registered(&at_once("bob")).await;
}

#[tokio::test]
async fn a_request_keeps_the_place_for_another_month() {
    let world = limited(1, Duration::ZERO);
    let alice = world.registered(&at_once("alice")).await.tokens.unwrap();
    for _ in 0..3 {
        seen(&world, &alice).await;
        world.clock.advance(Duration::from_hours(20 * 24));
        let refused = world.refused(&at_once("bob")).await;
        assert!(matches!(refused, RegisterError::Usage(_)), "{refused:?}");
    }
    world.clock.advance(Duration::from_hours(10 * 24 + 1));
    world.registered(&at_once("bob")).await;
}

#[tokio::test]
async fn a_full_server_serves_those_who_are_logged_in_without_giving_them_a_place() {
    let world = limited(1, Duration::ZERO);
    let alice = world.registered(&at_once("alice")).await.tokens.unwrap();
    active(&world, "bob").await;
    seen(&world, &alice).await;
    let refused = world.log_in(&login("alice", PASSWORD)).await;
    assert!(matches!(refused, Err(LoginError::Usage(_))), "{refused:?}");
    world.clock.advance(Duration::from_hours(30 * 24 + 1));
    seen(&world, &alice).await;
    world.log_in(&login("alice", PASSWORD)).await.unwrap();
    let refused = world.log_in(&login("bob", PASSWORD)).await;
    assert!(matches!(refused, Err(LoginError::Usage(_))), "{refused:?}");
}

#[tokio::test]
async fn guests_and_support_users_take_no_place() {
    let world = limited(1, Duration::ZERO);
    let guest = RegisterRequest {
        kind: given("guest"),
        ..register("ignored")
    };
    let guest = world.registered(&guest).await.tokens.unwrap();
    seen(&world, &guest).await;
    let helper = world.registered(&at_once("helper")).await.tokens.unwrap();
    let mut uow = world.store.begin(Intent::Write).await.unwrap();
    let changes = AccountChanges {
        user_type: Change::Set(Some("support".to_owned())),
        ..AccountChanges::default()
    };
    let helper_name = Localpart::read("helper").unwrap();
    uow.accounts().update(&helper_name, &changes).await.unwrap();
    uow.commit().await.unwrap();
    seen(&world, &helper).await;
    active(&world, "alice").await;
    let refused = world.refused(&at_once("bob")).await;
    assert!(matches!(refused, RegisterError::Usage(_)), "{refused:?}");
    world.log_in(&login("helper", PASSWORD)).await.unwrap();
}

#[tokio::test]
async fn old_activity_is_removed_after_a_month() {
    let world = limited(1, Duration::ZERO);
    active(&world, "alice").await;
    let alice = Localpart::read("alice").unwrap();
    let housekeeping = &world.services.housekeeping;
    for (days, is_left) in [(30, true), (1, false)] {
        world.clock.advance(Duration::from_hours(days * 24));
        housekeeping.run(Job::ActiveUsers, "me").await.unwrap();
        let found = world.read().await.activity().find(&alice).await.unwrap();
        assert_eq!(found.is_some(), is_left, "{days}");
    }
}

#[tokio::test]
async fn a_new_user_does_not_count_while_on_trial() {
    let world = limited(1, Duration::from_hours(48));
    let alice = world.registered(&at_once("alice")).await.tokens.unwrap();
    seen(&world, &alice).await;
    active(&world, "bob").await;
    world.clock.advance(Duration::from_hours(48));
    seen(&world, &alice).await;
    let refused = world.refused(&at_once("carol")).await;
    assert!(matches!(refused, RegisterError::Usage(_)), "{refused:?}");
}

#[tokio::test]
async fn whoever_has_a_reserved_address_finds_room() {
    let both_ways = FlowSettings {
        email_enabled: true,
        ..FlowSettings::default()
    };
    let world = World::with(|policy| {
        policy.registration.flows = registration_flows(&both_ways).unwrap();
        policy.usage.monthly = Some(MonthlyLimit {
            max_users: 1,
            reserved: vec![validated(Medium::Email, "reserved@example.org").threepid],
            trial: Duration::ZERO,
            admin_contact: None,
        });
    });
    active(&world, "alice").await;
    for (name, email, finds_room) in [
        ("bob", "reserved@example.org", true),
        ("carol", "carol@example.org", false),
    ] {
        let session = world.prompted(&register(name)).await;
        let sid = world.validated(Purpose::Registration, email).await;
        let request = RegisterRequest {
            auth: proof(&session, Stage::Email, &sid, SECRET),
            ..register(name)
        };
        let outcome = world.try_register(&request).await;
        assert_eq!(outcome.is_ok(), finds_room, "{name}: {outcome:?}");
    }
    world.clock.advance(Duration::from_hours(30 * 24 + 1));
    world.log_in(&login("bob", PASSWORD)).await.unwrap();
    let refused = world.log_in(&login("alice", PASSWORD)).await;
    assert!(
        matches!(refused, Err(LoginError::Usage(_))),
        "the only place is kept for bob: {refused:?}"
    );
}

#[tokio::test]
async fn a_closed_server_serves_nobody_but_its_own_people() {
    let world = World::new();
    let (users, operator) = (&world.console.users, &world.console.operator);
    let people = [
        ("alice", None, false),
        ("robot", Some("bot"), false),
        ("helper", Some("support"), true),
        ("notices", None, true),
    ];
    let asking = |name: &str| LoginRequest {
        refresh_token: Given::Value(true),
        ..login(name, PASSWORD)
    };
    let mut logins = Vec::new();
    for (name, user_type, comes_in) in people {
        let user_type = user_type.map(|name| users.user_type(name).unwrap());
        let account = UserChanges {
            password: Some(AssignedPassword::parse(PASSWORD).unwrap()),
            user_type: user_type.map(Some).into(),
            ..UserChanges::default()
        };
        users.create(operator, name, &account).await.unwrap();
        let login = world.log_in(&asking(name)).await.unwrap();
        logins.push((name, comes_in, login));
    }
    let closed = world.reopened(|policy| {
        let notices = Localpart::read("notices").unwrap();
        policy.registration.server_notices_localpart = Some(notices);
        policy.usage.disabled = Some(ServerDisabled {
            message: "closed".to_owned(),
            admin_contact: None,
        });
    });
    for (name, comes_in, before) in logins {
        let token = before.tokens.refresh_token.unwrap();
        let refreshed = closed
            .services
            .refresh
            .enabled()
            .unwrap()
            .refresh(&given(token.expose()))
            .await;
        let login = closed.log_in(&asking(name)).await;
        assert_eq!(
            (refreshed.is_ok(), login.is_ok()),
            (comes_in, comes_in),
            "{name}"
        );
        if !comes_in {
            assert!(matches!(
                (refreshed, login),
                (
                    Err(RefreshError::Usage(UsageError::Disabled(_))),
                    Err(LoginError::Usage(UsageError::Disabled(_)))
                )
            ));
        }
    }
}

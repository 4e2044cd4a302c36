//! The limit on monthly active users.

use std::time::Duration;

use registrar_domain::account::login::LoginError;
use registrar_domain::account::register::{RegisterError, RegisterRequest};
use registrar_domain::account::usage::UsageError;
use registrar_domain::policy::MonthlyLimit;
use registrar_domain::threepid::{Medium, Purpose};
use registrar_domain::uia::Stage;
use registrar_domain::uia::flow::{FlowSettings, registration_flows};

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
    world.registered(&at_once("alice")).await;
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
    world.registered(&at_once("alice")).await;
    world.clock.advance(Duration::from_hours(30 * 24 + 1));
    world.registered(&at_once("bob")).await;
    let refused = world.log_in(&login("alice", PASSWORD)).await.unwrap_err();
    assert!(
        matches!(&refused, LoginError::Usage(error) if is_full(error)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_new_user_does_not_count_while_on_trial() {
    let world = limited(1, Duration::from_hours(48));
    world.registered(&at_once("alice")).await;
    world.registered(&at_once("bob")).await;
    world.clock.advance(Duration::from_hours(48));
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
    world.registered(&at_once("alice")).await;
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
    world.log_in(&login("alice", PASSWORD)).await.unwrap();
    world.log_in(&login("bob", PASSWORD)).await.unwrap();
}

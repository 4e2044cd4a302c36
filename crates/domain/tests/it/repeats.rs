//! The final request of a registration, repeated: for a client whose answer was lost, and for nobody else.

use std::sync::Arc;
use std::time::Duration;

use registrar_domain::model::given::Given;
use registrar_domain::model::policy::ServerDisabled;
use registrar_domain::model::uia::{ErasePolicy, UiaSession};
use registrar_domain::usecase::admin::change::UserChanges;
use registrar_domain::usecase::admin::{AssignedPassword, ExistingLogins};
use registrar_domain::usecase::registration::{
    RegisterError, RegisterOutcome, RegisterRequest, RegisteredAccount,
};
use registrar_domain::usecase::token::authenticate::Requester;
use registrar_domain::usecase::uia::auth::Auth;
use registrar_domain::usecase::uia::gate::GateError;
use registrar_domain::usecase::uia::prompt::UiaPrompt;
use registrar_domain::usecase::usage::UsageError;

use crate::world::{PASSWORD, ROUNDS, World, dummy, given, login, race, register};

/// The request with which everybody registers here.
fn wish() -> RegisterRequest {
    RegisterRequest {
        device_id: given("PHONE"),
        refresh_token: Given::Value(true),
        ..register("alice")
    }
}

/// Registers, and returns the request that did it.
async fn registered(world: &World, wish: RegisterRequest) -> (RegisterRequest, RegisteredAccount) {
    let prompt: UiaPrompt = world.prompted(&wish).await;
    let last = RegisterRequest {
        auth: dummy(Some(&prompt)),
        ..wish
    };
    let answer = world.registered(&last).await;
    (last, answer)
}

async fn requester(world: &World, answer: &RegisteredAccount) -> Requester {
    let token = &answer.tokens.as_ref().unwrap().access_token;
    world.authenticate(token.expose()).await.unwrap()
}

#[track_caller]
fn assert_unknown(refused: &RegisterError, event: &str) {
    assert!(
        matches!(refused, RegisterError::Gate(GateError::UnknownSession)),
        "{event}: {refused:?}"
    );
}

#[derive(Clone, Copy, Debug)]
enum End {
    Time,
    Logout,
    LogoutOfAll,
    OwnRemoval,
    AdminsRemoval,
    AdminsReset,
    AdminsResetThatKeepsDevices,
    LoginOnTheDevice,
    Refresh,
    ExpiredToken,
    Reactivation,
}

async fn bring_about(world: &World, end: End, answer: &RegisteredAccount) {
    let services = &world.services;
    let (users, operator) = (&world.console.users, &world.console.operator);
    let user_id = answer.user_id.to_string();
    let user = users.user(operator, &user_id).await.unwrap();
    let reset = async |logins| {
        let password = AssignedPassword::parse("Another-Passw0rd").unwrap();
        let done = users.reset_password(operator, &user, &password, logins);
        done.await.unwrap();
    };
    match end {
        End::Time => world.clock.advance(UiaSession::REPEATABLE_FOR),
        End::Logout => {
            let requester = requester(world, answer).await;
            services.logout.one(&requester).await.unwrap();
        }
        End::LogoutOfAll => {
            let requester = requester(world, answer).await;
            services.logout.all(&requester).await.unwrap();
        }
        End::OwnRemoval => {
            let other = world.log_in(&login("alice", PASSWORD)).await.unwrap();
            let token = other.tokens.access_token;
            let other = world.authenticate(token.expose()).await.unwrap();
            crate::spent_sessions::remove_device(world, &other, "PHONE").await;
        }
        End::AdminsRemoval => {
            let devices = ["PHONE".to_owned()];
            let removed = users.remove_devices(operator, &user, &devices).await;
            removed.unwrap();
        }
        End::AdminsReset => reset(ExistingLogins::End).await,
        End::AdminsResetThatKeepsDevices => reset(ExistingLogins::Keep).await,
        End::LoginOnTheDevice => {
            let mut again = login("alice", PASSWORD);
            again.device_id = given("PHONE");
            world.log_in(&again).await.unwrap();
        }
        End::Refresh => {
            let tokens = answer.tokens.as_ref().unwrap();
            let token = tokens.refresh_token.as_ref().unwrap().expose();
            services
                .refresh
                .enabled()
                .unwrap()
                .refresh(&given(token))
                .await
                .unwrap();
        }
        End::ExpiredToken => world.clock.advance(Duration::from_mins(1)),
        End::Reactivation => {
            let closed = users.deactivate(operator, &user, ErasePolicy::Keep).await;
            closed.unwrap();
            let open = UserChanges {
                deactivated: Some(false),
                password: Some(AssignedPassword::parse(PASSWORD).unwrap()),
                ..UserChanges::default()
            };
            let target = users.target(&user_id).unwrap();
            users.put(operator, target, &open).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_registration_cannot_be_repeated_once_its_login_has_changed() {
    let ends = [
        End::Time,
        End::Logout,
        End::LogoutOfAll,
        End::OwnRemoval,
        End::AdminsRemoval,
        End::AdminsReset,
        End::AdminsResetThatKeepsDevices,
        End::LoginOnTheDevice,
        End::Refresh,
        End::ExpiredToken,
        End::Reactivation,
    ];
    for end in ends {
        let world = World::with(|policy| {
            if matches!(end, End::ExpiredToken) {
                policy.lifetimes.refreshable_access = Some(Duration::from_mins(1));
            }
        });
        let (last, answer) = registered(&world, wish()).await;
        // Until then it can, and what was given last is what counts.
        let answer = {
            let repeated = world.registered(&last).await;
            assert_eq!(repeated.user_id, answer.user_id);
            repeated
        };
        bring_about(&world, end, &answer).await;
        let event = format!("{end:?}");
        let session = last.auth.value().unwrap().session.clone();
        let polled = RegisterRequest {
            auth: Given::Value(Auth {
                session,
                ..Auth::default()
            }),
            ..last.clone()
        };
        for request in [&last, &polled] {
            assert_unknown(&world.refused(request).await, &event);
        }
    }
}

#[tokio::test]
async fn other_logins_do_not_keep_a_registration_from_being_repeated() {
    let world = World::new();
    let (last, _) = registered(&world, wish()).await;
    let other = world.log_in(&login("alice", PASSWORD)).await.unwrap();
    let token = other.tokens.access_token;
    let other = world.authenticate(token.expose()).await.unwrap();
    world.services.logout.one(&other).await.unwrap();
    let almost = UiaSession::REPEATABLE_FOR - Duration::from_millis(1);
    world.clock.advance(almost);
    let repeated = world.registered(&last).await.tokens.unwrap();
    assert_eq!(repeated.device_id.as_str(), "PHONE");
    // A repetition is counted from the registration, not from the one before.
    world.clock.advance(Duration::from_millis(1));
    assert_unknown(&world.refused(&last).await, "five minutes");
}

#[tokio::test]
async fn a_repeated_registration_gives_no_more_than_the_first_answer() {
    let world = World::new();
    let rows = [
        // inhibit_login, refresh_token: first, then repeated; access token, refresh token.
        ((true, true), (false, true), (false, false)),
        ((true, false), (true, true), (false, false)),
        ((false, false), (false, true), (true, false)),
        ((false, true), (false, true), (true, true)),
        ((false, true), (false, false), (true, false)),
        ((false, true), (true, true), (false, false)),
    ];
    for (number, (first, then, (access, refresh))) in rows.into_iter().enumerate() {
        let asking = |(inhibit_login, refresh_token)| RegisterRequest {
            inhibit_login,
            refresh_token: Given::Value(refresh_token),
            device_id: given("PHONE"),
            ..register(&format!("alice{number}"))
        };
        let (last, _) = registered(&world, asking(first)).await;
        let repeated = RegisterRequest {
            auth: last.auth.clone(),
            ..asking(then)
        };
        let answer = world.registered(&repeated).await;
        let given = answer.tokens.map(|tokens| tokens.refresh_token.is_some());
        assert_eq!(given, access.then_some(refresh), "row {number}");
    }
}

#[tokio::test]
async fn an_answer_without_tokens_is_repeated_while_the_password_is_the_same() {
    let world = World::new();
    let inhibited = RegisterRequest {
        inhibit_login: true,
        ..wish()
    };
    let (last, answer) = registered(&world, inhibited).await;
    assert_eq!(world.registered(&last).await, answer);
    bring_about(&world, End::AdminsResetThatKeepsDevices, &answer).await;
    assert_unknown(&world.refused(&last).await, "another password");
}

#[tokio::test]
async fn a_finished_session_is_good_for_nothing_else() {
    let world = World::new();
    let (last, _) = registered(&world, wish()).await;
    world.clock.advance(UiaSession::REPEATABLE_FOR);
    for name in ["alice", "bob"] {
        let other = RegisterRequest {
            auth: last.auth.clone(),
            ..register(name)
        };
        assert_unknown(&world.refused(&other).await, name);
    }
}

#[tokio::test]
async fn a_server_that_is_closed_repeats_no_registration() {
    let world = World::new();
    let (last, _) = registered(&world, wish()).await;
    let closed = world.reopened(|policy| {
        policy.usage.disabled = Some(ServerDisabled {
            message: "closed".to_owned(),
            admin_contact: None,
        });
    });
    let refused = closed.refused(&last).await;
    assert!(
        matches!(refused, RegisterError::Usage(UsageError::Disabled(_))),
        "{refused:?}"
    );
}

/// The token that a repeated request gives, unless it comes too late.
async fn repeat(world: &World, last: &RegisterRequest) -> Option<String> {
    match world.try_register(last).await {
        Ok(RegisterOutcome::Registered(it)) => {
            let token = it.tokens.unwrap().access_token;
            Some(token.expose().to_owned())
        }
        Ok(other) => panic!("{other:?}"),
        Err(refused) => {
            assert_unknown(&refused, "logged out before");
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_beside_a_logout_leaves_no_token_behind() {
    for _round in 0..ROUNDS {
        let world = Arc::new(World::new());
        let (last, answer) = registered(&world, wish()).await;
        let leaving = requester(&world, &answer).await;
        let racers = [None, Some(leaving)].map(|leaving| {
            let (world, last) = (Arc::clone(&world), last.clone());
            async move {
                let Some(leaving) = leaving else {
                    return repeat(&world, &last).await;
                };
                world.services.logout.all(&leaving).await.unwrap();
                None
            }
        });
        let results = race(racers).await;
        if let Some(token) = &results[0] {
            assert!(world.authenticate(token).await.is_err());
        }
    }
}

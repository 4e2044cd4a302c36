use std::time::Duration;

use registrar_domain::model::context::RequestContext;
use registrar_domain::model::given::Given;
use registrar_domain::model::job::Job;
use registrar_domain::model::uia::flow::{FlowSettings, registration_flows};
use registrar_domain::model::uia::{OperationDigest, Parameters, Stage, UiaSession};
use registrar_domain::usecase::registration::{RegisterError, RegisterRequest};
use registrar_domain::usecase::uia::auth::{Auth, Submission};
use registrar_domain::usecase::uia::gate::GateError;
use registrar_domain::usecase::uia::prompt::UiaPrompt;
use registrar_testkit::CaptchaOutage;

use crate::validating::{SECRET, creds};
use crate::world::{World, dummy, given, poll, register};

#[tokio::test]
async fn a_poll_shows_what_is_complete_and_clears_nothing_by_itself() {
    let world = World::with(|policy| {
        let settings = FlowSettings {
            require_token: true,
            ..FlowSettings::default()
        };
        policy.registration.flows = registration_flows(&settings).unwrap();
    });
    let prompt = world.prompted(&register("alice")).await;
    assert_eq!(
        prompt.flows[0].stages(),
        [Stage::RegistrationToken, Stage::Dummy]
    );
    let polled = RegisterRequest {
        auth: poll(&prompt),
        ..register("alice")
    };
    assert_eq!(world.prompted(&polled).await.completed, Some(vec![]));

    let one_stage = RegisterRequest {
        auth: dummy(Some(&prompt)),
        ..register("alice")
    };
    let after = world.prompted(&one_stage).await;
    assert_eq!(
        (after.completed, after.failure),
        (Some(vec![Stage::Dummy]), None)
    );
    assert_eq!(
        world.prompted(&polled).await.completed,
        Some(vec![Stage::Dummy])
    );
}

#[tokio::test]
async fn empty_auth_asks_for_the_way_without_completed() {
    let world = World::new();
    for auth in [
        Given::Absent,
        Given::Null,
        Given::Value(Auth {
            is_empty: true,
            ..Auth::default()
        }),
    ] {
        let prompt = world
            .prompted(&RegisterRequest {
                auth,
                ..register("alice")
            })
            .await;
        assert_eq!(prompt.completed, None);
    }
}

#[tokio::test]
async fn a_session_is_bound_to_target_and_method_byte_for_byte() {
    let world = World::new();
    let prompt = world.prompted(&register("alice")).await;
    for uri in [
        "/_matrix/client/r0/register",
        "/_matrix/client/v3/register?kind=user",
    ] {
        let request = RegisterRequest {
            operation: OperationDigest::of("POST", uri),
            auth: dummy(Some(&prompt)),
            ..register("alice")
        };
        let refused = world.refused(&request).await;
        assert!(
            matches!(refused, RegisterError::Gate(GateError::OperationChanged)),
            "{uri}"
        );
    }
}

#[tokio::test]
async fn sessions_that_cannot_exist_are_unknown() {
    let world = World::new();
    for session in ["nosuch", "a\0b", "ü", &"s".repeat(10_000)] {
        let auth = Auth {
            session: given(session),
            stage: given("m.login.dummy"),
            ..Auth::default()
        };
        let request = RegisterRequest {
            auth: Given::Value(auth),
            ..register("alice")
        };
        let refused = world.refused(&request).await;
        assert!(
            matches!(refused, RegisterError::Gate(GateError::UnknownSession)),
            "{session}"
        );
    }
}

#[tokio::test]
async fn the_addresses_of_a_uia_session_are_remembered_once_each() {
    let world = World::new();
    let prompt = world.prompted(&register("alice")).await;
    world
        .registered(&RegisterRequest {
            auth: dummy(Some(&prompt)),
            ..register("alice")
        })
        .await;
    let clients = world
        .read()
        .await
        .uia_sessions()
        .list_clients(&prompt.session)
        .await
        .unwrap();
    assert_eq!(clients, [("192.0.2.1".to_owned(), "test".to_owned())]);
}

#[tokio::test]
async fn sessions_end_after_two_days_by_one_process_at_a_time() {
    let world = World::new();
    world.prompted(&register("alice")).await;
    world.clock.advance(Duration::from_secs(48 * 60 * 60 - 1));
    let expire = |holder| world.services.housekeeping.run(Job::UiaSessions, holder);
    assert_eq!(expire("a").await.unwrap(), Some(0));
    assert_eq!(expire("b").await.unwrap(), None, "the lease is a's");
    world.clock.advance(Duration::from_secs(5 * 60));
    assert_eq!(expire("b").await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_lease_from_before_the_clock_was_set_back_stops_no_job() {
    let world = World::new();
    let expire = |holder| world.services.housekeeping.run(Job::UiaSessions, holder);
    world.clock.advance(Duration::from_hours(24));
    assert_eq!(expire("a").await.unwrap(), Some(0));
    assert_eq!(expire("b").await.unwrap(), None, "the lease is a's");
    world.clock.set_back(Duration::from_hours(24));
    assert_eq!(expire("b").await.unwrap(), Some(0));
}

#[tokio::test]
async fn a_session_past_its_lifetime_is_unknown_before_any_job_runs() {
    let world = World::new();
    for late in [
        Duration::ZERO,
        Duration::from_mins(4),
        Duration::from_hours(99),
    ] {
        let prompt = world.prompted(&register("alice")).await;
        world
            .clock
            .advance(UiaSession::LIFETIME - Duration::from_secs(1));
        let polled = RegisterRequest {
            auth: poll(&prompt),
            ..register("alice")
        };
        world.prompted(&polled).await;
        world.clock.advance(Duration::from_secs(1) + late);
        let id = prompt.session.as_str();
        let fallback = &world.services.fallback;
        let page = fallback
            .attempt(&world.ctx, id, Stage::Dummy, &Submission::default())
            .await;
        assert!(matches!(page, Err(GateError::UnknownSession)), "{page:?}");
        for auth in [poll(&prompt), dummy(Some(&prompt))] {
            let refused = world
                .refused(&RegisterRequest {
                    auth,
                    ..register("alice")
                })
                .await;
            assert!(
                matches!(refused, RegisterError::Gate(GateError::UnknownSession)),
                "{late:?}: {refused:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_clients_of_a_session_are_bounded_in_number_and_size() {
    const MOST: usize = UiaSession::FIRST_CLIENTS + UiaSession::LAST_CLIENTS;
    let mut world = World::new();
    let prompt = world.prompted(&register("alice")).await;
    let polled = RegisterRequest {
        auth: poll(&prompt),
        ..register("alice")
    };
    for number in 0..200 {
        world.ctx.user_agent = format!("{number} {}", "ü".repeat(5_000));
        world.prompted(&polled).await;
    }
    let mut uow = world.read().await;
    let clients = uow.uia_sessions().list_clients(&prompt.session).await;
    let agents: Vec<_> = clients.unwrap().into_iter().map(|it| it.1).collect();
    assert_eq!(agents.len(), MOST);
    assert_eq!(agents[0], "test");
    assert!(agents[MOST - 1].starts_with("199 "));
    let longest = agents.iter().map(|agent| agent.chars().count()).max();
    assert_eq!(longest, Some(RequestContext::MAX_USER_AGENT_CHARS));
}

#[tokio::test]
async fn a_request_whose_stage_cannot_be_examined_keeps_its_parameters_and_its_client() {
    let mut world = World::with(|policy| {
        let settings = FlowSettings {
            require_captcha: true,
            ..FlowSettings::default()
        };
        policy.registration.flows = registration_flows(&settings).unwrap();
    });
    world.captcha.fail(Some(CaptchaOutage::Silence));
    world.identity_server.be_down(true);
    let attempt = |prompt: &UiaPrompt, stage: &str| {
        Given::Value(Auth {
            is_empty: false,
            session: given(prompt.session.as_str()),
            stage: given(stage),
            submission: Submission {
                response: given("good"),
                threepid_creds: Given::Value(creds("77", SECRET)),
                ..Submission::default()
            },
        })
    };
    for (number, stage) in ["m.login.nonsense", "m.login.recaptcha", "m.login.msisdn"]
        .into_iter()
        .enumerate()
    {
        let prompt = world.prompted(&register(&format!("first{number}"))).await;
        let wanted = format!("second{number}");
        world.ctx.user_agent = format!("agent of {stage}");
        let refused = world
            .refused(&RegisterRequest {
                auth: attempt(&prompt, stage),
                ..register(&wanted)
            })
            .await;
        assert!(matches!(refused, RegisterError::Gate(_)), "{refused:?}");
        let mut uow = world.read().await;
        let sessions = uow.uia_sessions();
        let session = sessions.find(&prompt.session).await.unwrap().unwrap();
        let Parameters::Register(kept) = session.parameters else {
            panic!("a registration")
        };
        assert_eq!(kept.username, Some(wanted), "{stage}");
        let clients = sessions.list_clients(&prompt.session).await.unwrap();
        assert_eq!(clients.last().unwrap().1, world.ctx.user_agent);
    }
    // What cannot be examined in a session that is not there is the lesser mistake.
    let prompt = world.prompted(&register("alice")).await;
    world.clock.advance(UiaSession::LIFETIME);
    let refused = world
        .refused(&RegisterRequest {
            auth: attempt(&prompt, "m.login.nonsense"),
            ..register("alice")
        })
        .await;
    assert!(
        matches!(refused, RegisterError::Gate(GateError::UnknownSession)),
        "{refused:?}"
    );
}

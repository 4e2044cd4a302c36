//! What observers hear, event by event.

use registrar_domain::model::account::AccountKind;
use registrar_domain::model::appservice::{AppService, AppServices};
use registrar_domain::model::given::Given;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::limit::Rate;
use registrar_domain::model::secret::{Secret, TokenDigest};
use registrar_domain::model::uia::Stage;
use registrar_domain::model::uia::flow::{FlowSettings, registration_flows};
use registrar_domain::ports::observer::{Applicant, Event, Limit, StageOutcome};
use registrar_domain::usecase::registration::RegisterRequest;
use registrar_domain::usecase::token::authenticate::Bearer;
use registrar_domain::usecase::uia::auth::Auth;

use crate::world::{PASSWORD, World, dummy, empty_register, given, login, poll, register};

fn registered(kind: AccountKind, applicant: Applicant) -> Event {
    Event::AccountRegistered {
        kind,
        applicant,
        shadow_banned: false,
    }
}

const USER_LOGGED_IN: Event = Event::LoggedIn {
    kind: AccountKind::User,
};

fn stage(stage: Stage, outcome: StageOutcome) -> Event {
    Event::StageAttempted { stage, outcome }
}

#[tokio::test]
async fn a_registration_is_heard_of_from_the_uia_session_to_the_login() {
    let world = World::new();
    let prompt = world.prompted(&register("alice")).await;
    assert_eq!(world.observer.take(), [Event::UiaSessionOpened]);
    let asking = RegisterRequest {
        auth: poll(&prompt),
        ..register("alice")
    };
    world.prompted(&asking).await;
    assert_eq!(world.observer.take(), []);
    let last = RegisterRequest {
        auth: dummy(Some(&prompt)),
        ..register("alice")
    };
    world.registered(&last).await;
    let dummy_passed = stage(Stage::Dummy, StageOutcome::Passed);
    assert_eq!(
        world.observer.take(),
        [
            dummy_passed,
            registered(AccountKind::User, Applicant::Client),
            USER_LOGGED_IN,
        ]
    );
    // The account is there already, and its owner logs in once more.
    world.registered(&last).await;
    assert_eq!(world.observer.take(), [dummy_passed, USER_LOGGED_IN]);
}

#[tokio::test]
async fn who_asks_for_an_account_is_told_apart() {
    let world = World::with(|policy| {
        policy.registration.appservices = AppServices::new(vec![AppService {
            id: "irc".to_owned(),
            token: TokenDigest::of("irc_token"),
            sender: Localpart::read("ircbot").unwrap(),
            namespaces: Vec::new(),
            rate_limited: false,
        }]);
    });
    let guest = RegisterRequest {
        kind: given("guest"),
        ..empty_register()
    };
    world.registered(&guest).await;
    let kind = AccountKind::Guest;
    assert_eq!(
        world.observer.take(),
        [
            registered(kind, Applicant::Client),
            Event::LoggedIn { kind }
        ]
    );
    let bot = RegisterRequest {
        login_type: given("m.login.application_service"),
        bearer: Bearer::Token(Secret::new("irc_token".to_owned())),
        inhibit_login: true,
        ..register("ircbot")
    };
    world.registered(&bot).await;
    assert_eq!(
        world.observer.take(),
        [registered(AccountKind::User, Applicant::ApplicationService)]
    );
}

#[tokio::test]
async fn stages_are_passed_failed_or_refused() {
    let world = World::with(|policy| {
        let settings = FlowSettings {
            require_token: true,
            ..FlowSettings::default()
        };
        policy.registration.flows = registration_flows(&settings).unwrap();
    });
    let prompt = world.prompted(&register("alice")).await;
    world.observer.take();
    let attempt = |session: &str, name: &str| {
        let auth = Given::Value(Auth {
            session: given(session),
            stage: given(name),
            ..Auth::default()
        });
        RegisterRequest {
            auth,
            ..register("alice")
        }
    };
    let session = prompt.session.as_str();
    world
        .prompted(&attempt(session, "m.login.registration_token"))
        .await;
    let token = Stage::RegistrationToken;
    assert_eq!(world.observer.take(), [stage(token, StageOutcome::Failed)]);
    // What is no stage here is nobody's attempt at one.
    world.refused(&attempt(session, "m.login.password")).await;
    world.refused(&attempt(session, "nonsense")).await;
    assert_eq!(world.observer.take(), []);
    let elsewhere = RegisterRequest {
        operation: registrar_domain::model::uia::OperationDigest::of("POST", "/elsewhere"),
        ..attempt(session, "m.login.dummy")
    };
    world.refused(&elsewhere).await;
    assert_eq!(
        world.observer.take(),
        [stage(Stage::Dummy, StageOutcome::Refused)]
    );
}

#[tokio::test]
async fn every_refusal_by_a_limit_is_heard_of() {
    let world = World::with(|policy| {
        policy.rates.login_address = Rate {
            per_second: 0.1,
            burst_count: 1.0,
        };
    });
    let request = login("nobody", PASSWORD);
    world.log_in(&request).await.unwrap_err();
    assert_eq!(world.observer.take(), []);
    world.log_in(&request).await.unwrap_err();
    let limit = Limit::LoginAddress;
    assert_eq!(world.observer.take(), [Event::LimitExceeded { limit }]);
}

#[tokio::test]
async fn contention_is_heard_of() {
    let world = World::new();
    world.store.contend_next(1);
    world.prompted(&register("alice")).await;
    assert_eq!(
        world.observer.take(),
        [Event::UnitOfWorkRetried, Event::UiaSessionOpened]
    );
}

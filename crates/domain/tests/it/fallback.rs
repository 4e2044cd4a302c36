//! Stages that are passed on a web page.

use registrar_domain::model::context::{Effects, RequestContext};
use registrar_domain::model::registration_token::{RegistrationToken, RegistrationTokenId};
use registrar_domain::model::uia::flow::Flow;
use registrar_domain::model::uia::{Stage, StageFailure};
use registrar_domain::ports::{Intent, Store as _};
use registrar_domain::usecase::registration::RegisterRequest;
use registrar_domain::usecase::uia::auth::Submission;
use registrar_domain::usecase::uia::fallback::FallbackOutcome;
use registrar_domain::usecase::uia::gate::GateError;
use registrar_testkit::CaptchaOutage;

use crate::world::{PASSWORD, World, given, poll, register};

const NOBODYS: &str = "abcdefghijklmnopqrstuvwx";

async fn attempt(
    world: &World,
    session: &str,
    stage: Stage,
    submission: &Submission,
) -> Result<FallbackOutcome, GateError> {
    let browser = RequestContext {
        client_ip: None,
        user_agent: "a browser".to_owned(),
        effects: Effects::Allowed,
    };
    let use_case = &world.services.fallback;
    use_case.attempt(&browser, session, stage, submission).await
}

fn response(text: &str) -> Submission {
    Submission {
        response: given(text),
        ..Submission::default()
    }
}

fn token(text: &str) -> Submission {
    Submission {
        token: given(text),
        ..Submission::default()
    }
}

async fn completed(world: &World, request: &RegisterRequest) -> Vec<Stage> {
    world.prompted(request).await.completed.unwrap()
}

#[tokio::test]
async fn a_stage_counts_whatever_the_session_is_for_and_leaves_no_trace_of_the_page() {
    let world = World::with(|it| {
        let flow = Flow::new([Stage::Terms, Stage::Recaptcha, Stage::Dummy]);
        it.registration.flows = vec![flow];
    });
    let mut request = register("alice");
    let prompt = world.prompted(&request).await;
    let id = prompt.session.as_str();
    request.auth = poll(&prompt);
    for (stage, submission) in [
        (Stage::Terms, Submission::default()),
        (Stage::Recaptcha, response("good")),
    ] {
        let outcome = attempt(&world, id, stage, &submission).await.unwrap();
        assert_eq!(outcome, FallbackOutcome::Passed);
    }
    assert_eq!(
        completed(&world, &request).await,
        [Stage::Terms, Stage::Recaptcha]
    );
    // Who opened the page is not who asks for the account.
    let mut uow = world.read().await;
    let clients = uow.uia_sessions().list_clients(&prompt.session).await;
    assert_eq!(
        clients.unwrap(),
        [("192.0.2.1".to_owned(), "test".to_owned())]
    );
    drop(uow);
    // A later failure leaves the success in place.
    let outcome = attempt(&world, id, Stage::Recaptcha, &response("bad")).await;
    let rejected = FallbackOutcome::Failed(StageFailure::CaptchaRejected);
    assert_eq!(outcome.unwrap(), rejected);
    assert_eq!(
        completed(&world, &request).await,
        [Stage::Terms, Stage::Recaptcha]
    );
}

#[tokio::test]
async fn nobody_is_asked_and_nothing_reserved_for_a_session_that_is_not_there() {
    let world = World::new();
    let id = RegistrationTokenId::parse("invited").unwrap();
    let mut uow = world.store.begin(Intent::Write).await.unwrap();
    let invited = RegistrationToken::new(id.clone(), Some(1), None);
    uow.registration_tokens().add(&invited).await.unwrap();
    uow.commit().await.unwrap();
    for session in [NOBODYS, "", "not a session", "ä"] {
        for (stage, submission) in [
            (Stage::Terms, Submission::default()),
            (Stage::Recaptcha, response("good")),
            (Stage::RegistrationToken, token("invited")),
        ] {
            let outcome = attempt(&world, session, stage, &submission).await;
            assert!(
                matches!(outcome, Err(GateError::UnknownSession)),
                "{stage} {outcome:?}"
            );
        }
    }
    assert_eq!(world.captcha.asked(), []);
    let found = world.read().await.registration_tokens().find(&id).await;
    assert_eq!(found.unwrap().unwrap().pending, 0);
}

#[tokio::test]
async fn stages_that_are_not_enabled_are_no_secret_about_sessions() {
    let world = World::with(|it| it.registration.stages = vec![Stage::Dummy]);
    for stage in [
        Stage::Terms,
        Stage::Recaptcha,
        Stage::RegistrationToken,
        Stage::Password,
    ] {
        let outcome = attempt(&world, NOBODYS, stage, &token("t")).await.unwrap();
        assert_eq!(outcome, FallbackOutcome::NotEnabled);
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_never_a_pass() {
    let world = World::new();
    let mut request = register("alice");
    let prompt = world.prompted(&request).await;
    request.auth = poll(&prompt);
    let (session, good) = (prompt.session.as_str(), response("good"));
    for outage in [CaptchaOutage::Silence, CaptchaOutage::Nonsense] {
        world.captcha.fail(Some(outage));
        let outcome = attempt(&world, session, Stage::Recaptcha, &good).await;
        assert!(outcome.is_err());
    }
    assert_eq!(completed(&world, &request).await, []);
}

/// A password is asked of somebody who is signed in, and nobody is on a page.
#[tokio::test]
async fn a_password_is_no_stage_of_a_page() {
    let world = World::with(|it| it.registration.stages.push(Stage::Password));
    let prompt = world.prompted(&register("alice")).await;
    let submission = Submission {
        password: given(PASSWORD),
        ..Submission::default()
    };
    let session = prompt.session.as_str();
    let outcome = attempt(&world, session, Stage::Password, &submission).await;
    assert_eq!(outcome.unwrap(), FallbackOutcome::NotEnabled);
}

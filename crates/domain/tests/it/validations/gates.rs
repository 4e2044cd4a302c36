//! `registrar.validation`: what it takes to have a message sent at all.

use std::time::Duration;

use registrar_domain::model::given::Given;
use registrar_domain::model::policy::Policy;
use registrar_domain::model::threepid::{Medium, Purpose};
use registrar_domain::model::uia::Stage;
use registrar_domain::model::uia::flow::Flow;
use registrar_domain::usecase::registration::RegisterRequest;
use registrar_domain::usecase::threepid::request::{
    EmailParameters, MsisdnParameters, RequestTokenError,
};
use registrar_domain::usecase::uia::auth::{Auth, Submission};

use super::{ask_msisdn, msisdn_wish, once_in_a_while, told};
use crate::validating::email_wish;
use crate::world::{World, given, register};

/// No message before the captcha.
fn captcha_first(policy: &mut Policy) {
    policy.threepids.validation.required_stages = vec![Stage::Recaptcha];
    policy.registration.flows = vec![Flow::new([Stage::Recaptcha, Stage::Email])];
}

async fn session(world: &World) -> String {
    let prompt = world.prompted(&register("alice")).await;
    prompt.session.as_str().to_owned()
}

async fn pass_captcha(world: &World, session: &str) {
    let submission = Submission {
        response: given("good"),
        ..Submission::default()
    };
    let auth = Auth {
        is_empty: false,
        session: given(session),
        stage: given(Stage::Recaptcha.as_str()),
        submission,
    };
    let request = RegisterRequest {
        auth: Given::Value(auth),
        ..register("alice")
    };
    world.prompted(&request).await;
}

fn naming(session: Given<String>, next_link: Given<String>) -> EmailParameters {
    EmailParameters {
        session,
        next_link,
        ..email_wish("new@example.org")
    }
}

#[tokio::test]
async fn no_message_is_sent_before_the_stages_that_the_operator_requires() {
    let world = World::with(captcha_first);
    let session = session(&world).await;
    let link = format!("https://app.example.org/#/register?session_id={session}");
    let ways = || {
        [
            (given(&session), Given::Absent),
            (Given::Absent, given(&link)),
            (given(""), given(&link)),
        ]
    };
    let refused = "StagesRequired([Recaptcha])";
    for (named, next_link) in ways() {
        let wish = naming(named, next_link);
        let outcome = world.ask_email(Purpose::Registration, &wish).await;
        assert_eq!(told(outcome), refused);
    }
    pass_captcha(&world, &session).await;
    for named in [
        Given::Absent,
        given("nosuch"),
        Given::Malformed,
        given("\0"),
    ] {
        let wish = naming(named, Given::Absent);
        let outcome = world.ask_email(Purpose::Registration, &wish).await;
        assert_eq!(told(outcome), refused);
        let wish = MsisdnParameters {
            session: wish.session,
            ..msisdn_wish()
        };
        let outcome = ask_msisdn(&world, Purpose::Registration, &wish).await;
        assert_eq!(told(outcome), refused);
    }
    assert!(world.mailer.mails().is_empty());
    assert!(world.identity_server.msisdns().is_empty());
    for (named, next_link) in ways() {
        let wish = naming(named, next_link);
        world.mailed(Purpose::Registration, &wish).await;
    }
    let wish = MsisdnParameters {
        session: given(&session),
        ..msisdn_wish()
    };
    ask_msisdn(&world, Purpose::Registration, &wish)
        .await
        .unwrap();
    // A session that has expired is none.
    world.clock.advance(Duration::from_hours(48));
    let wish = naming(given(&session), Given::Absent);
    let outcome = world.ask_email(Purpose::Registration, &wish).await;
    assert_eq!(told(outcome), refused);
}

#[tokio::test]
async fn one_session_does_not_write_to_everybody() {
    let mut world = World::with(|policy| {
        captcha_first(policy);
        once_in_a_while(policy);
    });
    let session = session(&world).await;
    pass_captcha(&world, &session).await;
    let mut outcomes = Vec::new();
    for n in 1..=3 {
        world.ctx.client_ip = Some(format!("192.0.2.{n}").parse().unwrap());
        let wish = EmailParameters {
            session: given(&session),
            ..email_wish(&format!("{n}@example.org"))
        };
        outcomes.push(world.ask_email(Purpose::Registration, &wish).await.is_ok());
    }
    assert_eq!(outcomes, [true, true, false]);
}

#[tokio::test]
async fn a_login_is_asked_for_where_the_operator_wants_one() {
    let required = |change: fn(&mut Policy)| {
        let world = World::with(change);
        let requests = &world.services.token_requests;
        Purpose::ALL.map(|purpose| {
            let requests = requests.for_email(purpose).unwrap();
            requests.require_login()
        })
    };
    assert_eq!(required(|_| {}), [false; 3]);
    let for_additions = [false, true, false];
    let found = required(|policy| policy.threepids.validation.login_required = true);
    assert_eq!(found, for_additions);
    // Otherwise the stages could be passed by.
    assert_eq!(required(captcha_first), for_additions);
}

#[tokio::test]
async fn a_deployment_sends_so_many_messages_an_hour() {
    for inhibit in [false, true] {
        let world = World::with(|policy| {
            policy.threepids.inhibit_errors = inhibit;
            policy.threepids.validation.max_mails_per_hour = Some(2);
            policy.threepids.validation.max_texts_per_hour = Some(1);
        });
        let ask = async |email: &str, attempt: i64| {
            let wish = EmailParameters {
                send_attempt: Given::Value(attempt),
                ..email_wish(email)
            };
            world.ask_email(Purpose::Registration, &wish).await
        };
        ask("a@example.org", 1).await.unwrap();
        // What sends nothing costs nothing.
        ask("a@example.org", 1).await.unwrap();
        ask("a@example.org", 2).await.unwrap();
        let refused = ask("b@example.org", 1).await;
        // The clock stands at 13 minutes and 20 seconds past an hour.
        let Err(RequestTokenError::CapReached {
            medium,
            retry_after_ms,
        }) = refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!((medium, retry_after_ms), (Medium::Email, 2_800_000));
        assert_eq!(world.mailer.mails().len(), 2);
        // The other medium has a cap of its own.
        let text = async |n: i64| {
            let wish = MsisdnParameters {
                send_attempt: Given::Value(n),
                ..msisdn_wish()
            };
            ask_msisdn(&world, Purpose::Registration, &wish).await
        };
        text(1).await.unwrap();
        assert!(matches!(
            text(2).await,
            Err(RequestTokenError::CapReached { .. })
        ));
        world.clock.advance(Duration::from_millis(2_799_999));
        assert!(ask("b@example.org", 1).await.is_err());
        world.clock.advance(Duration::from_millis(1));
        ask("b@example.org", 1).await.unwrap();
        text(2).await.unwrap();
    }
}

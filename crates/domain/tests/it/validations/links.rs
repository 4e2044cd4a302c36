//! The proof is handed in: links that are opened, codes of text messages, and what becomes of those
//! that never are.

use std::time::Duration;

use registrar_domain::model::given::Given;
use registrar_domain::model::job::Job;
use registrar_domain::model::threepid::{Medium, Purpose, ValidationSessionId};
use registrar_domain::ports::EmailValidation;
use registrar_domain::usecase::threepid::request::EmailParameters;
use registrar_domain::usecase::threepid::submit::{LinkError, LinkState, SubmitError, Submitted};

use super::{attempt, submit, told};
use crate::validating::{SECRET, creds, email_wish};
use crate::world::{World, given};

#[tokio::test]
async fn a_link_says_what_is_wrong_with_it() {
    let world = World::new();
    let sid = world.mailed(Purpose::Registration, &attempt(1)).await;
    let good = world.opened();
    let foreign = {
        let wish = EmailParameters {
            client_secret: given("another"),
            ..attempt(1)
        };
        world.mailed(Purpose::Registration, &wish).await;
        world.opened()
    };
    let with = |change: fn(&mut Submitted)| {
        let mut submitted = good.clone();
        change(&mut submitted);
        submitted
    };
    let rows = [
        (
            with(|it| it.sid = given("nosuch")),
            LinkError::UnknownSession,
        ),
        (with(|it| it.sid = given("a\0b")), LinkError::UnknownSession),
        (
            with(|it| it.sid = given(&"s".repeat(256))),
            LinkError::UnknownSession,
        ),
        (
            with(|it| it.token = given("nosuch")),
            LinkError::UnknownToken,
        ),
        (with(|it| it.token = given("")), LinkError::UnknownToken),
        (
            with(|it| it.client_secret = given("another")),
            LinkError::WrongSecret,
        ),
        (
            Submitted {
                token: foreign.token.clone(),
                ..good.clone()
            },
            LinkError::UnknownToken,
        ),
    ];
    for (submitted, expected) in &rows {
        let refused = submit(&world, Purpose::Registration, submitted).await;
        assert!(
            matches!(&refused, Err(SubmitError::Link(error)) if error == expected),
            "{refused:?}"
        );
    }
    // A link of one endpoint means nothing to another.
    for purpose in [Purpose::Addition, Purpose::PasswordReset] {
        let refused = submit(&world, purpose, &good).await;
        let expected = LinkError::UnknownSession;
        assert!(
            matches!(&refused, Err(SubmitError::Link(error)) if *error == expected),
            "{refused:?}"
        );
    }
    assert!(
        !is_validated(&world, &sid).await,
        "all of that proved nothing"
    );
    submit(&world, Purpose::Registration, &good).await.unwrap();
    assert!(is_validated(&world, &sid).await);
}

async fn is_validated(world: &World, sid: &str) -> bool {
    let sid = ValidationSessionId::new(sid);
    let session = world.read().await.validations().find(&sid).await.unwrap();
    session.unwrap().validated.is_some()
}

#[tokio::test]
async fn links_lack_nothing() {
    let world = World::new();
    world.mailed(Purpose::Registration, &attempt(1)).await;
    let good = world.opened();
    let with = |change: fn(&mut Submitted)| {
        let mut submitted = good.clone();
        change(&mut submitted);
        submitted
    };
    let rows = [
        (Submitted::default(), "ParameterMissing(\"sid\")"),
        (with(|it| it.sid = Given::Malformed), "NotAscii(\"sid\")"),
        (
            with(|it| it.client_secret = Given::Absent),
            "ParameterMissing(\"client_secret\")",
        ),
        (
            with(|it| it.client_secret = given("a b")),
            "ClientSecret(ClientSecretError)",
        ),
        (
            with(|it| it.token = Given::Absent),
            "ParameterMissing(\"token\")",
        ),
        (with(|it| it.token = Given::Null), "NotAscii(\"token\")"),
    ];
    let submission = &world.services.token_submission;
    for (submitted, refusal) in &rows {
        let refused = submit(&world, Purpose::Registration, submitted).await;
        assert_eq!(told(refused), *refusal);
        let link = submission.link(Purpose::Registration, submitted);
        assert_eq!(told(link.map(drop)), *refusal);
    }
    // Looking at a link validates nothing.
    let link = submission.link(Purpose::Registration, &good).unwrap();
    link.look().await.unwrap();
    let sid = good.sid.value().unwrap().clone();
    assert!(!is_validated(&world, &sid).await);
    let off = World::over(|_| {}, |ports| ports.email = EmailValidation::Off);
    let refused = submit(&off, Purpose::Registration, &Submitted::default()).await;
    assert_eq!(told(refused), "EmailNotSupported");
}

#[tokio::test]
async fn a_link_can_be_opened_for_an_hour_and_again_once_it_was() {
    let world = World::new();
    let opened_in_time = {
        world.mailed(Purpose::Registration, &attempt(1)).await;
        world.opened()
    };
    let wish = email_wish("other@example.org");
    world.mailed(Purpose::Registration, &wish).await;
    let too_late = world.opened();
    world.clock.advance(Duration::from_secs(3599));
    let first = submit(&world, Purpose::Registration, &opened_in_time).await;
    assert_eq!(first.unwrap(), None);
    world.clock.advance(Duration::from_secs(1));
    let again = submit(&world, Purpose::Registration, &opened_in_time).await;
    assert_eq!(again.unwrap(), None);
    let refused = submit(&world, Purpose::Registration, &too_late).await;
    assert!(matches!(
        refused,
        Err(SubmitError::Link(LinkError::Expired))
    ));
    // A new mail mends that, in the same session.
    let wish = EmailParameters {
        send_attempt: Given::Value(2),
        ..wish
    };
    world.mailed(Purpose::Registration, &wish).await;
    world.open_link(Purpose::Registration).await;
    assert_eq!(world.opened().sid, too_late.sid);
}

#[tokio::test]
async fn a_link_opened_again_leads_where_it_did_as_long_as_it_lives() {
    let world = World::new();
    let wish = EmailParameters {
        next_link: given("https://app.example.org/"),
        ..email_wish("alice@example.org")
    };
    world.mailed(Purpose::Addition, &wish).await;
    let link = world.opened();
    let first = submit(&world, Purpose::Addition, &link).await.unwrap();
    assert!(first.is_some());
    let alice = world.signed_in("alice").await;
    let credentials = Given::Value(creds(link.sid.value().unwrap(), SECRET));
    let threepids = world.services.threepids.changes().unwrap();
    threepids.add_at_once(&alice, &credentials).await.unwrap();
    let housekeeping = &world.services.housekeeping;
    for minutes in [0, 30, 29] {
        world.clock.advance(Duration::from_mins(minutes));
        housekeeping.run(Job::Validations, "here").await.unwrap();
        let again = submit(&world, Purpose::Addition, &link).await.unwrap();
        assert_eq!(again, first, "{minutes} minutes later");
        let submission = &world.services.token_submission;
        let state = submission
            .link(Purpose::Addition, &link)
            .unwrap()
            .look()
            .await;
        assert_eq!(state.unwrap(), LinkState::Confirmed(first.clone()));
    }
    // It proves nothing any more.
    let refused = threepids.add_at_once(&alice, &credentials).await;
    assert_eq!(told(refused), "NotValidated");
    world.clock.advance(Duration::from_mins(2));
    let removed = housekeeping.run(Job::Validations, "here").await.unwrap();
    assert_eq!(removed, Some(2), "the link and its session");
    assert!(submit(&world, Purpose::Addition, &link).await.is_err());
}

#[tokio::test]
async fn looking_at_a_link_confirms_nothing() {
    let world = World::new();
    let sid = world.mailed(Purpose::Registration, &attempt(1)).await;
    let submission = &world.services.token_submission;
    let link = world.opened();
    for _ in 0..2 {
        let state = submission
            .link(Purpose::Registration, &link)
            .unwrap()
            .look()
            .await;
        assert_eq!(state.unwrap(), LinkState::Unconfirmed(None));
        assert!(!is_validated(&world, &sid).await);
    }
}

#[tokio::test]
async fn with_inhibit_nobody_learns_whether_a_session_exists() {
    let world = World::with(|policy| policy.threepids.inhibit_errors = true);
    world.mailed(Purpose::Registration, &attempt(1)).await;
    let good = world.opened();
    let unknown_session = Submitted {
        sid: given("nosuch"),
        ..good.clone()
    };
    let unknown_token = Submitted {
        token: given("nosuch"),
        ..good
    };
    for submitted in [unknown_session, unknown_token] {
        let refused = submit(&world, Purpose::Registration, &submitted).await;
        assert!(matches!(
            refused,
            Err(SubmitError::Link(LinkError::UnknownToken))
        ));
    }
}

#[tokio::test]
async fn the_code_of_a_text_message_goes_to_who_sent_it() {
    let world = World::new();
    let submission = &world.services.token_submission;
    let submitted = Submitted {
        sid: given("77"),
        client_secret: given(SECRET),
        token: given("123456"),
    };
    let reply = submission
        .msisdn_codes()
        .unwrap()
        .submit(&submitted)
        .await
        .unwrap();
    assert!(!reply.accepted);
    world.vouched("77", Medium::Msisdn, "447700900001");
    let reply = submission
        .msisdn_codes()
        .unwrap()
        .submit(&submitted)
        .await
        .unwrap();
    assert!(reply.accepted);
    world.identity_server.be_down(true);
    let outcome = submission.msisdn_codes().unwrap().submit(&submitted).await;
    assert!(matches!(outcome, Err(SubmitError::IdentityServer(_))));
    let outcome = submission
        .msisdn_codes()
        .unwrap()
        .submit(&Submitted::default())
        .await;
    assert_eq!(told(outcome), "ParameterMissing(\"sid\")");
    let off = World::over(|_| {}, |ports| ports.msisdn = None);
    let codes = off.services.token_submission.msisdn_codes();
    assert_eq!(told(codes.map(drop)), "MsisdnNotSupported");
}

#[tokio::test]
async fn what_has_had_its_time_is_removed() {
    let world = World::new();
    let run = async || {
        let housekeeping = &world.services.housekeeping;
        housekeeping.run(Job::Validations, "here").await.unwrap()
    };
    world.mailed(Purpose::Registration, &attempt(1)).await;
    let abandoned = world.opened();
    let validated = world
        .validated(Purpose::Registration, "other@example.org")
        .await;
    assert_eq!(run().await, Some(0));
    world.clock.advance(Duration::from_mins(61));
    // Both tokens, and the session that nothing opens any more.
    assert_eq!(run().await, Some(3));
    let refused = submit(&world, Purpose::Registration, &abandoned).await;
    assert!(matches!(
        refused,
        Err(SubmitError::Link(LinkError::UnknownSession))
    ));
    assert!(is_validated(&world, &validated).await);
    world.clock.advance(Duration::from_hours(47));
    assert_eq!(run().await, Some(1));
    let mut uow = world.read().await;
    let sid = ValidationSessionId::new(validated);
    assert_eq!(uow.validations().find(&sid).await.unwrap(), None);
}

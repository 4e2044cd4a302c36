//! `request_token_inhibit_3pid_errors`: answers do not depend on whose an address is.

use std::time::Duration;

use registrar_domain::model::clock::Clock as _;
use registrar_domain::model::given::Given;
use registrar_domain::model::job::Job;
use registrar_domain::model::policy::Policy;
use registrar_domain::model::threepid::{Medium, Purpose, ValidationSessionId};
use registrar_domain::ports::mailer::MailContent;
use registrar_domain::usecase::threepid::request::{
    EmailParameters, MsisdnParameters, RequestTokenError, TokenRequested,
};
use registrar_domain::usecase::threepid::submit::Submitted;

use super::{ADDRESS, ask_msisdn, msisdn_wish, once_in_a_while, owner, submit, told};
use crate::validating::{SECRET, creds, delegating, email_wish};
use crate::world::{World, given};

const FREE: &str = "free@example.org";

fn inhibiting(policy: &mut Policy) {
    policy.threepids.inhibit_errors = true;
}

/// A world in which Alice has an address and a phone number.
async fn world() -> World {
    let world = World::with(inhibiting);
    owner(&world).await;
    world
}

/// For each purpose an address that is what it asks for, and one that is not.
const PAIRS: [(Purpose, &str, &str); 3] = [
    (Purpose::Registration, FREE, ADDRESS),
    (Purpose::Addition, FREE, ADDRESS),
    (Purpose::PasswordReset, ADDRESS, "nobody@example.org"),
];

fn is_letters(sid: &str) -> bool {
    sid.len() == 24 && sid.bytes().all(|b| b.is_ascii_alphabetic())
}

/// Everything that a client of one secret can see of a validation by mail, but for the letters of the
/// `sid`s, of which it says which are the same.
async fn seen(world: &World, purpose: Purpose, email: &str) -> Vec<String> {
    let secret = format!("s{}", email.len());
    let wish = |send_attempt: i64| EmailParameters {
        client_secret: given(&secret),
        send_attempt: Given::Value(send_attempt),
        ..email_wish(email)
    };
    let mut sids: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    for attempt in [1, 1, 0, 2, 2] {
        let before = world.clock.now();
        let sid = world.mailed(purpose, &wish(attempt)).await;
        assert!(is_letters(&sid), "{sid}");
        let known = sids.iter().position(|it| *it == sid);
        seen.push(format!("{known:?} {}", world.clock.now().ms_since(before)));
        sids.push(sid);
    }
    for (sid, secret) in [
        (&*sids[0], &*secret),
        (&*sids[0], "other"),
        ("nosuch", &*secret),
    ] {
        let submitted = Submitted {
            sid: given(sid),
            client_secret: given(secret),
            token: given("guessed"),
        };
        for purpose in Purpose::ALL {
            seen.push(told(submit(world, purpose, &submitted).await));
        }
    }
    world.clock.advance(Duration::from_mins(59));
    seen.push((world.mailed(purpose, &wish(2)).await == sids[0]).to_string());
    world.clock.advance(Duration::from_mins(2));
    let housekeeping = &world.services.housekeeping;
    housekeeping.run(Job::Validations, "here").await.unwrap();
    seen.push((world.mailed(purpose, &wish(2)).await == sids[0]).to_string());
    seen
}

#[tokio::test]
async fn with_inhibit_nobody_learns_whose_an_address_is() {
    for (purpose, suitable, unsuitable) in PAIRS {
        let world = world().await;
        let real = seen(&world, purpose, suitable).await;
        let pretended = seen(&world, purpose, unsuitable).await;
        assert_eq!(real, pretended, "{purpose:?}");
        assert_eq!(real[0], "None 0", "nobody is kept waiting");
        assert_eq!(real[1], "Some(0) 0", "the same request, the same session");
        assert_eq!(real.last().unwrap(), "false", "it ends with its link");
    }
}

#[tokio::test]
async fn with_inhibit_only_owners_get_mails() {
    let world = world().await;
    let sent = world.mailer.mails().len();
    for (purpose, suitable, unsuitable) in PAIRS {
        for email in [suitable, unsuitable] {
            for _same in 0..2 {
                world.mailed(purpose, &email_wish(email)).await;
            }
        }
    }
    let mails = &world.mailer.mails()[sent..];
    let told: Vec<_> = mails
        .iter()
        .map(|mail| (mail.to.as_str(), mail.content == MailContent::AlreadyInUse))
        .collect();
    // Who is about to register by mistake learns it, and only they. An attempt is one mail.
    let expected = [
        (FREE, false),
        (ADDRESS, true),
        (FREE, false),
        (ADDRESS, false),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn with_inhibit_mails_go_out_after_the_answer() {
    let world = world().await;
    let sent = world.mailer.mails().len();
    world.background.pause();
    for (purpose, suitable, unsuitable) in PAIRS {
        for email in [suitable, unsuitable] {
            world.mailed(purpose, &email_wish(email)).await;
        }
    }
    assert_eq!(world.mailer.mails().len(), sent);
    world.background.finish().await;
    assert_eq!(world.mailer.mails().len(), sent + 4);
}

#[tokio::test]
async fn with_inhibit_a_mail_server_that_is_away_shows_nothing() {
    for (purpose, suitable, unsuitable) in PAIRS {
        let world = world().await;
        world.mailer.be_down(true);
        let real = seen(&world, purpose, suitable).await;
        assert_eq!(real, seen(&world, purpose, unsuitable).await, "{purpose:?}");
        // The next attempt sends it.
        world.mailer.be_down(false);
        let sent = world.mailer.mails().len();
        let again = EmailParameters {
            send_attempt: Given::Value(9),
            ..email_wish(suitable)
        };
        world.mailed(purpose, &again).await;
        assert_eq!(world.mailer.mails().len(), sent + 1);
    }
}

#[tokio::test]
async fn with_inhibit_pretended_requests_cost_as_much() {
    let world = World::with(|policy| {
        inhibiting(policy);
        once_in_a_while(policy);
    });
    for email in [FREE, "nobody@example.org"] {
        let purpose = Purpose::PasswordReset;
        world.mailed(purpose, &email_wish(email)).await;
    }
    let outcome = world
        .ask_email(Purpose::PasswordReset, &email_wish("c@example.org"))
        .await;
    assert!(told(outcome).starts_with("Limited("));
}

#[tokio::test]
async fn with_inhibit_too_much_under_way_is_refused_for_everybody() {
    let world = world().await;
    world.background.be_full(true);
    for (purpose, suitable, unsuitable) in PAIRS {
        for email in [suitable, unsuitable] {
            let outcome = world.ask_email(purpose, &email_wish(email)).await;
            assert!(matches!(outcome, Err(RequestTokenError::Busy)), "{email}");
        }
    }
    world.background.be_full(false);
    world.mailed(Purpose::Registration, &email_wish(FREE)).await;
}

fn number(text: &str) -> MsisdnParameters {
    MsisdnParameters {
        phone_number: given(text),
        ..msisdn_wish()
    }
}

const TAKEN: &str = "07700 900001";
const UNKNOWN: &str = "07700 900002";
const NUMBERS: [(Purpose, &str, &str); 3] = [
    (Purpose::Registration, UNKNOWN, TAKEN),
    (Purpose::Addition, UNKNOWN, TAKEN),
    (Purpose::PasswordReset, TAKEN, UNKNOWN),
];

async fn texted(world: &World, purpose: Purpose, wish: &MsisdnParameters) -> String {
    match ask_msisdn(world, purpose, wish).await.unwrap() {
        TokenRequested::Texted { sid, .. } => sid.as_str().to_owned(),
        other => panic!("not covertly: {other:?}"),
    }
}

#[tokio::test]
async fn with_inhibit_nobody_learns_whose_a_phone_number_is() {
    for (purpose, suitable, unsuitable) in NUMBERS {
        let world = world().await;
        for written in [suitable, unsuitable] {
            for is_down in [false, true, false] {
                world.identity_server.be_down(is_down);
                let sid = texted(&world, purpose, &number(written)).await;
                assert!(is_letters(&sid), "{sid}");
                assert_eq!(texted(&world, purpose, &number(written)).await, sid);
                world.identity_server.be_down(false);
                let submitted = Submitted {
                    sid: given(&sid),
                    client_secret: given(SECRET),
                    token: given("123456"),
                };
                let submission = &world.services.token_submission;
                let refused = submission.msisdn_codes().unwrap().submit(&submitted).await;
                assert_eq!(told(refused), "CodeNotAccepted");
            }
        }
        // Only the number that suits the purpose got a text message, and once.
        let asked = world.identity_server.msisdns();
        let asked: Vec<_> = asked.iter().map(|it| it.phone_number.as_str()).collect();
        assert_eq!(asked, [suitable], "{purpose:?}");
    }
    // Where nobody validates phone numbers, that is the answer for all.
    let world = World::over(inhibiting, |ports| ports.msisdn = None);
    for written in [TAKEN, UNKNOWN] {
        let outcome = ask_msisdn(&world, Purpose::Addition, &number(written)).await;
        assert_eq!(told(outcome), "MsisdnNotSupported(Addition)");
    }
}

/// Otherwise the write that follows a message could be felt by the next request.
#[tokio::test]
async fn a_pretended_session_is_written_to_like_any_other() {
    for (purpose, suitable, unsuitable) in NUMBERS {
        let world = world().await;
        for written in [suitable, unsuitable] {
            let sid = texted(&world, purpose, &number(written)).await;
            world.background.finish().await;
            let sid = ValidationSessionId::read(&sid).unwrap();
            let mut uow = world.read().await;
            let session = uow.validations().find(&sid).await.unwrap().unwrap();
            assert!(session.delegate_sid.is_some(), "{purpose:?} {written}");
        }
    }
}

#[tokio::test]
async fn a_session_that_hides_an_identity_server_proves_what_that_one_says() {
    let world = world().await;
    let bob = world.signed_in("bob").await;
    let sid = texted(&world, Purpose::Addition, &number(UNKNOWN)).await;
    let credentials = Given::Value(creds(&sid, SECRET));
    let threepids = &world.services.threepids;
    let refused = threepids
        .changes()
        .unwrap()
        .add_at_once(&bob, &credentials)
        .await;
    assert_eq!(told(refused), "NotValidated");
    world.background.finish().await;
    // The fake counts its sessions.
    world.vouched("1", Medium::Msisdn, "447700900002");
    let submitted = Submitted {
        sid: given(&sid),
        client_secret: given(SECRET),
        token: given("123456"),
    };
    let submission = &world.services.token_submission;
    assert!(
        submission
            .msisdn_codes()
            .unwrap()
            .submit(&submitted)
            .await
            .unwrap()
            .accepted
    );
    let foreign = Given::Value(creds(&sid, "another"));
    let refused = threepids
        .changes()
        .unwrap()
        .add_at_once(&bob, &foreign)
        .await;
    assert_eq!(told(refused), "NotValidated");
    threepids
        .changes()
        .unwrap()
        .add_at_once(&bob, &credentials)
        .await
        .unwrap();
    assert_eq!(world.threepids("bob").await, ["msisdn:447700900002"]);
}

#[tokio::test]
async fn with_inhibit_delegated_mails_are_asked_for_after_the_answer() {
    let (world, server) = delegating(inhibiting);
    world.background.pause();
    let mut sids = Vec::new();
    for purpose in [Purpose::Registration, Purpose::PasswordReset] {
        let sid = world.mailed(purpose, &email_wish(ADDRESS)).await;
        assert!(is_letters(&sid));
        assert_eq!(world.mailed(purpose, &email_wish(ADDRESS)).await, sid);
        sids.push(sid);
    }
    assert!(server.emails().is_empty());
    world.background.finish().await;
    // Nobody has the address, so there is no password to reset.
    assert_eq!(server.emails().len(), 1);
    assert_ne!(sids[0], sids[1]);
}

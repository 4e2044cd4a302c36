//! Asking for the proof of an address: mails, limits, and what is left when something goes wrong.
//! See the folder for what comes after that, and for identity servers.

mod covert;
mod elsewhere;
mod gates;
mod hang_up;
mod links;

use std::sync::Arc;
use std::time::Duration;

use registrar_domain::model::given::Given;
use registrar_domain::model::job::Job;
use registrar_domain::model::limit::Rate;
use registrar_domain::model::pattern::Pattern;
use registrar_domain::model::policy::Policy;
use registrar_domain::model::threepid::{AllowedThreepid, Medium, NextLink, Purpose, Threepid};
use registrar_domain::ports::EmailValidation;
use registrar_domain::ports::mailer::MailContent;
use registrar_domain::ports::registration_hooks::ThreepidPurpose;
use registrar_domain::usecase::threepid::request::{
    EmailParameters, MsisdnParameters, RequestTokenError, TokenRequested,
};
use registrar_domain::usecase::threepid::submit::{SubmitError, Submitted};
use registrar_domain::usecase::token::authenticate::Requester;
use registrar_testkit::HookQuestion;

use crate::validating::{SECRET, creds, email_wish};
use crate::world::{ROUNDS, World, given, race};

const ADDRESS: &str = "alice@example.org";

fn msisdn_wish() -> MsisdnParameters {
    MsisdnParameters {
        client_secret: given(SECRET),
        country: given("GB"),
        phone_number: given("07700 900001"),
        send_attempt: Given::Value(1),
        next_link: Given::Absent,
        session: Given::Absent,
    }
}

fn attempt(number: i64) -> EmailParameters {
    EmailParameters {
        send_attempt: Given::Value(number),
        ..email_wish(ADDRESS)
    }
}

fn leading_to(link: &str) -> EmailParameters {
    EmailParameters {
        next_link: given(link),
        ..email_wish(ADDRESS)
    }
}

async fn ask_msisdn(
    world: &World,
    purpose: Purpose,
    wish: &MsisdnParameters,
) -> Result<TokenRequested, RequestTokenError> {
    let requests = &world.services.token_requests;
    requests
        .for_msisdn(purpose)?
        .request(&world.ctx, wish)
        .await
}

async fn submit(
    world: &World,
    purpose: Purpose,
    submitted: &Submitted,
) -> Result<Option<NextLink>, SubmitError> {
    let submission = &world.services.token_submission;
    submission.link(purpose, submitted)?.confirm().await
}

/// How an attempt ended, for comparison.
fn told<T, E: std::fmt::Debug>(outcome: Result<T, E>) -> String {
    match outcome {
        Ok(_) => "accepted".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

/// Alice, to whom the address and a phone number belong.
async fn owner(world: &World) -> Requester {
    let alice = world.signed_in("alice").await;
    let sid = world.validated(Purpose::Addition, ADDRESS).await;
    world.vouched("77", Medium::Msisdn, "447700900001");
    for sid in [&sid, "77"] {
        let credentials = Given::Value(creds(sid, SECRET));
        let threepids = world.services.threepids.changes().unwrap();
        threepids.add_at_once(&alice, &credentials).await.unwrap();
    }
    alice
}

fn once_in_a_while(policy: &mut Policy) {
    policy.rates.threepid_validation = Rate {
        per_second: 0.001,
        burst_count: 2.0,
    };
}

#[tokio::test]
async fn every_purpose_has_a_mail_and_a_link_of_its_own() {
    let world = World::new();
    owner(&world).await;
    let base = "https://matrix.example.org/";
    let rows = [
        (
            Purpose::Registration,
            "new@example.org",
            "_matrix/client/unstable/registration/email/submit_token",
        ),
        (
            Purpose::Addition,
            "new@example.org",
            "_matrix/client/unstable/add_threepid/email/submit_token",
        ),
        (
            Purpose::PasswordReset,
            ADDRESS,
            "_synapse/client/password_reset/email/submit_token",
        ),
    ];
    for (purpose, email, path) in rows {
        let wish = EmailParameters {
            client_secret: given("a=b"),
            ..email_wish(email)
        };
        let sid = world.mailed(purpose, &wish).await;
        assert_eq!(sid.len(), 24);
        let mail = world.mailer.mails().pop().unwrap();
        assert_eq!(mail.to.as_str(), email);
        let link = match (purpose, mail.content) {
            (Purpose::Registration, MailContent::ValidateRegistration { link })
            | (Purpose::Addition, MailContent::ValidateAddition { link })
            | (Purpose::PasswordReset, MailContent::ResetPassword { link }) => link,
            (_, other) => panic!("another mail: {other:?}"),
        };
        let rest = link.strip_prefix(&format!("{base}{path}?token=")).unwrap();
        let (token, rest) = rest.split_at(32);
        assert!(token.bytes().all(|b| b.is_ascii_alphabetic()));
        assert_eq!(rest, format!("&client_secret=a%3Db&sid={sid}"));
    }
}

#[tokio::test]
async fn complaints_about_email_come_in_the_order_of_synapse() {
    let pattern = Pattern::parse(".*@example\\.org$").unwrap();
    for purpose in Purpose::ALL {
        let world = World::with(|policy| {
            once_in_a_while(policy);
            policy.threepids.next_link_hosts = Some(vec!["good.example.org".to_owned()]);
            policy.threepids.allowed = vec![AllowedThreepid {
                medium: Medium::Email,
                pattern: pattern.clone(),
            }];
        });
        let denied = "someone@elsewhere.org";
        let reset = purpose == Purpose::PasswordReset;
        let complaint = async |wish: &EmailParameters| told(world.ask_email(purpose, wish).await);
        // From the first complaint to the last, each wish without what was complained about.
        let mut wish = EmailParameters {
            client_secret: Given::Absent,
            email: Given::Absent,
            send_attempt: Given::Absent,
            next_link: Given::Malformed,
            session: Given::Absent,
        };
        let missing = r#"ParametersMissing(["client_secret", "email", "send_attempt"])"#;
        assert_eq!(complaint(&wish).await, missing);
        wish.send_attempt = Given::Malformed;
        let missing = r#"ParametersMissing(["client_secret", "email"])"#;
        assert_eq!(complaint(&wish).await, missing);
        wish.email = Given::Malformed;
        for secret in [Given::Null, Given::Malformed, given(""), given("a b")] {
            wish.client_secret = secret;
            let expected = "ClientSecret(ClientSecretError)";
            assert_eq!(complaint(&wish).await, expected);
        }
        wish.client_secret = given(SECRET);
        // Registration reads the fields one by one, the others the body as a whole.
        let unreadable = |name: &str, registration: &str| match purpose {
            Purpose::Registration => registration.to_owned(),
            Purpose::Addition | Purpose::PasswordReset => format!("Unreadable({name:?})"),
        };
        let malformed = |name: &str| unreadable(name, &format!("MalformedField({name:?})"));
        assert_eq!(complaint(&wish).await, malformed("email"));
        wish.email = given("nobody");
        let expected = unreadable("email", "Email(EmailAddressError)");
        assert_eq!(complaint(&wish).await, expected);
        wish.email = given(denied);
        assert_eq!(complaint(&wish).await, malformed("send_attempt"));
        wish.send_attempt = Given::Value(1);
        assert_eq!(complaint(&wish).await, malformed("next_link"));
        wish.next_link = given("https://evil.example.org/");
        if purpose == Purpose::Addition {
            assert_eq!(complaint(&wish).await, "Denied(Email)");
            wish.email = given(ADDRESS);
            assert_eq!(complaint(&wish).await, "NextLink(ForeignHost)");
            assert_eq!(complaint(&wish).await, "NextLink(ForeignHost)");
            // These have cost something.
            assert!(complaint(&wish).await.starts_with("Limited("));
        } else {
            assert_eq!(complaint(&wish).await, "NextLink(ForeignHost)");
            wish.next_link = given("https://good.example.org/");
            let expected = if reset {
                "NotFound(Email)"
            } else {
                "Denied(Email)"
            };
            assert_eq!(complaint(&wish).await, expected);
        }
    }
}

#[tokio::test]
async fn addresses_are_wanted_or_not_by_what_they_are_for() {
    let world = World::new();
    owner(&world).await;
    let free = "new@example.org";
    let rows = [
        (Purpose::Registration, ADDRESS, "InUse(Email)"),
        (Purpose::Registration, " ALICE@Example.org", "InUse(Email)"),
        (Purpose::Registration, free, "accepted"),
        (Purpose::Addition, ADDRESS, "InUse(Email)"),
        (Purpose::Addition, free, "accepted"),
        (Purpose::PasswordReset, "Alice@EXAMPLE.org ", "accepted"),
        (Purpose::PasswordReset, free, "NotFound(Email)"),
    ];
    for (purpose, email, outcome) in rows {
        let found = told(world.ask_email(purpose, &email_wish(email)).await);
        assert_eq!(found, outcome, "{purpose:?} {email}");
    }
    let mails: Vec<_> = world.mailer.mails();
    let recipients: Vec<_> = mails.iter().map(|mail| mail.to.as_str()).collect();
    // The first one was the owner's.
    assert_eq!(recipients[1..], [free, free, ADDRESS]);
    let rows = [
        (Purpose::Registration, "InUse(Msisdn)"),
        (Purpose::Addition, "InUse(Msisdn)"),
        (Purpose::PasswordReset, "accepted"),
    ];
    for (purpose, outcome) in rows {
        let found = told(ask_msisdn(&world, purpose, &msisdn_wish()).await);
        assert_eq!(found, outcome, "{purpose:?}");
    }
    let mut unknown = msisdn_wish();
    unknown.phone_number = given("07700 900002");
    let found = told(ask_msisdn(&world, Purpose::PasswordReset, &unknown).await);
    assert_eq!(found, "NotFound(Msisdn)");
}

#[tokio::test]
async fn what_is_switched_off_is_told_first() {
    let nothing = EmailParameters::default();
    let off = World::over(|_| {}, |ports| ports.email = EmailValidation::Off);
    for purpose in Purpose::ALL {
        let found = told(off.ask_email(purpose, &nothing).await);
        assert_eq!(found, "EmailNotSupported", "{purpose:?}");
    }
    let closed = World::with(|policy| policy.registration.enabled = false);
    let frozen = World::with(|policy| policy.threepids.changes_allowed = false);
    let missing = r#"ParametersMissing(["client_secret", "email", "send_attempt"])"#;
    let rows = [
        (&closed, Purpose::Registration, "RegistrationClosed"),
        (&closed, Purpose::Addition, missing),
        (&closed, Purpose::PasswordReset, missing),
        (&frozen, Purpose::Registration, missing),
        (&frozen, Purpose::Addition, "ChangesForbidden"),
        (&frozen, Purpose::PasswordReset, missing),
    ];
    for (world, purpose, outcome) in rows {
        let found = told(world.ask_email(purpose, &nothing).await);
        assert_eq!(found, outcome, "{purpose:?}");
    }
    let missing =
        r#"ParametersMissing(["client_secret", "country", "phone_number", "send_attempt"])"#;
    let rows = [
        (&closed, Purpose::Registration, "RegistrationClosed"),
        (&closed, Purpose::Addition, missing),
        (&closed, Purpose::PasswordReset, missing),
        (&frozen, Purpose::Registration, missing),
        (&frozen, Purpose::Addition, "ChangesForbidden"),
        (&frozen, Purpose::PasswordReset, missing),
    ];
    for (world, purpose, outcome) in rows {
        let found = told(ask_msisdn(world, purpose, &MsisdnParameters::default()).await);
        assert_eq!(found, outcome, "{purpose:?}");
    }
}

#[tokio::test]
async fn only_a_higher_attempt_sends_another_mail() {
    let world = World::new();
    let ask = async |number| world.mailed(Purpose::Registration, &attempt(number)).await;
    let sid = ask(2).await;
    let first = world.opened();
    for number in [2, 1, 0, -5, i64::MIN] {
        assert_eq!(ask(number).await, sid, "{number}");
    }
    assert_eq!(world.mailer.mails().len(), 1);
    assert_eq!(ask(3).await, sid);
    assert_eq!(world.mailer.mails().len(), 2);
    let second = world.opened();
    assert_ne!(first.token, second.token);

    // The earlier link still opens, and so does the later one afterwards.
    for link in [&first, &second] {
        submit(&world, Purpose::Registration, link).await.unwrap();
    }
    // A session whose link was opened is done with; the client begins another.
    let other = ask(3).await;
    assert_ne!(other, sid);
    assert_eq!(world.mailer.mails().len(), 3);
}

#[tokio::test]
async fn another_client_address_or_purpose_has_a_session_of_its_own() {
    let world = World::new();
    let mut sids = vec![world.mailed(Purpose::Registration, &attempt(1)).await];
    let other_secret = EmailParameters {
        client_secret: given("another"),
        ..attempt(1)
    };
    sids.push(world.mailed(Purpose::Registration, &other_secret).await);
    let other_address = email_wish("other@example.org");
    sids.push(world.mailed(Purpose::Registration, &other_address).await);
    sids.push(world.mailed(Purpose::Addition, &attempt(1)).await);
    assert_eq!(world.mailer.mails().len(), 4);
    sids.sort();
    sids.dedup();
    assert_eq!(sids.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_of_one_client_share_a_session() {
    for _round in 0..ROUNDS {
        let world = Arc::new(World::new());
        let racers = (0..8).map(|_| {
            let world = Arc::clone(&world);
            async move { world.mailed(Purpose::Registration, &attempt(1)).await }
        });
        let mut sids = race(racers).await;
        sids.dedup();
        assert_eq!(sids.len(), 1);
    }
}

#[tokio::test]
async fn a_mail_that_did_not_go_out_leaves_nothing() {
    let world = World::new();
    world.mailer.be_down(true);
    let outcome = world.ask_email(Purpose::Registration, &attempt(1)).await;
    assert!(matches!(outcome, Err(RequestTokenError::Mail(_))));
    world.clock.advance(Duration::from_hours(1));
    let removed = world.services.housekeeping.run(Job::Validations, "here");
    assert_eq!(removed.await.unwrap(), Some(0), "there is nothing");
    world.mailer.be_down(false);
    let sid = world.mailed(Purpose::Registration, &attempt(1)).await;
    let link = world.opened();

    // What went out before an outage stays good.
    world.mailer.be_down(true);
    let outcome = world.ask_email(Purpose::Registration, &attempt(2)).await;
    assert!(matches!(outcome, Err(RequestTokenError::Mail(_))));
    world.mailer.be_down(false);
    let again = world.mailed(Purpose::Registration, &attempt(2)).await;
    assert_eq!(again, sid);
    assert_eq!(world.mailer.mails().len(), 2);
    submit(&world, Purpose::Registration, &link).await.unwrap();
}

#[tokio::test]
async fn contention_sends_one_mail() {
    let world = World::new();
    world.store.contend_next(2);
    world.mailed(Purpose::Registration, &attempt(1)).await;
    assert_eq!(world.mailer.mails().len(), 1);
    world.open_link(Purpose::Registration).await;
}

#[tokio::test]
async fn the_browser_goes_on_to_where_the_client_said() {
    let world = World::new();
    let rows = [
        (
            "https://app.example.org/done",
            "https://app.example.org/done?sid=",
        ),
        (
            "http://app.example.org/?a=b",
            "http://app.example.org/?a=b&sid=",
        ),
        (
            "https://app.example.org/#/done",
            "https://app.example.org/#/done?sid=",
        ),
    ];
    for (number, (link, expected)) in rows.into_iter().enumerate() {
        let wish = EmailParameters {
            client_secret: given(&format!("secret{number}")),
            ..leading_to(link)
        };
        let sid = world.mailed(Purpose::Registration, &wish).await;
        for _click in 0..2 {
            let next = submit(&world, Purpose::Registration, &world.opened()).await;
            let next = next.unwrap().unwrap();
            assert_eq!(next.as_str(), format!("{expected}{sid}"));
        }
    }
    for nothing in [given(""), Given::Null, Given::Absent] {
        let wish = EmailParameters {
            client_secret: given("none"),
            next_link: nothing,
            ..email_wish("other@example.org")
        };
        world.mailed(Purpose::Registration, &wish).await;
        let next = submit(&world, Purpose::Registration, &world.opened()).await;
        assert_eq!(next.unwrap(), None);
    }
}

#[tokio::test]
async fn the_browser_goes_nowhere_else() {
    let world = World::with(|policy| {
        policy.threepids.next_link_hosts = Some(vec!["app.example.org".to_owned()]);
    });
    let rows = [
        ("https://APP.example.org/x", "accepted"),
        ("https://evil.example.org/", "NextLink(ForeignHost)"),
        ("https://app.example.org@evil.org/", "NextLink(NotAllowed)"),
        ("file:///etc/passwd", "NextLink(NotAllowed)"),
        ("javascript:alert(1)", "NextLink(NotAllowed)"),
        ("//app.example.org/", "NextLink(NotAllowed)"),
        ("https://app.example.org/\r\nx: y", "NextLink(NotAllowed)"),
    ];
    for purpose in [Purpose::Registration, Purpose::Addition] {
        for (link, outcome) in rows {
            let found = told(world.ask_email(purpose, &leading_to(link)).await);
            assert_eq!(found, outcome, "{link}");
            let wish = MsisdnParameters {
                next_link: given(link),
                ..msisdn_wish()
            };
            let found = told(ask_msisdn(&world, purpose, &wish).await);
            assert_eq!(found, outcome, "{link}");
        }
    }
    // Nobody is allowed where nobody is listed.
    let world = World::with(|policy| policy.threepids.next_link_hosts = Some(Vec::new()));
    let outcome = world
        .ask_email(
            Purpose::Registration,
            &leading_to("https://app.example.org/"),
        )
        .await;
    assert_eq!(told(outcome), "NextLink(ForeignHost)");
}

#[tokio::test]
async fn clients_and_addresses_are_limited_each_by_itself() {
    let mut world = World::with(once_in_a_while);
    let ask = async |world: &World, email: &str| {
        let wish = email_wish(email);
        world.ask_email(Purpose::Registration, &wish).await.is_ok()
    };
    assert!(ask(&world, "one@example.org").await);
    assert!(ask(&world, "two@example.org").await);
    assert!(!ask(&world, "three@example.org").await, "the client");
    // The other kind of address has a bucket of its own.
    let outcome = ask_msisdn(&world, Purpose::Registration, &msisdn_wish()).await;
    assert!(outcome.is_ok());

    world.ctx.client_ip = Some("192.0.2.2".parse().unwrap());
    assert!(ask(&world, "One@example.org").await);
    world.ctx.client_ip = Some("192.0.2.3".parse().unwrap());
    assert!(!ask(&world, "one@example.org").await, "the address");
    // What the address was refused for has cost the client all the same.
    assert!(ask(&world, "four@example.org").await);
    assert!(!ask(&world, "five@example.org").await);
    world.clock.advance(Duration::from_secs(1001));
    assert!(ask(&world, "five@example.org").await);
}

#[tokio::test]
async fn what_is_refused_before_the_limits_costs_nothing() {
    let world = World::with(once_in_a_while);
    let address = Threepid::from_canonical(Medium::Email, ADDRESS.to_owned());
    world.hooks.deny(address.clone());
    for _ in 0..5 {
        let outcome = world.ask_email(Purpose::Registration, &attempt(1)).await;
        assert_eq!(told(outcome), "Denied(Email)");
    }
    world
        .mailed(Purpose::Registration, &email_wish("b@c"))
        .await;
    let asked = world.hooks.asked();
    let question = HookQuestion::IsThreepidAllowed(address, ThreepidPurpose::Registration);
    assert_eq!(asked[0], question);
}

#[tokio::test]
async fn a_broken_hook_stops_the_request_except_for_passwords() {
    let world = World::new();
    owner(&world).await;
    world.hooks.break_down();
    for purpose in [Purpose::Registration, Purpose::Addition] {
        let outcome = world.ask_email(purpose, &email_wish("b@c")).await;
        assert!(matches!(outcome, Err(RequestTokenError::Hook(_))));
    }
    world.mailed(Purpose::PasswordReset, &attempt(1)).await;
}

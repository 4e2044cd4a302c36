//! Asking for the proof of an address, and handing it in: mails, links, identity servers, limits, and
//! what is left when something goes wrong.

use std::sync::Arc;
use std::time::Duration;

use registrar_domain::given::Given;
use registrar_domain::housekeeping::Job;
use registrar_domain::limit::Rate;
use registrar_domain::policy::Policy;
use registrar_domain::ports::identity_server::FakeIdentityServer;
use registrar_domain::ports::mailer::MailContent;
use registrar_domain::ports::registration_hooks::{HookQuestion, ThreepidPurpose};
use registrar_domain::services::EmailValidation;
use registrar_domain::threepid::request::{
    EmailWish, MsisdnWish, RequestTokenError, TokenRequested,
};
use registrar_domain::threepid::submit::{LinkError, SubmitError, Submitted};
use registrar_domain::threepid::{AllowedThreepid, Medium, NextLink, Purpose, Threepid};
use registrar_domain::token::authenticate::Requester;

use crate::validating::{SECRET, creds, email_wish};
use crate::world::{World, given};

const ADDRESS: &str = "alice@example.org";

fn msisdn_wish() -> MsisdnWish {
    MsisdnWish {
        client_secret: given(SECRET),
        country: given("GB"),
        phone_number: given("07700 900001"),
        send_attempt: Given::Value(1),
        next_link: Given::Absent,
    }
}

fn attempt(number: i64) -> EmailWish {
    EmailWish {
        send_attempt: Given::Value(number),
        ..email_wish(ADDRESS)
    }
}

fn leading_to(link: &str) -> EmailWish {
    EmailWish {
        next_link: given(link),
        ..email_wish(ADDRESS)
    }
}

async fn ask_msisdn(
    world: &World,
    purpose: Purpose,
    wish: &MsisdnWish,
) -> Result<TokenRequested, RequestTokenError> {
    let requests = &world.services.token_requests;
    requests.request_msisdn(&world.ctx, purpose, wish).await
}

async fn submit(
    world: &World,
    purpose: Purpose,
    submitted: &Submitted,
) -> Result<Option<NextLink>, SubmitError> {
    let submission = &world.services.token_submission;
    submission.submit_email(purpose, submitted).await
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
        let threepids = &world.services.threepids;
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
        let wish = EmailWish {
            client_secret: given("a=b"),
            ..email_wish(email)
        };
        let sid = world.mailed(purpose, &wish).await;
        assert_eq!(sid.len(), 16);
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
async fn complaints_about_email_come_in_the_order_of_the_reference() {
    let pattern = regex::Regex::new("@example\\.org$").unwrap();
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
        let complaint = async |wish: &EmailWish| told(world.ask_email(purpose, wish).await);
        // From the first complaint to the last, each wish without what was complained about.
        let mut wish = EmailWish {
            client_secret: Given::Absent,
            email: Given::Absent,
            send_attempt: Given::Absent,
            next_link: Given::Malformed,
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
        assert_eq!(complaint(&wish).await, "MalformedField(\"email\")");
        wish.email = given("nobody");
        assert_eq!(complaint(&wish).await, "Email(EmailAddressError)");
        wish.email = given(denied);
        assert_eq!(complaint(&wish).await, "MalformedField(\"send_attempt\")");
        wish.send_attempt = Given::Value(1);
        assert_eq!(complaint(&wish).await, "MalformedField(\"next_link\")");
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
    let nothing = EmailWish::default();
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
    let outcome = ask_msisdn(&frozen, Purpose::Addition, &MsisdnWish::default()).await;
    assert_eq!(told(outcome), "ChangesForbidden");
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
    let other_secret = EmailWish {
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

#[tokio::test]
async fn concurrent_requests_of_one_client_share_a_session() {
    let world = World::new();
    let wish = attempt(1);
    let ask = || world.mailed(Purpose::Registration, &wish);
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    assert_eq!((&a, &b), (&b, &c));
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
        let wish = EmailWish {
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
        let wish = EmailWish {
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
            let wish = MsisdnWish {
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
async fn with_inhibit_nobody_learns_whose_an_address_is() {
    let world = World::with(|policy| policy.threepids.inhibit_errors = true);
    owner(&world).await;
    let sent = world.mailer.mails().len();
    let clock = &world.clock;
    let now = || registrar_domain::ports::Clock::now(&**clock);
    let rows = [
        (Purpose::Registration, ADDRESS),
        (Purpose::Addition, ADDRESS),
        (Purpose::PasswordReset, "nobody@example.org"),
    ];
    for (purpose, email) in rows {
        let before = now();
        let sid = world.mailed(purpose, &email_wish(email)).await;
        assert!(sid.len() == 16 && sid.bytes().all(|b| b.is_ascii_alphabetic()));
        let waited = now().ms_since(before);
        assert!(
            (100..=1000).contains(&waited) && waited % 100 == 0,
            "{waited}"
        );
        let again = world.mailed(purpose, &email_wish(email)).await;
        assert_ne!(again, sid, "nothing is remembered");
        let before = now();
        let outcome = ask_msisdn(&world, Purpose::Addition, &msisdn_wish()).await;
        assert!(matches!(outcome, Ok(TokenRequested::Here(_))));
        assert!(now().ms_since(before) >= 100);
    }
    assert!(world.identity_server.msisdns().is_empty());
    // Only who is about to register by mistake is told, and only their owner.
    let mails = &world.mailer.mails()[sent..];
    assert_eq!(mails.len(), 2);
    for mail in mails {
        assert_eq!(mail.to.as_str(), ADDRESS);
        assert_eq!(mail.content, MailContent::AlreadyInUse);
    }
    world.mailer.be_down(true);
    let outcome = world
        .ask_email(Purpose::Registration, &email_wish(ADDRESS))
        .await;
    assert!(matches!(outcome, Err(RequestTokenError::Mail(_))));
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

#[tokio::test]
async fn a_delegated_address_is_validated_elsewhere() {
    let server = Arc::new(FakeIdentityServer::default());
    let delegate = server.clone();
    let world = World::over(
        |policy| policy.threepids.inhibit_errors = true,
        |ports| ports.email = EmailValidation::Delegated(delegate),
    );
    let wish = EmailWish {
        next_link: given("https://app.example.org/"),
        ..email_wish(" Alice@Example.ORG")
    };
    let outcome = world.ask_email(Purpose::Addition, &wish).await.unwrap();
    let TokenRequested::Elsewhere(reply) = outcome else {
        panic!("it was done here");
    };
    assert_eq!(reply.body, r#"{"sid":"1"}"#);
    let asked = server.emails();
    assert_eq!(asked[0].email.as_str(), ADDRESS);
    assert_eq!(asked[0].send_attempt, 1);
    let link = asked[0].next_link.as_ref().map(NextLink::as_str);
    assert_eq!(
        link,
        Some("https://app.example.org/"),
        "as the client wrote it"
    );
    assert!(world.mailer.mails().is_empty());

    // Whether to send again is up to the other server; whether to ask it at all is not.
    world.ask_email(Purpose::Addition, &wish).await.unwrap();
    assert_eq!(server.emails().len(), 2);
    let outcome = world.ask_email(Purpose::PasswordReset, &wish).await;
    assert!(matches!(outcome, Ok(TokenRequested::Here(_))));
    assert_eq!(server.emails().len(), 2);
    server.be_down(true);
    let outcome = world.ask_email(Purpose::Addition, &wish).await;
    assert!(matches!(outcome, Err(RequestTokenError::IdentityServer(_))));
}

#[tokio::test]
async fn a_phone_number_is_validated_elsewhere_as_the_client_wrote_it() {
    let world = World::new();
    let outcome = ask_msisdn(&world, Purpose::Registration, &msisdn_wish()).await;
    assert!(matches!(outcome, Ok(TokenRequested::Elsewhere(_))));
    let asked = world.identity_server.msisdns();
    assert_eq!(asked[0].country, "GB");
    assert_eq!(asked[0].phone_number, "07700 900001");
    let question = HookQuestion::IsThreepidAllowed(
        Threepid::from_canonical(Medium::Msisdn, "447700900001".to_owned()),
        ThreepidPurpose::Registration,
    );
    assert_eq!(world.hooks.asked(), [question], "in its canonical form");
    world.identity_server.be_down(true);
    let outcome = ask_msisdn(&world, Purpose::Registration, &msisdn_wish()).await;
    assert!(matches!(outcome, Err(RequestTokenError::IdentityServer(_))));
}

#[tokio::test]
async fn complaints_about_phone_numbers_come_in_the_order_of_the_reference() {
    let world = World::over(once_in_a_while, |ports| ports.msisdn = None);
    let purpose = Purpose::Registration;
    let complaint = async |wish: &MsisdnWish| told(ask_msisdn(&world, purpose, wish).await);
    let mut wish = MsisdnWish::default();
    let missing =
        r#"ParametersMissing(["client_secret", "country", "phone_number", "send_attempt"])"#;
    assert_eq!(complaint(&wish).await, missing);
    wish = MsisdnWish {
        client_secret: Given::Null,
        country: Given::Malformed,
        phone_number: Given::Malformed,
        send_attempt: Given::Malformed,
        next_link: Given::Malformed,
    };
    let expected = "ClientSecret(ClientSecretError)";
    assert_eq!(complaint(&wish).await, expected);
    wish.client_secret = given(SECRET);
    assert_eq!(complaint(&wish).await, "MalformedField(\"country\")");
    wish.country = Given::Null;
    assert_eq!(complaint(&wish).await, "MalformedField(\"phone_number\")");
    for number in [Given::Null, given(""), given("07700 900001")] {
        wish.phone_number = number;
        assert_eq!(complaint(&wish).await, "PhoneNumber(PhoneNumberError)");
    }
    wish.phone_number = given("+44 7700 900001");
    assert_eq!(complaint(&wish).await, "MalformedField(\"send_attempt\")");
    wish.send_attempt = Given::Value(1);
    assert_eq!(complaint(&wish).await, "MalformedField(\"next_link\")");
    wish.next_link = given("ftp://x");
    assert_eq!(complaint(&wish).await, "NextLink(NotAllowed)");
    wish.next_link = Given::Absent;
    // That nobody validates phone numbers comes last, and costs.
    for _ in 0..2 {
        let expected = "MsisdnNotSupported(Registration)";
        assert_eq!(complaint(&wish).await, expected);
    }
    assert!(complaint(&wish).await.starts_with("Limited("));
}

#[tokio::test]
async fn a_link_says_what_is_wrong_with_it() {
    let world = World::new();
    let sid = world.mailed(Purpose::Registration, &attempt(1)).await;
    let good = world.opened();
    let foreign = {
        let wish = EmailWish {
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
    let sid = registrar_domain::threepid::ValidationSessionId::new(sid);
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
        assert_eq!(told(submission.check_link(submitted)), *refusal);
    }
    // Looking at a link validates nothing.
    submission.check_link(&good).unwrap();
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
    let wish = EmailWish {
        send_attempt: Given::Value(2),
        ..wish
    };
    world.mailed(Purpose::Registration, &wish).await;
    world.open_link(Purpose::Registration).await;
    assert_eq!(world.opened().sid, too_late.sid);
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
    let reply = submission.submit_msisdn(&submitted).await.unwrap();
    assert!(!reply.accepted);
    world.vouched("77", Medium::Msisdn, "447700900001");
    let reply = submission.submit_msisdn(&submitted).await.unwrap();
    assert!(reply.accepted);
    world.identity_server.be_down(true);
    let outcome = submission.submit_msisdn(&submitted).await;
    assert!(matches!(outcome, Err(SubmitError::IdentityServer(_))));
    let outcome = submission.submit_msisdn(&Submitted::default()).await;
    assert_eq!(told(outcome), "ParameterMissing(\"sid\")");
    let off = World::over(|_| {}, |ports| ports.msisdn = None);
    let submission = &off.services.token_submission;
    let outcome = submission.submit_msisdn(&Submitted::default()).await;
    assert_eq!(told(outcome), "MsisdnNotSupported");
    assert_eq!(
        told(submission.check_msisdn_supported()),
        "MsisdnNotSupported"
    );
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
    let sid = registrar_domain::threepid::ValidationSessionId::new(validated);
    assert_eq!(uow.validations().find(&sid).await.unwrap(), None);
}

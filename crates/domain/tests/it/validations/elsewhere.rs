//! Addresses that an identity server validates.

use std::time::Duration;

use registrar_domain::model::given::Given;
use registrar_domain::model::job::Job;
use registrar_domain::model::threepid::{Medium, NextLink, Purpose, Threepid, ValidatedThreepid};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::registration_hooks::ThreepidPurpose;
use registrar_domain::usecase::threepid::manage::NamedThreepid;
use registrar_domain::usecase::threepid::request::{
    EmailParameters, MsisdnParameters, RequestTokenError, TokenRequested,
};
use registrar_testkit::HookQuestion;

use super::{ADDRESS, ask_msisdn, msisdn_wish, once_in_a_while, told};
use crate::validating::{SECRET, creds, delegating, email_wish, validated};
use crate::world::{World, given};

#[tokio::test]
async fn a_delegated_address_is_validated_elsewhere() {
    let (world, server) = delegating(|_| {});
    let wish = EmailParameters {
        next_link: given("https://app.example.org/"),
        ..email_wish(" Alice@Example.ORG")
    };
    let outcome = world.ask_email(Purpose::Addition, &wish).await.unwrap();
    let TokenRequested::Elsewhere(reply) = outcome else {
        panic!("it was done here");
    };
    assert_eq!(reply.answer.text(), r#"{"sid":"1"}"#);
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
    assert_eq!(told(outcome), "NotFound(Email)");
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
async fn complaints_about_phone_numbers_come_in_the_order_of_synapse() {
    let world = World::over(once_in_a_while, |ports| ports.msisdn = None);
    let purpose = Purpose::Registration;
    let complaint = async |wish: &MsisdnParameters| told(ask_msisdn(&world, purpose, wish).await);
    let mut wish = MsisdnParameters::default();
    let missing =
        r#"ParametersMissing(["client_secret", "country", "phone_number", "send_attempt"])"#;
    assert_eq!(complaint(&wish).await, missing);
    wish = MsisdnParameters {
        client_secret: Given::Null,
        country: Given::Malformed,
        phone_number: Given::Malformed,
        send_attempt: Given::Malformed,
        next_link: Given::Malformed,
        session: Given::Absent,
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
async fn a_delegated_proof_gives_one_address_once_while_it_is_fresh() {
    let world = World::new();
    let alice = world.signed_in("alice").await;
    let at = |unix_ms| ValidatedThreepid {
        validated: Timestamp::from_unix_ms(unix_ms),
        ..validated(Medium::Msisdn, "447700900001")
    };
    let (vouch, threepids) = (&world.identity_server, &world.services.threepids);
    let add = async |sid: &str| {
        let credentials = Given::Value(creds(sid, SECRET));
        told(
            threepids
                .changes()
                .unwrap()
                .add_at_once(&alice, &credentials)
                .await,
        )
    };
    let (now, hour) = (1_700_000_000_000, 60 * 60 * 1000);
    let stale = [
        ("old", now - 48 * hour),
        ("future", now + hour),
        ("never", i64::MAX),
    ];
    for (sid, moment) in stale {
        vouch.vouch(sid, SECRET, at(moment));
        assert_eq!(add(sid).await, "NotValidated", "{sid}");
    }
    vouch.vouch("fresh", SECRET, at(now - 47 * hour));
    for _ in 0..2 {
        assert_eq!(
            add("fresh").await,
            "accepted",
            "a repeated request finds it added"
        );
    }
    let named = NamedThreepid {
        medium: given("msisdn"),
        address: given("447700900001"),
        id_server: Given::Absent,
    };
    threepids
        .changes()
        .unwrap()
        .remove(&alice, &named)
        .await
        .unwrap();
    assert_eq!(add("fresh").await, "NotValidated", "it was used");
    // The record outlives the proof, whatever the identity server says later.
    world.clock.advance(Duration::from_hours(47));
    let housekeeping = &world.services.housekeeping;
    housekeeping.run(Job::Validations, "here").await.unwrap();
    vouch.vouch("fresh", SECRET, at(now + 46 * hour));
    assert_eq!(add("fresh").await, "NotValidated");
}

//! `/account/3pid/delete`, `/unbind` and `/bind`: identifiers that are removed, or bound elsewhere.

use registrar_domain::model::given::Given;
use registrar_domain::model::threepid::{Medium, Purpose};
use registrar_domain::usecase::threepid::manage::{BindRequest, NamedThreepid, ThreepidError};

use super::{ADDRESS, at_once, named};
use crate::validating::{SECRET, creds};
use crate::world::{World, given};

#[tokio::test]
async fn an_address_is_removed_in_whatever_form_it_is_named() {
    let world = World::new();
    let alice = world.signed_in("alice").await;
    let bob = world.signed_in("bob").await;
    let sid = world.validated(Purpose::Addition, ADDRESS).await;
    at_once(&world, &alice, &sid, SECRET).await.unwrap();
    world.vouched("77", Medium::Msisdn, "447700900001");
    at_once(&world, &alice, "77", SECRET).await.unwrap();
    let threepids = &world.services.threepids;
    for (medium, address) in [("email", ADDRESS), ("msisdn", "447700900001")] {
        threepids
            .changes()
            .unwrap()
            .remove(&bob, &named(medium, address))
            .await
            .unwrap();
    }
    assert_eq!(world.threepids("alice").await.len(), 2, "not his");
    let address = named("email", " ALICE@Example.org");
    threepids
        .changes()
        .unwrap()
        .remove(&alice, &address)
        .await
        .unwrap();
    assert_eq!(world.threepids("alice").await, ["msisdn:447700900001"]);
    let number = named("msisdn", "447700900001");
    for _again in 0..2 {
        threepids
            .changes()
            .unwrap()
            .remove(&alice, &number)
            .await
            .unwrap();
    }
    assert!(world.threepids("alice").await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_an_identifier_is_refused() {
    let world = World::new();
    let alice = world.signed_in("alice").await;
    let threepids = &world.services.threepids;
    let long = format!("{}@example.org", "a".repeat(2000));
    let rows = [
        (
            Given::Absent,
            given(ADDRESS),
            "ParameterMissing(\"medium\")",
        ),
        (Given::Null, given(ADDRESS), "ParameterMissing(\"medium\")"),
        (
            Given::Malformed,
            given(ADDRESS),
            "MalformedField(\"medium\")",
        ),
        (given("fax"), given("1"), "MalformedField(\"medium\")"),
        (
            given("email"),
            Given::Absent,
            "ParameterMissing(\"address\")",
        ),
        (given("email"), given(""), "ParameterMissing(\"address\")"),
        (
            given("email"),
            Given::Malformed,
            "MalformedField(\"address\")",
        ),
        (given("email"), given("nobody"), "Email(EmailAddressError)"),
        (given("email"), given(&long), "MalformedField(\"address\")"),
        (
            given("msisdn"),
            given("a\0b"),
            "MalformedField(\"address\")",
        ),
        (
            given("msisdn"),
            given("+44 77"),
            "MalformedField(\"address\")",
        ),
    ];
    for (medium, address, refusal) in rows {
        let named = NamedThreepid {
            medium,
            address,
            id_server: Given::Absent,
        };
        let refused = threepids.changes().unwrap().remove(&alice, &named).await;
        assert_eq!(format!("{:?}", refused.expect_err("it passed")), refusal);
        let refused = threepids.unbind(&named);
        assert_eq!(format!("{:?}", refused.expect_err("it passed")), refusal);
    }
    let mut good = named("email", ADDRESS);
    threepids.unbind(&good).unwrap();
    good.id_server = Given::Malformed;
    let refused = threepids.unbind(&good);
    assert!(matches!(
        refused,
        Err(ThreepidError::MalformedField("id_server"))
    ));
}

#[tokio::test]
async fn no_identity_server_is_asked_that_a_client_names() {
    let world = World::new();
    let request = |id_server, id_access_token| BindRequest {
        credentials: creds("1", SECRET),
        id_server,
        id_access_token,
    };
    let (server, token) = (given("127.0.0.1:8008"), given("token"));
    let rows = [
        (server.clone(), token.clone(), "ServerNotTrusted"),
        (
            Given::Absent,
            token.clone(),
            "ParameterMissing(\"id_server\")",
        ),
        (Given::Malformed, token, "MalformedField(\"id_server\")"),
        (
            server.clone(),
            Given::Null,
            "ParameterMissing(\"id_access_token\")",
        ),
        (
            server,
            Given::Malformed,
            "MalformedField(\"id_access_token\")",
        ),
    ];
    let threepids = &world.services.threepids;
    for (id_server, id_access_token, refusal) in rows {
        let refused = threepids.bind(&request(id_server, id_access_token));
        assert_eq!(format!("{:?}", refused.expect_err("it passed")), refusal);
    }
    let refused = threepids.bind(&BindRequest::default());
    assert!(matches!(
        refused,
        Err(ThreepidError::ParameterMissing("client_secret"))
    ));
}

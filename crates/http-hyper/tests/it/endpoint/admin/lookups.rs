//! The short questions: `username_available`, `threepid`, `whois`, `joined_rooms`, `server_version`.

use http::Method;
use registrar_domain::model::limit::Rate;
use serde_json::{Value, json};

use super::Office;
use crate::client::text;
use crate::server::TestServer;

#[tokio::test]
async fn names_are_available_or_not() {
    let office = Office::open().await;
    let rows = [
        ("username=alice", 200, ""),
        ("username=root", 400, "M_USER_IN_USE"),
        ("username=Alice", 400, "M_INVALID_USERNAME"),
        ("username=", 400, "M_INVALID_USERNAME"),
        ("username=123", 400, "M_INVALID_USERNAME"),
        ("username=%C3%BC", 400, "M_UNKNOWN"),
        ("", 400, "M_MISSING_PARAM"),
    ];
    for (query, status, errcode) in rows {
        let answer = office.get(&format!("v1/username_available?{query}")).await;
        if status == 200 {
            answer.gives(200, &json!({"available": true}));
        } else {
            answer.refuses(status, errcode);
        }
    }
}

#[tokio::test]
async fn an_address_leads_to_its_owner() {
    let office = Office::open().await;
    let threepids = json!({"threepids": [
        {"medium": "email", "address": "Alice@Example.org"},
        {"medium": "msisdn", "address": "447700900001"},
    ]});
    let answer = office.put("v2/users/@alice:example.org", &threepids).await;
    answer.body_of(201);
    for address in [
        "email/users/alice@example.org",
        "email/users/ALICE%40EXAMPLE.ORG",
        "msisdn/users/447700900001",
        "msisdn/users/%2B447700900001",
    ] {
        let answer = office.get(&format!("v1/threepid/{address}")).await;
        answer.gives(200, &json!({"user_id": "@alice:example.org"}));
    }
    for address in [
        "email/users/bob@example.org",
        "email/users/447700900001",
        "msisdn/users/07700900001",
        "carrier-pigeon/users/alice@example.org",
        "email/users/",
        "email/users/a%00@b",
    ] {
        let answer = office.get(&format!("v1/threepid/{address}")).await;
        answer.refuses(404, "M_NOT_FOUND");
    }
}

#[tokio::test]
async fn whois_is_for_oneself_and_for_administrators() {
    let office = Office::open().await;
    let server = &office.server;
    let alice = server.registered("alice").await;
    let bob = server.registered("bob").await;
    let guest = server.post("/register?kind=guest", &json!({})).await.json();
    let expected = json!({
        "devices": {"": {"sessions": [{"connections": [
            {"ip": null, "last_seen": 1_700_000_000_000_i64, "user_agent": null},
        ]}]}},
        "user_id": "@alice:example.org",
    });
    let whois = async |base: &str, who: &Value, user_id: &str| {
        let path = format!("{base}/whois/{user_id}");
        let token = Some(text(who, "access_token"));
        server
            .call_at(Method::GET, &path, token, &Value::Null)
            .await
    };
    let root = json!({"access_token": office.token});
    for base in ["/_synapse/admin/v1", "/_matrix/client/v3/admin"] {
        for who in [&root, &alice] {
            let answer = whois(base, who, "@alice:example.org").await;
            answer.gives(200, &expected);
        }
        let answer = whois(base, &bob, "@alice:example.org").await;
        answer.refuses(403, "M_FORBIDDEN");
        // Whether others exist is nobody's business.
        for user_id in ["@nobody:example.org", "@a:elsewhere.org"] {
            let answer = whois(base, &bob, user_id).await;
            answer.refuses(403, "M_FORBIDDEN");
        }
        let answer = whois(base, &root, "@nobody:example.org").await;
        answer.refuses(404, "M_NOT_FOUND");
        let answer = whois(base, &root, "@a:elsewhere.org").await;
        answer.refuses(400, "M_UNKNOWN");
        let answer = whois(base, &bob, "bob").await;
        answer.refuses(400, "M_INVALID_PARAM");
        let answer = whois(base, &guest, "@alice:example.org").await;
        answer.refuses(403, "M_GUEST_ACCESS_FORBIDDEN");
        let path = format!("{base}/whois/@alice:example.org");
        let answer = server.get(&path).await;
        answer.refuses(401, "M_MISSING_TOKEN");
    }
}

#[tokio::test]
async fn nobody_has_joined_a_room_here() {
    let office = Office::open().await;
    let answer = office.get("v1/users/@root:example.org/joined_rooms").await;
    answer.gives(200, &json!({"joined_rooms": [], "total": 0}));
}

#[tokio::test]
async fn the_version_is_no_secret() {
    let server = TestServer::new();
    let answer = server.get("/_synapse/admin/v1/server_version").await;
    let version = format!("registrar {}", env!("CARGO_PKG_VERSION"));
    answer.gives(200, &json!({"server_version": version}));
}

#[tokio::test]
async fn administrators_are_not_held_up_by_the_limits_of_others() {
    let nothing = Rate {
        per_second: 0.0,
        burst_count: 1.0,
    };
    let server = TestServer::under(|policy| {
        policy.rates.registration = nothing;
    });
    let office = Office::of(server).await;
    for name in ["a", "b", "c"] {
        let path = format!("v2/users/@{name}:example.org");
        office.put(&path, &json!({})).await.body_of(201);
    }
}

//! `GET /_matrix/client/v3/profile/{userId}/displayname`

use http::Method;
use registrar_domain::model::policy::ProfileReaders;
use serde_json::{Value, json};

use crate::client::text;
use crate::server::TestServer;

#[tokio::test]
async fn an_account_is_called_by_its_localpart_until_it_says_otherwise() {
    let server = TestServer::new();
    server.registered("a/b").await;
    for user_id in ["@a%2Fb:example.org", "%40a%2Fb%3Aexample.org"] {
        let path = format!("/_matrix/client/v3/profile/{user_id}/displayname");
        let answer = server.get(&path).await;
        answer.gives(200, &json!({"displayname": "a/b"}));
    }
}

#[tokio::test]
async fn nobody_and_somebody_elsewhere_have_no_name_here() {
    let server = TestServer::new();
    server.registered("alice").await;
    for user_id in [
        "",
        "alice",
        "@alice",
        "@alice:",
        "@bob:example.org",
        "@alice:example.com",
        "@alice%00:example.org",
        "%FF",
    ] {
        let path = format!("/_matrix/client/v3/profile/{user_id}/displayname");
        server.get(&path).await.refuses(404, "M_NOT_FOUND");
    }
}

#[tokio::test]
async fn the_operator_chooses_who_reads_profiles() {
    use ProfileReaders::{Everybody, Nobody, Users};
    let own = "@alice:example.org";
    let (other, unknown) = ("@bob:example.org", "@carol:example.org");
    let rows = [
        (Everybody, None, own, 200, ""),
        (Everybody, Some("guest"), own, 200, ""),
        (Users, None, own, 401, "M_MISSING_TOKEN"),
        (Users, None, unknown, 401, "M_MISSING_TOKEN"),
        (Users, Some("guest"), own, 403, "M_GUEST_ACCESS_FORBIDDEN"),
        (Users, Some("alice"), own, 200, ""),
        (Users, Some("alice"), other, 200, ""),
        (Users, Some("alice"), unknown, 404, "M_NOT_FOUND"),
        (Nobody, None, own, 401, "M_MISSING_TOKEN"),
        (Nobody, Some("alice"), own, 200, ""),
        (Nobody, Some("alice"), other, 403, "M_FORBIDDEN"),
        (Nobody, Some("alice"), unknown, 403, "M_FORBIDDEN"),
        (Nobody, Some("alice"), "alice", 403, "M_FORBIDDEN"),
    ];
    for (readers, requester, user_id, status, errcode) in rows {
        let server = TestServer::under(|policy| policy.accounts.profiles = readers);
        let alice = server.registered("alice").await;
        server.registered("bob").await;
        let guest = server.post("/register?kind=guest", &json!({})).await;
        let guest = guest.body_of(200);
        let token = requester.map(|requester| match requester {
            "guest" => text(&guest, "access_token"),
            _ => text(&alice, "access_token"),
        });
        let path = format!("/_matrix/client/v3/profile/{user_id}/displayname");
        let answer = server
            .call_at(Method::GET, &path, token, &Value::Null)
            .await;
        if status == 200 {
            answer.body_of(200);
        } else {
            answer.refuses(status, errcode);
        }
    }
}

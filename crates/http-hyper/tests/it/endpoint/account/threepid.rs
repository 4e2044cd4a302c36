//! `/_matrix/client/v3/account/3pid` and what lies below

use http::Method;
use registrar_domain::model::threepid::{Medium, Threepid};
use registrar_domain::ports::EmailValidation;
use serde_json::{Value, json};

use crate::client::{PASSWORD, text, with};
use crate::mails::{
    ADDITION, ADDRESS, PASSWORD_RESET, REGISTRATION, SECRET, email_request, msisdn_request,
    password,
};
use crate::server::TestServer;

const PATH: &str = "/account/3pid";
const ADD: &str = "/account/3pid/add";
const DELETE: &str = "/account/3pid/delete";

fn creds(sid: &str) -> Value {
    json!({"client_secret": SECRET, "sid": sid})
}

fn named(medium: &str, address: &str) -> Value {
    json!({"medium": medium, "address": address})
}

async fn alice() -> (TestServer, String) {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let token = text(&alice, "access_token").to_owned();
    (server, token)
}

#[tokio::test]
async fn adding_an_address_takes_its_proof_and_the_password() {
    let (server, token) = alice().await;
    let nothing = json!({"threepids": []});
    server.get_as(&token, PATH).await.gives(200, &nothing);
    let sid = server.validated(ADDITION, "Alice@Example.org").await;
    let prompt = json!({
        "session": "<session>",
        "flows": [{"stages": ["m.login.password"]}],
        "params": {},
    });
    let answer = server.post_as(&token, ADD, &creds(&sid)).await;
    answer.gives(401, &prompt);
    let session = answer.json()["session"].clone();
    server.get_as(&token, PATH).await.gives(200, &nothing);
    server.clock.advance(std::time::Duration::from_secs(1));
    let body = with(
        creds(&sid),
        json!({"auth": password(&session, "alice", PASSWORD)}),
    );
    let answer = server.post_as(&token, ADD, &body).await;
    answer.gives(200, &json!({}));
    server.get_as(&token, PATH).await.gives(
        200,
        &json!({"threepids": [{
            "medium": "email",
            "address": ADDRESS,
            "validated_at": 1_700_000_000_000_i64,
            "added_at": 1_700_000_001_000_i64,
        }]}),
    );
    // What was proved is used up: the password's session, and the address's.
    let answer = server.post_as(&token, ADD, &body).await;
    answer.refuses(400, "M_UNKNOWN");
    let answer = server
        .post_as(&token, PATH, &json!({"three_pid_creds": creds(&sid)}))
        .await;
    answer.refuses(400, "M_THREEPID_AUTH_FAILED");
}

#[tokio::test]
async fn old_clients_add_an_address_at_once_in_either_spelling() {
    let (server, token) = alice().await;
    server.vouched("77", "447700900001");
    let sid = server.validated(ADDITION, ADDRESS).await;
    let body = json!({"threePidCreds": creds(&sid), "three_pid_creds": creds("nosuch")});
    let answer = server.post_as(&token, PATH, &body).await;
    answer.gives(200, &json!({}));
    // Some clients take the ID of a session for a number.
    let number = with(creds("77"), json!({"sid": 77}));
    let body = json!({"threePidCreds": null, "three_pid_creds": number});
    let answer = server.post_as(&token, PATH, &body).await;
    answer.gives(200, &json!({}));
    assert_eq!(server.addresses(&token).await, [ADDRESS, "447700900001"]);
}

#[tokio::test]
async fn proofs_that_add_nothing() {
    let (server, token) = alice().await;
    let unopened = server
        .mailed(ADDITION, &email_request(ADDRESS, json!({})))
        .await;
    let registering = server.validated(REGISTRATION, ADDRESS).await;
    let other = email_request(ADDRESS, json!({"client_secret": "another"}));
    let others = server.mailed(ADDITION, &other).await;
    server.open_link().await;
    for sid in ["nosuch", &unopened, &registering, &others] {
        let body = json!({"three_pid_creds": creds(sid)});
        let answer = server.post_as(&token, PATH, &body).await;
        answer.refuses(400, "M_THREEPID_AUTH_FAILED");
        let auth = password(&Value::Null, "alice", PASSWORD);
        let body = with(creds(sid), json!({"auth": auth}));
        let answer = server.post_as(&token, ADD, &body).await;
        answer.refuses(400, "M_THREEPID_AUTH_FAILED");
    }
    server.given_address(&token, "other@example.org").await;
    let resetting = server.validated(PASSWORD_RESET, "other@example.org").await;
    let body = json!({"three_pid_creds": creds(&resetting)});
    let answer = server.post_as(&token, PATH, &body).await;
    answer.refuses(400, "M_THREEPID_AUTH_FAILED");
    assert_eq!(server.addresses(&token).await, ["other@example.org"]);
}

#[tokio::test]
async fn an_address_belongs_to_one_account() {
    let (server, token) = alice().await;
    let bob = server.registered("bob").await;
    let bob = text(&bob, "access_token");
    let body = email_request(ADDRESS, json!({"client_secret": "his"}));
    let his = server.mailed(ADDITION, &body).await;
    server.open_link().await;
    server.given_address(&token, ADDRESS).await;
    let body = json!({"three_pid_creds": {"client_secret": "his", "sid": his}});
    let answer = server.post_as(bob, PATH, &body).await;
    answer.refuses(400, "M_THREEPID_IN_USE");
    // What is not his he cannot take away.
    let answer = server.post_as(bob, DELETE, &named("email", ADDRESS)).await;
    let expected = json!({"id_server_unbind_result": "no-support"});
    answer.gives(200, &expected);
    assert_eq!(server.addresses(&token).await, [ADDRESS]);
    let answer = server
        .post_as(&token, DELETE, &named("email", "ALICE@example.org"))
        .await;
    answer.gives(200, &expected);
    server
        .post_as(bob, PATH, &body)
        .await
        .gives(200, &json!({}));
}

#[tokio::test]
async fn a_uia_session_belongs_to_the_login_that_opened_it() {
    let (server, alice) = alice().await;
    let bob = server.registered("bob").await;
    let bob = text(&bob, "access_token");
    let sid = server.validated(ADDITION, ADDRESS).await;
    let prompt = server.post_as(&alice, ADD, &creds(&sid)).await;
    let session = prompt.body_of(401)["session"].clone();
    for (token, user) in [(bob, "alice"), (bob, "bob"), (&alice, "bob")] {
        let auth = json!({"auth": password(&session, user, PASSWORD)});
        let body = with(creds(&sid), auth);
        let answer = server.post_as(token, ADD, &body).await;
        answer.refuses(403, "M_FORBIDDEN");
    }
    assert!(server.addresses(&alice).await.is_empty());
    assert!(server.addresses(bob).await.is_empty());
}

#[tokio::test]
async fn every_field_has_a_type() {
    let (server, token) = alice().await;
    let long = "s".repeat(256);
    let mut rows = Vec::new();
    for (client_secret, sid, errcode) in [
        (Value::Null, json!("s"), "M_MISSING_PARAM"),
        (json!(""), json!("s"), "M_MISSING_PARAM"),
        (json!(1), json!("s"), "M_INVALID_PARAM"),
        (json!("a b"), json!("s"), "M_INVALID_PARAM"),
        (json!(long), json!("s"), "M_INVALID_PARAM"),
        (json!(SECRET), Value::Null, "M_MISSING_PARAM"),
        (json!(SECRET), json!(""), "M_MISSING_PARAM"),
        (json!(SECRET), json!([]), "M_INVALID_PARAM"),
        (json!(SECRET), json!(long), "M_INVALID_PARAM"),
        (json!(SECRET), json!("a\0b"), "M_INVALID_PARAM"),
    ] {
        let creds = json!({"client_secret": client_secret, "sid": sid});
        rows.push((PATH, json!({"three_pid_creds": creds}), errcode));
        let servers = json!({"id_server": "is.example.org", "id_access_token": "t"});
        rows.push(("/account/3pid/bind", with(creds.clone(), servers), errcode));
        rows.push((ADD, creds, errcode));
    }
    let good = json!({"client_secret": SECRET, "sid": "s"});
    rows.extend([
        (PATH, json!({}), "M_MISSING_PARAM"),
        (PATH, json!({"three_pid_creds": null}), "M_MISSING_PARAM"),
        (PATH, json!({"three_pid_creds": 1}), "M_INVALID_PARAM"),
        (
            PATH,
            json!({"three_pid_creds": good, "threePidCreds": 1}),
            "M_INVALID_PARAM",
        ),
        (ADD, json!({}), "M_MISSING_PARAM"),
        (ADD, with(good.clone(), json!({"auth": []})), "M_BAD_JSON"),
        ("/account/3pid/bind", good, "M_MISSING_PARAM"),
    ]);
    let address = "a".repeat(3000) + "@example.org";
    for path in [DELETE, "/account/3pid/unbind"] {
        for (medium, address, errcode) in [
            (Value::Null, json!(ADDRESS), "M_MISSING_PARAM"),
            (json!(1), json!(ADDRESS), "M_INVALID_PARAM"),
            (json!("fax"), json!("1"), "M_INVALID_PARAM"),
            (json!("email"), Value::Null, "M_MISSING_PARAM"),
            (json!("email"), json!({}), "M_INVALID_PARAM"),
            (json!("email"), json!("nobody"), "M_UNKNOWN"),
            (json!("email"), json!(address), "M_INVALID_PARAM"),
            (json!("msisdn"), json!("+1"), "M_INVALID_PARAM"),
        ] {
            rows.push((path, json!({"medium": medium, "address": address}), errcode));
        }
        let body = with(named("email", ADDRESS), json!({"id_server": 1}));
        rows.push((path, body, "M_INVALID_PARAM"));
    }
    for (path, body, errcode) in rows {
        let answer = server.post_as(&token, path, &body).await;
        assert_eq!(answer.status, 400, "{path} {body}");
        answer.refuses(400, errcode);
    }
    for path in [
        PATH,
        ADD,
        DELETE,
        "/account/3pid/bind",
        "/account/3pid/unbind",
    ] {
        let answer = server.post_as(&token, path, &Value::Null).await;
        answer.refuses(400, "M_NOT_JSON");
        let answer = server.post_as(&token, path, &json!([])).await;
        answer.refuses(400, "M_BAD_JSON");
    }
}

#[tokio::test]
async fn everything_needs_a_token_of_somebody_who_is_no_guest() {
    let server = TestServer::new();
    let guest = server.post("/register?kind=guest", &json!({})).await.json();
    let guest = text(&guest, "access_token");
    for (method, path) in [
        (Method::GET, PATH),
        (Method::POST, PATH),
        (Method::POST, ADD),
        (Method::POST, DELETE),
        (Method::POST, "/account/3pid/bind"),
        (Method::POST, "/account/3pid/unbind"),
    ] {
        let answer = server.call(method.clone(), path, None, &json!({})).await;
        answer.refuses(401, "M_MISSING_TOKEN");
        let answer = server.call(method, path, Some(guest), &json!({})).await;
        answer.refuses(403, "M_GUEST_ACCESS_FORBIDDEN");
    }
}

#[tokio::test]
async fn where_changes_are_forbidden_that_is_told_first() {
    let server = TestServer::under(|it| it.threepids.changes_allowed = false);
    for path in [PATH, ADD, DELETE] {
        let answer = server.post(path, &Value::Null).await;
        answer.refuses(400, "M_FORBIDDEN");
    }
    let answer = server
        .post("/account/3pid/email/requestToken", &Value::Null)
        .await;
    answer.refuses(400, "M_FORBIDDEN");
    let answer = server
        .post(
            "/account/3pid/msisdn/requestToken",
            &msisdn_request(json!({})),
        )
        .await;
    answer.refuses(400, "M_FORBIDDEN");
    let alice = server.registered("alice").await;
    let token = text(&alice, "access_token");
    let nothing = json!({"threepids": []});
    server.get_as(token, PATH).await.gives(200, &nothing);
}

#[tokio::test]
async fn nothing_is_bound_and_nothing_unbound() {
    let (server, token) = alice().await;
    let body = json!({
        "client_secret": SECRET,
        "sid": "1",
        "id_server": "is.example.org",
        "id_access_token": "token",
    });
    let answer = server.post_as(&token, "/account/3pid/bind", &body).await;
    answer.refuses(400, "M_SERVER_NOT_TRUSTED");
    server.given_address(&token, ADDRESS).await;
    let body = named("email", ADDRESS);
    let answer = server.post_as(&token, "/account/3pid/unbind", &body).await;
    answer.gives(200, &json!({"id_server_unbind_result": "no-support"}));
    assert_eq!(server.addresses(&token).await, [ADDRESS], "it stays");
}

#[tokio::test]
async fn proof_of_an_address_is_asked_for_in_the_order_of_synapse() {
    let server = TestServer::under(|it| {
        it.threepids.next_link_hosts = Some(vec!["app.example.org".to_owned()]);
    });
    let alice = server.registered("alice").await;
    server
        .given_address(text(&alice, "access_token"), ADDRESS)
        .await;
    let denied = "x@elsewhere.org";
    let address = Threepid::from_canonical(Medium::Email, denied.to_owned());
    server.hooks.deny(address);
    let evil = json!({"next_link": "https://evil.org/"});
    let free = "bob@example.org";
    let rows = [
        (ADDITION, denied, evil.clone(), 403, "M_THREEPID_DENIED"),
        (ADDITION, ADDRESS, evil.clone(), 400, "M_INVALID_PARAM"),
        (ADDITION, ADDRESS, json!({}), 400, "M_THREEPID_IN_USE"),
        (PASSWORD_RESET, free, evil, 400, "M_INVALID_PARAM"),
        (PASSWORD_RESET, free, json!({}), 400, "M_THREEPID_NOT_FOUND"),
    ];
    for (below, email, others, status, errcode) in rows {
        let path = format!("{below}/email/requestToken");
        let answer = server.post(&path, &email_request(email, others)).await;
        answer.refuses(status, errcode);
    }
    // Bodies that cannot be read. Registration, whose fields Synapse reads one by one, differs.
    let rows = [
        (json!({"email": "bad"}), "M_BAD_JSON"),
        (json!({"email": "a@b@example.org"}), "M_BAD_JSON"),
        (json!({"email": ""}), "M_BAD_JSON"),
        (json!({"email": 1}), "M_BAD_JSON"),
        (json!({"email": null}), "M_BAD_JSON"),
        (json!({"send_attempt": []}), "M_BAD_JSON"),
        (json!({"next_link": 1}), "M_BAD_JSON"),
        (json!({"client_secret": "?"}), "M_INVALID_PARAM"),
    ];
    for (others, errcode) in rows {
        for below in [ADDITION, PASSWORD_RESET] {
            let path = format!("{below}/email/requestToken");
            let body = email_request(free, others.clone());
            server.post(&path, &body).await.refuses(400, errcode);
        }
    }
    let body = email_request("bad", json!({}));
    let answer = server.post("/register/email/requestToken", &body).await;
    answer.refuses(400, "M_UNKNOWN");
    for (below, email) in [(ADDITION, free), (PASSWORD_RESET, ADDRESS)] {
        let path = format!("{below}/email/requestToken");
        let body = email_request(email, json!({"next_link": "https://app.example.org/"}));
        let answer = server.post(&path, &body).await.body_of(200);
        assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
        assert_eq!(text(&answer, "sid").len(), 24);
    }
}

#[tokio::test]
async fn proof_of_a_phone_number_is_asked_for_elsewhere() {
    let (server, token) = alice().await;
    let answer = server
        .post(
            "/account/3pid/msisdn/requestToken",
            &msisdn_request(json!({})),
        )
        .await;
    answer.gives(
        200,
        &json!({
            "sid": "1",
            "submit_url": "https://matrix.example.org/_matrix/client/unstable/add_threepid/msisdn/submit_token",
        }),
    );
    let unknown = server
        .post(
            "/account/password/msisdn/requestToken",
            &msisdn_request(json!({})),
        )
        .await;
    unknown.refuses(400, "M_THREEPID_NOT_FOUND");
    server.vouched("77", "447700900001");
    let body = json!({"three_pid_creds": creds("77")});
    server
        .post_as(&token, PATH, &body)
        .await
        .gives(200, &json!({}));
    let taken = server
        .post(
            "/account/3pid/msisdn/requestToken",
            &msisdn_request(json!({})),
        )
        .await;
    taken.refuses(400, "M_THREEPID_IN_USE");
    let known = server
        .post(
            "/account/password/msisdn/requestToken",
            &msisdn_request(json!({})),
        )
        .await;
    known.body_of(200);
}

#[tokio::test]
async fn what_is_not_configured_is_not_asked_for() {
    let server = TestServer::over(
        |_| {},
        |ports| {
            ports.email = EmailValidation::Off;
            ports.msisdn = None;
        },
    );
    for below in [ADDITION, PASSWORD_RESET] {
        let path = format!("{below}/email/requestToken");
        server
            .post(&path, &Value::Null)
            .await
            .refuses(400, "M_UNKNOWN");
    }
    let answer = server
        .post(
            "/account/3pid/msisdn/requestToken",
            &msisdn_request(json!({})),
        )
        .await;
    answer.refuses(400, "M_THREEPID_MEDIUM_NOT_SUPPORTED");
}

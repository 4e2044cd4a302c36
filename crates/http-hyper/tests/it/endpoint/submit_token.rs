//! The links in mails, and the codes of text messages.

use std::time::Duration;

use http::Method;
use registrar_domain::model::policy::{ConfirmLinks, Policy};
use registrar_domain::ports::EmailValidation;
use serde_json::{Value, json};

use crate::browser::{EVIL_ARGUMENT, HARMLESS};
use crate::client::text;
use crate::mails::{
    ADDITION, ADDRESS, PASSWORD_RESET, REGISTRATION, SECRET, email_proof, email_request,
};
use crate::server::TestServer;

const REGISTRATION_LINK: &str = "/_matrix/client/unstable/registration/email/submit_token";
const ADDITION_LINK: &str = "/_matrix/client/unstable/add_threepid/email/submit_token";
const RESET_LINK: &str = "/_synapse/client/password_reset/email/submit_token";
const MSISDN: &str = "/_matrix/client/unstable/add_threepid/msisdn/submit_token";

async fn with_address() -> TestServer {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    server
        .given_address(text(&alice, "access_token"), ADDRESS)
        .await;
    server
}

/// The link of the last mail with another path.
fn moved(link: &str, path: &str) -> String {
    format!("{path}?{}", link.split_once('?').unwrap().1)
}

/// Does the password stage of a reset accept the proof?
async fn is_validated(server: &TestServer, sid: &str) -> bool {
    let auth = email_proof(&Value::Null, sid, SECRET);
    let body = json!({"new_password": "Another-Passw0rd", "auth": auth});
    server.post("/account/password", &body).await.status == 200
}

#[tokio::test]
async fn a_link_can_be_opened_again_and_again() {
    let server = TestServer::new();
    for (below, path) in [(REGISTRATION, REGISTRATION_LINK), (ADDITION, ADDITION_LINK)] {
        server
            .mailed(below, &email_request(ADDRESS, json!({})))
            .await;
        let link = server.link();
        assert!(link.starts_with(path));
        for _click in 0..2 {
            server.get(&link).await.page(200);
        }
    }
}

#[tokio::test]
async fn the_browser_is_sent_on() {
    let server = TestServer::new();
    let next = json!({"next_link": "https://app.example.org/#/done"});
    for below in [REGISTRATION, ADDITION] {
        let sid = server
            .mailed(below, &email_request(ADDRESS, next.clone()))
            .await;
        let answer = server.get(&server.link()).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (302, ""));
        let expected = format!("https://app.example.org/#/done?sid={sid}");
        assert_eq!(answer.headers["location"], expected);
        assert_eq!(answer.headers["content-type"], "text/html");
        assert_eq!(answer.headers.get("access-control-allow-origin"), None);
    }
}

#[tokio::test]
async fn what_a_link_cannot_be_without_is_told_as_json_in_order() {
    let server = TestServer::new();
    let rows = [
        ("", "M_MISSING_PARAM"),
        ("client_secret=%20&token=t", "M_MISSING_PARAM"),
        ("sid=s&token=t", "M_MISSING_PARAM"),
        ("sid=s&client_secret=%20", "M_INVALID_PARAM"),
        ("sid=s&client_secret=", "M_INVALID_PARAM"),
        ("sid=s&client_secret=c", "M_MISSING_PARAM"),
        ("sid=%C3%BC&client_secret=c&token=t", "M_UNKNOWN"),
        ("sid=s&client_secret=c&token=%FF", "M_UNKNOWN"),
    ];
    for path in [REGISTRATION_LINK, ADDITION_LINK] {
        for (query, errcode) in rows {
            let answer = server.get(&format!("{path}?{query}")).await;
            answer.refuses(400, errcode);
        }
    }
    // People only come to the third one.
    for (query, _) in rows {
        server.get(&format!("{RESET_LINK}?{query}")).await.page(400);
        server.submit(RESET_LINK, query).await.page(400);
    }
    for medium in ["msisdn", "", "Email", "%00"] {
        let path = format!("/_matrix/client/unstable/registration/{medium}/submit_token");
        server.get(&path).await.refuses(400, "M_UNKNOWN");
    }
    let off = TestServer::over(|_| {}, |ports| ports.email = EmailValidation::Off);
    for path in [REGISTRATION_LINK, ADDITION_LINK] {
        off.get(path).await.refuses(400, "M_UNKNOWN");
    }
    off.get(RESET_LINK).await.page(400);
}

#[tokio::test]
async fn what_is_wrong_with_a_link_is_told_on_a_page() {
    let server = with_address().await;
    for (below, email) in [
        (REGISTRATION, "new@example.org"),
        (ADDITION, "new@example.org"),
        (PASSWORD_RESET, ADDRESS),
    ] {
        server.mailed(below, &email_request(email, json!({}))).await;
        let link = server.link();
        let path = link.split_once('?').unwrap().0.to_owned();
        let open = async |link: &str| {
            let (path, query) = link.split_once('?').unwrap();
            if below == PASSWORD_RESET {
                server.submit(path, query).await
            } else {
                server.get(link).await
            }
        };
        let changed = |name: &str, value: &str| {
            let query = link.split_once('?').unwrap().1;
            let pairs = query.split('&').map(|pair| {
                let (key, _) = pair.split_once('=').unwrap();
                if key == name {
                    format!("{name}={value}")
                } else {
                    pair.to_owned()
                }
            });
            format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
        };
        let mut reasons = Vec::new();
        for (name, value) in [("sid", "x"), ("token", "x"), ("client_secret", "x")] {
            let answer = open(&changed(name, value)).await;
            reasons.push(answer.page(400).to_owned());
        }
        reasons.dedup();
        assert_eq!(reasons.len(), 3, "each has a reason of its own");
        for other in [REGISTRATION_LINK, ADDITION_LINK] {
            if other != path {
                server.get(&moved(&link, other)).await.page(400);
            }
        }
        if path != RESET_LINK {
            let query = link.split_once('?').unwrap().1;
            server.submit(RESET_LINK, query).await.page(400);
        }
        server.clock.advance(Duration::from_hours(1));
        let answer = open(&link).await;
        assert!(answer.page(400).contains("expired"), "{}", answer.body);
    }
}

#[tokio::test]
async fn opening_the_link_to_reset_a_password_does_nothing_yet() {
    let server = with_address().await;
    let sid = server
        .mailed(PASSWORD_RESET, &email_request(ADDRESS, json!({})))
        .await;
    let link = server.link();
    let (path, query) = link.split_once('?').unwrap();
    assert_eq!(path, RESET_LINK);
    // A mail scanner opens it, looks at it again, and opens it otherwise.
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let answer = server.send(method, &link, &[], "").await;
        assert_eq!(answer.status, 200);
    }
    let answer = server.get(&link).await;
    let page = answer.page(200);
    let form = format!("<form method=\"post\" action=\"{RESET_LINK}\">");
    assert!(page.contains(&form), "{page}");
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap();
        let field = format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
        assert!(page.contains(&field), "{field} in {page}");
    }
    assert!(!is_validated(&server, &sid).await);
    for _click in 0..2 {
        server.submit(path, query).await.page(200);
    }
    assert!(is_validated(&server, &sid).await);
    // It has served its purpose, and says so when it is opened again.
    for answer in [server.submit(path, query).await, server.get(&link).await] {
        let page = answer.page(200);
        assert!(!page.contains("<form"), "{page}");
    }
    assert!(!is_validated(&server, &sid).await, "it is used up");
}

#[tokio::test]
async fn a_link_opened_again_after_the_registration_says_that_all_is_well() {
    for next in [json!({}), json!({"next_link": "https://app.example.org/"})] {
        let server = TestServer::new();
        let sid = server
            .mailed(REGISTRATION, &email_request(ADDRESS, next))
            .await;
        let link = server.link();
        // A scanner opens it, the app notices and registers, then its reader opens it.
        let first = server.get(&link).await;
        let auth = email_proof(&Value::Null, &sid, SECRET);
        let body = json!({"username": "anna", "password": "wonderland 1", "auth": auth});
        server.post("/register", &body).await;
        let again = server.get(&link).await;
        assert_eq!(again.status, first.status);
        assert_eq!(again.body, first.body);
        assert_eq!(again.headers.get("location"), first.headers.get("location"));
    }
}

#[tokio::test]
async fn a_button_confirms_where_the_operator_wants_one() {
    let buttons = |it: &mut Policy| {
        it.threepids.validation.confirm_links = ConfirmLinks::Button;
    };
    let server = TestServer::under(buttons);
    let rows = [
        (
            REGISTRATION,
            "/_synapse/client/registration/email/submit_token",
        ),
        (ADDITION, "/_synapse/client/add_threepid/email/submit_token"),
    ];
    for (below, action) in rows {
        server
            .mailed(below, &email_request(ADDRESS, json!({})))
            .await;
        let link = server.link();
        let form = format!("<form method=\"post\" action=\"{action}\">");
        for _scan in 0..3 {
            let answer = server.get(&link).await;
            assert!(answer.page(200).contains(&form), "{}", answer.body);
        }
        let query = link.split_once('?').unwrap().1;
        for _press in 0..2 {
            let answer = server.submit(action, query).await;
            assert!(answer.page(200).contains("confirmed"));
        }
        let answer = server.get(&link).await;
        assert!(!answer.page(200).contains("<form"), "{}", answer.body);
        // A link that does not work has no button.
        let wrong = link.replace("token=", "token=x");
        assert!(!server.get(&wrong).await.page(400).contains("<form"));
        server.submit(action, "sid=a").await.page(400);
    }
    let next = json!({"next_link": "https://app.example.org/", "client_secret": "other"});
    server
        .mailed(REGISTRATION, &email_request(ADDRESS, next))
        .await;
    let link = server.link();
    let query = link.split_once('?').unwrap().1;
    assert_eq!(server.get(&link).await.status, 200);
    assert_eq!(server.submit(rows[0].1, query).await.status, 302);
    assert_eq!(server.get(&link).await.status, 302);
}

#[tokio::test]
async fn the_confirmation_may_send_the_browser_on() {
    let server = with_address().await;
    let next = json!({"next_link": "https://app.example.org/"});
    let sid = server
        .mailed(PASSWORD_RESET, &email_request(ADDRESS, next))
        .await;
    let link = server.link();
    let (path, query) = link.split_once('?').unwrap();
    let answer = server.submit(path, query).await;
    assert_eq!(answer.status, 302);
    let expected = format!("https://app.example.org/?sid={sid}");
    assert_eq!(answer.headers["location"], expected);
}

#[tokio::test]
async fn markup_in_a_link_stays_text() {
    let server = TestServer::new();
    let query = format!("sid={EVIL_ARGUMENT}&client_secret=c&token={EVIL_ARGUMENT}");
    let answer = server.get(&format!("{RESET_LINK}?{query}")).await;
    let page = answer.page(200);
    assert!(
        page.contains(HARMLESS) && !page.contains("<script>alert"),
        "{page}"
    );
    server.submit(RESET_LINK, &query).await.page(400);
}

#[tokio::test]
async fn the_database_being_away_is_told_in_each_place_as_it_should() {
    let server = with_address().await;
    let query = "sid=s&client_secret=c&token=t";
    server.store.refuse_next(1);
    let answer = server.get(&format!("{REGISTRATION_LINK}?{query}")).await;
    answer.refuses_with(
        503,
        &json!({"errcode": "M_UNKNOWN", "retry_after_ms": 1000}),
    );
    server.store.refuse_next(1);
    server.submit(RESET_LINK, query).await.page(503);
}

#[tokio::test]
async fn the_code_of_a_text_message_goes_to_who_sent_it() {
    let server = TestServer::new();
    let submit = async |body: &Value| {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        server.send(Method::POST, MSISDN, &[], body).await
    };
    let good = json!({"sid": "77", "client_secret": SECRET, "token": "123456"});
    submit(&good).await.gives(200, &json!({"success": false}));
    server.vouched("77", "447700900001");
    let numbers = json!({"sid": 77, "client_secret": SECRET, "token": 123_456});
    for body in [good.clone(), numbers] {
        submit(&body).await.gives(200, &json!({"success": true}));
    }
    let rows = [
        (Value::Null, "M_NOT_JSON"),
        (json!([]), "M_BAD_JSON"),
        (json!({}), "M_MISSING_PARAM"),
        (
            json!({"sid": "1", "client_secret": SECRET}),
            "M_MISSING_PARAM",
        ),
        (
            json!({"sid": "1", "client_secret": "a b", "token": 1}),
            "M_INVALID_PARAM",
        ),
        (
            json!({"sid": null, "client_secret": SECRET, "token": 1}),
            "M_INVALID_PARAM",
        ),
        (
            json!({"sid": "1", "client_secret": SECRET, "token": []}),
            "M_INVALID_PARAM",
        ),
    ];
    for (body, errcode) in rows {
        submit(&body).await.refuses(400, errcode);
    }
    server.identity_server.be_down(true);
    submit(&good).await.refuses(500, "M_UNKNOWN");
    let off = TestServer::over(|_| {}, |ports| ports.msisdn = None);
    let answer = off.send(Method::POST, MSISDN, &[], "").await;
    answer.refuses(400, "M_UNKNOWN");
}

//! `GET` and `POST /_matrix/client/v3/auth/{auth_type}/fallback/web`: stages in a browser.

use http::Method;
use registrar_domain::model::policy::{ConsentPolicy, Policy};
use registrar_domain::model::registration_token::{RegistrationToken, RegistrationTokenId};
use registrar_domain::model::uia::Stage;
use registrar_domain::model::uia::flow::Flow;
use registrar_domain::ports::{Intent, Store as _};
use registrar_http_hyper::pages::CaptchaProvider;
use registrar_testkit::CaptchaOutage;
use serde_json::{Value, json};

use crate::browser::{BROWSER, EVIL, EVIL_ARGUMENT, HARMLESS};
use crate::client::{PASSWORD, text};
use crate::server::TestServer;

const CAPTCHA: &str = "m.login.recaptcha";
const TERMS: &str = "m.login.terms";
const TOKEN: &str = "m.login.registration_token";
/// A session that does not exist.
const NOBODYS: &str = "abcdefghijklmnopqrstuvwx";

fn path(stage: &str) -> String {
    format!("/_matrix/client/v3/auth/{stage}/fallback/web")
}

/// The flow wants the terms and a registration token.
fn two_stages(policy: &mut Policy) {
    policy.registration.flows = vec![Flow::new([Stage::Terms, Stage::RegistrationToken])];
    policy.registration.consent = Some(ConsentPolicy {
        version: "1.0".to_owned(),
        name: "Privacy Policy".to_owned(),
        url: "https://example.org/_matrix/consent?v=1.0".to_owned(),
        form_secret: None,
    });
}

/// A server whose invitation `invited` is good for one use.
async fn inviting() -> TestServer {
    let server = TestServer::under(two_stages);
    let id = RegistrationTokenId::parse("invited").unwrap();
    let token = RegistrationToken::new(id, Some(1), None);
    let mut uow = server.store.begin(Intent::Write).await.unwrap();
    uow.registration_tokens().add(&token).await.unwrap();
    uow.commit().await.unwrap();
    server
}

/// `POST /register` for alice.
async fn register(server: &TestServer, auth: &Value) -> crate::server::Answer {
    let body = json!({"username": "alice", "password": PASSWORD, "auth": auth});
    server.post("/register", &body).await
}

/// A UIA session that has just begun.
async fn session(server: &TestServer) -> String {
    let prompt = register(server, &Value::Null).await.body_of(401);
    text(&prompt, "session").to_owned()
}

/// The stages that a session has passed.
async fn completed(server: &TestServer, session: &str) -> Value {
    let prompt = register(server, &json!({"session": session})).await;
    prompt.body_of(401)["completed"].clone()
}

#[tokio::test]
async fn pages_are_shown_without_looking_for_the_stage() {
    let server = TestServer::with_pages(
        |it| it.registration.stages = vec![Stage::Dummy],
        |it| it.site_key = Some("key&".to_owned()),
    );
    server.given_session(NOBODYS).await;
    let rows = [
        (CAPTCHA, "v3", "data-sitekey=\"key&amp;\""),
        (TERMS, "v3", "href=\"https://example.org/_matrix/consent\""),
        (TOKEN, "r0", "<label for=\"token\">"),
    ];
    for (stage, posted_to, expected) in rows {
        for base in ["r0", "v3", "unstable"] {
            for end in ["", "/", "?"] {
                let path = format!("/_matrix/client/{base}/auth/{stage}/fallback/web{end}");
                let path = format!("{}?session={NOBODYS}", path.trim_end_matches('?'));
                let answer = server.get(&path).await;
                let page = answer.page(200);
                let action = format!(
                    "<form id=\"registrationForm\" method=\"post\" \
                     action=\"/_matrix/client/{posted_to}/auth/{stage}/fallback/web\">"
                );
                let field = format!("<input type=\"hidden\" name=\"session\" value=\"{NOBODYS}\">");
                for expected in [expected, &action, &field] {
                    assert!(page.contains(expected), "{expected} in {page}");
                }
                assert!(!page.contains("Error:"));
            }
        }
    }
}

#[tokio::test]
async fn each_captcha_provider_has_its_widget() {
    use CaptchaProvider::{Hcaptcha, Recaptcha, Turnstile};
    let rows = [
        (
            Recaptcha,
            "g-recaptcha",
            "https://www.recaptcha.net/recaptcha/",
        ),
        (Hcaptcha, "h-captcha", "https://*.hcaptcha.com"),
        (
            Turnstile,
            "cf-turnstile",
            "https://challenges.cloudflare.com",
        ),
    ];
    for (provider, class, host) in rows {
        let server = TestServer::with_pages(
            |_| {},
            |it| {
                it.captcha_provider = provider;
                it.site_key = Some("key".to_owned());
            },
        );
        server.given_session("s").await;
        let answer = server.get(&format!("{}?session=s", path(CAPTCHA))).await;
        let widget = format!("<div class=\"{class}\" data-sitekey=\"key\"");
        assert!(answer.page(200).contains(&widget));
        for directive in ["script-src", "frame-src"] {
            let policy = answer.policy();
            let sources = policy.iter().find(|it| it.starts_with(directive));
            assert!(sources.is_some_and(|it| it.contains(host)), "{policy:?}");
        }
        // What the widget submits has a name of its own, too.
        let form = format!("session={NOBODYS}&{class}-response=");
        let answer = server.submit(&path(CAPTCHA), &form).await;
        assert!(answer.page(400).contains("the check was not passed"));
    }
    let without = TestServer::new();
    without.given_session("s").await;
    let answer = without.get(&format!("{}?session=s", path(CAPTCHA))).await;
    assert!(!answer.page(200).contains("<form"));
}

#[tokio::test]
async fn complaints_come_in_the_order_of_synapse() {
    let server = TestServer::under(two_stages);
    let with_session = format!("session={NOBODYS}");
    let rows = [
        (TOKEN, "", 400, "M_UNKNOWN"),
        (TOKEN, "session=&token=invited", 400, "M_UNKNOWN"),
        (TOKEN, "session=%C3%A4&token=invited", 400, "M_UNKNOWN"),
        ("m.login.nosuch", "session=", 400, "M_UNKNOWN"),
        ("m.login.nosuch", &with_session, 404, "M_UNKNOWN"),
        ("m.login.dummy", &with_session, 404, "M_UNKNOWN"),
        ("m.login.email.identity", &with_session, 404, "M_UNKNOWN"),
        ("m.login.msisdn", &with_session, 404, "M_UNKNOWN"),
        ("m.login.sso", &with_session, 404, "M_UNKNOWN"),
        ("m.login.password", &with_session, 404, "M_UNKNOWN"),
        ("", &with_session, 404, "M_UNKNOWN"),
        (
            TOKEN,
            &format!("{with_session}&token=%FF"),
            400,
            "M_UNKNOWN",
        ),
    ];
    for (stage, form, status, errcode) in rows {
        let answer = server.submit(&path(stage), form).await;
        answer.refuses(status, errcode);
        // Browsers get the same as a page.
        let query = format!("{}?{form}", path(stage));
        let page = server.browse(&query).await;
        if page.status == status {
            page.page(status);
        }
    }
    // What comes after that is read by people only.
    let rows = [
        (CAPTCHA, with_session.clone(), "the check was not passed"),
        (
            TOKEN,
            with_session.clone(),
            "please enter your registration token",
        ),
        (
            TOKEN,
            format!("{with_session}&token=invited"),
            "has expired or is not known",
        ),
        (TERMS, with_session.clone(), "has expired or is not known"),
        (
            TERMS,
            "session=malformed!".to_owned(),
            "has expired or is not known",
        ),
    ];
    for (stage, form, expected) in rows {
        let answer = server.submit(&path(stage), &form).await;
        assert!(answer.page(400).contains(expected), "{}", answer.body);
    }
    for (stage, query, status) in [(TERMS, "", 400), ("m.login.dummy", "?session=s", 404)] {
        let answer = server.get(&format!("{}{query}", path(stage))).await;
        answer.refuses(status, "M_UNKNOWN");
    }
}

#[tokio::test]
async fn a_stage_that_is_not_enabled_fails_on_its_page() {
    let server = TestServer::under(|it| it.registration.stages = vec![Stage::Dummy]);
    for (stage, form) in [
        (TERMS, ""),
        (TOKEN, "token=t"),
        (CAPTCHA, "g-recaptcha-response=r"),
    ] {
        let form = format!("session={NOBODYS}&{form}");
        let answer = server.submit(&path(stage), &form).await;
        let expected = format!("Error: Unknown UIA stage type: {stage}");
        // Without a key the captcha's page has no form, but it tells.
        assert!(answer.page(200).contains(&expected), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_session_that_is_unknown_or_has_ended_is_told_on_a_page() {
    let server = TestServer::with_pages(two_stages, |it| it.site_key = Some("key".to_owned()));
    for stage in [CAPTCHA, TERMS, TOKEN] {
        for session in [NOBODYS, "%00", "a b"] {
            let session = session.replace(' ', "%20");
            let path = format!("{}?session={session}", path(stage));
            for answer in [server.get(&path).await, server.browse(&path).await] {
                let page = answer.page(400);
                assert!(
                    page.contains("go back to your app and start again"),
                    "{page}"
                );
            }
        }
    }
}

#[tokio::test]
async fn browsers_get_pages_wherever_people_come() {
    let server = TestServer::with_pages(two_stages, |_| {});
    let fallback = path(TERMS);
    let paths = [
        (&*fallback, 400),
        (
            "/_matrix/client/v3/auth/m.login.nosuch/fallback/web?session=s",
            404,
        ),
        (
            "/_matrix/client/unstable/registration/email/submit_token",
            400,
        ),
        (
            "/_matrix/client/unstable/registration/fax/submit_token",
            400,
        ),
        (
            "/_matrix/client/unstable/add_threepid/email/submit_token?sid=%FF",
            400,
        ),
        ("/_synapse/client/password_reset/email/submit_token", 400),
        ("/_matrix/consent", 404),
    ];
    for (path, status) in paths {
        server.browse(path).await.page(status);
        // The wrong method too.
        let answer = server.send(Method::PUT, path, &[BROWSER], "").await;
        answer.page(405);
        assert!(answer.headers.contains_key("allow"));
    }
    // A form in another encoding carries nothing that could be read.
    let headers = [BROWSER, ("content-type", "text/plain")];
    let answer = server
        .send(Method::POST, &fallback, &headers, "session=s")
        .await;
    answer.page(400);
}

#[tokio::test]
async fn a_captcha_that_cannot_be_loaded_says_so() {
    let server = TestServer::with_pages(|_| {}, |it| it.site_key = Some("key".to_owned()));
    server.given_session("s").await;
    let answer = server.get(&format!("{}?session=s", path(CAPTCHA))).await;
    let page = answer.page(200);
    assert!(page.contains("<noscript>"));
    assert!(page.contains("id=\"captchaFailed\" class=\"error\" role=\"alert\" hidden"));
    assert!(page.contains("addEventListener(\"error\""));
}

#[tokio::test]
async fn stages_passed_in_a_browser_count_for_the_client() {
    let server = inviting().await;
    let session = session(&server).await;
    for token in ["wrong", "", "not%20a%20token"] {
        let form = format!("session={session}&token={token}");
        let answer = server.submit(&path(TOKEN), &form).await;
        let page = answer.page(200);
        assert!(page.contains("Error: the registration token is not valid"));
        assert!(page.contains(&session) && page.contains("aria-invalid"));
        assert_eq!(completed(&server, &session).await, json!([]));
    }
    let form = format!("session={session}&token=invited");
    let answer = server.submit(&path(TOKEN), &form).await;
    let page = answer.page(200);
    assert!(page.contains("window.onAuthDone()"));
    assert!(page.contains("window.opener.postMessage(\"authDone\", \"*\")"));
    assert_eq!(completed(&server, &session).await, json!([TOKEN]));
    // Again, and with another one.
    let answer = server.submit(&path(TOKEN), &form).await;
    assert!(answer.page(200).contains("onAuthDone"));
    let other = format!("session={session}&token=other");
    let answer = server.submit(&path(TOKEN), &other).await;
    assert!(answer.page(200).contains("Error:"));
    // The stages of the two pages complete the flow.
    let answer = server
        .submit(&path(TERMS), &format!("session={session}"))
        .await;
    assert!(answer.page(200).contains("onAuthDone"));
    let registered = register(&server, &json!({"session": session})).await;
    assert_eq!(registered.body_of(200)["user_id"], "@alice:example.org");
}

#[tokio::test]
async fn the_captcha_is_judged_by_its_provider() {
    let server = TestServer::with_pages(two_stages, |it| it.site_key = Some("key".to_owned()));
    let session = session(&server).await;
    let submit = async |response: &str| {
        let form = format!("session={session}&g-recaptcha-response={response}");
        server.submit(&path(CAPTCHA), &form).await
    };
    let answer = submit("bad").await;
    let page = answer.page(200);
    assert!(page.contains("Error: the captcha was not solved") && page.contains("data-sitekey"));
    assert_eq!(completed(&server, &session).await, json!([]));
    // A provider without an answer is not the person's failure.
    for (outage, status) in [
        (CaptchaOutage::Silence, 504),
        (CaptchaOutage::Nonsense, 500),
    ] {
        server.captcha.fail(Some(outage));
        submit("good").await.page(status);
    }
    server.captcha.fail(None);
    assert!(submit("good").await.page(200).contains("onAuthDone"));
    assert_eq!(completed(&server, &session).await, json!([CAPTCHA]));
    // The provider is not bothered about sessions that are not there.
    let asked = server.captcha.asked().len();
    let form = format!("session={NOBODYS}&g-recaptcha-response=good");
    let answer = server.submit(&path(CAPTCHA), &form).await;
    answer.page(400);
    assert_eq!(server.captcha.asked().len(), asked);
}

#[tokio::test]
async fn the_last_use_of_a_token_goes_to_one_session() {
    let server = inviting().await;
    let (first, second) = (session(&server).await, session(&server).await);
    for (session, passes) in [(&first, true), (&second, false), (&first, true)] {
        let form = format!("session={session}&token=invited");
        let answer = server.submit(&path(TOKEN), &form).await;
        assert_eq!(answer.page(200).contains("onAuthDone"), passes);
    }
}

#[tokio::test]
async fn the_form_wins_over_the_query() {
    let server = inviting().await;
    let session = session(&server).await;
    let rows = [
        (
            format!("?session={NOBODYS}"),
            format!("session={session};token=wrong"),
        ),
        (format!("?session={session}"), "token=wrong".to_owned()),
        (
            format!("?session={session};token=invited"),
            "token=wrong".to_owned(),
        ),
    ];
    for (query, form) in rows {
        let path = format!("{}{query}", path(TOKEN));
        let answer = server.submit(&path, &form).await;
        assert!(answer.page(200).contains("Error:"), "{query} {form}");
    }
}

#[tokio::test]
async fn markup_in_the_session_stays_text() {
    let server = TestServer::with_pages(
        |it| it.registration.stages = vec![Stage::Dummy],
        |it| {
            it.site_key = Some(EVIL.to_owned());
            it.terms_url = EVIL.to_owned();
        },
    );
    server.given_session(EVIL).await;
    for (stage, fields) in [
        (CAPTCHA, "g-recaptcha-response=r"),
        (TERMS, ""),
        (TOKEN, "token=t"),
    ] {
        let shown = server
            .get(&format!("{}?session={EVIL_ARGUMENT}", path(stage)))
            .await;
        let failed = server
            .submit(&path(stage), &format!("session={EVIL_ARGUMENT}&{fields}"))
            .await;
        for answer in [shown, failed] {
            let page = answer.page(200);
            assert!(!page.contains(EVIL) && !page.contains("<script>alert"));
            assert!(page.contains(&format!("name=\"session\" value=\"{HARMLESS}\"")));
        }
    }
}

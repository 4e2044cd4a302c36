//! Templates: what an operator may do, what is found at start, and what browsers are told about pages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use registrar_domain::model::id::ServerName;
use registrar_http_hyper::pages::{ConsentOptions, PageOptions, Pages};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::server::{Answer, TestServer};

const TERMS: &str = "/_matrix/client/v3/auth/m.login.terms/fallback/web?session=s";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, source) in files {
        std::fs::write(folder.path().join(name), source).unwrap();
    }
    folder
}

fn options() -> PageOptions {
    let server_name = ServerName::parse("example.org").unwrap();
    PageOptions::new(server_name, "https://example.org/_matrix/consent")
}

/// The names of the templates that are complained about.
fn mistakes(change: impl FnOnce(&mut PageOptions)) -> Vec<String> {
    let mut options = options();
    change(&mut options);
    let mistakes = Pages::new(options).err().unwrap_or_default();
    mistakes.into_iter().map(|it| it.name).collect()
}

async fn terms(files: &[(&str, &str)]) -> Answer {
    let folder = folder(files);
    let server = TestServer::with_pages(
        |_| {},
        |it| it.template_directories = vec![folder.path().to_owned()],
    );
    server.given_session("s").await;
    server.get(TERMS).await
}

/// The digests of what stands between these tags.
fn digests(page: &str, open: &str, close: &str) -> Vec<String> {
    let inline = page.split(open).skip(1).map(|rest| {
        let (text, _) = rest.split_once(close).unwrap();
        let digest = STANDARD.encode(Sha256::digest(text.as_bytes()));
        format!("'sha256-{digest}'")
    });
    inline.collect()
}

#[tokio::test]
async fn inline_styles_and_scripts_are_those_of_the_policy() {
    let server = TestServer::under(|it| {
        it.registration.stages = vec![registrar_domain::model::uia::Stage::Terms];
    });
    let body = serde_json::json!({"username": "alice", "password": "Secret-Passw0rd"});
    let prompt = server.post("/register", &body).await.body_of(401);
    server.given_session("s").await;
    let form = format!("session={}", prompt["session"].as_str().unwrap());
    for answer in [
        server.get(TERMS).await,
        server.submit(TERMS, &form).await,
        server.get("/nosuch").await,
    ] {
        let policy = answer.policy();
        assert_eq!(policy[0], "default-src 'none'");
        let style = format!(
            "style-src {}",
            digests(&answer.body, "<style>", "</style>")[0]
        );
        assert!(policy.contains(&&*style), "{policy:?} {style}");
        let scripts = digests(&answer.body, "<script>", "</script>");
        let allowed = policy.iter().find_map(|it| it.strip_prefix("script-src "));
        assert_eq!(allowed, scripts.first().map(String::as_str));
        assert!(!answer.body.contains(" style=") && !answer.body.contains(" onclick="));
    }
}

#[tokio::test]
async fn forms_go_to_this_server_and_only_where_there_are_any() {
    let server = TestServer::new();
    server.given_session("s").await;
    for (path, forms) in [
        (TERMS, "form-action 'self'"),
        ("/nosuch", "form-action 'none'"),
    ] {
        let answer = server.get(path).await;
        assert!(answer.policy().contains(&forms), "{path}");
    }
}

#[tokio::test]
async fn an_operators_template_keeps_its_styles_and_scripts() {
    let source =
        "<style>b { color: red }</style><b onclick='x()'>{{ session }} {{ server_name }}</b>";
    let answer = terms(&[("terms.html", source)]).await;
    assert!(
        answer
            .page(200)
            .ends_with("<b onclick='x()'>s example.org</b>")
    );
    let expected = [
        "object-src 'none'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ];
    assert_eq!(answer.policy(), expected);
    // The same when it is what all pages are built on.
    let answer = terms(&[(
        "_page.html",
        "<style>x</style>{% block body %}{% endblock %}",
    )])
    .await;
    assert_eq!(answer.policy(), expected);
    assert!(answer.page(200).contains("registrationForm"));
}

#[tokio::test]
async fn an_operators_style_sheet_has_a_digest_of_its_own() {
    let answer = terms(&[("_page.css", "body { color: red }\n")]).await;
    assert!(
        answer
            .page(200)
            .contains("<style>body { color: red }</style>")
    );
    let style = format!(
        "style-src {}",
        digests(&answer.body, "<style>", "</style>")[0]
    );
    assert!(answer.policy().contains(&&*style));
}

/// Written as templates for Synapse are: guarded, in inheritance, with Python's methods.
#[tokio::test]
async fn templates_written_for_synapse_work() {
    let source = "<html><head><title>{{ server_name.upper() }}</title></head><body>\
        {% if error is defined %}<p class=\"error\"><strong>Error: {{ error }}</strong></p>{% endif %}\
        <form id=\"registrationForm\" method=\"post\" action=\"{{ myurl }}\">\
        <input type=\"hidden\" name=\"session\" value=\"{{ session }}\" />\
        <a href=\"{{ terms_url }}\">terms</a></form></body></html>";
    let answer = terms(&[("terms.html", source)]).await;
    let page = answer.page(200);
    assert!(page.contains("<title>EXAMPLE.ORG</title>") && !page.contains("Error"));
}

#[test]
fn every_mistake_is_found_at_start() {
    let folder = folder(&[
        ("terms.html", "{% if %}"),
        ("recaptcha.html", "{% if error %}{{ error }"),
        // Not used with the other provider.
        ("hcaptcha.html", "{% if"),
        ("thanks.html", "{% extends 'terms.html' %}"),
    ]);
    let found = mistakes(|it| {
        it.template_directories = vec![folder.path().to_owned()];
        it.names.registration_success = "thanks.html".to_owned();
        it.names.registration_failure = "../outside.html".to_owned();
        it.consent = Some(ConsentOptions {
            template_directory: folder.path().to_owned(),
            version: "1.0".to_owned(),
        });
    });
    let expected = [
        "en/1.0.html",
        "en/success.html",
        "recaptcha.html",
        "terms.html",
        "thanks.html",
        "../outside.html",
    ];
    assert_eq!(found, expected);
    assert_eq!(mistakes(|_| {}), [""; 0]);
}

#[test]
fn what_is_odd_about_templates_is_a_warning_with_its_place() {
    let folder = folder(&[
        ("terms.html", "{{ sesion }}"),
        ("recaptcha.html", "\n{% if error %}{{ eror }}{% endif %}"),
        ("auth_success.html", "{% include 'absent.html' %}"),
    ]);
    std::fs::create_dir(folder.path().join("en")).unwrap();
    for (name, source) in [("1.0", "{{ user }}{{ usr }}"), ("success", "thanks")] {
        std::fs::write(folder.path().join(format!("en/{name}.html")), source).unwrap();
    }
    let mut options = options();
    options.template_directories = vec![folder.path().to_owned()];
    options.consent = Some(ConsentOptions {
        template_directory: folder.path().to_owned(),
        version: "1.0".to_owned(),
    });
    let pages = Pages::new(options).unwrap();
    let places: Vec<&str> = pages.warnings().iter().map(|it| &*it.place).collect();
    let place = |name: &str, line| format!("{}:{line}", folder.path().join(name).display());
    assert_eq!(
        places,
        [
            place("terms.html", 1),
            place("recaptcha.html", 2),
            place("auth_success.html", 1),
            place("en/1.0.html", 1),
        ]
    );
}

#[test]
fn a_broken_style_sheet_is_found_at_start() {
    let folder = folder(&[("_page.css", "{% nosuch %}")]);
    let found = mistakes(|it| it.template_directories = vec![folder.path().to_owned()]);
    assert_eq!(found[0], "_page.css");
}

use super::Verb::{Get, Post, Put};
use super::routes::{BARE, ROOT, V3};
use super::*;
use crate::response;

async fn nothing(_: &App, _: &Request) -> Reply {
    Ok(response::text(""))
}

const TABLE: &[Route] = table! {
    Get  V3   "/register/available"                          => nothing, Servlet.open();
    Post V3   "/register"                                    => nothing, Servlet;
    Get  V3   "/devices/{device_id}"                         => nothing, Servlet;
    Put  V3   "/devices/{device_id}"                         => nothing, Servlet;
    Get  BARE "/unstable/registration/{medium}/submit_token" => nothing, Servlet;
    Get  ROOT "/health"                                      => nothing, Servlet.of(Resource::Health);
};

fn router() -> Router {
    Router::new(TABLE, &BTreeSet::from([Resource::Client]))
}

/// The pattern that a path finds and its parameters.
fn found(path: &str) -> String {
    match router().find(path) {
        Destination::Place(place, parameters) => {
            let parameters = ["device_id", "medium"].map(|name| parameters.get(name));
            format!(
                "{} {:?}",
                place.pattern,
                parameters.iter().flatten().collect::<Vec<_>>()
            )
        }
        Destination::UnknownEndpoint => "unknown endpoint".to_owned(),
        Destination::UnknownPage => "unknown page".to_owned(),
    }
}

#[test]
fn paths_are_compared_as_they_come() {
    let rows = [
        (
            "/_matrix/client/v3/register",
            "/_matrix/client/v3/register []",
        ),
        ("/_matrix/client/v3/register/", "unknown endpoint"),
        ("/_matrix/client/v3/Register", "unknown endpoint"),
        ("/_matrix/client/v3%2Fregister", "unknown endpoint"),
        ("/_matrix/client/v3/x/../register", "unknown endpoint"),
        ("/_matrix/client/v3/register%00", "unknown endpoint"),
        ("/_matrix/client/v1/register", "unknown endpoint"),
        ("/_matrix/client/register", "unknown endpoint"),
        ("/_matrix//client/v3/register", "unknown endpoint"),
        ("//_matrix/client/v3/register", "unknown endpoint"),
        ("///_matrix/client/v3/register/", "unknown endpoint"),
        ("/%2F_matrix/client/v3/register", "unknown endpoint"),
        ("/%2f/%5Fmatrix%2Fclient", "unknown endpoint"),
        ("//_matrixes", "unknown page"),
        ("//nosuch/_matrix", "unknown page"),
        ("_matrix", "unknown page"),
        ("/health/extra", "unknown endpoint"),
        ("/health/", "unknown endpoint"),
        ("/healthy", "unknown page"),
        ("/.well-known", "unknown endpoint"),
        ("/.well-known/matrix/server", "unknown endpoint"),
        ("/.well-knownX", "unknown page"),
        ("/_matrix", "unknown endpoint"),
        ("/_matrixes", "unknown page"),
        ("/_synapse/nosuch", "unknown endpoint"),
        ("/nosuch", "unknown page"),
        ("", "unknown page"),
        ("*", "unknown page"),
    ];
    for (path, expected) in rows {
        assert_eq!(found(path), expected, "{path}");
    }
}

#[test]
fn an_open_pattern_matches_longer_paths() {
    for path in ["available", "available/", "availableXYZ", "available/x/y"] {
        let path = format!("/_matrix/client/r0/register/{path}");
        assert_eq!(found(&path), "/_matrix/client/r0/register/available []");
    }
}

#[test]
fn parameters_end_at_a_slash_and_are_decoded_afterwards() {
    let device = "/_matrix/client/v3/devices";
    let rows = [
        ("ABC", Some(r#"["ABC"]"#)),
        ("a%2Fb", Some(r#"["a/b"]"#)),
        ("%ff", Some("[\"\u{fffd}\"]")),
        ("a+b", Some(r#"["a+b"]"#)),
        ("", Some(r#"[""]"#)),
        ("a/b", None),
    ];
    for (id, expected) in rows {
        let expected = expected.map_or("unknown endpoint".to_owned(), |parameters| {
            format!("{device}/{{device_id}} {parameters}")
        });
        assert_eq!(found(&format!("{device}/{id}")), expected, "{id}");
    }
    assert_eq!(
        found("/_matrix/client/unstable/registration/email/submit_token"),
        r#"/_matrix/client/unstable/registration/{medium}/submit_token ["email"]"#
    );
}

#[test]
fn a_listener_serves_its_resources_only() {
    let paths = |resources: &[Resource]| {
        let router = Router::new(TABLE, &resources.iter().copied().collect());
        let known = |path| matches!(router.find(path), Destination::Place(..));
        (known("/health"), known("/_matrix/client/v3/register"))
    };
    assert_eq!(paths(&[Resource::Client]), (false, true));
    assert_eq!(paths(&[Resource::Health]), (true, false));
}

#[test]
fn a_wrong_method_hears_the_right_ones() {
    let Destination::Place(place, _) = router().find("/_matrix/client/v3/devices/A") else {
        panic!("the path is known");
    };
    assert!(place.handler(&Method::HEAD).is_some());
    assert!(place.handler(&Method::POST).is_none());
    assert!(
        place
            .handler(&Method::from_bytes(b"get").unwrap())
            .is_none()
    );
    let mut allowed = place.answers.iter().map(|it| it.verb.allow());
    assert_eq!(allowed.next(), Some("GET, HEAD"));
    assert_eq!(allowed.next(), Some("PUT"));
}

#[test]
fn browsers_name_html_and_programs_do_not() {
    let rows = [
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            true,
        ),
        ("application/json, TEXT/HTML ;q=0.5", true),
        ("*/*", false),
        ("application/json", false),
        ("text/*", false),
        ("text/htmlx", false),
        ("", false),
    ];
    for (value, expected) in rows {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))]);
        assert_eq!(accepts_pages(&headers), expected, "{value}");
    }
    assert!(!accepts_pages(&HeaderMap::new()));
}

#[test]
fn no_two_lines_of_the_table_are_the_same() {
    let mut seen = BTreeSet::new();
    for route in ROUTES {
        for base in route.bases {
            let line = format!("{:?} {base}{}", route.verb, route.path);
            assert!(seen.insert(line.clone()), "{line} is there twice");
        }
    }
}

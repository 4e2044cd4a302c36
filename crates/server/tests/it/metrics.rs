//! What a running server counts.

use serde_json::{Value, json};

use crate::process::{Home, Process};

fn home(enabled: bool) -> Home {
    Home::with(&json!({
        "enable_metrics": enabled,
        "listeners": [{
            "port": 0, "type": "http", "bind_addresses": ["127.0.0.1"],
            "resources": [{ "names": ["client", "metrics"] }],
        }],
    }))
}

fn register(server: &Process, body: &Value) -> u16 {
    server.post("/_matrix/client/v3/register", body).status
}

#[test]
fn a_registration_can_be_followed_through_the_numbers() {
    let home = home(true);
    let server = home.start();
    let alice = json!({
        "username": "alice", "password": "Secret-Passw0rd", "auth": { "type": "m.login.dummy" },
    });
    assert_eq!(register(&server, &alice), 200);
    assert_eq!(register(&server, &alice), 400);
    let answer = server.get("/_synapse/metrics", "x");
    assert_eq!(answer.status, 200);
    let head = answer.head.to_ascii_lowercase();
    assert!(
        head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"),
        "{head}"
    );
    assert!(!head.contains("access-control"), "{head}");
    let servlet = r#"method="POST",server_name="example.org",servlet="RegisterRestServlet""#;
    for line in [
        r#"synapse_user_registrations_total{auth_provider="",guest="False",server_name="example.org",shadow_banned="False"} 1"#,
        r#"synapse_user_logins_total{auth_provider="",guest="False",server_name="example.org"} 1"#,
        r#"registrar_uia_stage_attempts_total{outcome="passed",server_name="example.org",stage="m.login.dummy"} 1"#,
        &format!("synapse_http_server_requests_received_total{{{servlet}}} 2"),
        r#"synapse_http_server_responses_total{code="400",method="POST",server_name="example.org"} 1"#,
        r#"registrar_db_connections_max{pool="writers",server_name="example.org"} 1"#,
    ] {
        assert!(
            answer.text.contains(&format!("{line}\n")),
            "{line}\n{}",
            answer.text
        );
    }
    for secret in ["alice", "Secret-Passw0rd", "127.0.0.1", "/_matrix"] {
        assert!(!answer.text.contains(secret), "{secret}");
    }
    server.terminate();
}

#[test]
fn nothing_is_counted_for_those_who_do_not_ask() {
    let home = home(false);
    let server = home.start();
    assert_eq!(server.get("/_synapse/metrics", "x").status, 404);
    assert_eq!(server.get("/metrics", "x").status, 404);
    server.terminate();
}

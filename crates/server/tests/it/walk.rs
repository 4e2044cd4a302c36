use serde_json::json;

use crate::process::Home;

const PASSWORD: &str = "Secret-Passw0rd";

#[test]
fn register_log_in_refresh_and_log_out_across_a_restart() {
    let home = Home::new();
    let server = home.start();
    let first = server.post(
        "/_matrix/client/v3/register",
        &json!({ "username": "alice", "password": PASSWORD, "refresh_token": true }),
    );
    assert_eq!(first.status, 401, "{first:?}");
    assert_eq!(
        first.body["flows"],
        json!([{ "stages": ["m.login.dummy"] }])
    );
    let auth = json!({ "type": "m.login.dummy", "session": first.body["session"] });
    server.terminate();

    let server = home.start();
    let registered = server.post(
        "/_matrix/client/v3/register",
        &json!({ "username": "alice", "refresh_token": true, "auth": auth }),
    );
    assert_eq!(registered.status, 200, "{registered:?}");
    assert_eq!(registered.body["user_id"], "@alice:example.org");
    let token = registered.body["access_token"].as_str().unwrap();
    let whoami = server.get("/_matrix/client/v3/account/whoami", token);
    assert_eq!(whoami.body["device_id"], registered.body["device_id"]);

    let refreshed = server.post(
        "/_matrix/client/v3/refresh",
        &json!({ "refresh_token": registered.body["refresh_token"] }),
    );
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    server.terminate();

    let server = home.start();
    let token = refreshed.body["access_token"].as_str().unwrap();
    assert_eq!(
        server
            .get("/_matrix/client/v3/account/whoami", token)
            .status,
        200
    );
    let logout = server.request("POST", "/_matrix/client/v3/logout", Some(token), Some("{}"));
    assert_eq!(logout.unwrap().status, 200);
    let gone = server.get("/_matrix/client/v3/account/whoami", token);
    assert_eq!(
        (gone.status, &gone.body["errcode"]),
        (401, &json!("M_UNKNOWN_TOKEN"))
    );

    let login = server.post(
        "/_matrix/client/v3/login",
        &json!({
            "type": "m.login.password",
            "identifier": { "type": "m.id.user", "user": "alice" },
            "password": PASSWORD,
        }),
    );
    assert_eq!(login.status, 200, "{login:?}");
    let base_url = &login.body["well_known"]["m.homeserver"]["base_url"];
    assert_eq!(base_url, "http://localhost/");
}

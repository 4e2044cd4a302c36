//! `GET /_synapse/admin/v2/users` and `/v3/users`

use serde_json::{Value, json};

use super::Office;

/// An office with accounts of every kind besides root's.
async fn full() -> Office {
    let office = Office::open().await;
    for (name, body) in [
        ("alice", json!({"displayname": "The Queen", "admin": true})),
        (
            "bob",
            json!({"user_type": "bot", "displayname": "100% bot"}),
        ),
        ("carol", json!({"deactivated": true})),
        ("dave", json!({"user_type": "support"})),
    ] {
        let path = format!("v2/users/@{name}:example.org");
        office.put(&path, &body).await.body_of(201);
    }
    let guest = office.server.post("/register?kind=guest", &json!({})).await;
    guest.body_of(200);
    office
}

/// The localparts in an answer.
fn names(answer: &Value) -> Vec<&str> {
    let users = answer["users"].as_array().unwrap().iter();
    let localpart =
        |user: &'_ Value| -> usize { user["name"].as_str().unwrap().find(':').unwrap() };
    users
        .map(|user| &user["name"].as_str().unwrap()[1..localpart(user)])
        .collect()
}

#[tokio::test]
async fn a_user_is_listed_with_what_operators_look_for() {
    let office = Office::open().await;
    let expected = json!({
        "users": [{
            "name": "@root:example.org",
            "user_type": null,
            "is_guest": false,
            "admin": true,
            "deactivated": false,
            "erased": false,
            "locked": false,
            "suspended": false,
            "shadow_banned": false,
            "displayname": "root",
            "avatar_url": null,
            "creation_ts": 1_700_000_000_000_i64,
            "last_seen_ts": 1_700_000_000_000_i64,
        }],
        "total": 1,
    });
    for version in ["v2", "v3"] {
        let answer = office.get(&format!("{version}/users")).await;
        answer.gives(200, &expected);
    }
}

#[tokio::test]
async fn filters_say_who_is_listed() {
    let office = full().await;
    let everybody = ["1", "alice", "bob", "dave", "root"];
    let rows: &[(&str, &[&str])] = &[
        ("v2/users", &everybody),
        ("v2/users?deactivated=false", &everybody),
        (
            "v2/users?deactivated=true",
            &["1", "alice", "bob", "carol", "dave", "root"],
        ),
        ("v3/users", &["1", "alice", "bob", "carol", "dave", "root"]),
        ("v3/users?deactivated=true", &["carol"]),
        ("v3/users?deactivated=false", &everybody),
        ("v2/users?guests=false", &["alice", "bob", "dave", "root"]),
        ("v2/users?guests=true", &everybody),
        ("v2/users?admins=true", &["alice", "root"]),
        ("v2/users?admins=false&guests=false", &["bob", "dave"]),
        ("v2/users?locked=true", &everybody),
        ("v2/users?name=QUEEN", &["alice"]),
        ("v2/users?name=oo", &["root"]),
        ("v2/users?name=0%25%20b", &["bob"]),
        ("v2/users?name=%25", &["bob"]),
        ("v2/users?name=_", &[]),
        ("v2/users?name=%C3%BC", &[]),
        ("v2/users?name=example", &[]),
        ("v2/users?name=", &everybody),
        ("v2/users?user_id=@b", &["bob"]),
        ("v2/users?user_id=O:EXAMPLE", &[]),
        ("v2/users?user_id=E:EXAMPLE", &["alice", "dave"]),
        ("v2/users?user_id=Queen", &[]),
        ("v2/users?user_id=bob&name=alice", &["alice"]),
        (
            "v2/users?not_user_type=bot",
            &["1", "alice", "dave", "root"],
        ),
        ("v2/users?not_user_type=", &["bob", "dave"]),
        ("v2/users?not_user_type=&not_user_type=bot", &["dave"]),
    ];
    for (path, expected) in rows {
        let answer = office.get(path).await.body_of(200);
        assert_eq!(names(&answer), *expected, "{path}");
        assert_eq!(answer["total"], expected.len(), "{path}");
        assert_eq!(answer.get("next_token"), None, "{path}");
    }
}

#[tokio::test]
async fn accounts_come_in_the_order_that_is_asked_for() {
    let office = full().await;
    let rows: &[(&str, &[&str])] = &[
        ("", &["1", "alice", "bob", "dave", "root"]),
        ("dir=f", &["1", "alice", "bob", "dave", "root"]),
        ("dir=b", &["root", "dave", "bob", "alice", "1"]),
        (
            "order_by=name&dir=b",
            &["root", "dave", "bob", "alice", "1"],
        ),
        (
            "order_by=displayname",
            &["1", "bob", "alice", "dave", "root"],
        ),
        (
            "order_by=is_guest&dir=b",
            &["1", "alice", "bob", "dave", "root"],
        ),
        (
            "order_by=admin&dir=b",
            &["alice", "root", "1", "bob", "dave"],
        ),
        (
            "order_by=deactivated",
            &["1", "alice", "bob", "dave", "root"],
        ),
        ("order_by=user_type", &["1", "alice", "root", "bob", "dave"]),
        (
            "order_by=shadow_banned",
            &["1", "alice", "bob", "dave", "root"],
        ),
        (
            "order_by=creation_ts",
            &["1", "alice", "bob", "dave", "root"],
        ),
        (
            "order_by=avatar_url",
            &["1", "alice", "bob", "dave", "root"],
        ),
    ];
    for (query, expected) in rows {
        let answer = office.get(&format!("v2/users?{query}")).await.body_of(200);
        assert_eq!(names(&answer), *expected, "{query}");
    }
}

#[tokio::test]
async fn a_page_says_where_the_next_one_begins() {
    let office = full().await;
    let rows: &[(&str, usize, Option<&str>)] = &[
        ("limit=2", 2, Some("2")),
        ("limit=2&from=2", 2, Some("4")),
        ("limit=2&from=4", 1, None),
        ("limit=5", 5, None),
        ("limit=4", 4, Some("4")),
        ("from=5", 0, None),
        ("from=9223372036854775807", 0, None),
        ("limit=9223372036854775807", 5, None),
        ("limit=0", 0, Some("0")),
    ];
    for (query, count, next) in rows {
        let answer = office.get(&format!("v2/users?{query}")).await.body_of(200);
        assert_eq!(names(&answer).len(), *count, "{query}");
        assert_eq!(answer["total"], 5, "{query}");
        let token = answer.get("next_token").map(|it| it.as_str().unwrap());
        assert_eq!(token, *next, "{query}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let office = full().await;
    for query in [
        "from=-1",
        "limit=-1",
        "from=x",
        "limit=1.5",
        "from=9223372036854775808",
        "guests=yes",
        "deactivated=1",
        "admins=TRUE",
        "locked=",
        "order_by=password_hash",
        "order_by=name%20DESC",
        "order_by=name%3BDROP%20TABLE%20accounts",
        "order_by=(SELECT%20password_hash%20FROM%20accounts%20LIMIT%201)",
        "order_by=",
        "order_by=%C3%BC",
        "dir=forwards",
        "dir=",
        "name=%FF",
        "name=%00",
        "user_id=%00",
        "not_user_type=%FF",
    ] {
        for version in ["v2", "v3"] {
            let answer = office.get(&format!("{version}/users?{query}")).await;
            answer.refuses(400, "M_INVALID_PARAM");
        }
    }
}

//! The database's file goes away under a running server: nothing is confirmed that would be gone.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use crate::process::{Home, request};

const REGISTER: &str = "/_matrix/client/v3/register";
const CLIENTS: usize = 4;
/// Confirmations before the file is taken away.
const BEFORE: usize = 20;
/// Refusals to wait for afterwards.
const AFTER: usize = 20;

/// The names that clients were given, while `mishap` happens amid them.
fn register_amid(address: SocketAddr, mishap: impl FnOnce()) -> Vec<String> {
    let confirmed = Mutex::new(Vec::new());
    let (refused, is_lost, done) = (
        AtomicUsize::new(0),
        AtomicBool::new(false),
        AtomicBool::new(false),
    );
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (confirmed, refused, is_lost, done) = (&confirmed, &refused, &is_lost, &done);
            scope.spawn(move || {
                for number in 0.. {
                    if done.load(Ordering::SeqCst) {
                        break;
                    }
                    let username = format!("user-{client}-{number}");
                    let body = json!({
                        "username": username,
                        "password": "Secret-Passw0rd",
                        "auth": { "type": "m.login.dummy" },
                    });
                    let asked_too_late = is_lost.load(Ordering::SeqCst);
                    let answer = request(address, "POST", REGISTER, None, Some(&body.to_string()));
                    let answer = answer.unwrap();
                    match answer.status {
                        200 => {
                            assert!(!asked_too_late, "{username} was confirmed into nothing");
                            confirmed.lock().unwrap().push(username);
                        }
                        503 => {
                            refused.fetch_add(1, Ordering::SeqCst);
                        }
                        _ => panic!("{username}: {answer:?}"),
                    }
                }
            });
        }
        while confirmed.lock().unwrap().len() < BEFORE {
            std::thread::yield_now();
        }
        mishap();
        is_lost.store(true, Ordering::SeqCst);
        while refused.load(Ordering::SeqCst) < AFTER {
            std::thread::yield_now();
        }
        done.store(true, Ordering::SeqCst);
    });
    confirmed.into_inner().unwrap()
}

#[test]
fn a_server_whose_file_was_deleted_confirms_nothing_until_it_is_restarted() {
    let home = Home::new();
    let file = home.path().join("accounts.db");
    let kept = home.path().join("kept.db");
    let server = home.start();
    for path in ["/health", "/ready"] {
        assert_eq!(server.get(path, "").status, 200, "{path}");
    }
    // A second name, to see afterwards what is in the file.
    std::fs::hard_link(&file, &kept).unwrap();
    let confirmed = register_amid(server.address(), || {
        std::fs::remove_file(&file).unwrap();
    });
    while server.get("/health", "").status == 200 {
        std::thread::yield_now();
    }
    assert_eq!(server.get("/ready", "").status, 503);
    std::fs::rename(&kept, &file).unwrap();
    let versions = server.get("/_matrix/client/v3/register/available?username=x", "");
    assert_eq!(
        versions.status, 503,
        "a file that comes back changes nothing"
    );
    assert_eq!(server.get("/health", "").status, 503);

    let log = server.kill();
    let losses = log.matches("lost while the server was running").count();
    assert_eq!(losses, 1, "{log}");
    assert!(!log.contains("failed to handle"), "{log}");
    let errors = log
        .lines()
        .filter(|line| line.contains("\"ERROR\""))
        .count();
    assert_eq!(errors, 1, "{log}");

    let server = home.start();
    for username in confirmed {
        let body = json!({
            "type": "m.login.password", "user": username, "password": "Secret-Passw0rd",
        });
        let login = server.post("/_matrix/client/v3/login", &body);
        assert_eq!(login.status, 200, "{username} was confirmed and is gone");
    }
    server.terminate();
}

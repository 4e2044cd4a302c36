//! A machine that dies at the worst moment loses nothing that was confirmed, and keeps nothing by
//! halves.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::process::{Home, request};

const PASSWORD: &str = "Secret-Passw0rd";
const CLIENTS: usize = 4;
const ROUNDS: usize = 3;
/// Confirmations to wait for before the power goes.
const CONFIRMATIONS: usize = 12;

/// What the clients know: names they asked for, and answers they received.
#[derive(Default)]
struct Ledger {
    asked: Mutex<Vec<String>>,
    confirmed: Mutex<Vec<(String, Value)>>,
}

#[test]
fn a_killed_server_keeps_every_confirmed_account_whole() {
    let home = Home::new();
    let ledger = Arc::new(Ledger::default());
    for round in 0..ROUNDS {
        let server = home.start();
        register_until_killed(round, &server.address(), &ledger, || {
            server.kill();
        });
    }

    let server = home.start();
    let confirmed = ledger.confirmed.lock().unwrap();
    assert!(confirmed.len() >= ROUNDS * CONFIRMATIONS);
    for (username, answer) in confirmed.iter() {
        let token = answer["access_token"].as_str().unwrap();
        let whoami = server.get("/_matrix/client/v3/account/whoami", token);
        assert_eq!(
            whoami.status, 200,
            "{username} was confirmed and its token is lost"
        );
        assert_eq!(whoami.body["device_id"], answer["device_id"]);
    }
    for username in ledger.asked.lock().unwrap().iter() {
        let login = server.post(
            "/_matrix/client/v3/login",
            &json!({ "type": "m.login.password", "user": username, "password": PASSWORD }),
        );
        let path = format!("/_matrix/client/v3/register/available?username={username}");
        // Each question comes from an address of its own, so that none is paced.
        let available = ask_from_elsewhere(server.address(), &path);
        let whole = (login.status, available) == (200, 400);
        let absent = (login.status, available) == (403, 200);
        assert!(
            whole || absent,
            "{username} exists by halves: {} {available}",
            login.status
        );
    }
}

/// Registers with several clients until enough was confirmed, then calls `kill` amid the rest.
fn register_until_killed(
    round: usize,
    address: &SocketAddr,
    ledger: &Arc<Ledger>,
    kill: impl FnOnce(),
) {
    let dead = AtomicBool::new(false);
    let count = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (dead, count) = (&dead, &count);
            scope.spawn(move || {
                for number in 0.. {
                    if dead.load(Ordering::SeqCst) {
                        break;
                    }
                    let username = format!("user-{round}-{client}-{number}");
                    ledger.asked.lock().unwrap().push(username.clone());
                    let body = json!({
                        "username": username,
                        "password": PASSWORD,
                        "auth": { "type": "m.login.dummy" },
                    });
                    let path = "/_matrix/client/v3/register";
                    let answer = request(*address, "POST", path, None, Some(&body.to_string()));
                    match answer {
                        Ok(answer) if answer.status == 200 => {
                            ledger
                                .confirmed
                                .lock()
                                .unwrap()
                                .push((username, answer.body));
                            count.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(answer) => panic!("{username}: {answer:?}"),
                        Err(_) => break,
                    }
                }
            });
        }
        while count.load(Ordering::SeqCst) < CONFIRMATIONS {
            std::thread::yield_now();
        }
        kill();
        dead.store(true, Ordering::SeqCst);
    });
}

fn ask_from_elsewhere(address: SocketAddr, path: &str) -> u16 {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::SeqCst);
    let (high, low) = (number / 250, number % 250 + 1);
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         X-Forwarded-For: 10.0.{high}.{low}\r\n\r\n"
    );
    crate::process::send(address, head.as_bytes())
        .unwrap()
        .status
}

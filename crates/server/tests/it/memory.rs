//! What passwords leave behind in the memory of the process.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::process::{Home, Process};

/// The copies of `needle` in all memory that the process can write to.
fn copies(process: &Process, needle: &[u8]) -> usize {
    let folder = format!("/proc/{}", process.id());
    let maps = std::fs::read_to_string(format!("{folder}/maps")).unwrap();
    let memory = File::open(format!("{folder}/mem")).unwrap();
    let mut found = 0;
    for line in maps.lines() {
        let mut fields = line.split(' ');
        let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
        let (start, end) = range.split_once('-').unwrap();
        let start = u64::from_str_radix(start, 16).unwrap();
        let end = u64::from_str_radix(end, 16).unwrap();
        let mut region = vec![0; usize::try_from(end - start).unwrap()];
        // Not every region can be read, such as the kernel's own.
        if rights.starts_with("rw") && memory.read_exact_at(&mut region, start).is_ok() {
            let windows = region.windows(needle.len());
            found += windows.filter(|window| *window == needle).count();
        }
    }
    found
}

#[test]
fn no_password_stays_in_memory_once_its_connection_has_gone() {
    let home = Home::with(&json!({
        // Or the test could not look.
        "registrar": {
            "core_dumps": true,
            "hashing": { "memory_kib": 8, "passes": 1 },
            "log": { "format": "json", "filter": "info" },
        },
    }));
    let process = home.start();
    let password = "Xq7-unmistakable-Password-9vT";
    let body = json!({
        "username": "alice", "password": password, "auth": { "type": "m.login.dummy" },
    });
    let answer = process.post("/_matrix/client/v3/register", &body);
    assert_eq!(answer.status, 200, "{answer:?}");
    let login = json!({
        "type": "m.login.password", "password": password,
        "identifier": { "type": "m.id.user", "user": "alice" },
    });
    let answer = process.post("/_matrix/client/v3/login", &login);
    assert_eq!(answer.status, 200, "{answer:?}");
    // The server notices a closed connection after the client has its answer.
    let mut found = usize::MAX;
    for _ in 0..50 {
        found = copies(&process, password.as_bytes());
        if found == 0 {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(found, 0, "copies of the password");
}

#[test]
fn crashes_leave_no_core_dumps() {
    let home = Home::new();
    let process = home.start();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", process.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let core = core.unwrap().split_whitespace().rev();
    let numbers: Vec<_> = core.skip(1).take(2).collect();
    assert_eq!(numbers, ["0", "0"], "{limits}");
}

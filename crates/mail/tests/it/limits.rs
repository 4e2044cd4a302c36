//! Servers that never stop talking, and passwords that only some servers get.

use std::error::Error as _;
use std::time::Duration;

use registrar_domain::ports::{MailError, Mailer as _};
use registrar_mail::Options;
use registrar_mail::options::Encryption;

use crate::sink::{Script, Sink};
use crate::tls::{encrypted_options, tls};
use crate::{mailer, options, validation_mail};

/// What becomes of a mail, in words.
async fn refusal(options: Options) -> String {
    let mail = validation_mail("alice@example.net");
    match mailer(options).send(&mail).await {
        Err(error @ MailError::Transient(_)) => error.source().unwrap().to_string(),
        other => panic!("{other:?}"),
    }
}

const LINE: &[u8] = &[b'2'; 4096];
const LONG_LINES: &[u8] = {
    let mut line = [b'm'; 900];
    [line[0], line[1], line[2], line[3]] = [b'2', b'5', b'0', b'-'];
    [line[898], line[899]] = [b'\r', b'\n'];
    &{ line }
};
const LINES: &[u8] = b"250-more\r\n";

/// A reply of this many lines of 500 bytes each.
fn long_reply(code: u16, lines: usize) -> &'static str {
    let line = format!("{code}-{}\r\n", "m".repeat(494));
    Box::leak(format!("{}{code} fine", line.repeat(lines)).into())
}

#[tokio::test]
async fn no_reply_is_read_to_an_end_that_does_not_come() {
    let commands = ["connect", "EHLO", "MAIL", "RCPT", "DATA", "."];
    for encryption in [
        Encryption::Off,
        Encryption::IfOffered,
        Encryption::Required,
        Encryption::Implicit,
    ] {
        for (bytes, words) in [
            (LINE, "a line of more"),
            (LINES, "of more than 100 lines"),
            (LONG_LINES, "of more than 16384 bytes"),
        ] {
            for command in commands {
                let (acceptor, root) = tls();
                let implicit = encryption == Encryption::Implicit;
                let sink = Sink::start(Script {
                    implicit_tls: implicit.then(|| acceptor.clone()),
                    starttls: (!implicit).then_some(acceptor),
                    flood_at: Some((command, bytes)),
                    ..Script::default()
                })
                .await;
                let cause = refusal(encrypted_options(sink.port, encryption, root)).await;
                assert!(
                    cause.contains(words),
                    "{encryption:?} {command} {words}: {cause}"
                );
            }
        }
    }
}

#[tokio::test]
async fn replies_that_are_each_short_enough_end_together() {
    let hello = long_reply(220, 32);
    let reply = long_reply(250, 32);
    let sink = Sink::start(Script {
        replies: vec![
            ("connect", hello),
            ("EHLO", reply),
            ("MAIL", reply),
            ("RCPT", reply),
        ],
        flood_at: Some(("DATA", LONG_LINES)),
        ..Script::default()
    })
    .await;
    // The server may say as much for the next mail, but not more for this one.
    let cause = refusal(options(sink.port)).await;
    assert!(cause.contains("for one mail"), "{cause}");
}

#[tokio::test]
async fn the_bounds_are_for_one_mail_and_not_for_a_connection() {
    let reply = long_reply(250, 24);
    let sink = Sink::start(Script {
        replies: vec![("MAIL", reply), ("RCPT", reply)],
        ..Script::default()
    })
    .await;
    let mailer = mailer(options(sink.port));
    for _ in 0..8 {
        mailer
            .send(&validation_mail("alice@example.net"))
            .await
            .unwrap();
    }
    assert_eq!(sink.received().connections, 1);
}

#[tokio::test]
async fn a_server_that_drips_gets_no_more_time_than_one_that_hangs() {
    let sink = Sink::start(Script {
        flood_at: Some(("EHLO", LINES)),
        drip: Some(Duration::from_millis(5)),
        ..Script::default()
    })
    .await;
    let mut options = options(sink.port);
    options.smtp.send_timeout = Duration::from_millis(300);
    let cause = refusal(options).await;
    assert!(cause.contains("took longer than 300 ms"), "{cause}");
}

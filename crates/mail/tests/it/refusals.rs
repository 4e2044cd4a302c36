//! What does not go out, and what the domain is told.

use std::error::Error as _;
use std::time::Duration;

use registrar_domain::ports::{MailError, Mailer as _};
use registrar_mail::LettreMailer;
use registrar_mail::options::{CleartextLogin, Credentials, Encryption, SetupError};
use tokio::net::TcpListener;

use crate::sink::{Login, Script, Sink};
use crate::{mailer, options, validation_mail};

fn is_transient(result: &Result<(), MailError>) -> bool {
    matches!(result, Err(MailError::Transient(_)))
}

fn is_refused(result: &Result<(), MailError>) -> bool {
    matches!(result, Err(MailError::Refused(_)))
}

#[tokio::test]
async fn addresses_that_could_end_an_argument_reach_no_server() {
    let sink = Sink::start(Script::default()).await;
    let mailer = mailer(options(sink.port));
    let addresses = [
        "a>@example.net",
        "a@example.net> notify=never",
        "\"a b\"@example.net",
        "a b@example.net",
        "a@[127.0.0.1]",
        "a,b@example.net",
        "@example.net",
        "alice@",
        "alice@bücher.example",
        "用户@example.net",
    ];
    for address in addresses {
        let result = mailer.send(&validation_mail(address)).await;
        assert!(
            matches!(result, Err(MailError::Unaddressable(_))),
            "{address}: {result:?}"
        );
    }
    assert_eq!(sink.received().connections, 0);
}

#[tokio::test]
async fn four_hundreds_are_transient_and_five_hundreds_are_refusals() {
    for command in ["connect", "MAIL", "RCPT", "DATA", "."] {
        for (reply, transient) in [("451 4.7.1 later", true), ("550 5.1.1 never", false)] {
            let script = Script {
                replies: vec![(command, reply)],
                ..Script::default()
            };
            let sink = Sink::start(script).await;
            let mailer = mailer(options(sink.port));
            let result = mailer.send(&validation_mail("alice@example.net")).await;
            assert_eq!(
                is_transient(&result),
                transient,
                "{command} {reply} {result:?}"
            );
            assert_eq!(
                is_refused(&result),
                !transient,
                "{command} {reply} {result:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_refusal_is_reported_without_the_address() {
    let reply = "550 5.1.1 <alice@example.net>: alice is unknown here";
    let sink = Sink::start(Script {
        replies: vec![("RCPT", reply)],
        ..Script::default()
    })
    .await;
    let error = mailer(options(sink.port))
        .send(&validation_mail("alice@example.net"))
        .await;
    let error = error.unwrap_err();
    let cause = error.source().unwrap().to_string();
    assert!(
        cause.contains("550") && cause.contains("is unknown here"),
        "{cause}"
    );
    assert!(!format!("{error:?} {cause}").contains("alice"), "{error:?}");
}

#[tokio::test]
async fn nobody_listening_is_transient() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert!(is_transient(
        &mailer(options(port))
            .send(&validation_mail("a@b.example"))
            .await
    ));
}

#[tokio::test]
async fn a_server_that_hangs_is_transient() {
    for command in ["connect", "EHLO", "RCPT", "."] {
        let sink = Sink::start(Script {
            hang_at: Some(command),
            ..Script::default()
        })
        .await;
        let mut options = options(sink.port);
        options.smtp.send_timeout = Duration::from_millis(200);
        let result = mailer(options)
            .send(&validation_mail("alice@example.net"))
            .await;
        assert!(is_transient(&result), "{command} {result:?}");
    }
}

#[tokio::test]
async fn a_missing_starttls_offer_is_transient_where_encryption_is_required() {
    let sink = Sink::start(Script::default()).await;
    let mut options = options(sink.port);
    options.smtp.encryption = Encryption::Required;
    let result = mailer(options)
        .send(&validation_mail("alice@example.net"))
        .await;
    assert!(is_transient(&result), "{result:?}");
    assert!(sink.received().mails.is_empty());
}

#[tokio::test]
async fn a_login_that_is_not_offered_stops_the_mail() {
    let sink = Sink::start(Script::default()).await;
    let mut options = options(sink.port);
    options.smtp.credentials = Some(credentials());
    let result = mailer(options)
        .send(&validation_mail("alice@example.net"))
        .await;
    assert!(is_transient(&result), "{result:?}");
    assert!(sink.received().mails.is_empty());
}

#[tokio::test]
async fn both_mechanisms_log_in() {
    let plain = Login {
        mechanism: "PLAIN",
        answers: &["AHVzZXIAcMOkc3M="],
    };
    let login = Login {
        mechanism: "LOGIN",
        answers: &["dXNlcg==", "cMOkc3M="],
    };
    for login in [plain, login] {
        let sink = Sink::start(Script {
            login: Some(login),
            ..Script::default()
        })
        .await;
        let mut options = options(sink.port);
        options.smtp.credentials = Some(credentials());
        mailer(options)
            .send(&validation_mail("alice@example.net"))
            .await
            .unwrap();
        assert_eq!(sink.received().mails.len(), 1);
    }
}

#[tokio::test]
async fn a_wrong_login_is_a_refusal() {
    let login = Login {
        mechanism: "PLAIN",
        answers: &["AHVzZXIAb3RoZXI="],
    };
    let sink = Sink::start(Script {
        login: Some(login),
        ..Script::default()
    })
    .await;
    let mut options = options(sink.port);
    options.smtp.credentials = Some(credentials());
    let result = mailer(options)
        .send(&validation_mail("alice@example.net"))
        .await;
    assert!(is_refused(&result), "{result:?}");
}

#[tokio::test]
async fn a_password_is_sent_in_clear_only_where_that_is_allowed() {
    for encryption in [Encryption::Off, Encryption::IfOffered] {
        for (allowed, expected) in [
            (CleartextLogin::Nowhere, 0),
            (CleartextLogin::InPrivateNetworks, 1),
            (CleartextLogin::Everywhere, 1),
        ] {
            let login = Login {
                mechanism: "PLAIN",
                answers: &["AHVzZXIAcMOkc3M="],
            };
            let sink = Sink::start(Script {
                login: Some(login),
                ..Script::default()
            })
            .await;
            let mut options = options(sink.port);
            options.smtp.encryption = encryption;
            options.smtp.credentials = Some(credentials());
            options.smtp.cleartext_login = allowed;
            let result = mailer(options)
                .send(&validation_mail("alice@example.net"))
                .await;
            assert_eq!(result.is_ok(), expected == 1, "{allowed:?} {result:?}");
            let commands = sink.received().commands;
            let logins = commands.iter().filter(|line| line.starts_with("AUTH"));
            assert_eq!(logins.count(), expected, "{allowed:?} {commands:?}");
            if let Err(error) = result {
                let cause = error.source().unwrap().to_string();
                let words = "registrar.email.cleartext_login";
                assert!(cause.contains(words), "{cause}");
            }
        }
    }
}

#[tokio::test]
async fn a_name_that_would_end_the_command_is_found_at_construction() {
    for name in [
        "mail.example.org\r\nMAIL FROM:<a@b>",
        "two words",
        "bücher.example",
    ] {
        let mut options = options(25);
        options.smtp.ehlo_name = Some(name.to_owned());
        let mistakes = LettreMailer::new(options).unwrap_err();
        assert!(
            matches!(mistakes[..], [SetupError::EhloName]),
            "{mistakes:?}"
        );
    }
}

fn credentials() -> Credentials {
    Credentials {
        user: "user".to_owned(),
        password: registrar_domain::model::secret::Secret::new("päss".to_owned()),
    }
}

//! Connections are kept, and only those that are in order.

use registrar_domain::ports::{MailError, Mailer as _};

use crate::sink::{Script, Sink};
use crate::{mailer, options, validation_mail};

#[tokio::test]
async fn several_mails_share_a_connection() {
    let sink = Sink::start(Script::default()).await;
    let mailer = mailer(options(sink.port));
    for address in ["a@example.net", "b@example.net", "c@example.net"] {
        mailer.send(&validation_mail(address)).await.unwrap();
    }
    let received = sink.received();
    assert_eq!((received.connections, received.mails.len()), (1, 3));

    mailer.close().await;
    assert_eq!(sink.received().commands.last().unwrap(), "QUIT");
    mailer
        .send(&validation_mail("d@example.net"))
        .await
        .unwrap();
    assert_eq!(sink.received().connections, 2);
}

#[tokio::test]
async fn mails_at_once_use_a_bounded_number_of_connections() {
    let sink = Sink::start(Script::default()).await;
    let mailer = std::sync::Arc::new(mailer(options(sink.port)));
    let tasks: Vec<_> = (0..20)
        .map(|i| {
            let mailer = std::sync::Arc::clone(&mailer);
            let mail = validation_mail(&format!("user{i}@example.net"));
            tokio::spawn(async move { mailer.send(&mail).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let received = sink.received();
    assert_eq!(received.mails.len(), 20);
    assert!(
        (1..=4).contains(&received.connections),
        "{}",
        received.connections
    );
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let sink = Sink::start(Script {
        one_mail_a_connection: true,
        ..Script::default()
    })
    .await;
    let mailer = mailer(options(sink.port));
    for address in ["a@example.net", "b@example.net"] {
        mailer.send(&validation_mail(address)).await.unwrap();
    }
    let received = sink.received();
    assert_eq!((received.connections, received.mails.len()), (2, 2));
}

#[tokio::test]
async fn a_refused_mail_does_not_spoil_the_next_one() {
    let replies = vec![("RCPT TO:<nobody@example.net>", "550 unknown")];
    let sink = Sink::start(Script {
        replies,
        ..Script::default()
    })
    .await;
    let mailer = mailer(options(sink.port));
    let refused = mailer.send(&validation_mail("nobody@example.net")).await;
    assert!(matches!(refused, Err(MailError::Refused(_))), "{refused:?}");
    mailer
        .send(&validation_mail("alice@example.net"))
        .await
        .unwrap();
    assert_eq!(sink.received().mails.len(), 1);
}

#[tokio::test]
async fn a_mail_dropped_half_way_does_not_spoil_the_next_one() {
    for command in ["MAIL", "RCPT", "DATA", "."] {
        let script = Script {
            hang_at: Some(command),
            hang_once: true,
            ..Script::default()
        };
        let sink = Sink::start(script).await;
        let mailer = mailer(options(sink.port));
        let slow = validation_mail("slow@example.net");
        tokio::select! {
            done = mailer.send(&slow) => panic!("{command} {done:?}"),
            () = sink.hangs() => {}
        }
        mailer
            .send(&validation_mail("alice@example.net"))
            .await
            .unwrap();
        let received = sink.received();
        assert_eq!(
            (received.connections, received.mails.len()),
            (2, 1),
            "{command}"
        );
        assert!(
            received.mails[0].data.contains("To: alice@example.net\r\n"),
            "{command}"
        );
    }
}

//! What a mail looks like on the wire.

use registrar_domain::model::threepid::EmailAddress;
use registrar_domain::ports::mailer::MailContent;
use registrar_domain::ports::{Mail, Mailer as _};

use crate::mime::{header, parts};
use crate::sink::{Script, Sink};
use crate::{LINK, mailer, options, validation_mail};

#[tokio::test]
async fn envelope_and_headers() {
    let sink = Sink::start(Script::default()).await;
    mailer(options(sink.port))
        .send(&validation_mail("alice@example.net"))
        .await
        .unwrap();

    let commands = sink.received().commands;
    assert_eq!(commands[0], "EHLO [127.0.0.1]");
    let rest = [
        "MAIL FROM:<noreply@example.org>",
        "RCPT TO:<alice@example.net>",
        "DATA",
    ];
    assert_eq!(commands[1..], rest);

    let mail = sink.only_mail().data;
    let value = |name| header(&mail, name).unwrap();
    assert_eq!(value("From"), "Matrix <noreply@example.org>");
    assert_eq!(value("To"), "alice@example.net");
    assert_eq!(value("Subject"), "[example.org] Validate your email");
    assert_eq!(value("Auto-Submitted"), "auto-generated");
    assert_eq!(value("X-Auto-Response-Suppress"), "All");
    assert_eq!(value("MIME-Version"), "1.0");
    assert!(value("Date").ends_with("+0000"), "{}", value("Date"));
    let id = value("Message-ID");
    assert!(
        id.starts_with('<') && id.contains('@') && id.ends_with('>'),
        "{id}"
    );
    assert!(value("Content-Type").starts_with("multipart/alternative;"));
    assert!(
        mail.lines()
            .all(|line| line.len() <= 998 && line.is_ascii())
    );
}

#[tokio::test]
async fn this_side_introduces_itself_by_the_name_it_was_given() {
    let sink = Sink::start(Script::default()).await;
    let mut options = options(sink.port);
    options.smtp.ehlo_name = Some("matrix.example.org".to_owned());
    mailer(options)
        .send(&validation_mail("alice@example.net"))
        .await
        .unwrap();
    assert_eq!(sink.received().commands[0], "EHLO matrix.example.org");
}

#[tokio::test]
async fn text_comes_first_and_html_escapes_the_link() {
    let sink = Sink::start(Script::default()).await;
    mailer(options(sink.port))
        .send(&validation_mail("alice@example.net"))
        .await
        .unwrap();

    let parts = parts(&sink.only_mail().data);
    let [(text_type, text), (html_type, html)] = parts.as_slice() else {
        panic!("{parts:?}")
    };
    assert_eq!(text_type, "text/plain; charset=utf-8");
    assert_eq!(html_type, "text/html; charset=utf-8");
    assert!(text.lines().any(|line| line == LINK), "{text}");
    let escaped = LINK.replace('&', "&amp;");
    assert_eq!(
        html.matches(&format!("href=\"{escaped}\"")).count(),
        2,
        "{html}"
    );
    assert!(!html.contains(LINK), "{html}");
    assert!(
        html.contains("example.org") && html.contains("<html lang=\"en\">"),
        "{html}"
    );
    assert!(
        !html.contains("src=") && !html.contains("url("),
        "nothing is loaded from outside"
    );
}

#[tokio::test]
async fn each_mail_has_its_own_words() {
    let sink = Sink::start(Script::default()).await;
    let mailer = mailer(options(sink.port));
    let link = LINK.to_owned();
    let rows = [
        (
            MailContent::ValidateRegistration { link: link.clone() },
            "Validate",
            "Confirm your",
        ),
        (
            MailContent::ValidateAddition { link: link.clone() },
            "Validate",
            "Add this address",
        ),
        (
            MailContent::ResetPassword { link },
            "Password reset",
            "Reset your password",
        ),
        (
            MailContent::AlreadyInUse,
            "Email already in use",
            "You already have an account",
        ),
    ];
    let to = EmailAddress::parse("alice@example.net").unwrap();
    for (content, subject, heading) in rows {
        mailer
            .send(&Mail {
                to: to.clone(),
                content: content.clone(),
            })
            .await
            .unwrap();
        let mail = sink.received().mails.last().unwrap().data.clone();
        assert!(
            header(&mail, "Subject").unwrap().contains(subject),
            "{content:?}"
        );
        for (content_type, body) in parts(&mail) {
            assert!(body.contains(heading), "{content:?} {content_type}");
            let linked = body.contains("submit_token");
            assert_eq!(
                linked,
                content != MailContent::AlreadyInUse,
                "{content_type}"
            );
        }
    }
}

#[tokio::test]
async fn names_beyond_ascii_are_encoded() {
    let sink = Sink::start(Script::default()).await;
    let mut options = options(sink.port);
    options.app_name = "Grüße, <b>Łódź</b>".to_owned();
    options.subjects.email_validation = "%(app)s: bestätigen · 100%%".to_owned();
    mailer(options)
        .send(&validation_mail("alice@example.net"))
        .await
        .unwrap();

    let mail = sink.only_mail().data;
    assert!(mail.is_ascii());
    let subject = header(&mail, "Subject").unwrap();
    assert!(subject.starts_with("=?utf-8?b?"), "{subject}");
    let from = header(&mail, "From").unwrap();
    assert!(
        from.starts_with("=?utf-8?b?") && from.ends_with(" <noreply@example.org>"),
        "{from}"
    );
    let parts = parts(&mail);
    assert!(parts[0].1.contains("Grüße, <b>Łódź</b>"), "{}", parts[0].1);
    assert!(
        parts[1].1.contains("Grüße, &lt;b&gt;Łódź&lt;/b&gt;"),
        "{}",
        parts[1].1
    );
}

#[tokio::test]
async fn a_line_with_a_single_dot_does_not_end_the_mail() {
    let sink = Sink::start(Script::default()).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("registration.txt"),
        "{{ link }}\n.\nQUIT\n",
    )
    .unwrap();
    let mut options = options(sink.port);
    options.template_directories = vec![folder.path().to_owned()];
    mailer(options)
        .send(&validation_mail("alice@example.net"))
        .await
        .unwrap();

    let mail = sink.only_mail().data;
    assert!(
        mail.contains("\r\n..\r\nQUIT\r\n") || mail.contains("\r\n=2E\r\nQUIT"),
        "{mail}"
    );
    assert!(!sink.received().commands.contains(&"QUIT".to_owned()));
}

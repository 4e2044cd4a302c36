//! Encrypted connections, with a certificate of our own making.

use std::error::Error as _;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use registrar_domain::ports::{MailError, Mailer as _};
use registrar_mail::Options;
use registrar_mail::options::{Credentials, Encryption};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::sink::{Login, Script, Sink};
use crate::{mailer, options, validation_mail};

/// A server's half of TLS for `mail.example.org`, and the certificate to trust.
pub(crate) fn tls() -> (TlsAcceptor, Vec<u8>) {
    tls_with(&params())
}

fn params() -> CertificateParams {
    CertificateParams::new(["mail.example.org".to_owned()]).unwrap()
}

/// As `openssl req -x509` makes them.
fn authority() -> CertificateParams {
    let mut params = params();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn tls_with(params: &CertificateParams) -> (TlsAcceptor, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), certificate.to_vec())
}

pub(crate) fn encrypted_options(port: u16, encryption: Encryption, root: Vec<u8>) -> Options {
    let mut options = options(port);
    options.smtp.encryption = encryption;
    options.smtp.tls_name = Some("mail.example.org".to_owned());
    options.smtp.extra_root_certificates = vec![root];
    options
}

#[tokio::test]
async fn an_offered_starttls_is_taken() {
    for encryption in [Encryption::IfOffered, Encryption::Required] {
        let (acceptor, root) = tls();
        let sink = Sink::start(Script {
            starttls: Some(acceptor),
            ..Script::default()
        })
        .await;
        let mailer = mailer(encrypted_options(sink.port, encryption, root));
        mailer
            .send(&validation_mail("alice@example.net"))
            .await
            .unwrap();
        assert!(sink.only_mail().encrypted);
    }
}

#[tokio::test]
async fn an_offered_starttls_is_left_alone_when_encryption_is_off() {
    let (acceptor, root) = tls();
    let sink = Sink::start(Script {
        starttls: Some(acceptor),
        ..Script::default()
    })
    .await;
    let mailer = mailer(encrypted_options(sink.port, Encryption::Off, root));
    mailer
        .send(&validation_mail("alice@example.net"))
        .await
        .unwrap();
    assert!(!sink.only_mail().encrypted);
}

#[tokio::test]
async fn a_refused_starttls_stops_the_mail() {
    let (acceptor, root) = tls();
    let replies = vec![("STARTTLS", "454 not now")];
    let script = Script {
        starttls: Some(acceptor),
        replies,
        ..Script::default()
    };
    let sink = Sink::start(script).await;
    let mailer = mailer(encrypted_options(sink.port, Encryption::Required, root));
    let result = mailer.send(&validation_mail("alice@example.net")).await;
    assert!(matches!(result, Err(MailError::Transient(_))), "{result:?}");
    assert!(sink.received().mails.is_empty());
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let (acceptor, root) = tls();
    let sink = Sink::start(Script {
        implicit_tls: Some(acceptor),
        ..Script::default()
    })
    .await;
    let mailer = mailer(encrypted_options(sink.port, Encryption::Implicit, root));
    mailer
        .send(&validation_mail("alice@example.net"))
        .await
        .unwrap();
    assert!(sink.only_mail().encrypted);
}

#[tokio::test]
async fn unknown_authorities_and_other_names_are_not_trusted() {
    for name_fits in [true, false] {
        let (acceptor, root) = tls();
        let sink = Sink::start(Script {
            starttls: Some(acceptor),
            ..Script::default()
        })
        .await;
        let mut options = encrypted_options(sink.port, Encryption::IfOffered, root);
        if name_fits {
            options.smtp.extra_root_certificates.clear();
        } else {
            options.smtp.tls_name = None;
        }
        let result = mailer(options)
            .send(&validation_mail("alice@example.net"))
            .await;
        assert!(matches!(result, Err(MailError::Transient(_))), "{result:?}");
        assert!(sink.received().mails.is_empty());
    }
}

#[tokio::test]
async fn what_was_offered_before_starttls_does_not_count_after_it() {
    let (acceptor, root) = tls();
    let script = Script {
        starttls: Some(acceptor),
        login: Some(Login {
            mechanism: "PLAIN",
            answers: &["AHVzZXIAcGFzcw=="],
        }),
        login_only_encrypted: true,
        ..Script::default()
    };
    let sink = Sink::start(script).await;
    let mut options = encrypted_options(sink.port, Encryption::Required, root);
    options.smtp.credentials = Some(credentials());
    mailer(options)
        .send(&validation_mail("alice@example.net"))
        .await
        .unwrap();
    let received = sink.received();
    let hellos = received.commands.iter().filter(|c| c.starts_with("EHLO"));
    assert_eq!(hellos.count(), 2, "{:?}", received.commands);
    assert!(sink.only_mail().encrypted);
}

#[tokio::test]
async fn what_is_sent_unencrypted_behind_the_answer_to_starttls_is_not_read() {
    let (acceptor, root) = tls();
    let script = Script {
        starttls: Some(acceptor),
        after_starttls: "250 intruder\r\n",
        replies: vec![("RCPT", "550 not here")],
        ..Script::default()
    };
    let sink = Sink::start(script).await;
    let result = mailer(encrypted_options(sink.port, Encryption::Required, root))
        .send(&validation_mail("alice@example.net"))
        .await;
    assert!(matches!(result, Err(MailError::Refused(_))), "{result:?}");
}

fn credentials() -> Credentials {
    Credentials {
        user: "user".to_owned(),
        password: registrar_domain::model::secret::Secret::new("pass".to_owned()),
    }
}

#[tokio::test]
async fn an_authority_s_certificate_is_accepted_from_the_server_whose_it_is() {
    let (acceptor, root) = tls_with(&authority());
    for encryption in [
        Encryption::Implicit,
        Encryption::IfOffered,
        Encryption::Required,
    ] {
        let implicit = encryption == Encryption::Implicit;
        let sink = Sink::start(Script {
            implicit_tls: implicit.then(|| acceptor.clone()),
            starttls: (!implicit).then(|| acceptor.clone()),
            ..Script::default()
        })
        .await;
        let trusting = encrypted_options(sink.port, encryption, root.clone());
        let mail = validation_mail("alice@example.net");
        mailer(trusting.clone()).send(&mail).await.unwrap();

        // Another authority of the same name is no reason to trust this one.
        let mut wary = trusting;
        wary.smtp.extra_root_certificates = vec![tls_with(&authority()).1];
        let error = mailer(wary).send(&mail).await.unwrap_err();
        let cause = error.source().unwrap().to_string();
        let server = format!("127.0.0.1:{}", sink.port);
        assert!(
            cause.contains(&server) && cause.contains("SSL_CERT_FILE"),
            "{cause}"
        );
    }
}

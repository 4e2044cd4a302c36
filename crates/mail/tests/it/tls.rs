//! Encrypted connections, with a certificate of our own making.

use std::sync::Arc;

use registrar_domain::ports::{MailError, Mailer as _};
use registrar_mail::Options;
use registrar_mail::options::Encryption;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::sink::{Script, Sink};
use crate::{mailer, options, validation_mail};

/// A server's half of TLS for `mail.example.org`, and the certificate to trust.
fn tls() -> (TlsAcceptor, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(["mail.example.org".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), certificate.to_vec())
}

fn encrypted_options(port: u16, encryption: Encryption, root: Vec<u8>) -> Options {
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

//! Handshakes in memory between the configuration under test and servers with certificates of our
//! own making.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use registrar_tls::{client_config, explain};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConnection, Error, ServerConfig, ServerConnection};

const NAME: &str = "mail.lan";

/// A server's certificate and key.
struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

fn params() -> CertificateParams {
    CertificateParams::new([NAME.to_owned()]).unwrap()
}

fn authority(mut params: CertificateParams) -> CertificateParams {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn self_signed(params: &CertificateParams) -> Identity {
    let key = KeyPair::generate().unwrap();
    Identity {
        certificate: params.self_signed(&key).unwrap().der().clone(),
        key: key.serialize_der(),
    }
}

/// The certificate of an authority of our own, and one that it signed.
fn signed(by: CertificateParams, params: &CertificateParams) -> (Vec<u8>, Identity) {
    let issuer = CertifiedIssuer::self_signed(by, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap().der().clone();
    let identity = Identity {
        certificate,
        key: key.serialize_der(),
    };
    (issuer.der().to_vec(), identity)
}

/// Lets the two sides talk until the client is content or refuses.
fn handshake(trusted: &[Vec<u8>], identity: &Identity, name: &str) -> Result<(), Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(identity.key.clone()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate.clone()], key)
        .unwrap();
    let mut server = ServerConnection::new(Arc::new(config)).unwrap();
    let config = Arc::new(client_config(trusted).unwrap());
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(config, name).unwrap();
    while client.is_handshaking() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        let mut bytes = Vec::new();
        server.write_tls(&mut bytes).unwrap();
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}

fn trust(identity: &Identity) -> Vec<Vec<u8>> {
    vec![identity.certificate.to_vec()]
}

#[test]
fn the_very_certificate_that_is_trusted_is_accepted_even_an_authority_s() {
    for params in [params(), authority(params())] {
        let server = self_signed(&params);
        assert_eq!(handshake(&trust(&server), &server, NAME), Ok(()));
        assert!(handshake(&[], &server, NAME).is_err());
        let other = self_signed(&params);
        let refused = handshake(&trust(&other), &server, NAME);
        assert!(refused.is_err(), "another of the same names is trusted");
    }
    let (_, leaf) = signed(authority(CertificateParams::default()), &params());
    assert_eq!(handshake(&trust(&leaf), &leaf, NAME), Ok(()));
}

#[test]
fn an_authority_vouches_for_servers_but_not_for_authorities_in_their_place() {
    let (root, server) = signed(authority(CertificateParams::default()), &params());
    assert_eq!(handshake(&[root], &server, NAME), Ok(()));
    let (root, server) = signed(
        authority(CertificateParams::default()),
        &authority(params()),
    );
    assert!(handshake(&[root], &server, NAME).is_err());
}

#[test]
fn a_trusted_certificate_must_fit_the_name_and_the_date() {
    for make in [params as fn() -> _, || authority(params())] {
        let server = self_signed(&make());
        assert!(handshake(&trust(&server), &server, "other.lan").is_err());
        let mut expired = make();
        expired.not_before = date_time_ymd(2019, 1, 1);
        expired.not_after = date_time_ymd(2020, 1, 1);
        let server = self_signed(&expired);
        assert!(handshake(&trust(&server), &server, NAME).is_err());
        let mut early = make();
        early.not_before = date_time_ymd(4000, 1, 1);
        let server = self_signed(&early);
        assert!(handshake(&trust(&server), &server, NAME).is_err());
    }
}

#[test]
fn a_refusal_says_what_to_do() {
    let server = self_signed(&params());
    let ca = self_signed(&authority(params()));
    let mut expired = params();
    expired.not_after = date_time_ymd(2020, 1, 1);
    expired.not_before = date_time_ymd(2019, 1, 1);
    let expired = self_signed(&expired);
    let rows = [
        (handshake(&[], &server, NAME), "SSL_CERT_FILE"),
        (handshake(&[], &ca, NAME), "SSL_CERT_FILE"),
        (handshake(&trust(&expired), &expired, NAME), "expired"),
        (handshake(&trust(&server), &server, "other.lan"), "mail.lan"),
        (handshake(&trust(&ca), &ca, "other.lan"), "mail.lan"),
    ];
    for (refused, words) in rows {
        let wrapped = io::Error::new(io::ErrorKind::InvalidData, refused.unwrap_err());
        let text = explain(&wrapped).unwrap();
        assert!(text.contains(words), "{text}");
        assert!(!text.contains("Other("), "{text}");
    }
    assert!(explain(&io::Error::other("no TLS here")).is_none());
}

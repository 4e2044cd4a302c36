//! The certificate authorities that the machine trusts besides those of the public web, such as the
//! one of a company whose mail server nobody else can reach.

use std::sync::LazyLock;

use rustls::RootCertStore;

/// Their certificates in DER form, from where the system keeps them or `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` say. What cannot be read or used is passed over: the system's collection is not
/// this server's to correct.
pub(super) fn of_the_system() -> Vec<Vec<u8>> {
    static CERTIFICATES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(load);
    CERTIFICATES.clone()
}

fn load() -> Vec<Vec<u8>> {
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::warn!(%error, "some of the system's root certificates cannot be read");
    }
    let certificates = native.certs.into_iter();
    certificates
        .filter(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok())
        .map(|certificate| certificate.to_vec())
        .collect()
}

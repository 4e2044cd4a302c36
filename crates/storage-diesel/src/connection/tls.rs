//! TLS to PostgreSQL, by rustls: which certificates are believed under which `sslmode`.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::OpenError;
use crate::options::{PostgresOptions, SslMode};

/// What [`SslMode`] promises, as a configuration of rustls.
pub(super) fn client_config(
    mode: SslMode,
    options: &PostgresOptions,
) -> Result<ClientConfig, OpenError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| OpenError::Tls(error.into()))?;
    let opportunistic = matches!(mode, SslMode::Allow | SslMode::Prefer);
    let builder = if opportunistic && options.sslrootcert.is_none() {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    } else {
        builder.with_root_certificates(roots(options)?)
    };
    match (&options.sslcert, &options.sslkey) {
        (Some(certificate), Some(key)) => {
            let chain = CertificateDer::pem_file_iter(certificate)
                .and_then(Iterator::collect)
                .map_err(|error| OpenError::Tls(error.into()))?;
            let key =
                PrivateKeyDer::from_pem_file(key).map_err(|error| OpenError::Tls(error.into()))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| OpenError::Tls(error.into()))
        }
        (None, None) => Ok(builder.with_no_client_auth()),
        _ => Err(OpenError::Tls("sslcert and sslkey need each other".into())),
    }
}

/// The operator's own roots if given, else those of the system and of the web.
fn roots(options: &PostgresOptions) -> Result<RootCertStore, OpenError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &options.sslrootcert {
        let certificates =
            CertificateDer::pem_file_iter(path).map_err(|error| OpenError::Tls(error.into()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| OpenError::Tls(error.into()))?;
            roots
                .add(certificate)
                .map_err(|error| OpenError::Tls(error.into()))?;
        }
        if roots.is_empty() {
            return Err(OpenError::Tls("sslrootcert holds no certificate".into()));
        }
        return Ok(roots);
    }
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::warn!(%error, "some of the system's root certificates cannot be read");
    }
    roots.add_parsable_certificates(native.certs);
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    Ok(roots)
}

/// Believes any certificate.
///
/// For the modes that would also go on without TLS: whoever could show a false certificate could as
/// well pretend that the server has none. What remains is protection against those who only listen,
/// and servers with a self-signed certificate, which some distributions make at installation, stay
/// reachable.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

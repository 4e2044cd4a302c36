//! TLS to PostgreSQL, by rustls: which certificates are believed under which `sslmode`.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, UnixTime,
};
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
    let verifier: Arc<dyn ServerCertVerifier> = if opportunistic && options.sslrootcert.is_none() {
        Arc::new(AnyCertificate(provider))
    } else {
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots(options)?), provider)
            .with_crls(revoked(options)?)
            .build()
            .map_err(|error| OpenError::Tls(error.into()))?
    };
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match (&options.sslcert, &options.sslkey) {
        (Some(certificate), Some(key)) => {
            let chain = CertificateDer::pem_file_iter(certificate)
                .and_then(Iterator::collect)
                .map_err(|error| unusable("sslcert", certificate, &error))?;
            let secret = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| unusable("sslkey", key, &error))?;
            builder
                .with_client_auth_cert(chain, secret)
                .map_err(|error| unusable("sslkey", key, &error))?
        }
        (None, None) => builder.with_no_client_auth(),
        _ => return Err(OpenError::Tls("sslcert and sslkey need each other".into())),
    };
    if options.ssl_direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(config)
}

/// Says `sslrootcert` that the system's authorities are to be trusted?
pub(super) fn trusts_system(options: &PostgresOptions) -> bool {
    options.sslrootcert.as_deref() == Some(Path::new("system"))
}

fn unusable(setting: &str, file: &Path, error: &dyn std::fmt::Display) -> OpenError {
    OpenError::Tls(format!("{setting} {}: {error}", file.display()).into())
}

fn revoked(
    options: &PostgresOptions,
) -> Result<Vec<CertificateRevocationListDer<'static>>, OpenError> {
    let Some(file) = &options.sslcrl else {
        return Ok(Vec::new());
    };
    let lists: Vec<_> = CertificateRevocationListDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| unusable("sslcrl", file, &error))?;
    if lists.is_empty() {
        return Err(unusable("sslcrl", file, &"the file holds no list"));
    }
    Ok(lists)
}

/// The operator's own roots if given, else those of the system and of the web.
fn roots(options: &PostgresOptions) -> Result<RootCertStore, OpenError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = options
        .sslrootcert
        .as_ref()
        .filter(|_| !trusts_system(options))
    {
        let certificates = CertificateDer::pem_file_iter(path)
            .map_err(|error| unusable("sslrootcert", path, &error))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| unusable("sslrootcert", path, &error))?;
            roots
                .add(certificate)
                .map_err(|error| unusable("sslrootcert", path, &error))?;
        }
        if roots.is_empty() {
            return Err(unusable(
                "sslrootcert",
                path,
                &"the file holds no certificate",
            ));
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
/// For the modes that would also go on without TLS: an attacker who could show a false certificate could as
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

//! Which certificates of servers are accepted.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// A certificate to trust cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("an extra root certificate cannot be read")]
pub struct BadCertificate(#[source] Error);

/// TLS 1.2 and 1.3, for servers whose certificates are signed by the authorities of the public web
/// or by one of the extra certificates (in DER form), or are themselves one of the extra ones.
///
/// # Errors
/// [`BadCertificate`].
pub fn client_config(extra_certificates: &[Vec<u8>]) -> Result<ClientConfig, BadCertificate> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let trusted: Vec<CertificateDer<'static>> = extra_certificates
        .iter()
        .map(|der| CertificateDer::from(der.clone()))
        .collect();
    for certificate in &trusted {
        roots.add(certificate.clone()).map_err(BadCertificate)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let by_authorities =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .expect("there are roots, and no revocation lists");
    let verifier = Verifier {
        by_authorities,
        trusted,
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows the default versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

/// Accepts what the authorities vouch for, and the trusted certificates themselves.
///
/// `openssl req -x509` makes certificates that sign themselves and call themselves an authority.
/// OpenSSL, and so a homeserver, accepts one from a server if exactly this certificate is trusted.
/// The verifier of rustls never accepts an authority's certificate from a server, so this is decided
/// here: for this certificate only, and not for others that it may have signed in its own name.
#[derive(Debug)]
struct Verifier {
    by_authorities: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let refusal = match self.by_authorities.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        ) {
            Ok(verified) => return Ok(verified),
            Err(refusal) => refusal,
        };
        // Its dates were in order, or the refusal would be about them: they are looked at first.
        if is_about_the_signer(&refusal) && self.trusted.contains(end_entity) {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        Err(refusal)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_authorities
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_authorities
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by_authorities.supported_verify_schemes()
    }
}

/// Is all that is wrong with a certificate who signed it, or that it calls itself an authority?
fn is_about_the_signer(refusal: &Error) -> bool {
    // A signature is bad in the eyes of another trusted certificate that has the signer's name.
    matches!(
        refusal,
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature)
    ) || is_authority_as_server(refusal)
}

/// Did a server show the certificate of an authority as its own?
pub(crate) fn is_authority_as_server(refusal: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = refusal else {
        return false;
    };
    matches!(
        other.0.downcast_ref::<webpki::Error>(),
        Some(webpki::Error::CaUsedAsEndEntity)
    )
}

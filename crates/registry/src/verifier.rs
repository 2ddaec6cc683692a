//! Whether a server's certificate is believed: by the authorities, or because it is one of those that were given.
//!
//! A certificate that signs itself, as `openssl req -x509` makes it, says of itself that it is an authority, and a path
//! through it is none for webpki (RFC 5280, 4.2.1.9). Such a one in a certs.d folder or among the system's is meant to be
//! the server's own: it is believed if it is the very same, for its names and within its time.

use rustls::CertificateError::{self, UnknownIssuer};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::Arc;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::ExtendedKeyUsage;

/// Checks servers' certificates, and that the servers have the keys to them.
#[derive(Debug)]
pub(crate) struct Verifier {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
}

/// Who is believed.
#[derive(Debug)]
enum Trust {
    /// For registries that are said to be insecure.
    Everybody,
    /// These certificates, and what they sign.
    Given {
        /// `None` without any authority.
        authorities: Option<Arc<WebPkiServerVerifier>>,
        given: Vec<CertificateDer<'static>>,
    },
}

impl Verifier {
    pub(crate) fn of_everybody(provider: &CryptoProvider) -> Self {
        Self { trust: Trust::Everybody, algorithms: provider.signature_verification_algorithms }
    }

    pub(crate) fn of(given: Vec<CertificateDer<'static>>, provider: &Arc<CryptoProvider>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(given.iter().cloned());
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        // It fails without authorities only.
        let authorities = builder.build().ok();
        Self { trust: Trust::Given { authorities, given }, algorithms: provider.signature_verification_algorithms }
    }

    /// Certificates of the first version, for one, can't be read: who believes everybody takes them as they are.
    fn signature(&self, checked: Result<HandshakeSignatureValid, Error>) -> Result<HandshakeSignatureValid, Error> {
        match (checked, &self.trust) {
            (Err(Error::InvalidCertificate(why)), Trust::Everybody) if why != CertificateError::BadSignature => {
                Ok(HandshakeSignatureValid::assertion())
            }
            (checked, _) => checked,
        }
    }
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
        let Trust::Given { authorities, given } = &self.trust else { return Ok(ServerCertVerified::assertion()) };
        let Some(authorities) = authorities else { return Err(UnknownIssuer.into()) };
        let verified = authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            Err(error) if is_for_an_authority(&error) => match given.contains(end_entity) {
                true => verify_itself(end_entity, server_name, now),
                false => Err(unless_self_signed(end_entity, error)),
            },
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(verify_tls12_signature(message, certificate, signed, &self.algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(verify_tls13_signature(message, certificate, signed, &self.algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The server's certificate says that it is an authority's.
fn is_for_an_authority(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// What to say of one that isn't among those that were given; `error` if another one signed it.
fn unless_self_signed(certificate: &CertificateDer<'_>, error: Error) -> Error {
    match Certificate::from_der(certificate).map(|parsed| parsed.tbs_certificate().clone()) {
        Ok(parsed) if parsed.issuer() == parsed.subject() => UnknownIssuer.into(),
        Ok(_) => error,
        Err(_) => CertificateError::BadEncoding.into(),
    }
}

/// One that was given: for this server, for servers at all, within its time.
fn verify_itself(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, Error> {
    let parsed = Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let parsed = parsed.tbs_certificate();
    let (from, until) = (parsed.validity().not_before, parsed.validity().not_after);
    if now.as_secs() < from.to_unix_duration().as_secs() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now.as_secs() > until.to_unix_duration().as_secs() {
        return Err(CertificateError::Expired.into());
    }
    let purposes = parsed.get_extension::<ExtendedKeyUsage>().map_err(|_| CertificateError::BadEncoding)?;
    if purposes.is_some_and(|(_, purposes)| !purposes.0.iter().any(|purpose| FOR_SERVERS.contains(purpose))) {
        return Err(CertificateError::InvalidPurpose.into());
    }
    verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
    Ok(ServerCertVerified::assertion())
}

/// `serverAuth` and `anyExtendedKeyUsage` (RFC 5280, 4.2.1.12).
const FOR_SERVERS: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"), ObjectIdentifier::new_unwrap("2.5.29.37.0")];

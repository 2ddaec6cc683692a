//! Certificates of signers: up to given authorities, for code signing, at a given time, for whom they are.

use super::key::PublicKey;
use crate::signature::pem;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::time::Duration;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, ring as algorithms};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::Utf8StringRef;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// The extended key usage "code signing", and its content octets.
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
static CODE_SIGNING_OCTETS: [u8; 8] = [43, 6, 1, 5, 5, 7, 3, 3];
/// Fulcio: who vouched for the person; the value is the bare text.
const ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.1");
/// The same as a UTF8String.
const ISSUER_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.8");

static ALGORITHMS: &[&dyn rustls_pki_types::SignatureVerificationAlgorithm] = &[
    algorithms::ECDSA_P256_SHA256,
    algorithms::ECDSA_P256_SHA384,
    algorithms::ECDSA_P384_SHA256,
    algorithms::ECDSA_P384_SHA384,
    algorithms::ED25519,
    algorithms::RSA_PKCS1_2048_8192_SHA256,
    algorithms::RSA_PKCS1_2048_8192_SHA384,
    algorithms::RSA_PKCS1_2048_8192_SHA512,
];

/// Authorities and what may stand between them and a signer, as DER.
pub(super) struct Authorities {
    pub(super) roots: Vec<Vec<u8>>,
    pub(super) intermediates: Vec<Vec<u8>>,
}

/// A signer's certificate that is valid.
#[derive(Debug)]
pub(super) struct Signer {
    der: Vec<u8>,
    certificate: Certificate,
}

impl Authorities {
    /// The signer's certificate, when these authorities issued it for signing, and it was valid at `time`.
    pub(super) fn verify(&self, leaf: &[u8], time: u64) -> Result<Signer, String> {
        let wrong = |e: &dyn std::fmt::Display| format!("the signer's certificate is not valid: {e}");
        let certificate = Certificate::from_der(leaf).map_err(|e| wrong(&e))?;
        let roots: Vec<CertificateDer<'_>> = self.roots.iter().map(|der| der.as_slice().into()).collect();
        let anchors: Vec<_> =
            roots.iter().map(anchor_from_trusted_cert).collect::<Result<_, _>>().map_err(|e| wrong(&e))?;
        let between: Vec<CertificateDer<'_>> = self.intermediates.iter().map(|der| der.as_slice().into()).collect();
        let leaf: CertificateDer<'_> = leaf.into();
        let end = EndEntityCert::try_from(&leaf).map_err(|e| wrong(&e))?;
        let time = UnixTime::since_unix_epoch(Duration::from_secs(time));
        let usage = KeyUsage::required_if_present(&CODE_SIGNING_OCTETS);
        end.verify_for_usage(ALGORITHMS, &anchors, &between, time, usage, None, None).map_err(|e| wrong(&e))?;
        Ok(Signer { der: leaf.to_vec(), certificate })
    }
}

impl Signer {
    pub(super) fn key(&self) -> Result<PublicKey, String> {
        PublicKey::from_info(self.certificate.tbs_certificate().subject_public_key_info())
    }

    /// It must have been made for signing: an authority that issues for servers as well didn't mean this.
    pub(super) fn expect_code_signing(&self) -> Result<(), String> {
        let usage = self.certificate.tbs_certificate().get_extension::<x509_cert::ext::pkix::ExtendedKeyUsage>();
        match usage {
            Ok(Some((_, usage))) if usage.0.contains(&CODE_SIGNING) => Ok(()),
            _ => Err("the signer's certificate is not for code signing".to_owned()),
        }
    }

    /// Who vouched for the person when Fulcio issued the certificate.
    pub(super) fn expect_issuer(&self, expected: &str) -> Result<(), String> {
        let mut found = None;
        for extension in self.certificate.tbs_certificate().extensions().into_iter().flatten() {
            let value = extension.extn_value.as_bytes();
            let text = match extension.extn_id {
                ISSUER => std::str::from_utf8(value).map_err(|_| "the certificate's issuer is no text")?,
                ISSUER_V2 => {
                    let text = Utf8StringRef::from_der(value).map_err(|_| "the certificate's issuer is no text")?;
                    // Both may be there, and then say the same.
                    &text.as_str().to_owned()
                }
                _ => continue,
            };
            if text != expected {
                return Err(format!("the signer was vouched for by `{}`", crate::error::printable(text)));
            }
            found = Some(());
        }
        found.ok_or_else(|| "the certificate doesn't say who vouched for the signer".to_owned())
    }

    pub(super) fn expect_hostname(&self, expected: &str) -> Result<(), String> {
        let wrong = || format!("the signer's certificate is not for `{expected}`");
        let der: CertificateDer<'_> = self.der.as_slice().into();
        let name = ServerName::try_from(expected).map_err(|_| format!("`{expected}` is no host name"))?;
        let end = EndEntityCert::try_from(&der).map_err(|_| wrong())?;
        end.verify_is_valid_for_subject_name(&name).map_err(|_| wrong())
    }

    pub(super) fn expect_email(&self, expected: &str) -> Result<(), String> {
        let names = self.certificate.tbs_certificate().get_extension::<SubjectAltName>();
        let names = names.map_err(|e| format!("the certificate's names are malformed: {e}"))?;
        let names = names.map(|(_, names)| names.0).unwrap_or_default();
        let emails = names.iter().filter_map(|name| match name {
            GeneralName::Rfc822Name(email) => Some(email.as_str()),
            _ => None,
        });
        let emails: Vec<_> = emails.collect();
        match emails.contains(&expected) {
            true => Ok(()),
            false => Err(format!(
                "the signer's certificate is not for `{expected}` but for `{}`",
                crate::error::printable(&emails.join(", "))
            )),
        }
    }
}

/// The signer's own certificate: exactly one.
pub(super) fn leaf(text: &str) -> Result<Vec<u8>, String> {
    let mut found = pem::certificates(text.as_bytes())?;
    match (found.pop(), found.is_empty()) {
        (Some(leaf), true) => Ok(leaf),
        _ => Err("there are several certificates of the signer".to_owned()),
    }
}

//! Why there was no HTTP answer.

use rustls::CertificateError;
use rustls::Error::{AlertReceived, InvalidCertificate};
use rustls::InvalidMessage;
use std::fmt;
use std::io::ErrorKind;

/// What the HTTP client says of it, and what helps against it.
#[derive(Debug)]
pub struct Transport {
    error: Box<ureq::Error>,
    /// Where the authority's certificate would be looked for, if that is what is missing.
    certificates: Option<String>,
}

impl Transport {
    pub(crate) fn new(error: ureq::Error) -> Transport {
        Transport { error: Box::new(error), certificates: None }
    }

    /// `folder`: where a certificate would be found that the server's was signed with.
    pub(crate) fn with_certificates_in(self, folder: Option<String>) -> Transport {
        let missing = matches!(self.tls(), Some(InvalidCertificate(CertificateError::UnknownIssuer)));
        Transport { certificates: folder.filter(|_| missing), ..self }
    }

    pub(crate) fn is_transient(&self) -> bool {
        match &*self.error {
            // A certificate that isn't trusted, for one.
            ureq::Error::Io(e) => e.kind() != ErrorKind::InvalidData,
            ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed => true,
            _ => false,
        }
    }

    /// Nobody is there: no other try will find somebody.
    pub(crate) fn is_absence(&self) -> bool {
        match &*self.error {
            ureq::Error::Io(e) => matches!(
                e.kind(),
                ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable
            ),
            ureq::Error::HostNotFound => true,
            _ => false,
        }
    }

    /// There is no such socket.
    pub(crate) fn is_no_file(&self) -> bool {
        matches!(&*self.error, ureq::Error::Io(e) if e.kind() == ErrorKind::NotFound)
    }

    /// Somebody was there and hung up.
    pub(crate) fn is_cut_off(&self) -> bool {
        use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        match &*self.error {
            ureq::Error::Io(e) => {
                matches!(e.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
            }
            _ => false,
        }
    }

    /// The peer does speak TLS, but one of us doesn't believe the other.
    pub(crate) fn is_distrust(&self) -> bool {
        matches!(self.tls(), Some(InvalidCertificate(_) | AlertReceived(_)))
    }

    /// The peer's first bytes are none of TLS: most likely http.
    fn is_plain(&self) -> bool {
        matches!(self.tls(), Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)))
    }

    fn tls(&self) -> Option<&rustls::Error> {
        match &*self.error {
            ureq::Error::Rustls(error) => Some(error),
            ureq::Error::Io(error) => error.get_ref()?.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.error {
            ureq::Error::Io(e) => write!(f, "{e}")?,
            ureq::Error::HostNotFound => f.write_str("host not found")?,
            ureq::Error::Timeout(ureq::Timeout::Connect) => f.write_str("no connection in time")?,
            ureq::Error::Timeout(_) => f.write_str("timed out")?,
            ureq::Error::Rustls(e) => write!(f, "TLS: {e}")?,
            ureq::Error::Protocol(e) => write!(f, "the answer is no HTTP: {e}")?,
            other => write!(f, "{other}")?,
        }
        if self.is_plain() {
            f.write_str(
                " (it doesn't speak TLS: if it is to be trusted without, give --tls-verify=false or mark it as insecure in \
                 registries.conf)",
            )?;
        }
        if let Some(folder) = &self.certificates {
            write!(
                f,
                " (put the authority's certificate into {folder}/ca.crt, or mark the registry as insecure in \
                 registries.conf)"
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for Transport {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cure_is_named_where_it_is_one() {
        let shown = |why| {
            let error = std::io::Error::new(ErrorKind::InvalidData, rustls::Error::InvalidCertificate(why));
            Transport::new(error.into()).with_certificates_in(Some("/certs/r".to_owned())).to_string()
        };
        assert!(shown(CertificateError::UnknownIssuer).contains("into /certs/r/ca.crt"));
        assert!(!shown(CertificateError::Expired).contains("/certs/r"));
        let plain = rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType);
        let plain = Transport::new(std::io::Error::new(ErrorKind::InvalidData, plain).into()).to_string();
        assert!(plain.contains("--tls-verify=false"), "{plain}");
        let refused = Transport::new(std::io::Error::from(ErrorKind::ConnectionRefused).into());
        assert!(!refused.is_distrust());
        assert!(!refused.with_certificates_in(Some("/certs/r".to_owned())).to_string().contains("/certs/r"));
    }
}

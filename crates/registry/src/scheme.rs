//! Whether a registry speaks TLS: found out once, by `GET /v2/` without credentials.

use crate::url::{Scheme, Url};
use crate::{Client, Error, Security, Transport};
use std::sync::PoisonError;
use ureq::Body;
use ureq::http::Response;

impl Client {
    /// The registry's scheme, asked for only where both are possible. What else its answer says is kept.
    pub(crate) fn scheme(&self, what: &str) -> Result<Scheme, Error> {
        let mut known = self.scheme.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scheme) = *known {
            return Ok(scheme);
        }
        let scheme = match self.settings.security {
            Security::Verified => Scheme::Https,
            Security::Loopback => self.probe_plain_first(what)?,
            Security::Insecure => self.probe_tls_first(what)?,
        };
        *known = Some(scheme);
        Ok(scheme)
    }

    /// On loopback nobody listens in, and plain http is usual: it costs one round trip and no certificates. A server that
    /// speaks TLS answers it with 400, an alert, or nothing.
    fn probe_plain_first(&self, what: &str) -> Result<Scheme, Error> {
        match self.probe(Scheme::Http)? {
            Ok(response) if response.status() != 400 => {
                self.learn(&response);
                Ok(Scheme::Http)
            }
            Err(source) if source.is_absence() => {
                Err(Error::Unreachable { what: what.to_owned(), url: self.base(Scheme::Http).to_string(), source })
            }
            plain => match (self.probe(Scheme::Https)?, plain) {
                (Ok(response), _) => {
                    self.learn(&response);
                    Ok(Scheme::Https)
                }
                (Err(source), _) if source.is_distrust() => {
                    Err(Error::Unreachable { what: what.to_owned(), url: self.base(Scheme::Https).to_string(), source })
                }
                (Err(_), Ok(_)) => Ok(Scheme::Http),
                (Err(https), Err(source)) => Err(self.neither(what, https, source)),
            },
        }
    }

    fn probe_tls_first(&self, what: &str) -> Result<Scheme, Error> {
        let https = match self.probe(Scheme::Https)? {
            Ok(response) => {
                self.learn(&response);
                return Ok(Scheme::Https);
            }
            Err(https) => https,
        };
        match self.probe(Scheme::Http)? {
            Ok(response) => {
                self.learn(&response);
                Ok(Scheme::Http)
            }
            Err(source) => Err(self.neither(what, https, source)),
        }
    }

    fn neither(&self, what: &str, https: Transport, source: Transport) -> Error {
        Error::NeitherScheme { what: what.to_owned(), url: self.base(Scheme::Http).to_string(), https, source }
    }

    fn base(&self, scheme: Scheme) -> Url {
        Url::new(scheme, self.api_host(), "/v2/")
    }

    fn probe(&self, scheme: Scheme) -> Result<Result<Response<Body>, Transport>, Error> {
        let answer = self.agent(scheme)?.get(self.base(scheme).to_string()).call();
        Ok(answer.map_err(|error| self.no_answer(error)))
    }
}

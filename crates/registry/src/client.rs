//! [`Client`]: one registry as one user sees it, shared by all threads that talk to it.

use crate::authorization::Authorizations;
use crate::tls_stream::TlsConnector;
use crate::url::{Scheme, Url};
use crate::{Error, Retry, Transport, host, proxy, tls};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, SocksConnector, TcpConnector};

/// What proves who one is.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Name and password.
    Basic {
        /// Name.
        username: String,
        /// Password or access token.
        password: String,
    },
    /// An OAuth2 refresh token, exchanged at the token server.
    IdentityToken(String),
    /// A bearer token, sent as it is.
    Bearer(String),
}

/// Secrets stay out of logs.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Credentials::Basic { username, .. } => write!(f, "Basic({username}:…)"),
            Credentials::IdentityToken(_) => f.write_str("IdentityToken(…)"),
            Credentials::Bearer(_) => f.write_str("Bearer(…)"),
        }
    }
}

/// How much the way to a registry is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS with a verified certificate.
    Verified,
    /// This very machine: verified TLS if it speaks TLS, else plain http.
    Loopback,
    /// TLS without verification, else plain http.
    Insecure,
}

impl Security {
    /// By `--tls-verify`, what registries.conf says, and whether it is this machine.
    pub fn decide(registry: &str, insecure: bool, tls_verify: Option<bool>) -> Security {
        match tls_verify {
            Some(true) => Security::Verified,
            Some(false) => Security::Insecure,
            None if insecure => Security::Insecure,
            None if host::is_loopback(registry) => Security::Loopback,
            None => Security::Verified,
        }
    }
}

/// Limits of patience.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For a connection to stand, TLS included.
    pub connect: Duration,
    /// Without a byte in either direction.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts { connect: Duration::from_secs(15), idle: Duration::from_secs(45) }
    }
}

/// What a client is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// See [`Security`].
    pub security: Security,
    /// Who one is there.
    pub credentials: Option<Credentials>,
    /// Folders with certificates of this registry; the first that exists counts.
    pub cert_dirs: Vec<PathBuf>,
    /// When to try again.
    pub retry: Retry,
    /// When to give up.
    pub timeouts: Timeouts,
    /// Words before our own in `User-Agent`.
    pub user_agent_prefix: Option<String>,
}

impl Settings {
    /// Anonymous, with the usual limits.
    pub fn new(security: Security) -> Settings {
        let (retry, timeouts) = Default::default();
        Settings { security, credentials: None, cert_dirs: Vec::new(), retry, timeouts, user_agent_prefix: None }
    }
}

/// A registry.
pub struct Client {
    pub(crate) registry: String,
    pub(crate) settings: Settings,
    pub(crate) scheme: Mutex<Option<Scheme>>,
    pub(crate) authorizations: Mutex<Authorizations>,
    /// It was reached, so a refused connection is worth another try.
    pub(crate) reached: AtomicBool,
    /// Bytes of an upload that are sent at a time; 0: all of it.
    pub(crate) piece: AtomicUsize,
    plain: OnceLock<Agent>,
    tls: OnceLock<Agent>,
}

impl Client {
    /// For `host[:port]` as it stands in image names. Nothing is sent yet.
    pub fn new(registry: &str, settings: Settings) -> Client {
        Client {
            registry: registry.to_owned(),
            settings,
            scheme: Mutex::default(),
            authorizations: Mutex::default(),
            reached: AtomicBool::new(false),
            piece: AtomicUsize::new(0),
            plain: OnceLock::new(),
            tls: OnceLock::new(),
        }
    }

    /// As it stands in image names.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    pub(crate) fn api_host(&self) -> &str {
        host::api_host(&self.registry)
    }

    /// The agent for URLs of one scheme; that for TLS reads certificates when first needed.
    pub(crate) fn agent(&self, scheme: Scheme) -> Result<&Agent, Error> {
        let cell = if scheme == Scheme::Https { &self.tls } else { &self.plain };
        if let Some(agent) = cell.get() {
            return Ok(agent);
        }
        let agent = self.build_agent(scheme)?;
        Ok(cell.get_or_init(|| agent))
    }

    /// Why there was no answer.
    pub(crate) fn no_answer(&self, error: ureq::Error) -> Transport {
        let folder = self.settings.cert_dirs.first().map(|folder| folder.display().to_string());
        Transport::new(error).with_certificates_in(folder)
    }

    pub(crate) fn unreachable(&self, what: &str, url: &Url, error: ureq::Error) -> Error {
        Error::Unreachable { what: what.to_owned(), url: url.shown(), source: self.no_answer(error) }
    }

    fn build_agent(&self, scheme: Scheme) -> Result<Agent, Error> {
        let timeouts = self.settings.timeouts;
        let through = if host::is_loopback(&self.registry) { None } else { proxy::from_environment(scheme)? };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // Redirects are followed by `send`, which knows where credentials may go.
            .max_redirects(0)
            .proxy(through)
            .user_agent(user_agent(self.settings.user_agent_prefix.as_deref()))
            .accept_encoding("identity")
            .max_response_header_size(64 << 10)
            .max_idle_connections(32)
            .max_idle_connections_per_host(16)
            .timeout_resolve(Some(timeouts.connect))
            .timeout_connect(Some(timeouts.connect))
            .timeout_per_read(Some(timeouts.idle))
            .timeout_per_write(Some(timeouts.idle))
            .timeout_recv_response(Some(timeouts.idle))
            .build();
        if scheme == Scheme::Http {
            return Ok(config.new_agent());
        }
        let connector =
            ().chain(SocksConnector::default())
                .chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(TlsConnector(tls::for_registry(&self.settings.cert_dirs, self.settings.security)?));
        Ok(Agent::with_parts(config, connector, DefaultResolver::default()))
    }
}

fn user_agent(prefix: Option<&str>) -> String {
    let own = concat!("minke/", env!("CARGO_PKG_VERSION"));
    prefix.map_or_else(|| own.to_owned(), |prefix| format!("{prefix} {own}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_decides_before_the_configuration() {
        use Security::*;
        for (registry, insecure, flag, expected) in [
            ("a.b", false, None, Verified),
            ("a.b", true, None, Insecure),
            ("a.b", true, Some(true), Verified),
            ("a.b", false, Some(false), Insecure),
            ("localhost:1", false, None, Loopback),
            ("localhost:1", true, None, Insecure),
            ("127.0.0.1:1", false, Some(true), Verified),
        ] {
            assert_eq!(Security::decide(registry, insecure, flag), expected, "{registry} {insecure} {flag:?}");
        }
    }
}

//! Docker's daemon, as much of its API as images need: `GET /images/get`, `POST /images/load`.

mod socket;

use crate::error::printable;
use crate::send::{MAX_ERROR_TEXT, Message};
use crate::tls_stream::TlsConnector;
use crate::url::encode;
use crate::{Error, Security, Transport, tls};
use serde::Deserialize;
use socket::{NoNames, Socket};
use std::io::{self, BufReader, Read};
use std::path::PathBuf;
use std::time::Duration;
use ureq::http::{Request, Response};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, TcpConnector};
use ureq::{Agent, Body, SendBody};

/// Where it usually listens.
const USUAL: &str = "unix:///var/run/docker.sock";
/// For a connection to stand.
const CONNECT: Duration = Duration::from_secs(15);
/// The longest answer to `load`, in bytes.
const LONGEST_ANSWER: u64 = 4 << 20;

/// A daemon.
pub struct Daemon {
    agent: Agent,
    /// Before paths.
    base: String,
    /// As people know it.
    host: String,
}

/// Where a daemon is.
#[derive(Debug, PartialEq)]
enum Place {
    Socket(PathBuf),
    /// Host and port; with or without TLS.
    Net(String, bool),
}

impl Daemon {
    /// By `unix:///PATH`, `tcp://HOST:PORT` (with TLS), `http://HOST:PORT`, `https://HOST:PORT`; else `environment` (what
    /// `DOCKER_HOST` says, whose `tcp://` is plain unless `tls`), else the usual socket. Nothing is sent yet.
    pub fn new(
        host: Option<&str>,
        environment: Option<(&str, bool)>,
        cert_dir: Option<PathBuf>,
        security: Security,
    ) -> Result<Daemon, Error> {
        let (host, tls) = match (host, environment) {
            (Some(host), _) => (host, true),
            (None, Some((host, tls))) => (host, tls),
            (None, None) => (USUAL, false),
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(CONNECT));
        let place = place(host, tls).ok_or_else(|| Error::Daemon {
            host: printable(host),
            why: "it is no address of a Docker daemon (unix:///PATH, tcp://HOST:PORT, http://HOST:PORT)".to_owned(),
        })?;
        let (agent, base) = match place {
            Place::Socket(path) => {
                (Agent::with_parts(config.build(), Socket(path), NoNames), "http://docker".to_owned())
            }
            Place::Net(authority, false) => (config.build().new_agent(), format!("http://{authority}")),
            Place::Net(authority, true) => {
                let tls = tls::for_daemon(cert_dir.as_deref(), security)?;
                let connector = ().chain(TcpConnector::default()).chain(TlsConnector(tls));
                let agent = Agent::with_parts(config.build(), connector, DefaultResolver::default());
                (agent, format!("https://{authority}"))
            }
        };
        Ok(Daemon { agent, base, host: host.to_owned() })
    }

    /// An image as an archive of the kind that `docker save` writes.
    pub fn save(&self, image: &str) -> Result<impl Read + Send + use<>, Error> {
        let request = Request::get(format!("{}/images/get?names={}", self.base, encode(image))).body(());
        let response = request.map_err(ureq::Error::from).and_then(|request| self.agent.run(request));
        let response = response.map_err(|error| self.unreachable(error))?;
        match response.status().as_u16() {
            200 => Ok(response.into_body().into_reader()),
            _ => Err(self.refused(response)),
        }
    }

    /// Gives it such an archive.
    pub fn load(&self, archive: &mut (dyn Read + Send)) -> Result<(), Error> {
        let mut archive = archive;
        let request = Request::post(format!("{}/images/load?quiet=1", self.base))
            .header("content-type", "application/x-tar")
            .body(SendBody::from_reader(&mut archive));
        let response = request.map_err(ureq::Error::from).and_then(|request| self.agent.run(request));
        let response = response.map_err(|error| self.unreachable(error))?;
        if response.status() != 200 {
            return Err(self.refused(response));
        }
        match failure(response.into_body().into_reader()) {
            Some(why) => Err(Error::Daemon { host: self.host.clone(), why }),
            None => Ok(()),
        }
    }

    fn unreachable(&self, error: ureq::Error) -> Error {
        let source = Transport::new(error);
        let why = match source.is_absence() || source.is_no_file() {
            true => format!("cannot connect to it ({source}). Is the docker daemon running?"),
            false => source.to_string(),
        };
        Error::Daemon { host: self.host.clone(), why }
    }

    fn refused(&self, response: Response<Body>) -> Error {
        Error::Daemon { host: self.host.clone(), why: message(response) }
    }
}

fn place(host: &str, tls: bool) -> Option<Place> {
    let (scheme, rest) = host.split_once("://")?;
    let rest = rest.trim_end_matches('/');
    match scheme {
        "unix" if rest.starts_with('/') => Some(Place::Socket(rest.into())),
        _ if rest.is_empty() || rest.contains(['/', '@']) || !rest.bytes().all(|b| b.is_ascii_graphic()) => None,
        "tcp" => Some(Place::Net(rest.to_owned(), tls)),
        "http" => Some(Place::Net(rest.to_owned(), false)),
        "https" => Some(Place::Net(rest.to_owned(), true)),
        _ => None,
    }
}

/// What the daemon says of its refusal.
fn message(response: Response<Body>) -> String {
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    // A text that breaks off is still a text.
    let _: io::Result<usize> = response.into_body().into_reader().take(MAX_ERROR_TEXT).read_to_end(&mut bytes);
    let text = match serde_json::from_slice::<Message>(&bytes) {
        Ok(answer) => answer.message,
        Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
    };
    match printable(&text) {
        text if text.is_empty() => format!("it answered {status}"),
        text => text,
    }
}

/// One of the messages that follow one another in the answer to `load`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
    error_detail: Option<Message>,
    /// What older daemons say instead.
    error: Option<String>,
}

/// The failure that the messages tell of, or that they aren't any.
fn failure(answer: impl Read) -> Option<String> {
    let mut answer = answer.take(LONGEST_ANSWER);
    for progress in serde_json::Deserializer::from_reader(BufReader::new(&mut answer)).into_iter::<Progress>() {
        match progress {
            Ok(Progress { error_detail: None, error: None }) => {}
            Ok(Progress { error_detail, error }) => {
                return error_detail.map(|detail| detail.message).or(error).map(|why| printable(&why));
            }
            Err(why) => return Some(format!("its answer can't be read: {}", printable(&why.to_string()))),
        }
    }
    (answer.limit() == 0).then(|| format!("its answer is longer than {LONGEST_ANSWER} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let net = |text: &str, tls| Some(Place::Net(text.to_owned(), tls));
        assert_eq!(place("unix:///run/d.sock", true), Some(Place::Socket("/run/d.sock".into())));
        assert_eq!(place("tcp://a:1", true), net("a:1", true));
        assert_eq!(place("tcp://a:1/", false), net("a:1", false));
        assert_eq!(place("http://a:1", true), net("a:1", false));
        assert_eq!(place("https://a", false), net("a", true));
        for bad in ["foo", "unix://relative", "ssh://a", "tcp://", "tcp://u@a", "http://a/b"] {
            assert_eq!(place(bad, true), None, "{bad}");
        }
    }

    #[test]
    fn failures_in_a_list_of_messages() {
        let failure = |answer: &str| failure(answer.as_bytes());
        let loaded = "{\"stream\":\"Loaded\"}\r\n";
        assert_eq!(failure(""), None);
        assert_eq!(failure(&loaded.repeat(3)), None);
        let full = format!(r#"{loaded}{{"errorDetail":{{"message":"no space\u001b"}},"error":"x"}}{loaded}"#);
        assert_eq!(failure(&full).unwrap(), "no space ");
        assert_eq!(failure(r#"{"error":"old"}"#).unwrap(), "old");
        for broken in ["Loaded", &format!("{loaded}<html>"), &format!("{loaded}{{\"stream\":"), "[1]"] {
            assert!(failure(broken).unwrap().starts_with("its answer can't be read"), "{broken}");
        }
        assert!(failure(&" ".repeat(5 << 20)).unwrap().contains("longer than"));
    }
}

//! A registry that answers whatever a test scripts: an honest one over images in memory, with lies in chosen places.

use std::collections::HashMap;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;

use crate::env::TestEnv;
use crate::http::Request;
use crate::image::{Image, sha256_hex};

/// What is sent as the body of an answer.
#[derive(Debug, Clone)]
pub enum Body {
    /// These bytes, with their true length.
    Whole(Vec<u8>),
    /// These bytes, though the header promises that many; then the connection closes.
    Truncated(Vec<u8>, u64),
    /// These bytes again and again until the client goes away, without a length.
    Endless(Vec<u8>),
    /// Nothing, and the connection stays open until the client goes away.
    Silence,
    /// The first bytes of that many, then silence.
    Stalled(Vec<u8>, u64),
}

/// A scripted answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Header lines.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Body,
}

impl Reply {
    /// 200 with a body.
    #[must_use]
    pub fn ok(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), body: Body::Whole(body.into()) }.header("Content-Type", media_type)
    }

    /// A status with nothing else.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Whole(Vec::new()) }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Changes the body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}

#[derive(Debug, Default)]
struct Script {
    replies: HashMap<String, Reply>,
    /// Basic credentials `user:password` against which `/token` gives a token that everything else demands.
    credentials: Option<String>,
    /// Parts of whole bodies are sent when they are asked for.
    ranges: bool,
    seen: Vec<Request>,
}

/// The running server. Its threads end with the test's process.
#[derive(Debug)]
pub struct FakeRegistry {
    port: u16,
    script: Arc<Mutex<Script>>,
}

/// What the token server hands out.
const TOKEN: &str = "a-token-for-tests";

impl FakeRegistry {
    pub(crate) fn start(env: &TestEnv, port: u16) -> Self {
        let listener = env.inside(|| TcpListener::bind(("127.0.0.1", port))).expect("a free port");
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = Arc::clone(&script);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let script = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &script, port));
            }
        });
        let fake = Self { port, script };
        fake.reply("/v2/", Reply::ok("application/json", "{}"));
        if env.is_peer() {
            let insecure = format!("[[registry]]\nlocation = \"127.0.0.1:{port}\"\ninsecure = true\n");
            env.write_at(format!("/etc/containers/registries.conf.d/{port}.conf").as_ref(), insecure.as_bytes());
        }
        fake
    }

    /// `127.0.0.1:PORT`, as it begins an image's name.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Answers `path` (without query) with `reply` from now on.
    pub fn reply(&self, path: &str, reply: Reply) {
        self.script.lock().expect("no panic").replies.insert(path.to_owned(), reply);
    }

    /// Offers an image honestly as `name:tag` and by digest.
    pub fn offer(&self, name: &str, tag: &str, image: &Image) {
        for blob in image.blobs() {
            self.offer_blob(name, &blob);
        }
        self.offer_manifest(name, tag, image.manifest_type(), &image.manifest());
    }

    /// Offers a blob.
    pub fn offer_blob(&self, name: &str, blob: &[u8]) {
        let path = format!("/v2/{name}/blobs/sha256:{}", sha256_hex(blob));
        self.reply(&path, Reply::ok("application/octet-stream", blob));
    }

    /// Offers a manifest by tag and by digest.
    pub fn offer_manifest(&self, name: &str, tag: &str, media_type: &str, manifest: &[u8]) {
        let digest = format!("sha256:{}", sha256_hex(manifest));
        let reply = Reply::ok(media_type, manifest).header("Docker-Content-Digest", &digest);
        self.reply(&format!("/v2/{name}/manifests/{tag}"), reply.clone());
        self.reply(&format!("/v2/{name}/manifests/{digest}"), reply);
    }

    /// Demands a bearer token from now on; the token server wants `user:password`.
    pub fn demand_token(&self, credentials: &str) {
        self.script.lock().expect("no panic").credentials = Some(credentials.to_owned());
    }

    /// Knows `Range` from now on.
    pub fn serve_ranges(&self) {
        self.script.lock().expect("no panic").ranges = true;
    }

    /// The requests so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Request> {
        self.script.lock().expect("no panic").seen.clone()
    }
}

fn serve(mut stream: TcpStream, script: &Mutex<Script>, port: u16) {
    let Some(request) = Request::read(&mut stream) else { return };
    let reply = {
        let mut script = script.lock().expect("no panic");
        script.seen.push(request.clone());
        decide(&script, &request, port)
    };
    // A client that hangs up early is what many tests are about.
    let _ = send(&mut stream, &reply, request.method == "HEAD");
}

fn decide(script: &Script, request: &Request, port: u16) -> Reply {
    let path = request.path.split('?').next().unwrap_or_default();
    let authorization = request.header("authorization").unwrap_or_default();
    if let Some(credentials) = &script.credentials {
        if path == "/token" {
            let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials));
            let granted = Reply::ok("application/json", format!("{{\"token\": \"{TOKEN}\", \"expires_in\": 300}}"));
            return if authorization == basic { granted } else { Reply::status(401) };
        }
        if authorization != format!("Bearer {TOKEN}") {
            let challenge = format!("Bearer realm=\"http://127.0.0.1:{port}/token\",service=\"tests\"");
            return Reply::status(401).header("WWW-Authenticate", &challenge);
        }
    }
    let found = script.replies.get(path).cloned();
    let from = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    if let (Some(Reply { status: 200, headers, body: Body::Whole(bytes) }), Some(from), true) =
        (&found, from, script.ranges)
        && let Some(part) = bytes.get(from..)
    {
        let range = format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
        let part = Reply { status: 206, headers: headers.clone(), body: Body::Whole(part.to_vec()) };
        return part.header("Content-Range", &range);
    }
    found.unwrap_or_else(|| {
        let body = r#"{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}"#;
        Reply { status: 404, ..Reply::ok("application/json", body) }
    })
}

fn send(stream: &mut TcpStream, reply: &Reply, head_only: bool) -> std::io::Result<()> {
    let length = match &reply.body {
        Body::Whole(bytes) => Some(bytes.len() as u64),
        Body::Truncated(_, claimed) | Body::Stalled(_, claimed) => Some(*claimed),
        Body::Endless(_) | Body::Silence => None,
    };
    let mut head = format!("HTTP/1.1 {} Scripted\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    if let Some(length) = length {
        head += &format!("Content-Length: {length}\r\n");
    }
    stream.write_all((head + "\r\n").as_bytes())?;
    if head_only {
        return Ok(());
    }
    match &reply.body {
        Body::Whole(bytes) | Body::Truncated(bytes, _) => stream.write_all(bytes),
        Body::Endless(bytes) => loop {
            stream.write_all(bytes)?;
        },
        Body::Stalled(bytes, _) => {
            stream.write_all(bytes)?;
            std::io::Read::read(stream, &mut [0]).map(|_| ())
        }
        Body::Silence => std::io::Read::read(stream, &mut [0]).map(|_| ()),
    }
}

//! An HTTP server for tests, on a loopback port of its own, that answers whatever a closure says: also lies.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What came in.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    /// With the query.
    pub path: String,
    /// `name: value`, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// What goes out.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Body,
}

#[derive(Debug, Clone)]
#[allow(dead_code, reason = "each test binary uses its own part")]
pub enum Body {
    Whole(Vec<u8>),
    /// These bytes, though the header promises so many.
    Truncated(Vec<u8>, usize),
    /// These bytes for ever, without a length.
    Endless(Vec<u8>),
    /// The bare bytes instead of an HTTP answer.
    Raw(Vec<u8>),
    /// Nothing, until the client goes away.
    Silence,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply { status, headers: Vec::new(), body: Body::Whole(body.into()) }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Reply {
        self.headers.push((name.into(), value.into()));
        self
    }

    #[allow(dead_code, reason = "each test binary uses its own part")]
    pub fn body(mut self, body: Body) -> Reply {
        self.body = body;
        self
    }
}

/// A running server; its threads end with the process.
pub struct Server {
    /// `127.0.0.1:PORT`.
    pub host: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// `answer` gets the request, and how many with the same method and path came before.
    pub fn new(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::<Request>::new()));
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    let before = {
                        let mut log = log.lock().unwrap();
                        let same = |r: &&Request| r.method == request.method && r.path == request.path;
                        let before = log.iter().filter(same).count();
                        log.push(request.clone());
                        before
                    };
                    // Clients that hang up early are what many tests are about.
                    let _ = send(&stream, &answer(&request, before), request.method == "HEAD");
                });
            }
        });
        Server { host, seen }
    }

    /// The requests so far, the first look at `/v2/` left out.
    #[allow(dead_code, reason = "each test binary uses its own part")]
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().iter().filter(|r| r.path != "/v2/").cloned().collect()
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let mut request = Request { method: words.next()?.into(), path: words.next()?.into(), ..Request::default() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        request.headers.push((name.to_ascii_lowercase(), value.trim().into()));
    }
    if request.header("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        request.body = chunks(&mut reader)?;
        return Some(request);
    }
    let length = request.header("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

fn chunks(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let length = usize::from_str_radix(line.trim(), 16).ok()?;
        let start = body.len();
        body.resize(start + length, 0);
        reader.read_exact(&mut body[start..]).ok()?;
        reader.read_exact(&mut [0; 2]).ok()?;
        if length == 0 {
            return Some(body);
        }
    }
}

fn send(mut stream: &TcpStream, reply: &Reply, head_only: bool) -> std::io::Result<()> {
    if let Body::Raw(bytes) = &reply.body {
        return stream.write_all(bytes);
    }
    let mut head = format!("HTTP/1.1 {} Test\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    match &reply.body {
        Body::Whole(bytes) => head += &format!("Content-Length: {}\r\n", bytes.len()),
        Body::Truncated(_, length) => head += &format!("Content-Length: {length}\r\n"),
        _ => {}
    }
    stream.write_all((head + "\r\n").as_bytes())?;
    if head_only {
        return Ok(());
    }
    match &reply.body {
        Body::Whole(bytes) | Body::Truncated(bytes, _) | Body::Raw(bytes) => stream.write_all(bytes),
        Body::Endless(bytes) => loop {
            stream.write_all(bytes)?;
        },
        Body::Silence => stream.read(&mut [0]).map(drop),
    }
}

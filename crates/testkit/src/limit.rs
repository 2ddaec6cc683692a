//! A proxy in front of a registry that refuses what is too long, as web servers do by default.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use crate::env::TestEnv;
use crate::http::{Answer, Request};

/// Passes on from `port` to port `behind` what has no more than `longest` bytes of content. Its threads end with the
/// test's process.
pub(crate) fn start(env: &TestEnv, (port, behind): (u16, u16), longest: usize) {
    let listener = env.inside(|| TcpListener::bind(("127.0.0.1", port))).expect("a free port");
    let namespace = Arc::new(env.namespace());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let namespace = Arc::clone(&namespace);
            thread::spawn(move || {
                let request = Request::read(&mut stream)?;
                let head = request.method == "HEAD";
                let answer = match request.body.len() > longest {
                    true => Answer { status: 413, headers: Vec::new(), body: b"too long".to_vec() },
                    false => pass_on(request, namespace.call(|| TcpStream::connect(("127.0.0.1", behind))).ok()?)?,
                };
                send(&mut stream, &answer, head).ok()
            });
        }
    });
}

fn pass_on(mut request: Request, registry: TcpStream) -> Option<Answer> {
    // What is said of the connection isn't passed on.
    request.headers.retain(|(name, _)| !["connection", "transfer-encoding", "content-length"].contains(&name.as_str()));
    request.send(registry)
}

fn send(stream: &mut TcpStream, answer: &Answer, head: bool) -> std::io::Result<()> {
    let mut text = format!("HTTP/1.1 {} Passed on\r\nConnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        if !["connection", "transfer-encoding", "content-length"].contains(&name.as_str())
            || (head && name == "content-length")
        {
            text += &format!("{name}: {value}\r\n");
        }
    }
    if !head {
        text += &format!("Content-Length: {}\r\n", answer.body.len());
    }
    stream.write_all((text + "\r\n").as_bytes())?;
    stream.write_all(&answer.body)
}

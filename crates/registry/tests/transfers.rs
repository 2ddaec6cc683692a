//! Long transfers: tokens that run out on the way, uploads that go elsewhere or are lost, servers that want to be left alone.

mod server;

use oci::Digest;
use registry::{Client, Credentials, Error, Retry, Security, Settings, Timeouts};
use server::{Body, Reply, Request, Server};
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn settings() -> Settings {
    Settings {
        retry: Retry {
            times: 2,
            first_pause: Duration::from_millis(1),
            longest_pause: Duration::from_millis(1),
            ..Retry::default()
        },
        timeouts: Timeouts { connect: Duration::from_secs(5), idle: Duration::from_millis(500) },
        credentials: Some(Credentials::Basic { username: "u".into(), password: "p".into() }),
        ..Settings::new(Security::Loopback)
    }
}

/// A registry whose tokens are good for so many requests.
fn with_short_tokens(uses: usize, answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Server {
    let (granted, used) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Server::new(move |request, before| {
        if request.path.starts_with("/token") {
            used.store(0, Ordering::SeqCst);
            let number = granted.fetch_add(1, Ordering::SeqCst) + 1;
            return Reply::new(200, format!(r#"{{"token":"t{number}","expires_in":300}}"#));
        }
        let good = format!("Bearer t{}", granted.load(Ordering::SeqCst));
        if request.header("authorization") != Some(&good) || used.fetch_add(1, Ordering::SeqCst) >= uses {
            let host = request.header("host").unwrap();
            let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"s\"");
            return Reply::new(401, "").header("WWW-Authenticate", challenge);
        }
        answer(request, before)
    })
}

#[test]
fn a_token_that_runs_out_during_a_download_is_renewed() {
    let content: Vec<u8> = (0..50_000u32).flat_map(u32::to_le_bytes).collect();
    let whole = content.clone();
    let server = with_short_tokens(1, move |request, before| {
        let from = request
            .header("range")
            .map_or(0, |range| range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap());
        let reply = Reply::new(if from == 0 { 200 } else { 206 }, "")
            .header("Content-Range", format!("bytes {from}-{}/{}", whole.len() - 1, whole.len()));
        match before {
            0 => reply.body(Body::Truncated(whole[..70_000].to_vec(), whole.len())),
            _ => reply.body(Body::Whole(whole[from..].to_vec())),
        }
    });
    let client = Client::new(&server.host, settings());
    let mut got = Vec::new();
    client.blob("a", &Digest::sha256(&content), content.len() as u64, 0).unwrap().read_to_end(&mut got).unwrap();
    assert!(got == content);
    assert!(server.seen().iter().filter(|request| request.path.starts_with("/token")).count() >= 2);
}

#[test]
fn a_token_that_runs_out_during_an_upload_makes_it_begin_anew() {
    // The first token is used up by the POST; the upload itself is refused.
    let server = with_short_tokens(1, |request, _| match request.method.as_str() {
        "POST" => Reply::new(202, "").header("Location", "/upload"),
        _ => Reply::new(201, ""),
    });
    let client = Client::new(&server.host, settings());
    let error = client.put_blob("a", &Digest::sha256(b"x"), 1, &mut &b"x"[..]).unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("expired"), "{error}");
}

#[test]
fn an_upload_that_is_lost_can_be_begun_anew() {
    for status in [404, 416] {
        let server = Server::new(move |request, _| match (request.method.as_str(), request.path.as_str()) {
            (_, "/v2/") => Reply::new(200, "{}"),
            ("POST", _) => Reply::new(202, "").header("Location", "/upload"),
            _ => Reply::new(status, "gone"),
        });
        let client = Client::new(&server.host, settings());
        let error = client.put_stream("a", &mut &b"x"[..], || Ok::<_, Error>(Digest::sha256(b"x"))).unwrap_err();
        assert!(error.is_transient() && error.to_string().contains(&status.to_string()), "{error}");
        let error = client.put_blob("a", &Digest::sha256(b"x"), 1, &mut &b"x"[..]).unwrap_err();
        assert!(error.is_transient(), "{error}");
    }
}

#[test]
fn uploads_to_other_hosts_go_without_credentials() {
    let elsewhere = Server::new(|_, _| Reply::new(201, ""));
    let location = format!("http://{}/upload", elsewhere.host);
    let server = Server::new(move |request, _| match request.header("authorization") {
        None => Reply::new(401, "").header("WWW-Authenticate", "Basic realm=\"x\""),
        Some(_) => Reply::new(202, "").header("Location", location.clone()),
    });
    let client = Client::new(&server.host, settings());
    client.put_blob("a", &Digest::sha256(b"x"), 1, &mut &b"x"[..]).unwrap();
    client.put_stream("a", &mut &b"x"[..], || Ok::<_, Error>(Digest::sha256(b"x"))).unwrap();
    let seen = elsewhere.seen();
    assert_eq!(seen.iter().map(|request| request.method.as_str()).collect::<Vec<_>>(), ["PUT", "PATCH", "PUT"]);
    assert!(seen.iter().all(|request| request.header("authorization").is_none()), "{seen:?}");
    assert!(server.seen().iter().any(|request| request.header("authorization").is_some()));
}

/// A registry that keeps what comes in pieces of at most `most` bytes; `odd` may answer in its place.
fn in_pieces(
    most: usize,
    odd: impl Fn(&Request, usize, &mut Vec<u8>) -> Option<Reply> + Send + Sync + 'static,
) -> (Server, Arc<Mutex<Vec<u8>>>) {
    let kept = Arc::<Mutex<Vec<u8>>>::default();
    let (shared, patches) = (Arc::clone(&kept), AtomicUsize::new(0));
    let server = Server::new(move |request, _| {
        let mut kept = shared.lock().unwrap();
        let number = if request.method == "PATCH" { patches.fetch_add(1, Ordering::SeqCst) } else { 0 };
        if let Some(reply) = odd(request, number, &mut kept) {
            return reply;
        }
        let has = |kept: &[u8]| format!("0-{}", kept.len().saturating_sub(1));
        match (request.method.as_str(), request.path.as_str()) {
            (_, "/v2/") => Reply::new(200, "{}"),
            ("POST", _) => {
                kept.clear();
                Reply::new(202, "").header("Location", "/upload").header("OCI-Chunk-Min-Length", "300000")
            }
            _ if request.body.len() > most => Reply::new(413, "too long"),
            ("GET", _) => Reply::new(204, "").header("Range", has(&kept)),
            ("PATCH", _) => match request.header("content-range") {
                Some(range) if !range.starts_with(&format!("{}-", kept.len())) => Reply::new(416, ""),
                _ => {
                    kept.extend(&request.body);
                    Reply::new(202, "")
                        .header("Range", has(&kept))
                        .header("Location", format!("/upload?at={}", kept.len()))
                }
            },
            _ => Reply::new(201, ""),
        }
    });
    (server, kept)
}

fn noise(length: usize) -> Vec<u8> {
    (0..length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// Once as what is known, once as a stream: what came of the last try, of as many as it takes.
fn upload_all(server: &Server, kept: &Mutex<Vec<u8>>, content: &[u8]) -> Vec<Error> {
    let (client, digest) = (Client::new(&server.host, settings()), Digest::sha256(content));
    let mut errors = Vec::new();
    for known in [true, false, true] {
        loop {
            let result = match known {
                true => client.put_blob("a", &digest, content.len() as u64, &mut &content[..]),
                false => client.put_stream("a", &mut &content[..], || Ok(digest.clone())),
            };
            match result {
                Ok(()) => break,
                Err(error) if error.is_transient() && errors.len() < 9 => errors.push(error),
                Err(error) => panic!("{error} after {errors:?}"),
            }
        }
        // In one go it comes with the PUT, which this registry doesn't keep.
        assert!(kept.lock().unwrap().is_empty() || *kept.lock().unwrap() == content);
    }
    errors
}

#[test]
fn what_is_too_long_for_a_registry_goes_in_shorter_and_shorter_pieces() {
    let (server, kept) = in_pieces(600_000, |_, _, _| None);
    let content = noise(5_000_001);
    let errors = upload_all(&server, &kept, &content);
    assert!(matches!(errors[..], [Error::TooMuch { status: 413, .. }]), "{errors:?}");
    assert_eq!(*kept.lock().unwrap(), content);
    let lengths: Vec<usize> =
        server.seen().iter().filter(|seen| seen.method == "PATCH").map(|seen| seen.body.len()).collect();
    let mut taken = lengths.iter().filter(|length| **length <= 600_000);
    assert!(taken.next().is_some_and(|length| *length > 500_000), "{lengths:?}");
    // What is the right length is found once.
    assert_eq!(lengths.iter().filter(|length| **length > 600_000).count(), 3, "{lengths:?}");
}

#[test]
fn pieces_are_as_long_as_the_registry_wants() {
    let content = noise(700_000);
    let (server, _) = in_pieces(200_000, |_, _, _| None);
    let client = Client::new(&server.host, settings());
    let put = || client.put_blob("a", &Digest::sha256(&content), content.len() as u64, &mut &content[..]);
    assert!(matches!(put(), Err(Error::TooMuch { .. })));
    assert!(matches!(put(), Err(Error::Status { status: 413, .. })));
    let (server, _) = in_pieces(0, |request, _, _| {
        let demands = Reply::new(202, "").header("Location", "/upload").header("OCI-Chunk-Min-Length", "900000000000");
        (request.method == "POST").then_some(demands)
    });
    let client = Client::new(&server.host, settings());
    let put = || client.put_blob("a", &Digest::sha256(&content), content.len() as u64, &mut &content[..]);
    assert!(matches!(put(), Err(Error::TooMuch { .. })));
    assert!(put().unwrap_err().to_string().contains("longer pieces"));
}

#[test]
fn a_piece_whose_answer_got_lost_is_asked_for_and_gone_on_with() {
    let content = noise(9_000_000);
    // No answer after: all of it, a part, nothing; then one that says that it took a part.
    let (server, kept) = in_pieces(4 << 20, |request, number, kept| {
        let taken = match (request.method.as_str(), number) {
            ("PATCH", 0) => request.body.len(),
            ("PATCH", 1) => 1_000_000,
            ("PATCH", 2) => 0,
            ("PATCH", 3) => {
                kept.extend(&request.body[..500_000]);
                return Some(Reply::new(202, "").header("Range", format!("0-{}", kept.len() - 1)));
            }
            _ => return None,
        };
        kept.extend(&request.body[..taken]);
        Some(Reply::new(0, "").body(Body::Raw(Vec::new())))
    });
    let client = Client::new(&server.host, settings());
    let digest = Digest::sha256(&content);
    let put = || client.put_blob("a", &digest, content.len() as u64, &mut &content[..]);
    assert!(matches!(put(), Err(Error::TooMuch { .. })));
    put().unwrap();
    assert!(*kept.lock().unwrap() == content);
    assert_eq!(server.seen().iter().filter(|seen| seen.method == "GET").count(), 3);
}

#[test]
fn a_registry_that_takes_next_to_nothing_of_a_piece_is_given_up() {
    let content = noise(2_000_000);
    let (server, _) = in_pieces(1_000_000, |request, _, kept| {
        let patch = request.method == "PATCH" && request.body.len() <= 1_000_000;
        patch.then(|| {
            kept.extend(&request.body[..2]);
            Reply::new(202, "").header("Range", format!("0-{}", kept.len() - 1))
        })
    });
    let client = Client::new(&server.host, settings());
    let put = || client.put_blob("a", &Digest::sha256(&content), content.len() as u64, &mut &content[..]);
    assert!(matches!(put(), Err(Error::TooMuch { .. })));
    let error = put().unwrap_err();
    assert!(!error.is_transient() && error.to_string().contains("too few bytes"), "{error}");
    assert!(server.seen().iter().filter(|seen| seen.method == "PATCH").count() <= 4);
}

/// Each time it has a little, and then nothing again.
#[test]
fn a_registry_that_goes_back_is_given_up() {
    let content = noise(2_000_000);
    let (server, _) = in_pieces(1_000_000, |request, _, kept| match request.method.as_str() {
        "PATCH" if kept.is_empty() && request.body.len() <= 1_000_000 => None,
        "PATCH" if request.body.len() <= 1_000_000 => {
            kept.clear();
            Some(Reply::new(416, ""))
        }
        _ => None,
    });
    let client = Client::new(&server.host, settings());
    let put = || client.put_blob("a", &Digest::sha256(&content), content.len() as u64, &mut &content[..]);
    assert!(matches!(put(), Err(Error::TooMuch { .. })));
    put().unwrap_err();
    assert!(server.seen().iter().filter(|seen| seen.method == "PATCH").count() < 12);
}

/// What it takes at once is found out once, and no more is sent for nothing.
#[test]
fn a_registry_that_takes_a_part_of_a_piece_gets_shorter_ones() {
    let content = noise(9_000_000);
    let (server, kept) = in_pieces(4 << 20, |request, _, kept| {
        let patch = request.method == "PATCH" && request.body.len() <= 4 << 20;
        patch.then(|| {
            kept.extend(&request.body[..request.body.len().min(400_000)]);
            Reply::new(202, "").header("Range", format!("0-{}", kept.len() - 1))
        })
    });
    assert_eq!(upload_all(&server, &kept, &content).len(), 1);
    let longer = server.seen().iter().filter(|seen| seen.method == "PATCH" && seen.body.len() > 400_000).count();
    assert_eq!(longer, 1);
}

#[test]
fn pieces_wait_as_long_as_the_registry_asks() {
    let content = noise(2_000_000);
    let (server, _) = in_pieces(1_000_000, |request, _, _| {
        let patch = request.method == "PATCH" && request.body.len() <= 1_000_000;
        patch.then(|| Reply::new(503, "").header("Retry-After", "86400"))
    });
    let client = Client::new(&server.host, settings());
    let put = || client.put_blob("a", &Digest::sha256(&content), content.len() as u64, &mut &content[..]);
    assert!(matches!(put(), Err(Error::TooMuch { .. })));
    assert!(matches!(put(), Err(Error::Patience { seconds: 86400, .. })));
}

#[test]
fn who_refuses_the_content_is_named() {
    let elsewhere = Server::new(|_, _| Reply::new(401, "no"));
    let location = format!("http://{}/store", elsewhere.host);
    let server = Server::new(move |_, _| Reply::new(202, "").header("Location", location.clone()));
    let client = Client::new(&server.host, settings());
    let error = client.put_blob("a", &Digest::sha256(b"x"), 1, &mut &b"x"[..]).unwrap_err().to_string();
    assert!(error.ends_with(&format!("{} answered 401: no", elsewhere.host)), "{error}");
}

#[test]
fn an_upload_that_is_forgotten_is_begun_anew() {
    let content = noise(9_000_000);
    for forgotten in [Reply::new(404, ""), Reply::new(200, ""), Reply::new(204, "").header("Range", "0-7")] {
        let (server, kept) = in_pieces(4 << 20, move |request, number, _| match (request.method.as_str(), number) {
            ("PATCH", 1) => Some(Reply::new(416, "")),
            ("GET", _) if request.path.starts_with("/upload") => Some(forgotten.clone()),
            _ => None,
        });
        let errors = upload_all(&server, &kept, &content);
        assert!(matches!(errors[..], [Error::TooMuch { .. }, Error::UploadLost { .. }]), "{errors:?}");
    }
}

#[test]
fn a_registry_that_takes_no_pieces_gets_all_at_once_again() {
    let content = noise(9_000_000);
    let broken = AtomicUsize::new(0);
    let (server, kept) = in_pieces(usize::MAX, move |request, _, _| match request.method.as_str() {
        "PUT" if !request.body.is_empty() && broken.fetch_add(1, Ordering::SeqCst) == 0 => {
            Some(Reply::new(0, "").body(Body::Raw(Vec::new())))
        }
        "PATCH" if request.header("content-range").is_some() => Some(Reply::new(405, "")),
        _ => None,
    });
    let errors = upload_all(&server, &kept, &content);
    assert!(matches!(errors[..], [Error::Unreachable { .. }, Error::UploadLost { .. }]), "{errors:?}");
}

#[test]
fn an_absurd_retry_after_is_an_error() {
    for status in [429, 503] {
        let server = Server::new(move |request, _| match request.path.as_str() {
            "/v2/" => Reply::new(200, "{}"),
            _ => Reply::new(status, "").header("Retry-After", "86400"),
        });
        let error = Client::new(&server.host, settings()).manifest("a", "1").unwrap_err().to_string();
        assert!(error.contains("86400 seconds") && error.contains(&status.to_string()), "{error}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn tags_are_deleted_alone_where_that_can_be_done() {
    for (status, expected) in [(202, true), (405, false), (400, false)] {
        let server = Server::new(move |request, _| match request.method.as_str() {
            "DELETE" => Reply::new(status, ""),
            _ => Reply::new(200, "{}"),
        });
        assert_eq!(Client::new(&server.host, settings()).delete_tag("a", "1").unwrap(), expected);
    }
}

//! Long transfers: tokens that run out on the way, uploads that go elsewhere or are lost, servers that want to be left alone.

mod server;

use oci::Digest;
use registry::{Client, Credentials, Error, Retry, Security, Settings, Timeouts};
use server::{Body, Reply, Request, Server};
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn settings() -> Settings {
    Settings {
        retry: Retry { times: 2, first_pause: Duration::from_millis(1), longest_pause: Duration::from_millis(1) },
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

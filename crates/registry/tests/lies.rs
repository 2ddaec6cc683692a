//! What registries do wrong, by accident or on purpose, and what the client makes of it.

mod server;

use oci::Digest;
use registry::{Client, Credentials, Retry, Security, Settings, Timeouts};
use server::{Body, Reply, Request, Server};
use std::io::Read;
use std::time::Duration;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn settings() -> Settings {
    Settings {
        retry: Retry {
            times: 2,
            first_pause: Duration::from_millis(1),
            longest_pause: Duration::from_millis(1),
            ..Retry::default()
        },
        timeouts: Timeouts { connect: Duration::from_secs(5), idle: Duration::from_millis(200) },
        ..Settings::new(Security::Loopback)
    }
}

fn client(server: &Server) -> Client {
    Client::new(&server.host, settings())
}

/// A server with a good `/v2/`.
fn serve(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Server {
    Server::new(move |request, before| match request.path.as_str() {
        "/v2/" => Reply::new(200, "{}"),
        _ => answer(request, before),
    })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text += &format!(": {inner}");
        cause = inner.source();
    }
    text
}

fn blob_error(server: &Server, content: &[u8], size: u64) -> String {
    let client = client(server);
    let result = client.blob("a", &Digest::sha256(content), size, 0);
    let mut reader = match result {
        Err(e) => return chain(&e),
        Ok(reader) => reader,
    };
    match std::io::copy(&mut reader, &mut std::io::sink()) {
        Ok(count) => panic!("{count} bytes came"),
        // The outermost layer says the same as its cause.
        Err(e) => e.get_ref().map_or_else(
            || e.to_string(),
            |inner| format!("{inner} {}", inner.source().map_or(String::new(), |s| s.to_string())),
        ),
    }
}

#[track_caller]
fn assert_says(error: &str, words: &[&str]) {
    for word in words {
        assert!(error.contains(word), "`{error}` lacks `{word}`");
    }
}

#[test]
fn wrong_manifests_are_refused() {
    let other = Digest::sha256(b"other").to_string();
    let claimed = other.clone();
    let cases: Vec<(&str, String, Reply, &[&str])> = vec![
        ("by digest", other, Reply::new(200, "content"), &["has digest", "expected"]),
        ("claim", "1".into(), Reply::new(200, "content").header("Docker-Content-Digest", claimed), &["has digest"]),
        ("huge", "1".into(), Reply::new(200, vec![b' '; (4 << 20) + 1]), &["longer than the 4194304 bytes"]),
        ("endless", "1".into(), Reply::new(200, "").body(Body::Endless(vec![b' '; 65536])), &["longer than"]),
        ("cut", "1".into(), Reply::new(200, "").body(Body::Truncated(b"{".to_vec(), 100)), &["interrupted"]),
        (
            "absent",
            "1".into(),
            Reply::new(404, r#"{"errors":[{"code":"X","message":"manifest unknown"}]}"#),
            &["not found: manifest unknown"],
        ),
        ("teapot", "1".into(), Reply::new(418, "<h1>short\x1b[0m and stout"), &["answered 418: <h1>short"]),
        ("denied", "1".into(), Reply::new(403, ""), &["refused access (403)", "auth.json"]),
        ("silent", "1".into(), Reply::new(200, "").body(Body::Silence), &["interrupted", "timed out"]),
    ];
    for (name, reference, reply, words) in cases {
        let server = serve(move |_, _| reply.clone());
        let error = chain(&client(&server).manifest("some/image", &reference).expect_err(name));
        assert_says(&error, &["read manifest", "some/image", &server.host]);
        assert_says(&error, words);
    }
}

#[test]
fn wrong_blobs_are_refused() {
    let cases: Vec<(&str, Reply, &[&str])> = vec![
        ("longer", Reply::new(200, "0123456789"), &["10 bytes, expected 5"]),
        ("shorter", Reply::new(200, "012"), &["3 bytes, expected 5"]),
        ("endless", Reply::new(200, "").body(Body::Endless(vec![0; 1000])), &["bytes, expected 5"]),
        ("cut", Reply::new(200, "").body(Body::Truncated(b"012".to_vec(), 5)), &["interrupted after 3 of 5 bytes"]),
        ("absent", Reply::new(404, "gone"), &["not found: gone"]),
        ("partial", Reply::new(206, "01234"), &["answered 206"]),
    ];
    for (name, reply, words) in cases {
        let server = serve(move |_, _| reply.clone());
        let error = blob_error(&server, b"01234", 5);
        assert_says(&error, &["fetch blob sha256:", &server.host]);
        assert!(words.iter().all(|word| error.contains(word)), "{name}: {error}");
    }
}

#[test]
fn a_broken_blob_is_resumed() {
    let content: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
    for knows_ranges in [true, false] {
        let whole = content.clone();
        let server = serve(move |request, before| {
            let from = request
                .header("range")
                .filter(|_| knows_ranges)
                .map_or(0, |range| range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap());
            let rest = &whole[from..];
            let reply = if from == 0 { Reply::new(200, "") } else { Reply::new(206, "") };
            let reply = reply.header("Content-Range", format!("bytes {from}-{}/{}", whole.len() - 1, whole.len()));
            // The first two answers break off.
            match before {
                0 => reply.body(Body::Truncated(rest[..1000].to_vec(), rest.len())),
                1 => reply.body(Body::Truncated(rest[..2000].to_vec(), rest.len())),
                _ => reply.body(Body::Whole(rest.to_vec())),
            }
        });
        let client = client(&server);
        let mut reader = client.blob("a", &Digest::sha256(&content), content.len() as u64, 0).unwrap();
        let mut got = Vec::new();
        reader.read_to_end(&mut got).unwrap();
        assert!(got == content, "knows_ranges: {knows_ranges}");
        let ranges: Vec<_> = server.seen().iter().map(|r| r.header("range").map(str::to_owned)).collect();
        assert_eq!(ranges[0], None);
        assert_eq!(ranges[1].as_deref(), Some("bytes=1000-"));
    }
}

#[test]
fn a_wrong_range_is_refused() {
    let server = serve(|request, _| match request.header("range") {
        None => Reply::new(200, "").body(Body::Truncated(b"012".to_vec(), 5)),
        Some(_) => Reply::new(206, "01").header("Content-Range", "bytes 0-1/5"),
    });
    assert_says(&blob_error(&server, b"01234", 5), &["Content-Range", "from 3 on"]);
}

#[test]
fn redirects_are_followed_within_limits_and_without_credentials() {
    let elsewhere = serve(|_, _| Reply::new(200, "01234"));
    let location = format!("http://{}/cdn", elsewhere.host);
    let server = serve(move |request, _| match (request.path.contains("blobs"), request.header("authorization")) {
        (true, Some(_)) => Reply::new(307, "").header("Location", location.clone()),
        _ => Reply::new(401, "").header("WWW-Authenticate", "Basic realm=\"x\""),
    });
    let credentials = Some(Credentials::Basic { username: "me".into(), password: "secret".into() });
    let with = Client::new(&server.host, Settings { credentials, ..settings() });
    let mut text = String::new();
    with.blob("a", &Digest::sha256(b"01234"), 5, 0).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "01234");
    let seen = elsewhere.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].header("authorization"), None);

    for (location, words) in [
        ("/v2/again", "more than 10 redirects"),
        ("file:///etc/passwd", "no http(s) address"),
        ("http://user@x/", "no http(s) address"),
        ("", "no http(s) address"),
    ] {
        let server = serve(move |_, _| Reply::new(302, "").header("Location", location));
        assert_says(&blob_error(&server, b"01234", 5), &[words]);
    }
}

/// Who is redirected to doesn't say where the password goes.
#[test]
fn a_host_that_is_redirected_to_gets_no_credentials_by_asking() {
    let token = Server::new(|_, _| Reply::new(200, r#"{"token":"t"}"#));
    let realm = format!("Bearer realm=\"http://{}/token\"", token.host);
    let elsewhere = Server::new(move |_, _| Reply::new(401, "").header("WWW-Authenticate", realm.clone()));
    let location = format!("http://{}/cdn", elsewhere.host);
    let server = serve(move |_, _| Reply::new(307, "").header("Location", location.clone()));
    let credentials = Some(Credentials::Basic { username: "me".into(), password: "secret".into() });
    let with = Client::new(&server.host, Settings { credentials, ..settings() });
    let error = chain(&with.blob("a", &Digest::sha256(b"01234"), 5, 0).map(drop).unwrap_err());
    assert_says(&error, &["another host, which asks for the credentials"]);
    assert!(token.seen().is_empty());
}

#[test]
fn refusals_end() {
    let basic = "Basic realm=\"x\"";
    for (challenge, credentials, words) in [
        (Some(basic), true, "refused access (401): no; the credentials"),
        (Some(basic), false, "refused access (401): no; if it is private"),
        (None, true, "without WWW-Authenticate"),
        (Some("Negotiate"), true, "neither Basic nor"),
        (Some("Bearer realm=\"ftp://x\""), true, "no http(s) URL"),
    ] {
        let server = serve(move |_, _| {
            let reply = Reply::new(401, "no");
            challenge.map_or(reply.clone(), |challenge| reply.header("WWW-Authenticate", challenge))
        });
        let mut settings = settings();
        settings.credentials = credentials.then(|| Credentials::Basic { username: "u".into(), password: "p".into() });
        let error = chain(&Client::new(&server.host, settings).manifest("a", "1").unwrap_err());
        assert_says(&error, &[words]);
        assert!(server.seen().len() <= 2, "{} requests", server.seen().len());
    }
}

/// A registry that wants tokens, and its token server.
fn with_tokens(grant: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
    serve(move |request, _| {
        if request.path.starts_with("/token") {
            return grant(request);
        }
        match request.header("authorization") {
            Some("Bearer good") => Reply::new(200, "{}").header("Content-Type", MANIFEST),
            _ => {
                let host = request.header("host").unwrap();
                let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"test server\"");
                Reply::new(401, "").header("WWW-Authenticate", challenge)
            }
        }
    })
}

#[test]
fn tokens_are_fetched_once() {
    let server = with_tokens(|request| match request.header("authorization") {
        Some("Basic dTpw") => Reply::new(200, r#"{"token":"good","expires_in":300}"#),
        _ => Reply::new(401, "who are you"),
    });
    let credentials = Some(Credentials::Basic { username: "u".into(), password: "p".into() });
    let client = Client::new(&server.host, Settings { credentials, ..settings() });
    client.manifest("a/b", "1").unwrap();
    client.manifest("a/b", "2").unwrap();
    let paths: Vec<_> = server.seen().into_iter().map(|r| r.path).collect();
    let token = "/token?account=u&service=test%20server&scope=repository:a/b:pull";
    assert_eq!(paths, ["/v2/a/b/manifests/1", token, "/v2/a/b/manifests/1", "/v2/a/b/manifests/2"]);
}

#[test]
fn refresh_tokens_are_exchanged() {
    let server = with_tokens(|request| match String::from_utf8_lossy(&request.body) {
        body if body.contains("grant_type=refresh_token") && body.contains("refresh_token=R") => {
            Reply::new(200, r#"{"access_token":"good"}"#)
        }
        _ => Reply::new(400, ""),
    });
    let credentials = Some(Credentials::IdentityToken("R".into()));
    Client::new(&server.host, Settings { credentials, ..settings() }).manifest("a", "1").unwrap();
}

#[test]
fn bad_token_servers_are_named() {
    for (reply, words) in [
        (Reply::new(401, "who are you"), "refused access (401): who are you"),
        (Reply::new(500, "oops"), "answered 500: oops"),
        (Reply::new(200, "nonsense"), "not the JSON"),
        (Reply::new(200, "{}"), "no token in it"),
        (Reply::new(200, r#"{"token":"bad"}"#), "refused access (401)"),
        (Reply::new(200, "").body(Body::Endless(vec![b' '; 65536])), "longer than"),
    ] {
        let server = with_tokens(move |_| reply.clone());
        let error = chain(&client(&server).manifest("a", "1").unwrap_err());
        assert_says(&error, &["read manifest 1", words]);
    }
}

#[test]
fn trouble_for_the_moment_is_waited_out() {
    for status in [500, 502, 503, 429] {
        let server = serve(move |_, before| match before {
            0 | 1 => Reply::new(status, "").header("Retry-After", "0"),
            _ => Reply::new(200, "{}"),
        });
        client(&server).manifest("a", "1").unwrap_or_else(|e| panic!("{status}: {e}"));
        let server = serve(move |_, _| Reply::new(status, "overloaded"));
        let error = client(&server).manifest("a", "1").unwrap_err().to_string();
        assert_says(&error, &[&status.to_string(), "overloaded"]);
        assert_eq!(server.seen().len(), 3);
    }
    let server = serve(|_, before| match before {
        0 => Reply::new(200, "").body(Body::Raw(Vec::new())),
        _ => Reply::new(200, "{}"),
    });
    client(&server).manifest("a", "1").unwrap();
}

#[test]
fn what_is_no_registry_is_named() {
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let error = chain(&Client::new(&nobody, settings()).manifest("a", "1").unwrap_err());
    assert_says(&error, &["no answer from http://127.0.0.1:", "refused"]);
    let ssh = Server::new(|_, _| Reply::new(200, "").body(Body::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec())));
    assert_says(&chain(&client(&ssh).manifest("a", "1").unwrap_err()), &["no answer from", "nor by https"]);
}

#[test]
fn lists_of_tags_in_a_circle_end() {
    let server =
        serve(|_, _| Reply::new(200, r#"{"tags":["a"]}"#).header("Link", "</v2/x/tags/list?last=a>; rel=\"next\""));
    assert_says(&client(&server).tags("x").unwrap_err().to_string(), &["more than 1000 pages"]);
    let server = serve(|request, _| match request.path.contains("last=") {
        false => Reply::new(200, r#"{"tags":["a","b"]}"#).header("Link", "</v2/x/tags/list?last=b>; rel=\"next\""),
        true => Reply::new(200, r#"{"name":"x","tags":null}"#),
    });
    assert_eq!(client(&server).tags("x").unwrap(), ["a", "b"]);
}

#[test]
fn uploads_need_a_place() {
    let server = serve(|_, _| Reply::new(202, ""));
    let error = client(&server).put_blob("a", &Digest::sha256(b"x"), 1, &mut &b"x"[..]).unwrap_err().to_string();
    assert_says(&error, &["upload blob", "no usable Location"]);
    let server = serve(|request, _| match request.method.as_str() {
        "POST" => Reply::new(202, "").header("Location", "/upload?state=1"),
        "PUT" if request.path.contains("state=1&digest=sha256:") && request.body == b"x" => Reply::new(201, ""),
        _ => Reply::new(400, ""),
    });
    client(&server).put_blob("a", &Digest::sha256(b"x"), 1, &mut &b"x"[..]).unwrap();
}

/// Storage on another host, or behind another port, is told no password.
#[test]
fn uploads_elsewhere_get_no_credentials() {
    let elsewhere = serve(|_, _| Reply::new(201, ""));
    let location = format!("http://{}/store?state=1", elsewhere.host);
    let server = serve(move |request, _| match (request.method.as_str(), request.header("authorization")) {
        ("POST", Some(_)) => Reply::new(202, "").header("Location", location.clone()),
        _ => Reply::new(401, "").header("WWW-Authenticate", "Basic realm=\"x\""),
    });
    let credentials = Some(Credentials::Basic { username: "me".into(), password: "secret".into() });
    let client = Client::new(&server.host, Settings { credentials, ..settings() });
    client.put_blob("a", &Digest::sha256(b"x"), 1, &mut &b"x"[..]).unwrap();
    client.put_stream("a", &mut &b"x"[..], || Ok::<_, registry::Error>(Digest::sha256(b"x"))).unwrap();
    let seen = elsewhere.seen();
    assert!(seen.len() >= 2, "{seen:?}");
    for request in seen {
        assert_eq!(request.header("authorization"), None, "{} {}", request.method, request.path);
    }
}

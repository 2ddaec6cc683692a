//! `docker-daemon:`: what is said to a Docker daemon, and what is made of its answers.

use super::{ok, skopeo, small};
use testkit::{Auth, Authority, Body, FakeRegistry, Registry, Reply, TestEnv};

/// A daemon with one image; the flag that leads to it.
fn daemon(env: &TestEnv) -> (FakeRegistry, String) {
    let fake = env.fake_registry();
    let archive = small("amd64").docker_archive("localhost/one:1");
    fake.reply("/_ping", Reply::ok("text/plain", "OK").header("Api-Version", "1.51"));
    for version in ["", "/v1.51"] {
        fake.reply(&format!("{version}/images/get"), Reply::ok("application/x-tar", archive.clone()));
        let loaded = r#"{"stream":"Loaded image: x"}"#;
        fake.reply(&format!("{version}/images/load"), Reply::ok("application/json", loaded));
    }
    let host = format!("http://{}", fake.host());
    (fake, host)
}

fn images_are_read(env: &TestEnv) {
    let (fake, host) = daemon(env);
    let id = small("amd64").id();
    ok(env, &format!("copy --src-daemon-host {host} docker-daemon:localhost/one:1 dir:out"));
    let manifest: serde_json::Value = serde_json::from_slice(&ok(env, "inspect --raw dir:out").stdout).unwrap();
    assert_eq!(manifest["config"]["digest"], format!("sha256:{id}"));
    ok(env, &format!("inspect --daemon-host {host} --format {{{{.Architecture}}}} docker-daemon:localhost/one:1"))
        .prints("amd64\n");
    let asked: Vec<String> =
        fake.seen().into_iter().map(|seen| seen.path).filter(|path| path.contains("get")).collect();
    assert!(asked.iter().all(|path| path.contains("names=localhost")), "{asked:?}");
}

fn images_are_written(env: &TestEnv) {
    let (fake, host) = daemon(env);
    let registry = env.registry();
    let image = small("amd64");
    registry.push("one", "1", &image);
    let from = format!("docker://{}/one:1", registry.host());
    ok(env, &format!("copy --dest-daemon-host {host} {from} docker-daemon:x/two:3"));
    let sent = fake.seen().into_iter().find(|seen| seen.method == "POST").expect("an archive");
    env.write("sent.tar", &sent.body);
    ok(env, "list-tags docker-archive:sent.tar").has("x/two:3");
    ok(env, "inspect --format {{.Architecture}} docker-archive:sent.tar").prints("amd64\n");
    skopeo(env, &format!("copy {from} docker-daemon:nothing")).run().code(1).complains("neither a tag nor a digest");
}

fn its_failures_are_told(env: &TestEnv) {
    let (fake, host) = daemon(env);
    for version in ["", "/v1.51"] {
        let refused =
            Reply { status: 404, ..Reply::ok("application/json", r#"{"message":"reference does not exist"}"#) };
        fake.reply(&format!("{version}/images/get"), refused);
        let full = r#"{"errorDetail":{"message":"no space left"},"error":"no space left"}"#;
        fake.reply(&format!("{version}/images/load"), Reply::ok("application/json", full));
    }
    skopeo(env, &format!("copy --src-daemon-host {host} docker-daemon:a:1 dir:x"))
        .run()
        .code(1)
        .complains("reference does not exist");
    let registry = env.registry();
    registry.push("one", "1", &small("amd64"));
    let from = format!("docker://{}/one:1", registry.host());
    let full = skopeo(env, &format!("copy --dest-daemon-host {host} {from} docker-daemon:a:1")).run();
    if !env.is_peer() {
        // Skopeo doesn't read what the daemon says of a failure that it notices late.
        full.code(1).complains("no space left");
    }
    skopeo(env, "inspect --daemon-host unix:///nosuch docker-daemon:a:1").run().code(1).complains("nosuch");
    skopeo(env, "inspect --daemon-host foo docker-daemon:a:1").run().code(1).complains("foo");
    fake.reply("/images/get", Reply::ok("application/x-tar", "").body(Body::Truncated(b"x".to_vec(), 5000)));
    skopeo(env, &format!("inspect --daemon-host {host} docker-daemon:a:1")).run().code(1);
}

fn pulled_and_pushed(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman has no option for the daemon's address");
    }
    let (fake, host) = daemon(env);
    env.engine().words("pull -q docker-daemon:localhost/one:1").var("DOCKER_HOST", &host).run().ok();
    env.ok("images --format {{.Repository}}:{{.Tag}}").prints("localhost/one:1\n");
    env.engine().words("push -q localhost/one:1 docker-daemon:two:2").var("DOCKER_HOST", &host).run().ok();
    assert!(fake.seen().iter().any(|seen| seen.path.starts_with("/images/load") && !seen.body.is_empty()));
}

/// A registry with TLS that asks for client certificates stands for the daemon: that it has no images is its answer.
fn its_certificates_are_dockers(env: &TestEnv) {
    let authority = Authority::new(env);
    let auth = Auth { tls: Some(&authority), client_certificates: true, ..Auth::default() };
    let server = Registry::start_with(env, 5002, &auth);
    let inspect = format!("inspect --daemon-host tcp://{} --cert-dir /tmp/certs docker-daemon:a:1", server.host());
    let (certificate, key) = authority.certified();
    env.script("mkdir /tmp/certs");
    for (file, name) in [(authority.certificate(), "ca.pem"), (certificate, "cert.pem"), (key, "key.pem")] {
        skopeo(env, &inspect).run().code(1).complains(name);
        env.script(&format!("cp {} /tmp/certs/{name}; chmod -R a+rX /tmp/certs", file.display()));
    }
    skopeo(env, &inspect).run().code(1).complains("404");
    env.script("rm /tmp/certs/ca.pem");
    skopeo(env, &format!("{inspect} --tls-verify=false")).run().code(1).complains("404");
    if !env.is_peer() {
        // Podman doesn't read these.
        let mut pull = env.engine().words("pull -q docker-daemon:a:1");
        for (name, value) in
            [("HOST", format!("tcp://{}", server.host()).as_str()), ("TLS_VERIFY", "1"), ("CERT_PATH", "/tmp/certs")]
        {
            pull = pull.var(&format!("DOCKER_{name}"), value);
        }
        pull.run().refused("/tmp/certs/ca.pem");
    }
}

testkit::cases! { both: [
    images_are_read, images_are_written, its_failures_are_told, its_certificates_are_dockers, pulled_and_pushed,
] }

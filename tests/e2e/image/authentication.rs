//! Registries that want to know who asks, and TLS.

use testkit::{Auth, Authority, Base, Registry, TestEnv, auth_json};

const IMAGE: &str = "lib/base";

/// A registry on port 5001 that wants a password, filled through an open one.
fn closed(env: &TestEnv) -> (Registry<'_>, Registry<'_>) {
    let open = env.registry();
    open.push(IMAGE, "1", &Base::image());
    let closed = Registry::start_with(env, 5001, &Auth { basic: Some(("alice", "secret")), ..Auth::default() });
    if env.is_peer() {
        let insecure = "[[registry]]\nlocation = \"127.0.0.1:5001\"\ninsecure = true\n";
        env.configure(&testkit::Settings { system: &[("registries.conf.d/closed.conf", insecure)], user: &[] });
    }
    (open, closed)
}

fn without_credentials_it_is_refused(env: &TestEnv) {
    let (_open, closed) = closed(env);
    let output = env.run(&format!("pull {}/{IMAGE}:1", closed.host()));
    output.refused(IMAGE).complains_of_one(&["authentication required", "unauthorized", "no basic auth"]);
}

fn basic_from_auth_json(env: &TestEnv) {
    let (_open, closed) = closed(env);
    let file = env.write("auth.json", auth_json(&closed.host(), "alice", "secret"));
    let line = format!("pull -q {}/{IMAGE}:1", closed.host());
    env.engine().words(&line).var("REGISTRY_AUTH_FILE", &file).run().ok();
    env.write("wrong.json", auth_json(&closed.host(), "alice", "guess"));
    env.run(&format!("pull -q --authfile wrong.json {}/{IMAGE}:1", closed.host())).refused(IMAGE);
}

fn basic_from_the_users_files(env: &TestEnv) {
    let (_open, closed) = closed(env);
    let home = env.home();
    let text = auth_json(&closed.host(), "alice", "secret");
    env.write_at(&home.join(".docker/config.json"), text.as_bytes());
    env.ok(&format!("pull -q {}/{IMAGE}:1", closed.host()));
    env.host_root("rm").arg(home.join(".docker/config.json")).run().ok();
    let runtime = if env.is_root() {
        "/run/containers/0/auth.json".to_owned()
    } else {
        format!("/run/user/{}/containers/auth.json", env.user().uid)
    };
    env.write_at(runtime.as_ref(), text.as_bytes());
    env.script(&format!("chmod -R a+rX {runtime}"));
    env.ok(&format!("pull -q {}/{IMAGE}:1", closed.host()));
}

fn creds_on_the_command_line(env: &TestEnv) {
    let (_open, closed) = closed(env);
    env.ok(&format!("pull -q --creds alice:secret {}/{IMAGE}:1", closed.host()));
}

fn bearer_tokens(env: &TestEnv) {
    let fake = env.fake_registry();
    fake.offer(IMAGE, "1", &Base::image());
    fake.demand_token("bob:hunter2");
    let name = format!("{}/{IMAGE}:1", fake.host());
    env.run(&format!("pull -q {name}")).refused(IMAGE);
    let file = env.write("auth.json", auth_json(&fake.host(), "bob", "hunter2"));
    env.engine().words(&format!("pull -q {name}")).var("REGISTRY_AUTH_FILE", &file).run().ok();
    let asked = fake
        .seen()
        .into_iter()
        .find(|request| request.path.starts_with("/token") && request.header("authorization").is_some());
    let asked = asked.expect("the token server was asked");
    assert!(asked.path.contains("service=tests") && asked.path.contains("pull"), "{asked:?}");
}

fn tls_with_an_unknown_authority_is_refused(env: &TestEnv) {
    let authority = Authority::new(env);
    let open = env.registry();
    open.push(IMAGE, "1", &Base::image());
    let closed = Registry::start_with(env, 5002, &Auth { tls: Some(&authority), ..Auth::default() });
    let name = format!("{}/{IMAGE}:1", closed.host());
    let refused = env.run(&format!("pull -q {name}"));
    refused.refused("certificate");
    if !env.is_peer() {
        refused.complains(&format!("certs.d/{}/ca.crt", closed.host()));
    }
    env.ok(&format!("pull -q --tls-verify=false {name}"));
    env.ok("rmi -a -f");
    env.engine().words(&format!("pull -q {name}")).var("SSL_CERT_FILE", authority.certificate()).run().ok();
    env.ok("rmi -a -f");
    env.script(&format!(
        "mkdir -p /etc/containers/certs.d/{host}; cp {ca} /etc/containers/certs.d/{host}/ca.crt; chmod -R a+rX /etc/containers",
        host = closed.host(), ca = authority.certificate().display()
    ));
    env.ok(&format!("pull -q {name}"));
}

fn a_certificate_that_signs_itself_is_believed_when_it_is_given(env: &TestEnv) {
    let itself = Authority::of_itself(env, "127.0.0.1", None);
    let open = env.registry();
    open.push(IMAGE, "1", &Base::image());
    let closed = Registry::start_with(env, 5002, &Auth { tls: Some(&itself), ..Auth::default() });
    let name = format!("{}/{IMAGE}:1", closed.host());
    env.run(&format!("pull -q {name}")).refused("certificate").is_readable();
    env.script(&format!(
        "mkdir {0}; cp {1} {0}/ca.crt; chmod -R a+rX {0}",
        "/tmp/certs",
        itself.certificate().display()
    ));
    env.ok(&format!("pull -q --cert-dir /tmp/certs {name}"));
    // For its own names only.
    env.run(&format!("pull -q --cert-dir /tmp/certs localhost:5002/{IMAGE}:1")).refused("certificate");
    // The system's, as Debian's update-ca-certificates puts it there.
    env.ok("rmi -a -f");
    env.engine().words(&format!("pull -q {name}")).var("SSL_CERT_FILE", itself.certificate()).run().ok();
}

fn a_certificate_for_other_purposes_is_refused(env: &TestEnv) {
    let itself = Authority::of_itself(env, "127.0.0.1", Some("clientAuth"));
    env.registry().push(IMAGE, "1", &Base::image());
    let closed = Registry::start_with(env, 5002, &Auth { tls: Some(&itself), ..Auth::default() });
    env.script(&format!(
        "mkdir /tmp/certs; cp {} /tmp/certs/ca.crt; chmod -R a+rX /tmp/certs",
        itself.certificate().display()
    ));
    let refused = env.run(&format!("pull -q --cert-dir /tmp/certs {}/{IMAGE}:1", closed.host()));
    refused.refused("certificate");
    assert!(!refused.complaint().contains("put the authority's certificate"), "{refused}");
}

fn a_registry_may_ask_for_the_clients_certificate(env: &TestEnv) {
    let authority = Authority::new(env);
    env.registry().push(IMAGE, "1", &Base::image());
    let auth = Auth { tls: Some(&authority), client_certificates: true, ..Auth::default() };
    let closed = Registry::start_with(env, 5002, &auth);
    let (certificate, key) = authority.certified();
    env.script(&format!(
        "mkdir /tmp/certs; cp {} /tmp/certs/ca.crt; chmod -R a+rX /tmp/certs",
        authority.certificate().display()
    ));
    let pull = format!("pull -q --cert-dir /tmp/certs {}/{IMAGE}:1", closed.host());
    env.run(&pull).refused("certificate");
    env.script(&format!(
        "cp {} /tmp/certs/client.cert; cp {} /tmp/certs/client.key; chmod -R a+rX /tmp/certs",
        certificate.display(),
        key.display()
    ));
    env.ok(&pull);
}

/// In the folder that is called like the registry, the user's and the system's.
fn certificates_are_found_by_the_registrys_name(env: &TestEnv) {
    let authority = Authority::new(env);
    env.registry().push(IMAGE, "1", &Base::image());
    let auth = Auth { tls: Some(&authority), client_certificates: true, ..Auth::default() };
    let closed = Registry::start_with(env, 5002, &auth);
    let read = |path: &std::path::Path| env.read(path).expect("a file");
    let (certificate, key) = authority.certified();
    let texts = [read(&authority.certificate()), read(&certificate), read(&key)];
    let name = |file: &str| format!("certs.d/{}/{file}", closed.host());
    let names = [name("ca.crt"), name("client.cert"), name("client.key")];
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    let pull = format!("pull -q --retry 0 {}/{IMAGE}:1", closed.host());
    env.run(&pull).code(125).complains("certificate");
    env.configure(&testkit::Settings { system: &files[..1], user: &[] });
    env.run(&pull).code(125).complains("certificate");
    // A certificate without its key helps nobody.
    env.configure(&testkit::Settings { system: &files[..2], user: &[] });
    env.run(&pull).code(125).complains("client.key");
    env.configure(&testkit::Settings { system: &files, user: &[] });
    env.ok(&pull);
}

testkit::cases! { both: [
    without_credentials_it_is_refused, basic_from_auth_json, basic_from_the_users_files, creds_on_the_command_line,
    bearer_tokens, tls_with_an_unknown_authority_is_refused,
    a_certificate_that_signs_itself_is_believed_when_it_is_given, a_certificate_for_other_purposes_is_refused,
    a_registry_may_ask_for_the_clients_certificate, certificates_are_found_by_the_registrys_name,
] }

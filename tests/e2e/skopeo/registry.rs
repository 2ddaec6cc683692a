//! `skopeo list-tags`, `login`, `logout`, and the ways of saying who one is.

use super::{ok, skopeo, small};
use crate::registry::closed;
use testkit::TestEnv;

fn lists_tags(env: &TestEnv) {
    let registry = env.registry();
    registry.push("one", "1", &small("amd64"));
    let host = registry.host();
    let expected = format!("{{\n    \"Repository\": \"{host}/one\",\n    \"Tags\": [\n        \"1\"\n    ]\n}}\n");
    ok(env, &format!("list-tags docker://{host}/one")).prints(&expected);
    skopeo(env, &format!("list-tags docker://{host}/nosuch")).run().code(1).complains("Error listing repository tags");
    skopeo(env, &format!("list-tags docker://{host}/one:1")).run().code(1).complains("No tag or digest allowed");
    skopeo(env, "list-tags dir:x").run().code(1).complains("Unsupported transport 'dir' for tag listing");
}

fn logs_in_and_out(env: &TestEnv) {
    let closed = closed(env);
    let host = closed.host();
    ok(env, &format!("login -u alice -p secret {host}")).prints("Login Succeeded!\n");
    ok(env, &format!("login --get-login {host}")).prints("alice\n");
    ok(env, &format!("logout {host}")).prints(&format!("Removed login credentials for {host}\n"));
    skopeo(env, &format!("login --get-login {host}")).run().code(1).complains(&format!("not logged into {host}"));
    skopeo(env, "login").run().code(1).complains("please provide a registry to log in to");
}

fn credentials_for_each_side(env: &TestEnv) {
    let open = env.registry();
    open.push("one", "1", &small("amd64"));
    let closed = closed(env);
    let (from, to) = (format!("docker://{}/one:1", open.host()), format!("docker://{}/two:1", closed.host()));
    skopeo(env, &format!("copy {from} {to}")).run().code(1);
    ok(env, &format!("copy --dest-creds alice:secret {from} {to}"));
    ok(env, &format!("copy --dest-username alice --dest-password secret {from} {to}"));
    ok(env, &format!("copy --src-creds alice:secret {to} dir:x"));
    ok(env, &format!("inspect --creds alice:secret {to}"));
    skopeo(env, &format!("login -u alice -p secret {}", closed.host())).run().ok();
    ok(env, &format!("inspect {to}"));
    skopeo(env, &format!("inspect --no-creds {to}")).run().code(1);
    skopeo(env, &format!("inspect --no-creds --creds a:b {to}")).run().code(1);
}

fn a_token_is_sent_as_it_is(env: &TestEnv) {
    let fake = env.fake_registry();
    if env.is_peer() {
        let insecure = format!("[[registry]]\nlocation = \"{}\"\ninsecure = true\n", fake.host());
        env.configure(&testkit::Settings { system: &[("registries.conf.d/fake.conf", &insecure)], user: &[] });
    }
    fake.offer("one", "1", &small("amd64"));
    fake.demand_token("bob:hunter2");
    skopeo(env, &format!("inspect -n --registry-token mine docker://{}/one:1", fake.host())).run().code(1);
    let sent = fake.seen().iter().any(|seen| seen.header("authorization") == Some("Bearer mine"));
    assert!(sent, "{:?}", fake.seen());
}

testkit::cases! { both: [lists_tags, logs_in_and_out, credentials_for_each_side, a_token_is_sent_as_it_is] }

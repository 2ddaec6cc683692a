//! `artifact pull`.

use super::{OCI, by_hand, digest, titles};
use testkit::{Auth, Base, Registry, Settings, TestEnv};

fn images_are_files_as_well(env: &TestEnv) {
    let registry = env.registry();
    let image = registry.push("lib/base", "1", &Base::image());
    let name = format!("{}/lib/base:1", registry.host());
    env.ok(&format!("artifact pull -q --tls-verify=false {name}"));
    assert_eq!(digest(env, &name), image);
    env.ok("images -q").prints("");
    let to = format!("artifact extract {name} layer.tar.gz");
    env.ok(&to);
    env.write("a", "1");
    let artifact = format!("{}/my/artifact:1", registry.host());
    env.ok(&format!("artifact add {artifact} a"));
    env.ok(&format!("artifact push -q --tls-verify=false {artifact}"));
    env.run(&format!("pull --tls-verify=false {artifact}")).code(125).is_readable();
}

fn what_is_not_there(env: &TestEnv) {
    let registry = env.registry();
    let host = registry.host();
    registry.push("lib/base", "1", &Base::image());
    let missing = format!("artifact pull --tls-verify=false {host}/lib/base:2");
    env.run(&missing).code(125).is_readable().complains("manifest unknown");
    env.run("artifact pull --tls-verify=false --retry 0 127.0.0.1:1/a:1").code(125).is_readable();
    env.run("artifact pull docker://quay.io/a").code(125).is_readable();
    env.run("artifact pull").code(125).complains("accepts 1 arg(s), received 0");
    env.ok("artifact ls -n").prints("");
}

fn credentials_and_policy(env: &TestEnv) {
    let open = env.registry();
    let closed = Registry::start_with(env, 5001, &Auth { basic: Some(("me", "secret")), ..Auth::default() });
    env.write("a", "1");
    let name = format!("{}/my/artifact:1", closed.host());
    env.ok(&format!("artifact add {name} a"));
    env.ok(&format!("artifact push -q --tls-verify=false --creds me:secret {name}"));
    env.run(&format!("artifact pull --retry 0 --tls-verify=false {name}")).code(125).is_readable();
    env.ok(&format!("artifact pull -q --tls-verify=false --creds me:secret {name}"));
    env.configure(&Settings { system: &[("policy.json", r#"{"default": [{"type": "reject"}]}"#)], user: &[] });
    let output = env.run(&format!("artifact pull --tls-verify=false {}/my/artifact:1", open.host()));
    output.code(125).complains("is rejected by policy");
    assert_eq!(env.ok("artifact ls -n").lines().len(), 1);
}

/// Content that isn't what it says is stored by nobody.
fn lies_leave_nothing(env: &TestEnv) {
    let registry = env.fake_registry();
    registry.offer_blob("a/lie", b"{}");
    let digest = super::sha256("truth");
    registry.reply(&format!("/v2/a/lie/blobs/{digest}"), testkit::Reply::ok("application/octet-stream", b"a lie"));
    registry.offer_manifest("a/lie", "1", OCI, &by_hand(&[("file", "truth")]));
    let name = format!("{}/a/lie:1", registry.host());
    env.run(&format!("artifact pull --retry 0 --tls-verify=false {name}")).code(125).is_readable().complains("digest");
    env.ok("artifact ls -n").prints("");
    if !env.is_peer() {
        env.ok("system check").prints("");
    }
    registry.offer_blob("a/lie", b"truth");
    env.ok(&format!("artifact pull -q --tls-verify=false {name}"));
    assert_eq!(titles(env, &name), ["file"]);
}

testkit::cases! {
    both: [images_are_files_as_well, what_is_not_there, credentials_and_policy, lies_leave_nothing]
}

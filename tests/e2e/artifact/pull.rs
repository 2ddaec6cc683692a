//! `artifact pull` and `artifact push`.

use super::{OCI, by_hand, digest, manifest, titles};
use testkit::{Auth, Base, Registry, Settings, TestEnv};

fn there_and_back(env: &TestEnv) {
    let registry = env.registry();
    let name = format!("{}/my/artifact:1", registry.host());
    env.write("a.txt", "hello\n");
    env.script("head -c 3000000 /dev/urandom >big");
    env.ok(&format!("artifact add {name} a.txt big"));
    let (digest, manifest) = (digest(env, &name), manifest(env, &name));
    env.ok(&format!("artifact push -q --tls-verify=false {name}")).prints("");
    if !env.is_peer() {
        // There the file isn't written.
        env.ok(&format!("artifact push --tls-verify=false --digestfile digest {name}")).prints("");
        assert_eq!(env.read(env.work().join("digest")).unwrap(), digest);
    }
    env.ok(&format!("artifact rm {name}"));
    env.ok(&format!("artifact pull -q --tls-verify=false {name}")).prints("");
    assert_eq!((super::digest(env, &name), super::manifest(env, &name)), (digest.clone(), manifest));
    env.ok(&format!("artifact extract --title big {name} out"));
    assert!(env.script("cmp big out && echo same").text().contains("same"));
    let by_digest = format!("{}/my/artifact@{digest}", registry.host());
    env.ok(&format!("artifact pull -q --tls-verify=false {by_digest}"));
    assert_eq!(super::digest(env, &by_digest), digest);
    env.ok("artifact ls -n --format '{{.Repository}} {{.Tag}}'").has(&format!("{}/my/artifact \n", registry.host()));
    env.ok("images -q").prints("");
}

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
    env.run("artifact push nothing").code(125).complains("nothing");
    env.run(&format!("artifact push {host}/a:1 elsewhere")).code(125).complains("accepts 1 arg(s), received 2");
    env.ok("artifact ls -n").prints("");
}

fn credentials_and_policy(env: &TestEnv) {
    let open = env.registry();
    let closed = Registry::start_with(env, 5001, &Auth { basic: Some(("me", "secret")), ..Auth::default() });
    env.write("a", "1");
    let name = format!("{}/my/artifact:1", closed.host());
    env.ok(&format!("artifact add {name} a"));
    env.run(&format!("artifact push --retry 0 --tls-verify=false {name}")).code(125).is_readable();
    env.ok(&format!("artifact push -q --tls-verify=false --creds me:secret {name}"));
    env.run(&format!("artifact pull --retry 0 --tls-verify=false {name}")).code(125).is_readable();
    env.ok(&format!("artifact pull -q --tls-verify=false --creds me:secret {name}"));
    env.configure(&Settings { system: &[("policy.json", r#"{"default": [{"type": "reject"}]}"#)], user: &[] });
    let output = env.run(&format!("artifact pull --tls-verify=false {}/my/artifact:1", open.host()));
    output.code(125).complains("is rejected by policy");
    assert_eq!(env.ok("artifact ls -n").lines().len(), 1);
}

fn signatures_are_made_and_demanded(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("the keys are made by our skopeo");
    }
    let registry = env.registry();
    env.write("pass", "secret\n");
    env.ok("skopeo generate-sigstore-key --output-prefix mine --passphrase-file pass");
    let host = registry.host();
    let policy = format!(
        r#"{{"default": [{{"type": "sigstoreSigned", "keyPath": "{}"}}]}}"#,
        env.work().join("mine.pub").display()
    );
    let attachments = "default-docker:\n  use-sigstore-attachments: true\n";
    let files = [("registries.d/test.yaml", attachments), ("policy.json", policy.as_str())];
    env.configure(&Settings { system: &files, user: &[] });
    env.write("a", "1");
    let sign = "--sign-by-sigstore-private-key mine.private --sign-passphrase-file pass";
    for (name, sign) in [("signed", sign), ("unsigned", "")] {
        env.ok(&format!("artifact add {host}/my/{name}:1 a"));
        env.ok(&format!("artifact push -q --tls-verify=false {sign} {host}/my/{name}:1"));
    }
    env.ok("artifact rm -a");
    env.ok(&format!("artifact pull -q --tls-verify=false {host}/my/signed:1"));
    let output = env.run(&format!("artifact pull -q --tls-verify=false {host}/my/unsigned:1"));
    output.code(125).is_readable().complains("no signature exists");
    assert_eq!(env.ok("artifact ls -n").lines().len(), 1);
    env.run(&format!("artifact push --sign-by-sq-fingerprint x {host}/my/signed:1")).refused("sign-by-sq-fingerprint");
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
    both: [there_and_back, images_are_files_as_well, what_is_not_there, credentials_and_policy, signatures_are_made_and_demanded, lies_leave_nothing]
}

//! `artifact push`.

use super::{digest, manifest};
use testkit::{Auth, Registry, Settings, TestEnv};

fn what_is_pushed_comes_back(env: &TestEnv) {
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

fn credentials_are_demanded(env: &TestEnv) {
    let closed = Registry::start_with(env, 5001, &Auth { basic: Some(("me", "secret")), ..Auth::default() });
    env.write("a", "1");
    let name = format!("{}/my/artifact:1", closed.host());
    env.ok(&format!("artifact add {name} a"));
    let push = "artifact push --retry 0 --tls-verify=false";
    env.run(&format!("{push} {name}")).code(125).is_readable();
    env.run(&format!("{push} --creds me:wrong {name}")).code(125).is_readable();
    env.ok(&format!("{push} -q --creds me:secret {name}"));
}

fn wrong_calls_are_refused(env: &TestEnv) {
    env.run("artifact push").code(125).complains("accepts 1 arg(s), received 0");
    env.run("artifact push nothing").code(125).complains("nothing");
    env.run("artifact push 127.0.0.1:5000/a:1 elsewhere").code(125).complains("accepts 1 arg(s), received 2");
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

testkit::cases! {
    both: [what_is_pushed_comes_back, credentials_are_demanded, wrong_calls_are_refused, signatures_are_made_and_demanded]
}

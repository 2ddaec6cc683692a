//! Trust: policy.json decides before anything is stored; `image trust` shows and changes it, `image sign` signs.

use testkit::{Base, Settings, TestEnv, note_skipped};

pub fn policy(env: &TestEnv, text: &str) {
    env.configure(&Settings { system: &[("policy.json", text)], user: &[] });
}

fn pushed(env: &TestEnv) -> (testkit::Registry<'_>, String) {
    let registry = env.registry();
    registry.push("lib/base", "1", &Base::image());
    let name = format!("{}/lib/base:1", registry.host());
    (registry, name)
}

/// Nothing of a denied image is there: neither by name nor as a layer.
#[track_caller]
fn nothing_is_stored(env: &TestEnv) {
    env.ok("images -aq").prints("");
    if !env.is_peer() {
        let layers = env.graphroot().join("minke/layers");
        let script = format!("ls {} 2>/dev/null | wc -l", layers.display());
        env.script(&script).prints("0\n");
    }
}

fn a_denied_pull_stores_nothing(env: &TestEnv) {
    let (_registry, name) = pushed(env);
    policy(env, r#"{"default":[{"type":"reject"}]}"#);
    env.run(&format!("pull -q {name}")).code(125).complains("rejected by policy");
    env.run(&format!("run --rm {name} true")).code(125).complains("rejected by policy");
    nothing_is_stored(env);
    policy(
        env,
        r#"{"default":[{"type":"reject"}],"transports":{"docker":{"127.0.0.1:5000/lib":[{"type":"insecureAcceptAnything"}]}}}"#,
    );
    env.ok(&format!("pull -q {name}"));
}

fn a_denied_load_stores_nothing(env: &TestEnv) {
    let archive = env.write("image.tar", Base::image().docker_archive("localhost/base:latest"));
    policy(env, r#"{"default":[{"type":"reject"}]}"#);
    env.engine().words("load -q -i").arg(&archive).run().code(125).complains("rejected by policy");
    nothing_is_stored(env);
    policy(
        env,
        r#"{"default":[{"type":"reject"}],"transports":{"docker-archive":{"":[{"type":"insecureAcceptAnything"}]}}}"#,
    );
    env.engine().words("load -q -i").arg(&archive).run().ok();
}

fn a_broken_policy_accepts_nothing(env: &TestEnv) {
    let (_registry, name) = pushed(env);
    for text in ["", "{}", r#"{"default":[]}"#, r#"{"default":[{"type":"insecureAcceptAnything"}],"x":1}"#] {
        policy(env, text);
        env.run(&format!("pull -q {name}")).code(125).complains("policy");
    }
    nothing_is_stored(env);
}

fn the_command_line_names_another_policy(env: &TestEnv) {
    let (_registry, name) = pushed(env);
    let file = env.write("policy.json", r#"{"default":[{"type":"reject"}]}"#);
    let pull = |flag: &str| env.run(&format!("pull -q {flag} {name}"));
    pull(&format!("--signature-policy {}", file.display())).code(125).complains("rejected by policy");
    pull("").ok();
}

/// A key in a home of its own; `false` when the machine has no gpg.
pub fn with_key(env: &TestEnv) -> bool {
    let made = env.host("sh -ec").arg(MAKE_KEYS).run();
    if !made.status.success() {
        note_skipped("there is no gpg here");
    }
    made.status.success()
}

const MAKE_KEYS: &str = "mkdir -p -m 700 gnupg; export GNUPGHOME=$PWD/gnupg
    for who in me you; do
        gpg --batch --quiet --passphrase '' --quick-generate-key $who@example.com rsa2048 sign never
        gpg --batch --export $who@example.com > $who.gpg
    done";

fn signed_images_pass_and_others_do_not(env: &TestEnv) {
    let (registry, name) = pushed(env);
    if !with_key(env) {
        return;
    }
    let work = env.work();
    let lookaside = format!("docker:\n  127.0.0.1:5000:\n    lookaside: file://{}/sigs\n", work.display());
    env.configure(&Settings { system: &[("registries.d/test.yaml", &lookaside)], user: &[] });
    let asks_for = |key: &str, identity: &str| {
        let key = work.join(key);
        let text = format!(
            r#"{{"default":[{{"type":"signedBy","keyType":"GPGKeys","keyPath":"{}"{identity}}}]}}"#,
            key.display()
        );
        policy(env, &text);
    };
    asks_for("me.gpg", "");
    let pull = |name: &str| env.run(&format!("pull -q {name}"));
    pull(&name).code(125).complains("A signature was required, but no signature exists");
    let gnupg = work.join("gnupg");
    let sign = format!("image sign --sign-by me@example.com docker://{name}");
    env.engine().words(&sign).var("GNUPGHOME", &gnupg).run().ok();
    pull(&name).ok();
    env.ok("rmi -a -f");
    asks_for("you.gpg", "");
    pull(&name).code(125).is_readable();
    asks_for("me.gpg", r#","signedIdentity":{"type":"exactReference","dockerReference":"a.b/c:1"}"#);
    pull(&name).code(125).complains("is not accepted");
    asks_for("me.gpg", "");
    let other = registry.push("lib/base", "2", &Base::image());
    // The same manifest by another name, and by its digest.
    pull(&format!("{}/lib/base:2", registry.host())).code(125).complains("is not accepted");
    pull(&format!("{}/lib/base@{other}", registry.host())).ok();
    env.ok("rmi -a -f");
    nothing_is_stored(env);
}

fn the_policy_is_shown_and_changed(env: &TestEnv) {
    env.ok("image trust set -t accept default");
    env.ok("image trust set -t reject reg.example/x");
    let key = env.write("key.pub", "key");
    env.ok(&format!("image trust set -t sigstoreSigned -f {} reg.example/y", key.display()));
    let shown = env.ok("image trust show");
    shown.prints(
        "TRANSPORT   NAME           TYPE            ID          STORE\n\
         all         default        accept                      \n\
         repository  reg.example/x  reject                      \n\
         repository  reg.example/y  sigstoreSigned  N/A         \n",
    );
    env.ok("image trust show -n").prints(shown.whole().split_once('\n').expect("a heading").1);
    let json: serde_json::Value = serde_json::from_str(&env.ok("image trust show --json").whole()).unwrap();
    assert_eq!(json[1]["name"], "reg.example/x");
    assert_eq!(json[2]["gpg_id"], "N/A");
    let raw: serde_json::Value = serde_json::from_str(&env.ok("image trust show --raw").whole()).unwrap();
    assert_eq!(raw["transports"]["docker"]["reg.example/y"][0]["type"], "sigstoreSigned");
    env.run("image trust set reg.example/z").refused("at least one public key");
    env.run("image trust set -t foo reg.example/z").refused("invalid choice: foo");
    env.run(&format!("image trust set -t accept -f {} reg.example/z", key.display())).refused("unexpectedly");
    env.run("image trust set -t accept").refused("accepts 1 arg(s), received 0");
}

testkit::cases! {
    both: [
        a_denied_pull_stores_nothing, a_denied_load_stores_nothing, a_broken_policy_accepts_nothing,
        the_command_line_names_another_policy, signed_images_pass_and_others_do_not,
    ]
    root: [the_policy_is_shown_and_changed]
}

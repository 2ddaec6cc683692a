//! Signatures and encryption that a push makes, used by pulls: ours, and by the real skopeo where there is one.

use super::trust::with_key;
use crate::counterpart;
use testkit::{Base, Settings, TestEnv};

/// Runs the real skopeo: whether it succeeded, and what it said.
fn skopeo(env: &TestEnv, line: &str) -> (bool, String) {
    let output = env.host_root("skopeo").words(line).run();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn policy(env: &TestEnv, text: &str) {
    env.configure(&Settings { system: &[("policy.json", text)], user: &[] });
}

fn sigstore(env: &TestEnv, transport: &str, key: &str) {
    let key = env.work().join(key);
    let signed = format!(r#"[{{"type":"sigstoreSigned","keyPath":"{}"}}]"#, key.display());
    policy(
        env,
        &format!(
            r#"{{"default":[{{"type":"insecureAcceptAnything"}}],"transports":{{"{transport}":{{"":{signed}}}}}}}"#
        ),
    );
}

fn keys(env: &TestEnv) {
    env.write("pass", "secret\n");
    for name in ["mine", "other"] {
        env.ok(&format!("skopeo generate-sigstore-key --output-prefix {name} --passphrase-file pass"));
    }
    env.run("skopeo generate-sigstore-key --output-prefix mine --passphrase-file pass").code(1).complains("overwrite");
}

fn sigstore_signatures_beside_the_image(env: &TestEnv) {
    env.base();
    let registry = env.registry();
    keys(env);
    let name = format!("{}/lib/base:1", registry.host());
    let push = format!("push -q --sign-by-sigstore-private-key mine.private --sign-passphrase-file pass base {name}");
    env.run(&push).refused("use-sigstore-attachments");
    let yaml = "default-docker:\n  use-sigstore-attachments: true\n";
    env.configure(&Settings { system: &[("registries.d/test.yaml", yaml)], user: &[] });
    env.ok(&push);
    env.ok(&format!("push -q base {}/lib/base:unsigned", registry.host()));
    env.ok("rmi -a -f");
    sigstore(env, "docker", "other.pub");
    env.run(&format!("pull -q {name}")).code(125).complains("not by a trusted key");
    sigstore(env, "docker", "mine.pub");
    env.ok(&format!("pull -q {name}"));
    env.run(&format!("pull -q {}/lib/base:unsigned", registry.host())).code(125).complains("not accepted");
}

fn skopeo_believes_our_signatures(env: &TestEnv) {
    if !counterpart::is_there(env, "skopeo") {
        return;
    }
    env.base();
    keys(env);
    let copy = "copy -q --remove-signatures --sign-identity a.b/c:1 --sign-passphrase-file pass \
                --sign-by-sigstore-private-key";
    env.ok(&format!("skopeo {copy} mine.private containers-storage:localhost/base:latest dir:signed"));
    let work = env.work();
    let identity = r#""signedIdentity":{"type":"exactReference","dockerReference":"a.b/c:1"}"#;
    for (key, good) in [("mine.pub", true), ("other.pub", false)] {
        let text = format!(
            r#"{{"default":[{{"type":"sigstoreSigned","keyPath":"{}",{identity}}}]}}"#,
            work.join(key).display()
        );
        env.write("policy.json", text);
        let (ok, said) = skopeo(env, "--policy policy.json copy -q dir:signed dir:copied");
        assert_eq!(ok, good, "{key}: {said}");
        let ours = env.run("skopeo --policy policy.json copy -q dir:signed dir:again");
        ours.code(i32::from(!good));
    }
    // And the other way round: skopeo signs with our key, we believe it.
    let (ok, said) = skopeo(env, &format!("--insecure-policy {copy} mine.private dir:signed dir:theirs"));
    assert!(ok, "{said}");
    env.write(
        "policy.json",
        format!(
            r#"{{"default":[{{"type":"sigstoreSigned","keyPath":"{}",{identity}}}]}}"#,
            work.join("mine.pub").display()
        ),
    );
    env.ok("skopeo --policy policy.json copy -q dir:theirs dir:believed");
}

/// A registry's signatures, by our key and read by Podman, and the other way round.
fn podman_and_we_believe_each_other(env: &TestEnv) {
    if !counterpart::is_there(env, "podman") {
        return;
    }
    let registry = env.registry();
    registry.push("lib/base", "1", &Base::image());
    let yaml = "default-docker:\n  use-sigstore-attachments: true\n";
    let conf = "[[registry]]\nlocation = \"127.0.0.1:5000\"\ninsecure = true\n";
    env.configure(&Settings { system: &[("registries.d/test.yaml", yaml), ("registries.conf", conf)], user: &[] });
    keys(env);
    let host = registry.host();
    env.ok(&format!("pull -q {host}/lib/base:1"));
    counterpart::ok(env, &format!("podman pull -q {host}/lib/base:1"));
    let flags = "--sign-by-sigstore-private-key mine.private --sign-passphrase-file pass";
    env.ok(&format!("push -q {flags} {host}/lib/base:1 {host}/ours:1"));
    counterpart::ok(env, &format!("podman push -q {flags} {host}/lib/base:1 {host}/theirs:1"));
    sigstore(env, "docker", "mine.pub");
    counterpart::ok(env, &format!("podman pull -q {host}/ours:1"));
    env.ok(&format!("pull -q {host}/theirs:1"));
    sigstore(env, "docker", "other.pub");
    env.host_root("podman pull -q").arg(format!("{host}/ours:1")).run().code(125);
    env.run(&format!("pull -q {host}/theirs:1")).code(125).complains("not by a trusted key");
}

/// OpenPGP signatures in a lookaside, each made by one and demanded by the other.
fn simple_signatures_go_both_ways(env: &TestEnv) {
    if !counterpart::is_there(env, "skopeo") || !counterpart::is_there(env, "podman") || !with_key(env) {
        return;
    }
    let registry = env.registry();
    let host = registry.host();
    registry.push("lib/base", "1", &Base::image());
    let (work, gnupg) = (env.work(), env.work().join("gnupg"));
    let lookaside = format!("docker:\n  {host}:\n    lookaside: file://{}/sigs\n", work.display());
    let insecure = format!("[[registry]]\nlocation = \"{host}\"\ninsecure = true\n");
    let demand = |key: &str| {
        let key = work.join(key);
        let signed = format!(r#"[{{"type":"signedBy","keyType":"GPGKeys","keyPath":"{}"}}]"#, key.display());
        let policy = format!(
            r#"{{"default":[{{"type":"insecureAcceptAnything"}}],"transports":{{"docker":{{"{host}/signed":{signed}}}}}}}"#
        );
        let files = [
            ("registries.d/test.yaml", lookaside.as_str()),
            ("registries.conf", insecure.as_str()),
            ("policy.json", policy.as_str()),
        ];
        env.configure(&Settings { system: &files, user: &[] });
    };
    demand("me.gpg");
    env.ok(&format!("pull -q {host}/lib/base:1"));
    let ours = format!("push -q --sign-by me@example.com {host}/lib/base:1 {host}/signed/ours:1");
    env.engine().words(&ours).var("GNUPGHOME", &gnupg).run().ok();
    let copy = format!("copy -q --sign-by me@example.com docker://{host}/lib/base:1 docker://{host}/signed/theirs:1");
    env.host_root("skopeo").words(&copy).var("GNUPGHOME", &gnupg).run().ok();
    env.ok("rmi -a -f");
    counterpart::ok(env, &format!("podman pull -q {host}/signed/ours:1"));
    counterpart::ok(env, "podman rmi -a -f");
    env.ok(&format!("pull -q {host}/signed/theirs:1"));
    env.ok("rmi -a -f");
    demand("you.gpg");
    env.host_root("podman pull -q").arg(format!("{host}/signed/ours:1")).run().code(125);
    env.run(&format!("pull -q {host}/signed/theirs:1")).code(125).is_readable();
    env.ok("images -aq").prints("");
}

const MAKE_KEYS: &str = "for name in one two; do
    openssl genrsa -out $name.key 2048 2>/dev/null; openssl rsa -in $name.key -pubout -out $name.pub 2>/dev/null; done";

fn encrypted_images(env: &TestEnv) {
    env.base();
    env.host("sh -ec").arg(MAKE_KEYS).run().ok();
    env.ok("push -q --encryption-key jwe:one.pub base oci:sealed:1");
    env.run("push -q --encryption-key jwe:one.pub --encrypt-layer 9 base oci:x:1").refused("out of range");
    env.run("push -q --encryption-key pgp:me base oci:x:1").refused("pgp is not supported");
    let id = Base::image().id();
    env.ok("rmi -a -f");
    env.run("pull -q oci:sealed:1").code(125).is_readable();
    env.run("pull -q --decryption-key two.key oci:sealed:1").code(125).complains("none of the given keys");
    env.ok("pull -q --decryption-key one.key oci:sealed:1").prints(&format!("{id}\n"));
    if !counterpart::is_there(env, "skopeo") {
        return;
    }
    let (ok, said) = skopeo(env, "--insecure-policy copy -q --decryption-key one.key oci:sealed:1 oci:clear:1");
    assert!(ok, "{said}");
    env.ok("rmi -a -f");
    env.ok("pull -q oci:clear:1").prints(&format!("{id}\n"));
    let keys = "--encryption-key jwe:one.pub --encryption-key jwe:two.pub";
    let (ok, said) = skopeo(env, &format!("--insecure-policy copy -q {keys} oci:clear:1 oci:theirs:1"));
    assert!(ok, "{said}");
    env.ok("rmi -a -f");
    env.ok("pull -q --decryption-key two.key oci:theirs:1").prints(&format!("{id}\n"));
}

testkit::cases! { root: [sigstore_signatures_beside_the_image, skopeo_believes_our_signatures, encrypted_images,
podman_and_we_believe_each_other, simple_signatures_go_both_ways,] }

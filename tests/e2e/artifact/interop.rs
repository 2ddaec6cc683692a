//! What we make, the real podman takes, and the other way round, with the same bytes.

use super::{digest, titles};
use crate::counterpart::{is_there, ok};
use testkit::{Settings, TestEnv};

const NAME: &str = "127.0.0.1:5000/my/artifact:1";

fn theirs(env: &TestEnv) -> String {
    ok(env, &format!("podman artifact inspect --format {{{{.Digest}}}} {NAME}")).text().trim().to_owned()
}

fn settings(env: &TestEnv) {
    let conf = "[[registry]]\nlocation = \"127.0.0.1:5000\"\ninsecure = true\n";
    env.configure(&Settings { system: &[("registries.conf", conf)], user: &[] });
    env.write("a&b<c>.txt", "hello\n");
    env.write("page", "<html>x");
    env.write("bytes", b"\0\x01");
    env.write("more", "more\n");
}

fn they_read_and_add_the_same(env: &TestEnv) {
    if !is_there(env, "podman") {
        return;
    }
    settings(env);
    let _registry = env.registry();
    env.ok(&format!("artifact add --type x/y --annotation k=v {NAME} 'a&b<c>.txt' page bytes"));
    env.ok(&format!("artifact push -q {NAME}"));
    ok(env, &format!("podman artifact pull -q {NAME}"));
    assert_eq!(theirs(env), digest(env, NAME));
    ok(env, &format!("podman artifact extract --title page {NAME} out"));
    assert_eq!(env.read(env.work().join("out")).unwrap(), "<html>x");
    // Byte by byte the same manifest comes out when both add the same.
    ok(env, &format!("podman artifact add --append --annotation 'z=<&>' {NAME} more"));
    env.ok(&format!("artifact add --append --annotation 'z=<&>' {NAME} more"));
    assert_eq!(theirs(env), digest(env, NAME));
    ok(env, "podman artifact rm -a");
}

fn we_read_and_add_the_same(env: &TestEnv) {
    if !is_there(env, "podman") {
        return;
    }
    settings(env);
    let _registry = env.registry();
    ok(env, &format!("podman artifact add --type x/y {NAME} 'a&b<c>.txt' page bytes"));
    ok(env, &format!("podman artifact push -q {NAME}"));
    env.ok(&format!("artifact pull -q {NAME}"));
    assert_eq!(theirs(env), digest(env, NAME));
    assert_eq!(titles(env, NAME), ["a&b<c>.txt", "page", "bytes"]);
    ok(env, &format!("podman artifact add --append {NAME} more"));
    env.ok(&format!("artifact add --append {NAME} more"));
    assert_eq!(theirs(env), digest(env, NAME));
    ok(env, "podman artifact rm -a");
}

testkit::cases! { root: [they_read_and_add_the_same, we_read_and_add_the_same] }

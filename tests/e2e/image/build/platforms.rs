//! Several platforms: `--platform a,b`, `--manifest`, `--all-platforms`.

use super::{build, field};
use serde_json::Value;
use testkit::{Base, TestEnv};

const TEXT: &str = "FROM scratch\nARG TARGETARCH\nCOPY Containerfile /$TARGETARCH\n";

fn entries(env: &TestEnv, list: &str) -> Vec<String> {
    let shown = env.ok(&format!("manifest inspect {list}")).text();
    let index: Value = serde_json::from_str(&shown).unwrap();
    let platform = |entry: &Value| {
        let part = |name: &str| entry["platform"][name].as_str().unwrap_or_default().to_owned();
        format!("{}/{}", part("os"), part("architecture"))
    };
    let mut entries: Vec<String> = index["manifests"].as_array().unwrap().iter().map(platform).collect();
    entries.sort();
    entries
}

fn one_list_under_the_tags(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman's tag is the last one's");
    }
    let built = build(env, "--platform linux/arm64,linux/amd64 --platform linux/s390x -t second --iidfile id", TEXT);
    built.ok().has("[linux/arm64] STEP 1/3: FROM scratch").has("[linux/s390x] COMMIT").has("tagged localhost/second");
    assert_eq!(entries(env, "built"), ["linux/amd64", "linux/arm64", "linux/s390x"]);
    assert_eq!(entries(env, "second"), entries(env, "built"));
    let id = built.lines().last().unwrap().clone();
    assert_eq!(env.read(env.work().join("id")).unwrap(), format!("sha256:{id}"));
    let registry = env.registry();
    let place = format!("{}/list:1", registry.host());
    env.ok(&format!("build --platform linux/arm64,linux/amd64 -t {place} --push -o type=oci,dest=l.tar -o out ctx"));
    env.ok("rmi -af");
    assert_eq!(entries(env, &format!("docker://{place}")), ["linux/amd64", "linux/arm64"]);
    env.ok(&format!("pull -q --platform linux/arm64 {place}"));
    assert!(
        env.exists(env.work().join("out/linux_arm64/arm64")) && env.exists(env.work().join("out/linux_amd64/amd64"))
    );
    let tar = env.ok("build --platform linux/arm64,linux/amd64 -o - ctx");
    env.write("both.tar", &tar.stdout);
    env.host("tar -tf both.tar").run().ok().has("linux_amd64/amd64").has("linux_arm64/arm64");
    env.run("build --platform linux/arm64,linux/amd64 -o type=docker,dest=x ctx").code(125).complains("type=oci");
}

fn added_to_a_list(env: &TestEnv) {
    build(env, "--platform linux/amd64,linux/arm64 --manifest list", TEXT).ok();
    assert_eq!(entries(env, "list"), ["linux/amd64", "linux/arm64"]);
    build(env, "--platform linux/s390x --manifest list", TEXT).ok();
    assert_eq!(entries(env, "list").len(), 3);
    assert_eq!(field(env, "{{.Architecture}}"), "s390x");
    let again = build(env, "--platform linux/s390x --manifest base", TEXT);
    again.code(125).complains("not a manifest list");
    if !env.is_peer() {
        again.lacks("STEP");
    }
}

fn all_that_the_bases_have(env: &TestEnv) {
    let registry = env.registry();
    let of = |names: &[&str]| names.iter().map(|name| Base::image().architecture(name)).collect::<Vec<_>>();
    registry.push_index("one", "1", &of(&["amd64", "arm64", "s390x"]));
    registry.push_index("two", "1", &of(&["riscv64", "s390x", "arm64"]));
    let host = registry.host();
    let text = format!("FROM {host}/one:1 AS one\nFROM {host}/two:1\nCOPY --from=one /etc/passwd /pw\n");
    build(env, "--tls-verify=false --all-platforms --manifest all", &text).ok();
    assert_eq!(entries(env, "all"), ["linux/arm64", "linux/s390x"]);
    build(env, "--all-platforms", "FROM scratch\n").code(125);
    env.run("build --all-platforms --arch arm64 ctx").code(125);
}

fn commands_for_another_machine(env: &TestEnv) {
    let registry = env.registry();
    let host = registry.host();
    // No processor of ours, and none that anybody emulates.
    registry.push_index("base", "1", &[Base::image(), Base::image().architecture("mips64le")]);
    let text = format!("FROM {host}/base:1\nRUN true\n");
    if env.is_peer() {
        return testkit::note_skipped("podman tries it");
    }
    let refused = build(env, "--tls-verify=false --platform linux/mips64le,linux/amd64", &text);
    refused.code(125).complains("linux/mips64le").complains("qemu-user").lacks("STEP");
    // Where the command runs is what counts.
    let native = format!(
        "FROM --platform=$BUILDPLATFORM {host}/base:1 AS make\nRUN echo made > /f\nFROM {host}/base:1\nCOPY --from=make /f /f\n"
    );
    build(env, "--tls-verify=false --platform linux/mips64le", &native).ok();
    assert_eq!(field(env, "{{.Architecture}}"), "mips64le");
}

testkit::cases! { both: [
    one_list_under_the_tags, added_to_a_list, all_that_the_bases_have, commands_for_another_machine,
] }

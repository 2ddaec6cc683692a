//! Options of `skopeo copy` and of all commands, and the finer points of places.

use super::{ok, skopeo, small};
use testkit::{Entry, Image, Layer, TestEnv, sha256_hex};

fn more_names_in_an_archive(env: &TestEnv) {
    let registry = env.registry();
    registry.push("one", "1", &small("amd64"));
    let from = format!("docker://{}/one:1", registry.host());
    ok(env, &format!("copy --additional-tag x/y:2 --additional-tag a.b/z:3 {from} docker-archive:a.tar:q/r:1"));
    let tags = ok(env, "list-tags docker-archive:a.tar");
    for name in ["q/r:1", "x/y:2", "a.b/z:3"] {
        tags.has(name);
    }
    ok(env, "inspect --format {{.Os}} docker-archive:a.tar:docker.io/x/y:2").prints("linux\n");
    ok(env, "inspect --format {{.Os}} docker-archive:a.tar:@0").prints("linux\n");
    skopeo(env, "inspect docker-archive:a.tar:@1").run().code(1);
    skopeo(env, "inspect docker-archive:a.tar:nosuch:1").run().code(1);
    let line = format!("copy --additional-tag z {from} docker-archive:b.tar");
    skopeo(env, &line).run().code(1).complains("must be a tagged reference");
    skopeo(env, "list-tags docker-archive:nosuch.tar").run().code(1).complains("nosuch.tar");
}

fn images_of_a_layout_by_their_place(env: &TestEnv) {
    let registry = env.registry();
    registry.push("one", "1", &small("amd64"));
    registry.push("one", "2", &small("arm64"));
    let host = registry.host();
    ok(env, &format!("copy docker://{host}/one:1 oci:layout:a"));
    ok(env, &format!("copy --override-arch arm64 docker://{host}/one:2 oci:layout:b"));
    let architecture = |place: &str| {
        ok(env, &format!("--override-arch arm64 inspect --format {{{{.Architecture}}}} oci:layout:{place}")).text()
    };
    assert_eq!(["@0", "@1", "a", "b"].map(architecture), ["amd64", "arm64", "amd64", "arm64"]);
    skopeo(env, "inspect oci:layout:@2").run().code(1);
    skopeo(env, "inspect oci:layout").run().code(1);
}

fn blobs_that_layouts_share(env: &TestEnv) {
    let registry = env.registry();
    registry.push("one", "1", &small("amd64"));
    let from = format!("docker://{}/one:1", registry.host());
    ok(env, &format!("copy --dest-shared-blob-dir shared {from} oci:first:x"));
    ok(env, &format!("copy --dest-shared-blob-dir shared {from} oci:second:x"));
    assert_eq!(std::fs::read_dir(env.work().join("shared/sha256")).unwrap().count(), 3);
    assert_eq!(std::fs::read_dir(env.work().join("first/blobs")).unwrap().count(), 0);
    ok(env, "inspect --shared-blob-dir shared --format {{.Os}} oci:second:x").prints("linux\n");
    ok(env, "copy --src-shared-blob-dir shared oci:first:x dir:back");
    skopeo(env, "inspect oci:second:x").run().code(1);
}

/// What says nothing to a place isn't taken and ignored.
fn flags_for_other_places(env: &TestEnv) {
    let registry = env.registry();
    registry.push("one", "1", &small("amd64"));
    let from = format!("--src-tls-verify=false docker://{}/one:1", registry.host());
    let run = |line: &str| skopeo(env, &format!("copy {line}")).run();
    run(&format!("--sign-identity x/y:1 {from} dir:d")).code(1).complains("Could not parse --sign-identity");
    if env.is_peer() {
        return;
    }
    run(&format!("--additional-tag x/y:1 {from} dir:d")).code(1).complains("--additional-tag is for docker-archive:");
    run(&format!("--dest-shared-blob-dir s {from} dir:d")).code(1).complains("--dest-shared-blob-dir is for oci:");
    run(&format!("--src-shared-blob-dir s {from} dir:d")).code(1).complains("--src-shared-blob-dir is for oci:");
    run(&format!("--sign-identity a.b/c:1 {from} dir:d")).code(1).complains("--sign-identity needs");
    assert!(!env.exists(env.work().join("d")));
}

fn digests_before_the_upload(env: &TestEnv) {
    let registry = env.registry();
    let plain = Image::new(vec![Layer::new(&[Entry::file("f", "plain")]).compressed(testkit::Compression::None)]);
    registry.push("one", "1", &plain);
    let host = registry.host();
    ok(env, &format!("copy docker://{host}/one:1 dir:plain"));
    for to in ["two", "three"] {
        ok(env, &format!("copy --dest-precompute-digests --image-parallel-copies 1 dir:plain docker://{host}/{to}:1"));
    }
    let layer = |name: &str| ok(env, &format!("inspect --format {{{{.Layers}}}} docker://{host}/{name}:1")).text();
    assert_eq!(layer("two"), layer("three"));
    if !env.is_peer() {
        // Skopeo remembers that the registry has the plain layer in another repository.
        assert!(!layer("two").contains(&sha256_hex(&plain.layers[0].blob())), "compressed on the way");
    }
}

fn options_of_all_commands(env: &TestEnv) {
    let fake = env.fake_registry();
    fake.offer("one", "1", &small("amd64"));
    let name = format!("docker://{}/one:1", fake.host());
    ok(env, &format!("--user-agent-prefix mine/1.0 inspect -n {name}"));
    let seen = fake.seen();
    assert!(seen.iter().any(|seen| seen.header("user-agent").is_some_and(|agent| agent.starts_with("mine/1.0 "))));
    ok(env, &format!("--debug inspect -n {name}"));
    ok(env, &format!("--command-timeout 1h inspect -n {name}"));
    std::fs::create_dir(env.work().join("registries.d")).unwrap();
    ok(env, &format!("--registries.d registries.d --tmpdir . inspect -n {name}"));
    env.write("registries.d/bad.yaml", b"docker: [");
    skopeo(env, &format!("--registries.d registries.d copy {name} dir:x")).run().code(1).complains("bad.yaml");
}

fn a_command_has_its_time(env: &TestEnv) {
    let fake = env.fake_registry();
    fake.offer("one", "1", &small("amd64"));
    let silent = testkit::Reply::ok("application/json", "").body(testkit::Body::Silence);
    fake.reply("/v2/one/manifests/1", silent);
    let line = format!("--command-timeout 100ms inspect -n docker://{}/one:1", fake.host());
    skopeo(env, &line).run().code(1);
}

fn parameters_of_a_signature(env: &TestEnv) {
    let registry = env.registry();
    registry.push("one", "1", &small("amd64"));
    let from = format!("docker://{}/one:1", registry.host());
    let to = "dir:signed";
    skopeo(env, &format!("copy --sign-by-sigstore nosuch.yaml {from} {to}"))
        .run()
        .code(1)
        .complains("using --sign-by-sigstore")
        .complains("nosuch.yaml");
    env.write("passphrase", b"secret\n");
    ok(env, "generate-sigstore-key --output-prefix key --passphrase-file passphrase");
    env.write("sign.yaml", b"privateKeyFile: key.private\nprivateKeyPassphraseFile: passphrase\n");
    ok(env, &format!("copy --sign-by-sigstore sign.yaml --sign-identity a.b/c:1 {from} {to}"));
    assert!(env.work().join("signed/signature-1").exists());
    env.write("empty.yaml", b"{}");
    skopeo(env, &format!("copy --sign-by-sigstore empty.yaml {from} dir:no")).run().code(1);
}

testkit::cases! { both: [
    more_names_in_an_archive, images_of_a_layout_by_their_place, blobs_that_layouts_share, flags_for_other_places, digests_before_the_upload,
    options_of_all_commands, a_command_has_its_time, parameters_of_a_signature,
] }

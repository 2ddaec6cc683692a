//! `skopeo copy`.

use super::{ok, skopeo, small};
use serde_json::Value;
use testkit::{Auth, Authority, Base, Registry, TestEnv, sha256_hex};

fn between_registries(env: &TestEnv) {
    let registry = env.registry();
    let digest = registry.push("one", "1", &small("amd64"));
    let host = registry.host();
    ok(env, &format!("copy --digestfile digest docker://{host}/one:1 docker://{host}/two/three:4"));
    assert_eq!(env.read(env.work().join("digest")).as_deref(), Some(digest.as_str()));
    let shown = ok(env, &format!("inspect --format {{{{.Digest}}}} docker://{host}/two/three:4"));
    shown.prints(&format!("{digest}\n"));
}

/// What Skopeo hides from its help, but scripts have.
fn older_flags_still_count(env: &TestEnv) {
    let authority = Authority::new(env);
    let open = env.registry();
    open.push("one", "1", &small("amd64"));
    let closed = Registry::start_with(env, 5002, &Auth { tls: Some(&authority), ..Auth::default() });
    let from = format!("docker://{}/one:1", closed.host());
    skopeo(env, &format!("copy {from} dir:a")).run().code(1).complains("certificate");
    ok(env, &format!("copy --tls-verify=false {from} dir:b")).complains("'--tls-verify' is deprecated");
    ok(env, &format!("--tls-verify=false copy {from} dir:c"));
    ok(env, &format!("copy -q --src-tls-verify=false --tls-verify {from} dir:d"));
    ok(env, &format!("--tls-verify=false inspect {from}"));
    ok(env, &format!("sync --src docker --dest dir --tls-verify=false {}/one e", closed.host()));
    ok(env, &format!("copy -q --screds a:b --dcreds a:b --src-tls-verify=false {from} dir:f"));
}

fn into_folders_and_back(env: &TestEnv) {
    let registry = env.registry();
    let digest = registry.push("one", "1", &small("amd64"));
    let host = registry.host();
    ok(env, &format!("copy -q docker://{host}/one:1 dir:folder")).quiet();
    ok(env, "manifest-digest folder/manifest.json").prints(&format!("{digest}\n"));
    ok(env, "copy dir:folder oci:layout:name");
    ok(env, "copy oci:layout:name docker-archive:archive.tar:localhost/x:1");
    ok(env, "copy docker-archive:archive.tar oci-archive:archive.oci:y");
    ok(env, &format!("copy oci:layout:name docker://{host}/back:1"));
    ok(env, &format!("inspect --format {{{{.Digest}}}} docker://{host}/back:1")).prints(&format!("{digest}\n"));
    skopeo(env, "copy docker-archive:archive.tar docker-archive:archive.tar:z:1").run().code(1);
}

fn all_of_an_index_or_what_suits(env: &TestEnv) {
    let registry = env.registry();
    let images = [small("amd64"), small("arm64")];
    let index = registry.push_index("many", "1", &images);
    let host = registry.host();
    let digest =
        |name: &str| ok(env, &format!("inspect --no-tags --format {{{{.Digest}}}} {name}")).text().trim().to_owned();
    ok(env, &format!("copy --all docker://{host}/many:1 docker://{host}/all:1"));
    assert_eq!(digest(&format!("docker://{host}/all:1")), index);
    ok(env, &format!("--override-arch arm64 copy docker://{host}/many:1 oci:arm:1"));
    assert_eq!(digest("oci:arm:1"), format!("sha256:{}", sha256_hex(&images[1].manifest())));
    ok(env, &format!("copy --override-arch amd64 docker://{host}/many:1 oci:amd:1"));
    assert_eq!(digest("oci:amd:1"), format!("sha256:{}", sha256_hex(&images[0].manifest())));
    ok(env, &format!("copy --multi-arch system docker://{host}/many:1 oci:system:1"));
    skopeo(env, &format!("copy --multi-arch foo docker://{host}/many:1 dir:x")).run().code(1).complains("index-only");
    skopeo(env, &format!("copy -a --multi-arch all docker://{host}/many:1 dir:x"))
        .run()
        .code(1)
        .complains("--multi-arch");
}

fn formats_and_compression(env: &TestEnv) {
    let registry = env.registry();
    registry.push("one", "1", &small("amd64"));
    let host = registry.host();
    let raw =
        |name: &str| -> Value { serde_json::from_slice(&ok(env, &format!("inspect --raw {name}")).stdout).unwrap() };
    ok(env, &format!("copy --format v2s2 docker://{host}/one:1 dir:docker"));
    assert_eq!(raw("dir:docker")["mediaType"], "application/vnd.docker.distribution.manifest.v2+json");
    let line = "copy --dest-compress-format zstd --dest-force-compress-format";
    ok(env, &format!("{line} docker://{host}/one:1 docker://{host}/zstd:1"));
    let zstd = raw(&format!("docker://{host}/zstd:1"));
    assert_eq!(zstd["layers"][0]["mediaType"], "application/vnd.oci.image.layer.v1.tar+zstd");
    skopeo(env, &format!("copy --format foo docker://{host}/one:1 dir:x")).run().code(1).complains("oci");
}

fn the_stores_images(env: &TestEnv) {
    env.base();
    let registry = env.registry();
    let host = registry.host();
    ok(env, &format!("copy containers-storage:localhost/base:latest docker://{host}/base:1"));
    ok(env, &format!("copy docker://{host}/base:1 containers-storage:localhost/copied:1"));
    env.ok("run --rm --network none copied:1 echo hello").prints("hello\n");
    env.ok("image inspect --format {{.Id}} copied:1").prints(&format!("{}\n", Base::image().id()));
}

fn nonsense(env: &TestEnv) {
    skopeo(env, "copy docker://a.example/b").run().code(1).complains("Exactly two arguments expected");
    skopeo(env, "copy foo dir:x").run().code(1).complains("expected colon-separated transport:reference");
    skopeo(env, "copy dir:nothing dir:x").run().code(1).complains("nothing");
    skopeo(env, "copy --foo a b").run().code(1).complains("unknown flag: --foo");
    skopeo(env, "foo").run().code(1).complains("skopeo foo");
    let registry = env.registry();
    skopeo(env, &format!("copy docker://{}/nosuch:1 dir:x", registry.host())).run().code(2).complains("nosuch");
}

fn by_the_programs_name(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("the reference is called by its name anyway");
    }
    env.script(&format!("ln -s {} {}/skopeo", testkit::engine_under_test(), env.work().display()));
    env.host("./skopeo --version").run().ok().has("skopeo version");
    env.host("./skopeo --help").run().ok().has("list-tags").lacks("Manage containers");
    env.host("./skopeo copy --help").run().ok().has("--dest-creds");
    env.host("./skopeo foo").run().code(1).complains("level=fatal").complains("unrecognized command `skopeo foo`");
    let registry = env.registry();
    registry.push("one", "1", &small("amd64"));
    env.host(&format!("./skopeo copy docker://{}/one:1 dir:x", registry.host())).run().ok();
    env.host("./skopeo copy --sign-by-sq-fingerprint x dir:x dir:y")
        .run()
        .code(1)
        .complains("--sign-by-sq-fingerprint is not supported yet");
}

fn a_copy_that_fails_leaves_no_folder(env: &TestEnv) {
    let registry = env.registry();
    registry.push("one", "1", &small("amd64"));
    let wrong = format!("copy --format v2s1 docker://{}/one:1 dir:new", registry.host());
    skopeo(env, &wrong).run().code(1);
    assert!(!env.exists(env.work().join("new")));
}

testkit::cases! { both: [
    older_flags_still_count,
    between_registries, into_folders_and_back, all_of_an_index_or_what_suits, formats_and_compression,
    the_stores_images, nonsense, a_copy_that_fails_leaves_no_folder, by_the_programs_name,
] }

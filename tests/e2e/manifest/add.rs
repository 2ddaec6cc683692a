//! `manifest add`: images from here and elsewhere, and artifacts.

use super::{architectures, digest, host, index, other, two_images};
use serde_json::json;
use testkit::{Auth, Base, Registry, TestEnv};

fn says_what_it_is_told(env: &TestEnv) {
    two_images(env);
    let id = env.ok("manifest create list").text();
    env.ok("manifest add list base").prints(&format!("{id}\n"));
    env.ok("manifest add --annotation x=y --arch ppc64le --os linux --variant v1 --os-version 10 list \
         containers-storage:localhost/other:latest")
        .prints(&format!("{id}\n"));
    let index = index(env, "list");
    assert_eq!(index["manifests"][0]["platform"], json!({"architecture": host(), "os": "linux"}));
    let second = &index["manifests"][1];
    assert_eq!(second["digest"], digest(env, "other"));
    assert_eq!(
        second["platform"],
        json!({"architecture": "ppc64le", "os": "linux", "variant": "v1", "os.version": "10"})
    );
    assert_eq!(second["annotations"], json!({"x": "y"}));
    env.ok("manifest add list base");
    assert_eq!(architectures(env, "list"), ["ppc64le".to_owned(), host()], "no entry twice");
}

fn from_a_registry(env: &TestEnv) {
    let registry = env.registry();
    registry.push_index("lib/two", "1", &[Base::image(), other()]);
    let name = format!("{}/lib/two:1", registry.host());
    env.ok("manifest create list");
    env.ok(&format!("manifest add --tls-verify=false list {name}"));
    assert_eq!(architectures(env, "list"), [host()]);
    env.ok(&format!("manifest add --tls-verify=false --all list docker://{name}"));
    assert_eq!(architectures(env, "list"), [host(), "s390x".to_owned()]);
    env.ok("manifest create third");
    env.ok(&format!("manifest add --tls-verify=false --arch s390x third {name}"));
    assert_eq!(architectures(env, "third"), ["s390x"]);
    assert_eq!(architectures(env, &format!("--tls-verify=false {name}")), [host(), "s390x".to_owned()]);
    env.ok("images -q --filter manifest=false").prints("");
}

fn files_as_an_artifact(env: &TestEnv) {
    env.write("notes.txt", "hello\n");
    env.write("config.json", "{\"a\":1}\n");
    env.ok("manifest create list");
    env.ok("manifest add --artifact list notes.txt");
    env.ok("manifest add --artifact --artifact-type a/b --artifact-config config.json --artifact-config-type x/y \
            --annotation q=r list notes.txt config.json");
    let index = index(env, "list");
    assert_eq!(index["manifests"][0]["artifactType"], "application/vnd.unknown.artifact.v1");
    assert!(index["manifests"][0]["files"][0].as_str().unwrap().ends_with("/notes.txt"));
    assert_eq!(index["manifests"][1]["artifactType"], "a/b");
    assert_eq!(index["manifests"][1]["annotations"], json!({"q": "r"}));
    env.ok("manifest push -q list oci:out:x");
    let digest = index["manifests"][1]["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    let manifest = env.read(env.work().join(format!("out/blobs/sha256/{digest}")));
    let manifest: serde_json::Value = serde_json::from_str(&manifest.unwrap()).unwrap();
    assert_eq!(manifest["config"]["mediaType"], "x/y");
    assert_eq!(manifest["layers"][0]["mediaType"], "text/plain");
    assert_eq!(manifest["layers"][1]["mediaType"], "application/json");
    assert_eq!(manifest["layers"][1]["annotations"], json!({"org.opencontainers.image.title": "config.json"}));
    let file = manifest["layers"][0]["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    assert_eq!(env.read(env.work().join(format!("out/blobs/sha256/{file}"))).unwrap(), "hello\n");
}

fn digests_of_artifacts_are_podmans(env: &TestEnv) {
    env.write("a&b", "hello\n");
    env.write("config.json", "{\"a\":1}\n");
    env.ok("manifest create list");
    // As Podman 5.8 makes them.
    for (flags, digest) in [
        ("", "51992246ccc7201a9edd90879017695ea28e0e2d69b0328bf74a9261fa0dec7e"),
        ("--artifact-exclude-titles", "3078955a1fe611d02cc0e37e5849ed7a19c63a183e20f1b68dde2ff4983746df"),
        (
            "--artifact-exclude-titles --artifact-type x/y --artifact-config-type application/json",
            "76de9e5f31b2f267276d0b70cd2186c7b018be00e8ad78c8a0fc4209e7e978ae",
        ),
        (
            "--artifact-type x/y --artifact-config config.json",
            "73d52bf29ea2a297c2a707c968de1d19d1d54dcdf74c3b2952cf7cf76e75822a",
        ),
        (
            "--artifact-type x/y --artifact-config config.json --artifact-config-type application/json \
             --artifact-layer-type text/foo",
            "280949f5d4eb5226f03b8d74f56423662a10c232f13eaa02b9f5fed281bfb3a4",
        ),
    ] {
        env.ok(&format!("manifest add --artifact {flags} list 'a&b'"));
        let index = index(env, "list");
        let entries = index["manifests"].as_array().unwrap();
        let found = entries.iter().any(|entry| entry["digest"] == format!("sha256:{digest}"));
        assert!(found, "{flags}: {index}");
    }
}

fn the_subject_is_looked_for_as_told(env: &TestEnv) {
    let registry = Registry::start_with(env, 5001, &Auth { basic: Some(("me", "secret")), ..Auth::default() });
    let open = env.registry();
    let subject = open.push("lib/base", "1", &Base::image());
    env.write("notes.txt", "hello\n");
    env.ok("manifest create list");
    let add = |flags: &str| {
        let name = format!("{}/lib/base:1", registry.host());
        env.run(&format!("manifest add --artifact --artifact-subject {name} --tls-verify=false {flags} list notes.txt"))
    };
    add("").code(125).is_readable();
    if env.is_peer() {
        // There the subject's registry isn't told of --tls-verify.
        return;
    }
    add("--creds me:secret").ok();
    env.ok("manifest push -q list oci:out:x");
    let digest = index(env, "list")["manifests"][0]["digest"].as_str().unwrap().replace("sha256:", "");
    let manifest = env.read(env.work().join(format!("out/blobs/sha256/{digest}"))).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["subject"]["digest"], subject);
}

fn nonsense_changes_nothing(env: &TestEnv) {
    two_images(env);
    env.ok("manifest create list base");
    env.run("manifest add no-such base").code(125).complains("no-such: image not known");
    env.run("manifest add base other").code(125).complains("localhost/base:latest: image is not a manifest list");
    env.run("manifest add --artifact-type x list other").code(125).complains("--artifact-type requires --artifact");
    env.run("manifest add --artifact list no-file").code(125).complains("no-file");
    env.run("manifest add list").code(125).complains("requires at least 2 arg(s), only received 1");
    env.run("manifest add list bogus:x").code(125).is_readable();
    assert_eq!(architectures(env, "list"), [host()]);
}

testkit::cases! { both: [says_what_it_is_told, from_a_registry, files_as_an_artifact, digests_of_artifacts_are_podmans, the_subject_is_looked_for_as_told, nonsense_changes_nothing] }

//! Registries that lie: every lie is refused by name, nothing is half-stored, and the honest answer works afterwards.

use serde_json::json;
use testkit::{Base, Body, FakeRegistry, Image, Reply, TestEnv, sha256_hex};

const TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

fn blob_path(image: &Image, layer: bool) -> String {
    let blob = if layer { image.layers[0].blob() } else { image.config_blob() };
    format!("/v2/lib/x/blobs/sha256:{}", sha256_hex(&blob))
}

/// Pulls with one lie in place, expects a refusal, then tells the truth and expects success.
fn lie(env: &TestEnv, lies: impl FnOnce(&FakeRegistry, &Image)) {
    let fake = env.fake_registry();
    let image = Base::image();
    fake.offer("lib/x", "1", &image);
    lies(&fake, &image);
    let name = format!("{}/lib/x:1", fake.host());
    env.run(&format!("pull -q {name}")).refused("lib/x");
    env.ok("images -aq").prints("");
    fake.offer("lib/x", "1", &image);
    env.ok(&format!("pull -q {name}"));
    env.ok(&format!("run --rm --network none {name} echo fine")).prints("fine\n");
    env.ok("rmi -a -f");
}

fn a_layer_of_other_bytes(env: &TestEnv) {
    lie(env, |fake, image| {
        let mut blob = image.layers[0].blob();
        let middle = blob.len() / 2;
        blob[middle] ^= 1;
        fake.reply(&blob_path(image, true), Reply::ok("application/octet-stream", blob));
    });
}

fn a_config_of_other_bytes(env: &TestEnv) {
    lie(env, |fake, image| fake.reply(&blob_path(image, false), Reply::ok("application/json", "{\"os\":\"linux\"}")));
}

fn a_layer_that_ends_early(env: &TestEnv) {
    lie(env, |fake, image| {
        let blob = image.layers[0].blob();
        let body = Body::Truncated(blob[..blob.len() / 2].to_vec(), blob.len() as u64);
        fake.reply(&blob_path(image, true), Reply::status(200).body(body));
    });
}

fn a_layer_that_never_ends(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman believes it, or waits for ever");
    }
    lie(env, |fake, image| {
        fake.reply(&blob_path(image, true), Reply::status(200).body(Body::Endless(vec![0x1f; 65536])));
    });
}

fn a_config_that_never_ends(env: &TestEnv) {
    lie(env, |fake, image| {
        fake.reply(&blob_path(image, false), Reply::status(200).body(Body::Endless(vec![b' '; 65536])));
    });
}

fn a_manifest_that_never_ends(env: &TestEnv) {
    lie(env, |fake, _| {
        let reply = Reply::status(200).header("Content-Type", TYPE).body(Body::Endless(vec![b' '; 65536]));
        fake.reply("/v2/lib/x/manifests/1", reply);
    });
}

fn a_layer_that_is_missing(env: &TestEnv) {
    lie(env, |fake, image| fake.reply(&blob_path(image, true), Reply::status(404)));
}

fn a_server_that_fails(env: &TestEnv) {
    lie(env, |fake, image| fake.reply(&blob_path(image, true), Reply::status(500)));
}

fn manifests_of_nonsense(env: &TestEnv) {
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"schemaVersion\": 2}",
        "{\"schemaVersion\": 1}",
        "{\"schemaVersion\": 99, \"layers\": []}",
    ] {
        lie(env, |fake, _| fake.reply("/v2/lib/x/manifests/1", Reply::ok(TYPE, body)));
    }
}

fn manifests_with_wrong_sizes(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman believes it, or waits for ever");
    }
    for size in [json!(1), json!(-1), json!(1_u64 << 62), json!("many")] {
        lie(env, |fake, image| {
            let mut manifest = image.manifest_value();
            manifest["layers"][0]["size"] = size;
            fake.offer_manifest("lib/x", "1", TYPE, &serde_json::to_vec(&manifest).unwrap());
        });
    }
}

fn manifests_with_wrong_digests(env: &TestEnv) {
    for digest in ["sha256:../../../../etc/passwd", "sha256:xyz", "md5:00", "", "sha256:"] {
        lie(env, |fake, image| {
            let mut manifest = image.manifest_value();
            manifest["layers"][0]["digest"] = json!(digest);
            fake.offer_manifest("lib/x", "1", TYPE, &serde_json::to_vec(&manifest).unwrap());
        });
    }
}

/// Nested a hundred thousand deep, and an index that lists itself.
fn manifest_bombs(env: &TestEnv) {
    lie(env, |fake, _| {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        fake.reply("/v2/lib/x/manifests/1", Reply::ok(TYPE, format!("{{\"schemaVersion\": 2, \"layers\": {deep}}}")));
    });
    lie(env, |fake, image| {
        let mut manifest = image.manifest_value();
        let layer = manifest["layers"][0].clone();
        manifest["layers"] = (0..200_000).map(|_| layer.clone()).collect();
        fake.offer_manifest("lib/x", "1", TYPE, &serde_json::to_vec(&manifest).unwrap());
    });
}

fn fewer_layers_than_the_config_promises(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman believes it, or waits for ever");
    }
    lie(env, |fake, image| {
        let mut manifest = image.manifest_value();
        manifest["layers"] = json!([]);
        fake.offer_manifest("lib/x", "1", TYPE, &serde_json::to_vec(&manifest).unwrap());
    });
}

/// The compressed bytes are those that the manifest promises, what is in them isn't what the config promises.
fn a_layer_that_unpacks_to_something_else(env: &TestEnv) {
    lie(env, |fake, image| {
        let mut manifest = image.manifest_value();
        let other = testkit::Layer::new(&[testkit::Entry::file("other", "x")]);
        let blob = other.blob();
        fake.offer_blob("lib/x", &blob);
        manifest["layers"][0]["digest"] = json!(format!("sha256:{}", sha256_hex(&blob)));
        manifest["layers"][0]["size"] = json!(blob.len());
        fake.offer_manifest("lib/x", "1", TYPE, &serde_json::to_vec(&manifest).unwrap());
    });
}

fn redirects_in_a_circle(env: &TestEnv) {
    lie(env, |fake, image| {
        let path = blob_path(image, true);
        fake.reply(&path, Reply::status(307).header("Location", &path));
    });
}

/// A registry must not make the engine hand the user's password to somebody else.
fn credentials_stay_with_their_registry(env: &TestEnv) {
    let (honest, thief) = (env.fake_registry(), env.fake_registry());
    let image = Base::image();
    honest.offer("lib/x", "1", &image);
    thief.offer("lib/x", "1", &image);
    let path = blob_path(&image, true);
    honest.reply(&path, Reply::status(307).header("Location", &format!("http://{}{path}", thief.host())));
    let file = env.write("auth.json", testkit::auth_json(&honest.host(), "bob", "hunter2"));
    env.engine().words(&format!("pull -q {}/lib/x:1", honest.host())).var("REGISTRY_AUTH_FILE", &file).run().ok();
    assert!(thief.seen().iter().all(|request| request.header("authorization").is_none()), "{:?}", thief.seen());
}

/// Small on the wire, huge on the disk.
fn a_gzip_bomb_is_bounded(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman fills the disk");
    }
    let mut image = Base::image();
    image.layers.push(testkit::Layer::new(&[testkit::Entry::file("zeros", vec![0; 200 << 20])]));
    let fake = env.fake_registry();
    fake.offer("lib/bomb", "1", &image);
    env.script(&format!(
        "mkdir -p {0}; mount -t tmpfs -o size=40m,mode=755 small {0}; chown {1} {0}",
        env.graphroot().display(),
        env.user().uid
    ));
    if !env.is_root() {
        env.script(&format!("chown -R {} {}/home", env.user().uid, env.dir().display()));
    }
    env.run(&format!("pull -q {}/lib/bomb:1", fake.host())).refused("space");
    env.ok("images -aq").prints("");
}

testkit::cases! { both: [
    a_layer_of_other_bytes, a_config_of_other_bytes, a_layer_that_ends_early, a_layer_that_never_ends,
    a_config_that_never_ends, a_manifest_that_never_ends, a_layer_that_is_missing, a_server_that_fails,
    manifests_of_nonsense, manifests_with_wrong_sizes, manifests_with_wrong_digests, manifest_bombs,
    fewer_layers_than_the_config_promises, a_layer_that_unpacks_to_something_else, redirects_in_a_circle,
    credentials_stay_with_their_registry, a_gzip_bomb_is_bounded,
] }

//! `skopeo delete`.

use super::{ok, skopeo, small};
use testkit::{Reply, TestEnv};

fn by_its_digest(env: &TestEnv) {
    let fake = env.fake_registry();
    if env.is_peer() {
        let insecure = format!("[[registry]]\nlocation = \"{}\"\ninsecure = true\n", fake.host());
        env.configure(&testkit::Settings { system: &[("registries.conf.d/fake.conf", &insecure)], user: &[] });
    }
    let image = small("amd64");
    let digest = format!("sha256:{}", testkit::sha256_hex(&image.manifest()));
    let reply = Reply::ok(image.manifest_type(), image.manifest()).header("Docker-Content-Digest", &digest);
    fake.reply("/v2/", Reply::ok("application/json", "{}"));
    fake.reply("/v2/one/manifests/1", reply);
    let accepted = Reply { status: 202, ..Reply::ok("application/json", "") };
    fake.reply(&format!("/v2/one/manifests/{digest}"), accepted);
    skopeo(env, &format!("delete docker://{}/one:1", fake.host())).run().ok();
    let deleted: Vec<String> =
        fake.seen().iter().filter(|seen| seen.method == "DELETE").map(|seen| seen.path.clone()).collect();
    assert_eq!(deleted, [format!("/v2/one/manifests/{digest}")]);
}

/// What other images of the layout need stays.
fn out_of_a_layout(env: &TestEnv) {
    let registry = env.registry();
    registry.push("a", "one", &small("amd64"));
    registry.push("a", "two", &small("arm64"));
    registry.push_index("a", "both", &[small("amd64"), small("arm64")]);
    let from = |tag: &str| format!("docker://{}/a:{tag}", registry.host());
    for (tag, name) in [("one", "one"), ("one", "again"), ("two", "two")] {
        ok(
            env,
            &format!(
                "copy -q --override-arch {} {} oci:o:{name}",
                if tag == "two" { "arm64" } else { "amd64" },
                from(tag)
            ),
        );
    }
    ok(env, &format!("copy -q --all {} oci:o:both", from("both")));
    let blobs = || env.script("ls o/blobs/sha256 | wc -l").text().trim().to_owned();
    let all = blobs();
    skopeo(env, "delete oci:o:nothing").run().code(2).is_readable();
    ok(env, "delete oci:o:one");
    skopeo(env, "inspect --raw oci:o:one").run().code(2);
    assert_eq!(blobs(), all, "all is needed by others");
    ok(env, "delete oci:o:both");
    assert_eq!(blobs(), (all.parse::<usize>().unwrap() - 1).to_string(), "its index");
    ok(env, "copy -q oci:o:again dir:d");
    ok(env, "delete oci:o:again");
    ok(env, "copy -q --override-arch arm64 oci:o:two dir:d");
    ok(env, "delete oci:o");
    assert_eq!(blobs(), "0");
}

/// A layout's blobs may lie elsewhere, where others need them.
fn what_lies_outside_of_a_layout_stays(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("skopeo follows the link");
    }
    let registry = env.registry();
    registry.push("a", "one", &small("amd64"));
    ok(env, &format!("copy -q docker://{}/a:one oci:o:one", registry.host()));
    env.script("mv o/blobs/sha256 outside; ln -s ../../outside o/blobs/sha256; ls outside >before");
    ok(env, "delete oci:o:one");
    assert!(env.script("ls outside | cmp - before && echo same").text().contains("same"));
    skopeo(env, "inspect --raw oci:o:one").run().code(2);
}

fn out_of_the_store(env: &TestEnv) {
    if env.is_peer() {
        // There are other stores, and names of their drivers in front.
        return;
    }
    env.base();
    env.ok("tag base other");
    env.ok("create --name c base true");
    let place = "containers-storage:localhost/base:latest";
    skopeo(env, &format!("delete {place}")).run().code(1).complains("image is in use by a container");
    env.ok("rm c");
    ok(env, &format!("delete {place}"));
    env.ok("images -q").prints("");
    skopeo(env, &format!("delete {place}")).run().code(2).complains("image not known");
}

fn what_cannot_be_deleted(env: &TestEnv) {
    let registry = env.registry();
    let name = format!("docker://{}/nosuch:1", registry.host());
    skopeo(env, &format!("delete {name}")).run().code(1).complains("Unable to delete");
    for transport in ["dir", "oci-archive", "docker-archive"] {
        let why = format!("Deleting images not implemented for {transport}: images");
        skopeo(env, &format!("delete {transport}:x")).run().code(1).complains(&why);
    }
    skopeo(env, "delete oci:nothing:x").run().code(1).is_readable();
    skopeo(env, "delete").run().code(1).complains_of_one(&["Exactly one argument expected", "Usage: delete"]);
}

testkit::cases! { both: [by_its_digest, out_of_a_layout, what_lies_outside_of_a_layout_stays, out_of_the_store, what_cannot_be_deleted] }

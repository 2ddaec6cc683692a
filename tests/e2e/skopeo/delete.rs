//! `skopeo delete`.

use super::{skopeo, small};
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

fn what_cannot_be_deleted(env: &TestEnv) {
    let registry = env.registry();
    let name = format!("docker://{}/nosuch:1", registry.host());
    skopeo(env, &format!("delete {name}")).run().code(1).complains("Unable to delete");
    skopeo(env, "delete dir:x").run().code(1).complains("Deleting images not implemented for dir: images");
    skopeo(env, "delete").run().code(1).complains_of_one(&["Exactly one argument expected", "Usage: delete"]);
}

testkit::cases! { both: [by_its_digest, what_cannot_be_deleted] }

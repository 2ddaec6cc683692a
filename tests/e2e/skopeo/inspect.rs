//! `skopeo inspect`.

use super::{ok, skopeo, small};
use serde_json::{Value, json};
use testkit::{TestEnv, sha256_hex};

fn shows_what_is_known(env: &TestEnv) {
    let registry = env.registry();
    let image = small("amd64");
    let digest = registry.push("one", "1", &image);
    registry.push("one", "2", &image);
    let host = registry.host();
    let output = ok(env, &format!("inspect docker://{host}/one:1"));
    let mut shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    shown["RepoTags"].as_array_mut().unwrap().sort_by_key(|tag| tag.as_str().unwrap().to_owned());
    let blob = image.layers[0].blob();
    let layer = format!("sha256:{}", sha256_hex(&blob));
    let expected = json!({
        "Name": format!("{host}/one"), "Digest": digest, "RepoTags": ["1", "2"], "Created": "2026-01-02T03:04:05Z",
        "DockerVersion": "", "Labels": { "x": "y" }, "Architecture": "amd64", "Os": "linux", "Layers": [layer],
        "LayersData": [{ "MIMEType": image.manifest_value()["layers"][0]["mediaType"], "Digest": layer,
            "Size": blob.len(), "Annotations": null }],
        "Env": ["A=b"],
    });
    assert_eq!(shown, expected);
    let keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
    assert_eq!(keys[..6], ["Name", "Digest", "RepoTags", "Created", "DockerVersion", "Labels"]);
    ok(env, &format!("inspect -n docker://{host}/one:1")).has("\"RepoTags\": []");
    let format = "{{.Name}} {{.Labels}} {{.Created}} {{.Os}} {{.Env}}";
    let line = skopeo(env, "inspect --format").arg(format).arg(format!("docker://{host}/one:1")).run();
    line.prints(&format!("{host}/one map[x:y] 2026-01-02 03:04:05 +0000 UTC linux [A=b]\n"));
}

fn raw_is_as_it_is(env: &TestEnv) {
    let registry = env.registry();
    let image = small("amd64");
    registry.push("one", "1", &image);
    let host = registry.host();
    let whole = |line: &str| ok(env, line).stdout.clone();
    assert_eq!(whole(&format!("inspect --raw docker://{host}/one:1")), image.manifest());
    assert_eq!(whole(&format!("inspect --raw --config docker://{host}/one:1")), image.config_blob());
    let config: Value = serde_json::from_slice(&whole(&format!("inspect --config docker://{host}/one:1"))).unwrap();
    assert_eq!(config["config"]["Env"], json!(["A=b"]));
    ok(env, &format!("copy docker://{host}/one:1 dir:folder"));
    assert_eq!(whole("inspect --raw dir:folder"), image.manifest());
    ok(env, "inspect dir:folder").lacks("\"Name\"");
}

fn the_suiting_image_of_an_index(env: &TestEnv) {
    let registry = env.registry();
    let index = registry.push_index("many", "1", &[small("amd64"), small("arm64")]);
    let name = format!("docker://{}/many:1", registry.host());
    let line = format!("--override-arch arm64 inspect --format '{{{{.Architecture}}}} {{{{.Digest}}}}' {name}");
    ok(env, &line).prints(&format!("arm64 {index}\n"));
    ok(env, &format!("inspect --raw {name}")).has("image.index.v1+json");
    skopeo(env, &format!("--override-arch s390x inspect {name}")).run().code(1).complains("s390x");
}

fn missing_images_have_their_own_code(env: &TestEnv) {
    let registry = env.registry();
    skopeo(env, &format!("inspect docker://{}/nosuch:1", registry.host())).run().code(2).complains("nosuch");
    skopeo(env, "inspect").run().code(1).complains("Exactly one argument expected");
    skopeo(env, "inspect foo").run().code(1).complains("Error parsing image name");
}

fn a_place_may_have_no_name_for_it(env: &TestEnv) {
    let registry = env.registry();
    registry.push("one", "1", &small("amd64"));
    ok(env, &format!("copy -q docker://{}/one:1 dir:folder", registry.host()));
    ok(env, "inspect --format [{{.Name}}] dir:folder").prints("[]\n");
    ok(env, "inspect dir:folder").lacks("Name").lacks("Variant");
    ok(env, "copy -q dir:folder containers-storage:localhost/x/y:1");
    ok(env, "inspect --format {{.Name}} containers-storage:localhost/x/y:1").prints("localhost/x/y\n");
    ok(env, "help inspect").has("--no-tags");
    ok(env, "help").has("list-tags");
}

testkit::cases! { both: [
    a_place_may_have_no_name_for_it, shows_what_is_known, raw_is_as_it_is, the_suiting_image_of_an_index, missing_images_have_their_own_code,
] }

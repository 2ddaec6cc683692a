//! `buildah containers` and `buildah rename`.

use super::{buildah, ok, shown};
use testkit::TestEnv;

fn lists_in_columns(env: &TestEnv) {
    env.base();
    ok(env, "from base");
    ok(env, "from scratch");
    let [one, two] = ["base-working-container", "working-container"].map(|name| shown(env, name, "{{.ContainerID}}"));
    let image = shown(env, "base-working-container", "{{.FromImageID}}");
    ok(env, "containers").prints(&format!(
        "CONTAINER ID  BUILDER  IMAGE ID     IMAGE NAME                       CONTAINER NAME\n\
         {}     *     {} localhost/base:latest            base-working-container\n\
         {}     *                  scratch                          working-container\n",
        &one[..12],
        &image[..12],
        &two[..12]
    ));
    ok(env, "list -q").prints(&format!("{one}\n{two}\n"));
    ok(env, "ls --noheading --notruncate --filter name=base")
        .prints(&format!("{one}    *     {image} localhost/base:latest            base-working-container\n"));
    ok(env, "containers --format {{.ContainerName}}={{.ImageName}}")
        .prints("base-working-container=localhost/base:latest\nworking-container=scratch\n");
    let json: serde_json::Value =
        serde_json::from_slice(&ok(env, "containers --json --filter ancestor=base").stdout).unwrap();
    assert_eq!(
        json,
        serde_json::json!([{"id": one, "builder": true, "imageid": image, "imagename": "localhost/base:latest",
            "containername": "base-working-container"}])
    );
}

fn all_are_those_of_other_commands_too(env: &TestEnv) {
    env.base();
    env.ok("create --name other --network none base true");
    ok(env, "from --name mine scratch");
    ok(env, "containers --format {{.ContainerName}}").prints("mine\n");
    let mut all = ok(env, "containers --all --format {{.ContainerName}}").lines();
    all.sort();
    assert_eq!(all, ["mine", "other"]);
}

fn wrong_filters_are_named(env: &TestEnv) {
    buildah(env, "containers -f foo=bar").run().code(125).complains("invalid filter \"foo\"");
    buildah(env, "containers -f foo").run().code(125).complains("should be of form filter=value");
}

fn another_name_is_as_good(env: &TestEnv) {
    ok(env, "from --name one scratch");
    ok(env, "from --name two scratch");
    ok(env, "rename one three").prints("");
    assert_eq!(shown(env, "three", "{{.Container}}"), "three");
    buildah(env, "rename three two").run().code(125).complains("the container name \"two\" is already in use");
    buildah(env, "rename three three").run().code(125).complains("same name");
    buildah(env, "rename one x").run().code(125).complains("reading build container \"one\": container not known");
}

testkit::cases! {
    both: [
        lists_in_columns, all_are_those_of_other_commands_too, wrong_filters_are_named, another_name_is_as_good,
    ]
}

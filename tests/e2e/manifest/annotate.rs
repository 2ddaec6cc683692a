//! `manifest annotate`.

use super::{architectures, digest, host, index, two_images};
use serde_json::json;
use testkit::TestEnv;

fn entries_and_the_list(env: &TestEnv) {
    two_images(env);
    let id = env.ok("manifest create list base other").text();
    env.ok(&format!("manifest annotate --annotation k=v --arch riscv64 --os-version 2 list {}", digest(env, "base")))
        .prints(&format!("{id}\n"));
    // There an image is looked for in registries only.
    let other = if env.is_peer() { digest(env, "other") } else { "other".to_owned() };
    env.ok(&format!("manifest annotate --annotation other=1 list {other}")).prints(&format!("{id}\n"));
    env.ok("manifest annotate --index --annotation whole=1 list").prints(&format!("{id}\n"));
    let index = index(env, "list");
    assert_eq!(index["manifests"][0]["platform"], json!({"architecture": "riscv64", "os": "linux", "os.version": "2"}));
    assert_eq!(index["manifests"][0]["annotations"], json!({"k": "v"}));
    assert_eq!(index["manifests"][1]["annotations"], json!({"other": "1"}));
    assert_eq!(index["annotations"], json!({"whole": "1"}));
}

fn a_list_has_a_subject(env: &TestEnv) {
    two_images(env);
    env.ok("manifest create list other");
    env.ok("manifest annotate --index --subject base list");
    assert_eq!(index(env, "list")["subject"]["digest"], digest(env, "base"));
}

fn nonsense_is_refused(env: &TestEnv) {
    two_images(env);
    env.ok("manifest create list base");
    env.run("manifest annotate").code(125).complains("accepts between 1 and 2 arg(s), received 0");
    env.run("manifest annotate --arch x list").code(125).complains("expected an instance digest");
    env.run("manifest annotate --index list base").code(125).complains("did not expect image or artifact name");
    let digest = digest(env, "base");
    env.run(&format!("manifest annotate --subject other list {digest}")).code(125).complains("setting subject");
    if !env.is_peer() {
        // There it is no error to annotate what isn't in the list.
        env.run("manifest annotate --annotation a=b list other").refused("no instance matching");
    }
    assert_eq!(architectures(env, "list"), [host()]);
}

testkit::cases! { both: [entries_and_the_list, a_list_has_a_subject, nonsense_is_refused] }

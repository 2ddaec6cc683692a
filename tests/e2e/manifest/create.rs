//! `manifest create`.

use super::{architectures, host, index, two_images};
use testkit::TestEnv;

fn of_images(env: &TestEnv) {
    two_images(env);
    let id = env.ok("manifest create two base other").text();
    assert_eq!(id.trim().len(), 64, "{id}");
    assert_eq!(architectures(env, "two"), [host(), "s390x".to_owned()]);
    assert_eq!(index(env, "two")["mediaType"], "application/vnd.oci.image.index.v1+json");
    env.ok("images --format {{.Repository}}:{{.Tag}} two").has("localhost/two:latest\n");
    env.ok("images -q --no-trunc two").has(&format!("sha256:{id}\n"));
    env.ok("manifest create --annotation a=b empty");
    // Podman has null for none.
    assert_eq!(index(env, "empty")["manifests"].as_array().map_or(0, Vec::len), 0);
    env.ok("images --filter manifest=true --format {{.Repository}} --sort repository")
        .prints("localhost/empty\nlocalhost/two\n");
}

fn a_name_is_given_once(env: &TestEnv) {
    two_images(env);
    let id = env.ok("manifest create list base").text();
    env.run("manifest create list other").code(125).complains("already associated with image").complains(id.trim());
    assert_eq!(architectures(env, "list"), [host()]);
    env.ok("manifest create --amend list other").prints(&format!("{id}\n"));
    assert_eq!(architectures(env, "list"), [host(), "s390x".to_owned()]);
    let output = env.run("manifest create base");
    output.code(125).complains("already associated");
    if !env.is_peer() {
        env.run("manifest create list").refused("--amend");
        assert!(!output.complaint().contains("--amend"), "it is no list");
    }
}

fn nonsense_makes_nothing(env: &TestEnv) {
    env.base();
    env.run("manifest create").code(125).complains("requires at least 1 arg(s), only received 0");
    env.run("manifest create Bad").code(125).complains("Bad");
    let output = env.run("manifest create --tls-verify=false list base 127.0.0.1:1/no/such:1");
    output
        .code(125)
        .complains("locating image to add to manifest list")
        .complains("127.0.0.1:1/no/such:1: image not known");
    if !env.is_peer() {
        // There a list without the image that couldn't be found stays.
        env.run("manifest exists list").code(1).quiet();
        env.run("manifest create --annotation nonsense list").refused("nonsense");
    }
}

testkit::cases! { both: [of_images, a_name_is_given_once, nonsense_makes_nothing] }

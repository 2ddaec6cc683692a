//! `manifest push`: the list arrives with its images, wherever they are.

use super::{architectures, host, index, other, two_images};
use testkit::{Base, TestEnv};

fn to_a_registry(env: &TestEnv) {
    two_images(env);
    let registry = env.registry();
    let name = format!("{}/lib/two:1", registry.host());
    env.ok("manifest create list base other");
    let output = env.ok(&format!("manifest push --tls-verify=false --digestfile digest list {name}"));
    output.prints("");
    output.complains("Copying 2 images generated from 2 images in list");
    assert_eq!(architectures(env, &format!("--tls-verify=false {name}")), [host(), "s390x".to_owned()]);
    let digest = env.read(env.work().join("digest")).unwrap();
    env.ok("rmi base other");
    env.ok("manifest rm list");
    env.ok(&format!("pull -q {}/lib/two@{digest}", registry.host())).prints(&format!("{}\n", Base::image().id()));
    env.ok(&format!("pull -q --arch s390x {name}")).prints(&format!("{}\n", other().id()));
}

fn formats_and_variants(env: &TestEnv) {
    env.base();
    let registry = env.registry();
    env.ok("manifest create list base");
    let at = |tag: &str| format!("{}/lib/base:{tag}", registry.host());
    env.ok(&format!("manifest push -q --tls-verify=false --format v2s2 list {}", at("docker")));
    let docker = index(env, &format!("--tls-verify=false {}", at("docker")));
    assert_eq!(docker["mediaType"], "application/vnd.docker.distribution.manifest.list.v2+json");
    env.ok(&format!("manifest push -q --tls-verify=false --add-compression zstd list {}", at("both")));
    let both = index(env, &format!("--tls-verify=false {}", at("both")));
    assert_eq!(both["manifests"].as_array().unwrap().len(), 2, "{both}");
    assert_eq!(both["manifests"][1]["annotations"]["io.github.containers.compression.zstd"], "true");
    env.run(&format!("manifest push --format foo list {}", at("x"))).refused("foo");
    env.run("manifest push --tls-verify=false list 127.0.0.1:1/x:1").code(125).is_readable();
    env.run(&format!("manifest push base {}", at("x"))).code(125).complains("image is not a manifest list");
}

fn what_has_no_place_for_lists_is_left_alone(env: &TestEnv) {
    env.base();
    env.ok("manifest create list base");
    let output = env.run("manifest push list docker-archive:x.tar");
    output.code(125).complains("does not support copying multiple images as a group");
    assert!(!env.exists(env.work().join("x.tar")));
}

fn images_that_are_elsewhere_go_along(env: &TestEnv) {
    let registry = env.registry();
    registry.push("lib/base", "1", &Base::image());
    registry.push("lib/other", "1", &other());
    env.ok("manifest create list");
    for name in ["base", "other"] {
        env.ok(&format!("manifest add --tls-verify=false list docker://{}/lib/{name}:1", registry.host()));
    }
    let before = index(env, "list");
    env.ok("manifest push -q --tls-verify=false list oci:out:x");
    env.ok(&format!("manifest push -q --tls-verify=false --rm list {}/lib/all:1", registry.host()));
    let after = index(env, &format!("--tls-verify=false {}/lib/all:1", registry.host()));
    assert_eq!(before["manifests"], after["manifests"], "nothing is changed");
    env.run("manifest exists list").code(1);
    env.ok("images -q").prints("");
}

/// Docker's format has no word for it.
fn artifacts_are_not_made_docker_images(env: &TestEnv) {
    env.write("file", "1");
    env.ok("manifest create list");
    env.ok("manifest add --artifact list file");
    env.run("manifest push -q --all --format v2s2 list dir:docker").code(125).complains("artifact");
    assert!(!env.exists(env.work().join("docker/manifest.json")));
    env.ok("manifest push -q --all list dir:kept");
    let kept = env.read(env.work().join("kept/manifest.json")).unwrap();
    assert!(kept.contains("artifactType"), "{kept}");
}

testkit::cases! { both: [what_has_no_place_for_lists_is_left_alone, to_a_registry, formats_and_variants, artifacts_are_not_made_docker_images, images_that_are_elsewhere_go_along] }

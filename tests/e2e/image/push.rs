//! `push`: what arrives can be pulled, what is there isn't sent, and the ways to say where and how.

use testkit::{Base, Flavor, TestEnv};

/// The digest that a push reports.
fn digest(env: &TestEnv) -> String {
    env.read(env.work().join("digest")).expect("a digest file")
}

fn what_is_pushed_can_be_pulled(env: &TestEnv) {
    env.base();
    let registry = env.registry();
    let name = format!("{}/lib/base:1", registry.host());
    env.ok(&format!("push --digestfile digest base {name}")).prints("");
    env.ok("rmi base");
    env.ok(&format!("pull -q {name}")).prints(&format!("{}\n", Base::image().id()));
    env.ok(&format!("run --rm --network none {name} echo ran")).prints("ran\n");
    env.ok(&format!("rmi {name}"));
    let by_digest = format!("{}/lib/base@{}", registry.host(), digest(env));
    env.ok(&format!("pull -q {by_digest}")).prints(&format!("{}\n", Base::image().id()));
}

fn what_was_pulled_keeps_its_digest(env: &TestEnv) {
    let registry = env.registry();
    for (tag, flavor) in [("oci", Flavor::Oci), ("docker", Flavor::Docker)] {
        let original = registry.push("lib/base", tag, &Base::image().flavor(flavor));
        let name = format!("{}/lib/base:{tag}", registry.host());
        env.ok(&format!("pull -q {name}"));
        env.ok(&format!("push -q --digestfile digest {name} {}/other/place:{tag}", registry.host()));
        assert_eq!(digest(env), original, "{tag}");
        env.ok(&format!("rmi {name}"));
    }
}

fn formats_and_compressions(env: &TestEnv) {
    env.base();
    let registry = env.registry();
    for (flags, tag) in [
        ("--format v2s2", "docker"),
        ("--format oci", "oci"),
        ("--compression-format zstd", "zstd"),
        ("--compression-format zstd --compression-level 9", "zstd9"),
        ("--compression-format gzip --compression-level 1", "gzip1"),
    ] {
        let name = format!("{}/lib/base:{tag}", registry.host());
        env.ok(&format!("push -q {flags} base {name}"));
        env.ok(&format!("pull -q {name}")).prints(&format!("{}\n", Base::image().id()));
    }
    for (flags, why) in [("--format foo", "foo"), ("--compression-format foo", "foo"), ("--retry-delay x", "duration")]
    {
        env.run(&format!("push {flags} base {}/lib/base:x", registry.host())).refused(why);
    }
}

fn into_archives_and_folders(env: &TestEnv) {
    env.base();
    for place in ["oci:o:x", "oci-archive:o.tar:x", "docker-archive:d.tar:x:1", "dir:d"] {
        env.ok(&format!("push -q base {place}"));
        env.ok(&format!("pull -q {place}")).prints(&format!("{}\n", Base::image().id()));
    }
    env.run("push base docker-archive:d.tar").refused("d.tar");
}

fn wrong_destinations_are_refused(env: &TestEnv) {
    env.base();
    env.run("push nope 127.0.0.1:1/x").refused("nope");
    env.run("push base 127.0.0.1:1/X").code(125).is_readable();
    env.run("push --retry 0 base 127.0.0.1:1/x").refused("127.0.0.1:1");
    env.run("push base ostree:x").code(125).is_readable();
    env.run("push").code(125).is_readable();
}

testkit::cases! { both: [
    what_is_pushed_can_be_pulled, what_was_pulled_keeps_its_digest, formats_and_compressions,
    into_archives_and_folders, wrong_destinations_are_refused,
] }

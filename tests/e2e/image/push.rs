//! `push`: what arrives can be pulled, what is there isn't sent, and the ways to say where and how.

use testkit::{Base, Entry, Flavor, Image, Layer, TestEnv};

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

/// Web servers in front of registries often take a megabyte and no more; nobody tells that beforehand.
fn what_is_too_long_goes_in_pieces(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman sends all or nothing");
    }
    let image = Image::new(vec![Layer::new(&[Entry::file("big", testkit::noise(1, 3_000_000))])]);
    env.load(&image, "localhost/big:1");
    let registry = env.registry();
    let limited = registry.limited(5050, 1 << 20);
    env.ok(&format!("push -q localhost/big:1 {limited}/big:1"));
    // A blob whose digest is known beforehand.
    env.ok(&format!("skopeo copy -q docker://{limited}/big:1 dir:d"));
    env.ok("rmi -a");
    env.ok(&format!("pull -q {}/big:1", registry.host())).prints(&format!("{}\n", image.id()));
    env.script(&format!("rm -r {}/registry/docker", env.dir().display()));
    env.ok(&format!("skopeo copy -q dir:d docker://{limited}/again:1"));
    env.ok("rmi -a");
    env.ok(&format!("pull -q {}/again:1", registry.host())).prints(&format!("{}\n", image.id()));
    // That is no failure, so nobody needs to be told to try again.
    env.ok(&format!("push -q --retry 0 again:1 {}/third:1", registry.limited(5052, 1 << 20)));
    let hopeless = registry.limited(5051, 1000);
    env.run(&format!("push -q again:1 {hopeless}/never:1")).refused("413");
}

fn an_unknown_transport_is_told(env: &TestEnv) {
    env.base();
    env.run("push base foo:/x").code(125).complains("unknown transport \"foo\"");
}

fn a_list_goes_with_its_images(env: &TestEnv) {
    env.base();
    env.ok("manifest create list");
    env.ok("manifest add --arch s390x list containers-storage:localhost/base:latest");
    env.ok("push -q list dir:list");
    let index = env.read(env.work().join("list/manifest.json")).unwrap();
    assert!(index.contains("s390x"), "{index}");
}

fn a_failed_push_leaves_no_folder(env: &TestEnv) {
    env.base();
    env.run("push nope dir:new").refused("nope");
    assert!(!env.exists(env.work().join("new")));
    if !env.is_peer() {
        // A key that can't be read; Podman has made the folder by then.
        env.run("push --encryption-key jwe:no-key base dir:new").code(125);
        assert!(!env.exists(env.work().join("new")));
    }
}

testkit::cases! { both: [
    what_is_pushed_can_be_pulled, what_was_pulled_keeps_its_digest, formats_and_compressions,
    what_is_too_long_goes_in_pieces,
    into_archives_and_folders, wrong_destinations_are_refused, an_unknown_transport_is_told,
    a_list_goes_with_its_images, a_failed_push_leaves_no_folder,
] }

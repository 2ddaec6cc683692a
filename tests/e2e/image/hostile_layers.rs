//! Layers made to break out of their folder, or to break what unpacks them.

use testkit::{Base, Entry, Image, Kind, Layer, TestEnv};

/// The base image with a hostile layer on top.
fn image(entries: &[Entry]) -> Image {
    let mut image = Base::image();
    image.layers.push(Layer::new(entries));
    image
}

/// Loads it. Refusing is right and storing a harmless version is right; what counts is checked afterwards.
fn try_load(env: &TestEnv, image: &Image) -> bool {
    let before = env.ok("images -aq").text();
    env.write("hostile.tar", image.docker_archive("localhost/hostile:1"));
    let output = env.run("load -q -i hostile.tar");
    output.is_readable();
    if output.status.success() {
        return true;
    }
    output.code(125);
    assert_eq!(env.ok("images -aq").text(), before, "half-stored\n{output}");
    false
}

/// Nothing outside was made or changed, and the engine still works.
fn unharmed(env: &TestEnv) {
    for path in ["/tmp/escaped", "/escaped", "/etc/escaped", "/var/tmp/escaped"] {
        assert!(!env.exists(path), "{path} was made");
    }
    assert!(!env.exists(env.dir().join("escaped")) && !env.exists(env.work().join("escaped")));
    env.ok("rmi -a -f");
    env.base();
    env.ok("run --rm --network none base echo fine").prints("fine\n");
}

fn escapes_by_dotdot(env: &TestEnv) {
    for up in 1..12 {
        let path = format!("{}tmp/escaped", "../".repeat(up));
        try_load(env, &image(&[Entry::file(&path, "x")]));
    }
    try_load(env, &image(&[Entry::file("a/../../../../../../../../tmp/escaped", "x")]));
    unharmed(env);
}

fn escapes_by_absolute_paths(env: &TestEnv) {
    try_load(env, &image(&[Entry::file("/tmp/escaped", "x")]));
    try_load(env, &image(&[Entry::file("//tmp/escaped", "x"), Entry::dir("/escaped")]));
    unharmed(env);
}

fn escapes_through_links(env: &TestEnv) {
    let through = [Entry::symlink("link", "/tmp"), Entry::file("link/escaped", "x")];
    try_load(env, &image(&through));
    let up = [Entry::symlink("link", "../../../../../../../../tmp"), Entry::file("link/escaped", "x")];
    try_load(env, &image(&up));
    let chain = [Entry::symlink("a", "/"), Entry::symlink("a/b", "tmp"), Entry::file("a/b/escaped", "x")];
    try_load(env, &image(&chain));
    unharmed(env);
}

/// The link comes in one layer, the file through it in the next.
fn escapes_through_links_of_a_lower_layer(env: &TestEnv) {
    let mut image = image(&[Entry::symlink("out", "/tmp")]);
    image.layers.push(Layer::new(&[Entry::file("out/escaped", "x")]));
    try_load(env, &image);
    unharmed(env);
}

fn hard_links_to_the_outside(env: &TestEnv) {
    env.write_at("/tmp/secret".as_ref(), b"host secret");
    for target in ["/tmp/secret", "../../../../../../../../../tmp/secret", "out/secret"] {
        let entries = [Entry::symlink("out", "/tmp"), Entry::hardlink("stolen", target)];
        if try_load(env, &image(&entries)) {
            env.run("run --rm --network none hostile:1 cat /stolen").lacks("host secret");
        }
    }
    assert_eq!(env.read("/tmp/secret").as_deref(), Some("host secret"));
    unharmed(env);
}

fn writing_through_a_hard_link(env: &TestEnv) {
    env.write_at("/tmp/secret".as_ref(), b"host secret");
    let entries = [Entry::symlink("a", "/tmp/secret"), Entry::hardlink("b", "a"), Entry::file("b", "overwritten")];
    try_load(env, &image(&entries));
    assert_eq!(env.read("/tmp/secret").as_deref(), Some("host secret"));
    unharmed(env);
}

fn whiteout_tricks(env: &TestEnv) {
    env.write_at("/tmp/victim".as_ref(), b"x");
    for path in
        [".wh...", ".wh..", "a/.wh...", "../.wh.tmp", ".wh...%2ftmp", "out/.wh.victim", ".wh.", "a/.wh..wh..opq/x"]
    {
        try_load(env, &image(&[Entry::symlink("out", "/tmp"), Entry::file(path, "")]));
    }
    assert!(env.exists("/tmp/victim"));
    unharmed(env);
}

/// A whiteout and the thing itself in one layer, in both orders: the thing stays.
fn a_whiteout_spares_its_own_layer(env: &TestEnv) {
    for entries in [
        [Entry::file("etc/.wh.passwd", ""), Entry::file("etc/passwd", "root:x:0:0::/:/bin/sh\n")],
        [Entry::file("etc/passwd", "root:x:0:0::/:/bin/sh\n"), Entry::file("etc/.wh.passwd", "")],
    ] {
        if try_load(env, &image(&entries)) {
            env.run("run --rm --network none hostile:1 cat /etc/passwd").lacks("web").is_readable();
        }
    }
}

fn device_nodes(env: &TestEnv) {
    let entries = [
        Entry::new("disk", Kind::BlockDevice(254, 0)).mode(0o666),
        Entry::new("mem", Kind::CharDevice(1, 1)).mode(0o666),
        Entry::new("pipe", Kind::Fifo),
    ];
    if try_load(env, &image(&entries)) {
        env.run("run --rm --network none hostile:1 head -c 1 /disk").complains_of_one(&[
            "not permitted",
            "permission denied",
            "no such",
        ]);
        env.run("run --rm --network none hostile:1 head -c 1 /mem").complains_of_one(&[
            "not permitted",
            "permission denied",
            "no such",
        ]);
    }
    unharmed(env);
}

fn ten_thousand_folders_deep(env: &TestEnv) {
    let deep = "d/".repeat(10_000);
    try_load(env, &image(&[Entry::dir(&deep), Entry::file(&format!("{deep}escaped"), "x")]));
    unharmed(env);
}

fn names_that_are_too_long(env: &TestEnv) {
    try_load(env, &image(&[Entry::file(&"x".repeat(300), "x")]));
    try_load(env, &image(&[Entry::symlink("l", &"y".repeat(5000))]));
    unharmed(env);
}

fn a_root_that_is_no_folder(env: &TestEnv) {
    try_load(env, &image(&[Entry::symlink(".", "/tmp"), Entry::file("./escaped", "x")]));
    try_load(env, &image(&[Entry::file(".", "x")]));
    try_load(env, &image(&[Entry::file("", "x"), Entry::file("/", "x")]));
    unharmed(env);
}

fn the_same_name_again_and_again(env: &TestEnv) {
    let entries = [
        Entry::file("x", "1"),
        Entry::dir("x"),
        Entry::file("x/y", "2"),
        Entry::symlink("x", "/tmp"),
        Entry::file("x/escaped", "3"),
        Entry::dir("bin"),
        Entry::symlink("bin", "/tmp"),
        Entry::file("bin/escaped", "4"),
    ];
    try_load(env, &image(&entries));
    unharmed(env);
}

fn attributes_of_the_engine_itself(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman takes such attributes for its own");
    }
    let entries = [
        Entry::dir("etc").xattr("trusted.overlay.opaque", b"y").xattr("user.overlay.opaque", b"y"),
        Entry::file("r", "x")
            .xattr("trusted.overlay.redirect", b"/../../../../etc")
            .xattr("user.overlay.redirect", b"/etc"),
    ];
    if try_load(env, &image(&entries)) {
        // The lower layer's files are still there.
        env.run("run --rm --network none hostile:1 ls /etc/passwd").prints("/etc/passwd\n");
    }
}

fn sizes_that_lie(env: &TestEnv) {
    try_load(env, &image(&[Entry::file("huge", "x").claim_size(8 << 30)]));
    try_load(env, &image(&[Entry::file("odd", "x").claim_size(0o77777777777)]));
    unharmed(env);
}

fn archives_cut_short(env: &TestEnv) {
    let whole = testkit::write_tar(&[Entry::file("a", vec![1; 5000]), Entry::file("b", "x")]);
    for length in [1, 100, 511, 513, 3000, 5632, 6000] {
        let mut image = Base::image();
        image.layers.push(Layer::raw(&whole[..length]));
        try_load(env, &image);
    }
    let mut image = Base::image();
    image.layers.push(Layer::raw(b"this is no archive at all".repeat(100)));
    assert!(!try_load(env, &image), "nonsense was taken for a layer");
    unharmed(env);
}

testkit::cases! { both: [
    escapes_by_dotdot, escapes_by_absolute_paths, escapes_through_links, escapes_through_links_of_a_lower_layer,
    hard_links_to_the_outside, writing_through_a_hard_link, whiteout_tricks, a_whiteout_spares_its_own_layer,
    device_nodes, ten_thousand_folders_deep, names_that_are_too_long, a_root_that_is_no_folder,
    the_same_name_again_and_again, attributes_of_the_engine_itself, sizes_that_lie, archives_cut_short,
] }

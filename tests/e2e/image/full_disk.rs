//! Disks that are full and memory that is short: the error says so, nothing is left behind, and the next try works.

use testkit::{Base, Body, Entry, Image, Layer, Registry, Reply, TestEnv, engine_under_test};

/// A layer of 15 MB that can't be compressed.
fn big() -> Image {
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::file("big", testkit::noise(1, 15_000_000))]));
    image
}

/// A small file system of whoever runs the engine.
fn small_disk(env: &TestEnv, folder: &std::path::Path) {
    let owner = if env.is_root() { 0 } else { env.user().uid };
    env.script(&format!("mkdir -p {0}; mount -t tmpfs -o size=12m,mode=755,uid={owner} small {0}", folder.display()));
    if !env.is_root() {
        env.script(&format!("chown -R {owner} {}/home", env.dir().display()));
    }
}

fn names_in(env: &TestEnv, folder: &std::path::Path) -> Vec<String> {
    env.inside(|| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    })
}

fn a_load_that_does_not_fit_leaves_nothing(env: &TestEnv) {
    small_disk(env, &env.graphroot());
    env.write("big.tar", big().docker_archive("localhost/big:1"));
    env.write("base.tar", Base::image().docker_archive("localhost/base:1"));
    env.run("load -q -i big.tar").refused("space");
    env.ok("images -aq").prints("");
    if !env.is_peer() {
        let unfinished = names_in(env, &env.graphroot().join("minke/tmp"));
        assert!(unfinished.iter().all(|name| name.starts_with("new-")), "{unfinished:?}");
    }
    env.ok("load -q -i base.tar").prints("Loaded image: localhost/base:1\n");
    env.ok("rmi base:1");
    if !env.is_peer() {
        // Layers of the first try included.
        assert_eq!(names_in(env, &env.graphroot().join("minke/layers")), Vec::<String>::new());
    }
}

fn a_save_that_does_not_fit_leaves_no_file(env: &TestEnv) {
    // Before the first command: Podman keeps the mounts that it found.
    let small = env.work().join("small");
    small_disk(env, &small);
    env.load(&big(), "localhost/big:1");
    env.base();
    for (format, name) in [("docker-archive", "d.tar"), ("oci-archive", "o.tar")] {
        env.run(&format!("save -q --format {format} -o small/{name} big:1")).refused("space");
        if !env.is_peer() {
            assert_eq!(names_in(env, &small), Vec::<String>::new(), "{format}");
        }
        env.script(&format!("rm -f {}/{name}", small.display()));
        env.ok(&format!("save -q --format {format} -o small/{name} base"));
        env.script(&format!("rm {}/{name}", small.display()));
    }
}

fn a_push_that_does_not_fit_says_so_and_the_next_works(env: &TestEnv) {
    // Before the first command: Podman keeps the mounts that it found.
    let small = env.work().join("small");
    small_disk(env, &small);
    env.load(&big(), "localhost/big:1");
    env.base();
    env.run("push -q localhost/big:1 dir:small/d").refused("space");
    env.script(&format!("rm -rf {}/d", small.display()));
    env.ok("push -q base dir:small/d");
    let storage = env.dir().join("registry");
    env.script(&format!("mkdir -p {0}; mount -t tmpfs -o size=12m small {0}", storage.display()));
    let registry: Registry<'_> = env.registry();
    let refused = env.run(&format!("push -q --retry 1 --retry-delay 1ms localhost/big:1 {}/big:1", registry.host()));
    let named = if env.is_peer() { "500 Internal Server Error".to_owned() } else { registry.host() };
    refused.code(125).complains(&named).is_readable();
    // The registry keeps what it has of an upload.
    env.script(&format!("rm -rf {}/docker", storage.display()));
    env.ok(&format!("push -q base {}/base:1", registry.host()));
}

/// Under a limit of memory, which ends whoever doesn't keep to it by a signal.
fn a_pull_of_nonsense_needs_little_memory(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("a Go program needs more to start");
    }
    let fake = env.fake_registry();
    let pull = |name: &str| {
        let line = format!("prlimit --data=160000000 {} pull -q {}/{name}:1", engine_under_test(), fake.host());
        let output = env.host(&line).run();
        output.code(125).is_readable();
        env.ok("images -aq").prints("");
    };
    let endless = |what: &[u8]| Reply::ok("application/json", "").body(Body::Endless(what.to_vec()));
    fake.reply("/v2/manifest/manifests/1", endless(b"[[[[[[[["));
    pull("manifest");
    let image = Base::image();
    fake.offer("config", "1", &image);
    let config = format!("/v2/config/blobs/sha256:{}", image.id());
    fake.reply(&config, endless(b"{\"a\":"));
    pull("config");
    // A header of 250 MB for one entry, and a name that has no end.
    for (name, kind) in [("pax", b'x'), ("name", b'L'), ("global", b'g')] {
        let mut tar = testkit::write_tar(&[Entry::file("f", "x")]);
        tar.truncate(512);
        tar[156] = kind;
        tar[124..135].copy_from_slice(format!("{:011o}", 250_u32 << 20).as_bytes());
        tar[148..156].copy_from_slice(b"        ");
        let sum: u32 = tar.iter().map(|byte| u32::from(*byte)).sum();
        tar[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        tar.resize(512 + (250 << 20), b'1');
        fake.offer(name, "1", &Image::new(vec![Layer::raw(tar)]));
        pull(name);
    }
}

testkit::cases! { both: [
    a_load_that_does_not_fit_leaves_nothing, a_save_that_does_not_fit_leaves_no_file,
    a_push_that_does_not_fit_says_so_and_the_next_works, a_pull_of_nonsense_needs_little_memory,
] }

//! `load`: both archive formats, from a file or stdin, compressed or not, and broken ones.

use testkit::{Base, Entry, TestEnv, write_tar};

fn docker_archive(env: &TestEnv) {
    env.write("a.tar", Base::image().docker_archive("localhost/da:1"));
    env.ok("load -i a.tar").has("localhost/da:1");
    env.ok("run --rm --network none da:1 echo ran").prints("ran\n");
}

fn oci_archive(env: &TestEnv) {
    env.write("a.tar", Base::image().oci_archive("localhost/oa:1"));
    env.ok("load --input a.tar").has("localhost/oa:1");
    env.ok("run --rm --network none localhost/oa:1 echo ran").prints("ran\n");
}

fn from_stdin(env: &TestEnv) {
    env.engine().words("load -q").stdin(Base::image().docker_archive("localhost/s:1")).run().ok();
    env.ok("images --format {{.Repository}}:{{.Tag}}").prints("localhost/s:1\n");
}

/// Docker leaves its own registry out of the names in its archives.
fn short_names_are_local(env: &TestEnv) {
    let stored =
        [("s:1", "localhost/s:1"), ("me/s:2", "localhost/me/s:2"), ("docker.io/library/s:3", "docker.io/library/s:3")];
    for (name, stored) in stored {
        env.write("a.tar", Base::image().docker_archive(name));
        env.ok("load -q -i a.tar").prints(&format!("Loaded image: {stored}\n"));
        env.ok("rmi -a");
        env.ok(&format!("pull -q docker-archive:a.tar:{name}"));
        env.ok("images --format {{.Repository}}:{{.Tag}}").prints(&format!("{stored}\n"));
        env.ok(&format!("rmi {name}"));
    }
}

fn compressed(env: &TestEnv) {
    for (tag, name) in [("gz", "localhost/c:gz"), ("zst", "localhost/c:zst")] {
        let plain = Base::image().docker_archive(name);
        let bytes = if tag == "gz" { gzip(&plain) } else { zstd_bytes(&plain) };
        env.engine().words("load -q").stdin(bytes).run().ok();
        env.ok(&format!("run --rm --network none {name} echo ran")).prints("ran\n");
    }
}

fn broken_archives_are_refused(env: &TestEnv) {
    let good = Base::image().docker_archive("localhost/x:1");
    let table: [(&str, Vec<u8>); 6] = [
        ("empty", Vec::new()),
        ("noise", vec![0xaa; 5000]),
        ("cut", good[..good.len() / 2].to_vec()),
        ("no-manifest", write_tar(&[Entry::file("x", "y")])),
        ("bad-manifest", write_tar(&[Entry::file("manifest.json", "[{")])),
        (
            "missing-layer",
            write_tar(&[
                Entry::file("manifest.json", "[{\"Config\":\"c.json\",\"RepoTags\":[\"a:1\"],\"Layers\":[\"l.tar\"]}]"),
                Entry::file("c.json", "{}"),
            ]),
        ),
    ];
    for (name, bytes) in table {
        env.write(&format!("{name}.tar"), bytes);
        env.run(&format!("load -i {name}.tar")).code(125).is_readable();
        env.ok("images -aq").prints("");
    }
    env.run("load -i not-there.tar").refused("not-there.tar");
    env.write("good.tar", good);
    env.ok("load -q -i good.tar");
}

/// The layer isn't the one that the config promises.
fn a_changed_layer_is_refused(env: &TestEnv) {
    let mut archive = Base::image().docker_archive("localhost/x:1");
    let needle = b"etc/not-executable";
    let at = archive.windows(needle.len()).position(|window| window == needle).unwrap();
    // Another owner, and the header's checksum put right: only the digest can tell.
    let header = at;
    archive[header + 115 - 1] = b'7';
    let sum: u32 = (0..512).map(|i| if (148..156).contains(&i) { 32 } else { u32::from(archive[header + i]) }).sum();
    archive[header + 148..header + 155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    env.write("changed.tar", archive);
    let output = env.run("load -i changed.tar");
    if !env.is_peer() {
        output.code(125).is_readable();
        env.ok("images -aq").prints("");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    testkit::Layer::raw(bytes).blob()
}

fn zstd_bytes(bytes: &[u8]) -> Vec<u8> {
    testkit::Layer::raw(bytes).compressed(testkit::Compression::Zstd).blob()
}

testkit::cases! { both: [
    docker_archive, oci_archive, from_stdin, short_names_are_local, compressed, broken_archives_are_refused, a_changed_layer_is_refused,
] }

//! A table: what we write, the real skopeo, podman and buildah read, and the other way round: each transport, format and
//! compression, with the same ids and digests. Then what isn't seen from the outcome alone.

use crate::counterpart::{id_at, id_in_manifest, is_there, ok, write};
use testkit::{Auth, Authority, Base, Compression, Entry, Flavor, Image, Layer, Registry, Settings, TestEnv};

const PROGRAMS: [&str; 3] = ["skopeo", "podman", "buildah"];

/// All places for one image; `docker-archive:` has no digest.
const PLACES: [&str; 5] =
    ["docker://127.0.0.1:5000/to:1", "dir:d", "oci:o:x", "oci-archive:o.tar:x", "docker-archive:a.tar:x:1"];

/// How a copy may be changed on its way.
const CHANGES: [&str; 6] = [
    "",
    "--format oci",
    "--format v2s2",
    "--format oci --compression-format zstd --force-compression",
    "--format oci --compression-format gzip --force-compression",
    "--format oci --compression-format zstd:chunked --force-compression",
];

const IMAGES: [(&str, Flavor, Compression); 4] = [
    ("oci-gzip", Flavor::Oci, Compression::Gzip),
    ("oci-zstd", Flavor::Oci, Compression::Zstd),
    ("oci-plain", Flavor::Oci, Compression::None),
    ("docker-gzip", Flavor::Docker, Compression::Gzip),
];

/// A registry that all of them reach, with the images of the table.
fn filled(env: &TestEnv) -> (Registry<'_>, Vec<String>) {
    let conf = "[[registry]]\nlocation = \"127.0.0.1:5000\"\ninsecure = true\n";
    env.configure(&Settings { system: &[("registries.conf", conf)], user: &[] });
    let registry = env.registry();
    let push = |(tag, flavor, compression)| {
        registry.push("lib/base", tag, &Base::image().flavor(flavor).compressed(compression));
        format!("{}/lib/base:{tag}", registry.host())
    };
    let names = IMAGES.into_iter().map(push).collect();
    (registry, names)
}

fn empty(env: &TestEnv) {
    env.script(&format!("cd {}; rm -rf d o o.tar a.tar", env.work().display()));
}

/// Left out: formats that a place can't hold (archives of Docker have their own), and schema 2 with zstd.
fn is_sensible(name: &str, place: &str, change: &str) -> bool {
    match place.split_once(':').expect("a transport").0 {
        "docker-archive" => change.is_empty(),
        _ if !change.contains("v2s2") => true,
        transport => matches!(transport, "docker" | "dir") && !name.ends_with("zstd"),
    }
}

fn they_read(env: &TestEnv, program: &str) {
    if !is_there(env, program) {
        return;
    }
    let (_registry, names) = filled(env);
    let id = Base::image().id();
    for name in &names {
        env.ok(&format!("pull -q {name}"));
        for (place, change) in PLACES.iter().flat_map(|place| CHANGES.map(|change| (*place, change))) {
            if !is_sensible(name, place, change) {
                continue;
            }
            empty(env);
            env.ok(&format!("push -q {change} --digestfile digest {name} {place}"));
            assert_eq!(id_at(env, program, place), id, "{name} {change} {place}");
            if program == "skopeo" && !place.starts_with("docker-archive:") {
                let ours = env.read(env.work().join("digest")).expect("a digest");
                ok(env, "skopeo manifest-digest their-copy/manifest.json").prints(&format!("{ours}\n"));
            }
        }
    }
}

fn we_read(env: &TestEnv, program: &str) {
    if !is_there(env, program) || !is_there(env, "skopeo") {
        return;
    }
    let (_registry, names) = filled(env);
    for name in &names {
        for (place, change) in PLACES.iter().flat_map(|place| CHANGES.map(|change| (*place, change))) {
            if !is_sensible(name, place, change) {
                continue;
            }
            empty(env);
            let theirs = write(env, program, name, place, &change.replace("--force-compression", ""));
            // Another format is another configuration, as they do it.
            let id = id_in_manifest(env, place);
            env.ok(&format!("pull -q {place}")).prints(&format!("{id}\n"));
            if !place.starts_with("docker-archive:") {
                let line = format!("skopeo inspect --no-tags --format {{{{.Digest}}}} {place}");
                env.ok(&line).prints(&format!("{theirs}\n"));
            }
            env.ok(&format!("rmi -f {id}"));
        }
    }
}

fn what_we_write_skopeo_reads(env: &TestEnv) {
    they_read(env, PROGRAMS[0]);
}

fn what_we_write_podman_reads(env: &TestEnv) {
    they_read(env, PROGRAMS[1]);
}

fn what_we_write_buildah_reads(env: &TestEnv) {
    they_read(env, PROGRAMS[2]);
}

fn what_skopeo_writes_we_read(env: &TestEnv) {
    we_read(env, PROGRAMS[0]);
}

fn what_podman_writes_we_read(env: &TestEnv) {
    we_read(env, PROGRAMS[1]);
}

fn what_buildah_writes_we_read(env: &TestEnv) {
    we_read(env, PROGRAMS[2]);
}

/// Several images in one archive, and all platforms of an index.
fn archives_of_several_images_and_indexes(env: &TestEnv) {
    if !is_there(env, "podman") || !is_there(env, "skopeo") {
        return;
    }
    let (registry, names) = filled(env);
    let other = Base::image().config("Env", serde_json::json!(["OTHER=1"]));
    registry.push("lib/other", "1", &other);
    let other_name = format!("{}/lib/other:1", registry.host());
    for (writer, reader) in [("podman", ""), ("", "podman")] {
        let run = |who: &str, line: &str| if who.is_empty() { env.ok(line) } else { ok(env, &format!("{who} {line}")) };
        run(writer, &format!("pull -q {}", names[0]));
        run(writer, &format!("pull -q {other_name}"));
        run(writer, &format!("save -q -m -o several.tar {} {other_name}", names[0]));
        run(reader, "load -q -i several.tar").has(&names[0]).has(&other_name);
        run(reader, &format!("image inspect --format {{{{.Id}}}} {other_name}")).prints(&format!("{}\n", other.id()));
        ok(env, "rm several.tar");
        run(writer, "rmi -a -f");
        run(reader, "rmi -a -f");
    }
    let index = registry.push_index("many", "1", &[Base::image(), other.architecture("arm64")]);
    let host = registry.host();
    env.ok(&format!("skopeo copy -q --all docker://{host}/many:1 oci:ours:1"));
    ok(env, &format!("skopeo copy -q --all oci:ours:1 docker://{host}/theirs:1"));
    env.ok(&format!("skopeo inspect --no-tags --format {{{{.Digest}}}} docker://{host}/theirs:1"));
    let raw = env.ok(&format!("skopeo inspect --raw docker://{host}/theirs:1")).stdout;
    assert_eq!(format!("sha256:{}", testkit::sha256_hex(&raw)), index);
}

/// Two versions of an image of which a third is new, as archives of Docker; the id of the second.
fn two_versions(env: &TestEnv) -> String {
    let file = |name: &str, seed| Entry::file(name, testkit::noise(seed, 200_000));
    let old = Image::new(vec![Layer::new(&[file("usr/a", 1), file("usr/b", 2), file("usr/c", 3)])]);
    let new = Image::new(vec![Layer::new(&[file("usr/a", 1), file("usr/b", 4), file("opt/moved", 3)])]);
    env.write("old.tar", old.docker_archive("localhost/it:old"));
    env.write("new.tar", new.docker_archive("localhost/it:new"));
    new.id()
}

/// The layers of zstd:chunked that one writes are fetched in parts by the other.
fn zstd_chunked_in_parts(env: &TestEnv) {
    if !is_there(env, "podman") {
        return;
    }
    let (_registry, _) = filled(env);
    let conf =
        "[storage]\ndriver = \"overlay\"\n[storage.options]\npull_options = {enable_partial_images = \"true\"}\n";
    env.configure(&Settings { system: &[("storage.conf", conf)], user: &[] });
    let id = two_versions(env);
    for tag in ["old", "new"] {
        let formats = "--compression-format zstd:chunked";
        ok(env, &format!("podman load -q -i {tag}.tar"));
        ok(env, &format!("podman push -q {formats} localhost/it:{tag} 127.0.0.1:5000/theirs:{tag}"));
        env.ok(&format!("load -q -i {tag}.tar"));
        env.ok(&format!("push -q {formats} localhost/it:{tag} 127.0.0.1:5000/ours:{tag}"));
    }
    ok(env, "podman rmi -a -f");
    env.ok("rmi -a -f");
    env.ok("pull -q 127.0.0.1:5000/theirs:old");
    let pulled = env.ok("--log-level info pull -q 127.0.0.1:5000/theirs:new");
    pulled.prints(&format!("{id}\n"));
    let said = pulled.complaint();
    let line = said.lines().find(|line| line.contains("bytes are fetched")).unwrap_or_else(|| panic!("whole: {said}"));
    let numbers: Vec<u64> = line.split([' ', '"']).filter_map(|word| word.parse().ok()).collect();
    assert!(numbers[0] < numbers[1] / 2, "{line}");
    ok(env, "podman pull -q 127.0.0.1:5000/ours:old");
    let pulled = ok(env, "podman --log-level debug pull -q 127.0.0.1:5000/ours:new");
    pulled.has(&id);
    pulled.complains("Retrieved partial blob");
}

/// A store that podman has filled is one of our additional ones.
fn what_podman_stores_we_run(env: &TestEnv) {
    if !is_there(env, "podman") {
        return;
    }
    let (_registry, names) = filled(env);
    let other = env.work().join("other").display().to_string();
    for name in &names {
        ok(env, &format!("podman --root {other} --runroot {other}-run --storage-driver overlay pull -q {name}"));
    }
    let conf = format!("[storage]\ndriver = \"overlay\"\n[storage.options]\nadditionalimagestores = [\"{other}\"]\n");
    env.configure(&Settings { system: &[("storage.conf", &conf)], user: &[] });
    for name in &names {
        env.ok(&format!("image inspect --format {{{{.Id}}}} {name}")).prints(&format!("{}\n", Base::image().id()));
        env.ok(&format!("run --rm --pull never --network none {name} echo ran")).prints("ran\n");
        env.script("rm -rf o");
        env.ok(&format!("push -q {name} oci:o:x"));
        if is_there(env, "skopeo") {
            assert_eq!(id_at(env, "skopeo", "oci:o:x"), Base::image().id());
        }
    }
}

/// With an authority of its own, and certificates on both sides.
fn over_tls(env: &TestEnv) {
    let authority = Authority::new(env);
    let (open, names) = filled(env);
    let auth = Auth { tls: Some(&authority), client_certificates: true, ..Auth::default() };
    let closed = Registry::start_with(env, 5002, &auth);
    let ((certificate, key), host) = (authority.certified(), closed.host());
    let folder = format!("/etc/containers/certs.d/{host}");
    env.script(&format!("mkdir -p {folder}; cp {} {folder}/ca.crt", authority.certificate().display()));
    env.script(&format!("cp {} {folder}/a.cert; cp {} {folder}/a.key", certificate.display(), key.display()));
    for program in PROGRAMS {
        if !is_there(env, program) {
            continue;
        }
        env.ok(&format!("pull -q {}", names[0]));
        env.ok(&format!("push -q {} {host}/ours/{program}:1", names[0]));
        assert_eq!(id_at(env, program, &format!("docker://{host}/ours/{program}:1")), Base::image().id());
        write(env, program, &names[0], &format!("docker://{host}/theirs/{program}:1"), "");
        env.ok("rmi -a -f");
        env.ok(&format!("pull -q {host}/theirs/{program}:1")).prints(&format!("{}\n", Base::image().id()));
    }
    drop(open);
}

testkit::cases! { root: [
    what_we_write_skopeo_reads, what_we_write_podman_reads, what_we_write_buildah_reads,
    what_skopeo_writes_we_read, what_podman_writes_we_read, what_buildah_writes_we_read,
    archives_of_several_images_and_indexes, zstd_chunked_in_parts, what_podman_stores_we_run, over_tls,
] }

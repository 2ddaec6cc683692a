//! zstd:chunked: written with a table of contents, by which a pull fetches what is missing.

use testkit::{Base, Entry, Image, Layer, Settings, TestEnv, noise};

/// Pushes an image of these files as zstd:chunked; its ID.
fn pushed(env: &TestEnv, name: &str, entries: &[Entry]) -> String {
    let image = Image::new(vec![Layer::new(entries)]);
    env.load(&image, "localhost/it:latest");
    env.ok(&format!("push -q --compression-format zstd:chunked localhost/it {name}"));
    env.ok("rmi -a");
    image.id()
}

/// How many bytes a pull said that it fetches of how many.
fn fetched(env: &TestEnv, name: &str) -> Option<(u64, u64)> {
    let output = env.ok(&format!("--log-level info pull -q {name}"));
    let complaint = output.complaint();
    let line = complaint.lines().find(|line| line.contains("bytes are fetched"))?.to_owned();
    let numbers: Vec<u64> = line.split([' ', '"']).filter_map(|word| word.parse().ok()).collect();
    Some((*numbers.first()?, *numbers.get(1)?))
}

fn only_missing_files_are_fetched(env: &TestEnv) {
    let registry = env.registry();
    let (old, new) = (format!("{}/lib/it:old", registry.host()), format!("{}/lib/it:new", registry.host()));
    let file = |name: &str, seed| Entry::file(name, noise(seed, 200_000));
    pushed(env, &old, &[file("usr/a", 1), file("usr/b", 2), file("usr/c", 3)]);
    let id = pushed(env, &new, &[file("usr/a", 1), file("usr/b", 4), file("opt/moved", 3)]);
    env.ok(&format!("pull -q {old}"));
    let (bytes, whole) = fetched(env, &new).expect("a layer in parts");
    assert!(bytes < whole / 2, "{bytes} of {whole}");
    env.ok("image inspect --format {{.Id}} it:new").prints(&format!("{id}\n"));
    env.ok("system check").prints("");
    // Nothing is left of what another layer would need.
    env.ok("rmi -a");
    let (bytes, whole) = fetched(env, &new).expect("a layer in parts");
    assert!(bytes > whole * 9 / 10, "{bytes} of {whole}");
}

fn storage_conf_can_forbid_it(env: &TestEnv) {
    let registry = env.registry();
    let name = format!("{}/lib/it:1", registry.host());
    let id = pushed(env, &name, &[Entry::file("usr/a", noise(1, 100_000))]);
    let conf =
        "[storage]\ndriver = \"overlay\"\n[storage.options]\npull_options = {enable_partial_images = \"false\"}\n";
    match env.is_root() {
        true => env.configure(&Settings { system: &[("storage.conf", conf)], user: &[] }),
        false => env.configure(&Settings { system: &[], user: &[("storage.conf", conf)] }),
    }
    assert_eq!(fetched(env, &name), None);
    env.ok("images -q --no-trunc").prints(&format!("sha256:{id}\n"));
}

fn it_is_kept_in_copies(env: &TestEnv) {
    let registry = env.registry();
    env.base();
    let host = registry.host();
    env.ok(&format!("push -q --compression-format zstd:chunked base {host}/lib/base:chunked"));
    let annotations = |name: &str| env.ok(&format!("skopeo inspect --raw docker://{host}/{name}")).text();
    let first = annotations("lib/base:chunked");
    assert!(first.contains("io.github.containers.zstd-chunked.manifest-position"), "{first}");
    assert!(first.contains("io.github.containers.zstd-chunked.tarsplit-position"), "{first}");
    // Pulled and pushed again, the blobs are the same and so is what is said of them.
    env.ok("rmi -a");
    env.ok(&format!("pull -q {host}/lib/base:chunked"));
    env.ok(&format!("push -q {host}/lib/base:chunked {host}/other/base:1"));
    assert_eq!(annotations("other/base:1"), first);
    env.ok(&format!("skopeo copy -q docker://{host}/lib/base:chunked oci:layout:x"));
    env.ok("pull -q oci:layout:x").prints(&format!("{}\n", Base::image().id()));
    env.ok(&format!("skopeo copy -q --dest-compress-format zstd:chunked --dest-force-compress-format oci:layout:x docker://{host}/third:1"));
    assert!(annotations("third:1").contains("zstd-chunked"));
    env.run(&format!("push --format v2s2 --compression-format zstd:chunked {host}/lib/base:chunked dir:d"))
        .refused("zstd");
}

testkit::cases! { both: [only_missing_files_are_fetched, storage_conf_can_forbid_it, it_is_kept_in_copies] }

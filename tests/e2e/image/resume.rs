//! Pulls and other copies from registries that were killed go on where they were.

use rustix::process::Signal;
use testkit::{Body, Entry, FakeRegistry, Image, Layer, Reply, TestEnv, sha256_hex, wait_until};

/// Bytes that can't be compressed, so that the layer is large as a blob, too.
fn image() -> Image {
    Image::new(vec![Layer::new(&[Entry::file("large", testkit::noise(1, 3 << 20))])])
}

fn blob(image: &Image) -> (String, Vec<u8>) {
    let bytes = image.layers[0].blob();
    (format!("/v2/large/blobs/sha256:{}", sha256_hex(&bytes)), bytes)
}

/// What is kept of blobs, in bytes.
fn kept(env: &TestEnv) -> Vec<u64> {
    let folder = env.graphroot().join("minke/partial");
    env.inside(|| {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        // One that has just gone is none.
        entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len())).collect()
    })
}

fn broken_off(env: &TestEnv, image: &Image) -> FakeRegistry {
    let fake = env.fake_registry();
    break_off(env, image, &fake, &format!("pull -q {}/large:1", fake.host()));
    fake
}

/// A command that is killed after the first two MiB of the layer.
fn break_off(env: &TestEnv, image: &Image, fake: &FakeRegistry, line: &str) {
    fake.offer("large", "1", image);
    let (path, bytes) = blob(image);
    let half = bytes[..2 << 20].to_vec();
    let stalled = Reply::ok("application/octet-stream", "").body(Body::Stalled(half, bytes.len() as u64));
    fake.reply(&path, stalled);
    let mut pull = env.engine().words(line).spawn();
    wait_until("most of the layer", || kept(env).iter().any(|length| *length >= (2 << 20) - (64 << 10)));
    pull.signal(Signal::KILL);
    pull.wait_status();
}

fn ranges(fake: &FakeRegistry) -> Vec<Option<String>> {
    let blobs = fake.seen().into_iter().filter(|seen| seen.path.contains("/blobs/") && seen.method == "GET");
    let large = blobs.filter(|seen| seen.header("range").is_some());
    large.map(|seen| seen.header("range").map(str::to_owned)).collect()
}

fn ours(env: &TestEnv) -> bool {
    if env.is_peer() {
        testkit::note_skipped("only minke keeps what was fetched");
    }
    !env.is_peer()
}

fn after_a_kill(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let image = image();
    let fake = broken_off(env, &image);
    let (path, bytes) = blob(&image);
    let there = kept(env)[0];
    env.ok("system check");
    fake.serve_ranges();
    fake.reply(&path, Reply::ok("application/octet-stream", bytes));
    env.ok(&format!("pull -q {}/large:1", fake.host())).prints(&format!("{}\n", image.id()));
    assert_eq!(ranges(&fake), [Some(format!("bytes={there}-"))]);
    assert_eq!(kept(env), Vec::<u64>::new());
    env.ok("system check");
}

fn from_a_server_that_knows_no_ranges(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let image = image();
    let fake = broken_off(env, &image);
    let (path, bytes) = blob(&image);
    fake.reply(&path, Reply::ok("application/octet-stream", bytes));
    env.ok(&format!("pull -q {}/large:1", fake.host())).prints(&format!("{}\n", image.id()));
    assert_eq!(kept(env), Vec::<u64>::new());
}

fn what_was_kept_is_not_believed(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let image = image();
    let fake = broken_off(env, &image);
    let (path, bytes) = blob(&image);
    let folder = env.graphroot().join("minke/partial");
    env.inside(|| {
        let entry = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
        let mut content = std::fs::read(entry.path()).unwrap();
        content[1 << 20] ^= 1;
        std::fs::write(entry.path(), content).unwrap();
    });
    fake.serve_ranges();
    fake.reply(&path, Reply::ok("application/octet-stream", bytes));
    env.ok(&format!("pull -q {}/large:1", fake.host())).prints(&format!("{}\n", image.id()));
    assert_eq!(kept(env), Vec::<u64>::new());
    env.ok("system check");
}

/// Other copies than into the store, too.
fn into_folders_and_archives(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let image = image();
    for place in ["oci:o:x", "dir:d", "oci-archive:o.tar:x", "docker-archive:d.tar:x:1"] {
        let fake = env.fake_registry();
        let line = format!("skopeo copy -q docker://{}/large:1 {place}", fake.host());
        break_off(env, &image, &fake, &line);
        let (path, bytes) = blob(&image);
        let there = kept(env)[0];
        fake.serve_ranges();
        fake.reply(&path, Reply::ok("application/octet-stream", bytes));
        // Half an archive is in the way.
        env.script(&format!("cd {}; rm -f o.tar d.tar", env.work().display()));
        env.ok(&line);
        assert_eq!(ranges(&fake), [Some(format!("bytes={there}-"))], "{place}");
        assert_eq!(kept(env), Vec::<u64>::new());
        env.ok(&format!("pull -q {place}")).prints(&format!("{}\n", image.id()));
        env.ok("rmi -a -f");
    }
}

/// Filters are about certain images; a beginning is none.
fn image_prune_takes_beginnings_along(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    drop(broken_off(env, &image()));
    env.ok("image prune -a -f --filter label=x").prints("");
    assert_eq!(kept(env).len(), 1);
    env.ok("image prune -f").prints("");
    assert_eq!(kept(env), [0; 0]);
}

testkit::cases! { both: [image_prune_takes_beginnings_along, into_folders_and_archives, after_a_kill, from_a_server_that_knows_no_ranges, what_was_kept_is_not_believed] }

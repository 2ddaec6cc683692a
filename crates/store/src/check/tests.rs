//! What is changed behind the store's back is found, and only that.

use super::*;
use crate::testing::{Fixture, Tar, add_image, add_layer};
use std::os::unix::fs::PermissionsExt;

const EVERYTHING: CheckOptions = CheckOptions { quick: false, max_age: Duration::from_secs(86400) };

/// Every kind of entry that has a shape on disk.
fn rich() -> Vec<u8> {
    Tar::new()
        .folder("./")
        .folder("d")
        .file("d/f", b"content")
        .file("implied/deep/f", b"x")
        .symlink("to-d", "d")
        .file("to-d/through", b"y")
        .hardlink("again", "d/f")
        .file("replaced", b"old")
        .file("replaced", b"newer")
        .folder("gone")
        .file("gone/inside", b"1")
        .symlink("gone", "/nowhere")
        .file("d/.wh.hidden", b"")
        .file("unhidden/.wh.x", b"")
        .folder("unhidden/x")
        .file(".wh.whole", b"")
        .file("whole/f", b"z")
        .raw(b"pipe", b'6', 0o600, "", b"")
        .raw(b"suid", b'0', 0o4755, "", b"s")
        .end()
}

fn check(fixture: &Fixture) -> Damage {
    fixture.store.check(&EVERYTHING, &Known::default()).unwrap()
}

fn stored(fixture: &Fixture) -> (PathBuf, crate::Image) {
    let layer = add_layer(&fixture.store, &rich()).unwrap().diff_id;
    let image = add_image(&fixture.store, "one", std::slice::from_ref(&layer), &["a.b/c:1"]).unwrap();
    // From now on it is believed without a look.
    fixture.store.reclaim().unwrap();
    (fixture.store.layer_path(&layer), image)
}

#[test]
fn an_untouched_store_is_clean() {
    let fixture = Fixture::new();
    stored(&fixture);
    assert_eq!(check(&fixture), Damage::default());
}

#[test]
fn damaged_artifacts_are_found_and_named() {
    let fixture = Fixture::new();
    let file = fixture.folder.path().join("file");
    std::fs::write(&file, b"content").unwrap();
    let (blob, _) = fixture.store.add_file(&std::fs::File::open(&file).unwrap()).unwrap();
    let artifact = crate::Artifact { name: "a.b/c:1".to_owned(), manifest: blob.clone(), blobs: Vec::new() };
    fixture.store.commit_artifact(&artifact, &crate::Prior::Nothing).unwrap();
    fixture.store.reclaim().unwrap();
    assert_eq!(check(&fixture), Damage::default());
    std::fs::write(fixture.store.blob_path(&blob), b"CONTENT").unwrap();
    let damage = check(&fixture);
    assert_eq!(damage.artifacts["a.b/c:1"], [format!("artifact a.b/c:1: blob {blob} has incorrect digest")]);
    let quick = CheckOptions { quick: true, ..EVERYTHING };
    assert_eq!(fixture.store.check(&quick, &Known::default()).unwrap(), Damage::default());
    std::fs::write(fixture.path("artifacts/broken"), b"{").unwrap();
    std::fs::remove_file(fixture.store.blob_path(&blob)).unwrap();
    let damage = fixture.store.check(&quick, &Known::default()).unwrap();
    assert_eq!(damage.artifacts["a.b/c:1"], [format!("artifact a.b/c:1: blob {blob} is missing")]);
    assert_eq!(damage.artifacts["broken"], ["artifact record can't be read"]);
    for name in damage.artifacts.keys() {
        assert!(fixture.store.drop_artifact(name).unwrap());
    }
    assert_eq!(check(&fixture), Damage::default());
}

/// Who clears away may have passed by what the last process left.
#[test]
fn whoever_clears_away_is_waited_for() {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.path("tmp/1-0123456789abcdef")).unwrap();
    let trash = crate::lock::open_dir(&fixture.path("trash")).unwrap();
    assert!(crate::lock::try_lock(&trash));
    std::thread::scope(|scope| {
        let checking = scope.spawn(|| check(&fixture));
        std::thread::park_timeout(Duration::from_millis(100));
        assert!(!checking.is_finished());
        drop(trash);
        assert_eq!(checking.join().unwrap(), Damage::default());
    });
}

#[test]
fn every_change_of_a_layer_is_found_and_named() {
    type Change = fn(&std::path::Path);
    let cases: [(Change, &str); 11] = [
        (|d| std::fs::write(d.join("d/f"), b"CONTENTS").unwrap(), "file integrity checksum failed for \"d/f\""),
        (|d| std::fs::remove_file(d.join("d/through")).unwrap(), "d/through: No such file"),
        (|d| std::fs::write(d.join("d/more"), b"").unwrap(), "+/d/more, layer content modified"),
        (|d| std::fs::remove_file(d.join("pipe")).unwrap(), "-/pipe, layer content modified"),
        (|d| chmod(&d.join("d/f"), 0o666), "/d/f(mode:0644￫0666), layer content modified"),
        (|d| chmod(&d.join("suid"), 0o755), "/suid(mode:4755￫0755), layer content modified"),
        (|d| relink(&d.join("to-d"), "e"), "/to-d(linkname), layer content modified"),
        (|d| std::fs::remove_file(d.join("d/hidden")).unwrap(), "-/d/hidden, layer content modified"),
        (|d| std::fs::remove_file(d.join("../tar-meta")).unwrap(), "tar-meta"),
        (|d| std::fs::remove_dir_all(d).unwrap(), "diff: layer data item is missing"),
        (|d| std::fs::write(d.join("../layer.json"), b"{").unwrap(), "layer.json: layer data item is missing"),
    ];
    for (change, expected) in cases {
        let fixture = Fixture::new();
        let (layer, image) = stored(&fixture);
        change(&layer.join("diff"));
        let damage = check(&fixture);
        let faults: Vec<_> = damage.layers.values().flatten().collect();
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{expected}: {faults:?}");
        assert!(damage.images[image.id.hex()][0].starts_with("layer "), "{expected}: {damage:?}");
        assert!(damage.strays.is_empty(), "{expected}: {damage:?}");
    }
}

fn chmod(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn relink(path: &std::path::Path, target: &str) {
    std::fs::remove_file(path).unwrap();
    std::os::unix::fs::symlink(target, path).unwrap();
}

#[test]
fn a_quick_check_does_not_read_layers() {
    let fixture = Fixture::new();
    let (layer, _) = stored(&fixture);
    std::fs::write(layer.join("diff/d/f"), b"changed").unwrap();
    let quick = CheckOptions { quick: true, ..EVERYTHING };
    assert!(fixture.store.check(&quick, &Known::default()).unwrap().is_none());
    std::fs::remove_file(layer.join("tar-meta")).unwrap();
    assert!(!fixture.store.check(&quick, &Known::default()).unwrap().layers.is_empty());
}

#[test]
fn what_nothing_accounts_for_is_found() {
    let fixture = Fixture::new();
    let (_, image) = stored(&fixture);
    let store = &fixture.store;
    store.create_root("known", &image.layers).unwrap();
    store.create_root("unknown", &image.layers).unwrap();
    store.create_volume_dir("mine").unwrap();
    store.reclaim().unwrap();
    let put = |path: &str| std::fs::write(fixture.path(path), b"x").unwrap();
    std::fs::create_dir(fixture.path("layers/rubbish")).unwrap();
    ["blobs/sha256/rubbish", "names/rubbish", "rubbish", "images/rubbish", "state"].into_iter().for_each(put);
    let loose = Digest::sha256(b"loose");
    std::fs::write(store.blob_path(&loose), b"loose").unwrap();
    std::fs::write(fixture.path("names/a.b+d=1"), format!("{loose}\na.b/d:1\n")).unwrap();
    let known =
        Known { containers: ["known".to_owned()].into(), volumes: HashSet::new(), files: ["state".to_owned()].into() };
    let damage = store.check(&EVERYTHING, &known).unwrap();
    let mut strays: Vec<_> =
        damage.strays.iter().map(|stray| stray.path.strip_prefix(fixture.path("")).unwrap()).collect();
    strays.sort();
    let loose = format!("blobs/sha256/{}", loose.hex());
    let mut expected: Vec<_> = [
        "containers/unknown",
        "names/a.b+d=1",
        "names/rubbish",
        "rubbish",
        "volumes/mine",
        "blobs/sha256/rubbish",
        &loose,
    ]
    .map(std::path::Path::new)
    .to_vec();
    expected.sort();
    assert_eq!(strays, expected);
    assert_eq!(damage.layers.keys().collect::<Vec<_>>(), ["rubbish"]);
    assert_eq!(damage.images.keys().collect::<Vec<_>>(), ["rubbish"]);
    let strays: Vec<_> = damage.strays.iter().filter(|stray| !stray.precious).cloned().collect();
    assert_eq!(store.drop_stray_files(&strays, &known).unwrap(), strays);
    store.drop_stray_layers(&damage).unwrap();
    store.drop_image_record("rubbish").unwrap();
    let left = store.check(&EVERYTHING, &known).unwrap();
    assert!(left.layers.is_empty() && left.images.is_empty() && left.strays.iter().all(|stray| stray.precious));
    assert_eq!(left.strays.len(), 3);
}

#[test]
fn images_need_their_blobs_and_layers() {
    let fixture = Fixture::new();
    let (layer, image) = stored(&fixture);
    std::fs::write(fixture.store.blob_path(&image.manifest), b"other").unwrap();
    std::fs::remove_file(fixture.store.blob_path(&image.id)).unwrap();
    std::fs::remove_dir_all(layer).unwrap();
    let damage = check(&fixture);
    let text = damage.images[image.id.hex()].join("\n");
    for expected in ["image data item is missing", "image data item has incorrect digest", "image layer is missing"] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn old_layers_that_nothing_needs_are_told() {
    let fixture = Fixture::new();
    let layer = add_layer(&fixture.store, &rich()).unwrap().diff_id;
    assert!(check(&fixture).is_none());
    let strict = CheckOptions { quick: true, max_age: Duration::ZERO };
    let damage = fixture.store.check(&strict, &Known::default()).unwrap();
    assert_eq!(damage.layers[layer.hex()], ["layer not referenced by any images or containers"]);
    fixture.store.drop_stray_layers(&damage).unwrap();
    assert!(fixture.store.has_layer(&layer), "its writer may still be at work");
    fixture.store.written();
    fixture.store.drop_stray_layers(&damage).unwrap();
    assert!(!fixture.store.has_layer(&layer));
}

/// Between the look and the repair, others go on.
#[test]
fn what_was_put_to_use_meanwhile_stays() {
    let fixture = Fixture::new();
    let (_, image) = stored(&fixture);
    let store = &fixture.store;
    let [loose, taken] = [b"loose", b"taken"].map(|content| {
        std::fs::write(store.blob_path(&Digest::sha256(content)), content).unwrap();
        Digest::sha256(content)
    });
    std::fs::write(fixture.path("names/a.b+d=1"), format!("{loose}\na.b/d:1\n")).unwrap();
    let damage = check(&fixture);
    assert_eq!(damage.strays.len(), 3);
    store.tag(&image.id, "a.b/d:1").unwrap();
    let artifact = crate::Artifact { name: "x".to_owned(), manifest: taken.clone(), blobs: Vec::new() };
    store.commit_artifact(&artifact, &crate::Prior::Nothing).unwrap();
    store.remove_note(crate::blob::NEW_BLOBS).unwrap();
    store.put_blob(&loose, b"loose").unwrap();
    assert_eq!(store.drop_stray_files(&damage.strays, &Known::default()).unwrap(), []);
    assert_eq!(check(&fixture), Damage::default(), "one that is being stored is no stray");
    store.written();
    assert_eq!(store.drop_stray_files(&damage.strays, &Known::default()).unwrap().len(), 1);
    assert!(store.blob(&loose).is_err() && store.blob(&taken).is_ok());
    assert_eq!(store.image(&image.id).unwrap().unwrap().names[0], "a.b/d:1");
}

#[test]
fn a_sound_artifact_in_a_damaged_ones_place_stays() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let [bad, good] = [b"bad", b"god"].map(|content| {
        store.put_blob(&Digest::sha256(content), content).unwrap();
        crate::Artifact { name: "x".to_owned(), manifest: Digest::sha256(content), blobs: Vec::new() }
    });
    store.commit_artifact(&bad, &crate::Prior::Nothing).unwrap();
    std::fs::write(store.blob_path(&bad.manifest), b"other").unwrap();
    assert_eq!(check(&fixture).artifacts.len(), 1);
    store.put_blob(&good.manifest, b"god").unwrap();
    store.commit_artifact(&good, &crate::Prior::Anything).unwrap();
    assert!(!store.drop_artifact("x").unwrap());
    assert_eq!(store.artifact("x").unwrap(), Some(good));
}

/// What others throw away, and what they die over, between cleaning and looking.
#[test]
fn waste_of_others_is_no_damage() {
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.path("tmp/1-0123456789abcdef/d")).unwrap();
    std::fs::write(fixture.path("trash/0123456789abcdef"), b"").unwrap();
    let mut damage = Damage::default();
    fixture.store.check_waste(&mut damage).unwrap();
    assert_eq!(damage, Damage::default());
    assert_eq!(fixture.waste(), [""; 0]);
}

/// Others pull and remove while one looks.
#[test]
fn what_comes_and_goes_meanwhile_is_no_damage() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let fixture = Fixture::new();
    let (_, image) = stored(&fixture);
    let root = fixture.folder.path().join("store");
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let others = crate::testing::open(&root);
            let mut round = 0;
            while !end.load(Ordering::Relaxed) {
                round += 1;
                let layer = add_layer(&others, &Tar::new().file(&format!("f{round}"), b"x").end()).unwrap().diff_id;
                let name = format!("a.b/c:{round}");
                let made = add_image(&others, &round.to_string(), &[layer], &[&name]).unwrap();
                others.remove_image(&made.id).unwrap();
                others.reclaim().unwrap();
            }
        });
        let found = (0..40).map(|_| check(&fixture)).find(|damage| !damage.is_none());
        end.store(true, Ordering::Relaxed);
        assert_eq!(found, None);
    });
    assert!(fixture.store.image(&image.id).unwrap().is_some());
}

/// What others are just making is theirs from its first moment on.
#[test]
fn files_in_the_making_are_not_taken_for_waste() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let fixture = Fixture::new();
    let (_, image) = stored(&fixture);
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers = [0, 1].map(|writer| {
            let (store, end, id) = (&fixture.store, &end, &image.id);
            scope.spawn(move || {
                let made = (0..1500).try_for_each(|_| store.tag(id, &format!("a.b/c:{writer}")));
                end.store(true, Ordering::Relaxed);
                made
            })
        });
        while !end.load(Ordering::Relaxed) {
            fixture.store.check_waste(&mut Damage::default()).unwrap();
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap().unwrap());
    });
}

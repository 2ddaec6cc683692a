//! Images of other stores are found, used, kept apart from our own, and never written to.

use crate::testing::{Fixture, Tar, add_image, add_layer, open};
use crate::{CheckOptions, Error, Image, Known, Store};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use oci::Digest;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A store that has another one beside it.
struct Pair {
    ours: Fixture,
    store: Store,
    other: tempfile::TempDir,
}

impl Pair {
    fn new(fill: impl FnOnce(&Path)) -> Pair {
        let (ours, other) = (Fixture::new(), tempfile::tempdir().unwrap());
        fill(other.path());
        let store = open(&ours.path("")).with_additional([other.path().to_owned()]);
        Pair { ours, store, other }
    }

    /// Every path of the other store with its size and time.
    fn fingerprint(&self) -> Vec<String> {
        let mut lines = Vec::new();
        crate::walk::walk(self.other.path(), &mut |found| {
            let path = String::from_utf8_lossy(found.path);
            lines.push(format!(
                "{path} {} {} {}",
                found.stat.st_size, found.stat.st_mtime_nsec, found.stat.st_ctime_nsec
            ));
            Ok(crate::walk::Enter::Yes)
        })
        .unwrap();
        lines.sort();
        lines
    }
}

fn stream() -> Vec<u8> {
    Tar::new().folder("d").file("d/f", b"content").file("./e", b"more").symlink("l", "d").end()
}

fn our_format(root: &Path) {
    let store = open(&root.join("minke"));
    let layer = add_layer(&store, &stream()).unwrap().diff_id;
    add_image(&store, "one", &[layer], &["a.b/c:1"]).unwrap();
    store.written();
    store.reclaim().unwrap();
}

/// As containers/storage writes it: two layers, the upper one over the lower.
fn containers_storage(root: &Path) {
    let layers = [stream(), Tar::new().file("top", b"upper").end()];
    let ids = ["1".repeat(64), "2".repeat(64)];
    let diff_ids = layers.each_ref().map(|layer| Digest::sha256(layer));
    for (layer, id) in layers.iter().zip(&ids) {
        write_layer(root, layer, id);
    }
    let records = json!([
        {"id": ids[0], "diff-digest": diff_ids[0], "diff-size": layers[0].len()},
        {"id": ids[1], "parent": ids[0], "diff-digest": diff_ids[1], "diff-size": layers[1].len()},
        {"id": "3".repeat(64), "parent": ids[1], "flags": {"incomplete": true}},
    ]);
    put(root, "overlay-layers/layers.json", records.to_string().as_bytes());
    put(root, "overlay-layers/layers.lock", b"");
    let config = json!({"architecture": "amd64", "os": "linux", "config": {"Labels": {"l": "two"}},
        "rootfs": {"type": "layers", "diff_ids": diff_ids}})
    .to_string();
    let (id, manifest) = (Digest::sha256(config.as_bytes()), Digest::sha256(b"manifest"));
    let key = format!("manifest-{manifest}");
    let file = |key: &str| format!("overlay-images/{}/={}", id.hex(), BASE64_STANDARD.encode(key));
    put(root, &file(&id.to_string()), config.as_bytes());
    put(root, &file(&key), b"manifest");
    let image = json!({"id": id.hex(), "digest": manifest, "names": ["a.b/c:1", format!("a.b/d@{manifest}")],
        "layer": ids[1], "big-data-names": [id, key], "big-data-sizes": {key.clone(): 8}});
    let broken = json!({"id": "4".repeat(64), "digest": manifest, "names": ["a.b/broken:1"], "layer": "3".repeat(64)});
    put(root, "overlay-images/images.json", json!([image, broken]).to_string().as_bytes());
    put(root, "overlay-images/images.lock", b"");
}

/// Files by way of a store of ours, and the stream as tar-split.
fn write_layer(root: &Path, tar: &[u8], id: &str) {
    let fixture = Fixture::new();
    let folder = fixture.layer(tar).unwrap();
    std::fs::create_dir_all(root.join("overlay").join(id)).unwrap();
    std::fs::rename(folder.join("diff"), root.join("overlay").join(id).join("diff")).unwrap();
    let mut lines = String::new();
    let mut segment = |bytes: &[u8]| {
        lines += &json!({"type": 2, "payload": BASE64_STANDARD.encode(bytes), "position": 0}).to_string();
        lines.push('\n');
    };
    // One file in the middle as such, the rest as it is.
    match tar.windows(7).position(|bytes| bytes == b"content") {
        None => segment(tar),
        Some(at) => {
            segment(&tar[..at]);
            lines += "{\"type\":1,\"name\":\"./d/f\",\"size\":7,\"payload\":\"AAAAAAAAAAA=\",\"position\":1}\n";
            lines += &json!({"type": 2, "payload": BASE64_STANDARD.encode(&tar[at + 7..]), "position": 2}).to_string();
        }
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(lines.as_bytes()).unwrap();
    put(root, &format!("overlay-layers/{id}.tar-split.gz"), &gzip.finish().unwrap());
}

fn put(root: &Path, path: &str, content: &[u8]) {
    let path: PathBuf = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn only_image(store: &Store) -> Image {
    let images = store.images().unwrap();
    assert_eq!(images.len(), 1, "{images:?}");
    images.into_iter().next().unwrap()
}

#[test]
fn both_formats_are_found_and_read() {
    for (fill, layers) in [(our_format as fn(&Path), 1), (containers_storage, 2)] {
        let pair = Pair::new(fill);
        let before = pair.fingerprint();
        let store = &pair.store;
        let image = only_image(store);
        assert!(image.read_only && image.names == ["a.b/c:1"] && image.layers.len() == layers, "{image:?}");
        assert_eq!(store.image_named("a.b/c:1").unwrap().as_ref(), Some(&image.id));
        assert_eq!(store.images_by_prefix(&image.id.hex()[..9]).unwrap(), std::slice::from_ref(&image.id));
        assert!(store.blob(&image.id).is_ok() && store.blob(&image.manifest).is_ok());
        let mut tar = Vec::new();
        store.layer_tar(&image.layers[0], &mut tar).unwrap();
        assert!(tar == stream(), "the stream differs");
        assert_eq!(store.layer_size(&image.layers[0]).unwrap(), tar.len() as u64);
        let dirs = store.create_root("c", &image.layers).unwrap();
        assert_eq!(dirs.lower.len(), layers);
        assert_eq!(std::fs::read(dirs.lower[layers - 1].join("d/f")).unwrap(), b"content");
        store.reclaim().unwrap();
        let known = Known { containers: ["c".to_owned()].into(), ..Known::default() };
        let check = CheckOptions { quick: false, max_age: Duration::ZERO };
        assert!(store.check(&check, &known).unwrap().is_none());
        assert_eq!(pair.fingerprint(), before, "the other store was written to");
    }
}

#[test]
fn they_are_not_removed_and_get_names_here() {
    let pair = Pair::new(containers_storage);
    let before = pair.fingerprint();
    let (store, image) = (&pair.store, only_image(&pair.store));
    assert!(matches!(store.remove_image(&image.id), Err(Error::ReadOnlyImage(_))));
    assert!(matches!(store.untag("a.b/c:1"), Err(Error::ReadOnlyImage(_))));
    store.tag(&image.id, "a.b/own:1").unwrap();
    assert_eq!(store.image(&image.id).unwrap().unwrap().names, ["a.b/own:1"]);
    assert_eq!(store.images().unwrap().len(), 2);
    store.remove_image(&image.id).unwrap();
    store.reclaim().unwrap();
    assert_eq!(only_image(store).names, ["a.b/c:1"]);
    assert_eq!(pair.fingerprint(), before);
    assert_eq!(pair.ours.waste(), [""; 0]);
}

#[test]
fn their_layers_serve_images_of_ours() {
    let pair = Pair::new(containers_storage);
    let layers = only_image(&pair.store).layers;
    assert!(pair.store.has_layer(&layers[0]) && pair.store.has_layer(&layers[1]));
    add_image(&pair.store, "mine", &layers, &["a.b/mine:1"]).unwrap();
    let alone = open(&pair.ours.path(""));
    assert!(!alone.has_layer(&layers[0]));
    pair.store.adopt_layer(&layers[0]).unwrap();
    assert!(alone.has_layer(&layers[0]) && !alone.has_layer(&layers[1]));
}

#[test]
fn what_is_broken_counts_as_absent() {
    let pair = Pair::new(|root| put(root, "overlay-images/images.json", b"[{"));
    assert!(pair.store.images().unwrap().is_empty());
    let gone = open(&pair.ours.path("")).with_additional([PathBuf::from("/nowhere")]);
    assert!(gone.images().unwrap().is_empty());
    let mounted = Pair::new(|root| {
        containers_storage(root);
        put(root, "overlay/.has-mount-program", b"true");
    });
    assert!(mounted.store.images().unwrap().is_empty());
}

#[test]
fn a_configuration_that_names_other_layers_is_not_believed() {
    let pair = Pair::new(|root| {
        containers_storage(root);
        let path = root.join("overlay-layers/layers.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let other = Digest::sha256(b"other").to_string();
        let wrong = text.replace(&Digest::sha256(&stream()).to_string(), &other);
        std::fs::write(&path, wrong).unwrap();
    });
    assert!(pair.store.images().unwrap().is_empty());
}

//! Archives that aren't what they should be: an error that names archive and member, and nothing half-stored.

use crate::archive::{docker, load_bytes, oci, tarred};
use crate::kit::{Fixture, Made, chain, gzip, tar, tar_header};
use image::{Input, Quiet, load};

fn manifest(text: &str) -> Vec<u8> {
    tar(&[("manifest.json", b'0', "", text.as_bytes())])
}

/// One image with one layer, which lies in the archive like this.
fn with_layer(member: &[(&str, u8, &str, &[u8])]) -> Vec<u8> {
    let made = Made::new(&[tar(&[("a", b'0', "", b"x")])]);
    let list = br#"[{"Config":"c.json","RepoTags":["a:1"],"Layers":["layer.tar"]}]"#;
    let mut entries: Vec<(&str, u8, &str, &[u8])> =
        vec![("c.json", b'0', "", &made.config), ("manifest.json", b'0', "", list)];
    entries.extend(member);
    tar(&entries)
}

fn without(files: Vec<(String, Vec<u8>)>, at: usize) -> Vec<u8> {
    let mut files = files;
    files.remove(at);
    tarred(&files)
}

fn claiming(size: u64) -> Vec<u8> {
    let mut archive = manifest("[]");
    archive.truncate(archive.len() - 1024);
    archive.extend(tar_header("layer.tar", b'0', "", size));
    archive.resize(archive.len() + 1024, 7);
    archive
}

fn cases() -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let made = Made::small();
    let good = docker(&made, &["a:1"], &made.layers);
    let layers = made.layers.clone();
    let mut changed = oci(&made, None);
    changed[1].1[20] ^= 1;
    let files = oci(&made, None);
    vec![
        ("empty", Vec::new(), &["it is empty"]),
        ("text", b"hello, world, this is no archive".to_vec(), &["ends in the middle of a header"]),
        ("noise", vec![b'x'; 4096], &["no valid tar archive"]),
        ("zeros", vec![0; 4096], &["neither a docker-archive", "nor an oci-archive"]),
        ("other tar", tar(&[("a", b'0', "", b"x")]), &["neither a docker-archive"]),
        ("cut", good[..700].to_vec(), &["claims 379 bytes, but only 188 are left"]),
        ("cut gzip", gzip(&good)[..200].to_vec(), &["read standard input"]),
        ("claim beyond the end", claiming(1 << 32), &["`layer.tar` claims 4294967296 bytes"]),
        ("claim of everything", claiming(0o77777777777), &["`layer.tar` claims"]),
        ("no JSON", manifest("{"), &["manifest.json is malformed"]),
        ("no image", manifest("[]"), &["lists no image"]),
        ("no configuration", manifest(r#"[{"Config":"c.json","Layers":[]}]"#), &["names `c.json`, which isn't in it"]),
        (
            "configuration outside",
            manifest(r#"[{"Config":"../../etc/passwd","Layers":[]}]"#),
            &["`../../etc/passwd` lies outside of the archive"],
        ),
        ("a bad name", docker(&made, &["A b"], &layers), &["manifest.json: invalid reference"]),
        ("fewer layers", docker(&made, &["a:1"], &layers[..1]), &["names 2 layers, its manifest 1"]),
        (
            "other layers",
            docker(&made, &["a:1"], &[layers[1].clone(), layers[0].clone()]),
            &["layer sha256:", "has digest"],
        ),
        ("no layer", with_layer(&[]), &["names `layer.tar`, which isn't in it"]),
        (
            "a link outside",
            with_layer(&[("layer.tar", b'2', "../../../etc/shadow", b"")]),
            &["`layer.tar` is a link that leads out of the archive"],
        ),
        ("an absolute link", with_layer(&[("layer.tar", b'2', "/etc/shadow", b"")]), &["leads out of the archive"]),
        ("a hard link outside", with_layer(&[("layer.tar", b'1', "../x", b"")]), &["leads out of the archive"]),
        ("a link to nothing", with_layer(&[("layer.tar", b'2', "gone", b"")]), &["which isn't in it"]),
        (
            "links in a circle",
            with_layer(&[("layer.tar", b'2', "b", b""), ("b", b'2', "layer.tar", b"")]),
            &["is a link in a circle"],
        ),
        ("a folder as layer", with_layer(&[("layer.tar", b'5', "", b"")]), &["is no regular file"]),
        ("a device as layer", with_layer(&[("layer.tar", b'3', "", b"")]), &["is no regular file"]),
        (
            "a layer twice",
            with_layer(&[("layer.tar", b'0', "", b"1"), ("layer.tar", b'0', "", b"22")]),
            &["`layer.tar` occurs twice"],
        ),
        (
            "an index without images",
            tarred(&[("index.json".into(), br#"{"schemaVersion":2,"manifests":[]}"#.to_vec())]),
            &["index.json lists no image"],
        ),
        (
            "a broken index",
            tarred(&[("index.json".into(), b"nope".to_vec())]),
            &["manifest of index.json", "malformed"],
        ),
        ("a missing layer blob", without(files.clone(), 1), &["blob sha256:", "is missing"]),
        ("a missing manifest", without(files.clone(), 4), &["blob sha256:", "is missing"]),
        ("a changed blob", tarred(&changed), &["layer sha256:", "has digest"]),
    ]
}

#[test]
fn bad_archives_are_refused_and_leave_nothing() {
    for (name, archive, words) in cases() {
        let fixture = Fixture::new();
        let error = match load_bytes(&fixture, &archive) {
            Ok(loaded) => panic!("{name}: loaded {loaded:?}"),
            Err(e) => chain(&e),
        };
        for word in words {
            assert!(error.contains(word), "{name}: `{error}` lacks `{word}`");
        }
        assert!(error.len() < 600, "{name}: {error}");
        assert!(fixture.store.images().unwrap().is_empty(), "{name}");
        let Fixture { store, context, dir } = fixture;
        let location = store.location().clone();
        drop(store);
        Fixture { store: store::Store::open(location).unwrap(), context, dir }.assert_empty();
    }
}

#[test]
fn paths_are_named() {
    let fixture = Fixture::new();
    let error =
        chain(&load(&fixture.store, &fixture.context, Input::Path("/no/such/archive".into()), &Quiet).unwrap_err());
    assert!(error.contains("open archive /no/such/archive"), "{error}");
    let folder = fixture.dir.path().to_owned();
    let error = chain(&load(&fixture.store, &fixture.context, Input::Path(folder.clone()), &Quiet).unwrap_err());
    assert!(error.contains(&folder.display().to_string()) && error.contains("manifest.json"), "{error}");
}

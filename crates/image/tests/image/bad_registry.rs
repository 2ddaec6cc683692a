//! Registries that lie about images: an error that names the thing, nothing half-stored, and the next try works.

use crate::kit::server::{Body, Reply};
use crate::kit::{Fixture, INDEX, MANIFEST, Made, blob_path, chain, descriptor, gzip, manifest, serve, tar};
use oci::Digest;
use std::collections::HashMap;

type Paths = HashMap<String, Reply>;

/// Changes what an honest registry would say.
type Lie = Box<dyn Fn(&Made, &mut Paths)>;

fn with_manifest(paths: &mut Paths, bytes: Vec<u8>, kind: &str) {
    let reply = Reply::new(200, bytes.clone()).header("Content-Type", kind);
    paths.insert(format!("/v2/img/manifests/{}", Digest::sha256(&bytes)), reply.clone());
    paths.insert("/v2/img/manifests/1".to_owned(), reply);
}

/// An image whose only layer is these bytes, uncompressed as they are.
fn with_layer(paths: &mut Paths, tar: Vec<u8>) {
    let made = Made::new(&[tar]);
    paths.extend(made.paths());
}

fn edited(made: &Made, edit: impl Fn(&mut serde_json::Value)) -> Vec<u8> {
    let mut value = serde_json::from_slice(&made.manifest).unwrap();
    edit(&mut value);
    serde_json::to_vec(&value).unwrap()
}

fn index(entries: serde_json::Value) -> Vec<u8> {
    serde_json::to_vec(&serde_json::json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})).unwrap()
}

fn lie(lie: impl Fn(&Made, &mut Paths) + 'static) -> Lie {
    Box::new(lie)
}

fn lies() -> Vec<(&'static str, Lie, &'static [&'static str])> {
    vec![
        (
            "another blob of the same size",
            lie(|made, paths| {
                let mut other = made.blobs[0].clone();
                *other.last_mut().unwrap() ^= 1;
                paths.insert(blob_path(&made.blobs[0]), Reply::new(200, other));
            }),
            &["layer sha256:", "has digest", "expected"],
        ),
        (
            "a good blob of something else",
            lie(|made, paths| {
                let other = gzip(&tar(&[("evil", b'0', "", b"x")]));
                let manifest = edited(made, |m| m["layers"][0]["size"] = other.len().into());
                with_manifest(paths, manifest, MANIFEST);
                paths.insert(blob_path(&made.blobs[0]), Reply::new(200, other));
            }),
            &["has digest", "expected"],
        ),
        (
            "a longer blob",
            lie(|made, paths| {
                paths.insert(blob_path(&made.blobs[0]), Reply::new(200, [&made.blobs[0][..], b"tail"].concat()));
            }),
            &["fetch blob sha256:", "bytes, expected"],
        ),
        (
            "an endless blob",
            lie(|made, paths| {
                let endless = Reply::new(200, "").body(Body::Endless(made.blobs[0].clone()));
                paths.insert(blob_path(&made.blobs[0]), endless);
            }),
            &["bytes, expected"],
        ),
        (
            "a blob that always breaks off",
            lie(|made, paths| {
                let cut = Body::Truncated(made.blobs[0][..10].to_vec(), made.blobs[0].len());
                paths.insert(blob_path(&made.blobs[0]), Reply::new(200, "").body(cut));
            }),
            &["interrupted after 10 of"],
        ),
        (
            "a silent blob",
            lie(|made, paths| {
                paths.insert(blob_path(&made.blobs[0]), Reply::new(200, "").body(Body::Silence));
            }),
            &["fetch blob", "interrupted"],
        ),
        (
            "no blob",
            lie(|made, paths| {
                paths.remove(&blob_path(&made.blobs[1]));
            }),
            &["fetch blob sha256:", "not found: no such thing"],
        ),
        (
            "a wrong DiffID",
            lie(|made, paths| {
                let text = String::from_utf8(made.config.clone()).unwrap();
                let good = Digest::sha256(&made.layers[0]).to_string();
                let config = text.replace(&good, Digest::sha256(b"x").as_str()).into_bytes();
                paths.insert(blob_path(&config), Reply::new(200, config.clone()));
                with_manifest(paths, manifest(&config, &made.blobs), MANIFEST);
            }),
            &["layer sha256:", "uncompressed layer has digest"],
        ),
        (
            "fewer layers than DiffIDs",
            lie(|made, paths| with_manifest(paths, manifest(&made.config, &made.blobs[..1]), MANIFEST)),
            &["names 2 layers, its manifest 1"],
        ),
        (
            "no configuration",
            lie(|made, paths| {
                paths.remove(&blob_path(&made.config));
            }),
            &["fetch blob", "not found"],
        ),
        (
            "nonsense as configuration",
            lie(|made, paths| {
                let config = b"nonsense".to_vec();
                paths.insert(blob_path(&config), Reply::new(200, config.clone()));
                with_manifest(paths, manifest(&config, &made.blobs), MANIFEST);
            }),
            &["image configuration is malformed"],
        ),
        (
            "a configuration of 5 GB",
            lie(|made, paths| {
                let huge = edited(made, |m| m["config"]["size"] = 5_000_000_000_u64.into());
                with_manifest(paths, huge, MANIFEST);
            }),
            &["configuration sha256:", "5000000000 bytes, more than"],
        ),
        (
            "a layer of negative size",
            lie(|made, paths| with_manifest(paths, edited(made, |m| m["layers"][0]["size"] = (-1).into()), MANIFEST)),
            &["manifest is malformed"],
        ),
        (
            "501 layers",
            lie(|made, paths| {
                let bomb = edited(made, |m| m["layers"] = vec![m["layers"][0].clone(); 501].into());
                with_manifest(paths, bomb, MANIFEST);
            }),
            &["501 layers, more than the 500"],
        ),
        (
            "a helm chart",
            lie(|made, paths| {
                let chart =
                    edited(made, |m| m["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json".into());
                with_manifest(paths, chart, MANIFEST);
            }),
            &["application/vnd.cncf.helm.config.v1+json", "no image configuration"],
        ),
        (
            "a layer that is no layer",
            lie(|made, paths| {
                with_manifest(paths, edited(made, |m| m["layers"][1]["mediaType"] = "text/plain".into()), MANIFEST);
            }),
            &["text/plain", "no file system layer"],
        ),
        (
            "schema 1",
            lie(|_, paths| {
                let old = br#"{"schemaVersion":1,"name":"img","fsLayers":[]}"#.to_vec();
                with_manifest(paths, old, "application/vnd.docker.distribution.manifest.v1+prettyjws");
            }),
            &["schema 1 is not supported"],
        ),
        (
            "an image that is also an index",
            lie(|made, paths| {
                let both = edited(made, |m| m["manifests"] = serde_json::json!([]));
                with_manifest(paths, both, MANIFEST);
            }),
            &["ambiguous"],
        ),
        (
            "a manifest that is called an index",
            lie(|made, paths| with_manifest(paths, made.manifest.clone(), INDEX)),
            &["announced as"],
        ),
        (
            "HTML instead of a manifest",
            lie(|_, paths| with_manifest(paths, b"<html>".to_vec(), "text/html")),
            &["manifest is malformed"],
        ),
        (
            "no image for this machine",
            lie(|made, paths| {
                let mut entry = descriptor(MANIFEST, &made.manifest);
                entry["platform"] = serde_json::json!({"os": "plan9", "architecture": "pdp11"});
                with_manifest(paths, index(serde_json::json!([entry])), INDEX);
            }),
            &["no image found in image index for platform linux/", "there is plan9/pdp11"],
        ),
        (
            "an empty index",
            lie(|_, paths| with_manifest(paths, index(serde_json::json!([])), INDEX)),
            &["no image found", "there is none"],
        ),
        (
            "an index in an index in an index",
            lie(|made, paths| {
                let mut inner = made.manifest.clone();
                let mut kind = MANIFEST;
                for _ in 0..8 {
                    inner = index(serde_json::json!([descriptor(kind, &inner)]));
                    kind = INDEX;
                    with_manifest(paths, inner.clone(), INDEX);
                }
            }),
            &["more than 4 image indexes"],
        ),
        (
            "an index that names itself",
            lie(|made, paths| {
                let looped = index(serde_json::json!([descriptor(INDEX, &made.manifest)]));
                let reply = Reply::new(200, looped.clone()).header("Content-Type", INDEX);
                paths.insert("/v2/img/manifests/1".to_owned(), reply.clone());
                paths.insert(format!("/v2/img/manifests/{}", made.digest()), reply);
            }),
            &["read manifest sha256:", "has digest"],
        ),
        (
            "an entry of another size",
            lie(|made, paths| {
                let mut entry = descriptor(MANIFEST, &made.manifest);
                entry["size"] = 7.into();
                with_manifest(paths, index(serde_json::json!([entry])), INDEX);
            }),
            &["manifest sha256:", "bytes, expected 7"],
        ),
        (
            "a layer that climbs out",
            lie(|_, paths| with_layer(paths, tar(&[("../../evil", b'0', "", b"x")]))),
            &["layer sha256:", "layer entry `../../evil`"],
        ),
        (
            "a hard link out of the layer",
            lie(|_, paths| with_layer(paths, tar(&[("a", b'1', "../../etc/passwd", b"")]))),
            &["layer entry `a`"],
        ),
        ("a layer that is no tar", lie(|_, paths| with_layer(paths, vec![b'x'; 4096])), &["no valid tar"]),
        (
            "a layer that ends early",
            lie(|_, paths| {
                let whole = tar(&[("a", b'0', "", &[7; 5000])]);
                with_layer(paths, whole[..3000].to_vec());
            }),
            &["layer sha256:", "ends in the middle of a tar entry"],
        ),
        (
            "a gzip stream that ends early",
            lie(|made, paths| {
                let cut = made.blobs[0][..made.blobs[0].len() - 6].to_vec();
                with_manifest(paths, manifest(&made.config, &[cut.clone(), made.blobs[1].clone()]), MANIFEST);
                paths.insert(blob_path(&cut), Reply::new(200, cut));
            }),
            &["layer sha256:"],
        ),
        (
            "a layer that only begins like xz",
            lie(|made, paths| {
                let xz = b"\xfd7zXZ\0whatever".to_vec();
                with_manifest(paths, manifest(&made.config, &[xz.clone(), made.blobs[1].clone()]), MANIFEST);
                paths.insert(blob_path(&xz), Reply::new(200, xz));
            }),
            &["layer sha256:"],
        ),
        (
            "a DiffID by sha512",
            lie(|made, paths| {
                let text = String::from_utf8(made.config.clone()).unwrap();
                let good = Digest::sha256(&made.layers[0]).to_string();
                let config = text.replace(&good, &format!("sha512:{}", "0".repeat(128))).into_bytes();
                paths.insert(blob_path(&config), Reply::new(200, config.clone()));
                with_manifest(paths, manifest(&config, &made.blobs), MANIFEST);
            }),
            &["only sha256 DiffIDs"],
        ),
    ]
}

#[test]
fn lies_are_found_out_and_leave_nothing() {
    for (name, lie, words) in lies() {
        let made = Made::small();
        let mut paths = made.paths();
        lie(&made, &mut paths);
        let fixture = Fixture::new();
        let server = serve(paths);
        let error = match fixture.pull(&format!("{}/img:1", server.host)) {
            Ok(pulled) => panic!("{name}: pulled {}", pulled.image.id),
            Err(e) => chain(&e),
        };
        for word in words {
            assert!(error.contains(word), "{name}: `{error}` lacks `{word}`");
        }
        assert!(error.len() < 1000, "{name}: {error}");
        drop_writers(&fixture);
        // The next try works.
        let honest = serve(made.paths());
        let pulled =
            fixture.pull(&format!("{}/img:1", honest.host)).unwrap_or_else(|e| panic!("{name}: {}", chain(&e)));
        assert_eq!(pulled.image.manifest, made.digest(), "{name}");
        assert_eq!(pulled.image.layers.len(), 2);
    }
}

/// What a failed pull leaves is gone when another process looks, as after the end of this one.
fn drop_writers(fixture: &Fixture) {
    let again = store::Store::open(fixture.store.location().clone()).unwrap();
    assert!(again.images().unwrap().is_empty());
    assert_eq!(std::fs::read_dir(again.location().root.join("images")).unwrap().count(), 0);
}

#[test]
fn good_layers_of_a_failed_pull_are_not_left_half_done() {
    let made = Made::small();
    let mut paths = made.paths();
    paths.remove(&blob_path(&made.blobs[1]));
    let server = serve(paths);
    let location = {
        let fixture = Fixture::new();
        fixture.pull(&format!("{}/img:1", server.host)).unwrap_err();
        let location = fixture.store.location().clone();
        let Fixture { store, context, dir } = fixture;
        drop(store);
        let fixture = Fixture { store: store::Store::open(location).unwrap(), context, dir };
        fixture.assert_empty();
        fixture.store.location().clone()
    };
    assert!(!location.root.exists());
}

#[test]
fn media_types_are_not_needed_for_good_images() {
    // Docker's types, parameters in Content-Type, no mediaType in the document.
    let made = Made::small();
    let mut paths = made.paths();
    let bare = edited(&made, |m| {
        m.as_object_mut().unwrap().remove("mediaType");
    });
    with_manifest(&mut paths, bare, "application/vnd.oci.image.manifest.v1+json; charset=utf-8");
    let server = serve(paths);
    Fixture::new().pull(&format!("{}/img:1", server.host)).unwrap();
}

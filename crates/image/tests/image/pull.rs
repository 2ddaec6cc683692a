//! Good pulls: platforms, compressions, names, mirrors, policies.

use crate::kit::server::{Reply, Server};
use crate::kit::{Fixture, INDEX, MANIFEST, Made, Told, blob_path, chain, descriptor, serve, tar};
use image::{Error, PullPolicy, Quiet, find, resolve};
use oci::{Digest, Platform};
use std::collections::HashMap;

fn index(entries: Vec<serde_json::Value>) -> Vec<u8> {
    serde_json::to_vec(&serde_json::json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})).unwrap()
}

fn entry(made: &Made, os: &str, architecture: &str) -> serde_json::Value {
    let mut entry = descriptor(MANIFEST, &made.manifest);
    entry["platform"] = serde_json::json!({"os": os, "architecture": architecture});
    entry
}

fn at_tag(paths: &mut HashMap<String, Reply>, bytes: &[u8]) {
    let reply = Reply::new(200, bytes).header("Content-Type", INDEX);
    paths.insert(format!("/v2/img/manifests/{}", Digest::sha256(bytes)), reply.clone());
    paths.insert("/v2/img/manifests/1".to_owned(), reply);
}

fn name(server: &Server) -> String {
    format!("{}/img:1", server.host)
}

#[test]
fn what_was_pulled_is_found_in_many_ways() {
    let made = Made::small();
    let server = serve(made.paths());
    let fixture = Fixture::new();
    let pulled = fixture.pull(&name(&server)).unwrap();
    assert_eq!(pulled.name, name(&server));
    assert_eq!(pulled.config.config.as_ref().unwrap().cmd, ["/x"]);
    let id = pulled.image.id.hex().to_owned();
    let by_digest = format!("{}/img@{}", server.host, made.digest());
    for way in [
        name(&server),
        "img:1".into(),
        id.clone(),
        id[..5].to_owned(),
        id[..1].to_owned(),
        format!("sha256:{id}"),
        made.digest().to_string(),
        by_digest,
        format!("img@{}", made.digest()),
    ] {
        let found = find(&fixture.store, &fixture.context, &way).unwrap_or_else(|e| panic!("{way}: {e}"));
        assert_eq!(found.image.id, pulled.image.id, "{way}");
    }
    for way in ["img", "mg:1", "other/img:1", "sha256:", "ffffff0000"] {
        let error = find(&fixture.store, &fixture.context, way).unwrap_err();
        assert!(matches!(error, Error::NotKnown { .. }), "{way}: {error}");
        assert_eq!(error.to_string(), format!("{way}: image not known"));
    }
    assert!(find(&fixture.store, &fixture.context, "Nonsense").is_err());
}

#[test]
fn every_compression_gives_the_same_image() {
    let plain = |bytes: &[u8]| bytes.to_vec();
    let zstd = |bytes: &[u8]| zstd::stream::encode_all(bytes, 3).unwrap();
    let members = |bytes: &[u8]| bytes.chunks(700).map(crate::kit::gzip).collect::<Vec<_>>().concat();
    let layers = Made::small().layers;
    let variants = [
        Made::with(&layers, plain, "amd64"),
        Made::with(&layers, zstd, "amd64"),
        Made::with(&layers, members, "amd64"),
    ];
    for made in variants {
        let server = serve(made.paths());
        let fixture = Fixture::new();
        let pulled = fixture.pull(&name(&server)).unwrap_or_else(|e| panic!("{}", chain(&e)));
        let mut tar = Vec::new();
        fixture.store.layer_tar(&pulled.image.layers[0], &mut tar).unwrap();
        assert!(tar == layers[0]);
    }
}

#[test]
fn the_platform_decides_also_in_nested_indexes() {
    let layers = Made::small().layers;
    let arm = Made::with(&layers, crate::kit::gzip, "arm64");
    let amd = Made::with(&layers, crate::kit::gzip, "amd64");
    let mut paths = arm.paths();
    paths.extend(amd.paths());
    let inner = index(vec![entry(&arm, "linux", "arm64"), entry(&amd, "linux", "amd64")]);
    at_tag(&mut paths, &inner);
    let outer = index(vec![descriptor(INDEX, &inner)]);
    at_tag(&mut paths, &outer);
    let server = serve(paths);
    let fixture = Fixture::new();
    for (platform, expected) in [("linux/arm64", &arm), ("linux/amd64", &amd)] {
        let platform: Platform = platform.parse().unwrap();
        let pulled = image::pull(&fixture.store, &fixture.context, &name(&server), Some(&platform), &Quiet).unwrap();
        assert_eq!(pulled.image.manifest, expected.digest());
        // The name's digest is that of what the tag stands for.
        let of_tag = format!("{}/img@{}", server.host, Digest::sha256(&outer));
        assert!(pulled.image.repo_digests.contains(&of_tag));
    }
    // A stored image for another machine counts as missing.
    let arm64: Platform = "linux/arm64".parse().unwrap();
    let missing = PullPolicy::Missing;
    let again = resolve(&fixture.store, &fixture.context, &name(&server), missing, Some(&arm64), &Quiet).unwrap();
    assert_eq!(again.image.manifest, arm.digest());
}

#[test]
fn layers_that_are_there_are_not_fetched() {
    let made = Made::small();
    let server = serve(made.paths());
    let fixture = Fixture::new();
    fixture.pull(&name(&server)).unwrap();
    let more = Made::new(&[made.layers.clone(), vec![tar(&[("c", b'0', "", b"new")])]].concat());
    let second = serve(more.paths());
    let told = Told::default();
    image::pull(&fixture.store, &fixture.context, &name(&second), None, &told).unwrap();
    let told = told.0.into_inner().unwrap();
    assert_eq!(told.iter().filter(|line| *line == "skipped").count(), 2, "{told:?}");
    assert_eq!(told.iter().filter(|line| *line == "fetched").count(), 1, "{told:?}");
    assert!(!second.seen().iter().any(|r| r.path == blob_path(&more.blobs[0])));
}

#[test]
fn a_layer_that_occurs_twice_is_fetched_once() {
    let layer = tar(&[("a", b'0', "", b"same")]);
    let made = Made::new(&[layer.clone(), layer]);
    let server = serve(made.paths());
    let fixture = Fixture::new();
    assert_eq!(fixture.pull(&name(&server)).unwrap().image.layers.len(), 2);
    assert_eq!(server.seen().iter().filter(|r| r.path == blob_path(&made.blobs[0])).count(), 1);
}

#[test]
fn by_digest_there_is_no_name() {
    let made = Made::small();
    let server = serve(made.paths());
    let fixture = Fixture::new();
    let reference = format!("{}/img@{}", server.host, made.digest());
    let pulled = fixture.pull(&reference).unwrap();
    assert!(pulled.image.names.is_empty());
    assert_eq!(pulled.image.repo_digests, [reference]);
}

#[test]
fn policies_ask_as_often_as_they_say() {
    let made = Made::small();
    let server = serve(made.paths());
    let name = name(&server);
    let fixture = Fixture::new();
    let with = |policy| resolve(&fixture.store, &fixture.context, &name, policy, None, &Quiet);
    assert!(matches!(with(PullPolicy::Never), Err(Error::NotKnown { .. })));
    assert_eq!(server.seen().len(), 0);
    with(PullPolicy::Missing).unwrap();
    let after_pull = server.seen().len();
    with(PullPolicy::Missing).unwrap();
    with(PullPolicy::Never).unwrap();
    assert_eq!(server.seen().len(), after_pull);
    with(PullPolicy::Always).unwrap();
    assert!(server.seen().len() > after_pull);
}

#[test]
fn newer_looks_first_and_goes_on_without_a_registry() {
    let made = Made::small();
    let digest = made.digest().to_string();
    let mut paths = made.paths();
    let reply = paths["/v2/img/manifests/1"].clone().header("Docker-Content-Digest", digest);
    paths.insert("/v2/img/manifests/1".to_owned(), reply);
    let server = serve(paths);
    let fixture = Fixture::new();
    let pulled = fixture.pull(&name(&server)).unwrap();
    let before = server.seen().len();
    resolve(&fixture.store, &fixture.context, &name(&server), PullPolicy::Newer, None, &Quiet).unwrap();
    let asked: Vec<_> = server.seen()[before..].iter().map(|r| r.method.clone()).collect();
    assert_eq!(asked, ["HEAD"]);

    let gone = "127.0.0.1:1/img:1";
    fixture.store.tag(&pulled.image.id, gone).unwrap();
    let told = Told::default();
    resolve(&fixture.store, &fixture.context, gone, PullPolicy::Newer, None, &told).unwrap();
    assert!(
        told.0.into_inner().unwrap().iter().any(|line| line.starts_with("WARNING") && line.contains("stored image"))
    );
}

#[test]
fn short_names_need_somewhere_to_look() {
    let mut fixture = Fixture::new();
    let error = fixture.pull("img").unwrap_err().to_string();
    assert!(error.contains("short-name \"img\" did not resolve to an alias"), "{error}");

    let made = Made::small();
    let server = serve(made.paths());
    let empty = serve(HashMap::new());
    fixture.configure(&format!("unqualified-search-registries = ['{}', '{}']", empty.host, server.host));
    assert_eq!(fixture.pull("img:1").unwrap().name, name(&server));
    let error = fixture.pull("img:2").unwrap_err().to_string();
    assert!(error.contains(&empty.host) && error.contains(&server.host), "{error}");

    let mut fixture = Fixture::new();
    fixture.configure(&format!("[aliases]\nshort = '{}/img'", server.host));
    assert_eq!(fixture.pull("short:1").unwrap().name, name(&server));
    assert!(find(&fixture.store, &fixture.context, "short:1").is_ok());
}

#[test]
fn mirrors_are_tried_first() {
    let made = Made::small();
    let (good, broken) = (serve(made.paths()), serve(HashMap::new()));
    let mut fixture = Fixture::new();
    fixture.configure(&format!(
        "[[registry]]\nprefix='far.example'\nlocation='127.0.0.1:1'\n[[registry.mirror]]\nlocation='{}'\n[[registry.mirror]]\nlocation='{}'",
        broken.host, good.host
    ));
    let told = Told::default();
    let pulled = image::pull(&fixture.store, &fixture.context, "far.example/img:1", None, &told).unwrap();
    assert_eq!(pulled.image.names, ["far.example/img:1"]);
    assert!(told.0.into_inner().unwrap().iter().any(|line| line.contains(&format!("mirror {}", broken.host))));

    fixture.configure("[[registry]]\nlocation='far.example'\nblocked=true");
    assert!(fixture.pull("far.example/img:1").unwrap_err().to_string().contains("blocked"));
}

#[test]
fn hello_needs_nothing() {
    let fixture = Fixture::new();
    for policy in [PullPolicy::Missing, PullPolicy::Never, PullPolicy::Always, PullPolicy::Newer] {
        let found = resolve(&fixture.store, &fixture.context, "hello", policy, None, &Quiet).unwrap();
        assert_eq!(found.name, "localhost/hello:latest");
        assert_eq!(found.config.config.unwrap().cmd, ["/hello"]);
    }
    assert_eq!(fixture.store.images().unwrap().len(), 1);
    let other: Platform = "linux/s390x".parse().unwrap();
    assert!(resolve(&fixture.store, &fixture.context, "hello", PullPolicy::Missing, Some(&other), &Quiet).is_err());
}

#[test]
fn a_stored_image_called_hello_comes_first() {
    let made = Made::small();
    let server = serve(made.paths());
    let fixture = Fixture::new();
    let pulled = fixture.pull(&name(&server)).unwrap();
    fixture.store.tag(&pulled.image.id, "localhost/hello:latest").unwrap();
    let found = resolve(&fixture.store, &fixture.context, "hello", PullPolicy::Missing, None, &Quiet).unwrap();
    assert_eq!(found.image.id, pulled.image.id);
    let mut fixture = Fixture::new();
    fixture.configure(&format!("[aliases]\nhello = '{}/img'", server.host));
    let error = resolve(&fixture.store, &fixture.context, "hello", PullPolicy::Missing, None, &Quiet).unwrap_err();
    assert!(error.to_string().contains("img:latest") || error.to_string().contains("manifest latest"), "{error}");
}

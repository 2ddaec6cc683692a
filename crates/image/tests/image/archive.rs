//! Archives and folders that are as they should be.

use crate::kit::{Entry, Fixture, INDEX, MANIFEST, Made, chain, descriptor, gzip, tar};
use image::{Input, Loaded, Quiet, load};
use oci::Digest;
use std::io::Write;
use std::path::PathBuf;

/// What `docker save` writes, with layers as they are given.
pub fn docker(made: &Made, tags: &[&str], layers: &[Vec<u8>]) -> Vec<u8> {
    let config_name = format!("{}.json", Digest::sha256(&made.config).hex());
    let names: Vec<_> = (0..layers.len()).map(|n| format!("{n}/layer.tar")).collect();
    let manifest = serde_json::to_vec(&serde_json::json!([
        {"Config": config_name, "RepoTags": tags, "Layers": names}
    ]))
    .unwrap();
    let mut entries: Vec<Entry<'_>> = vec![(&config_name, b'0', "", &made.config)];
    entries.extend(names.iter().zip(layers).map(|(name, layer)| (name.as_str(), b'0', "", layer.as_slice())));
    entries.push(("manifest.json", b'0', "", &manifest));
    tar(&entries)
}

/// What `podman save --format oci-archive` writes.
pub fn oci(made: &Made, name: Option<&str>) -> Vec<(String, Vec<u8>)> {
    let mut entry = descriptor(MANIFEST, &made.manifest);
    if let Some(name) = name {
        entry["annotations"] = serde_json::json!({"org.opencontainers.image.ref.name": name});
    }
    let index = serde_json::json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]});
    let mut files = vec![("index.json".to_owned(), serde_json::to_vec(&index).unwrap())];
    for blob in made.blobs.iter().chain([&made.config, &made.manifest]) {
        files.push((format!("blobs/sha256/{}", Digest::sha256(blob).hex()), blob.clone()));
    }
    files
}

pub fn tarred(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    tar(&files.iter().map(|(name, content)| (name.as_str(), b'0', "", content.as_slice())).collect::<Vec<_>>())
}

pub fn load_bytes(fixture: &Fixture, bytes: &[u8]) -> Result<Vec<Loaded>, image::Error> {
    load(&fixture.store, &fixture.context, Input::Stream(&mut { bytes }), &Quiet)
}

fn file(fixture: &Fixture, bytes: &[u8]) -> PathBuf {
    let path = fixture.dir.path().join("archive");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn through(program: &str, bytes: &[u8]) -> Vec<u8> {
    use std::process::{Command, Stdio};
    let mut child = Command::new(program).arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    std::thread::spawn(move || input.write_all(&bytes));
    child.wait_with_output().unwrap().stdout
}

#[track_caller]
fn assert_loads(archive: &[u8], made: &Made, names: &[&str]) {
    for by_path in [true, false] {
        let fixture = Fixture::new();
        let loaded = match by_path {
            true => load(&fixture.store, &fixture.context, Input::Path(file(&fixture, archive)), &Quiet),
            false => load_bytes(&fixture, archive),
        };
        let loaded = loaded.unwrap_or_else(|e| panic!("{}", chain(&e)));
        assert_eq!(loaded.len(), 1);
        assert_eq!(loaded[0].names, names);
        assert_eq!(loaded[0].id, Digest::sha256(&made.config));
        let mut first = Vec::new();
        let image = fixture.store.image(&loaded[0].id).unwrap().unwrap();
        fixture.store.layer_tar(&image.layers[0], &mut first).unwrap();
        assert!(first == made.layers[0]);
    }
}

#[test]
fn docker_archives_load_plain_and_compressed() {
    let made = Made::small();
    let archive = docker(&made, &["a:1", "q.io/b/c:2"], &made.layers);
    let names = ["localhost/a:1", "q.io/b/c:2"];
    assert_loads(&archive, &made, &names);
    assert_loads(&gzip(&archive), &made, &names);
    assert_loads(&zstd::stream::encode_all(&archive[..], 3).unwrap(), &made, &names);
    assert_loads(&through("xz", &archive), &made, &names);
    assert_loads(&through("bzip2", &archive), &made, &names);
    // Layers may be compressed themselves.
    assert_loads(&docker(&made, &["a:1"], &made.blobs), &made, &names[..1]);
    assert_loads(&docker(&made, &[], &made.layers), &made, &[]);
}

#[test]
fn oci_archives_load_with_their_names() {
    let made = Made::small();
    assert_loads(&tarred(&oci(&made, Some("q.io/a/b:2"))), &made, &["q.io/a/b:2"]);
    assert_loads(&tarred(&oci(&made, Some("latest"))), &made, &["localhost/latest:latest"]);
    assert_loads(&tarred(&oci(&made, None)), &made, &[]);
}

#[test]
fn layers_that_are_links_are_followed() {
    let made = Made::small();
    let same = Made::new(&[made.layers[0].clone(), made.layers[0].clone(), made.layers[0].clone()]);
    let config = &same.config;
    let manifest = br#"[{"Config":"c.json","RepoTags":null,"Layers":["a/layer.tar","b/layer.tar","c/layer.tar"]}]"#;
    let archive = tar(&[
        ("c.json", b'0', "", config),
        ("a/", b'5', "", b""),
        ("a/layer.tar", b'0', "", &same.layers[0]),
        ("b/layer.tar", b'2', "../a/layer.tar", b""),
        ("c/layer.tar", b'1', "b/layer.tar", b""),
        ("a/", b'5', "", b""),
        ("manifest.json", b'0', "", manifest),
    ]);
    assert_loads(&archive, &same, &[]);
}

#[test]
fn several_images_load_at_once() {
    let made = Made::small();
    let other = Made::new(&[made.layers[1].clone()]);
    let manifest = br#"[{"Config":"1.json","RepoTags":["a:1"],"Layers":["x","y"]},{"Config":"2.json","RepoTags":["b:1"],"Layers":["y"]}]"#;
    let archive = tar(&[
        ("1.json", b'0', "", &made.config),
        ("2.json", b'0', "", &other.config),
        ("x", b'0', "", &made.layers[0]),
        ("./y", b'0', "", &made.layers[1]),
        ("manifest.json", b'0', "", manifest),
    ]);
    let fixture = Fixture::new();
    let names: Vec<_> = load_bytes(&fixture, &archive).unwrap().into_iter().flat_map(|l| l.names).collect();
    assert_eq!(names, ["localhost/a:1", "localhost/b:1"]);
    assert_eq!(fixture.store.images().unwrap().len(), 2);
}

#[test]
fn folders_and_transports_are_sources_too() {
    let made = Made::small();
    let fixture = Fixture::new();
    let folder = fixture.dir.path().join("layout");
    for (name, content) in oci(&made, Some("q.io/a/b:2")) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let dir = fixture.dir.path().join("dir");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("manifest.json"), &made.manifest).unwrap();
    for blob in made.blobs.iter().chain([&made.config]) {
        std::fs::write(dir.join(Digest::sha256(blob).hex()), blob).unwrap();
    }
    let archive = file(&fixture, &docker(&made, &["a:1"], &made.layers));
    let id = Digest::sha256(&made.config);
    for (name, expected) in [
        (format!("oci:{}", folder.display()), "q.io/a/b:2"),
        (format!("oci:{}:q.io/a/b:2", folder.display()), "q.io/a/b:2"),
        (format!("dir:{}", dir.display()), id.hex()),
        (format!("docker-archive:{}", archive.display()), "localhost/a:1"),
        (format!("docker-archive:{}:a:1", archive.display()), "localhost/a:1"),
    ] {
        let pulled = fixture.pull(&name).unwrap_or_else(|e| panic!("{name}: {}", chain(&e)));
        assert_eq!(pulled.name, expected, "{name}");
        assert_eq!(pulled.image.id, id);
    }
    assert_eq!(load(&fixture.store, &fixture.context, Input::Path(folder), &Quiet).unwrap()[0].names, ["q.io/a/b:2"]);
    assert!(fixture.pull(&format!("docker-archive:{}:b:1", archive.display())).is_err());
    let unknown = fixture.pull("ostree:x").unwrap_err().to_string();
    assert!(unknown.contains("\"ostree:\" is not supported"), "{unknown}");
}

//! One copy from any source to any sink: what arrives is what was sent, with the digests that can stay.

use crate::kit::{Fixture, Made, chain, serve, tar};
use image::{Algorithm, Error, Format, Instances, Location, Options, Quiet, copy, open_sink, open_source};
use oci::Digest;
use oci::image::{Document, Manifest};

fn transfer(fixture: &Fixture, from: &str, to: &str, options: &Options<'_>) -> Result<Digest, Error> {
    let location = |text: &str| text.parse::<Location>().unwrap();
    let source = open_source(&fixture.store, &fixture.context, &location(from))?;
    let sink = open_sink(&fixture.store, &fixture.context, &location(to))?;
    copy(source.as_ref(), sink.as_ref(), options).map(|copied| copied.written.digest)
}

#[track_caller]
fn must(result: Result<Digest, Error>) -> Digest {
    result.unwrap_or_else(|e| panic!("{}", chain(&e)))
}

/// A registry's image, copied from one place to the next and at last into a store.
fn along(places: &[&str]) -> (Made, Vec<Digest>, image::Resolved) {
    let made = Made::small();
    let server = serve(made.paths());
    let fixture = Fixture::new();
    let base = fixture.dir.path().display().to_string();
    let mut from = format!("docker://{}/img:1", server.host);
    let mut digests = Vec::new();
    for place in places {
        let to = place.replace('~', &base);
        digests.push(must(transfer(&fixture, &from, &to, &Options::new(&Quiet))));
        from = to;
    }
    let fresh = Fixture::new();
    (made, digests, fresh.pull(&from).unwrap_or_else(|e| panic!("{}", chain(&e))))
}

#[test]
fn digests_stay_where_layers_may_stay_compressed() {
    let (made, digests, pulled) =
        along(&["dir:~/d", "oci:~/o:x:1", "oci-archive:~/o.tar:x:1", "dir:~/e", "oci:~/o2", "oci-archive:~/o2.tar"]);
    assert!(digests.iter().all(|digest| *digest == made.digest()), "{digests:?}");
    assert_eq!(pulled.image.id, Digest::sha256(&made.config));
    assert_eq!(pulled.image.layers, made.layers.iter().map(|layer| Digest::sha256(layer)).collect::<Vec<_>>());
}

#[test]
fn plain_layers_of_archives_and_of_the_store_come_back() {
    let (made, digests, pulled) =
        along(&["docker-archive:~/a.tar:x/y:1", "containers-storage:q:1", "docker-archive:~/b.tar:z:2", "oci:~/o"]);
    assert_eq!(pulled.image.id, Digest::sha256(&made.config));
    assert_eq!(digests[0], digests[2]);
}

#[test]
fn a_store_without_the_original_blobs_says_so_when_digests_must_stay() {
    let made = Made::small();
    let server = serve(made.paths());
    let fixture = Fixture::new();
    fixture.pull(&format!("{}/img:1", server.host)).unwrap();
    let to = format!("oci:{}", fixture.dir.path().join("o").display());
    let options = Options { preserve_digests: true, ..Options::new(&Quiet) };
    let error = transfer(&fixture, "containers-storage:img:1", &to, &options).unwrap_err().to_string();
    assert!(error.contains("the digest can't be kept"), "{error}");
}

fn manifest_in(folder: &std::path::Path) -> Manifest {
    let bytes = std::fs::read(folder.join("manifest.json")).unwrap();
    match Document::parse(&bytes, None).unwrap() {
        Document::Manifest(manifest) => *manifest,
        Document::Index(_) => panic!("an index"),
    }
}

#[test]
fn layers_are_compressed_as_asked() {
    let content = b"much of a muchness ".repeat(50_000);
    let made = Made::new(&[tar(&[("a", b'0', "", &content)])]);
    let server = serve(made.paths());
    let fixture = Fixture::new();
    let from = format!("docker://{}/img:1", server.host);
    let dir = fixture.dir.path().join("d");
    let to = format!("dir:{}", dir.display());
    for (algorithm, format, media_type) in [
        (Algorithm::Zstd, None, "application/vnd.oci.image.layer.v1.tar+zstd"),
        (Algorithm::Gzip, Some(Format::Docker), "application/vnd.docker.image.rootfs.diff.tar.gzip"),
    ] {
        let options = Options { compression: Some(algorithm), format, level: Some(9), ..Options::new(&Quiet) };
        must(transfer(&fixture, &from, &to, &options));
        assert_eq!(manifest_in(&dir).layers[0].media_type, media_type);
        let pulled = Fixture::new().pull(&to).unwrap_or_else(|e| panic!("{}", chain(&e)));
        assert_eq!(pulled.image.id, Digest::sha256(&made.config));
    }
    let options = Options { level: Some(99), compression: Some(Algorithm::Zstd), ..Options::new(&Quiet) };
    assert!(transfer(&fixture, &from, &to, &options).unwrap_err().to_string().contains("between 1 and 20"));
    let alone = Options { level: Some(99), ..Options::new(&Quiet) };
    assert!(transfer(&fixture, &from, &to, &alone).unwrap_err().to_string().contains("between 1 and 9"));
    let docker = Options { compression: Some(Algorithm::Zstd), format: Some(Format::Docker), ..Options::new(&Quiet) };
    assert!(transfer(&fixture, &from, &to, &docker).unwrap_err().to_string().contains("no zstd layers"));
}

/// Two images with different architectures, and the index that names them as `img:both`.
fn two_platforms() -> (Vec<Made>, std::collections::HashMap<String, crate::kit::server::Reply>, Vec<u8>) {
    use crate::kit::server::Reply;
    let made: Vec<_> = ["amd64", "arm64"]
        .map(|arch| Made::with(&[tar(&[("arch", b'0', "", arch.as_bytes())])], crate::kit::gzip, arch))
        .into();
    let mut paths = made[0].paths();
    paths.extend(made[1].paths());
    let entries: Vec<_> = made
        .iter()
        .zip(["amd64", "arm64"])
        .map(|(made, arch)| {
            let mut entry = crate::kit::descriptor(crate::kit::MANIFEST, &made.manifest);
            entry["platform"] = serde_json::json!({"architecture": arch, "os": "linux"});
            entry
        })
        .collect();
    let index = serde_json::json!({"schemaVersion": 2, "mediaType": crate::kit::INDEX, "manifests": entries});
    let index = serde_json::to_vec(&index).unwrap();
    let reply = Reply::new(200, index.clone()).header("Content-Type", crate::kit::INDEX);
    paths.insert("/v2/img/manifests/both".to_owned(), reply);
    (made, paths, index)
}

#[test]
fn an_index_goes_along_with_all_its_images() {
    let (made, paths, index) = two_platforms();
    let server = serve(paths);
    let fixture = Fixture::new();
    let from = format!("docker://{}/img:both", server.host);
    let dir = fixture.dir.path().join("d");
    let all = Options { instances: Instances::All, ..Options::new(&Quiet) };
    assert_eq!(must(transfer(&fixture, &from, &format!("dir:{}", dir.display()), &all)), Digest::sha256(&index));
    let layout = format!("oci:{}", fixture.dir.path().join("o").display());
    assert_eq!(must(transfer(&fixture, &format!("dir:{}", dir.display()), &layout, &all)), Digest::sha256(&index));
    for (made, arch) in made.iter().zip(["amd64", "arm64"]) {
        let fresh = Fixture::new();
        let platform = oci::Platform::new("linux", arch, "");
        let pulled = image::pull(&fresh.store, &fresh.context, &layout, Some(&platform), &Quiet);
        assert_eq!(pulled.unwrap_or_else(|e| panic!("{}", chain(&e))).image.id, Digest::sha256(&made.config));
    }
    let archive = format!("docker-archive:{}", fixture.dir.path().join("a.tar").display());
    let refused = transfer(&fixture, &from, &archive, &all).unwrap_err().to_string();
    assert!(refused.contains("single images only"), "{refused}");
}

#[test]
fn an_index_alone_and_with_other_compressions() {
    let (_, paths, index) = two_platforms();
    let server = serve(paths);
    let fixture = Fixture::new();
    let from = format!("docker://{}/img:both", server.host);
    let dir = fixture.dir.path().join("d");
    let to = format!("dir:{}", dir.display());
    let only = Options { instances: Instances::IndexOnly, ..Options::new(&Quiet) };
    assert_eq!(must(transfer(&fixture, &from, &to, &only)), Digest::sha256(&index));
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 2, "the index and `version`");
    let more = Options { instances: Instances::All, add_compression: vec![Algorithm::Zstd], ..Options::new(&Quiet) };
    must(transfer(&fixture, &from, &to, &more));
    let bytes = std::fs::read(dir.join("manifest.json")).unwrap();
    let Document::Index(index) = Document::parse(&bytes, None).unwrap() else { panic!("no index") };
    assert_eq!(index.manifests.len(), 4);
    let marked = index.manifests.iter().filter(|entry| !entry.annotations.is_empty()).count();
    assert_eq!(marked, 2);
}

/// What a power cut left empty is written again.
#[test]
fn empty_files_of_a_folder_are_no_layers() {
    let made = Made::small();
    let server = serve(made.paths());
    let fixture = Fixture::new();
    let from = format!("docker://{}/img:1", server.host);
    let dir = fixture.dir.path().join("d");
    for (to, blobs) in [("dir", dir.clone()), ("oci", dir.join("oci/blobs/sha256"))] {
        let place =
            if to == "oci" { format!("oci:{}:1", dir.join("oci").display()) } else { format!("dir:{}", dir.display()) };
        must(transfer(&fixture, &from, &place, &Options::new(&Quiet)));
        let layer = blobs.join(Digest::sha256(&made.blobs[0]).hex());
        std::fs::write(&layer, "").unwrap();
        must(transfer(&fixture, &from, &place, &Options::new(&Quiet)));
        assert_eq!(std::fs::read(&layer).unwrap(), made.blobs[0], "{to}");
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

/// Configurations keep the digest that their manifest says, whatever made it; the store has images by sha256 only.
#[test]
fn a_configuration_by_another_digest_keeps_it() {
    let mut made = Made::small();
    let long: Digest = format!("sha512:{}", "0".repeat(128)).parse().unwrap();
    let long = long.same_of(&made.config);
    let text = String::from_utf8(made.manifest.clone()).unwrap();
    made.manifest = text.replace(Digest::sha256(&made.config).as_str(), long.as_str()).into_bytes();
    let mut paths = made.paths();
    paths.insert(format!("/v2/img/blobs/{long}"), crate::kit::server::Reply::new(200, made.config.clone()));
    let server = serve(paths);
    let fixture = Fixture::new();
    let base = fixture.dir.path();
    let from = format!("docker://{}/img:1", server.host);
    must(transfer(&fixture, &from, &format!("oci:{}/o", base.display()), &Options::new(&Quiet)));
    assert!(base.join("o/blobs/sha512").join(long.hex()).exists());
    must(transfer(&fixture, &from, &format!("dir:{}/d", base.display()), &Options::new(&Quiet)));
    must(transfer(
        &fixture,
        &format!("dir:{}/d", base.display()),
        &format!("oci:{}/p", base.display()),
        &Options::new(&Quiet),
    ));
    let error = chain(&fixture.pull(&from).unwrap_err());
    assert!(error.contains("only images whose configuration has a sha256 digest"), "{error}");
    fixture.assert_empty();
}

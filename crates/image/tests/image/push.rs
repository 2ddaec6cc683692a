//! Pushes to a registry in this process, and pulls back what came.

use crate::kit::server::{Reply, Request, Server};
use crate::kit::{Fixture, Made, chain, serve};
use image::{Destination, Error, Options, Quiet};
use oci::Digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

type Content = Arc<Mutex<HashMap<String, (Vec<u8>, String)>>>;

/// A registry that takes uploads and gives back what it has.
fn registry() -> (Server, Content) {
    let content = Content::default();
    let shared = Arc::clone(&content);
    let server = Server::new(move |request, _| answer(&mut shared.lock().unwrap(), request));
    (server, content)
}

fn answer(content: &mut HashMap<String, (Vec<u8>, String)>, request: &Request) -> Reply {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    match (request.method.as_str(), path) {
        (_, "/v2/") => Reply::new(200, "{}"),
        ("POST", _) => Reply::new(202, "").header("Location", "/upload"),
        ("PATCH", "/upload") => {
            let number = content.len().to_string();
            content.insert(number.clone(), (request.body.clone(), String::new()));
            Reply::new(202, "").header("Location", format!("/upload?begun={number}"))
        }
        ("PUT", "/upload") => {
            let parts: HashMap<_, _> = query.split('&').filter_map(|part| part.split_once('=')).collect();
            let (digest, begun) = (parts["digest"], parts.get("begun").and_then(|number| content.remove(*number)));
            let body = begun.map_or_else(|| request.body.clone(), |(begun, _)| [begun, request.body.clone()].concat());
            if Digest::sha256(&body).as_str() != digest {
                return Reply::new(400, "digest invalid");
            }
            content.insert(format!("blobs/{digest}"), (body, "application/octet-stream".into()));
            Reply::new(201, "")
        }
        ("PUT", manifest) => {
            let kind = request.header("content-type").unwrap_or_default().to_owned();
            let name = manifest.rsplit_once("manifests/").unwrap().1;
            for key in [name.to_owned(), Digest::sha256(&request.body).to_string()] {
                content.insert(format!("manifests/{key}"), (request.body.clone(), kind.clone()));
            }
            Reply::new(201, "")
        }
        (_, path) => {
            let end = path.splitn(5, '/').skip(3).collect::<Vec<_>>().join("/");
            let found =
                content.get(&end).map(|(bytes, kind)| Reply::new(200, bytes.clone()).header("Content-Type", kind));
            found.unwrap_or_else(|| Reply::new(404, ""))
        }
    }
}

/// The digest of the manifest that the destination has then.
fn push(fixture: &Fixture, image: &str, destination: &str) -> Result<Digest, Error> {
    let options = Options { memory: Some(&fixture.store), ..Options::new(&Quiet) };
    let destination = Destination::Typed(destination);
    image::push(&fixture.store, &fixture.context, image, destination, &options).map(|copied| copied.written.digest)
}

#[test]
fn what_is_pushed_can_be_pulled() {
    let made = Made::small();
    let source = serve(made.paths());
    let fixture = Fixture::new();
    let pulled = fixture.pull(&format!("{}/img:1", source.host)).unwrap();
    let (target, content) = registry();
    let destination = format!("{}/copy:2", target.host);
    let pushed = push(&fixture, "img:1", &destination).unwrap_or_else(|e| panic!("{}", chain(&e)));
    assert!(content.lock().unwrap().contains_key(&format!("manifests/{pushed}")));

    let fresh = Fixture::new();
    let back = fresh.pull(&destination).unwrap_or_else(|e| panic!("{}", chain(&e)));
    assert_eq!((back.image.id, back.image.layers), (pulled.image.id, pulled.image.layers));

    // What is there isn't sent again, and the manifest stays the same.
    let puts = |server: &Server| server.seen().iter().filter(|r| r.path.starts_with("/upload")).count();
    let before = puts(&target);
    assert_eq!(push(&fixture, "img:1", &destination).unwrap(), pushed);
    assert_eq!(puts(&target), before);
}

#[test]
fn a_registry_that_has_all_gets_the_original_manifest() {
    let made = Made::small();
    let fixture = Fixture::new();
    let (target, content) = registry();
    {
        let mut content = content.lock().unwrap();
        for blob in made.blobs.iter().chain([&made.config]) {
            content.insert(format!("blobs/{}", Digest::sha256(blob)), (blob.clone(), String::new()));
        }
        content.insert("manifests/1".into(), (made.manifest.clone(), crate::kit::MANIFEST.into()));
    }
    let name = format!("{}/img:1", target.host);
    fixture.pull(&name).unwrap();
    let digest = push(&fixture, &name, &format!("{}/img:other", target.host)).unwrap();
    assert_eq!(digest, made.digest());
}

#[test]
fn wrong_destinations_are_refused() {
    let fixture = Fixture::new();
    image::resolve(&fixture.store, &fixture.context, "hello", image::PullPolicy::Missing, None, &Quiet).unwrap();
    let refused = |destination: &str| chain(&push(&fixture, "hello", destination).unwrap_err());
    let there = fixture.dir.path().join("there");
    std::fs::write(&there, "something").unwrap();
    assert!(refused(&format!("oci-archive:{}", there.display())).contains("can't be added to"));
    assert!(refused("oci:/nowhere:@1").contains("can't be given by its index"));
    assert!(refused("ostree:x").contains("not supported"));
    assert!(refused(&format!("a.b/c@{}", Digest::sha256(b"x"))).contains("needs a tag"));
    assert!(refused("127.0.0.1:1/x").contains("no answer from"));
    let denied = Server::new(|_, _| Reply::new(403, "read only"));
    let error = refused(&format!("{}/x", denied.host));
    assert!(error.contains("look for blob sha256:") && error.contains("refused access (403)"), "{error}");
}

/// What an image only claims of a layer isn't believed for another image.
#[test]
fn a_blob_that_was_never_read_stands_for_no_other_images_layer() {
    let made = Made::small();
    let source = serve(made.paths());
    let fixture = Fixture::new();
    let pulled = fixture.pull(&format!("{}/img:1", source.host)).unwrap();
    let (target, content) = registry();
    let planted = b"another tar".to_vec();
    let digest = Digest::sha256(&planted);
    content.lock().unwrap().insert(format!("blobs/{digest}"), (planted.clone(), String::new()));
    for diff_id in &pulled.image.layers {
        let blob = store::SeenBlob {
            digest: digest.clone(),
            size: planted.len() as u64,
            media_type: "application/vnd.oci.image.layer.v1.tar+gzip".to_owned(),
            place: format!("{}/evil", target.host),
            annotations: Default::default(),
            verified: false,
        };
        fixture.store.remember_blob(diff_id, blob);
    }
    let pushed = push(&fixture, "img:1", &format!("{}/copy:1", target.host)).unwrap();
    let manifest = content.lock().unwrap()[&format!("manifests/{pushed}")].0.clone();
    assert!(!String::from_utf8(manifest).unwrap().contains(digest.as_str()));
}

//! The store as a whole: images and names come and go, and whatever is killed leaves it sound.

use crate::testing::{Fixture, Tar, add_image, add_layer, open};
use crate::{Artifact, CacheLimits, Cached, Error, Prior, Store, Use};
use oci::Digest;
use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

fn layer(store: &Store, content: &str) -> Digest {
    add_layer(store, &Tar::new().file("f", content.as_bytes()).end()).unwrap().diff_id
}

#[test]
fn images_are_found_by_name_id_and_prefix() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let image = add_image(store, "one", &[layer(store, "1")], &["docker.io/a:1", "q.io/b/c:2"]).unwrap();
    assert_eq!(image.names, ["q.io/b/c:2", "docker.io/library/a:1"]);
    let (config, manifest) = (store.blob(&image.id).unwrap().len(), "manifest of one".len());
    assert_eq!(image.size as usize, 512 + 512 + 1024 + config + 2 * manifest);
    assert_eq!(image.labels["l"], "one");
    assert_eq!(store.image_named("docker.io/library/a:1").unwrap().as_ref(), Some(&image.id));
    assert_eq!(store.image_named("docker.io/a:1").unwrap().as_ref(), Some(&image.id));
    assert_eq!(store.image_named("a").unwrap(), None);
    assert_eq!(store.images_by_prefix(&image.id.hex()[..5]).unwrap(), std::slice::from_ref(&image.id));
    assert_eq!(store.image(&image.id).unwrap().unwrap(), image);
    store.untag("q.io/b/c:2").unwrap();
    store.untag("q.io/b/c:2").unwrap();
    assert_eq!(store.images().unwrap()[0].names, ["docker.io/library/a:1"]);
}

#[test]
fn a_name_moves_and_leaves_the_old_image_dangling() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let one = add_image(store, "one", &[layer(store, "1")], &["a.b/c:1"]).unwrap();
    let two = add_image(store, "two", &[layer(store, "2")], &["a.b/c:1"]).unwrap();
    assert_eq!(store.image_named("a.b/c:1").unwrap(), Some(two.id.clone()));
    assert_eq!(store.image(&one.id).unwrap().unwrap().names, [""; 0]);
    store.tag(&one.id, "a.b/c:1").unwrap();
    assert_eq!(store.image(&two.id).unwrap().unwrap().names, [""; 0]);
    assert!(matches!(store.tag(&Digest::sha256(b"no"), "a.b/c:1"), Err(Error::NoSuchImage(_))));
    assert!(matches!(store.tag(&one.id, "short"), Err(Error::InvalidName(_))));
}

#[test]
fn repo_digests_add_up_and_old_manifests_go() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let image = add_image(store, "one", &[layer(store, "1")], &[]).unwrap();
    let manifest = Digest::sha256(b"another");
    store.put_blob(&manifest, b"another").unwrap();
    let again = store
        .commit_image(crate::NewImage {
            id: image.id.clone(),
            manifest: manifest.clone(),
            layers: image.layers.clone(),
            repo_digest: Some(format!("q.io/x@{manifest}")),
            names: vec![],
        })
        .unwrap();
    assert_eq!(again.repo_digests.len(), 2);
    store.reclaim().unwrap();
    assert!(matches!(store.blob(&image.manifest), Err(Error::MissingBlob(_))));
    assert!(store.blob(&manifest).is_ok());
}

/// Somebody may remove an image between the look at it and the change of the list.
#[test]
fn a_list_takes_no_member_that_is_gone() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let image = add_image(store, "one", &[layer(store, "1")], &[]).unwrap();
    let member = crate::Member {
        manifest: image.manifest.clone(),
        blobs: vec![image.manifest.clone(), image.id.clone()],
        layers: image.layers.clone(),
        origin: None,
        files: Default::default(),
    };
    let (now, empty) = ("2026-01-01T00:00:00Z".to_owned(), crate::empty_index());
    let list = store.create_list(&["a.b/list:1".to_owned()], now.clone(), &empty, Vec::new()).unwrap();
    store.remove_image(&image.id).unwrap();
    let added = store.change_list(&list.id, |_, members| {
        members.push(member.clone());
        Ok::<_, Error>(())
    });
    assert!(matches!(added, Err(Error::MissingLayer(_))), "{added:?}");
    assert!(matches!(
        store.create_list(&["a.b/other:1".to_owned()], now, &empty, vec![member]),
        Err(Error::MissingLayer(_))
    ));
    assert_eq!(store.image_named("a.b/other:1").unwrap(), None);
}

#[test]
fn removing_keeps_what_others_need() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let (base, top) = (layer(store, "base"), layer(store, "top"));
    let one = add_image(store, "one", std::slice::from_ref(&base), &["a.b/c:1"]).unwrap();
    let two = add_image(store, "two", &[base.clone(), top.clone()], &["a.b/c:2"]).unwrap();
    let dirs = store.create_root("container", &[base.clone(), top.clone()]).unwrap();
    store.remove_image(&one.id).unwrap();
    assert!(store.has_layer(&base));
    store.remove_image(&two.id).unwrap();
    assert!(store.has_layer(&base) && store.has_layer(&top), "a container needs them");
    assert!(store.images().unwrap().is_empty() && store.image_named("a.b/c:2").unwrap().is_none());
    assert!(dirs.upper.is_dir() && dirs.work.is_dir() && dirs.merged.is_dir());
    store.reclaim().unwrap();
    assert!(store.has_layer(&base));
    store.remove_root("container").unwrap();
    store.reclaim().unwrap();
    assert!(!store.has_layer(&base) && !store.has_layer(&top));
    assert_eq!(fixture.waste(), [""; 0]);
}

#[test]
fn commits_need_their_layers_and_blobs() {
    let fixture = Fixture::new();
    let missing = Digest::sha256(b"missing");
    let error = add_image(&fixture.store, "x", std::slice::from_ref(&missing), &[]).unwrap_err();
    assert!(matches!(error, Error::MissingLayer(layer) if layer == missing));
    assert!(matches!(fixture.store.create_root("c", &[missing]), Err(Error::MissingLayer(_))));
    assert!(fixture.store.roots().unwrap().is_empty());
    assert!(matches!(fixture.store.put_blob(&Digest::sha256(b"a"), b"b"), Err(Error::WrongDigest { .. })));
}

#[test]
fn damage_by_a_power_cut_is_noticed() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let image = add_image(store, "one", &[layer(store, "1")], &["a.b/c:1"]).unwrap();
    let blob = fixture.path("blobs/sha256").join(image.id.hex());
    std::fs::write(&blob, b"").unwrap();
    assert!(matches!(store.blob(&image.id), Err(Error::DamagedBlob(_))));
    std::fs::write(fixture.path("images").join(format!("{}.json", image.id.hex())), b"\0\0").unwrap();
    assert!(store.images().unwrap().is_empty() && store.image(&image.id).unwrap().is_none());
    std::fs::write(fixture.path("names/a.b+c=1"), b"").unwrap();
    assert_eq!(store.image_named("a.b/c:1").unwrap(), None);
    // The next pull repairs it.
    assert_eq!(add_image(store, "one", &image.layers, &["a.b/c:1"]).unwrap().id, image.id);
    assert!(store.blob(&image.id).is_ok());
}

#[test]
fn reclaim_spares_the_living() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let writer = store.begin_layer().unwrap();
    let uncommitted = layer(store, "1");
    let blob = Digest::sha256(b"blob");
    store.put_blob(&blob, b"blob").unwrap();
    let other = open(&fixture.path(""));
    other.reclaim().unwrap();
    assert!(other.has_layer(&uncommitted) && other.blob(&blob).is_ok(), "its image isn't committed yet");
    assert_eq!(std::fs::read_dir(fixture.path("tmp")).unwrap().count(), 3, "the writer's folder and two notes");
    drop(writer);
    store.written();
    assert!(other.needs_reclaim());
    other.reclaim().unwrap();
    assert!(!other.has_layer(&uncommitted) && other.blob(&blob).is_err());
    assert_eq!(fixture.waste(), [""; 0]);
    assert!(!other.needs_reclaim());
}

#[test]
fn a_root_is_made_once_and_a_half_made_one_completed() {
    let fixture = Fixture::new();
    let layers = [layer(&fixture.store, "1")];
    assert!(matches!(fixture.store.root("c", &layers), Err(Error::NoSuchRoot(_))));
    std::fs::create_dir_all(fixture.path("containers/c/upper")).unwrap();
    assert!(matches!(fixture.store.root("c", &layers), Err(Error::NoSuchRoot(_))));
    let dirs = fixture.store.create_root("c", &layers).unwrap();
    assert_eq!(fixture.store.root("c", &layers).unwrap(), dirs);
    // `start` may have been faster than `create`.
    assert_eq!(fixture.store.create_root("c", &layers).unwrap(), dirs);
    let other = [layer(&fixture.store, "2")];
    assert!(matches!(fixture.store.create_root("c", &other), Err(Error::Io { .. })));
    assert!(dirs.merged.is_dir());
}

#[test]
fn what_is_mounted_in_a_container_is_needed_until_its_run_ends() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let (own, mounted) = (layer(store, "own"), layer(store, "mounted"));
    let keep = add_image(store, "keep", std::slice::from_ref(&own), &["a.b/c:1"]).unwrap();
    let image = add_image(store, "mounted", std::slice::from_ref(&mounted), &["a.b/c:2"]).unwrap();
    store.create_root("c", &keep.layers).unwrap();
    let record = std::fs::read(fixture.path("containers/c/root.json")).unwrap();
    store.lower_dirs("c", &image.layers).unwrap();
    store.remove_image(&image.id).unwrap();
    store.reclaim().unwrap();
    assert!(store.has_layer(&mounted));
    assert_eq!(std::fs::read(fixture.path("containers/c/root.json")).unwrap(), record, "never written over");
    store.remove_upper_dirs("c").unwrap();
    store.reclaim().unwrap();
    assert!(!store.has_layer(&mounted) && store.has_layer(&own));
    assert_eq!(fixture.waste(), [""; 0]);
}

#[test]
fn an_upper_folder_that_is_a_link_changes_nothing_elsewhere() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let [source, link, target] = ["tmp/source", "tmp/link", "tmp/target"].map(|name| fixture.path(name));
    std::fs::create_dir(&source).unwrap();
    std::fs::create_dir(&target).unwrap();
    std::fs::set_permissions(&target, PermissionsExt::from_mode(0o700)).unwrap();
    std::fs::set_permissions(&source, PermissionsExt::from_mode(0o777)).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let given = Some((link, fixture.path("tmp/work")));
    assert!(matches!(fixture.store.upper_dirs("c", 0, &source, given), Err(Error::Io { .. })));
    assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn names_of_folders_are_checked() {
    let fixture = Fixture::new();
    for bad in ["", "..", ".hidden", "a/b", "a\0b", &"x".repeat(300)] {
        assert!(matches!(fixture.store.create_root(bad, &[]), Err(Error::InvalidFolder(_))), "{bad:?}");
        assert!(matches!(fixture.store.create_volume_dir(bad), Err(Error::InvalidFolder(_))), "{bad:?}");
        assert!(matches!(fixture.store.remove_root(bad), Err(Error::InvalidFolder(_))), "{bad:?}");
    }
}

#[test]
fn volumes_come_and_go() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let data = fixture.store.create_volume_dir("v").unwrap();
    assert_eq!(data, fixture.store.create_volume_dir("v").unwrap());
    assert_eq!(data.metadata().unwrap().permissions().mode() & 0o7777, 0o755);
    fixture.store.remove_volume_dir("v").unwrap();
    fixture.store.remove_volume_dir("v").unwrap();
    assert!(!data.exists());
}

#[test]
fn the_store_is_closed_to_other_users() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    assert_eq!(fixture.path("").metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

/// What the killed process does: everything once, over a base image that must survive all of it.
fn scenario(store: &Store) -> Result<(), Error> {
    let base = store.image_named("a.b/base:1")?.map(|id| store.image(&id)).transpose()?.flatten().unwrap();
    let top = add_layer(store, &Tar::new().file("d/x", b"one").file("d/x", b"two").end())?.diff_id;
    let layers = [base.layers[0].clone(), top];
    let image = add_image(store, "victim", &layers, &["a.b/victim:1", "a.b/victim:2"])?;
    for content in ["first", "second"] {
        let blob = Digest::sha256(content.as_bytes());
        let mut writer = store.begin_blob()?;
        std::io::Write::write_all(&mut writer, content.as_bytes()).unwrap();
        writer.finish(&blob)?;
        let artifact = Artifact { name: "victim".to_owned(), manifest: image.manifest.clone(), blobs: vec![blob] };
        store.commit_artifact(&artifact, &Prior::Anything)?;
    }
    for (name, layer) in [("victim 1", Some((layers[1].clone(), 1))), ("victim 2", None)] {
        store.remember_step(&Digest::sha256(name.as_bytes()), &Cached { layer, ..Cached::default() })?;
    }
    store.cache_folder("victim", Use::Alone)?;
    store.create_root("victim", &layers)?;
    store.create_volume_dir("victim")?;
    store.create_working("victim", &layers, b"{}")?;
    store.write_working_record(&store.lock_working_records()?, "victim", b"[]")?;
    store.reclaim()?;
    store.tag(&image.id, "a.b/victim:3")?;
    store.remove_root("victim")?;
    store.remove_working("victim")?;
    store.remove_image(&image.id)?;
    store.remove_artifact("victim")?;
    store.prune_cache(&CacheLimits { mounts: true, in_images: true, ..CacheLimits::default() })?;
    store.reclaim()
}

/// Not a test: what `a_kill_at_any_step_leaves_the_store_sound` starts.
#[test]
#[ignore]
fn child_runs_the_scenario() {
    if let Ok(folder) = std::env::var("STORE_TEST_FOLDER") {
        scenario(&open(Path::new(&folder))).unwrap();
    }
}

#[test]
fn a_kill_at_any_step_leaves_the_store_sound() {
    let program = std::env::current_exe().unwrap();
    for at in 1..500 {
        let fixture = Fixture::new();
        let base = add_image(&fixture.store, "base", &[layer(&fixture.store, "base")], &["a.b/base:1"]).unwrap();
        let status = Command::new(&program)
            .args(["--exact", "tests::child_runs_the_scenario", "--ignored", "-q"])
            .env("STORE_TEST_FOLDER", fixture.path(""))
            .env("STORE_TEST_KILL_AT", at.to_string())
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        check_sound(&fixture, &base, at);
        if status.success() {
            assert!(at > 30, "only {at} steps");
            return;
        }
    }
    panic!("never ends");
}

fn check_sound(fixture: &Fixture, base: &crate::Image, at: usize) {
    let store = open(&fixture.path(""));
    store.reclaim().unwrap();
    let images = store.images().unwrap();
    assert!(images.iter().any(|image| image.id == base.id && image.names == base.names), "step {at}");
    // Every image is whole, and nothing is there that no image or container needs.
    for image in &images {
        for layer in &image.layers {
            store.layer_tar(layer, &mut std::io::sink()).unwrap_or_else(|e| panic!("step {at}: {e}"));
        }
        store.blob(&image.id).unwrap();
        store.blob(&image.manifest).unwrap();
    }
    for artifact in store.artifacts().unwrap() {
        assert!(artifact.needed_blobs().all(|blob| store.verify_blob(blob).is_ok()), "step {at}");
    }
    let names: HashSet<String> = images.iter().flat_map(|image| image.names.clone()).collect();
    assert_eq!(names.len(), std::fs::read_dir(fixture.path("names")).unwrap().count(), "step {at}");
    let needed = store.references().unwrap();
    let list = |folder: &str| std::fs::read_dir(fixture.path(folder)).unwrap().count();
    assert_eq!(fixture.waste(), [""; 0], "step {at}");
    assert_eq!(list("layers"), needed.layers.len(), "step {at}");
    assert_eq!(list("blobs/sha256"), needed.blobs.len(), "step {at}");
    // And the next try works.
    for container in store.roots().unwrap() {
        store.remove_root(&container).unwrap();
    }
    for working in store.workings().unwrap() {
        assert!(store.working_record(&working).unwrap().is_some_and(|record| record.len() == 2), "step {at}");
        store.remove_working(&working).unwrap();
    }
    scenario(&store).unwrap_or_else(|e| panic!("after step {at}: {e}"));
}

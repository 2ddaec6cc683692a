//! The image inside the binary: `hello`, one layer with one static program, so that a fresh machine without any network
//! can run a container.
//!
//! `hello` and `localhost/hello` mean it when no such image is stored and no alias says otherwise; the alias that comes
//! with distributions, to Podman's image of the same purpose, doesn't. It is stored as `localhost/hello:latest` when first
//! used; its digests depend on the program only.

use crate::assemble::{Parts, assemble};
use crate::find::open;
use crate::short_name::alias;
use crate::{Context, Error, Resolved};
use oci::image::config::RootFs;
use oci::image::{ContainerConfig, History, ImageConfig};
use oci::reference::Name;
use oci::{Digest, Platform};
use store::Store;
use tar_core::EntryType;
use tar_core::builder::EntryBuilder;

/// Under which it is stored.
const NAME: &str = "localhost/hello:latest";
/// What shortnames.conf, as distributions ship it, makes of `hello`. Whoever has that file hasn't chosen it, and a machine
/// without a network couldn't follow it.
const SHIPPED_ALIAS: &str = "quay.io/podman/hello";
/// When it was made, as far as anybody is told.
const CREATED: &str = "2026-01-01T00:00:00Z";

/// Stores and opens it if `name` means it and it runs on `platform`.
pub(crate) fn by_name(
    store: &Store,
    context: &Context,
    name: &str,
    platform: Option<&Platform>,
) -> Result<Option<Resolved>, Error> {
    let Ok(name) = name.parse::<Name>() else { return Ok(None) };
    let host = Platform::host();
    if !is_meant(&name) || platform.is_some_and(|wanted| wanted.rank(&host).is_none()) {
        return Ok(None);
    }
    if name.registry.is_none() && alias(context, &name)?.is_some_and(|target| target != SHIPPED_ALIAS) {
        return Ok(None);
    }
    put(store, &host, sys::inside::HELLO).map(Some)
}

fn is_meant(name: &Name) -> bool {
    name.repository == "hello"
        && matches!(name.registry.as_deref(), None | Some("localhost"))
        && matches!(name.tag.as_deref(), None | Some("latest"))
        && name.digest.is_none()
}

fn put(store: &Store, platform: &Platform, program: &[u8]) -> Result<Resolved, Error> {
    let tar = layer(program)?;
    let diff_id = Digest::sha256(&tar);
    if !store.has_layer(&diff_id) {
        let mut layer = store.begin_layer()?;
        layer.apply(&mut tar.as_slice(), tar.len() as u64)?;
        layer.finish(&diff_id)?;
    }
    let layers = vec![(diff_id.clone(), tar.len() as u64)];
    let parts = Parts { layers, names: vec![NAME.to_owned()], ..Parts::default() };
    let (id, _) = assemble(store, &config(platform, &diff_id), &parts)?;
    open(store, &id, NAME.to_owned())
}

fn layer(program: &[u8]) -> Result<Vec<u8>, Error> {
    let impossible = |e: tar_core::HeaderError| Error::Archive { archive: NAME.to_owned(), why: e.to_string() };
    let mut entry = EntryBuilder::new_ustar();
    entry.path("hello").entry_type(EntryType::Regular);
    entry.mode(0o755).map_err(impossible)?;
    entry.size(program.len() as u64).map_err(impossible)?;
    entry.uid(0).map_err(impossible)?.gid(0).map_err(impossible)?.mtime(0).map_err(impossible)?;
    let mut tar = entry.finish_bytes();
    tar.extend_from_slice(program);
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    Ok(tar)
}

fn config(platform: &Platform, diff_id: &Digest) -> ImageConfig {
    ImageConfig {
        created: Some(CREATED.to_owned()),
        architecture: platform.architecture.clone(),
        variant: platform.variant.clone(),
        os: platform.os.clone(),
        config: Some(ContainerConfig {
            env: vec!["PATH=/".to_owned()],
            cmd: vec!["/hello".to_owned()],
            labels: [("org.opencontainers.image.title".to_owned(), "hello".to_owned())].into(),
            ..ContainerConfig::default()
        }),
        rootfs: RootFs { kind: "layers".to_owned(), diff_ids: vec![diff_id.clone()] },
        history: vec![History {
            created: Some(CREATED.to_owned()),
            created_by: Some("built into minke".to_owned()),
            ..History::default()
        }],
        ..ImageConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_names_mean_it() {
        for (name, meant) in [
            ("hello", true),
            ("hello:latest", true),
            ("localhost/hello", true),
            ("hello:1", false),
            ("library/hello", false),
            ("docker.io/hello", false),
            ("hello-world", false),
        ] {
            assert_eq!(is_meant(&name.parse().unwrap()), meant, "{name}");
        }
    }

    #[test]
    fn its_layer_is_the_same_every_time() {
        let tar = layer(b"program").unwrap();
        assert_eq!(tar, layer(b"program").unwrap());
        assert_eq!(tar.len(), 512 + 512 + 1024);
        assert_eq!(&tar[512..519], b"program");
    }
}

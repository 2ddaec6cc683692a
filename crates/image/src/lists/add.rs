//! From what the user names to entries of an index.

use crate::source::{Source, small_blob};
use crate::transport::open_source;
use crate::{Context, Error, Location, Quiet, choose, find_record};
use oci::image::{Descriptor, Document, ImageConfig, Index, Manifest};
use oci::media_type::{self, Kind, classify};
use oci::reference::Name;
use oci::{Digest, Platform};
use store::{Image, Member, Store};

/// One entry for a list, and where it is.
#[derive(Debug, Clone)]
pub struct Addition {
    /// For the index.
    pub entry: Descriptor,
    /// For the store.
    pub member: Member,
}

/// Which images of an index are meant.
#[derive(Debug, Clone, Copy)]
pub enum Choice<'a> {
    /// All.
    All,
    /// The one that suits.
    Suiting(&'a Platform),
}

/// Images by a name here, else in a registry, or by a location. Their manifests are in the store afterwards.
pub fn find_additions(
    store: &Store,
    context: &Context,
    name: &str,
    choice: Choice<'_>,
) -> Result<Vec<Addition>, Error> {
    match Location::unless_name(name).transpose()? {
        Some(Location::Storage(name)) => here(store, context, &name, choice),
        Some(location) => elsewhere(store, context, &location, choice),
        None => match here(store, context, name, choice) {
            Err(local @ Error::NotKnown { .. }) => {
                let location = Location::Docker(in_registry(name)?);
                elsewhere(store, context, &location, choice).map_err(|remote| Error::Located {
                    location: location.to_string(),
                    local: local.to_string(),
                    source: Box::new(remote),
                })
            }
            found => found,
        },
    }
}

fn in_registry(name: &str) -> Result<oci::Reference, Error> {
    Ok(crate::short_name::complete(name.parse::<Name>()?.in_registry("docker.io")))
}

fn here(store: &Store, context: &Context, name: &str, choice: Choice<'_>) -> Result<Vec<Addition>, Error> {
    let (record, _) = find_record(store, context, name)?;
    let Some(list) = &record.list else { return Ok(vec![stored(store, &record)?]) };
    let index = store.index(&record)?;
    let with_member = |entry: &Descriptor| {
        let member = list.members.iter().find(|member| member.manifest == entry.digest)?;
        Some(Addition { entry: entry.clone(), member: member.clone() })
    };
    match choice {
        Choice::All => Ok(index.manifests.iter().filter_map(with_member).collect()),
        Choice::Suiting(platform) => {
            let entry = suiting(&index, platform, name)?;
            Ok(with_member(entry).into_iter().collect())
        }
    }
}

fn suiting<'i>(index: &'i Index, platform: &Platform, name: &str) -> Result<&'i Descriptor, Error> {
    index.choose(platform).ok_or_else(|| Error::NoPlatform {
        what: name.to_owned(),
        wanted: Box::new(platform.clone()),
        offered: choose::offered(index),
    })
}

/// A stored image.
pub fn stored(store: &Store, image: &Image) -> Result<Addition, Error> {
    let bytes = store.blob(&image.manifest)?;
    let manifest: Option<Manifest> = serde_json::from_slice(&bytes).ok();
    let media_type = manifest.and_then(|manifest| manifest.media_type);
    let entry = descriptor(media_type, &image.manifest, bytes.len(), Some(image.platform.clone()));
    let member = Member {
        manifest: image.manifest.clone(),
        blobs: vec![image.manifest.clone(), image.id.clone()],
        layers: image.layers.clone(),
        origin: None,
        files: Default::default(),
    };
    Ok(Addition { entry, member })
}

fn elsewhere(
    store: &Store,
    context: &Context,
    location: &Location,
    choice: Choice<'_>,
) -> Result<Vec<Addition>, Error> {
    let location = absolute(location)?;
    let source = open_source(store, context, &location)?;
    let top = source.top()?;
    let invalid = |source| Error::Manifest { what: location.to_string(), source };
    let entries = match Document::parse(&top.bytes, top.media_type.as_deref()).map_err(invalid)? {
        Document::Manifest(manifest) => {
            let platform = platform(source.as_ref(), &manifest)?;
            let media_type = manifest.media_type.clone().or(top.media_type);
            store.put_blob(&top.digest, &top.bytes)?;
            return Ok(vec![at(&location, descriptor(media_type, &top.digest, top.bytes.len(), platform))]);
        }
        Document::Index(index) => match choice {
            Choice::All => index.manifests,
            Choice::Suiting(platform) => vec![suiting(&index, platform, &location.to_string())?.clone()],
        },
    };
    let mut additions = Vec::with_capacity(entries.len());
    for entry in entries {
        store.put_blob(&entry.digest, &source.manifest(&entry)?)?;
        additions.push(at(&location, entry));
    }
    Ok(additions)
}

fn at(location: &Location, entry: Descriptor) -> Addition {
    let member = Member {
        manifest: entry.digest.clone(),
        blobs: vec![entry.digest.clone()],
        layers: Vec::new(),
        origin: Some(location.to_string()),
        files: Default::default(),
    };
    Addition { entry, member }
}

/// The list may be pushed from another folder.
fn absolute(location: &Location) -> Result<Location, Error> {
    let full =
        |path: &std::path::Path| std::path::absolute(path).map_err(Error::io(format!("find {}", path.display())));
    Ok(match location.clone() {
        Location::Oci { path, image } => Location::Oci { path: full(&path)?, image },
        Location::OciArchive { path, image } => Location::OciArchive { path: full(&path)?, image },
        Location::DockerArchive { path, image } => Location::DockerArchive { path: full(&path)?, image },
        Location::Dir(path) => Location::Dir(full(&path)?),
        other => other,
    })
}

/// For what an image is, by its configuration; artifacts are for none.
fn platform(source: &dyn Source, manifest: &Manifest) -> Result<Option<Platform>, Error> {
    if classify(&manifest.config.media_type) != Kind::Config {
        return Ok(None);
    }
    let what = format!("configuration of {}", source.name());
    let bytes = small_blob(source, &manifest.config, &what, oci::image::config::MAX_BYTES as u64, &Quiet)?;
    let config = ImageConfig::parse(&bytes, None).map_err(|source| Error::Config { what, source })?;
    Ok(Some(config.platform()))
}

fn descriptor(media_type: Option<String>, digest: &Digest, size: usize, platform: Option<Platform>) -> Descriptor {
    let media_type = media_type.unwrap_or_else(|| media_type::OCI_MANIFEST.to_owned());
    Descriptor { platform, ..Descriptor::new(media_type, digest.clone(), size as u64) }
}

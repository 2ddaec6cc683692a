//! Looking at an image where it is, without copying it; and deleting it there.

use crate::archive::Members;
use crate::choose::{Choice, choose};
use crate::folder::Folder;
use crate::source::{Fetched, Source, small_blob};
use crate::transport::{image_files, layout_delete, wanted};
use crate::{Context, Error, Location, Quiet};
use oci::image::{Document, Manifest};
use oci::media_type::{Kind, classify};
use oci::{Digest, Platform};
use std::path::Path;

/// What a location stands for, and the image of it that suits.
#[derive(Debug, Clone)]
pub struct Look {
    /// An image's manifest or an index.
    pub top: Fetched,
    /// The suiting image's.
    pub manifest: Manifest,
    /// Its bytes.
    pub chosen: Fetched,
    /// Its configuration, as it is.
    pub config: Vec<u8>,
}

/// Fetches manifests and the configuration.
pub fn look(source: &dyn Source, platform: Option<&Platform>) -> Result<Look, Error> {
    let top = source.top()?;
    let host = Platform::host();
    let Choice { manifest, fetched } = choose(source, top.clone(), platform.unwrap_or(&host))?;
    let what = format!("configuration {} of {}", manifest.config.digest, source.name());
    let limit = oci::image::config::MAX_BYTES as u64;
    let config = small_blob(source, &manifest.config, &what, limit, &Quiet)?;
    Ok(Look { top, manifest, chosen: fetched, config })
}

/// What lies at a place, as far as that can be told without fetching it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// The manifest's.
    pub digest: Digest,
    /// Of several images.
    pub is_index: bool,
}

/// What is there: registries are asked, folders of `dir:` looked into. `None`: nothing is there, or it can't be told.
pub fn present(context: &Context, location: &Location) -> Result<Option<Present>, Error> {
    match location {
        Location::Docker(reference) => claimed(context, reference),
        Location::Dir(path) => {
            let folder = Folder::new(path);
            let bytes = folder.read_small("manifest.json", oci::image::manifest::MAX_BYTES as u64)?;
            Ok(bytes.map(|bytes| Present {
                digest: Digest::sha256(&bytes),
                is_index: matches!(Document::parse(&bytes, None), Ok(Document::Index(_))),
            }))
        }
        _ => Ok(None),
    }
}

fn claimed(context: &Context, reference: &oci::Reference) -> Result<Option<Present>, Error> {
    let endpoint = context.registries.get()?.push_endpoint(&reference.to_string())?;
    let (client, place) = context.client(&endpoint)?;
    let claim = match client.claim(&place.repository, &wanted(&place)) {
        Err(error) if error.is_absence() => return Ok(None),
        claim => claim?,
    };
    // Without a type it may be an index.
    let is_index = claim.media_type.is_none_or(|media_type| classify(&media_type) != Kind::Manifest);
    Ok(claim.digest.map(|digest| Present { digest, is_index }))
}

/// The manifests that a tag in a registry needs: what it stands for, and if that is an index, all in it. Empty: nothing is
/// there, or it can't be told.
pub fn needed(context: &Context, reference: &oci::Reference) -> Result<Vec<Digest>, Error> {
    let Some(top) = claimed(context, reference)? else { return Ok(Vec::new()) };
    let mut all = vec![top.digest.clone()];
    if top.is_index {
        let endpoint = context.registries.get()?.push_endpoint(&reference.to_string())?;
        let (client, place) = context.client(&endpoint)?;
        let fetched = client.manifest(&place.repository, top.digest.as_str())?;
        if let Ok(Document::Index(index)) = Document::parse(&fetched.bytes, None) {
            all.extend(index.manifests.into_iter().map(|entry| entry.digest));
        }
    }
    Ok(all)
}

/// Deletes a tag alone; false if that can't be done without deleting others that stand for the same.
pub fn delete_tag(context: &Context, reference: &oci::Reference) -> Result<bool, Error> {
    let endpoint = context.registries.get()?.push_endpoint(&reference.to_string())?;
    let (client, place) = context.client(&endpoint)?;
    Ok(client.delete_tag(&place.repository, &wanted(&place))?)
}

/// Deletes what a location stands for, in its registry or its layout.
pub fn delete(context: &Context, location: &Location) -> Result<(), Error> {
    let reference = match location {
        Location::Docker(reference) => reference,
        Location::Oci { path, image } => {
            return layout_delete::delete(path, image.as_ref(), context.shared_blobs.as_deref());
        }
        other => return Err(Error::Direction { transport: other.transport(), what: "a place to delete from" }),
    };
    let endpoint = context.registries.get()?.push_endpoint(&reference.to_string())?;
    let (client, place) = context.client(&endpoint)?;
    let digest = match &place.digest {
        Some(digest) => digest.clone(),
        None => client.manifest(&place.repository, place.tag.as_deref().unwrap_or("latest"))?.digest,
    };
    Ok(client.delete_manifest(&place.repository, &digest)?)
}

/// Deletes a folder of `dir:`, or tells whether it would. False, and nothing is touched, if it has no image or more than that.
pub fn delete_folder(path: &Path, dry_run: bool) -> Result<bool, Error> {
    let Some(files) = image_files(path)? else { return Ok(false) };
    if dry_run {
        return Ok(true);
    }
    let what = || format!("delete {}", path.display());
    files.iter().try_for_each(|file| std::fs::remove_file(file).map_err(Error::io(what())))?;
    std::fs::remove_dir(path).map_err(Error::io(what()))?;
    Ok(true)
}

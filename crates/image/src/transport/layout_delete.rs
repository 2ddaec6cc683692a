//! Deleting an image of an OCI layout: its entry in the index, then what of it no other image needs.
//!
//! Blobs that several layouts share are left alone: what the others need isn't known here.

use super::layout::{blob_path, choose, encode, read_index};
use super::layout_folder::Layout;
use super::tar_file::write_file;
use crate::Error;
use crate::archive::Members;
use crate::location::Pick;
use oci::Digest;
use oci::image::{Descriptor, Document};
use oci::media_type::{Kind, classify};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::collections::HashSet;
use std::path::Path;

/// Indexes may name indexes, this deep.
const DEEPEST: usize = 4;

/// Deletes the image that is asked for, else the only one. Nothing is changed if what the others need can't be told.
pub(crate) fn delete(path: &Path, pick: Option<&Pick>, shared: Option<&Path>) -> Result<(), Error> {
    let members = Layout::new(path, shared);
    let mut index = read_index(&members)?.ok_or_else(|| Error::Archive {
        archive: members.name().to_owned(),
        why: "there is no index.json in it".to_owned(),
    })?;
    let gone = match choose(&members, &index, pick)? {
        Some(chosen) => {
            let at = index.manifests.iter().position(|entry| *entry == chosen);
            at.map(|at| index.manifests.remove(at)).into_iter().collect()
        }
        None => std::mem::take(&mut index.manifests),
    };
    let (kept, mut unneeded) = (needed(&members, &index.manifests)?, needed(&members, &gone)?);
    unneeded.retain(|digest| !kept.contains(digest));
    write_file(&path.join("index.json"), &encode(&index)?)?;
    unneeded.iter().try_for_each(|digest| delete_blob(path, digest))
}

/// Blobs that lie elsewhere, behind a link, may be others' as well.
fn delete_blob(layout: &Path, digest: &Digest) -> Result<(), Error> {
    let blob = layout.join(blob_path(digest));
    let failed = |e: std::io::Error| Error::io(format!("delete {}", blob.display()))(e);
    let root = rustix::fs::open(layout, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let folder = Path::new("blobs").join(digest.algorithm());
    let folder = match sys::path::open_without_links(root.map_err(|e| failed(e.into()))?, &folder, OFlags::PATH, 0) {
        Err(e) if is_elsewhere(&e) => return Ok(()),
        folder => folder.map_err(failed)?,
    };
    match rustix::fs::unlinkat(folder, digest.hex(), AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(e) => Err(failed(e.into())),
    }
}

fn is_elsewhere(error: &std::io::Error) -> bool {
    [Errno::NOENT, Errno::LOOP].contains(&Errno::from_io_error(error).unwrap_or(Errno::IO))
}

/// All blobs that entries lead to.
fn needed(members: &Layout, entries: &[Descriptor]) -> Result<HashSet<Digest>, Error> {
    let mut found = HashSet::new();
    for entry in entries {
        follow(members, entry, DEEPEST, &mut found)?;
    }
    Ok(found)
}

/// A manifest that isn't there (an index may be there without some of its images) needs nothing.
fn follow(members: &Layout, entry: &Descriptor, depth: usize, found: &mut HashSet<Digest>) -> Result<(), Error> {
    if !found.insert(entry.digest.clone()) || !matches!(classify(&entry.media_type), Kind::Manifest | Kind::Index) {
        return Ok(());
    }
    let limit = oci::image::manifest::MAX_BYTES as u64;
    let Some(bytes) = members.read_small(&blob_path(&entry.digest), limit)? else { return Ok(()) };
    let what = format!("manifest {} of {}", entry.digest, members.name());
    match Document::parse(&bytes, Some(&entry.media_type)) {
        Ok(Document::Manifest(manifest)) => {
            found.extend([&manifest.config].into_iter().chain(&manifest.layers).map(|blob| blob.digest.clone()));
            Ok(())
        }
        Ok(Document::Index(_)) if depth == 0 => Err(Error::TooDeep { what, limit: DEEPEST }),
        Ok(Document::Index(index)) => {
            index.manifests.iter().try_for_each(|entry| follow(members, entry, depth - 1, found))
        }
        Err(source) => Err(Error::Manifest { what, source }),
    }
}

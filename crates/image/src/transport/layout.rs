//! `oci:`: an OCI image layout in a folder, and reading one wherever it lies.

use super::tar_file::write_file;
use crate::archive::Members;
use crate::content::{Content, Sum};
use crate::copy::Copied;
use crate::error::printable;
use crate::location::Pick;
use crate::sink::{Blob, Format, Layers, Needs, Place, Sink};
use crate::source::{Fetched, Source};
use crate::{Error, Location};
use oci::image::{Descriptor, Document, Index};
use oci::media_type::{self, Kind, classify};
use oci::{Digest, Reference};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Where tools write an image's name: containerd's is always a full one.
const NAME_ANNOTATIONS: [&str; 2] = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];
/// The file that says that a folder is a layout.
pub(super) const MARK: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// One image of a layout.
pub struct LayoutSource<M> {
    members: M,
    location: Location,
    index: Index,
    /// `None`: the index itself is the image.
    chosen: Option<Descriptor>,
}

impl<M: Members> LayoutSource<M> {
    /// The image that is asked for, else the only one.
    pub(crate) fn open(members: M, location: Location, pick: Option<&Pick>) -> Result<LayoutSource<M>, Error> {
        let index = read_index(&members)?.ok_or_else(|| Error::Archive {
            archive: members.name().to_owned(),
            why: "there is no index.json in it".to_owned(),
        })?;
        let chosen = choose(&members, &index, pick)?;
        Ok(LayoutSource { members, location, index, chosen })
    }
}

/// How the image that is read is called.
pub(crate) fn layout_name<M>(source: &LayoutSource<M>) -> Option<String> {
    source.chosen.as_ref().and_then(name_of)
}

/// `None` without an `index.json`.
pub(crate) fn read_index<M: Members + ?Sized>(members: &M) -> Result<Option<Index>, Error> {
    let limit = oci::image::manifest::MAX_BYTES as u64;
    let Some(bytes) = members.read_small("index.json", limit)? else { return Ok(None) };
    let invalid = |source| Error::Manifest { what: format!("index.json of {}", members.name()), source };
    match Document::parse(&bytes, Some(media_type::OCI_INDEX)).map_err(invalid)? {
        Document::Index(index) => Ok(Some(index)),
        Document::Manifest(_) => {
            Err(Error::Archive { archive: members.name().to_owned(), why: "index.json is no index".to_owned() })
        }
    }
}

pub(super) fn choose<M: Members>(members: &M, index: &Index, pick: Option<&Pick>) -> Result<Option<Descriptor>, Error> {
    let wrong = |why: String| Error::Archive { archive: members.name().to_owned(), why };
    match pick {
        Some(Pick::Index(at)) => match index.manifests.get(*at) {
            Some(descriptor) => Ok(Some(descriptor.clone())),
            None => Err(wrong(format!("index {at} is too large, there are {} images in it", index.manifests.len()))),
        },
        Some(Pick::Name(name)) => match index.manifests.iter().find(|d| name_of(d).as_deref() == Some(name)) {
            Some(descriptor) => Ok(Some(descriptor.clone())),
            None => Err(Error::NotThere { archive: members.name().to_owned(), name: printable(name) }),
        },
        None => only(index).map_err(|why| wrong(why.to_owned())),
    }
}

/// Without a name: the only image, or the index of one image for several platforms.
fn only(index: &Index) -> Result<Option<Descriptor>, &'static str> {
    let images: Vec<_> = index.manifests.iter().filter(|d| is_image(d)).collect();
    match images.as_slice() {
        [] => Err("index.json lists no image"),
        [one] => Ok(Some((*one).clone())),
        several if several.iter().all(|d| name_of(d).is_none() && d.platform.is_some()) => Ok(None),
        _ => Err("there are several images in it: say which, as :NAME or :@INDEX"),
    }
}

/// How `load` asks for each of the images: all that have names, or else the one for this machine.
pub(crate) fn picks(index: &Index) -> Vec<(Option<Pick>, Option<String>)> {
    let images = || index.manifests.iter().enumerate().filter(|(_, d)| is_image(d));
    let several_platforms = images().count() > 1 && images().all(|(_, d)| name_of(d).is_none() && d.platform.is_some());
    if several_platforms {
        return vec![(None, None)];
    }
    images().map(|(at, d)| (Some(Pick::Index(at)), name_of(d))).collect()
}

/// Signatures and attestations lie beside images.
fn is_image(descriptor: &Descriptor) -> bool {
    matches!(classify(&descriptor.media_type), Kind::Manifest | Kind::Index)
        && !descriptor.annotations.contains_key("vnd.docker.reference.type")
}

pub(crate) fn name_of(descriptor: &Descriptor) -> Option<String> {
    NAME_ANNOTATIONS.iter().find_map(|key| descriptor.annotations.get(*key)).filter(|name| !name.is_empty()).cloned()
}

/// The full name for an annotation: what has no registry is `localhost/`'s.
pub(crate) fn full_name(annotation: &str) -> Result<Reference, Error> {
    let name: oci::reference::Name = annotation.parse()?;
    let mut reference = name.in_registry("localhost");
    reference.digest = None;
    Ok(reference.with_default_tag())
}

impl<M: Members> Source for LayoutSource<M> {
    fn name(&self) -> String {
        self.members.name().to_owned()
    }

    fn location(&self) -> Location {
        self.location.clone()
    }

    fn top(&self) -> Result<Fetched, Error> {
        match &self.chosen {
            Some(descriptor) => {
                let bytes = self.manifest(descriptor)?;
                let media_type = Some(descriptor.media_type.clone());
                Ok(Fetched { bytes, media_type, digest: descriptor.digest.clone() })
            }
            None => {
                let bytes = serde_json::to_vec(&self.index)
                    .map_err(|e| Error::Io { what: "encode an index".to_owned(), source: e.into() })?;
                Ok(Fetched::new(bytes, Some(media_type::OCI_INDEX.to_owned())))
            }
        }
    }

    fn blob(&self, descriptor: &Descriptor, from: u64) -> Result<Box<dyn Read + Send + '_>, Error> {
        let member = self.members.open(&blob_path(&descriptor.digest))?.ok_or_else(|| Error::Archive {
            archive: self.members.name().to_owned(),
            why: format!("blob {} is missing", printable(descriptor.digest.as_str())),
        })?;
        member.from(from)
    }
}

/// Where a blob lies in a layout.
pub(super) fn blob_path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.hex())
}

/// A layout that is written. Images that are in it already stay.
pub struct LayoutSink {
    path: PathBuf,
    /// In place of its folder `blobs`.
    blobs: PathBuf,
    image: Option<Pick>,
}

impl LayoutSink {
    /// Made if it isn't there.
    pub fn create(path: &Path, image: Option<&Pick>, shared: Option<&Path>) -> Result<LayoutSink, Error> {
        refuse_index(image)?;
        let blobs = shared.map_or_else(|| path.join("blobs"), Path::to_owned);
        for folder in [&path.join("blobs"), &blobs.join("sha256")] {
            std::fs::create_dir_all(folder).map_err(Error::io(format!("create {}", folder.display())))?;
        }
        write_file(&path.join("oci-layout"), MARK)?;
        Ok(LayoutSink { path: path.to_owned(), blobs, image: image.cloned() })
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        self.blobs.join(digest.algorithm()).join(digest.hex())
    }
}

/// `@index` is for reading.
pub(super) fn refuse_index(image: Option<&Pick>) -> Result<(), Error> {
    match image {
        Some(Pick::Index(_)) => {
            Err(Error::Name { name: "@index".to_owned(), why: "a destination can't be given by its index" })
        }
        _ => Ok(()),
    }
}

/// A file of the right size: what a power cut left empty is written again.
pub(super) fn is_whole(path: &Path, size: u64) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == size)
}

pub(super) fn needs() -> Needs {
    Needs {
        formats: &[Format::Oci],
        proves_diff_ids: false,
        layers: Layers::Compress,
        parallel: true,
        images_only: false,
        exact: false,
    }
}

impl Sink for LayoutSink {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn location(&self) -> Location {
        Location::Oci { path: self.path.clone(), image: self.image.clone() }
    }

    fn needs(&self) -> Needs {
        needs()
    }

    fn has(&self, blob: &Blob<'_>) -> Result<bool, Error> {
        Ok(is_whole(&self.blob(&blob.descriptor.digest), blob.descriptor.size))
    }

    fn put(&self, _blob: &Blob<'_>, content: Content<'_>) -> Result<Sum, Error> {
        write_blob(&self.blobs, content, |sum| self.blob(&sum.digest))
    }

    fn put_manifest(&self, manifest: &Fetched, _place: Place) -> Result<(), Error> {
        write_file(&self.blob(&manifest.digest), &manifest.bytes)
    }

    fn commit(&self, copied: &Copied) -> Result<(), Error> {
        let folder = crate::folder::Folder::new(&self.path);
        let old = read_index(&folder)?;
        let index = with_image(old, &copied.written, self.image.as_ref());
        let bytes = encode(&index)?;
        write_file(&self.path.join("index.json"), &bytes)
    }
}

/// The index with one image more: it takes the place of one with the same name, or the same content without a name.
pub(super) fn with_image(old: Option<Index>, written: &Fetched, image: Option<&Pick>) -> Index {
    let mut index = old.unwrap_or_else(|| Index {
        schema_version: 2,
        media_type: Some(media_type::OCI_INDEX.to_owned()),
        manifests: Vec::new(),
        subject: None,
        annotations: BTreeMap::new(),
    });
    let name = match image {
        Some(Pick::Name(name)) => Some(name.clone()),
        _ => None,
    };
    let annotations = name.iter().map(|name| (NAME_ANNOTATIONS[1].to_owned(), name.clone())).collect();
    let media_type = written.media_type.clone().unwrap_or_else(|| media_type::OCI_MANIFEST.to_owned());
    let plain = Descriptor::new(media_type, written.digest.clone(), written.bytes.len() as u64);
    let entry = Descriptor { annotations, ..plain };
    index.manifests.retain(|old| match &name {
        Some(name) => old.annotations.get(NAME_ANNOTATIONS[1]) != Some(name),
        None => old.digest != entry.digest || name_of(old).is_some(),
    });
    index.manifests.push(entry);
    index
}

pub(super) fn encode(index: &Index) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(index).map_err(|e| Error::Io { what: "encode an index".to_owned(), source: e.into() })
}

/// Writes a blob beside and renames it to where its digest says.
pub(super) fn write_blob(
    folder: &Path,
    mut content: Content<'_>,
    path: impl FnOnce(&Sum) -> PathBuf,
) -> Result<Sum, Error> {
    let mut file = tempfile_in(folder)?;
    copy_to(&mut content, &mut file.1, &file.0)?;
    let sum = content.finish()?;
    let target = path(&sum);
    // Digests of other kinds have a folder of their own.
    let parent = target.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(Error::io(format!("create {}", parent.display())))?;
    std::fs::rename(&file.0.0, &target).map_err(Error::io(format!("write {}", target.display())))?;
    Ok(sum)
}

/// Removed again unless it was renamed.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Gone already in the usual case.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn tempfile_in(folder: &Path) -> Result<(Unfinished, File), Error> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!(".unfinished-{}-{number}", std::process::id()));
    let file = File::create(&path).map_err(Error::io(format!("create {}", path.display())))?;
    Ok((Unfinished(path), file))
}

fn copy_to(content: &mut Content<'_>, file: &mut File, path: &Unfinished) -> Result<(), Error> {
    let mut buffer = vec![0; 256 << 10];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                file.write_all(&buffer[..count]).map_err(Error::io(format!("write {}", path.0.display())))?;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Error::io(format!("read {}", content.what()))(e)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_become_full_names() {
        assert_eq!(full_name("quay.io/a/b:1").unwrap().to_string(), "quay.io/a/b:1");
        assert_eq!(full_name("a").unwrap().to_string(), "localhost/a:latest");
        assert_eq!(full_name("docker.io/a:2").unwrap().to_string(), "docker.io/library/a:2");
        assert!(full_name("A b").is_err());
    }

    #[test]
    fn an_image_replaces_the_one_with_its_name() {
        let image = |text: &str| Fetched::new(text.as_bytes().to_vec(), None);
        let name = |name: &str| Some(Pick::Name(name.to_owned()));
        let index = with_image(None, &image("1"), name("a").as_ref());
        let index = with_image(Some(index), &image("2"), name("b").as_ref());
        let index = with_image(Some(index), &image("3"), name("a").as_ref());
        let found: Vec<_> = index.manifests.iter().map(|d| (name_of(d).unwrap(), d.digest.clone())).collect();
        assert_eq!(found, [("b".to_owned(), Digest::sha256(b"2")), ("a".to_owned(), Digest::sha256(b"3"))]);
        let index = with_image(Some(index), &image("3"), None);
        assert_eq!(with_image(Some(index.clone()), &image("3"), None), index);
    }
}

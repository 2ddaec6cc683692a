//! Image records: `images/<hex of id>.json`, written whole under the store's lock.

use crate::blob::NEW_BLOBS;
use crate::error::{At, Error};
use crate::list::List;
use crate::location::Store;
use crate::name::canonical;
use oci::Digest;
use oci::image::ImageConfig;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// One image as the store knows it: `images/<id>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// Digest of the configuration blob.
    pub id: Digest,
    /// Digest of the manifest blob it was stored with (the newest, if several have this configuration).
    pub manifest: Digest,
    /// DiffIDs, lowest first.
    pub layers: Vec<Digest>,
    /// `registry/repository@digest` by which it was pulled, oldest first.
    pub repo_digests: Vec<String>,
    /// Those of `repo_digests` by which somebody asked for it, instead of by a tag: they count as names when it is to be
    /// known whether anybody wants the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pinned: Vec<String>,
    /// Fully qualified `registry/repository:tag`; not in the file but gathered from `names/`.
    #[serde(skip)]
    pub names: Vec<String>,
    /// From the configuration, RFC 3339 (for listings).
    pub created: Option<String>,
    /// Bytes, counted as Podman does: all layers' uncompressed tar streams, the configuration, and the manifest twice (it
    /// keeps that under two names).
    pub size: u64,
    /// `os/arch[/variant]`.
    pub platform: oci::Platform,
    /// Labels (for filters).
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// It is in an additional store, where nothing is changed.
    #[serde(skip)]
    pub read_only: bool,
    /// It is no image but a list: `manifest` is an index, `id` was made up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<List>,
}

/// What [`Store::commit_image`] needs. Layers and blobs must be in the store already.
#[derive(Debug, Clone)]
pub struct NewImage {
    /// See [`Image`].
    pub id: Digest,
    /// See [`Image`].
    pub manifest: Digest,
    /// See [`Image`].
    pub layers: Vec<Digest>,
    /// Added to the record.
    pub repo_digest: Option<String>,
    /// Names to give it, taken from whichever image had them.
    pub names: Vec<String>,
}

impl Image {
    /// Nobody has a name for it, neither a tag nor a digest.
    pub fn is_dangling(&self) -> bool {
        self.names.is_empty() && self.pinned.is_empty()
    }
}

impl Store {
    /// All images with their names, unordered; those of additional stores last. One that is in several is told several times.
    pub fn images(&self) -> Result<Vec<Image>, Error> {
        let mut names = self.all_names()?;
        let mut images = self.image_records()?;
        for image in &mut images {
            image.names = names.remove(&image.id).unwrap_or_default();
        }
        images.extend(self.additional().flat_map(|content| content.images.iter().cloned()));
        Ok(images)
    }

    /// By exact id.
    pub fn image(&self, id: &Digest) -> Result<Option<Image>, Error> {
        let Some(mut image) = self.own_record(id)? else { return Ok(self.additional_image(id).cloned()) };
        image.names = self.all_names()?.remove(id).unwrap_or_default();
        Ok(Some(image))
    }

    /// Ids that begin with these hex digits (at least 1).
    pub fn images_by_prefix(&self, hex: &str) -> Result<Vec<Digest>, Error> {
        if hex.is_empty() {
            return Ok(Vec::new());
        }
        let mut ids = self.image_ids()?;
        ids.extend(self.additional().flat_map(|content| content.images.iter().map(|image| image.id.clone())));
        ids.retain(|id| id.hex().starts_with(hex));
        ids.sort();
        ids.dedup();
        Ok(ids)
    }

    /// Records an image; fails with [`Error::MissingLayer`] if a layer vanished meanwhile: the caller fetches again.
    pub fn commit_image(&self, new: NewImage) -> Result<Image, Error> {
        self.commit_image_with(&[], new)
    }

    /// The same of an image whose configuration and manifest are at hand: they are stored with it, and nobody can remove an image
    /// of the same content, and its blobs, in between.
    pub fn commit_image_with(&self, blobs: &[(&Digest, &[u8])], new: NewImage) -> Result<Image, Error> {
        let names = new.names.iter().map(|name| canonical(name)).collect::<Result<Vec<_>, _>>()?;
        // Before the other lock, as everywhere.
        self.writing()?;
        let lock = self.lock()?;
        for (digest, content) in blobs {
            self.put_blob(digest, content)?;
        }
        let config = self.config(&new.id)?;
        let manifest = self.blob(&new.manifest)?;
        let mut size = 2 * manifest.len() as u64 + self.blob(&new.id)?.len() as u64;
        for layer in &new.layers {
            size += self.layer_size(layer)?;
        }
        let old = self.own_record(&new.id)?;
        let image = merge(new, &config, size, old.as_ref());
        crate::step::point();
        self.write_record(&image)?;
        for name in &names {
            crate::step::point();
            self.write_name(&image.id, name)?;
        }
        crate::step::point();
        if old.is_some_and(|old| old.manifest != image.manifest) {
            // The old manifest may be waste now: `reclaim` finds out.
            self.touch(NEW_BLOBS)?;
        }
        drop(lock);
        self.written();
        Ok(Image { names: self.all_names()?.remove(&image.id).unwrap_or_default(), ..image })
    }

    /// It isn't wanted by that digest any more; `None`: by none.
    pub fn unpin(&self, id: &Digest, digest: Option<&str>) -> Result<(), Error> {
        let _lock = self.lock()?;
        let Some(mut image) = self.own_record(id)? else { return Ok(()) };
        let before = image.pinned.len();
        image.pinned.retain(|pinned| digest.is_some_and(|digest| digest != pinned));
        if image.pinned.len() == before { Ok(()) } else { self.write_record(&image) }
    }

    /// Removes record, names, and whatever layers and blobs no other image or container needs (renamed to the trash, deleted later).
    pub fn remove_image(&self, id: &Digest) -> Result<(), Error> {
        let _lock = self.lock()?;
        let image = match self.own_record(id)? {
            None if self.additional_image(id).is_some() => return Err(Error::ReadOnlyImage(id.hex().to_owned())),
            image => image.ok_or_else(|| Error::NoSuchImage(id.clone()))?,
        };
        // Notes for whoever comes after a crash in the middle.
        self.touch(NEW_BLOBS)?;
        for layer in image.needed_layers() {
            self.touch(&crate::layer::note(layer))?;
        }
        for name in self.all_names()?.remove(id).unwrap_or_default() {
            crate::step::point();
            self.delete_name(&name)?;
        }
        crate::step::point();
        let path = self.image_path(id);
        std::fs::remove_file(&path).at("remove image record", &path)?;
        crate::step::point();
        let layers: Vec<_> = image.needed_layers().cloned().collect();
        let blobs: Vec<_> = image.needed_blobs().cloned().collect();
        self.drop_unreferenced(&layers, &blobs)
    }

    /// Like [`Store::image`] but without names: one file is read. A record that a power cut left broken counts as none.
    pub fn image_record(&self, id: &Digest) -> Result<Option<Image>, Error> {
        Ok(self.own_record(id)?.or_else(|| self.additional_image(id).cloned()))
    }

    /// The same without additional stores.
    pub(crate) fn own_record(&self, id: &Digest) -> Result<Option<Image>, Error> {
        read_record(&self.image_path(id)).map(|image| image.filter(|image| image.id == *id))
    }

    pub(crate) fn image_records(&self) -> Result<Vec<Image>, Error> {
        let mut images = Vec::new();
        for id in self.image_ids()? {
            images.extend(self.own_record(&id)?);
        }
        Ok(images)
    }

    fn image_ids(&self) -> Result<Vec<Digest>, Error> {
        let folder = self.folder("images");
        let mut ids = Vec::new();
        for entry in std::fs::read_dir(&folder).at("list", &folder)? {
            let name = entry.at("list", &folder)?.file_name();
            let hex = name.to_str().and_then(|name| name.strip_suffix(".json"));
            ids.extend(hex.and_then(|hex| Digest::from_sha256_hex(hex).ok()));
        }
        Ok(ids)
    }

    pub(crate) fn write_record(&self, image: &Image) -> Result<(), Error> {
        let path = self.image_path(&image.id);
        let json = serde_json::to_vec(image).map_err(io::Error::from).at("encode image record", &path)?;
        self.write_atomically(&path, &json)
    }

    fn config(&self, id: &Digest) -> Result<ImageConfig, Error> {
        ImageConfig::parse(&self.blob(id)?, None).map_err(|source| Error::Config { id: id.clone(), source })
    }
}

fn read_record(path: &Path) -> Result<Option<Image>, Error> {
    let text = match std::fs::read(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.at("read image record", path)?,
    };
    let image = serde_json::from_slice(&text).ok();
    if image.is_none() {
        log::warn!("ignoring damaged image record {}", path.display());
    }
    Ok(image)
}

fn merge(new: NewImage, config: &ImageConfig, size: u64, old: Option<&Image>) -> Image {
    let mut repo_digests = old.map(|old| old.repo_digests.clone()).unwrap_or_default();
    let mut pinned = old.map(|old| old.pinned.clone()).unwrap_or_default();
    let asked_for = new.repo_digest.iter().filter(|_| new.names.is_empty());
    let asked_for: Vec<_> = asked_for.filter(|digest| !pinned.contains(digest)).cloned().collect();
    pinned.extend(asked_for);
    repo_digests.extend(new.repo_digest.filter(|digest| !repo_digests.contains(digest)));
    Image {
        id: new.id,
        manifest: new.manifest,
        layers: new.layers,
        repo_digests,
        pinned,
        names: Vec::new(),
        created: config.created.clone(),
        size,
        platform: config.platform(),
        labels: config.config.as_ref().map(|c| c.labels.clone()).unwrap_or_default(),
        read_only: false,
        list: None,
    }
}

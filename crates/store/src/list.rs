//! Lists of images: records like those of images, whose manifest is an index that may change.
//!
//! A list keeps what its images consist of, as far as it is in the store. What is elsewhere is told by where it is.

use crate::blob::NEW_BLOBS;
use crate::error::Error;
use crate::image::Image;
use crate::location::Store;
use crate::name::canonical;
use oci::image::{Document, Index};
use oci::{Digest, Platform, media_type};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

/// What makes an image record one of a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct List {
    /// One for each entry of the index.
    pub members: Vec<Member>,
}

/// Where an entry of an index is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Digest of its manifest.
    pub manifest: Digest,
    /// Blobs of it that are in the store: its manifest at least.
    pub blobs: Vec<Digest>,
    /// DiffIDs of the layers that it has in the store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Digest>,
    /// `transport:path` of the place that has the other blobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Blobs that are files of an artifact.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<Digest, PathBuf>,
}

/// An index without entries, as a new list has it.
pub fn empty_index() -> Index {
    Index {
        schema_version: 2,
        media_type: Some(media_type::OCI_INDEX.to_owned()),
        manifests: Vec::new(),
        subject: None,
        annotations: BTreeMap::new(),
    }
}

impl Store {
    /// Records a new list under these names, which it takes from whichever image had them. Its blobs must be in the store.
    /// `created` is an RFC 3339 time.
    pub fn create_list(
        &self,
        names: &[String],
        created: String,
        index: &Index,
        members: Vec<Member>,
    ) -> Result<Image, Error> {
        let names = names.iter().map(|name| canonical(name)).collect::<Result<Vec<_>, _>>()?;
        // Before the store's lock, as everywhere.
        self.writing()?;
        let seed = format!("{}{}", crate::lock::random_name(), crate::lock::random_name());
        let image = Image {
            id: Digest::sha256(seed.as_bytes()),
            manifest: self.put_index(index)?.0,
            layers: Vec::new(),
            repo_digests: Vec::new(),
            pinned: Vec::new(),
            names: names.clone(),
            created: Some(created),
            size: encode(index)?.len() as u64,
            platform: Platform::default(),
            labels: BTreeMap::new(),
            read_only: false,
            list: Some(List { members }),
        };
        let lock = self.lock()?;
        image.list.iter().try_for_each(|list| self.check_members(&list.members))?;
        crate::step::point();
        self.write_record(&image)?;
        for name in &names {
            crate::step::point();
            self.write_name(&image.id, name)?;
        }
        drop(lock);
        self.written();
        Ok(image)
    }

    /// Changes a list; what `change` is given is what others see until it is done. Blobs of new members must be there.
    pub fn change_list<E: From<Error>>(
        &self,
        id: &Digest,
        change: impl FnOnce(&mut Index, &mut Vec<Member>) -> Result<(), E>,
    ) -> Result<Image, E> {
        // Before the store's lock, as everywhere.
        self.writing()?;
        let lock = self.lock()?;
        let Some(mut image) = self.own_record(id)? else { return Err(self.no_list(id).into()) };
        let Some(mut list) = image.list.take() else { return Err(Error::NoList(id.clone()).into()) };
        let mut index = self.index(&image)?;
        let before: HashSet<Digest> = list.members.iter().map(|member| member.manifest.clone()).collect();
        change(&mut index, &mut list.members)?;
        self.check_members(list.members.iter().filter(|member| !before.contains(&member.manifest)))?;
        let kept: HashSet<&Digest> = index.manifests.iter().map(|entry| &entry.digest).collect();
        list.members.retain(|member| kept.contains(&member.manifest));
        (image.manifest, image.size) = self.put_index(&index)?;
        image.list = Some(list);
        // The old index, and what a removed member needed, may be waste now: `reclaim` finds out.
        self.touch(NEW_BLOBS)?;
        crate::step::point();
        self.write_record(&image)?;
        drop(lock);
        self.written();
        image.names = self.all_names()?.remove(&image.id).unwrap_or_default();
        Ok(image)
    }

    /// Under the lock: an image may have been removed since somebody looked at it.
    fn check_members<'m>(&self, members: impl IntoIterator<Item = &'m Member>) -> Result<(), Error> {
        for member in members {
            member.layers.iter().try_for_each(|layer| self.layer_size(layer).map(drop))?;
            member.blobs.iter().try_for_each(|blob| self.blob(blob).map(drop))?;
        }
        Ok(())
    }

    /// The index of a list.
    pub fn index(&self, image: &Image) -> Result<Index, Error> {
        let bytes = self.blob(&image.manifest)?;
        match Document::parse(&bytes, Some(media_type::OCI_INDEX)) {
            Ok(Document::Index(index)) => Ok(index),
            _ => Err(Error::DamagedBlob(image.manifest.clone())),
        }
    }

    fn no_list(&self, id: &Digest) -> Error {
        match self.additional_image(id) {
            Some(_) => Error::ReadOnlyImage(id.hex().to_owned()),
            None => Error::NoSuchImage(id.clone()),
        }
    }

    /// Digest and size.
    fn put_index(&self, index: &Index) -> Result<(Digest, u64), Error> {
        let bytes = encode(index)?;
        let digest = Digest::sha256(&bytes);
        self.put_blob(&digest, &bytes)?;
        Ok((digest, bytes.len() as u64))
    }
}

impl Image {
    /// All layers that must stay for it.
    pub(crate) fn needed_layers(&self) -> impl Iterator<Item = &Digest> {
        let members = self.list.iter().flat_map(|list| &list.members);
        self.layers.iter().chain(members.flat_map(|member| &member.layers))
    }

    /// All blobs that must stay for it.
    pub(crate) fn needed_blobs(&self) -> impl Iterator<Item = &Digest> {
        let members = self.list.iter().flat_map(|list| &list.members);
        // The ID of a list is no blob.
        let own = self.list.is_none().then_some(&self.id);
        own.into_iter().chain([&self.manifest]).chain(members.flat_map(|member| &member.blobs))
    }
}

fn encode(index: &Index) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(index).map_err(|e| Error::Stream(e.into()))
}

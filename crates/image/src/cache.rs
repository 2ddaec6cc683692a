//! The memory of builds at a place that others read: an image whose layers are what steps have made, and whose configuration
//! says, in a label, which step made which. Any tool that copies images can carry it.
//!
//! A layer is believed only as what its DiffID says. That a step makes that layer is believed of whoever may write to the place,
//! which the user has named.

use crate::content::{Content, Sum};
use crate::source::{Fetched, Source, small_blob};
use crate::transport::put_layer;
use crate::verified::{Expected, Verified};
use crate::{Error, Location, Progress};
use oci::image::config::RootFs;
use oci::image::{ContainerConfig, Descriptor, Document, ImageConfig, Manifest};
use oci::{Digest, Platform, media_type};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::atomic::AtomicBool;
use store::Store;

/// What a step made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheRecord {
    /// Of its inputs.
    pub key: Digest,
    /// DiffID and bytes of the plain tar; `None`: it changed no file.
    pub layer: Option<(Digest, u64)>,
    /// In seconds since 1970.
    pub made: u64,
}

/// What was found at a place.
#[derive(Debug, Clone, Default)]
pub struct CacheIndex {
    /// By the keys.
    pub records: BTreeMap<Digest, CacheRecord>,
    /// Blobs by DiffID.
    blobs: BTreeMap<Digest, Descriptor>,
}

const LABEL: &str = "minke.build-cache";

/// So many records are kept at a place, the newest.
const MOST_RECORDS: usize = 1000;
/// So many layers: beyond, manifests are refused by registries.
const MOST_LAYERS: usize = 400;

impl CacheIndex {
    /// Reads a place's.
    pub fn read(source: &dyn Source, top: &Fetched, progress: &dyn Progress) -> Result<CacheIndex, Error> {
        let what = source.name();
        let none = || Error::Archive { archive: what.clone(), why: "it is no cache that minke has written".to_owned() };
        let invalid = |source| Error::Manifest { what: what.clone(), source };
        let document = Document::parse(&top.bytes, top.media_type.as_deref()).map_err(invalid)?;
        let Document::Manifest(manifest) = document else { return Err(none()) };
        let limit = oci::image::config::MAX_BYTES as u64;
        let bytes = small_blob(source, &manifest.config, &what, limit, progress)?;
        let config = ImageConfig::parse(&bytes, Some(manifest.layers.len()));
        let config = config.map_err(|source| Error::Config { what: what.clone(), source })?;
        let label = config.config.and_then(|mut config| config.labels.remove(LABEL)).ok_or_else(none)?;
        let records: Vec<CacheRecord> = serde_json::from_str(&label).map_err(|_| none())?;
        let blobs: BTreeMap<_, _> = config.rootfs.diff_ids.into_iter().zip(manifest.layers).collect();
        let mut index = CacheIndex { records: BTreeMap::new(), blobs };
        let is_whole = |record: &CacheRecord| record.layer.as_ref().is_none_or(|(id, _)| index.blobs.contains_key(id));
        index.records = records.into_iter().filter(is_whole).map(|record| (record.key.clone(), record)).collect();
        Ok(index)
    }

    /// Fetches a layer into the store, verified.
    pub fn fetch(&self, store: &Store, source: &dyn Source, layer: &Digest) -> Result<(), Error> {
        let Some(blob) = self.blobs.get(layer) else { return Ok(()) };
        let what = format!("layer {}", blob.digest);
        let stop = AtomicBool::new(false);
        let expected =
            Expected { what: &what, digest: &blob.digest, size: blob.size, progress: &crate::Quiet, stop: &stop };
        let verified = Verified::new(source.resumed_blob(blob)?, expected);
        let flag = verified.flag();
        let sum = Sum { digest: blob.digest.clone(), size: blob.size };
        put_layer(store, blob, layer, Content::known(&what, sum, verified, flag)).map(drop)
    }
}

/// What is to be written to a place.
pub struct CacheSource<'a> {
    store: &'a Store,
    /// What is there, and is to stay.
    old: Option<(&'a dyn Source, &'a CacheIndex)>,
    config: Vec<u8>,
    manifest: Fetched,
    /// Those of the store.
    own: Vec<Digest>,
}

impl<'a> CacheSource<'a> {
    /// These records, whose layers are in the store, before those that are there.
    pub fn new(
        store: &'a Store,
        records: &[CacheRecord],
        old: Option<(&'a dyn Source, &'a CacheIndex)>,
    ) -> Result<CacheSource<'a>, Error> {
        let mut all: BTreeMap<&Digest, &CacheRecord> = BTreeMap::new();
        all.extend(old.iter().flat_map(|(_, index)| index.records.iter()));
        all.extend(records.iter().map(|record| (&record.key, record)));
        let mut all: Vec<&CacheRecord> = all.into_values().collect();
        all.sort_by(|a, b| b.made.cmp(&a.made).then_with(|| a.key.cmp(&b.key)));
        all.truncate(MOST_RECORDS);
        let (mut layers, mut own, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for record in all {
            let Some((layer, size)) = &record.layer else {
                kept.push(record);
                continue;
            };
            if !layers.iter().any(|(known, _)| known == layer) {
                if layers.len() == MOST_LAYERS {
                    continue;
                }
                let blob = old.and_then(|(_, index)| index.blobs.get(layer)).cloned();
                layers.push((
                    layer.clone(),
                    blob.unwrap_or_else(|| {
                        own.push(layer.clone());
                        Descriptor::new(media_type::OCI_LAYER, layer.clone(), *size)
                    }),
                ));
            }
            kept.push(record);
        }
        let config = config(&kept, layers.iter().map(|(layer, _)| layer.clone()).collect());
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(media_type::OCI_MANIFEST.to_owned()),
            artifact_type: None,
            config: Descriptor::new(media_type::OCI_CONFIG, Digest::sha256(&config), config.len() as u64),
            layers: layers.into_iter().map(|(_, blob)| blob).collect(),
            subject: None,
            annotations: BTreeMap::new(),
        };
        let manifest = Fetched::new(json(&manifest), Some(media_type::OCI_MANIFEST.to_owned()));
        Ok(CacheSource { store, old, config, manifest, own })
    }
}

fn config(records: &[&CacheRecord], diff_ids: Vec<Digest>) -> Vec<u8> {
    let label = String::from_utf8(json(&records)).unwrap_or_default();
    let Platform { os, architecture, variant, .. } = Platform::host();
    let labels = BTreeMap::from([(LABEL.to_owned(), label)]);
    json(&ImageConfig {
        os,
        architecture,
        variant,
        config: Some(ContainerConfig { labels, ..ContainerConfig::default() }),
        rootfs: RootFs { kind: "layers".to_owned(), diff_ids },
        ..ImageConfig::default()
    })
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // Plain structs with text keys: there is nothing that could fail.
    serde_json::to_vec(value).unwrap_or_default()
}

impl Source for CacheSource<'_> {
    fn name(&self) -> String {
        "the build cache".to_owned()
    }

    fn location(&self) -> Location {
        Location::Storage(self.name())
    }

    fn top(&self) -> Result<Fetched, Error> {
        Ok(self.manifest.clone())
    }

    fn blob(&self, descriptor: &Descriptor, from: u64) -> Result<Box<dyn Read + Send + '_>, Error> {
        let mut reader: Box<dyn Read + Send> = match &self.old {
            _ if self.own.contains(&descriptor.digest) => Box::new(self.store.layer_reader(&descriptor.digest)?),
            Some((old, index)) if index.blobs.values().any(|blob| blob == descriptor) => {
                return old.blob(descriptor, from);
            }
            _ => Box::new(Cursor::new(&self.config)),
        };
        std::io::copy(&mut reader.by_ref().take(from), &mut std::io::sink())
            .map_err(Error::io(format!("read {}", descriptor.digest)))?;
        Ok(reader)
    }

    fn kept_as(&self, diff_id: &Digest) -> Result<Option<Descriptor>, Error> {
        if !self.own.contains(diff_id) {
            return Ok(None);
        }
        let size = self.store.layer_size(diff_id)?;
        Ok(Some(Descriptor::new(media_type::OCI_LAYER, diff_id.clone(), size)))
    }
}

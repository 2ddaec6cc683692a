//! What is recorded of a working container.

use crate::{Engine, Error};
use oci::Digest;
use oci::image::{ContainerConfig, History, ImageConfig};
use serde::{Deserialize, Serialize};
use spec::ContainerSpec;
use std::collections::BTreeMap;
use store::WorkingRecords;

/// One of them, as it was when it was read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Working {
    /// 64 hex digits.
    pub id: String,
    /// Unique among all containers.
    pub name: String,
    /// RFC 3339.
    pub created: String,
    /// What it stands on; `None`: nothing.
    pub base: Option<Base>,
    /// DiffIDs and bytes of the base's layers, lowest first.
    pub layers: Vec<(Digest, u64)>,
    /// That of an image made of it, with the base's history.
    pub config: ImageConfig,
    /// Of such an image's manifest.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// What its layer's entry in the history says; empty: the shell.
    #[serde(default)]
    pub created_by: String,
    /// A comment there.
    #[serde(default)]
    pub history_comment: String,
    /// Steps that were to be noted (`--add-history`).
    #[serde(default)]
    pub added: Vec<History>,
    /// `from --format docker`: what only Docker's form has is no reason for a warning.
    #[serde(default)]
    pub docker: bool,
    /// How commands run in it.
    #[serde(default)]
    pub spec: ContainerSpec,
    /// Which word said how far they are kept apart (`oci`, `rootless`, `chroot`).
    #[serde(default)]
    pub isolation: String,
}

/// The image of a working container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Base {
    /// Full.
    pub name: String,
    /// Hex digits.
    pub id: String,
    /// Of its manifest.
    pub digest: Digest,
    /// The manifest's text.
    pub manifest: String,
    /// The configuration's text.
    pub config: String,
}

impl Working {
    /// What containers of the image get.
    pub fn container(&mut self) -> &mut ContainerConfig {
        self.config.config.get_or_insert_with(ContainerConfig::default)
    }

    /// The same to look at.
    pub fn settings(&self) -> ContainerConfig {
        self.config.config.clone().unwrap_or_default()
    }

    /// Notes a step that made no layer of its own.
    pub fn note(&mut self, created_by: String) {
        let created = Some(jiff::Timestamp::now().to_string());
        self.added.push(History { created, created_by: Some(created_by), empty_layer: true, ..History::default() });
    }

    pub(super) fn diff_ids(&self) -> Vec<Digest> {
        self.layers.iter().map(|(layer, _)| layer.clone()).collect()
    }
}

/// `None`: it isn't there. One that can't be read is an error that names it.
pub(super) fn read(engine: &Engine, id: &str) -> Result<Option<Working>, Error> {
    let Some(text) = engine.store().working_record(id)? else { return Ok(None) };
    let working = serde_json::from_slice(&text);
    working.map(Some).map_err(|error| Error::State(format!("record of working container {id} is damaged: {error}")))
}

pub(super) fn encode(working: &Working) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(working).map_err(|error| Error::State(format!("record working container: {error}")))
}

pub(super) fn write(engine: &Engine, lock: &WorkingRecords, working: &Working) -> Result<(), Error> {
    Ok(engine.store().write_working_record(lock, &working.id, &encode(working)?)?)
}

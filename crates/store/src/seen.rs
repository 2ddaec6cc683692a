//! What a stored layer has been outside: blobs and the repositories that had them, so that a push needn't send it again.
//!
//! Hints and nothing more: whoever uses one asks the registry. They are in the layer's folder and go with it.

use crate::location::Store;
use oci::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most that is remembered of one layer; the oldest is forgotten.
const MOST: usize = 32;
/// Nothing longer is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// A layer as a blob in a repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeenBlob {
    /// Of the blob.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// Its type in the manifest.
    pub media_type: String,
    /// `registry/repository`.
    pub place: String,
    /// Of its descriptor.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// It was read whole, or made here, and is that layer. Others are only said to be, by whoever made an image: then the
    /// blob may stand in that image's place for the layer, but not in another's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified: bool,
}

impl Store {
    /// The newest first; none for what isn't stored.
    pub fn seen_blobs(&self, diff_id: &Digest) -> Vec<SeenBlob> {
        use std::io::Read;
        let mut text = String::new();
        let read = std::fs::File::open(self.layer_path(diff_id).join("seen"))
            .and_then(|file| file.take(LONGEST).read_to_string(&mut text));
        match read {
            Ok(_) => text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
            Err(_) => Vec::new(),
        }
    }

    /// Of two who remember at once one is forgotten; what can't be written isn't missed.
    pub fn remember_blob(&self, diff_id: &Digest, blob: SeenBlob) {
        if !self.layer_path(diff_id).is_dir() {
            return;
        }
        let mut all = self.seen_blobs(diff_id);
        if all.first() == Some(&blob) {
            return;
        }
        all.retain(|seen| *seen != blob);
        all.insert(0, blob);
        all.truncate(MOST);
        let lines: String = all.iter().filter_map(|seen| Some(serde_json::to_string(seen).ok()? + "\n")).collect();
        if let Err(e) = self.write_atomically(&self.layer_path(diff_id).join("seen"), lines.as_bytes()) {
            log::info!("the blobs of layer {diff_id} are not remembered: {e}");
        }
    }
}

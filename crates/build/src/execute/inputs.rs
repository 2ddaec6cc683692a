//! What a step depends on. Two steps with the same inputs make the same layer, whatever file they stand in.

use crate::files::Listing;
use engine::build::Cached;
use oci::Digest;
use std::collections::BTreeMap;

/// Names and texts, or digests of what is long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Inputs {
    all: BTreeMap<String, String>,
    /// To tell what changed; not part of the key.
    files: Listing,
}

/// Longer ones are told by their digest.
const LONGEST: usize = 4096;

impl Inputs {
    /// Of a kind of step; a new version when the same inputs no longer make the same.
    pub(super) fn new(kind: &str) -> Inputs {
        Inputs { all: BTreeMap::from([("kind".to_owned(), format!("{kind} 2"))]), files: Listing::default() }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Inputs {
        let value = value.into();
        let value = if value.len() > LONGEST { Digest::sha256(value.as_bytes()).to_string() } else { value };
        self.all.insert(name.to_owned(), value);
        self
    }

    pub(super) fn json(self, name: &str, value: &impl serde::Serialize) -> Inputs {
        // Plain data: there is nothing that could fail.
        self.with(name, serde_json::to_string(value).unwrap_or_default())
    }

    /// The layers below.
    pub(super) fn over(self, layers: &[Digest]) -> Inputs {
        self.json("base", &layers)
    }

    pub(super) fn key(&self) -> Digest {
        Digest::sha256(serde_json::to_string(&self.all).unwrap_or_default().as_bytes())
    }

    /// Which files one of them is made of.
    pub(super) fn of_files(self, files: Listing) -> Inputs {
        Inputs { files, ..self }
    }

    /// What is kept of it, for the instruction that was written so.
    pub(super) fn record(&self, step: &str) -> Cached {
        let step = step.chars().take(LONGEST).collect();
        Cached { inputs: self.all.clone(), files: self.files.bounded(), step, ..Cached::default() }
    }
}

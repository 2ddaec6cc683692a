//! Image references: `registry/repository[:tag][@digest]`, and the short names a user types.
//!
//! Grammar: the distribution project's reference grammar. No normalisation to docker.io happens here: a name without
//! a registry is a *short name*, which registries.conf resolves.

use crate::Digest;

/// What a user typed, before it is known which registry is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// `None` for a short name such as `alpine` or `library/alpine`.
    pub registry: Option<String>,
    /// Path without registry, at most 255 characters.
    pub repository: String,
    /// The tag as typed.
    pub tag: Option<String>,
    /// The digest as typed.
    pub digest: Option<Digest>,
}

/// A fully qualified reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// Host with optional port; `docker.io`, `localhost`, `[::1]:5000`.
    pub registry: String,
    /// Path without registry.
    pub repository: String,
    /// `latest` is filled in by [`Reference::with_default_tag`], not by parsing.
    pub tag: Option<String>,
    /// Pins the manifest.
    pub digest: Option<Digest>,
}

/// Why a text is no reference.
#[derive(Debug, thiserror::Error)]
#[error("invalid reference `{text}`: {why}")]
pub struct InvalidReference {
    /// The text, cut to a sane length.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl std::str::FromStr for Name {
    type Err = InvalidReference;
    fn from_str(_text: &str) -> Result<Name, InvalidReference> {
        todo!()
    }
}

impl Name {
    /// The reference in `registry` (the typed registry wins if there is one).
    pub fn in_registry(&self, _registry: &str) -> Reference {
        todo!()
    }
}

impl std::str::FromStr for Reference {
    type Err = InvalidReference;
    /// Needs a registry in the text.
    fn from_str(_text: &str) -> Result<Reference, InvalidReference> {
        todo!()
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}

impl Reference {
    /// With `latest` when it has neither tag nor digest.
    pub fn with_default_tag(self) -> Reference {
        todo!()
    }
    /// `registry/repository`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }
}

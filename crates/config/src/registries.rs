//! registries.conf(5), version 2: where images with short names are looked for, and how a registry is reached.
//!
//! [`RegistriesConf::merge`] is pure and takes one file's text; [`load`] opens the files in the documented order;
//! [`Registries`] puts that off until somebody asks. Version 1 of the format is refused.

mod endpoint;
mod files;
mod parse;

pub use endpoint::Endpoint;
pub use files::{load, record_alias};
pub use parse::{Mirror, PullFrom, Registry, ShortNameMode};

use crate::Environment;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The merged files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RegistriesConf {
    /// `unqualified-search-registries`.
    pub unqualified_search: Vec<String>,
    /// Which file set the search list, for messages.
    pub unqualified_search_from: Option<PathBuf>,
    /// `[[registry]]`.
    pub registries: Vec<Registry>,
    /// `[aliases]`: short name without tag → `registry/repository`.
    pub aliases: BTreeMap<String, String>,
    /// `short-name-mode`.
    pub short_name_mode: ShortNameMode,
    /// `credential-helpers`, tried in order; `containers-auth.json` stands for the files.
    pub credential_helpers: Vec<String>,
    /// Files read, in order.
    pub files: Vec<PathBuf>,
}

/// Why registries.conf can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that must be there isn't, or can't be read.
    #[error("read `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The user's choices can't be kept.
    #[error("write `{path}`")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Not TOML, or a key of the wrong type.
    #[error("parse `{path}`")]
    Syntax {
        /// Which.
        path: PathBuf,
        /// Where in it.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The format before 2019.
    #[error(
        "`{path}` has the old format, version 1 (`[registries.{table}]`): write it as version 2, see registries.conf(5)"
    )]
    Version1 {
        /// Which.
        path: PathBuf,
        /// `search`, `insecure` or `block`.
        table: String,
    },
    /// A value that makes no sense.
    #[error("`{path}`: {what}")]
    Invalid {
        /// Which.
        path: PathBuf,
        /// Key, value and what is wrong.
        what: String,
    },
    /// `blocked = true`.
    #[error("registry `{prefix}` is blocked in `{path}`, so `{reference}` can't be used")]
    Blocked {
        /// What was wanted.
        reference: String,
        /// Which `[[registry]]`.
        prefix: String,
        /// Where that stands.
        path: PathBuf,
    },
}

/// The configuration, read when first asked for: an image that is in the store needs none.
#[derive(Debug, Clone)]
pub struct Registries {
    environment: Environment,
    read: OnceLock<RegistriesConf>,
}

impl Registries {
    /// To be read from the files of `environment`.
    pub fn of(environment: Environment) -> Registries {
        Registries { environment, read: OnceLock::new() }
    }

    /// What is known already.
    pub fn fixed(conf: RegistriesConf) -> Registries {
        Registries { environment: Environment::default(), read: OnceLock::from(conf) }
    }

    /// The merged files.
    pub fn get(&self) -> Result<&RegistriesConf, Error> {
        if let Some(conf) = self.read.get() {
            return Ok(conf);
        }
        let conf = load(&self.environment)?;
        Ok(self.read.get_or_init(|| conf))
    }
}

impl RegistriesConf {
    /// Lays one more file's text over what was read before.
    pub fn merge(&mut self, text: &str, path: &Path) -> Result<(), Error> {
        parse::merge(self, text, path)
    }

    /// Lays the aliases that a user was asked for over those of the configuration.
    pub(crate) fn merge_aliases(&mut self, text: &str, path: &Path) -> Result<(), Error> {
        parse::merge_aliases(self, text, path)
    }

    /// What an alias says a short name (without tag) means.
    pub fn alias(&self, name: &str) -> Option<&str> {
        self.aliases.get(name).map(String::as_str)
    }

    /// The most specific `[[registry]]` of a reference `registry/repository[:tag][@digest]`.
    pub fn registry(&self, reference: &str) -> Option<&Registry> {
        endpoint::best(&self.registries, reference).map(|(registry, _)| registry)
    }

    /// Where to pull a reference from: mirrors that apply, then the place itself.
    pub fn pull_endpoints(&self, reference: &str) -> Result<Vec<Endpoint>, Error> {
        endpoint::pull(&self.registries, reference)
    }

    /// Where to push a reference to.
    pub fn push_endpoint(&self, reference: &str) -> Result<Endpoint, Error> {
        endpoint::push(&self.registries, reference)
    }
}

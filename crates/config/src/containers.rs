//! containers.conf(5): defaults of containers, engine and network.
//!
//! [`ContainersConf::merge`] is pure and takes one file's text; [`load`] opens the files in the documented order.
//! Unknown keys become warnings, wrong types errors that name file, table and key.

mod files;
mod keys;
mod value;

pub use files::load;
pub use keys::{ContainersTable, EngineTable, NetworkTable};
pub(crate) use value::{Lay, Mismatch};
pub use value::{List, SubnetPool};

use std::path::{Path, PathBuf};

/// The merged files. A key nobody set is `None` (or an unset [`List`]): the reader knows the default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContainersConf {
    /// `[containers]`.
    pub containers: ContainersTable,
    /// `[engine]`.
    pub engine: EngineTable,
    /// `[network]`.
    pub network: NetworkTable,
    /// Files read, in order.
    pub files: Vec<PathBuf>,
    /// What was not understood, one line each; to be shown by the caller.
    pub warnings: Vec<String>,
}

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that must be there isn't, or can't be read.
    #[error("read configuration `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Not TOML.
    #[error("parse configuration `{path}`")]
    Syntax {
        /// Which.
        path: PathBuf,
        /// Where in it.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A key has a value of the wrong type.
    #[error("configuration `{path}`: `{key}` must be {wanted}, not {found}")]
    Type {
        /// Which.
        path: PathBuf,
        /// `table.key`.
        key: String,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// See [`crate::Environment::runtime_dir`].
    #[error(transparent)]
    NoRuntimeDir(#[from] crate::NoRuntimeDir),
}

impl ContainersConf {
    /// Lays one more file's text over what was read before.
    pub fn merge(&mut self, text: &str, path: &Path) -> Result<(), Error> {
        keys::merge(self, text, path)
    }
}

//! [`Engine`]: configuration, store and database of one user, opened as late as possible.

use crate::Error;
use std::path::PathBuf;

/// Global options.
#[derive(Debug, Clone)]
pub struct Options {
    /// `--root`: graphroot, e.g. `/var/lib/containers/storage`.
    pub root: Option<PathBuf>,
    /// `--runroot`, e.g. `/run/containers/storage`.
    pub runroot: Option<PathBuf>,
    /// Who runs this.
    pub privilege: Privilege,
    /// `--cgroup-manager`, when given.
    pub cgroup_manager: Option<String>,
}

/// With which rights the engine works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Privilege {
    /// Real root (of the initial user namespace, or of one that somebody else made).
    Root,
    /// Root of a user namespace that minke made for an ordinary user.
    User {
        /// Outside.
        uid: u32,
        /// Outside.
        gid: u32,
        /// Only this one id is mapped: there are no subordinate ids.
        single_id: bool,
    },
}

/// An open engine.
pub struct Engine {
    pub(crate) options: Options,
}

impl Engine {
    /// Reads the configuration and opens the store; the database is opened when first needed.
    pub fn open(options: Options) -> Result<Engine, Error> {
        Ok(Engine { options })
    }
    /// Who runs this.
    pub fn privilege(&self) -> Privilege {
        self.options.privilege
    }
    /// containers.conf, merged.
    pub fn config(&self) -> &config::containers::ContainersConf {
        todo!()
    }
}

//! Folders and images that files come from.

use crate::error::Error;
use crate::files::ignore::Ignore;
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// All contexts of a build.
#[derive(Debug, Clone, Default)]
pub struct Contexts {
    /// The build's; none if there is only a Containerfile.
    pub main: Option<PathBuf>,
    /// What it leaves out.
    pub ignore: Ignore,
    /// `--build-context NAME=FOLDER`
    pub folders: BTreeMap<String, PathBuf>,
    /// `--build-context NAME=docker-image://…`
    pub images: BTreeMap<String, String>,
}

impl Contexts {
    /// Of the named ones.
    pub fn names(&self) -> BTreeSet<String> {
        self.folders.keys().chain(self.images.keys()).cloned().collect()
    }

    pub(super) fn image(&self, name: &str) -> Option<&str> {
        self.images.get(name).map(String::as_str)
    }

    /// Opens the build's, or a named one.
    pub(super) fn open(&self, name: Option<&str>) -> Result<OwnedFd, Error> {
        let folder = match name {
            Some(name) => {
                self.folders.get(name).ok_or_else(|| Error::Missing(format!("no build context {name} is given")))?
            }
            None => self.main.as_ref().ok_or_else(|| {
                Error::Missing("there is no build context: only a Containerfile was given".to_owned())
            })?,
        };
        let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC;
        let opened = rustix::fs::open(folder, flags, rustix::fs::Mode::empty());
        opened.map_err(|error| Error::io(format!("open build context {}", folder.display()))(error.into()))
    }
}

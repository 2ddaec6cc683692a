//! `--add-file` of `buildah commit`.

use crate::error::Failure;
use build::files::{self, Owner, Placing};
use engine::{Engine, Error};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// A file and where it is to be.
pub(super) struct Added {
    source: PathBuf,
    destination: String,
}

/// `source[:destination]`
pub(super) fn read(texts: &[String]) -> Result<Vec<Added>, Failure> {
    let one = |text: &String| {
        let (source, destination) = text.split_once(':').unwrap_or((text, ""));
        let failed = |why: String| Failure::new(format!("--add-file {source}: {why}"));
        let source = std::path::absolute(source).map_err(|error| failed(error.to_string()))?;
        let found = std::fs::metadata(&source).map_err(|error| failed(error.to_string()))?;
        if !found.is_file() {
            return Err(failed("is no regular file".to_owned()));
        }
        let destination = match destination {
            "" => source.display().to_string(),
            given if given.starts_with('/') => given.to_owned(),
            given => format!("/{given}"),
        };
        Ok(Added { source, destination })
    };
    texts.iter().map(one).collect()
}

/// Puts them there, as root's and with the usual mode.
pub(super) fn place(engine: &Engine, root: &Path, added: &[Added]) -> Result<(), Error> {
    let io = |what: &'static str, path: &Path, source| Error::Io { what, path: path.to_owned(), source };
    let root = OwnedFd::from(File::open(root).map_err(|error| io("open", root, error))?);
    for Added { source, destination } in added {
        let mut file = File::open(source).map_err(|error| io("open", source, error))?;
        let placing = Placing {
            root: &root,
            destination,
            owner: Some(Owner { uid: 0, gid: 0 }),
            mode: None,
            keeps_names: false,
            disowns_parents: true,
            is_archive: false,
            single_id: engine::build::has_single_id(engine),
        };
        let name = source.file_name().unwrap_or_default();
        files::write(&placing, name.as_ref(), &mut file)
            .map_err(|error| Error::Invalid(crate::error::chain(&error)))?;
    }
    Ok(())
}

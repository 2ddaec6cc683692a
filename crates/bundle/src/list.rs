//! `list`: all containers below a root folder.

use crate::error::Error;
use crate::folder::{Container, Root};

/// By id. One that goes meanwhile is left out.
pub fn list(root: &Root) -> Result<Vec<Container>, Error> {
    let mut all = Vec::new();
    for id in root.ids()? {
        match root.find(&id) {
            Err(Error::NotFound(_)) => {}
            Err(error) => log::warn!("container `{id}`: {error}"),
            Ok(container) => all.push(container),
        }
    }
    Ok(all)
}

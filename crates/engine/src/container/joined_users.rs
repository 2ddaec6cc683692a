//! `--userns container:…` and `ns:…`: which ids the joined user namespace maps. The owners in the container's root follow from that.

use super::create::{find_namespace, partner};
use crate::{Engine, Error};
use spec::namespaces::{Namespace, NsMode};
use spec::users::{IdMaps, IdRange};
use std::os::fd::AsFd;
use std::os::linux::fs::MetadataExt;

/// The maps as this process counts ids; none when the namespace is our own.
pub(super) fn maps(engine: &Engine, namespace: &Namespace) -> Result<IdMaps, Error> {
    match namespace.mode {
        NsMode::Container => of_container(engine, &namespace.value),
        _ => of_file(&namespace.value),
    }
}

/// A container's don't change, so they are known even while it doesn't run.
fn of_container(engine: &Engine, name: &str) -> Result<IdMaps, Error> {
    let id = partner(engine, "user", name)?;
    let full = engine.database()?.full(&id)?.ok_or_else(|| Error::NoSuchContainer(name.to_owned()))?;
    Ok(IdMaps { uids: full.spec.uid_map, gids: full.spec.gid_map })
}

fn of_file(path: &str) -> Result<IdMaps, Error> {
    const OWN: &str = "/proc/self/ns/user";
    find_namespace("user", path)?;
    let inode = |path: &str| std::fs::metadata(path).map(|file| (file.st_dev(), file.st_ino()));
    let failed = |error| Error::io("read the id mappings of the user namespace", path, error);
    if inode(path).map_err(failed)? == inode(OWN).map_err(failed)? {
        return Ok(IdMaps::default());
    }
    let maps = sys::namespace::open(path).and_then(|file| sys::id_map::of_namespace(file.as_fd()));
    let (uids, gids) = maps.map_err(failed)?;
    let ranges = |map: Vec<sys::id_map::IdRange>| -> Vec<IdRange> {
        map.iter().map(|r| IdRange { container_id: r.inside, host_id: r.outside, size: r.count }).collect()
    };
    Ok(IdMaps { uids: ranges(uids), gids: ranges(gids) })
}

//! Working containers in the list of all containers (`ps --external`), and what they take of the disk.

use super::all;
use super::record::Working;
use crate::container::{ContainerSummary, SizeSummary, folder_size};
use crate::{Engine, Error};
use jiff::Timestamp;
use oci::Digest;

/// Go's zero time, in seconds since 1970.
const NEVER: i64 = -62_135_596_800;

/// All of them, as `ps` shows containers; `size`: with what they take of the disk.
pub fn listed(engine: &Engine, size: bool) -> Result<Vec<ContainerSummary>, Error> {
    Ok(all(engine)?.into_iter().map(|working| summary(engine, working, size)).collect())
}

fn summary(engine: &Engine, working: Working, size: bool) -> ContainerSummary {
    let size = size.then(|| sizes(engine, &working));
    let created = working.created.parse::<Timestamp>().unwrap_or_default();
    let (image_id, image) = working.base.map_or((String::new(), "scratch".to_owned()), |base| (base.id, base.name));
    ContainerSummary {
        auto_remove: false,
        command: vec!["buildah".to_owned()],
        created_at: created.to_string(),
        cid_file: String::new(),
        exited: false,
        exited_at: NEVER,
        exit_code: 0,
        exposed_ports: None,
        id: working.id,
        image,
        image_id,
        is_infra: false,
        labels: None,
        mounts: Vec::new(),
        names: vec![working.name],
        networks: Vec::new(),
        pid: 0,
        pod: String::new(),
        pod_name: String::new(),
        ports: None,
        restarts: 0,
        size,
        started_at: NEVER,
        state: "storage".to_owned(),
        status: String::new(),
        created: created.as_second(),
    }
}

fn sizes(engine: &Engine, working: &Working) -> SizeSummary {
    let rw_size = folder_size(&engine.store().working_upper(&working.id));
    let id = working.base.as_ref().and_then(|base| Digest::from_sha256_hex(&base.id).ok());
    let image = id.and_then(|id| engine.store().image(&id).ok().flatten());
    SizeSummary { root_fs_size: rw_size + image.map_or(0, |image| image.size), rw_size }
}

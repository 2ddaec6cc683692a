//! Who this process is: user, groups. See credentials(7).
//!
//! Raw calls for the calling thread only, which is the whole process where these are used.

use rustix::process::{Gid, Uid};
use std::io;

/// Real, effective and saved user id.
pub fn set_uid(uid: u32) -> io::Result<()> {
    let uid = Uid::from_raw(valid(uid)?);
    Ok(rustix::thread::set_thread_res_uid(uid, uid, uid)?)
}

/// Real, effective and saved group id.
pub fn set_gid(gid: u32) -> io::Result<()> {
    let gid = Gid::from_raw(valid(gid)?);
    Ok(rustix::thread::set_thread_res_gid(gid, gid, gid)?)
}

/// Supplementary groups.
pub fn set_groups(gids: &[u32]) -> io::Result<()> {
    let gids = gids.iter().map(|&gid| Ok(Gid::from_raw(valid(gid)?))).collect::<io::Result<Vec<_>>>()?;
    Ok(rustix::thread::set_thread_groups(&gids)?)
}

/// Becomes root of a user namespace just entered: group, user, and no supplementary groups where that is allowed and they
/// aren't to be kept.
pub fn become_root(keep_groups: bool) -> io::Result<()> {
    if !keep_groups {
        match set_groups(&[]) {
            // `deny` in /proc/self/setgroups: a namespace with a single id keeps the groups.
            Err(error) if error.raw_os_error() == Some(libc::EPERM) => {}
            other => other?,
        }
    }
    set_gid(0)?;
    set_uid(0)
}

/// The calls take -1 as "leave it".
fn valid(id: u32) -> io::Result<u32> {
    if id == u32::MAX { Err(io::ErrorKind::InvalidInput.into()) } else { Ok(id) }
}

//! Who this process is, and who is at the other end of a socket: user, groups. See credentials(7).
//!
//! Raw calls for the calling thread only, which is the whole process where these are used.

use crate::check;
use rustix::process::{Gid, Uid};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

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
    for set in [set_gid, set_uid] {
        match set(0) {
            // It isn't mapped: the process keeps the id that is, and has all rights in the namespace anyway.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
            other => other?,
        }
    }
    Ok(())
}

/// Who is at the other end of a unix socket, as our namespaces number them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// 0: the process has none here.
    pub pid: i32,
    /// 65534: the user has none here.
    pub uid: u32,
}

/// Who connected, or who listens where we did. See SO_PEERCRED in unix(7). (rustix's form of it can't say pid 0.)
pub fn peer(socket: BorrowedFd<'_>) -> io::Result<Peer> {
    let mut peer = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    let value = (&raw mut peer).cast();
    // SAFETY: `value` is that many bytes, all of whose values are valid; the descriptor is open.
    let result =
        unsafe { libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_PEERCRED, value, &raw mut length) };
    check(result.into())?;
    Ok(Peer { pid: peer.pid, uid: peer.uid })
}

/// The calls take -1 as "leave it".
fn valid(id: u32) -> io::Result<u32> {
    if id == u32::MAX { Err(io::ErrorKind::InvalidInput.into()) } else { Ok(id) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn the_other_end_is_known() {
        let (ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let uid = rustix::process::geteuid().as_raw();
        assert_eq!(peer(ours.as_fd()).unwrap(), Peer { pid: std::process::id().cast_signed(), uid });
    }
}

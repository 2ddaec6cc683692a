//! Finds the namespace while some process lives in it.

use super::ranges::Ranges;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Notes that process `pid` is in the namespace of process `like`. Failing costs a later command some time, nothing else.
pub fn record(folder: &Path, pid: i32, like: i32) {
    if let Some(inode) = namespace_of(&like.to_string()) {
        let _ = std::fs::write(folder.join("current"), format!("{pid} {inode}\n"));
    }
}

/// The namespace that was noted, if it lives and has these maps (inode numbers are used again after a namespace's end).
pub fn alive(folder: &Path, wanted: &Ranges) -> Option<OwnedFd> {
    let noted = std::fs::read_to_string(folder.join("current")).ok()?;
    let (pid, inode) = noted.trim().split_once(' ')?;
    if let Some(namespace) = open(pid, inode, wanted) {
        return Some(namespace);
    }
    // That process has gone; its monitor or its container may still be there.
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().filter(|name| name.starts_with(|c: char| c.is_ascii_digit())) else { continue };
        if let Some(namespace) = open(pid, inode, wanted) {
            let pid = pid.parse().ok()?;
            record(folder, pid, pid);
            return Some(namespace);
        }
    }
    None
}

fn open(pid: &str, inode: &str, wanted: &Ranges) -> Option<OwnedFd> {
    if namespace_of(pid)? != inode {
        return None;
    }
    let map = sys::id_map::read(format!("/proc/{pid}/uid_map")).ok()?;
    let fits = map == wanted.uids || map == wanted.single().uids;
    fits.then(|| sys::namespace::open(format!("/proc/{pid}/ns/user")).ok()).flatten()
}

/// `4026531837` of `user:[4026531837]`.
fn namespace_of(pid: &str) -> Option<String> {
    let link = std::fs::read_link(format!("/proc/{pid}/ns/user")).ok()?;
    let text = link.to_str()?;
    Some(text.strip_prefix("user:[")?.strip_suffix(']')?.to_owned())
}

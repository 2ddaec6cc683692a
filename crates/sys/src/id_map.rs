//! User namespace id maps. See user_namespaces(7), subuid(5), newuidmap(1).

use crate::namespace::{Namespaces, join};
use crate::process::{Clone3, Cloned, clone3};
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// One line of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdRange {
    /// First id in the new namespace.
    pub inside: u32,
    /// First id in the namespace of the writer.
    pub outside: u32,
    /// How many.
    pub count: u32,
}

/// setgroups(2) in the new namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setgroups {
    /// Permitted.
    Allow,
    /// Off; needed before an unprivileged process may write a group map itself.
    Deny,
}

/// Writes both maps of process `pid` itself: as root, or one line that maps the caller's own id (with [`Setgroups::Deny`]).
pub fn write(pid: i32, uids: &[IdRange], gids: &[IdRange], setgroups: Setgroups) -> io::Result<()> {
    if setgroups == Setgroups::Deny {
        write_file(&format!("/proc/{pid}/setgroups"), "deny")?;
    }
    write_file(&format!("/proc/{pid}/gid_map"), &lines(gids))?;
    write_file(&format!("/proc/{pid}/uid_map"), &lines(uids))
}

/// Writes both maps by the set-uid programs newuidmap and newgidmap, which check /etc/subuid and /etc/subgid. Side by side: each
/// costs more than a millisecond.
pub fn write_with_helpers(pid: i32, uids: &[IdRange], gids: &[IdRange]) -> io::Result<()> {
    let groups = start_helper("newgidmap", pid, gids);
    let users = start_helper("newuidmap", pid, uids);
    // Both are waited for, whatever becomes of the first.
    let groups = groups.and_then(|child| finish_helper("newgidmap", child));
    let users = users.and_then(|child| finish_helper("newuidmap", child));
    groups.and(users)
}

fn write_file(path: &str, text: &str) -> io::Result<()> {
    // One write: the kernel takes a map only whole.
    std::fs::OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes())
}

fn lines(ranges: &[IdRange]) -> String {
    ranges.iter().map(|range| format!("{} {} {}\n", range.inside, range.outside, range.count)).collect()
}

fn start_helper(program: &str, pid: i32, ranges: &[IdRange]) -> io::Result<Child> {
    let mut command = Command::new(program);
    command.arg(pid.to_string()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    for range in ranges {
        command.args([range.inside, range.outside, range.count].map(|number| number.to_string()));
    }
    command.spawn().map_err(|error| io::Error::new(error.kind(), format!("{program}: {error}")))
}

fn finish_helper(program: &str, child: Child) -> io::Result<()> {
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = OsStr::from_bytes(output.stderr.trim_ascii()).to_string_lossy().into_owned();
    Err(io::Error::other(format!("{program} failed: {said}")))
}

/// A map as the kernel shows it: `/proc/PID/uid_map`.
pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<IdRange>> {
    Ok(parse(&std::fs::read_to_string(path)?))
}

/// Both maps of the user namespace `namespace` (users, groups), as this process counts ids: shown by a child that enters it for a
/// moment. The caller must be single-threaded.
///
/// # Errors
/// What setns(2) refuses: no user namespace, no right to enter it, our own one.
pub fn of_namespace(namespace: BorrowedFd<'_>) -> io::Result<(Vec<IdRange>, Vec<IdRange>)> {
    let (entered, tell) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    match clone3(Clone3::default())? {
        Cloned::Child => {
            let errno = join(namespace, Namespaces::USER).err().and_then(|error| error.raw_os_error()).unwrap_or(0);
            let _ = rustix::io::write(&tell, &errno.to_ne_bytes());
            loop {
                // Ended by the parent.
                rustix::event::pause();
            }
        }
        Cloned::Parent { pid, pidfd } => {
            drop(tell);
            let maps = maps_of_child(pid, entered);
            let _ = crate::pidfd::send_signal(pidfd.as_fd(), libc::SIGKILL);
            let _ = crate::pidfd::wait(pidfd.as_fd());
            maps
        }
    }
}

fn maps_of_child(pid: i32, entered: OwnedFd) -> io::Result<(Vec<IdRange>, Vec<IdRange>)> {
    let mut errno = [0; 4];
    std::fs::File::from(entered).read_exact(&mut errno)?;
    match i32::from_ne_bytes(errno) {
        0 => Ok((read(format!("/proc/{pid}/uid_map"))?, read(format!("/proc/{pid}/gid_map"))?)),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

fn parse(text: &str) -> Vec<IdRange> {
    let line = |line: &str| {
        let mut numbers = line.split_ascii_whitespace().map(|word| word.parse().ok());
        Some(IdRange { inside: numbers.next()??, outside: numbers.next()??, count: numbers.next()?? })
    };
    text.lines().filter_map(line).collect()
}

/// The ranges that subuid(5) text gives to a user, by name or number, in order: (first id, count).
pub fn subordinate(text: &str, name: Option<&str>, id: u32) -> Vec<(u32, u32)> {
    let id = id.to_string();
    let line = |line: &str| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let range = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        (Some(owner) == name || owner == id).then_some(range)
    };
    text.lines().filter_map(line).filter(|&(_, count)| count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_written_and_read_in_the_same_form() {
        let ranges =
            [IdRange { inside: 0, outside: 1000, count: 1 }, IdRange { inside: 1, outside: 100000, count: 65536 }];
        assert_eq!(lines(&ranges), "0 1000 1\n1 100000 65536\n");
        assert_eq!(parse("         0       1000          1\n         1     100000      65536\n"), ranges);
    }

    #[test]
    fn subordinate_ranges_are_found_by_name_or_number() {
        let text = "# comment\nalice:100000:65536\nbob:165536:65536\n1000:300000:10\nalice:bad:1\nalice:1:0\n";
        assert_eq!(subordinate(text, Some("alice"), 1000), [(100000, 65536), (300000, 10)]);
        assert_eq!(subordinate(text, None, 1001), []);
    }
}

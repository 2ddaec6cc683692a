//! New processes: `fork` and `clone3`. See clone(2).
//!
//! Both copy only the calling thread. Callers are single-threaded at that moment, so the child may allocate.

use crate::check;
use crate::namespace::Namespaces;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Which side of a [`fork`] we are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fork {
    /// In the parent, with the child's pid.
    Parent(i32),
    /// In the child.
    Child,
}

/// fork(2). The caller must be single-threaded if the child is to do more than exec or exit.
pub fn fork() -> io::Result<Fork> {
    // SAFETY: fork has no memory-safety conditions of its own in a single-threaded process, see above.
    match check(unsafe { libc::fork() }.into())? {
        0 => Ok(Fork::Child),
        pid => Ok(Fork::Parent(pid as i32)),
    }
}

/// What [`clone3`] is asked for.
#[derive(Debug, Default, Clone, Copy)]
pub struct Clone3<'a> {
    /// New namespaces of the child.
    pub namespaces: Namespaces,
    /// The v2 control group to be born in (CLONE_INTO_CGROUP, Linux 5.7).
    pub cgroup: Option<BorrowedFd<'a>>,
    /// Make the child a sibling: its parent is the caller's parent (CLONE_PARENT).
    pub sibling: bool,
}

/// Which side of a [`clone3`] we are on.
#[derive(Debug)]
pub enum Cloned {
    /// In the parent.
    Parent {
        /// The child, in the caller's pid namespace.
        pid: i32,
        /// A descriptor of it (close-on-exec).
        pidfd: OwnedFd,
    },
    /// In the child.
    Child,
}

/// Wider than the `int` that libc has for it.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// clone3(2) without shared memory: a fork into new namespaces. The caller must be single-threaded.
pub fn clone3(wish: Clone3<'_>) -> io::Result<Cloned> {
    let mut pidfd: libc::c_int = -1;
    let mut args = CloneArgs {
        flags: u64::from(wish.namespaces.bits()) | libc::CLONE_PIDFD as u64,
        pidfd: &raw mut pidfd as u64,
        exit_signal: libc::SIGCHLD as u64,
        ..CloneArgs::default()
    };
    if wish.sibling {
        // The exit signal is then the caller's own; the kernel refuses another.
        args.flags |= libc::CLONE_PARENT as u64;
        args.exit_signal = 0;
    }
    if let Some(cgroup) = wish.cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup.as_raw_fd() as u64;
    }
    // SAFETY: `args` and `pidfd` outlive the call; no CLONE_VM, so the child has its own copy of the memory and stack.
    match check(unsafe { libc::syscall(libc::SYS_clone3, &raw mut args, size_of::<CloneArgs>()) })? {
        0 => Ok(Cloned::Child),
        // SAFETY: the kernel has stored a new descriptor that nobody else owns.
        pid => Ok(Cloned::Parent { pid: pid as i32, pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) } }),
    }
}

/// Parts of /proc/PID/stat (proc_pid_stat(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// `R`, `S`, `Z`, ….
    pub state: char,
    /// Clock ticks between boot and its start: with the number it names a process for good.
    pub start_time: u64,
}

impl Stat {
    /// Only its exit code is left, or not even that.
    pub fn has_ended(self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}

/// `None`: there is no such process.
pub fn stat(pid: i32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field, the name, may hold anything, also parentheses: count from its end.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    Some(Stat { state: fields.next()?.chars().next()?, start_time: fields.nth(18)?.parse().ok()? })
}

/// _exit(2): ends without running destructors or flushing the parent's buffers.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: never returns, no conditions.
    unsafe { libc::_exit(code) }
}

/// Names this process in `ps` and /proc/PID/comm (at most 15 bytes are kept).
pub fn set_name(name: &std::ffi::CStr) {
    // SAFETY: the kernel reads at most 16 bytes of a terminated string.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

/// PR_SET_PDEATHSIG: `signal` is sent to the caller when its parent's thread ends (0: none). Cleared by a set-uid exec.
pub fn die_with_parent(signal: i32) -> io::Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal as libc::c_ulong) }.into()).map(drop)
}

/// Lets the process of `command` write its pid into `note` (an open, empty file) before it executes its program, and ends it
/// should this process end before that program has changed its rights: whoever finds the note empty finds no such process.
pub fn note_pid(command: &mut std::process::Command, note: OwnedFd) {
    use std::os::unix::process::CommandExt;
    // SAFETY: getpid has no conditions.
    let parent = unsafe { libc::getpid() };
    let write = move || {
        die_with_parent(libc::SIGKILL)?;
        let mut digits = [0; 10];
        // SAFETY: as above.
        let text = decimal(unsafe { libc::getpid() }, &mut digits);
        // SAFETY: the buffer is as long as it is said to be; the descriptor is ours.
        check(unsafe { libc::write(note.as_raw_fd(), text.as_ptr().cast(), text.len()) } as libc::c_long)?;
        // Its end before the first line isn't signalled.
        // SAFETY: as above.
        match unsafe { libc::getppid() } == parent {
            true => Ok(()),
            false => Err(io::ErrorKind::BrokenPipe.into()),
        }
    };
    // SAFETY: between fork and exec it makes system calls only and allocates nothing.
    unsafe { command.pre_exec(write) };
}

/// Ends the program of `command` should this thread end first, whatever ends it.
pub fn end_with_caller(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    // SAFETY: getpid has no conditions.
    let parent = unsafe { libc::getpid() };
    let tie = move || {
        die_with_parent(libc::SIGKILL)?;
        // An end before that line isn't signalled.
        // SAFETY: as above.
        match unsafe { libc::getppid() } == parent {
            true => Ok(()),
            false => Err(io::ErrorKind::BrokenPipe.into()),
        }
    };
    // SAFETY: between fork and exec it makes system calls only and allocates nothing.
    unsafe { command.pre_exec(tie) };
}

/// Without allocating.
fn decimal(number: i32, digits: &mut [u8; 10]) -> &[u8] {
    let mut at = digits.len();
    let mut left = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            return &digits[at..];
        }
    }
}

/// PR_SET_DUMPABLE 0: other processes of the same user can't ptrace us or open our /proc files.
pub fn hide_from_ptrace() -> io::Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0 as libc::c_ulong) }.into()).map(drop)
}

/// PR_SET_DUMPABLE 1: the opposite, for a process that a change of user has hidden.
pub fn allow_ptrace() -> io::Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1 as libc::c_ulong) }.into()).map(drop)
}

/// personality(2).
pub fn set_personality(persona: u32) -> io::Result<()> {
    // SAFETY: plain number.
    check(unsafe { libc::personality(persona.into()) }.into()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_notes_its_pid_first() {
        let note = tempfile();
        let mut command = std::process::Command::new("/bin/sh");
        command.args(["-c", "cat /proc/self/fd/0 >/dev/stdout; echo \" $$\""]).stdin(note.try_clone().unwrap());
        note_pid(&mut command, note.into());
        let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let (noted, own) = said.trim().split_once(' ').unwrap();
        assert_eq!(noted, own);
        assert_eq!(decimal(0, &mut [0; 10]), b"0");
        assert_eq!(decimal(i32::MAX, &mut [0; 10]), b"2147483647");
    }

    fn tempfile() -> std::fs::File {
        let path = std::env::temp_dir().join(format!("sys-note-{}", std::process::id()));
        let file = std::fs::File::options().create(true).truncate(true).read(true).write(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file
    }

    #[test]
    fn clone3_returns_a_waitable_pidfd() {
        match clone3(Clone3::default()).unwrap() {
            Cloned::Child => exit_now(7),
            Cloned::Parent { pidfd, .. } => {
                use std::os::fd::AsFd;
                assert_eq!(crate::pidfd::wait(pidfd.as_fd()).unwrap(), crate::pidfd::Exit::Code(7));
            }
        }
    }
}

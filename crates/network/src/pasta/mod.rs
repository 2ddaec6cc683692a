//! Networking for ordinary users by the pasta program, with the arguments Podman gives it; see pasta(1) and the
//! `--network=pasta` part of podman-run(1).
//!
//! pasta stays in the foreground, as a child of the monitor, and says when the network works; it runs until [`stop`].

mod arguments;
mod counters;
mod routes;
mod starting;

use crate::Error;
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid};
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

pub use routes::Routes;
pub use starting::{Starting, Wish, start};

/// Queries to this address are forwarded to the host's resolver; Podman's choice.
pub const DNS_ADDRESS: &str = "169.254.1.1";
/// `host.containers.internal`, where pasta knows the option.
pub const HOST_ADDRESS: &str = "169.254.1.2";
/// udev gives it to everybody; bare containers and some hosts don't.
const TUN: &str = "/dev/net/tun";
const MAP_GUEST: &str = "--map-guest-addr";

/// Where `pasta` is, if installed.
pub fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from);
    let mut folders = std::env::split_paths(&path).chain(usual);
    folders.find_map(|folder| {
        let program = folder.join("pasta");
        let runs = rustix::fs::access(&program, rustix::fs::Access::EXEC_OK).is_ok();
        (folder.is_absolute() && runs).then_some(program)
    })
}

/// Whether this pasta gives the container an address of the host's ([`HOST_ADDRESS`]). Debian 12's doesn't.
///
/// An option's name is a string in the program, so looking for it costs a tenth of asking `--help`.
pub fn maps_host_address(program: &Path) -> bool {
    let bytes = fs::read(program).unwrap_or_default();
    memchr::memmem::find(&bytes, &MAP_GUEST.as_bytes()[2..]).is_some()
}

/// Why pasta can't work here, if so. Until 2024 it wants an interface with a way out to copy; since then it can do without.
pub fn obstacle(program: &Path) -> Option<&'static str> {
    if rustix::fs::access(TUN, rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK).is_err() {
        return Some("`pasta` needs to read and write /dev/net/tun, which isn't allowed here");
    }
    let usable = routes::of_host().any() || maps_host_address(program);
    (!usable).then_some("this machine has no network that `pasta` could use")
}

/// The file that is run in the end: where the processor has AVX2, the program would execute its other build at once, which costs
/// one and a half milliseconds.
fn executed(program: &Path) -> PathBuf {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        let real = fs::canonicalize(program).unwrap_or_else(|_| program.to_owned());
        let other = PathBuf::from(format!("{}.avx2", real.display()));
        if other.is_file() {
            return other;
        }
    }
    program.to_owned()
}

/// Ends the pasta of that pid file, if it still runs, and removes the file.
///
/// # Errors
/// When it can't be signalled.
pub fn stop(pid_file: &Path) -> Result<(), Error> {
    if let Ok(pid) = read_pid(pid_file) {
        end(pid)?;
    }
    let _ = fs::remove_file(pid_file);
    Ok(())
}

/// By a pidfd, opened before the name is checked, so that a reused pid is never hit.
fn end(pid: i32) -> Result<(), Error> {
    let Some(Ok(process)) = Pid::from_raw(pid).map(|pid| pidfd_open(pid, PidfdFlags::empty())) else {
        return Ok(());
    };
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    // `pasta` or `pasta.avx2`, or `passt…` under its other name.
    if !name.starts_with("pasta") && !name.starts_with("passt") {
        return Ok(());
    }
    match pidfd_send_signal(&process, Signal::TERM) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(e) => return Err(Error::io(format!("cannot end pasta, process {pid}"))(e.into())),
    }
    // The monitor's own child is reaped; nobody else waits here.
    let _ = waitid(WaitId::PidFd(process.as_fd()), WaitIdOptions::EXITED);
    Ok(())
}

fn read_pid(pid_file: &Path) -> Result<i32, Error> {
    let what = || format!("cannot read pasta's pid from `{}`", pid_file.display());
    let text = fs::read_to_string(pid_file).map_err(Error::io(what()))?;
    text.trim().parse().map_err(|_| Error::io(what())(io::ErrorKind::InvalidData.into()))
}

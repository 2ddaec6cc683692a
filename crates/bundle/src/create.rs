//! `create`: the process is made, has its root, and waits for its start.

use crate::error::{Error, Tried};
use crate::folder::{CONFIG, DOOR, Locked, Root};
use crate::record::Record;
use crate::{Pass, config, console};
use oci::runtime::Spec;
use runtime::cgroup;
use runtime::{Launch, Launched, Ready, Stdio, UserLookup};
use rustix::fs::{Mode, OFlags};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Create<'a> {
    /// Of the new container.
    pub id: &'a str,
    /// Its folder.
    pub bundle: &'a Path,
    /// In place of the bundle's `config.json`.
    pub config: Option<&'a Path>,
    /// Listens for the terminal.
    pub console_socket: Option<&'a Path>,
    /// Gets the process's number.
    pub pid_file: Option<&'a Path>,
    /// Descriptors for the process.
    pub pass: Pass,
    /// Change the root by moving mounts and chroot(2), where pivot_root(2) doesn't work (an initramfs).
    pub no_pivot: bool,
    /// Stay in the caller's session keyring.
    pub keep_keyring: bool,
    /// Which control groups it gets.
    pub groups: cgroup::Groups,
}

/// A container whose process is ready to start.
pub(crate) struct Made {
    pub(crate) locked: Locked,
    pub(crate) launched: Launched,
    pub(crate) ready: Ready,
    pub(crate) spec: Spec,
    pub(crate) record: Record,
}

/// Makes it; it waits for [`crate::start`].
///
/// # Errors
/// Nothing is left behind then.
pub fn create(root: &Root, wish: &Create<'_>) -> Result<(), Error> {
    let made = make(root, wish, true)?;
    let handed = hand_over(&made, wish).and_then(|()| listen(&made.locked.folder.join(DOOR)));
    match handed {
        Ok(door) => {
            let cgroups = made.launched.cgroups.clone();
            made.launched.leave(door).map_err(|error| fail(error.into(), made.locked, &cgroups))
        }
        Err(error) => Err(made.undo(error)),
    }
}

/// `detached`: nobody is there to serve a terminal.
pub(crate) fn make(root: &Root, wish: &Create<'_>, detached: bool) -> Result<Made, Error> {
    let bundle = config::absolute(wish.bundle)?;
    let mut read = config::of_bundle(&bundle, wish.config)?;
    let mut process =
        read.spec.process.take().ok_or_else(|| Error::Invalid("the configuration has no process".into()))?;
    check_terminal(process.terminal, wish.console_socket, detached)?;
    wish.pass.tell(&mut process);
    read.spec.process = Some(process);
    let rootfs = read.spec.root.as_ref().map(|root| bundle.join(&root.path)).unwrap_or_default();
    let rootfs = config::absolute(&rootfs)?;
    let preserve = wish.pass.descriptors()?;
    let locked = root.claim(wish.id)?;
    if let Err(error) = fs::write(locked.folder.join(CONFIG), &read.bytes).at("write", &locked.folder.join(CONFIG)) {
        return Err(fail(error, locked, &cgroup::Cgroups::default()));
    }
    let launch = Launch {
        id: wish.id,
        bundle: &bundle,
        spec: &read.spec,
        root: runtime::Root::Folder(rootfs.clone()),
        user: UserLookup { set_home: true, ..UserLookup::default() },
        copy_up: Vec::new(),
        sub_paths: Default::default(),
        names_in_folders: Default::default(),
        chown: Vec::new(),
        stdio: stdio(&read.spec),
        preserve,
        groups: wish.groups,
        die_with_parent: false,
        init: false,
        make_working_folder: true,
        no_pivot: wish.no_pivot,
        keep_keyring: wish.keep_keyring,
    };
    let mut launched = match runtime::launch(&launch) {
        Ok(launched) => launched,
        Err(error) => return Err(fail(error.into(), locked, &cgroup::Cgroups::default())),
    };
    let ready = match launched.ready() {
        Ok(ready) => ready,
        Err(error) => return Err(fail(error.into(), locked, &launched.cgroups)),
    };
    let record = record(wish.id, bundle, rootfs, &launched, &read.spec);
    let made = Made { locked, launched, ready, spec: read.spec, record };
    match made.record.write(&made.locked.folder) {
        Ok(()) => Ok(made),
        Err(error) => Err(made.undo(error)),
    }
}

/// What the caller waits for: terminal and process number.
pub(crate) fn hand_over(made: &Made, wish: &Create<'_>) -> Result<(), Error> {
    if let (Some(master), Some(socket)) = (&made.ready.terminal, wish.console_socket) {
        console::hand_over(master, socket)?;
    }
    wish.pid_file.map_or(Ok(()), |path| write_pid(path, made.launched.pid))
}

/// In one step: whoever waits for the file reads the whole number.
pub(crate) fn write_pid(path: &Path, pid: i32) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let fresh = path.with_file_name(format!(".{name}"));
    fs::write(&fresh, pid.to_string()).at("write", &fresh)?;
    fs::rename(&fresh, path).at("write", path)
}

fn check_terminal(terminal: bool, socket: Option<&Path>, detached: bool) -> Result<(), Error> {
    match (terminal, socket, detached) {
        (true, None, true) => Err(Error::Invalid(
            "`process.terminal` is set: a container that nobody stays with needs --console-socket for its terminal"
                .into(),
        )),
        (false, Some(_), _) => {
            Err(Error::Invalid("--console-socket is for a terminal, and `process.terminal` is not set".into()))
        }
        _ => Ok(()),
    }
}

fn stdio(spec: &Spec) -> Stdio<'static> {
    let process = spec.process.as_ref();
    match process.filter(|process| process.terminal) {
        None => Stdio::Inherit,
        Some(process) => {
            let size = process.console_size.clone().unwrap_or_default();
            Stdio::Terminal(size.height, size.width)
        }
    }
}

fn record(id: &str, bundle: PathBuf, rootfs: PathBuf, launched: &Launched, spec: &Spec) -> Record {
    let path = spec.linux.as_ref().and_then(|linux| linux.cgroups_path.clone());
    Record {
        id: id.to_owned(),
        pid: launched.pid,
        start_time: sys::process::stat(launched.pid).map_or(0, |stat| stat.start_time),
        bundle,
        rootfs,
        created: jiff::Timestamp::now().to_string(),
        owner: rustix::process::geteuid().as_raw(),
        cgroups: launched.cgroups.clone(),
        cgroup_path: path.unwrap_or_else(|| format!("/minke/{id}")),
        oci_version: spec.oci_version.clone(),
        annotations: spec.annotations.clone(),
    }
}

/// A packet socket that listens there, however long the path is.
fn listen(path: &Path) -> Result<OwnedFd, Error> {
    let what = || format!("listen at `{}`", path.display());
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = path.parent().unwrap_or(path);
    let folder = rustix::fs::open(folder, flags, Mode::empty()).tried(what)?;
    let address = SocketAddrUnix::new(format!("/proc/self/fd/{}/{DOOR}", folder.as_raw_fd())).tried(what)?;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
    let socket = socket.tried(what)?;
    rustix::net::bind(&socket, &address).tried(what)?;
    rustix::net::listen(&socket, 1).tried(what)?;
    Ok(socket)
}

impl Made {
    /// Takes everything back; the error goes through.
    pub(crate) fn undo(self, error: Error) -> Error {
        let cgroups = self.launched.cgroups.clone();
        let _ = rustix::process::pidfd_send_signal(&self.launched.pidfd, rustix::process::Signal::KILL);
        fail(error, self.locked, &cgroups)
    }
}

fn fail(error: Error, locked: Locked, cgroups: &cgroup::Cgroups) -> Error {
    if let Err(error) = cgroup::remove(cgroups) {
        log::warn!("{error}");
    }
    if let Err(error) = locked.remove() {
        log::warn!("{error}");
    }
    error
}

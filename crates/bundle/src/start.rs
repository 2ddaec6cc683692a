//! `start`: the process that `create` made does what it was made for.

use crate::error::{Error, Tried};
use crate::folder::{Container, DOOR, Locked, Root};
use crate::status::Status;
use oci::runtime::Spec;
use runtime::hooks::{self, Stage};
use rustix::fs::{Mode, OFlags};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::os::fd::{AsRawFd, OwnedFd};

/// Lets it go.
///
/// # Errors
/// It isn't waiting; or what kept it from its command: it has ended then.
pub fn start(root: &Root, id: &str) -> Result<(), Error> {
    let container = root.find(id)?;
    let _locked = Locked::of(&container)?;
    container.must("start", &[Status::Created])?;
    let spec = container.config()?;
    let connection = connect(&container)?;
    // From here on it is not one that waits, whatever comes of it.
    let door = container.folder.join(DOOR);
    std::fs::remove_file(&door).at("remove", &door)?;
    runtime::start_waiting(&connection, command(&spec))?;
    after_start(&container, &spec)
}

/// Hooks whose turn it is when the command runs: a failed one ends the container (runtime.md, "Lifecycle").
pub(crate) fn after_start(container: &Container, spec: &Spec) -> Result<(), Error> {
    let record = &container.record;
    let subject = hooks::Subject { id: &record.id, pid: record.pid, bundle: &record.bundle, spec };
    hooks::run(Stage::Poststart, &subject).map_err(|error| {
        let _ = sys::signal::kill(record.pid, KILL);
        error.into()
    })
}

const KILL: i32 = 9;

/// What it executes, for messages.
pub(crate) fn command(spec: &Spec) -> &str {
    spec.process.as_ref().and_then(|process| process.args.first()).map_or("", String::as_str)
}

fn connect(container: &Container) -> Result<OwnedFd, Error> {
    let what = || format!("reach the process of container `{}`", container.record.id);
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(&container.folder, flags, Mode::empty()).tried(what)?;
    let address = SocketAddrUnix::new(format!("/proc/self/fd/{}/{DOOR}", folder.as_raw_fd())).tried(what)?;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
    let socket = socket.tried(what)?;
    rustix::net::connect(&socket, &address).tried(what)?;
    Ok(socket)
}

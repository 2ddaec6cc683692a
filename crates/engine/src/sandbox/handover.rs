//! The monitor executes itself anew once its container has settled: the command's heap it was forked with goes, and an
//! idle container costs a few hundred kilobytes.

use super::How;
use crate::Options;
use monitor::handover::Handover;
use monitor::restart::Pause;
use monitor::supervise::Container;
use serde::{Deserialize, Serialize};
use spec::life::Restart;
use std::ffi::CString;
use std::io::{self, Seek};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// All a monitor needs to go on, as JSON in a memory file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) options: Options,
    pub(super) id: String,
    /// Run folder.
    pub(super) folder: PathBuf,
    pub(super) how: How,
    pub(super) restart: Restart,
    pub(super) pause: Pause,
    pub(super) container: Handover,
    pub(super) lock: RawFd,
    pub(super) reserved: Vec<RawFd>,
}

/// Replaces this program; returns only when that failed, with everything as it was.
pub(super) fn exec(message: &Message, container: &Container, lock: &OwnedFd, reserved: &[OwnedFd]) -> io::Error {
    let mut kept: Vec<BorrowedFd<'_>> = monitor::handover::descriptors(container);
    kept.push(lock.as_fd());
    kept.extend(reserved.iter().map(AsFd::as_fd));
    let error = execute(message, &kept).unwrap_or_else(|error| error);
    for fd in kept {
        let _ = sys::descriptor::set_close_on_exec(fd, true);
    }
    error
}

fn execute(message: &impl Serialize, kept: &[BorrowedFd<'_>]) -> io::Result<io::Error> {
    let text = serde_json::to_vec(message).map_err(io::Error::other)?;
    let file = sys::memory_file::sealed("minke-monitor", &text)?;
    for fd in kept {
        sys::descriptor::set_close_on_exec(*fd, false)?;
    }
    sys::descriptor::set_close_on_exec(file.as_fd(), false)?;
    let text = |text: String| CString::new(text).map_err(io::Error::other);
    let arguments = [c"minke".to_owned(), c"monitor".to_owned(), text(file.as_raw_fd().to_string())?];
    Ok(sys::exec::path(c"/proc/self/exe", &arguments, &environment()))
}

fn environment() -> Vec<CString> {
    let variables = std::env::vars_os().filter_map(|(key, value)| {
        let mut variable = key.into_vec();
        variable.push(b'=');
        variable.extend(value.into_vec());
        CString::new(variable).ok()
    });
    variables.collect()
}

/// The last duties of a monitor that was forked (without a container: the database's only): as a new program, since SQLite can't
/// be used in a forked one. Returns only when that failed.
pub(crate) fn exec_last_duties(options: &Options, id: Option<&str>) -> io::Error {
    let exec = || -> io::Result<io::Error> {
        let text = CString::new(serde_json::to_vec(&(options, id)).map_err(io::Error::other)?)?;
        let arguments = [c"minke".to_owned(), c"monitor".to_owned(), c"last".to_owned(), text];
        Ok(sys::exec::path(c"/proc/self/exe", &arguments, &environment()))
    };
    exec().unwrap_or_else(|error| error)
}

/// In the new program: what the old one left in that memory file.
pub(super) fn receive<T: serde::de::DeserializeOwned>(number: &str) -> io::Result<T> {
    let number = number.parse().map_err(io::Error::other)?;
    let mut file = std::fs::File::from(sys::descriptor::adopt(number)?);
    file.rewind()?;
    serde_json::from_reader(io::BufReader::with_capacity(4096, file)).map_err(io::Error::other)
}

//! Keeps a new namespace for the commands to come: making one costs newuidmap, which is as much as the rest of a start.
//!
//! A process of a few kilobytes lives in it for a while and then ends by itself. It holds nothing else: not the command's
//! folder, streams or mounts. Killing it does no harm.

use super::find;
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use sys::namespace::{Namespaces, join};
use sys::process::{Fork, exit_now, fork};

/// Commands of somebody at work follow each other sooner.
const SECONDS: u32 = 60;

/// What the keeper needs to be found.
pub struct Keeping<'a> {
    /// Where `current` is.
    pub folder: &'a Path,
    /// The shared lock that says that somebody may live in the namespace; the keeper holds it for its life.
    pub users: BorrowedFd<'a>,
}

impl Keeping<'_> {
    /// Starts it in the user namespace of process `of`, from a process outside that ends soon, so that nobody has to wait for
    /// the keeper. Failing costs later commands some time, nothing else.
    pub fn start(&self, of: i32) {
        match fork() {
            Ok(Fork::Child) => {
                let _ = self.become_keeper(of);
                exit_now(1)
            }
            Ok(Fork::Parent(pid)) => find::record(self.folder, pid, of),
            Err(_) => {}
        }
    }

    /// Returns only on failure.
    fn become_keeper(&self, of: i32) -> std::io::Result<()> {
        let namespace = sys::namespace::open(format!("/proc/{of}/ns/user"))?;
        join(namespace.as_fd(), Namespaces::USER)?;
        let program = sys::memory_file::sealed("minke-userns", sys::inside::INIT)?;
        // Out of the way of the four that are put in place below.
        let program = sys::descriptor::copy_above(program.as_fd(), 4)?;
        let null = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDWR, rustix::fs::Mode::empty())?;
        rustix::process::setsid()?;
        std::env::set_current_dir("/")?;
        sys::descriptor::close_on_exec_from(3)?;
        sys::descriptor::place(0, &[null.as_fd(), null.as_fd(), null.as_fd(), self.users])?;
        let arguments =
            ["minke-userns", "wait", &SECONDS.to_string()].map(|word| CString::new(word).unwrap_or_default());
        Err(sys::exec::fd(program.as_fd(), &arguments, &[]))
    }
}

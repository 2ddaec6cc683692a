//! Descriptors that a process is given besides its three streams: those of socket activation (sd_listen_fds(3)), then
//! `--preserve-fds` more.

use crate::error::Error;
use oci::runtime::Process;
use std::os::fd::BorrowedFd;

/// How many of each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pass {
    /// `LISTEN_FDS`
    listening: u32,
    /// `--preserve-fds`
    preserved: u32,
}

impl Pass {
    /// `preserved` beside what this process's `LISTEN_FDS` counts.
    pub fn of_environment(preserved: u32) -> Pass {
        let listening = std::env::var("LISTEN_FDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        Pass { listening, preserved }
    }

    /// From number 3 on.
    ///
    /// # Errors
    /// One of the preserved ones isn't open.
    pub(crate) fn descriptors(self) -> Result<Vec<BorrowedFd<'static>>, Error> {
        let wanted = self.listening.saturating_add(self.preserved).min(MOST);
        let open = sys::descriptor::inherited(3, wanted);
        match open.len() as u32 == wanted {
            true => Ok(open),
            false => Err(Error::Invalid(format!(
                "{wanted} descriptors from 3 on were to be passed, but only {} of them are open",
                open.len()
            ))),
        }
    }

    /// What the process is told of them.
    pub(crate) fn tell(self, process: &mut Process) {
        if self.listening > 0 {
            process.env.retain(|pair| !pair.starts_with("LISTEN_FDS=") && !pair.starts_with("LISTEN_PID="));
            process.env.extend([format!("LISTEN_FDS={}", self.listening), "LISTEN_PID=1".to_owned()]);
        }
    }
}

/// More than a process may have open.
const MOST: u32 = 1 << 20;

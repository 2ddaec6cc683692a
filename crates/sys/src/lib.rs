//! The kernel's calls that neither std nor rustix has in a safe form. The only crate with `unsafe`.
//!
//! Each module wraps one subject and decides nothing: no policy, no paths of ours. Man pages are named where they say more.
//! Where rustix has a call already, callers use rustix.

#![allow(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used))]

pub mod bpf;
pub mod capability;
pub mod credential;
pub mod descriptor;
pub mod exec;
pub mod fd_passing;
pub mod id_map;
pub mod inside;
pub mod interface;
pub mod keyring;
pub mod memory;
pub mod memory_file;
pub mod mount;
pub mod namespace;
pub mod netlink;
pub mod path;
pub mod pidfd;
pub mod private_folder;
pub mod process;
pub mod scheduling;
pub mod seccomp;
pub mod signal;

/// The result of a raw system call as std has it.
pub(crate) fn check(result: libc::c_long) -> std::io::Result<libc::c_long> {
    if result < 0 { Err(std::io::Error::last_os_error()) } else { Ok(result) }
}

//! Commands for another architecture need somebody who runs them: an emulator that the kernel knows (binfmt_misc). Whether there
//! is one is asked before anything is built.

use super::target::Target;
use crate::error::Error;
use crate::steps::Action;
use oci::Platform;
use rustix::fs::MemfdFlags;
use std::io::Write;
use std::process::{Command, Stdio};

/// An error if a stage has commands that this machine can't run.
pub(super) fn check(target: &Target) -> Result<(), Error> {
    let host = Platform::host();
    let mut known = Vec::new();
    for (index, stage) in &target.stages {
        if !stage.steps.iter().any(|step| matches!(step.action, Action::Run(_))) {
            continue;
        }
        // What stands on nothing may have programs of any sort.
        let Some(base) = target.base(*index) else { continue };
        let platform = base.config.platform();
        if host.rank(&platform).is_some() || known.contains(&platform) {
            continue;
        }
        if !header(&platform.architecture).is_none_or(|header| runs(&header)) {
            return Err(Error::Missing(format!(
                "RUN for {platform}: this machine ({host}) has no emulator for it. Install one that registers with the kernel \
                 (qemu-user-static or qemu-user-binfmt), or leave that platform out"
            )));
        }
        known.push(platform);
    }
    Ok(())
}

/// ELF's class, byte order and machine (elf(5)); `None`: not known, or this machine's processor may do it itself.
fn machine(architecture: &str) -> Option<(u8, u8, u16)> {
    let own = std::env::consts::ARCH;
    Some(match architecture {
        "amd64" => (2, 1, 62),
        "arm64" => (2, 1, 183),
        "386" if own != "x86_64" => (1, 1, 3),
        "arm" if own != "aarch64" => (1, 1, 40),
        "loong64" => (2, 1, 258),
        "mips" => (1, 2, 8),
        "mipsle" => (1, 1, 8),
        "mips64" => (2, 2, 8),
        "mips64le" => (2, 1, 8),
        "ppc64le" => (2, 1, 21),
        "riscv64" => (2, 1, 243),
        "s390x" => (2, 2, 22),
        _ => return None,
    })
}

/// The beginning of a program without anything in it.
fn header(architecture: &str) -> Option<Vec<u8>> {
    let (class, order, machine) = machine(architecture)?;
    let mut header = vec![0x7f, b'E', b'L', b'F', class, order, 1];
    header.resize(16, 0);
    for half in [2_u16, machine] {
        header.extend(if order == 2 { half.to_be_bytes() } else { half.to_le_bytes() });
    }
    header.resize(64, 0);
    Some(header)
}

/// Whether the kernel finds somebody to run it. What becomes of it then doesn't matter: there is nothing in it.
fn runs(header: &[u8]) -> bool {
    const NO_PROGRAM: i32 = 8;
    let Ok(file) = rustix::fs::memfd_create("minke-emulation", MemfdFlags::CLOEXEC) else { return true };
    let mut file = std::fs::File::from(file);
    if file.write_all(header).is_err() {
        return true;
    }
    let path = sys::path::of_descriptor(&file);
    let path = path.to_string_lossy().into_owned();
    match Command::new(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(mut child) => {
            let _ = child.kill();
            let _ = child.wait();
            true
        }
        Err(error) => error.raw_os_error() != Some(NO_PROGRAM),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_what_programs_begin_with() {
        let own = std::fs::read("/proc/self/exe").unwrap();
        let made = header(&Platform::host().architecture).unwrap();
        assert_eq!(made[..7], own[..7]);
        assert_eq!(made[18..20], own[18..20]);
        assert_eq!(header("s390x").unwrap()[16..20], [0, 2, 0, 22]);
        assert_eq!(header("made-up"), None);
    }

    #[test]
    fn nobody_runs_what_is_for_no_machine() {
        let mut header = header("s390x").unwrap();
        header[18..20].copy_from_slice(&[0xee, 0xee]);
        assert!(!runs(&header));
    }
}

//! Debian packages that the tests need.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::command::{exists, is_root, run};

/// A program that tests start, and the package that brings it.
const NEEDED: [(&str, &str); 13] = [
    ("busybox", "busybox-static"),
    ("bzip2", "bzip2"),
    ("docker-registry", "docker-registry"),
    ("gpg", "gnupg"),
    ("ip", "iproute2"),
    ("newuidmap", "uidmap"),
    ("nft", "nftables"),
    ("openssl", "openssl"),
    ("pasta", "passt"),
    ("python3", "python3"),
    ("unshare", "util-linux"),
    ("useradd", "passwd"),
    ("xz", "xz-utils"),
];

/// Installs what is missing.
pub fn install() -> Result<()> {
    let missing: Vec<&str> =
        NEEDED.iter().filter(|(program, _)| !exists(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    ensure!(
        is_root() && exists("apt-get"),
        "the tests need these Debian packages, and only root can install them: {}",
        missing.join(" ")
    );
    apt(&["update", "-q"])?;
    apt(&[&["install", "-y", "-q", "--no-install-recommends"], missing.as_slice()].concat())
}

fn apt(words: &[&str]) -> Result<()> {
    run(Command::new("apt-get").args(words).env("DEBIAN_FRONTEND", "noninteractive"))
}

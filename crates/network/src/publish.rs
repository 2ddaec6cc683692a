//! A container's published ports in the firewall.
//!
//! Closing a netfilter socket waits for an RCU grace period (5 to 11 ms here, Linux 6.18) while elements that anybody in the
//! namespace removed are being freed. So sockets are handed out in [`Kept`], to be dropped where nobody waits, and a note says
//! whether a container has elements at all, so that the last cleanup needs no socket.

use crate::netlink::{Family, Socket, open};
use crate::nft::element;
use crate::{Error, IpNet, Status, conntrack};
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Sockets whose closing may take 10 ms. Keep it until nobody waits for this process, such as in the monitor to its end.
#[derive(Debug, Default)]
pub struct Kept {
    _firewall: Option<Socket>,
}

impl Kept {
    /// Keeps this one.
    pub(crate) fn new(firewall: Socket) -> Self {
        Self { _firewall: Some(firewall) }
    }
}

/// Adds the elements, and the note before them.
pub fn publish(run: &Path, firewall: &Socket, container: &str, status: &Status) -> Result<(), Error> {
    if status.ports.is_empty() {
        return Ok(());
    }
    let note = note(run, container);
    let written = fs::write(&note, "").or_else(|_| fs::create_dir_all(folder(run)).and_then(|()| fs::write(&note, "")));
    written.map_err(Error::io(format!("cannot write `{}`", note.display())))?;
    let comment: String = container.chars().take(12).collect();
    element::add(firewall, &elements(status), &comment)?;
    // A client that sent before the port was published would go on to reach the host.
    conntrack::forget_udp(firewall, &status.ports);
    Ok(())
}

/// Removes a container's elements from the firewall, as long as [`Reserved`](crate::Reserved) still holds its ports. Idempotent.
///
/// The monitor calls it when the container has ended, and drops what it returns last of all. Whoever calls
/// [`teardown`](crate::teardown) later finds nothing left to wait for.
pub fn unpublish(run: &Path, container: &str, status: &Status) -> (Kept, Vec<Error>) {
    if status.ports.is_empty() || !note(run, container).exists() {
        return (Kept::default(), Vec::new());
    }
    let socket = match open(Family::Netfilter) {
        Ok(socket) => socket,
        Err(error) => return (Kept::default(), vec![error]),
    };
    let mut errors: Vec<_> = element::remove(&socket, &elements(status)).err().into_iter().collect();
    conntrack::forget_udp(&socket, &status.ports);
    if errors.is_empty() {
        errors.extend(forget(run, container).err());
    }
    (Kept::new(socket), errors)
}

/// The containers that have, or had, elements.
pub fn noted(run: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder(run)).into_iter().flatten().flatten();
    entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

/// Removes the note.
pub fn forget(run: &Path, container: &str) -> Result<(), Error> {
    let note = note(run, container);
    match fs::remove_file(&note) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(Error::io(format!("cannot remove `{}`", note.display()))(e))
        }
        _ => Ok(()),
    }
}

fn elements(status: &Status) -> Vec<element::Element> {
    let nets = status.interfaces.iter().flat_map(|i| &i.addresses);
    let addresses: Vec<IpAddr> = nets.map(|net: &IpNet| net.addr).collect();
    element::of_ports(&status.ports, &addresses)
}

fn folder(run: &Path) -> PathBuf {
    run.join("networks").join(".published")
}

fn note(run: &Path, container: &str) -> PathBuf {
    folder(run).join(container)
}

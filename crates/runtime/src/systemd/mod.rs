//! Control groups by way of systemd: it owns the tree on most hosts, and only it can give an ordinary user a part of it with
//! controllers, or move a login session's process there. See org.freedesktop.systemd1(5), systemd.scope(5), and
//! <https://systemd.io/CGROUP_DELEGATION>.

mod bus;
mod message;

use crate::error::{Error, Tried};
use bus::Bus;
use message::{Body, Value};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;
use sys::credential::Peer;

/// How long systemd may take for what it is asked.
const PATIENCE: Duration = Duration::from_secs(25);

/// A running systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manager {
    socket: PathBuf,
    uid: u32,
}

impl Manager {
    /// The one with process number 1.
    pub fn of_system() -> Option<Manager> {
        Manager { socket: "/run/systemd/private".into(), uid: 0 }.if_there()
    }

    /// An ordinary user's. `uid`: outside of user namespaces; `runtime_dir`: `$XDG_RUNTIME_DIR`.
    pub fn of_user(uid: u32, runtime_dir: &Path) -> Option<Manager> {
        Manager { socket: runtime_dir.join("systemd/private"), uid }.if_there()
    }

    /// Only one that counts processes as we do, since a container may have been given the socket of the host's; and none of
    /// another user's, since the folder may be one that anybody could have made.
    fn if_there(self) -> Option<Manager> {
        let socket = bus::open(&self.socket).ok()?;
        let peer = sys::credential::peer(socket.as_fd()).ok()?;
        is_believed(peer, rustix::process::geteuid().as_raw()).then_some(self)
    }

    /// Starts `unit` (`….scope`) in `slice` (empty: where systemd puts such) around process `pid`, which may then make groups below
    /// it; it ends with its last process. The process is in it when this returns.
    pub fn start_scope(&self, unit: &str, slice: &str, description: &str, pid: u32) -> Result<(), Error> {
        let mut properties = vec![
            ("Description", Value::Text(description.to_owned())),
            ("Delegate", Value::Flag(true)),
            // Otherwise one whose processes were killed stays in the list of failed units.
            ("CollectMode", Value::Text("inactive-or-failed".to_owned())),
            ("PIDs", Value::Numbers(vec![pid])),
        ];
        if !slice.is_empty() {
            properties.push(("Slice", Value::Text(slice.to_owned())));
        }
        let body = Body::default().text(unit).text("fail").properties(&properties).no_units();
        let job = |bus: &mut Bus| bus.job("StartTransientUnit", "ssa(sv)a(sa(sv))", &body);
        self.connect()
            .and_then(|mut bus| job(&mut bus))
            .tried(|| format!("start `{unit}` with systemd at `{}`", self.socket.display()))
    }

    /// Moves process `pid` into the group `below` (`/name`) of a unit that [`Manager::start_scope`] started.
    pub fn attach(&self, unit: &str, below: &str, pid: u32) -> Result<(), Error> {
        let body = Body::default().text(unit).text(below).numbers(&[pid]);
        self.connect()
            .and_then(|mut bus| bus.call("AttachProcessesToUnit", "ssau", &body))
            .map(drop)
            .tried(|| format!("move into `{unit}` with systemd at `{}`", self.socket.display()))
    }

    fn connect(&self) -> std::io::Result<Bus> {
        Bus::connect(&self.socket, self.uid, PATIENCE)
    }
}

fn is_believed(peer: Peer, own_uid: u32) -> bool {
    peer.pid > 0 && peer.uid == own_uid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_systemd_is_believed() {
        assert!(is_believed(Peer { pid: 1, uid: 0 }, 0));
        assert!(!is_believed(Peer { pid: 0, uid: 0 }, 0), "of another pid namespace");
        assert!(!is_believed(Peer { pid: 700, uid: 1001 }, 1000), "another user's");
        let folder = std::env::temp_dir().join(format!("minke-systemd-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("systemd")).unwrap();
        assert_eq!(Manager::of_user(0, &folder), None);
        let listener = std::os::unix::net::UnixListener::bind(folder.join("systemd/private")).unwrap();
        assert!(Manager::of_user(0, &folder).is_some());
        drop(listener);
        assert_eq!(Manager::of_user(0, &folder), None, "nobody listens");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

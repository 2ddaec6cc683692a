//! Addresses lent to containers.
//!
//! A lease is a symbolic link `<run>/networks/<network>/leases/<address>` whose target is the container's id: made in one
//! system call, which fails when the address is taken, and never seen without its content. Addresses are handed out in
//! rotation (`<run>/networks/<network>/last4` and `last6` hold the last number), so that a just freed one rests.

use crate::{Error, IpNet, Network, Subnet};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::net::IpAddr;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

/// One lent address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The network's name.
    pub network: String,
    /// The address.
    pub address: IpAddr,
    /// The container's id.
    pub container: String,
}

/// Everything of a network that is kept in the run directory.
pub fn folder(run: &Path, network: &str) -> PathBuf {
    run.join("networks").join(network)
}

/// All leases of all networks.
///
/// # Errors
/// When a folder can't be read; no folder means no leases.
pub fn leases(run: &Path) -> Result<Vec<Lease>, Error> {
    let mut all = Vec::new();
    for network in names(&run.join("networks"))? {
        let folder = folder(run, &network).join("leases");
        for name in names(&folder)? {
            let target = fs::read_link(folder.join(&name));
            if let (Ok(address), Ok(target)) = (name.parse(), target) {
                all.push(Lease { network: network.clone(), address, container: target.to_string_lossy().into_owned() });
            }
        }
    }
    Ok(all)
}

/// Gives back all addresses of a container. Idempotent.
///
/// # Errors
/// The first failed removal, after all were tried.
pub fn release(run: &Path, container: &str) -> Result<(), Error> {
    let mut result = Ok(());
    for lease in leases(run)? {
        if lease.container == container {
            result = result.and(remove(run, &lease));
        }
    }
    result
}

/// Removes one lease if it is still that container's.
pub fn remove(run: &Path, lease: &Lease) -> Result<(), Error> {
    let path = folder(run, &lease.network).join("leases").join(lease.address.to_string());
    match fs::read_link(&path) {
        Ok(target) if target.as_os_str() == lease.container.as_str() => {}
        Ok(_) => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Error::io(format!("cannot read `{}`", path.display()))(e)),
    }
    match fs::remove_file(&path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(Error::io(format!("cannot remove `{}`", path.display()))(e))
        }
        _ => Ok(()),
    }
}

/// Leases one address in each subnet of the network: the wished ones, else the next free ones, with the same number in each.
///
/// # Errors
/// A wished address outside of all subnets, reserved or taken; a full subnet. What was leased until then is given back.
pub fn take(run: &Path, network: &Network, container: &str, wished: &[IpAddr]) -> Result<Vec<IpNet>, Error> {
    let ledger = Ledger::open(run, network, container)?;
    let mut taken = Vec::new();
    match ledger.take_all(wished, &mut taken) {
        Ok(()) => Ok(taken),
        Err(error) => {
            for net in &taken {
                let _ = fs::remove_file(ledger.leases.join(net.addr.to_string()));
            }
            Err(error)
        }
    }
}

/// The leases of one network, for one container.
struct Ledger<'a> {
    network: &'a Network,
    container: &'a str,
    folder: PathBuf,
    leases: PathBuf,
}

impl<'a> Ledger<'a> {
    fn open(run: &Path, network: &'a Network, container: &'a str) -> Result<Self, Error> {
        let folder = folder(run, &network.name);
        let leases = folder.join("leases");
        fs::create_dir_all(&leases).map_err(Error::io(format!("cannot create `{}`", leases.display())))?;
        Ok(Self { network, container, folder, leases })
    }

    fn take_all(&self, wished: &[IpAddr], taken: &mut Vec<IpNet>) -> Result<(), Error> {
        for addr in wished {
            taken.push(self.take_wished(*addr)?);
        }
        let mut like = None;
        for subnet in &self.network.subnets {
            let net = subnet.subnet;
            if !wished.iter().any(|addr| net.contains(*addr)) {
                let addr = self.take_next(subnet, like)?;
                like = like.or(net.number(addr));
                taken.push(IpNet::new(addr, net.prefix));
            }
        }
        Ok(())
    }

    fn take_wished(&self, addr: IpAddr) -> Result<IpNet, Error> {
        let subnet = self.network.subnets.iter().find(|s| s.subnet.contains(addr));
        let subnet = subnet.ok_or_else(|| Error::AddressOutside { addr, network: self.network.name.clone() })?;
        let number = subnet.subnet.number(addr).unwrap_or(0);
        if !usable(subnet, number) {
            return Err(self.address_taken(addr, "the network itself"));
        }
        if self.try_take(addr)? {
            return Ok(IpNet::new(addr, subnet.subnet.prefix));
        }
        let holder = fs::read_link(self.leases.join(addr.to_string())).unwrap_or_default();
        let holder = holder.to_string_lossy().chars().take(12).collect::<String>();
        Err(self.address_taken(addr, &format!("container {holder}")))
    }

    fn address_taken(&self, addr: IpAddr, holder: &str) -> Error {
        Error::AddressTaken { addr, network: self.network.name.clone(), holder: holder.to_string() }
    }

    /// The next free address; with `like`, that number is tried first.
    fn take_next(&self, subnet: &Subnet, like: Option<u128>) -> Result<IpAddr, Error> {
        let mut rotation = Rotation::open(&self.folder, subnet.subnet.is_ipv4())?;
        let last = rotation.last();
        let top = subnet.subnet.last_host().min(u128::from(u64::MAX));
        // After the last one to the end, then from the start.
        let start = last.min(top);
        let numbers = (start + 1..=top).chain(1..=start);
        for number in like.into_iter().chain(numbers) {
            let Some(addr) = subnet.subnet.host(number).filter(|_| usable(subnet, number)) else {
                continue;
            };
            if self.try_take(addr)? {
                rotation.remember(number);
                return Ok(addr);
            }
        }
        Err(Error::SubnetFull { subnet: subnet.subnet, network: self.network.name.clone() })
    }

    fn try_take(&self, addr: IpAddr) -> Result<bool, Error> {
        let path = self.leases.join(addr.to_string());
        match symlink(self.container, &path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(e) => Err(Error::io(format!("cannot lease {addr} as `{}`", path.display()))(e)),
        }
    }
}

/// Not the network's own address, nor the gateway, nor IPv4's broadcast address.
fn usable(subnet: &Subnet, number: u128) -> bool {
    let net = subnet.subnet;
    let broadcast = net.is_ipv4() && net.prefix < 31 && number == net.last_host();
    number > 0 && !broadcast && net.number(subnet.gateway) != Some(number)
}

/// The file with the last number given out, locked while it is open.
struct Rotation {
    file: File,
}

impl Rotation {
    fn open(folder: &Path, ipv4: bool) -> Result<Self, Error> {
        let path = folder.join(if ipv4 { "last4" } else { "last6" });
        let what = || format!("cannot open `{}`", path.display());
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(Error::io(what()))?;
        flock(&file, FlockOperation::LockExclusive)
            .map_err(|e| Error::io(format!("cannot lock `{}`", path.display()))(e.into()))?;
        Ok(Self { file })
    }

    fn last(&mut self) -> u128 {
        let mut text = String::new();
        match self.file.read_to_string(&mut text) {
            Ok(_) => text.trim().parse().unwrap_or(0),
            Err(_) => 0,
        }
    }

    /// Only a hint: when it can't be written the search takes longer.
    fn remember(&mut self, number: u128) {
        let text = format!("{number:<20}\n");
        let written = self.file.rewind().and_then(|()| self.file.write_all(text.as_bytes()));
        if let Err(e) = written {
            log::debug!("cannot remember the last address: {e}");
        }
    }
}

/// The entries' names; none when there is no such folder.
fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let what = || format!("cannot read `{}`", folder.display());
    let entries = match fs::read_dir(folder) {
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        other => other.map_err(Error::io(what()))?,
    };
    let names = entries.map(|e| e.map(|e| e.file_name().to_string_lossy().into_owned()));
    names.collect::<Result<_, _>>().map_err(Error::io(what()))
}

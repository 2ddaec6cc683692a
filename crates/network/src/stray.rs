//! What killed monitors leave behind: leases, and firewall elements that lead to addresses nobody leases.

use crate::decide::known_networks;
use crate::lease::{self, leases};
use crate::lock::Lock;
use crate::netlink::{Family, open};
use crate::nft::element::{self, Element, MAPS};
use crate::{Error, Network, publish};
use std::collections::HashSet;
use std::net::IpAddr;
use std::path::Path;

/// Removes the leases and firewall elements of containers that `alive` (given the id) denies; returns how many leases and elements.
///
/// # Errors
/// All that failed; it goes on after each.
pub fn strays(run: &Path, alive: &dyn Fn(&str) -> bool) -> (usize, Vec<Error>) {
    match find_and_remove(run, alive) {
        Ok(done) => done,
        Err(error) => (0, vec![error]),
    }
}

fn find_and_remove(run: &Path, alive: &dyn Fn(&str) -> bool) -> Result<(usize, Vec<Error>), Error> {
    // Nobody publishes while we judge.
    let _lock = Lock::exclusive(run)?;
    let networks = known_networks(run);
    if networks.is_empty() {
        return Ok((0, Vec::new()));
    }
    let mut errors = Vec::new();
    let (kept, stray): (Vec<_>, Vec<_>) = leases(run)?.into_iter().partition(|l| alive(&l.container));
    let kept: HashSet<IpAddr> = kept.iter().map(|l| l.address).collect();
    let socket = open(Family::Netfilter)?;
    let mut elements = Vec::new();
    for map in MAPS {
        let listed = element::list(&socket, map)?;
        elements.extend(listed.into_iter().filter(|e| is_stray(e, &networks, &kept)));
    }
    errors.extend(element::remove(&socket, &elements).err());
    for lease in &stray {
        errors.extend(lease::remove(run, lease).err());
    }
    for container in publish::noted(run).iter().filter(|c| !alive(c)) {
        errors.extend(publish::forget(run, container).err());
    }
    Ok((stray.len() + elements.len(), errors))
}

/// It leads into one of our networks (another run directory's are not ours to judge), to an address that nobody has.
fn is_stray(element: &Element, networks: &[Network], kept: &HashSet<IpAddr>) -> bool {
    element.target().is_some_and(|target| {
        let mut subnets = networks.iter().flat_map(|n| &n.subnets);
        subnets.any(|s| s.subnet.contains(target)) && !kept.contains(&target)
    })
}

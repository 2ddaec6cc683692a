//! From a wish to the mapping of a new user namespace. Ids outside are the engine's own (rootless: its user namespace's).

use super::compose::{compose, filled, pieces};
use super::entry::{MapEntry, Side};
use super::{IdRange, KeepId, Users, covering, parse_keep_id};
use crate::{
    Defaults, HostFacts, Invalid,
    namespaces::{Namespace, NsMode},
};

/// Lines of a map that the kernel takes (user_namespaces(7)).
const LINES: usize = 340;

/// What the user namespace will be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ResolvedUsers {
    /// Host, Private, Container, Path, or the mode that made the maps.
    pub namespace: Namespace,
    /// Empty: the engine's own user namespace.
    pub uid_map: Vec<IdRange>,
    /// As `uid_map`.
    pub gid_map: Vec<IdRange>,
    /// `keep-id` only: who the process is unless asked otherwise.
    pub own: Option<(u32, u32)>,
}

pub(crate) fn resolve(users: &Users, defaults: &Defaults, host: &HostFacts) -> Result<ResolvedUsers, Invalid> {
    let namespace = users.effective(defaults);
    if users.has_maps() && !matches!(namespace.mode, NsMode::Default | NsMode::Private) {
        return Err(Invalid::new("--userns and --uidmap/--gidmap/--subuidname/--subgidname are mutually exclusive"));
    }
    let mut resolved = match namespace.mode {
        NsMode::Default | NsMode::Private if users.has_maps() => explicit(users, host)?,
        NsMode::Default | NsMode::Host => return Ok(of(Namespace::of(NsMode::Host))),
        NsMode::Path | NsMode::Container => {
            let maps = host.joined_maps.clone();
            return Ok(ResolvedUsers { uid_map: maps.uids, gid_map: maps.gids, ..of(namespace.clone()) });
        }
        NsMode::Private => return Err(no_mapping()),
        NsMode::KeepId => keep_id(namespace, host)?,
        NsMode::NoMap => no_map(host)?,
        NsMode::Auto => auto(users, namespace, defaults, host)?,
        NsMode::Pod => return Err(crate::namespaces::no_pod()),
        _ => return Err(crate::namespaces::unrecognized(namespace.mode.name())),
    };
    resolved.uid_map = available(&resolved.uid_map, &host.uid_map, "user")?;
    resolved.gid_map = available(&resolved.gid_map, &host.gid_map, "group")?;
    Ok(resolved)
}

fn of(namespace: Namespace) -> ResolvedUsers {
    ResolvedUsers { namespace, ..ResolvedUsers::default() }
}

fn no_mapping() -> Invalid {
    Invalid::new("must provide at least one UID or GID mapping to configure a user namespace")
}

fn no_root() -> Invalid {
    Invalid::new("container ID 0 cannot be mapped to a host ID")
}

/// A side that isn't given is as the other; one whose entries are all for the other side has every id of an ordinary user, and
/// of root's ids the first.
fn explicit(users: &Users, host: &HostFacts) -> Result<ResolvedUsers, Invalid> {
    let maps = users.mappings.clone().unwrap_or_default();
    let or = |map: &Vec<MapEntry>, other: &Vec<MapEntry>| if map.is_empty() { other.clone() } else { map.clone() };
    let (uids, gids) = (or(&maps.uid_map, &maps.gid_map), or(&maps.gid_map, &maps.uid_map));
    let mut uid_map = compose(&uids, Side::Users, &host.uid_map, host.rootless)?;
    let mut gid_map = compose(&gids, Side::Groups, &host.gid_map, host.rootless)?;
    let rest = |own: &[IdRange]| match host.rootless {
        true => filled(&[], own),
        false => vec![IdRange { container_id: 0, host_id: 0, size: 1 }],
    };
    match (uid_map.is_empty(), gid_map.is_empty()) {
        (false, true) => gid_map = rest(&host.gid_map),
        (true, false) => uid_map = rest(&host.uid_map),
        (false, false) => {}
        (true, true) => return Err(no_mapping()),
    }
    for map in [&uid_map, &gid_map] {
        // Whoever sets the container up is its root.
        covering(map, 0, |range| range.container_id).ok_or_else(no_root)?;
    }
    Ok(ResolvedUsers { uid_map, gid_map, ..of(Namespace::of(NsMode::Private)) })
}

/// The caller is 0 in the engine's namespace; inside it gets its own number, and those below it move up by one.
fn keep_id(namespace: &Namespace, host: &HostFacts) -> Result<ResolvedUsers, Invalid> {
    let KeepId { uid, gid, size } = parse_keep_id(&namespace.value)?;
    if !host.rootless {
        if size.is_some() {
            return Err(Invalid::new("cannot set max size for user namespace when not running rootless"));
        }
        let identity = |map: &[IdRange]| map.iter().map(|r| IdRange { host_id: r.container_id, ..*r }).collect();
        return Ok(ResolvedUsers {
            uid_map: identity(&host.uid_map),
            gid_map: identity(&host.gid_map),
            own: Some((uid.unwrap_or(0), gid.unwrap_or(0))),
            ..of(namespace.clone())
        });
    }
    let own = (uid.unwrap_or(host.uid), gid.unwrap_or(host.gid));
    Ok(ResolvedUsers {
        uid_map: keep(own.0, others(&host.uid_map), size)?,
        gid_map: keep(own.1, others(&host.gid_map), size)?,
        own: Some(own),
        ..of(namespace.clone())
    })
}

/// How many ids besides the caller's own are there, from 1 on.
fn others(map: &[IdRange]) -> u32 {
    map.iter().map(|range| range.size).fold(0u32, u32::saturating_add).saturating_sub(1)
}

/// `size` counts the caller's id as well; 0: all there are.
fn keep(own: u32, others: u32, size: Option<u32>) -> Result<Vec<IdRange>, Invalid> {
    let others = match size {
        None | Some(0) => others,
        // Whose only id is the caller's does without root.
        Some(1) if own != 0 && others > 0 => return Err(no_root()),
        Some(size) => (size - 1).min(others),
    };
    let range = |container_id, host_id, size| IdRange { container_id, host_id, size };
    let mut map = Vec::with_capacity(3);
    if others > 0 && own != 0 {
        map.push(range(0, 1, own.min(others)));
    }
    map.push(range(own, 0, 1));
    if others > own {
        map.push(range(own + 1, own + 1, others - own));
    }
    Ok(map)
}

fn no_map(host: &HostFacts) -> Result<ResolvedUsers, Invalid> {
    if !host.rootless {
        return Err(Invalid::new("nomap is only supported in rootless mode"));
    }
    let all = |map: &[IdRange], what: &str| match others(map) {
        0 => Err(Invalid::new(format!("--userns=nomap needs a range of subordinate {what} ids, and there is none"))
            .hint("add one to /etc/subuid and /etc/subgid")),
        size => Ok(vec![IdRange { container_id: 0, host_id: 1, size }]),
    };
    Ok(ResolvedUsers {
        uid_map: all(&host.uid_map, "user")?,
        gid_map: all(&host.gid_map, "group")?,
        ..of(Namespace::of(NsMode::NoMap))
    })
}

fn auto(users: &Users, namespace: &Namespace, defaults: &Defaults, host: &HostFacts) -> Result<ResolvedUsers, Invalid> {
    let range = host.auto_range.ok_or_else(|| {
        Invalid::new("not enough unused IDs in user namespace for --userns=auto")
            .hint("give the user `containers` (root) or yourself a range in /etc/subuid and /etc/subgid")
    })?;
    let options = users.auto_request(defaults).unwrap_or_default();
    let fixed = |entries: &[MapEntry], side, own: &[IdRange]| -> Result<Vec<IdRange>, Invalid> {
        let all: Result<Vec<_>, _> = entries.iter().map(|entry| pieces(entry, side, own)).collect();
        Ok(all?.concat())
    };
    let users = fixed(&options.additional_uid_mappings, Side::Users, &host.uid_map)?;
    let groups = fixed(&options.additional_gid_mappings, Side::Groups, &host.gid_map)?;
    Ok(ResolvedUsers {
        uid_map: fill(range.uid, range.size, &users),
        gid_map: fill(range.gid, range.size, &groups),
        ..of(namespace.clone())
    })
}

/// `fixed` ranges as they are; the other ids below `size` one after the other from `first` on, past what `fixed` uses.
fn fill(first: u32, size: u32, fixed: &[IdRange]) -> Vec<IdRange> {
    let mut map = Vec::new();
    let (mut inside, mut outside) = (0, first);
    while inside < size {
        if let Some(taken) = covering(fixed, inside, |range| range.container_id) {
            inside = taken;
            continue;
        }
        if let Some(taken) = covering(fixed, outside, |range| range.host_id) {
            outside = taken;
            continue;
        }
        let until = |at: u32, start: fn(&IdRange) -> u32| fixed.iter().map(start).filter(|s| *s > at).min();
        let free_inside = until(inside, |range| range.container_id).unwrap_or(size).min(size) - inside;
        let free_outside = until(outside, |range| range.host_id).unwrap_or(u32::MAX) - outside;
        let count = free_inside.min(free_outside);
        map.push(IdRange { container_id: inside, host_id: outside, size: count });
        (inside, outside) = (inside + count, outside + count);
    }
    map.extend_from_slice(fixed);
    map
}

/// `map` in pieces that each lie in one piece of the engine's own map, as the kernel wants it. Every id outside must be the
/// engine's to give, and none inside may be there twice.
fn available(map: &[IdRange], own: &[IdRange], what: &str) -> Result<Vec<IdRange>, Invalid> {
    twice(map, what)?;
    let mut all = Vec::new();
    for range in map {
        let mut done = 0;
        while done < range.size {
            let wanted = range.host_id + done;
            let piece = own.iter().find(|have| wanted.checked_sub(have.container_id).is_some_and(|n| n < have.size));
            let piece = piece.ok_or_else(|| {
                let last = u64::from(range.host_id) + u64::from(range.size) - 1;
                Invalid::new(format!(
                    "{what} ids from {} to {last} can't be mapped: {wanted} isn't available to the engine",
                    range.host_id
                ))
                .hint("check /etc/subuid and /etc/subgid; without privilege, ids count within your own ranges")
            })?;
            let size = (piece.size - (wanted - piece.container_id)).min(range.size - done);
            all.push(IdRange { container_id: range.container_id + done, host_id: wanted, size });
            done += size;
        }
    }
    match all.len() {
        0..=LINES => Ok(all),
        count => Err(Invalid::new(format!("the map of {what} ids has {count} ranges; the kernel takes {LINES}"))),
    }
}

/// The kernel refuses overlaps on either side.
fn twice(map: &[IdRange], what: &str) -> Result<(), Invalid> {
    let end = |first: u32, size: u32| u64::from(first) + u64::from(size);
    for (index, range) in map.iter().enumerate() {
        for (start, side) in [(inside as fn(&IdRange) -> u32, "container"), (outside, "host")] {
            let overlaps = |other: &IdRange| {
                u64::from(start(other)) < end(start(range), range.size)
                    && u64::from(start(range)) < end(start(other), other.size)
            };
            if map[..index].iter().any(overlaps) {
                return Err(Invalid::new(format!("{what} id {} of the {side} is mapped twice", start(range))));
            }
        }
    }
    Ok(())
}

fn inside(range: &IdRange) -> u32 {
    range.container_id
}

fn outside(range: &IdRange) -> u32 {
    range.host_id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::AutoRange;

    fn range(container_id: u32, host_id: u32, size: u32) -> IdRange {
        IdRange { container_id, host_id, size }
    }

    fn rootless() -> HostFacts {
        let map = vec![range(0, 1000, 1), range(1, 100_000, 65536)];
        HostFacts { rootless: true, uid: 1000, gid: 1000, uid_map: map.clone(), gid_map: map, ..HostFacts::default() }
    }

    fn root() -> HostFacts {
        let map = vec![range(0, 0, u32::MAX)];
        HostFacts { uid_map: map.clone(), gid_map: map, ..HostFacts::default() }
    }

    fn resolved(text: &str, host: &HostFacts) -> Result<ResolvedUsers, String> {
        let mut users = Users::default();
        users.set_userns(text).map_err(|e| e.message)?;
        resolve(&users, &Defaults::default(), host).map_err(|e| e.message)
    }

    #[test]
    fn keep_id_puts_the_caller_at_its_own_number() {
        let users = resolved("keep-id", &rootless()).unwrap();
        assert_eq!(users.uid_map, [range(0, 1, 1000), range(1000, 0, 1), range(1001, 1001, 64536)]);
        assert_eq!(users.own, Some((1000, 1000)));
    }

    #[test]
    fn keep_id_with_numbers_and_size() {
        let users = resolved("keep-id:uid=5,gid=6,size=100", &rootless()).unwrap();
        assert_eq!(users.uid_map, [range(0, 1, 5), range(5, 0, 1), range(6, 6, 94)]);
        assert_eq!(users.gid_map[..2], [range(0, 1, 6), range(6, 0, 1)]);
        assert_eq!(
            resolved("keep-id:size=0", &rootless()),
            resolved("keep-id:size=65537", &rootless()).map(|mut users| {
                users.namespace.value = "size=0".to_owned();
                users
            })
        );
        let error = "container ID 0 cannot be mapped to a host ID";
        assert_eq!(resolved("keep-id:size=1", &rootless()).unwrap_err(), error);
        assert!(resolved("keep-id:size=10", &root()).is_err());
    }

    #[test]
    fn keep_id_with_a_single_id() {
        let single = vec![range(0, 1000, 1)];
        let host = HostFacts { uid_map: single.clone(), gid_map: single, ..rootless() };
        for wish in ["keep-id", "keep-id:size=1", "keep-id:size=0"] {
            assert_eq!(resolved(wish, &host).unwrap().uid_map, [range(1000, 0, 1)]);
        }
        assert!(resolved("nomap", &host).is_err());
    }

    #[test]
    fn no_map_leaves_the_caller_out() {
        assert_eq!(resolved("nomap", &rootless()).unwrap().uid_map, [range(0, 1, 65536)]);
        assert_eq!(resolved("nomap", &root()).unwrap_err(), "nomap is only supported in rootless mode");
    }

    #[test]
    fn auto_takes_the_range_the_engine_chose() {
        let host = HostFacts { auto_range: Some(AutoRange { uid: 1, gid: 1, size: 500 }), ..rootless() };
        assert_eq!(resolved("auto", &host).unwrap().uid_map, [range(0, 1, 500)]);
        let with_fixed = resolved("auto:uidmapping=0:5:1", &host).unwrap();
        assert_eq!(with_fixed.uid_map, [range(1, 1, 4), range(5, 6, 495), range(0, 5, 1)]);
        assert!(resolved("auto", &rootless()).is_err());
    }

    #[test]
    fn ids_must_be_the_engines_to_give() {
        let mut users = Users::default();
        users.add_uid_map("0:0:1000").unwrap();
        let map = resolve(&users, &Defaults::default(), &rootless()).unwrap();
        assert_eq!(map.uid_map, [range(0, 0, 1), range(1, 1, 999)]);
        assert_eq!(map.gid_map, map.uid_map);
        let mut users = Users::default();
        users.add_uid_map("0:100000:1000").unwrap();
        assert!(resolve(&users, &Defaults::default(), &root()).is_ok());
        assert!(resolve(&users, &Defaults::default(), &rootless()).is_err());
        users.add_uid_map("10:5:1").unwrap();
        assert!(resolve(&users, &Defaults::default(), &root()).unwrap_err().message.contains("mapped twice"));
    }

    #[test]
    fn maps_and_modes_exclude_each_other() {
        let mut users = Users::default();
        users.set_userns("keep-id").unwrap();
        users.add_uid_map("0:1:1").unwrap();
        let error = resolve(&users, &Defaults::default(), &rootless()).unwrap_err();
        assert_eq!(error.message, "--userns and --uidmap/--gidmap/--subuidname/--subgidname are mutually exclusive");
        assert!(resolved("private", &rootless()).is_err());
    }
}

//! `--userns=auto`: a range of ids that no other container has.

use crate::state::lock;
use crate::{Engine, Error, Privilege};
use rustix::fs::FlockOperation;
use spec::facts::AutoRange;
use spec::users::AutoUserNs;
use std::fs;
use std::os::fd::OwnedFd;

/// Ids a container gets at least.
const DEFAULT_SIZE: u32 = 1024;
/// And at most, unless it is told how many.
const MAXIMUM: u32 = 65536;
/// The user whose subordinate ids are for this (containers-storage.conf(5)).
const USER: &str = "containers";

/// A range that nobody else chooses as long as this lives: until it is on record whose it is.
pub(super) struct Claim {
    pub(super) range: AutoRange,
    _lock: OwnedFd,
}

/// Chooses a range large enough for the wish, or else for the image's ids and those of `user` (`--user`).
pub(super) fn choose(
    engine: &Engine,
    wish: &AutoUserNs,
    image: &::image::Resolved,
    user: &str,
) -> Result<Claim, Error> {
    let size = match wish.size {
        0 => needed(engine, image, user)?.max(wish.initial_size).max(DEFAULT_SIZE),
        size => size,
    };
    let lock = lock(engine)?;
    let available = available(engine)?;
    let used = engine.database()?.ranges()?;
    let first = first_free(&available, &used, size).ok_or_else(|| {
        Error::Invalid(format!(
            "could not find {size} free ids for `--userns=auto` (root: add a range for the user \"{USER}\" to \
             /etc/subuid and /etc/subgid): not enough unused IDs in user namespace"
        ))
    })?;
    Ok(Claim { range: AutoRange { uid: first, gid: first, size }, _lock: lock })
}

/// Two that choose at once must not choose the same.
fn lock(engine: &Engine) -> Result<OwnedFd, Error> {
    let folder = engine.run_folder();
    let lock = lock::take(folder, "auto-ids", FlockOperation::LockExclusive);
    lock.map_err(|error| Error::io("lock", folder.join("auto-ids"), error))
}

/// From 0 to the highest that is used. Names are in the image's files.
fn needed(engine: &Engine, image: &::image::Resolved, user: &str) -> Result<u32, Error> {
    let of_image = image.config.config.as_ref().map_or("", |config| config.user.as_str());
    let user = if user.is_empty() { of_image } else { user };
    let numbers = user.split(':').filter_map(|id| id.parse::<u32>().ok()).max().unwrap_or(0);
    let size = numbers.max(engine.store().highest_id(&image.image.layers)?).saturating_add(1);
    match size {
        0..=MAXIMUM => Ok(size),
        _ => Err(Error::Invalid(format!(
            "the container needs a user namespace with size {size} that is bigger than the maximum value allowed with \
             userns=auto {MAXIMUM}: give a size (--userns=auto:size={size})"
        ))),
    }
}

/// Ranges to choose from, equal for users and groups: (first, count).
fn available(engine: &Engine) -> Result<Vec<(u32, u32)>, Error> {
    match engine.privilege() {
        Privilege::Root => {
            let read = |path: &str| {
                let text = fs::read_to_string(path).unwrap_or_default();
                sys::id_map::subordinate(&text, Some(USER), u32::MAX)
            };
            Ok(common(&read("/etc/subuid"), &read("/etc/subgid")))
        }
        // Inside our own namespace: all but the user itself, who is 0.
        Privilege::User { .. } => {
            let read = |path: &str| -> Result<Vec<(u32, u32)>, Error> {
                let ranges = sys::id_map::read(path).map_err(|source| Error::io("read", path, source))?;
                Ok(ranges.iter().filter(|r| r.inside > 0).map(|r| (r.inside, r.count)).collect())
            };
            Ok(common(&read("/proc/self/uid_map")?, &read("/proc/self/gid_map")?))
        }
    }
}

/// What two lists have in common.
fn common(users: &[(u32, u32)], groups: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut both = Vec::new();
    for &(user, users) in users {
        for &(group, groups) in groups {
            let first = user.max(group);
            let end = (u64::from(user) + u64::from(users)).min(u64::from(group) + u64::from(groups));
            if end > u64::from(first) {
                both.push((first, (end - u64::from(first)) as u32));
            }
        }
    }
    both
}

/// The lowest gap of `size` ids.
fn first_free(available: &[(u32, u32)], used: &[(u32, u32)], size: u32) -> Option<u32> {
    let mut used: Vec<(u64, u64)> =
        used.iter().map(|&(first, n)| (first.into(), u64::from(first) + u64::from(n))).collect();
    used.sort_unstable();
    for &(first, count) in available {
        let (mut next, end) = (u64::from(first), u64::from(first) + u64::from(count));
        for &(begin, stop) in used.iter().filter(|(_, stop)| *stop > u64::from(first)) {
            if begin >= next + u64::from(size) {
                break;
            }
            next = next.max(stop);
        }
        if next + u64::from(size) <= end {
            return u32::try_from(next).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps() {
        let available = [(100_000, 5000), (200_000, 65536)];
        assert_eq!(first_free(&available, &[], 1024), Some(100_000));
        assert_eq!(first_free(&available, &[(100_000, 1024)], 1024), Some(101_024));
        assert_eq!(first_free(&available, &[(101_024, 1024)], 1024), Some(100_000));
        assert_eq!(first_free(&available, &[(100_500, 1024)], 1024), Some(101_524));
        assert_eq!(first_free(&available, &[], 6000), Some(200_000));
        assert_eq!(first_free(&available, &[], 70_000), None);
    }

    #[test]
    fn users_and_groups_must_both_have_them() {
        assert_eq!(common(&[(10, 10)], &[(15, 10)]), [(15, 5)]);
        assert_eq!(common(&[(10, 10)], &[(20, 10)]), []);
    }
}

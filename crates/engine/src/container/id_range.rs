//! `--userns=auto`: a range of ids that no other container has.

use crate::{Engine, Error, Privilege};
use spec::facts::AutoRange;
use spec::users::AutoUserNs;
use std::fs;

/// Ids a container gets at least: nobody (65534) is the highest that images commonly use.
const DEFAULT_SIZE: u32 = 1024;
/// The user whose subordinate ids are for this (containers-storage.conf(5)).
const USER: &str = "containers";

/// Chooses a range large enough for the wish and for the image's own user.
pub(super) fn choose(engine: &Engine, wish: &AutoUserNs, image: &::image::Resolved) -> Result<AutoRange, Error> {
    let size = match wish.size {
        0 => needed(image).max(wish.initial_size).max(DEFAULT_SIZE),
        size => size,
    };
    let available = available(engine)?;
    let used = engine.database()?.ranges()?;
    let first = first_free(&available, &used, size).ok_or_else(|| {
        Error::Invalid(format!(
            "could not find {size} free ids for `--userns=auto` (root: add a range for the user \"{USER}\" to \
             /etc/subuid and /etc/subgid): not enough unused IDs in user namespace"
        ))
    })?;
    Ok(AutoRange { uid: first, gid: first, size })
}

/// The image's USER as a number decides how many ids are needed.
fn needed(image: &::image::Resolved) -> u32 {
    let user = image.config.config.as_ref().map_or("", |config| config.user.as_str());
    user.split(':').filter_map(|id| id.parse::<u32>().ok()).max().map_or(0, |id| id.saturating_add(1))
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

//! Which ids of the host a user may have: its own, and those that subuid(5) and subgid(5) give it.

use std::fs::read_to_string;
use sys::id_map::{IdRange, subordinate};

/// The maps of a user's namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges {
    /// Name, where /etc/passwd knows one; for messages.
    pub user: String,
    /// Root inside is the user.
    pub uids: Vec<IdRange>,
    /// The same for groups.
    pub gids: Vec<IdRange>,
}

impl Ranges {
    /// Whether there is more than the user's own id.
    pub fn subordinate(&self) -> bool {
        self.uids.len() > 1 && self.gids.len() > 1
    }

    /// Only the user's own ids.
    pub fn single(&self) -> Ranges {
        Ranges { user: self.user.clone(), uids: self.uids[..1].to_vec(), gids: self.gids[..1].to_vec() }
    }
}

/// Reads the files.
pub fn of(uid: u32, gid: u32) -> Ranges {
    let passwd = read_to_string("/etc/passwd").unwrap_or_default();
    let name = name_of(&passwd, uid).map(str::to_owned).or_else(|| std::env::var("USER").ok());
    // Podman and shadow look up both files by the user, not by its group.
    let extra = |file| subordinate(&read_to_string(file).unwrap_or_default(), name.as_deref(), uid);
    Ranges {
        uids: map(uid, extra("/etc/subuid")),
        gids: map(gid, extra("/etc/subgid")),
        user: name.unwrap_or_else(|| uid.to_string()),
    }
}

fn name_of(passwd: &str, uid: u32) -> Option<&str> {
    let uid = uid.to_string();
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then_some(name)
    })
}

/// Own id first, then the ranges one after the other. The kernel takes at most 340 lines.
fn map(own: u32, extra: Vec<(u32, u32)>) -> Vec<IdRange> {
    let mut ranges = vec![IdRange { inside: 0, outside: own, count: 1 }];
    let mut next = 1u32;
    for (outside, count) in extra.into_iter().take(339) {
        let count = count.min(u32::MAX - next);
        ranges.push(IdRange { inside: next, outside, count });
        next += count;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_each_other() {
        let ranges = map(1000, vec![(100_000, 65_536), (300_000, 10)]);
        let inside: Vec<_> = ranges.iter().map(|r| (r.inside, r.outside, r.count)).collect();
        assert_eq!(inside, [(0, 1000, 1), (1, 100_000, 65_536), (65_537, 300_000, 10)]);
    }

    #[test]
    fn names() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(name_of(passwd, 1000), Some("ann"));
        assert_eq!(name_of(passwd, 1), None);
    }
}

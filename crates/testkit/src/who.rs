//! As whom the engine runs: root, or an unprivileged user with ranges of subordinate ids.

use std::fs;

/// As whom a case runs the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// uid 0 with all capabilities of the test process.
    Root,
    /// The test user: no capability, subordinate ids by `/etc/subuid`.
    User,
}

/// An entry of `/etc/passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
}

/// The user that `cargo xtask test` creates.
const PREFERRED: &str = "minke-test";

impl User {
    /// The user for rootless cases: `minke-test`, or else any ordinary user that has ranges in `/etc/subuid`.
    #[must_use]
    pub fn for_tests() -> Self {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let subuid = fs::read_to_string("/etc/subuid").unwrap_or_default();
        find(&passwd, &subuid)
            .unwrap_or_else(|| panic!("no unprivileged user with ranges in /etc/subuid: run `cargo xtask test` once"))
    }
}

fn find(passwd: &str, subuid: &str) -> Option<User> {
    let has_range = |name: &str| subuid.lines().any(|line| line.split(':').next() == Some(name));
    let users: Vec<User> =
        passwd.lines().filter_map(parse).filter(|user| user.uid >= 1000 && has_range(&user.name)).collect();
    users.iter().find(|user| user.name == PREFERRED).or(users.first()).cloned()
}

fn parse(line: &str) -> Option<User> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    Some(User { name, uid, gid: fields.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefers_the_created_user() {
        let passwd = "root:x:0:0::/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\nminke-test:x:1001:1002:::\n";
        let found = find(passwd, "bob:1:2\nminke-test:100000:65536\n").unwrap();
        assert_eq!(found, User { name: "minke-test".into(), uid: 1001, gid: 1002 });
        assert_eq!(find(passwd, "bob:1:2\n").unwrap().name, "bob");
        assert_eq!(find(passwd, "root:1:2\n"), None);
    }
}

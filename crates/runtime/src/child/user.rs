//! Who the process is, by the container's own /etc/passwd and /etc/group (passwd(5), group(5); words as Podman's `--user`).

use crate::UserLookup;
use crate::error::{Error, Tried};
use oci::runtime::Spec;
use rustix::fs::{Mode, OFlags};
use std::collections::HashSet;
use std::os::fd::BorrowedFd;
use std::path::Path;

/// Larger files are not believed.
const LIMIT: u64 = 16 * 1024 * 1024;
/// NGROUPS_MAX, see setgroups(2).
const GROUPS: usize = 65536;

/// Numbers for the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub uid: u32,
    pub gid: u32,
    /// Supplementary groups, all of them.
    pub groups: Vec<u32>,
    /// Those of them that were asked for by name. The others are what the image's files or their own group give.
    pub asked: Vec<u32>,
    /// From passwd, else `/`.
    pub home: String,
}

/// Reads both files below `root`, adds the lines asked for, and looks up.
pub(crate) fn look_up(root: BorrowedFd<'_>, wish: &UserLookup, spec: &Spec) -> Result<Identity, Error> {
    let mut passwd = read(root, "/etc/passwd")?;
    let mut group = read(root, "/etc/group")?;
    add_line(root, "/etc/passwd", &mut passwd, wish.passwd_line.as_deref())?;
    add_line(root, "/etc/group", &mut group, wish.group_line.as_deref())?;
    let user = spec.process.as_ref().map(|process| process.user.clone()).unwrap_or_default();
    resolve(wish, &user, &passwd, &group)
}

fn read(root: BorrowedFd<'_>, path: &str) -> Result<String, Error> {
    let bytes = sys::path::read(root, Path::new(path), LIMIT).tried(|| format!("read the container's `{path}`"))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default())
}

/// Appends a line whose number (third field) no line has yet.
fn add_line(root: BorrowedFd<'_>, path: &str, text: &mut String, line: Option<&str>) -> Result<(), Error> {
    let Some(line) = line.map(str::trim_end).filter(|line| !line.is_empty()) else { return Ok(()) };
    if text.lines().any(|other| other.split(':').nth(2) == line.split(':').nth(2)) {
        return Ok(());
    }
    let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let addition = format!("{newline}{line}\n");
    text.push_str(&addition);
    let what = || format!("add a line to the container's `{path}`");
    let (folder, name) = sys::path::make_parent(root, Path::new(path)).tried(what)?;
    let flags =
        OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(&folder, name, flags, Mode::from_raw_mode(0o644)) {
        // A link to another place inside.
        Err(rustix::io::Errno::LOOP) => {
            sys::path::open(root, Path::new(path), OFlags::WRONLY | OFlags::APPEND, 0).tried(what)?
        }
        other => other.tried(what)?,
    };
    rustix::io::write(file, addition.as_bytes()).tried(what)?;
    Ok(())
}

/// One line of passwd(5).
struct Account<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

fn accounts(passwd: &str) -> impl Iterator<Item = Account<'_>> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, _) = (fields.next()?, fields.next()?);
        let (uid, gid) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Account { name, uid, gid, home: fields.nth(1).unwrap_or_default() })
    })
}

/// (name, gid, members) of group(5).
fn groups(group: &str) -> impl Iterator<Item = (&str, u32, &str)> {
    group.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, _) = (fields.next()?, fields.next()?);
        Some((name, fields.next()?.parse().ok()?, fields.next().unwrap_or_default()))
    })
}

fn resolve(wish: &UserLookup, spec: &oci::runtime::User, passwd: &str, group: &str) -> Result<Identity, Error> {
    let mut identity = match wish.user.as_str() {
        "" => {
            let account = accounts(passwd).find(|account| account.uid == spec.uid);
            let mut groups = spec.additional_gids.clone();
            // The groups that the container's files give this user, as with a name.
            groups.extend(account.iter().flat_map(|account| member_of(account.name, group)));
            let home = account.map_or("/", |account| account.home).to_owned();
            Identity { uid: spec.uid, gid: spec.gid, groups, asked: Vec::new(), home }
        }
        words => by_words(words, passwd, group)?,
    };
    identity.asked = wish.groups.iter().map(|name| group_number(name, group)).collect::<Result<_, _>>()?;
    identity.groups.extend(&identity.asked);
    let mut seen = HashSet::new();
    identity.groups.retain(|gid| seen.insert(*gid));
    if identity.groups.len() > GROUPS {
        return Err(Error::unknown_user(format!(
            "the image's /etc/group has the user in {} groups; the kernel takes {GROUPS}",
            identity.groups.len()
        )));
    }
    if identity.home.is_empty() {
        identity.home = "/".to_owned();
    }
    Ok(identity)
}

/// `uid`, `name`, `uid:gid`, `name:group`, ….
fn by_words(words: &str, passwd: &str, group: &str) -> Result<Identity, Error> {
    let (user, explicit) = match words.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (words, None),
    };
    // A name wins over a number, as in libpod and moby.
    let number = number(user)?;
    let account = accounts(passwd)
        .find(|account| account.name == user)
        .or_else(|| accounts(passwd).find(|account| Some(account.uid) == number));
    let identity = match (&account, number) {
        (Some(account), _) => Identity {
            uid: in_range(account.uid)?,
            gid: in_range(account.gid)?,
            groups: member_of(account.name, group),
            asked: Vec::new(),
            home: account.home.to_owned(),
        },
        (None, Some(uid)) => {
            Identity { uid: in_range(uid)?, gid: 0, groups: Vec::new(), asked: Vec::new(), home: "/".to_owned() }
        }
        (None, None) if user.is_empty() => {
            Identity { uid: 0, gid: 0, groups: Vec::new(), asked: Vec::new(), home: "/".to_owned() }
        }
        (None, None) => {
            return Err(Error::unknown_user(format!("unable to find user {user}: no matching entries in passwd file")));
        }
    };
    match explicit {
        // The own group is a supplementary one too, or setgid would shed it (CVE-2022-2989).
        None => {
            let groups = identity.groups.iter().copied().chain([identity.gid]).collect();
            Ok(Identity { groups, ..identity })
        }
        // `name:`: its own group and no other.
        Some("") => Ok(Identity { groups: vec![identity.gid], ..identity }),
        Some(name) => {
            let gid = group_number(name, group)?;
            Ok(Identity { gid, groups: vec![gid], ..identity })
        }
    }
}

fn member_of(user: &str, group: &str) -> Vec<u32> {
    groups(group)
        .filter(|(_, _, members)| members.split(',').any(|member| member == user))
        .map(|(_, gid, _)| gid)
        .collect()
}

fn group_number(name: &str, group: &str) -> Result<u32, Error> {
    let known = groups(group).find(|(other, _, _)| *other == name).map(|(_, gid, _)| gid);
    match known {
        Some(gid) => Ok(gid),
        None => number(name)?.map_or_else(
            || Err(Error::unknown_user(format!("unable to find group {name}: no matching entries in group file"))),
            in_range,
        ),
    }
}

/// A number, if these words are one that could be an id at all.
fn number(words: &str) -> Result<Option<u32>, Error> {
    match words.parse::<i128>() {
        Ok(number) => u32::try_from(number).map(Some).map_err(|_| out_of_range()),
        Err(_) => Ok(None),
    }
}

/// Ids are `int` to some programs; Podman refuses the upper half, too.
fn in_range(id: u32) -> Result<u32, Error> {
    if id > i32::MAX as u32 { Err(out_of_range()) } else { Ok(id) }
}

fn out_of_range() -> Error {
    Error::unknown_user("uids and gids must be in range 0-2147483647")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\nweb:x:33:44:Web:/var/www:/bin/false\nbroken\n1000:x:7:7::/seven:\n";
    const GROUP: &str = "root:x:0:\nvideo:x:27:web,root\naudio:x:28:web\nstaff:x:50:\n";

    fn identity(user: &str, groups: &[&str]) -> Result<Identity, Error> {
        let wish = UserLookup {
            user: user.into(),
            groups: groups.iter().map(|name| name.to_string()).collect(),
            ..UserLookup::default()
        };
        resolve(
            &wish,
            &oci::runtime::User { uid: 5, gid: 6, additional_gids: vec![8], ..Default::default() },
            PASSWD,
            GROUP,
        )
    }

    fn is(identity: Identity) -> (u32, u32, Vec<u32>, String) {
        (identity.uid, identity.gid, identity.groups, identity.home)
    }

    #[test]
    fn words_are_looked_up_in_the_containers_files() {
        assert_eq!(is(identity("", &[]).unwrap()), (5, 6, vec![8], "/".into()));
        assert_eq!(is(identity("web:", &[]).unwrap()), (33, 44, vec![44], "/var/www".into()));
        assert_eq!(is(identity("web", &[]).unwrap()), (33, 44, vec![27, 28, 44], "/var/www".into()));
        assert_eq!(is(identity("33", &[]).unwrap()), (33, 44, vec![27, 28, 44], "/var/www".into()));
        assert_eq!(is(identity("web:staff", &[]).unwrap()), (33, 50, vec![50], "/var/www".into()));
        assert_eq!(is(identity("99:98", &["video", "12", "27"]).unwrap()), (99, 98, vec![98, 27, 12], "/".into()));
        assert_eq!(identity("1000", &[]).unwrap().uid, 7);
    }

    #[test]
    fn a_user_of_numbers_is_in_the_groups_that_name_it() {
        let root = resolve(&UserLookup::default(), &oci::runtime::User::default(), PASSWD, GROUP).unwrap();
        assert_eq!(is(root), (0, 0, vec![27], "/root".into()));
    }

    #[test]
    fn a_hostile_group_file_is_refused() {
        let hostile: String = (0..700_000).map(|gid| format!("g{gid}:x:{gid}:root\n")).collect();
        let user = oci::runtime::User::default();
        let error = resolve(&UserLookup::default(), &user, PASSWD, &hostile).unwrap_err();
        assert!(error.what.contains("in 700000 groups"), "{}", error.what);
        // Each counts once.
        let same = "g:x:7:root\n".repeat(70_000);
        assert_eq!(resolve(&UserLookup::default(), &user, PASSWD, &same).unwrap().groups, [7]);
    }

    #[test]
    fn numbers_beyond_31_bits_are_errors() {
        for user in ["-1", "2147483648", "4294967296", "0:-5", "0:2147483648"] {
            assert!(identity(user, &[]).unwrap_err().what.contains("range"), "{user}");
        }
        assert_eq!(identity("2147483647", &[]).unwrap().uid, i32::MAX as u32);
    }

    #[test]
    fn names_not_there_are_errors() {
        assert_eq!(
            identity("nobody", &[]).unwrap_err().what,
            "unable to find user nobody: no matching entries in passwd file"
        );
        assert!(identity("root:nope", &[]).is_err());
        assert!(identity("root", &["nope"]).is_err());
    }
}

//! `--chown user[:group]`: names are looked up in the image's own files.

use super::{At, Error};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Numbers of a user and a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Of the user.
    pub uid: u32,
    /// Of the group.
    pub gid: u32,
}

/// The longest account file that is read, in bytes.
const LONGEST: u64 = 4 << 20;

/// Who is meant in the image at `root`. A user without a group has the user's own group if it is known, else the group of
/// the same number.
pub fn owner(root: &OwnedFd, text: &str) -> Result<Owner, Error> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let missing = |what, name: &str, file| Error::NoAccount { what, name: name.to_owned(), file };
    let (uid, own) = match number(user) {
        Some(uid) => (uid, uid),
        None => {
            let fields = find(root, "etc/passwd", user)?.ok_or_else(|| missing("user", user, "/etc/passwd"))?;
            let field = |at: usize| fields.get(at).and_then(|field| field.parse().ok());
            let ids = field(2).zip(field(3));
            ids.ok_or_else(|| missing("user", user, "/etc/passwd"))?
        }
    };
    let gid = match group {
        None | Some("") => own,
        Some(name) => match number(name) {
            Some(gid) => gid,
            None => {
                let fields = find(root, "etc/group", name)?;
                let gid = fields.and_then(|fields| fields.get(2)?.parse().ok());
                gid.ok_or_else(|| missing("group", name, "/etc/group"))?
            }
        },
    };
    Ok(Owner { uid, gid })
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number != u32::MAX)
}

/// The fields of the line that begins with this name.
fn find(root: &OwnedFd, file: &str, name: &str) -> Result<Option<Vec<String>>, Error> {
    let path = Path::new(file);
    let bytes = sys::path::read(root, path, LONGEST).at("read", path)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines().map(|line| line.split(':').map(str::to_owned).collect::<Vec<_>>());
    Ok(lines.find(|fields| fields.first().is_some_and(|first| first == name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_images() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("etc")).unwrap();
        std::fs::write(folder.path().join("etc/passwd"), "root:x:0:0::/:\nu:x:5:6::/:\n").unwrap();
        std::fs::write(folder.path().join("etc/group"), "g:x:7:\n").unwrap();
        let root = OwnedFd::from(std::fs::File::open(folder.path()).unwrap());
        let found = |text: &str| owner(&root, text).map(|owner| (owner.uid, owner.gid));
        assert_eq!(found("u").unwrap(), (5, 6));
        assert_eq!(found("u:g").unwrap(), (5, 7));
        assert_eq!(found("9").unwrap(), (9, 9));
        assert_eq!(found("9:g").unwrap(), (9, 7));
        assert!(found("nobody").unwrap_err().to_string().contains("no user \"nobody\""));
        assert!(found("u:nogroup").is_err() && found("").is_err());
    }
}

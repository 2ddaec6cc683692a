//! One tar entry, checked and made precise. Nothing here touches the disk.
//!
//! Where tar implementations differ, Go's reader decides: it is what the images were tested with.

use crate::error::{Error, printable};
use rustix::fs::Timespec;
use tar_core::parse::ParsedEntry;
use tar_core::{EntryType, PaxExtensions, SparseEntry};

/// The longest path or link target, in bytes. (The kernel's limit is for one call, not for depth.)
const LONGEST_PATH: usize = 128 << 10;

/// What an entry makes.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    File,
    /// A file with holes: where its content belongs, and its length.
    Sparse {
        map: Vec<(u64, u64)>,
        length: u64,
    },
    Folder,
    Symlink(Vec<u8>),
    /// To this path in the layer.
    Hardlink(Vec<Vec<u8>>),
    CharDevice(u32, u32),
    BlockDevice(u32, u32),
    Fifo,
    /// Hides this name of the layers below.
    Whiteout(Vec<u8>),
    /// Hides all that the layers below have in the entry's folder.
    Opaque,
    /// Left by AUFS; means nothing.
    Ignored,
}

#[derive(Debug)]
pub(super) struct Entry {
    /// For messages.
    pub(super) name: String,
    /// Folders on the way, without `.` and `..`.
    pub(super) parents: Vec<Vec<u8>>,
    /// Last component; empty for the layer's root itself.
    pub(super) last: Vec<u8>,
    pub(super) kind: Kind,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) time: Timespec,
    pub(super) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Bytes of content in the stream.
    pub(super) payload: u64,
}

impl Entry {
    /// From the parser's view; `sparse` is the map and the length of a file with holes.
    pub(super) fn new(parsed: &ParsedEntry<'_>, sparse: Option<(&[SparseEntry], u64)>) -> Result<Entry, Error> {
        let name = printable(&parsed.path);
        let refuse = |why| Error::Refused { entry: name.clone(), why };
        let (mut parents, folder_name) = split_path(&parsed.path).map_err(refuse)?;
        let mut last = parents.pop().unwrap_or_default();
        let pax = Pax::read(parsed.pax).map_err(refuse)?;
        let mut kind = kind(parsed, folder_name).map_err(refuse)?;
        let header_only = !matches!(kind, Kind::File);
        let mut payload = if header_only { 0 } else { parsed.size };
        if let Some((map, length)) = sparse.filter(|_| !header_only) {
            let map: Vec<_> = map.iter().map(|part| (part.offset, part.length)).collect();
            payload = check_sparse(&map, length, payload, &pax).map_err(refuse)?;
            kind = Kind::Sparse { map, length };
        }
        if let Some(whiteout) = whiteout(&parents, &mut last).map_err(refuse)? {
            kind = whiteout;
        }
        if last.is_empty() && !matches!(kind, Kind::Folder | Kind::Opaque | Kind::Ignored | Kind::Whiteout(_)) {
            return Err(refuse("only a folder can take the place of the layer's root"));
        }
        let id = |id: u64| u32::try_from(id).ok().filter(|id| *id != u32::MAX);
        let owner_error = || refuse("its owner's number is out of range");
        Ok(Entry {
            uid: id(parsed.uid).ok_or_else(owner_error)?,
            gid: id(parsed.gid).ok_or_else(owner_error)?,
            parents,
            last,
            kind,
            mode: parsed.mode & 0o7777,
            time: pax.time.unwrap_or(Timespec { tv_sec: parsed.mtime as i64, tv_nsec: 0 }),
            xattrs: parsed
                .xattrs
                .iter()
                .filter(|(key, _)| wanted_xattr(key))
                .map(|(k, v)| (k.to_vec(), v.to_vec()))
                .collect(),
            payload,
            name,
        })
    }
}

fn kind(parsed: &ParsedEntry<'_>, folder_name: bool) -> Result<Kind, &'static str> {
    let target = parsed.link_target.as_deref().unwrap_or_default();
    let device = || (parsed.dev_major.unwrap_or(0), parsed.dev_minor.unwrap_or(0));
    Ok(match parsed.entry_type {
        // Old archives had no other way to say folder.
        EntryType::Regular if folder_name && parsed.header.as_bytes()[156] == 0 => Kind::Folder,
        EntryType::Regular | EntryType::Continuous | EntryType::GnuSparse => Kind::File,
        EntryType::Directory => Kind::Folder,
        EntryType::Symlink if target.is_empty() => return Err("it is a symbolic link to nothing"),
        EntryType::Symlink if target.contains(&0) => return Err("its link target contains a NUL byte"),
        EntryType::Symlink => Kind::Symlink(target.to_vec()),
        EntryType::Link if target.is_empty() => return Err("it is a hard link to nothing"),
        EntryType::Link => Kind::Hardlink(
            split_path(target)
                .map_err(|why| match why {
                    LEAVES => "it is a hard link to a file outside of the layer",
                    other => other,
                })?
                .0,
        ),
        EntryType::Char => Kind::CharDevice(device().0, device().1),
        EntryType::Block => Kind::BlockDevice(device().0, device().1),
        EntryType::Fifo => Kind::Fifo,
        _ => return Err("its type is unknown"),
    })
}

const LEAVES: &str = "it leaves the layer's folder";

/// Components without `.`; `..` takes back the one before. Absolute paths begin at the layer's root.
/// Also: whether the path ends in a slash.
fn split_path(path: &[u8]) -> Result<(Vec<Vec<u8>>, bool), &'static str> {
    if path.len() > LONGEST_PATH {
        return Err("its path is too long");
    }
    if path.contains(&0) {
        return Err("its path contains a NUL byte");
    }
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop().ok_or(LEAVES)?),
            name => parts.push(name.to_vec()),
        }
    }
    Ok((parts, path.last() == Some(&b'/')))
}

/// The meaning of `.wh.` names; afterwards `last` is the name of what is really there.
fn whiteout(parents: &[Vec<u8>], last: &mut Vec<u8>) -> Result<Option<Kind>, &'static str> {
    const PREFIX: &[u8] = b".wh.";
    const AUFS: &[u8] = b".wh..wh.";
    if parents.iter().any(|part| part.starts_with(AUFS)) {
        return Ok(Some(Kind::Ignored));
    }
    if parents.iter().any(|part| part.starts_with(PREFIX)) {
        return Err("a whiteout can't be a folder");
    }
    let Some(hidden) = last.strip_prefix(PREFIX) else { return Ok(None) };
    if *last == b".wh..wh..opq" {
        last.clear();
        return Ok(Some(Kind::Opaque));
    }
    if last.starts_with(AUFS) {
        return Ok(Some(Kind::Ignored));
    }
    match hidden {
        b"" => Err("it is a whiteout of nothing"),
        b"." | b".." => Err("it is a whiteout of a folder itself or of its parent"),
        hidden => {
            let hidden = hidden.to_vec();
            last.clear();
            Ok(Some(Kind::Whiteout(hidden)))
        }
    }
}

/// Labels are the host's affair.
fn wanted_xattr(key: &[u8]) -> bool {
    key != b"security.selinux" && !key.is_empty() && !key.contains(&0)
}

/// The bytes of content that follow, if the map is sound.
fn check_sparse(map: &[(u64, u64)], length: u64, payload: u64, pax: &Pax) -> Result<u64, &'static str> {
    const WRONG: &str = "its map of holes is wrong";
    let (mut at, mut sum) = (0u64, 0u64);
    for (offset, size) in map {
        let end = offset.checked_add(*size).ok_or(WRONG)?;
        if *offset < at || end > length {
            return Err(WRONG);
        }
        at = end;
        sum += size;
    }
    // In this one case the size that is told includes the map, which the parser has consumed.
    if sum == payload || (pax.sparse_with_size && sum <= payload) { Ok(sum) } else { Err(WRONG) }
}

/// The records of a PAX header that the parser doesn't check or is too coarse about.
#[derive(Default)]
struct Pax {
    time: Option<Timespec>,
    /// GNU sparse format 1.0 together with a `size` record.
    sparse_with_size: bool,
}

impl Pax {
    fn read(records: Option<&[u8]>) -> Result<Pax, &'static str> {
        let mut pax = Pax::default();
        let (mut sparse, mut size) = (false, false);
        for record in PaxExtensions::new(records.unwrap_or_default()) {
            let record = record.map_err(|_| "its PAX header is malformed")?;
            let (key, value) = (record.key_bytes(), record.value_bytes());
            match key {
                b"mtime" if value.is_empty() => {}
                b"mtime" => pax.time = Some(parse_time(value).ok_or("its PAX time is malformed")?),
                b"size" | b"uid" | b"gid" => size |= check_number(value)? && key == b"size",
                b"GNU.sparse.map" if !value.is_ascii() => return Err("its map of holes is malformed"),
                b"GNU.sparse.map" | b"GNU.sparse.name" => {}
                key if key.starts_with(b"GNU.sparse.") => sparse |= check_number(value)? && key == b"GNU.sparse.major",
                _ => {}
            }
        }
        pax.sparse_with_size = sparse && size;
        Ok(pax)
    }
}

/// Whether there is a number; the parser skips malformed ones, which would make two readers see different archives.
fn check_number(value: &[u8]) -> Result<bool, &'static str> {
    if value.is_empty() {
        return Ok(false);
    }
    let number = std::str::from_utf8(value).ok().filter(|v| v.bytes().all(|b| b.is_ascii_digit()));
    number.and_then(|v| v.parse::<u64>().ok()).map(|_| true).ok_or("a number in its PAX header is malformed")
}

/// `[-]seconds[.fraction]`, to the nanosecond, rounded down.
fn parse_time(value: &[u8]) -> Option<Timespec> {
    let text = std::str::from_utf8(value).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos = fraction.bytes().chain(std::iter::repeat(b'0')).take(9).fold(0, |n, b| n * 10 + i64::from(b - b'0'));
    Some(match whole.starts_with('-') && nanos > 0 {
        true => Timespec { tv_sec: seconds.checked_sub(1)?, tv_nsec: (1_000_000_000 - nanos) as _ },
        false => Timespec { tv_sec: seconds, tv_nsec: nanos as _ },
    })
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn paths_never_leave_the_root() {
        let split = |p: &str| split_path(p.as_bytes()).map(|(parts, _)| parts.join(&b'/'));
        for (path, expected) in
            [("a/b", "a/b"), ("./a//b/", "a/b"), ("/etc/x", "etc/x"), ("a/../b", "b"), ("./", ""), ("a/..", "")]
        {
            assert_eq!(split(path).unwrap(), expected.as_bytes(), "{path}");
        }
        for path in ["..", "../x", "a/../../x", "/../x", "x\0y"] {
            assert!(split(path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn whiteout_names() {
        let check = |path: &str| {
            let (mut parents, _) = split_path(path.as_bytes()).unwrap();
            let mut last = parents.pop().unwrap();
            whiteout(&parents, &mut last)
        };
        assert_eq!(check("a/b"), Ok(None));
        assert_eq!(check("a/.wh.b"), Ok(Some(Kind::Whiteout(b"b".to_vec()))));
        assert_eq!(check("a/.wh..b"), Ok(Some(Kind::Whiteout(b".b".to_vec()))));
        assert_eq!(check("a/.wh..wh..opq"), Ok(Some(Kind::Opaque)));
        assert_eq!(check(".wh..wh.plnk/1.2"), Ok(Some(Kind::Ignored)));
        assert_eq!(check(".wh..wh.aufs"), Ok(Some(Kind::Ignored)));
        for bad in [".wh.", ".wh..", ".wh...", ".wh.a/b"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_round_down() {
        let time = |t: &str| parse_time(t.as_bytes()).map(|t| (t.tv_sec, t.tv_nsec));
        assert_eq!(time("12.5"), Some((12, 500_000_000)));
        assert_eq!(time("12.1234567899"), Some((12, 123_456_789)));
        assert_eq!(time("-1.25"), Some((-2, 750_000_000)));
        assert_eq!(time("-3"), Some((-3, 0)));
        assert_eq!(time("x"), None);
        assert_eq!(time("1.x"), None);
    }

    #[test]
    fn sparse_maps_are_checked() {
        let check = |map: &[(u64, u64)], length, payload| check_sparse(map, length, payload, &Pax::default());
        assert_eq!(check(&[(0, 5), (10, 5), (20, 0)], 20, 10), Ok(10));
        assert!(check(&[(10, 5), (0, 5)], 20, 10).is_err());
        assert!(check(&[(0, 5), (4, 5)], 20, 10).is_err());
        assert!(check(&[(18, 5)], 20, 5).is_err());
        assert!(check(&[(u64::MAX, 5)], 20, 5).is_err());
        assert!(check(&[(0, 5)], 20, 6).is_err());
    }
}

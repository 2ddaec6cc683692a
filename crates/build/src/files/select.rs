//! Which files a source means: patterns, ignore rules, and everything in folders.

use super::glob::{Glob, Matched};
use super::ignore::Ignore;
use super::{At, Error};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// What is to be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Pattern<'a> {
    /// As written; beneath the root whatever it says.
    pub text: &'a str,
    /// `--parents`: folders in front of it are kept, from `/./` on if that is in it.
    pub parents: bool,
    /// It is a path: `*` and its like are ordinary characters.
    pub exact: bool,
}

/// What may not be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// Of the context.
    pub ignore: &'a Ignore,
    /// `--exclude`, of the copied folder.
    pub exclude: &'a Ignore,
}

/// One match of a pattern with all that is in it.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// What it is called at a destination that is a folder; a folder's content has no name.
    pub name: PathBuf,
    /// Itself first, folders before what is in them.
    pub items: Vec<Item>,
    /// What of it is left out, below itself; of a folder that is left out as a whole only that.
    pub omitted: Vec<PathBuf>,
}

/// One file or folder.
#[derive(Debug, Clone)]
pub struct Item {
    /// From the root, without links on the way.
    pub source: PathBuf,
    /// Below the match; empty for itself.
    pub below: PathBuf,
    /// When it was looked at.
    pub stat: Stat,
}

impl Item {
    /// What it is.
    pub fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }
}

impl Chosen {
    /// A folder: its content is meant.
    pub fn is_folder(&self) -> bool {
        self.items.first().is_some_and(|item| item.kind() == FileType::Directory)
    }
}

/// Finds what a pattern means below `root`, sorted.
///
/// # Errors
/// Nothing is there, or all of it is ignored. A link that leads nowhere.
pub fn select(root: &OwnedFd, pattern: Pattern<'_>, choice: Choice<'_>) -> Result<Vec<Chosen>, Error> {
    let clean = crate::steps::path::join("/", pattern.text);
    let clean = clean.trim_matches('/');
    let is_pattern = !pattern.exact && Glob::is_one(clean);
    let found = match is_pattern {
        false => vec![PathBuf::from(clean)],
        true => expand(root, pattern.text, clean)?,
    };
    let mut chosen = Vec::new();
    let mut ignored = false;
    for path in found {
        let Some((real, stat)) = resolve(root, &path)? else {
            let link = sys::path::open(root, &in_root(&path), OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, 0);
            match link {
                Ok(_) => return Err(Error::NotFound { path: path.display().to_string(), ignored: false }),
                Err(_) => continue,
            }
        };
        if FileType::from_raw_mode(stat.st_mode) == FileType::Socket {
            match is_pattern {
                true => continue,
                false => return Err(Error::Socket { path: pattern.text.to_owned() }),
            }
        }
        let kept_name = kept(pattern, &path);
        let mut walk = Walk { root, choice, items: Vec::new(), omitted: Vec::new() };
        walk.item(real, PathBuf::new(), stat)?;
        let Walk { items, omitted, .. } = walk;
        match items.is_empty() {
            true => ignored = true,
            false => chosen.push(Chosen { name: kept_name, items, omitted }),
        }
    }
    match (chosen.is_empty(), is_pattern) {
        (true, true) => Err(Error::NoMatch { pattern: pattern.text.to_owned() }),
        (true, false) => Err(Error::NotFound { path: pattern.text.to_owned(), ignored }),
        _ => Ok(chosen),
    }
}

/// What of a path the destination gets.
fn kept(pattern: Pattern<'_>, path: &Path) -> PathBuf {
    if !pattern.parents {
        return path.file_name().map(PathBuf::from).unwrap_or_default();
    }
    let pivot = pattern
        .text
        .split_once("/./")
        .map(|(front, _)| front.split('/').filter(|part| !part.is_empty() && *part != ".").count());
    path.components().skip(pivot.unwrap_or(0)).collect()
}

/// All paths that match, component by component; `**` any number of folders.
fn expand(root: &OwnedFd, text: &str, clean: &str) -> Result<Vec<PathBuf>, Error> {
    let malformed = |why| Error::Pattern { pattern: text.to_owned(), why };
    let mut found = vec![PathBuf::new()];
    let mut parts = clean.split('/').peekable();
    while let Some(part) = parts.next() {
        if part == "**" {
            // The rest is matched against everything below.
            let rest: Vec<&str> = parts.collect();
            let rest = if rest.is_empty() { "**".to_owned() } else { format!("**/{}", rest.join("/")) };
            let glob = Glob::parse(&rest).map_err(malformed)?;
            return below(root, found, &glob);
        }
        let mut next = Vec::new();
        let glob = Glob::is_one(part).then(|| Glob::parse(part).map_err(malformed)).transpose()?;
        for folder in &found {
            match &glob {
                None => next.push(folder.join(part)),
                Some(glob) => {
                    let names = names(root, folder)?.into_iter();
                    let fits = |name: &PathBuf| glob.matches(name.as_os_str().as_bytes()) == Matched::Itself;
                    next.extend(names.filter(fits).map(|name| folder.join(name)));
                }
            }
        }
        found = next;
    }
    Ok(found)
}

fn below(root: &OwnedFd, folders: Vec<PathBuf>, glob: &Glob) -> Result<Vec<PathBuf>, Error> {
    let nothing = Ignore::default();
    let mut found = Vec::new();
    for folder in folders {
        let Some((real, stat)) = resolve(root, &folder)? else { continue };
        let choice = Choice { ignore: &nothing, exclude: &nothing };
        let mut walk = Walk { root, choice, items: Vec::new(), omitted: Vec::new() };
        walk.item(real, PathBuf::new(), stat)?;
        let fits = walk.items.iter().filter(|item| glob.matches(item.below.as_os_str().as_bytes()) == Matched::Itself);
        found.extend(fits.map(|item| folder.join(&item.below)));
    }
    Ok(found)
}

/// Sorted; of what is no folder none.
fn names(root: &OwnedFd, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = match sys::path::open(root, &in_root(folder), flags, 0) {
        Err(error) if is_gone(&error) => return Ok(Vec::new()),
        opened => opened.at("open", folder)?,
    };
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(&opened).at("list", folder)? {
        let name = entry.at("list", folder)?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(PathBuf::from(std::ffi::OsString::from_vec(name)));
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn in_root(path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() }
}

fn is_gone(error: &std::io::Error) -> bool {
    [Errno::NOENT, Errno::NOTDIR, Errno::LOOP].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Where a path leads, links followed as if the root were `/`, and what is there.
fn resolve(root: &OwnedFd, path: &Path) -> Result<Option<(PathBuf, Stat)>, Error> {
    let found = match sys::path::open(root, &in_root(path), OFlags::PATH | OFlags::CLOEXEC, 0) {
        Err(error) if is_gone(&error) => return Ok(None),
        found => found.at("open", path)?,
    };
    let stat = rustix::fs::fstat(&found).at("look at", path)?;
    // The names by which it is reached; the copy opens them again without following any link.
    let real = rustix::fs::readlink(sys::path::of_descriptor(&found).as_c_str(), Vec::new()).at("look at", path)?;
    let base = rustix::fs::readlink(sys::path::of_descriptor(root).as_c_str(), Vec::new()).at("look at", path)?;
    let real = Path::new(OsStr::from_bytes(real.to_bytes()));
    let base = Path::new(OsStr::from_bytes(base.to_bytes()));
    match real.strip_prefix(base) {
        Ok(inside) => Ok(Some((inside.to_owned(), stat))),
        Err(_) => Ok(None),
    }
}

struct Walk<'w> {
    root: &'w OwnedFd,
    choice: Choice<'w>,
    items: Vec<Item>,
    omitted: Vec<PathBuf>,
}

impl Walk<'_> {
    /// It and all that is in it.
    fn item(&mut self, source: PathBuf, below: PathBuf, stat: Stat) -> Result<(), Error> {
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        let out = |ignore: &Ignore, path: &Path| {
            !path.as_os_str().is_empty() && ignore.leaves_out(path.as_os_str().as_bytes())
        };
        // A single file is excluded by its name.
        let shown = if below.as_os_str().is_empty() && !is_folder {
            source.file_name().map(PathBuf::from).unwrap_or_default()
        } else {
            below.clone()
        };
        let ignored = out(self.choice.ignore, &source);
        let excluded = out(self.choice.exclude, &shown);
        let may_keep = self.choice.ignore.keeps_some() || self.choice.exclude.keeps_some();
        if (ignored || excluded) && !(is_folder && may_keep) {
            self.omitted.push(below);
            return Ok(());
        }
        let (before, omitted) = (self.items.len(), self.omitted.len());
        if FileType::from_raw_mode(stat.st_mode) != FileType::Socket {
            self.items.push(Item { source: source.clone(), below: below.clone(), stat });
        }
        if is_folder {
            self.folder(&source, &below)?;
            // Ignored, and nothing in it is kept.
            if (ignored || excluded) && self.items.len() == before + 1 {
                self.items.truncate(before);
                self.omitted.truncate(omitted);
                self.omitted.push(below);
            }
        }
        Ok(())
    }

    fn folder(&mut self, source: &Path, below: &Path) -> Result<(), Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = match sys::path::open_without_links(self.root, &in_root(source), flags, 0) {
            // It went, or became something else, since it was looked at.
            Err(error) if is_gone(&error) => return Ok(()),
            opened => opened.at("open", source)?,
        };
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&opened).at("list", source)? {
            let name = entry.at("list", source)?.file_name().to_owned();
            if !matches!(name.to_bytes(), b"." | b"..") {
                names.push(name);
            }
        }
        names.sort_unstable();
        for name in names {
            let stat = match rustix::fs::statat(&opened, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => continue,
                stat => stat.at("look at", source)?,
            };
            let name = OsStr::from_bytes(name.to_bytes());
            self.item(source.join(name), below.join(name), stat)?;
        }
        Ok(())
    }
}

/// Opens an item again, which must still be what it was: no link is followed on the way.
pub(super) fn open(root: &OwnedFd, item: &Item, flags: OFlags) -> Result<OwnedFd, Error> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = sys::path::open_without_links(root, &in_root(&item.source), flags, Mode::empty().bits());
    let opened = opened.at("open", &item.source)?;
    let stat = rustix::fs::fstat(&opened).at("look at", &item.source)?;
    if FileType::from_raw_mode(stat.st_mode) != item.kind() {
        return Err(Errno::STALE).at("open (it has changed meanwhile)", &item.source);
    }
    Ok(opened)
}

/// Whether they still are what they were when they were looked at.
pub fn are_unchanged(root: &OwnedFd, chosen: &[Chosen]) -> bool {
    let state = |stat: &Stat| {
        let changed = (stat.st_mtime, stat.st_mtime_nsec, stat.st_ctime, stat.st_ctime_nsec);
        (stat.st_dev, stat.st_ino, stat.st_size, changed)
    };
    let is_same = |item: &Item| {
        let found = open(root, item, OFlags::PATH).and_then(|fd| rustix::fs::fstat(&fd).at("look at", &item.source));
        found.is_ok_and(|found| state(&found) == state(&item.stat))
    };
    chosen.iter().flat_map(|one| &one.items).all(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let root = OwnedFd::from(std::fs::File::open(folder.path()).unwrap());
        let nothing = Ignore::default();
        let choose = || {
            std::fs::write(folder.path().join("f"), "content").unwrap();
            let choice = Choice { ignore: &nothing, exclude: &nothing };
            select(&root, Pattern { text: ".", parents: false, exact: false }, choice).unwrap()
        };
        let chosen = choose();
        assert!(are_unchanged(&root, &chosen));
        std::fs::write(folder.path().join("f"), "longer content").unwrap();
        assert!(!are_unchanged(&root, &chosen));
        let chosen = choose();
        std::fs::remove_file(folder.path().join("f")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("f")).unwrap();
        assert!(!are_unchanged(&root, &chosen));
    }
}

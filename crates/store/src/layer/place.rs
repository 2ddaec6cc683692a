//! The folders of a layer being applied, and the way to each of them.
//!
//! A layer's folder starts empty and only this process writes to it, so the folders it has are exactly those known here;
//! every other name is a file, a link, or nothing. Paths are walked component by component with one descriptor each:
//! symbolic links in the middle of a path are resolved by this walk, within the layer, as a chroot would; nothing is ever
//! opened through one. Depth costs no stack and few descriptors.

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, Timespec};
use rustix::io::Errno;
use std::collections::HashMap;
use std::rc::Rc;

/// A folder's number; 0 is the layer's root.
pub(super) type FolderId = u32;

/// Open folders kept for the next entries, beside the root.
const OPEN: usize = 48;
/// More folders than any image has; a bound for memory.
const MOST_FOLDERS: usize = 4 << 20;
/// As the kernel's.
const MOST_LINKS: u32 = 40;

struct Folder {
    parent: FolderId,
    name: Box<[u8]>,
    children: HashMap<Box<[u8]>, FolderId>,
    /// To be set when all else is done.
    time: Option<Timespec>,
    /// New files take its group, and new folders the bit as well.
    setgid: bool,
    fd: Option<Rc<OwnedFd>>,
}

pub(super) struct Tree {
    folders: Vec<Folder>,
    /// Those with an open descriptor, oldest first.
    open: std::collections::VecDeque<FolderId>,
    umask: u32,
    /// Made in place of whiteouts and not marked opaque yet, see [`Tree::take_unhidden`].
    unhidden: Vec<FolderId>,
}

/// What to do with parents that aren't there.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Missing {
    /// An error.
    Refuse,
    /// Make them; a whiteout in the way becomes an opaque folder.
    Make,
    /// Make them, but a whiteout in the way hides the entry, too.
    MakeUnlessHidden,
}

pub(super) enum Problem {
    /// The entry can't be right.
    Refused(&'static str),
    /// The file system said no.
    Failed(&'static str, Errno),
    /// A whiteout is in the way, see [`Missing::MakeUnlessHidden`].
    Hidden,
    /// See [`Missing::Refuse`].
    NotThere,
}

impl Tree {
    pub(super) fn new(root: OwnedFd, umask: u32) -> Tree {
        let mut tree = Tree { folders: Vec::new(), open: Default::default(), umask, unhidden: Vec::new() };
        tree.folders.push(Folder::new(0, b"", false));
        tree.folders[0].fd = Some(Rc::new(root));
        tree
    }

    pub(super) fn child(&self, folder: FolderId, name: &[u8]) -> Option<FolderId> {
        self.folders[folder as usize].children.get(name).copied()
    }

    pub(super) fn setgid(&self, folder: FolderId) -> bool {
        self.folders[folder as usize].setgid
    }

    /// Notes what a folder's entry says.
    pub(super) fn describe(&mut self, folder: FolderId, time: Timespec, setgid: bool) {
        let folder = &mut self.folders[folder as usize];
        (folder.time, folder.setgid) = (Some(time), setgid);
    }

    /// Notes a folder that was just made.
    pub(super) fn add(&mut self, parent: FolderId, name: &[u8]) -> Result<FolderId, Problem> {
        if self.folders.len() >= MOST_FOLDERS {
            return Err(Problem::Refused("the layer has too many folders"));
        }
        let id = self.folders.len() as FolderId;
        // A folder made in one with the setgid bit has it, too.
        let setgid = self.setgid(parent);
        self.folders.push(Folder::new(parent, name, setgid));
        self.folders[parent as usize].children.insert(name.into(), id);
        Ok(id)
    }

    /// Forgets a folder that was moved away, with all below it.
    pub(super) fn forget(&mut self, parent: FolderId, name: &[u8]) {
        self.folders[parent as usize].children.remove(name);
    }

    /// The path of `name` in `folder` from the layer's root.
    pub(super) fn path(&self, folder: FolderId, name: &[u8]) -> Vec<u8> {
        let mut parts = vec![name];
        let mut at = folder;
        while at != 0 {
            let folder = &self.folders[at as usize];
            parts.push(&folder.name);
            at = folder.parent;
        }
        parts.reverse();
        parts.join(&b'/')
    }

    /// A descriptor of a known folder.
    pub(super) fn fd(&mut self, folder: FolderId) -> Result<Rc<OwnedFd>, Problem> {
        if let Some(fd) = &self.folders[folder as usize].fd {
            return Ok(fd.clone());
        }
        let mut way = vec![folder];
        let mut at = self.folders[folder as usize].parent;
        while self.folders[at as usize].fd.is_none() {
            way.push(at);
            at = self.folders[at as usize].parent;
        }
        let mut fd = self.folders[at as usize].fd.clone();
        for id in way.into_iter().rev() {
            let Some(parent) = &fd else { break };
            fd = Some(self.open(parent, id)?);
        }
        fd.ok_or(Problem::Failed("open folder", Errno::BADF))
    }

    fn open(&mut self, parent: &OwnedFd, id: FolderId) -> Result<Rc<OwnedFd>, Problem> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let name: &[u8] = &self.folders[id as usize].name;
        let fd =
            rustix::fs::openat(parent, name, flags, Mode::empty()).map_err(|e| Problem::Failed("open folder", e))?;
        if self.open.len() >= OPEN
            && let Some(oldest) = self.open.pop_front()
        {
            self.folders[oldest as usize].fd = None;
        }
        let fd = Rc::new(fd);
        self.open.push_back(id);
        self.folders[id as usize].fd = Some(fd.clone());
        Ok(fd)
    }

    /// The folder that a path's parents lead to.
    pub(super) fn resolve(&mut self, parents: &[Vec<u8>], missing: Missing) -> Result<FolderId, Problem> {
        let mut at = 0;
        for (n, part) in parents.iter().enumerate() {
            match self.child(at, part) {
                Some(child) => at = child,
                None => return self.walk(at, &parents[n..], missing),
            }
        }
        Ok(at)
    }

    /// The rest of [`Tree::resolve`] from the first component that is no known folder.
    fn walk(&mut self, mut at: FolderId, rest: &[Vec<u8>], missing: Missing) -> Result<FolderId, Problem> {
        // Components still to go, the next one last; those from a link's target are never made.
        let mut todo: Vec<(Vec<u8>, bool)> = rest.iter().rev().map(|part| (part.clone(), false)).collect();
        let mut links = 0;
        while let Some((part, linked)) = todo.pop() {
            if part == b".." {
                at = self.folders[at as usize].parent;
            } else if let Some(child) = self.child(at, &part) {
                at = child;
            } else if missing != Missing::Refuse
                && !linked
                && let Some(made) = self.make(at, &part)?
            {
                at = made;
            } else if let Some(target) = self.link_target(at, &part, linked)? {
                links += 1;
                if links > MOST_LINKS {
                    return Err(Problem::Refused("its path goes through too many symbolic links"));
                }
                if target.starts_with(b"/") {
                    at = 0;
                }
                let parts = target.split(|b| *b == b'/').filter(|part| !matches!(*part, b"" | b"."));
                todo.extend(parts.rev().map(|part| (part.to_vec(), true)));
            } else {
                at = self.unhide(at, &part, missing)?;
            }
        }
        Ok(at)
    }

    /// Makes a folder; `None` if something else is there.
    fn make(&mut self, parent: FolderId, name: &[u8]) -> Result<Option<FolderId>, Problem> {
        let fd = self.fd(parent)?;
        match rustix::fs::mkdirat(&*fd, name, Mode::from_raw_mode(0o755)) {
            Err(Errno::EXIST) => return Ok(None),
            result => result.map_err(|e| Problem::Failed("create folder", e))?,
        }
        if self.umask & 0o755 != 0 {
            let mode = Mode::from_raw_mode(0o755);
            rustix::fs::chmodat(&*fd, name, mode, AtFlags::empty()).map_err(|e| Problem::Failed("change mode", e))?;
        }
        self.add(parent, name).map(Some)
    }

    /// Where a symbolic link points; `None` if it is something else.
    fn link_target(&mut self, parent: FolderId, name: &[u8], linked: bool) -> Result<Option<Vec<u8>>, Problem> {
        let fd = self.fd(parent)?;
        match rustix::fs::readlinkat(&*fd, name, Vec::new()) {
            Ok(target) => Ok(Some(target.into_bytes())),
            Err(Errno::INVAL) => Ok(None),
            Err(Errno::NOENT) if linked => Err(Problem::Refused("its path goes through a symbolic link to nothing")),
            Err(Errno::NOENT) => Err(Problem::NotThere),
            Err(e) => Err(Problem::Failed("read link", e)),
        }
    }

    /// Makes a folder in place of a whiteout of the same layer: what is put into it isn't meant to be hidden.
    fn unhide(&mut self, parent: FolderId, name: &[u8], missing: Missing) -> Result<FolderId, Problem> {
        let fd = self.fd(parent)?;
        if missing == Missing::Refuse || !is_whiteout(&fd, name) {
            return Err(Problem::Refused("a part of its path is no folder"));
        }
        if missing == Missing::MakeUnlessHidden {
            return Err(Problem::Hidden);
        }
        rustix::fs::unlinkat(&*fd, name, AtFlags::empty()).map_err(|e| Problem::Failed("replace whiteout", e))?;
        let id = self.make(parent, name)?.ok_or(Problem::Failed("create folder", Errno::EXIST))?;
        self.unhidden.push(id);
        Ok(id)
    }

    /// Folders that took a whiteout's place since the last call: they hide what the layers below have there.
    pub(super) fn take_unhidden(&mut self) -> Vec<FolderId> {
        std::mem::take(&mut self.unhidden)
    }

    /// Sets the folders' times, when nothing will be put into them any more.
    pub(super) fn set_times(&mut self) -> Result<(), Problem> {
        let mut todo = vec![0];
        while let Some(id) = todo.pop() {
            todo.extend(self.folders[id as usize].children.values());
            let Some(time) = self.folders[id as usize].time else { continue };
            let times = both(time);
            let result = if id == 0 {
                let fd = self.fd(0)?;
                rustix::fs::futimens(&*fd, &times)
            } else {
                let fd = self.fd(self.folders[id as usize].parent)?;
                let name: &[u8] = &self.folders[id as usize].name;
                rustix::fs::utimensat(&*fd, name, &times, AtFlags::SYMLINK_NOFOLLOW)
            };
            result.map_err(|e| Problem::Failed("set times of folder", e))?;
        }
        Ok(())
    }
}

impl Folder {
    fn new(parent: FolderId, name: &[u8], setgid: bool) -> Folder {
        Folder { parent, name: name.into(), children: HashMap::new(), time: None, setgid, fd: None }
    }
}

/// Access time as modification time: there is nothing better to say.
pub(super) fn both(time: Timespec) -> rustix::fs::Timestamps {
    rustix::fs::Timestamps { last_access: time, last_modification: time }
}

/// Overlay's mark for a hidden name: a character device 0:0.
pub(super) fn is_whiteout(folder: &OwnedFd, name: &[u8]) -> bool {
    rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| {
        rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::CharacterDevice && stat.st_rdev == 0
    })
}

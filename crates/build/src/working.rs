//! Files put into a working container, outside of any build: as `COPY` and `ADD` do it, by the same code.

use crate::error::Error;
use crate::execute::copy::{content, put};
use crate::execute::mounts::cache_folder;
use crate::execute::sources::{Files, Taking, open, prepare};
use crate::files::Listing;
use crate::files::ignore::Ignore;
use crate::plan::Origin;
use crate::steps::mount::{Kind, parse};
use crate::steps::{Copy, Source};
use engine::Engine;
use engine::build::{CacheFolder, Draft, Mounted};
use engine::working::{Root, Working};
use oci::Digest;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where paths are looked for.
pub enum From {
    /// A folder of the host; files in it are root's, whoever has them there.
    Folder(PathBuf),
    /// Another working container, or the same.
    Container(Box<Working>),
    /// Layers of an image, lowest first.
    Layers(Vec<Digest>),
}

/// What was copied.
pub struct Copied {
    /// Of all that was copied.
    pub digest: Digest,
    /// `file`, `dir` or `multi`.
    pub kind: &'static str,
}

/// A folder that stays for later builds and commands, while it is used.
pub struct CacheMount {
    /// Where it is.
    pub path: PathBuf,
    /// Where it is to be.
    pub target: String,
    /// Nothing is to be written there.
    pub readonly: bool,
    _folder: CacheFolder,
}

/// What `--mount type=cache,…` asks for; relative targets begin at `workdir`.
///
/// # Errors
/// Wrong words; a cache that is to begin with files from elsewhere, which only a build has.
pub fn cache_mount(engine: &Engine, text: &str, workdir: &str) -> Result<CacheMount, Error> {
    let wrong = |why: String| Error::Missing(format!("invalid mount {text}: {why}"));
    let mount = parse(text, workdir, &mut |value| Ok(value.to_owned())).map_err(wrong)?;
    let Kind::Cache(cache) = mount.kind else { return Err(wrong("it is no cache".to_owned())) };
    if cache.from.is_some() {
        return Err(wrong("from= is for builds".to_owned()));
    }
    let folder = cache_folder(engine, &cache, &mut || Err(wrong("from= is for builds".to_owned())))?;
    Ok(CacheMount { path: folder.path(), target: mount.target, readonly: cache.readonly, _folder: folder })
}

/// What a source of `add` is, by its looks: a path, an address, a repository.
///
/// # Errors
/// In words.
pub fn source(text: &str) -> Result<Source, String> {
    crate::steps::copy::remote(text.to_owned())
}

/// What is to be copied.
pub struct Copying<'c> {
    /// Which files, and where to.
    pub copy: &'c Copy,
    /// What of a folder of the host is left out.
    pub ignore: &'c Ignore,
    /// Time of all files, in seconds since 1970; else their own.
    pub time: Option<i64>,
}

/// Copies. The process has a mount namespace of its own.
pub fn copy(engine: &Engine, into: &Working, from: &From, copying: &Copying<'_>) -> Result<Copied, Error> {
    let Copying { copy, ignore, time } = *copying;
    let target = Root::open(engine, into)?;
    // For folders of its own; it never becomes a layer.
    let draft = Draft::begin(engine, &[])?;
    let mut view = None;
    let mut other = None;
    let folder: &Path = match from {
        From::Folder(folder) => folder,
        From::Container(same) if same.id == into.id => target.path(),
        From::Container(working) => other.insert(Root::open(engine, working)?).path(),
        From::Layers(layers) => view.insert(Mounted::layers(engine, &draft, layers, "from")?).path(),
    };
    let copy = Copy { from: origin(from), ..copy.clone() };
    let (secrets, agents) = (BTreeMap::new(), BTreeMap::new());
    let taking = Taking { engine, draft: &draft, ignore, secrets: &secrets, agents: &agents };
    let prepared = prepare(taking, &copy, &open(folder.to_owned())?)?;
    let digest = content(&copy, &prepared, &mut Listing::default())?;
    let mut prepared: Vec<Files<'_>> = prepared.into_iter().map(|one| one.files(engine)).collect::<Result<_, _>>()?;
    if let Some(time) = time {
        for item in prepared.iter_mut().flat_map(|one| &mut one.chosen).flat_map(|chosen| &mut chosen.items) {
            (item.stat.st_mtime, item.stat.st_mtime_nsec) = (time, 0);
        }
    }
    let kind = match &prepared[..] {
        [only] if only.is_archive() => "file",
        [only] if only.chosen.len() == 1 && only.chosen[0].is_folder() => "dir",
        [only] if only.chosen.len() == 1 => "file",
        _ => "multi",
    };
    put(engine, &copy, &open(target.path().to_owned())?, &prepared)?;
    Ok(Copied { digest, kind })
}

/// Only what comes from the host loses its owners, and is subject to an ignore file.
fn origin(from: &From) -> Origin {
    match from {
        From::Folder(_) => Origin::Context,
        From::Container(_) | From::Layers(_) => Origin::Scratch,
    }
}

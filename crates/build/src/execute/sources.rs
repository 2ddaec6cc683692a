//! What `COPY` and `ADD` take: files of a context, of other stages, of archives, of the web, of repositories.

use super::request::Secret;
use crate::error::Error;
use crate::files::ignore::Ignore;
use crate::files::{self, Choice, Chosen, Pattern};
use crate::plan::Origin;
use crate::remote::{self, Access, Held, Repository};
use crate::steps::{Copy, Source};
use engine::Engine;
use engine::build::{Draft, Unpacked};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// What they are taken with.
#[derive(Clone, Copy)]
pub(crate) struct Taking<'e, 't> {
    pub(crate) engine: &'e Engine,
    /// Has folders for what is fetched.
    pub(crate) draft: &'t Draft<'e>,
    /// Of the context.
    pub(crate) ignore: &'t Ignore,
    /// For repositories.
    pub(crate) secrets: &'t BTreeMap<String, Secret>,
    /// Likewise.
    pub(crate) agents: &'t BTreeMap<String, PathBuf>,
}

/// Files of one source.
pub(crate) enum Prepared<'e> {
    /// Ready to be put in place.
    Files(Files<'e>),
    /// Told by its commit, and fetched only if that isn't remembered.
    Commit(Commit),
}

/// Files that have been looked at.
pub(crate) struct Files<'e> {
    pub(crate) root: OwnedFd,
    pub(crate) chosen: Vec<Chosen>,
    /// They are root's, whoever has them outside.
    pub(crate) disowned: bool,
    /// What they are in must stay until they are copied.
    held: Option<Held<'e>>,
}

/// A repository's.
pub(crate) struct Commit {
    repository: Repository,
    access: Access,
    keep_git: bool,
    exclude: Vec<String>,
    /// As far as the server tells without fetching.
    commit: String,
}

impl<'e> Prepared<'e> {
    pub(crate) fn files(self, engine: &'e Engine) -> Result<Files<'e>, Error> {
        match self {
            Prepared::Files(files) => Ok(files),
            Prepared::Commit(commit) => commit.files(engine),
        }
    }
}

impl Files<'_> {
    /// It says the modes itself.
    pub(crate) fn is_archive(&self) -> bool {
        matches!(self.held, Some(Held::Tar(_)))
    }
}

/// Finds, fetches and unpacks.
pub(crate) fn prepare<'e>(taking: Taking<'e, '_>, copy: &Copy, root: &OwnedFd) -> Result<Vec<Prepared<'e>>, Error> {
    let nothing = Ignore::default();
    let exclude = Ignore::of(copy.exclude.iter().map(String::as_str))?;
    let ignore = if copy.from == Origin::Context { taking.ignore } else { &nothing };
    let from_outside = matches!(copy.from, Origin::Context | Origin::Named(_));
    let mut prepared = Vec::new();
    for (number, source) in copy.sources.iter().enumerate() {
        match source {
            Source::Path(text) => {
                let pattern = Pattern { text, parents: copy.parents, exact: false };
                let chosen = files::select(root, pattern, Choice { ignore, exclude: &exclude })?;
                for one in chosen {
                    prepared.push(Prepared::Files(local(taking.engine, copy, root, one, from_outside)?));
                }
            }
            Source::Url(url) => prepared.push(Prepared::Files(fetch(taking, copy, url, number)?)),
            Source::Git(repository) => prepared.push(commit(taking, copy, repository)?),
            Source::Text { .. } => {}
        }
    }
    Ok(prepared)
}

/// A file or folder of a root; ADD unpacks an archive.
fn local<'e>(
    engine: &'e Engine,
    copy: &Copy,
    root: &OwnedFd,
    chosen: Chosen,
    disowned: bool,
) -> Result<Files<'e>, Error> {
    let failed = |what: &str| Error::io(format!("{what} {}", chosen.name.display()));
    let unpacks = copy.is_add && copy.unpack.unwrap_or(true) && !chosen.is_folder();
    if unpacks && let Some(item) = chosen.items.first().filter(|item| item.kind() == rustix::fs::FileType::RegularFile)
    {
        let file = sys::path::open_without_links(root, &item.source, rustix::fs::OFlags::RDONLY, 0);
        let file = File::from(file.map_err(failed("open"))?);
        if let Some(unpacked) = Unpacked::new(engine, file, &chosen.name.display().to_string())? {
            return from_archive(unpacked);
        }
    }
    let root = root.try_clone().map_err(failed("open"))?;
    Ok(Files { root, chosen: vec![chosen], disowned, held: None })
}

/// All that is in an archive, with the owners that it says.
fn from_archive(unpacked: Unpacked<'_>) -> Result<Files<'_>, Error> {
    let root = open(unpacked.path())?;
    let nothing = Ignore::default();
    let pattern = Pattern { text: "/", parents: false, exact: false };
    let chosen = files::select(&root, pattern, Choice { ignore: &nothing, exclude: &nothing })?;
    Ok(Files { root, chosen, disowned: false, held: Some(Held::Tar(unpacked)) })
}

/// What an http address has, in a file of the name that it has there.
fn fetch<'e>(taking: Taking<'e, '_>, copy: &Copy, url: &str, number: usize) -> Result<Files<'e>, Error> {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    let name = plain.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let name = name.rsplit('/').next().unwrap_or_default();
    if name.is_empty() && copy.destination.ends_with('/') {
        return Err(Error::Missing(format!(
            "cannot determine a file name from {url}: name the file in the destination"
        )));
    }
    let name = if name.is_empty() { "download" } else { name };
    let folder = taking.draft.aside(&format!("fetched-{number}"))?;
    let path = folder.join(name);
    let failed = || Error::io(format!("fetch {url}"));
    let (file, found) = remote::download_to(&path, url)?;
    if let Some(expected) = copy.checksum.as_ref().filter(|expected| **expected != found.to_string()) {
        return Err(Error::Missing(format!("digest mismatch for {url}: expected {expected}, found {found}")));
    }
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::fchmod(&file, mode).map_err(|error| failed()(error.into()))?;
    // The server's clock isn't asked: what is fetched has no time of its own.
    let zero = rustix::fs::Timespec { tv_sec: 0, tv_nsec: 0 };
    let times = rustix::fs::Timestamps { last_access: zero, last_modification: zero };
    rustix::fs::futimens(&file, &times).map_err(|error| failed()(error.into()))?;
    if copy.unpack == Some(true) {
        let file = File::open(&path).map_err(failed())?;
        if let Some(unpacked) = Unpacked::new(taking.engine, file, url)? {
            return from_archive(unpacked);
        }
    }
    let root = open(folder)?;
    let nothing = Ignore::default();
    let pattern = Pattern { text: "*", parents: false, exact: false };
    let chosen = files::select(&root, pattern, Choice { ignore: &nothing, exclude: &nothing })?;
    Ok(Files { root, chosen, disowned: true, held: None })
}

fn commit<'e>(taking: Taking<'e, '_>, copy: &Copy, repository: &Repository) -> Result<Prepared<'e>, Error> {
    let agent = taking.agents.get("default").cloned();
    let access = Access::new(repository, agent, |id| super::secret(taking.secrets, id))?;
    let mut commit = Commit {
        repository: repository.clone(),
        access,
        keep_git: copy.keep_git.unwrap_or(repository.keep_git),
        exclude: copy.exclude.clone(),
        commit: String::new(),
    };
    let folder = taking.draft.aside("git")?;
    match remote::find_commit(&folder, &commit.repository, &commit.access)? {
        Some(found) => {
            commit.commit = found;
            Ok(Prepared::Commit(commit))
        }
        // An abbreviated hash: only who has them all knows which it is.
        None => commit.files(taking.engine).map(Prepared::Files),
    }
}

impl Commit {
    /// What makes its files what they are.
    pub(crate) fn content(&self) -> String {
        let Repository { url, folder, submodules, .. } = &self.repository;
        let from = self.keep_git.then_some(url);
        format!("commit {} {folder:?} {submodules} {from:?} {:?}", self.commit, self.exclude)
    }

    pub(crate) fn files<'e>(&self, engine: &'e Engine) -> Result<Files<'e>, Error> {
        let folder = engine::build::temporary_folder(engine)?;
        // What was asked for once stays that, whatever the server says by now.
        let mut repository = self.repository.clone();
        if !self.commit.is_empty() {
            repository.reference = Some(self.commit.clone());
        }
        let checkout = remote::check_out(folder, &repository, &self.access, self.keep_git)?;
        let root = open(match &repository.folder {
            Some(folder) => remote::inner(&checkout.path(), folder)?,
            None => checkout.path(),
        })?;
        let nothing = Ignore::default();
        let exclude = Ignore::of(self.exclude.iter().map(String::as_str))?;
        let pattern = Pattern { text: "/", parents: false, exact: false };
        let chosen = files::select(&root, pattern, Choice { ignore: &nothing, exclude: &exclude })?;
        Ok(Files { root, chosen, disowned: true, held: Some(Held::Commit(checkout)) })
    }
}

pub(crate) fn open(path: PathBuf) -> Result<OwnedFd, Error> {
    let opened = File::open(&path).map(OwnedFd::from);
    opened.map_err(Error::io(format!("open {}", path.display())))
}

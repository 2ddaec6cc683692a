//! `COPY` and `ADD`.

use super::inputs::Inputs;
use super::layer_of;
use super::memory::{Fresh, remembered};
use super::schedule::{Schedule, failure};
use super::worker::{Failure, Outcome};
use crate::error::Error;
use crate::files::ignore::Ignore;
use crate::files::{self, Choice, Chosen, Listing, Owner, Pattern, Placing};
use crate::plan::Origin;
use crate::steps::{Copy, Source};
use engine::build::{Draft, Mounted, Unpacked};
use oci::Digest;
use sha2::Digest as _;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// Files of one source, ready to be put in place.
struct Prepared<'e> {
    root: OwnedFd,
    chosen: Vec<Chosen>,
    /// They are root's, whoever has them outside.
    disowned: bool,
    /// What they are in must stay until they are copied.
    unpacked: Option<Unpacked<'e>>,
}

pub(super) fn copy(schedule: &Schedule<'_>, below: &[Digest], copy: &Copy) -> Result<Outcome, Failure> {
    work(schedule, below, copy).map_err(|error| failure(&error))
}

fn work(schedule: &Schedule<'_>, below: &[Digest], copy: &Copy) -> Result<Outcome, Error> {
    // Names of users are those of the image below, so they need it.
    let names = copy.owner.as_deref().is_some_and(|owner| owner.contains(|c: char| !c.is_ascii_digit() && c != ':'));
    let below = if copy.link && !names { &[] } else { below };
    let engine = schedule.engine;
    let draft = Draft::begin(engine, below)?;
    let view = match schedule.layers_of(&copy.from) {
        Some(layers) => Some(Mounted::layers(engine, &draft, &layers, "from")?),
        None => None,
    };
    let root = match (&view, &copy.from) {
        (Some(view), _) => open(view.path().to_owned())?,
        (None, Origin::Named(name)) => schedule.request.contexts.open(Some(name))?,
        // Heredocs and what is fetched need none.
        (None, _) if copy.sources.iter().any(|source| matches!(source, Source::Path(_))) => {
            schedule.request.contexts.open(None)?
        }
        (None, _) => open(PathBuf::from("/proc/self/fdinfo"))?,
    };
    let prepared = prepare(schedule, &draft, copy, &root)?;
    let mut listing = Listing::default();
    let content = content(copy, &prepared, &mut listing)?;
    let inputs = Inputs::new(if copy.is_add { "add" } else { "copy" })
        .over(below)
        .with("files", content.to_string())
        .of_files(listing)
        .with("destination", &copy.destination)
        .with("owner", copy.owner.clone().unwrap_or_default())
        .with("mode", format!("{:?}", copy.mode))
        .with("parents", copy.parents.to_string());
    let latest = schedule.request.settings.latest;
    remembered(schedule, inputs, Some(content), || {
        let merged = draft.mount()?;
        let placed = open(merged).and_then(|target| put(schedule, copy, &target, &prepared));
        draft.unmount()?;
        placed?;
        // A context may be worked on while it is copied; what came of that must not pass for what was hashed.
        let is_of_inputs = prepared.iter().all(|one| files::are_unchanged(&one.root, &one.chosen));
        drop(prepared);
        drop(view);
        Ok(Fresh { layer: layer_of(draft.finish(latest)?), is_of_inputs })
    })
}

fn open(path: PathBuf) -> Result<OwnedFd, Error> {
    let opened = File::open(&path).map(OwnedFd::from);
    opened.map_err(Error::io(format!("open {}", path.display())))
}

/// Finds, fetches and unpacks.
fn prepare<'e>(
    schedule: &Schedule<'e>,
    draft: &Draft<'e>,
    copy: &Copy,
    root: &OwnedFd,
) -> Result<Vec<Prepared<'e>>, Error> {
    let nothing = Ignore::default();
    let exclude = Ignore::of(copy.exclude.iter().map(String::as_str))?;
    let ignore = if copy.from == Origin::Context { &schedule.request.contexts.ignore } else { &nothing };
    let from_outside = matches!(copy.from, Origin::Context | Origin::Named(_));
    let mut prepared = Vec::new();
    for (number, source) in copy.sources.iter().enumerate() {
        match source {
            Source::Path(text) => {
                let pattern = Pattern { text, parents: copy.parents };
                let chosen = files::select(root, pattern, Choice { ignore, exclude: &exclude })?;
                for one in chosen {
                    prepared.push(local(schedule, copy, root, one, from_outside)?);
                }
            }
            Source::Url(url) => prepared.push(fetch(schedule, draft, copy, url, number)?),
            Source::Git(url) => {
                let why = format!("ADD of git repositories is not supported yet: {url} (clone it into the context)");
                return Err(Error::Missing(why));
            }
            Source::Text { .. } => {}
        }
    }
    Ok(prepared)
}

/// A file or folder of a root; ADD unpacks an archive.
fn local<'e>(
    schedule: &Schedule<'e>,
    copy: &Copy,
    root: &OwnedFd,
    chosen: Chosen,
    disowned: bool,
) -> Result<Prepared<'e>, Error> {
    let failed = |what: &str| Error::io(format!("{what} {}", chosen.name.display()));
    let unpacks = copy.is_add && copy.unpack.unwrap_or(true) && !chosen.is_folder();
    if unpacks && let Some(item) = chosen.items.first().filter(|item| item.kind() == rustix::fs::FileType::RegularFile)
    {
        let file = sys::path::open_without_links(root, &item.source, rustix::fs::OFlags::RDONLY, 0);
        let file = File::from(file.map_err(failed("open"))?);
        if let Some(unpacked) = Unpacked::new(schedule.engine, file, &chosen.name.display().to_string())? {
            return from_archive(unpacked);
        }
    }
    let root = root.try_clone().map_err(failed("open"))?;
    Ok(Prepared { root, chosen: vec![chosen], disowned, unpacked: None })
}

/// All that is in an archive, with the owners that it says.
fn from_archive(unpacked: Unpacked<'_>) -> Result<Prepared<'_>, Error> {
    let root = open(unpacked.path())?;
    let nothing = Ignore::default();
    let pattern = Pattern { text: "/", parents: false };
    let chosen = files::select(&root, pattern, Choice { ignore: &nothing, exclude: &nothing })?;
    Ok(Prepared { root, chosen, disowned: false, unpacked: Some(unpacked) })
}

/// What an http address has, in a file of the name that it has there.
fn fetch<'e>(
    schedule: &Schedule<'e>,
    draft: &Draft<'e>,
    copy: &Copy,
    url: &str,
    number: usize,
) -> Result<Prepared<'e>, Error> {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    let name = plain.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let name = name.rsplit('/').next().unwrap_or_default();
    if name.is_empty() && copy.destination.ends_with('/') {
        return Err(Error::Missing(format!(
            "cannot determine a file name from {url}: name the file in the destination"
        )));
    }
    let name = if name.is_empty() { "download" } else { name };
    let folder = draft.aside(&format!("fetched-{number}"))?;
    let path = folder.join(name);
    let failed = || Error::io(format!("fetch {url}"));
    let mut file = File::options().read(true).write(true).create_new(true).open(&path).map_err(failed())?;
    let mut body = image::download(url).map_err(engine::Error::from)?;
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 128 << 10];
    loop {
        let count = body.read(&mut buffer).map_err(failed())?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        file.write_all(&buffer[..count]).map_err(failed())?;
    }
    let found = Digest::from_sha256(hasher.finalize().into());
    if let Some(expected) = copy.checksum.as_ref().filter(|expected| **expected != found) {
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
        if let Some(unpacked) = Unpacked::new(schedule.engine, file, url)? {
            return from_archive(unpacked);
        }
    }
    let root = open(folder)?;
    let nothing = Ignore::default();
    let pattern = Pattern { text: "*", parents: false };
    let chosen = files::select(&root, pattern, Choice { ignore: &nothing, exclude: &nothing })?;
    Ok(Prepared { root, chosen, disowned: true, unpacked: None })
}

/// What is copied, as one digest.
fn content(copy: &Copy, prepared: &[Prepared<'_>], listing: &mut Listing) -> Result<Digest, Error> {
    let mut all = Vec::new();
    for one in prepared {
        all.push(files::content(&one.root, &one.chosen, !one.disowned, listing)?.to_string());
    }
    for source in &copy.sources {
        if let Source::Text { name, content } = source {
            let digest = Digest::sha256(content.as_bytes());
            all.push(format!("{name} {digest}"));
            listing.add(name, &digest);
        }
    }
    match &all[..] {
        [only] if only.starts_with("sha256:") => Ok(only.parse().unwrap_or_else(|_| Digest::sha256(only.as_bytes()))),
        all => Ok(Digest::sha256(all.join("\n").as_bytes())),
    }
}

fn put(schedule: &Schedule<'_>, copy: &Copy, target: &OwnedFd, prepared: &[Prepared<'_>]) -> Result<(), Error> {
    let owner = copy.owner.as_deref().map(|text| files::owner(target, text)).transpose()?;
    let several = prepared.iter().map(|one| one.chosen.len()).sum::<usize>() > 1;
    if several && !copy.destination.ends_with('/') && !copy.parents {
        return Err(files::Error::NoFolder { destination: copy.destination.clone() }.into());
    }
    let placing = |disowned: bool, is_archive: bool| Placing {
        root: target,
        destination: &copy.destination,
        owner: owner.or(disowned.then_some(Owner { uid: 0, gid: 0 })),
        // An archive says the modes itself.
        mode: copy.mode.as_ref().filter(|_| !is_archive),
        is_archive,
        keeps_names: copy.parents,
        disowns_parents: copy.link,
        single_id: engine::build::has_single_id(schedule.engine),
    };
    for one in prepared {
        files::place(&placing(one.disowned, one.unpacked.is_some()), &one.root, &one.chosen)?;
    }
    for source in &copy.sources {
        if let Source::Text { name, content } = source {
            files::write_text(&placing(true, false), name, content)?;
        }
    }
    Ok(())
}

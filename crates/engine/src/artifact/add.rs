//! `artifact add`.

use super::open;
use crate::{Engine, Error};
use ::image::artifact::{File, SNIFFED, append_files, check_titles, detect, encode, new_manifest};
use oci::Digest;
use oci::image::Manifest;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use store::Prior;

/// How files are added.
#[derive(Debug, Clone, Default)]
pub struct Adding {
    /// `--append`: to the artifact that has the name.
    pub append: bool,
    /// `--replace`: the artifact that has the name goes.
    pub replace: bool,
    /// `--type`.
    pub artifact_type: Option<String>,
    /// `--file-type`, instead of what the files look like.
    pub file_type: Option<String>,
    /// `--annotation`, of each file and of a new artifact.
    pub annotations: BTreeMap<String, String>,
}

/// Makes an artifact of files, or adds them to one; the digest of its manifest.
pub fn add(engine: &Engine, name: &str, files: &[PathBuf], adding: &Adding) -> Result<Digest, Error> {
    let mut stored = None;
    for attempt in 0.. {
        match try_to_add(engine, name, files, adding, &mut stored) {
            // Somebody else has removed what had the same content, or replaced what it is added to.
            Err(Error::Store(store::Error::MissingBlob(lost))) if attempt < MOST => {
                stored = stored.filter(|files: &Vec<File>| files.iter().all(|file| file.digest != lost));
            }
            // Somebody else has added to it.
            Err(Error::Store(store::Error::ArtifactExists(_))) if adding.append && attempt < MOST => {}
            result => return result,
        }
    }
    unreachable!("the number of tries is limited")
}

/// `stored` are the files once they are in the store, for the next try.
fn try_to_add(
    engine: &Engine,
    name: &str,
    files: &[PathBuf],
    adding: &Adding,
    stored: &mut Option<Vec<File>>,
) -> Result<Digest, Error> {
    let (mut manifest, prior) = base(engine, name, adding)?;
    let stored = match stored {
        Some(stored) => stored,
        None => {
            // Before anything is copied.
            let names: Vec<String> = files.iter().map(|path| title(path)).collect();
            check_titles(&manifest, &names, &adding.annotations)?;
            // Whatever comes of it: what was copied for nothing goes behind the answer.
            engine.left_trash();
            stored.insert(store_all(engine, files, adding)?)
        }
    };
    append_files(&mut manifest, stored, &adding.annotations)?;
    commit(engine, name, &manifest, &prior)
}

/// So often it is tried again if others change the same things.
const MOST: usize = 20;

/// What the files are added to, and what must be there then.
fn base(engine: &Engine, name: &str, adding: &Adding) -> Result<(Manifest, Prior), Error> {
    if adding.append {
        let artifact = engine.store().artifact(name)?;
        let artifact = artifact.ok_or_else(|| store::Error::NoSuchArtifact(name.to_owned()))?;
        let prior = Prior::Manifest(artifact.manifest.clone());
        return Ok((open(engine, artifact)?.manifest, prior));
    }
    store::check_artifact_name(name)?;
    if !adding.replace && engine.store().artifact(name)?.is_some() {
        return Err(store::Error::ArtifactExists(name.to_owned()).into());
    }
    let prior = if adding.replace { Prior::Anything } else { Prior::Nothing };
    let now = jiff::Timestamp::now().to_string();
    Ok((new_manifest(adding.artifact_type.clone(), &adding.annotations, now), prior))
}

fn title(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn store_all(engine: &Engine, files: &[PathBuf], adding: &Adding) -> Result<Vec<File>, Error> {
    files.iter().map(|path| store_file(engine, path, adding.file_type.as_deref())).collect()
}

fn store_file(engine: &Engine, path: &Path, media_type: Option<&str>) -> Result<File, Error> {
    let file = open_file(path)?;
    let (digest, size) = engine.store().add_file(&file)?;
    let media_type = match media_type {
        Some(given) => given.to_owned(),
        None => detect(&beginning(engine, &digest)?).to_owned(),
    };
    Ok(File { title: title(path), media_type, digest, size })
}

/// Devices and pipes may never end, and can't be read again when others changed the artifact meanwhile.
fn open_file(path: &Path) -> Result<std::fs::File, Error> {
    // Else opening a pipe waits for who writes into it.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| Error::io("open", path, e.into()))?;
    let kind = rustix::fs::fstat(&file).map_err(|e| Error::io("read", path, e.into()))?.st_mode;
    match FileType::from_raw_mode(kind) {
        FileType::RegularFile => Ok(file.into()),
        FileType::Directory => Err(Error::io("read", path, Errno::ISDIR.into())),
        _ => Err(Error::Invalid(format!(
            "add `{}`: it is no regular file; write what comes out of it into one",
            path.display()
        ))),
    }
}

fn beginning(engine: &Engine, blob: &Digest) -> Result<Vec<u8>, Error> {
    let mut start = Vec::with_capacity(SNIFFED);
    let read = engine.store().open_blob(blob)?.take(SNIFFED as u64).read_to_end(&mut start);
    read.map_err(|source| Error::io("read blob", blob.as_str(), source))?;
    Ok(start)
}

fn commit(engine: &Engine, name: &str, manifest: &Manifest, prior: &Prior) -> Result<Digest, Error> {
    let (store, bytes) = (engine.store(), encode(manifest)?);
    let digest = Digest::sha256(&bytes);
    if manifest.config.digest == Digest::sha256(b"{}") {
        store.put_blob(&manifest.config.digest, b"{}")?;
    }
    store.put_blob(&digest, &bytes)?;
    let blobs = [&manifest.config].into_iter().chain(&manifest.layers).map(|blob| blob.digest.clone()).collect();
    let artifact = store::Artifact { name: name.to_owned(), manifest: digest.clone(), blobs };
    store.commit_artifact(&artifact, prior)?;
    Ok(digest)
}

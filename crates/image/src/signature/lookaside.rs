//! The lookaside: simple signatures in a folder tree or on a web server, `BASE/REPOSITORY@ALGORITHM=HEX/signature-N`.

use super::{MAX_SIGNATURES, Signature, gpg};
use crate::{Context, Error, policy};
use config::registries_d::{self, RegistriesD};
use oci::{Digest, Reference};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// Below what an image's signatures lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    Folder(PathBuf),
    Web(String),
}

impl Base {
    /// From a URL of registries.d.
    fn parse(url: &str) -> Result<Base, Error> {
        let base = url.trim_end_matches('/');
        if let Some(path) = base.strip_prefix("file://") {
            if path.starts_with('/') {
                return Ok(Base::Folder(path.into()));
            }
        } else if base.starts_with("http://") || base.starts_with("https://") {
            return Ok(Base::Web(base.to_owned()));
        }
        let why = "a lookaside must be file:///PATH, http://… or https://…".to_owned();
        Err(Error::Signature { what: format!("lookaside `{url}`"), why })
    }
}

/// Where signatures of a reference are read (or, with `write`, written) as registries.d says.
pub(crate) fn base(context: &Context, conf: &RegistriesD, reference: &Reference, write: bool) -> Result<Base, Error> {
    let scopes = policy::scope::of_reference(reference);
    let url = if write { conf.lookaside_staging(&scopes) } else { conf.lookaside(&scopes) };
    match url {
        Some(url) => Base::parse(url),
        None => Ok(Base::Folder(registries_d::default_folder(&context.environment))),
    }
}

/// The part below the base; `number` counts from 1.
pub(crate) fn place(repository: &str, digest: &Digest, number: usize) -> String {
    format!("{repository}@{}={}/signature-{number}", digest.algorithm(), digest.hex())
}

/// All signatures of a manifest, up to the first that isn't there.
pub(crate) fn read(
    base: &Base,
    repository: &str,
    digest: &Digest,
    timeouts: registry::Timeouts,
) -> Result<Vec<Signature>, Error> {
    let mut found = Vec::new();
    for number in 1..=MAX_SIGNATURES {
        let place = place(repository, digest, number);
        let bytes = match base {
            Base::Folder(folder) => read_file(&folder.join(&place))?,
            Base::Web(base) => registry::get(&format!("{base}/{place}"), gpg::MAX_SIGNATURE as u64, timeouts)?,
        };
        let Some(bytes) = bytes else { break };
        found.push(Signature::from_bytes(&bytes).map_err(|why| Error::Signature { what: place, why })?);
    }
    Ok(found)
}

/// Adds a signature behind those that are there, and says where.
pub(crate) fn add(base: &Base, repository: &str, digest: &Digest, message: &[u8]) -> Result<PathBuf, Error> {
    let folder = writable(base, repository)?;
    for number in 1..=MAX_SIGNATURES {
        let path = folder.join(place(repository, digest, number));
        if write_new(&path, message).map_err(Error::io(format!("write `{}`", path.display())))? {
            return Ok(path);
        }
    }
    let why = format!("there are {MAX_SIGNATURES} already");
    Err(Error::Signature { what: format!("store a signature of {repository}"), why })
}

/// Puts signatures in the place of those that are there.
pub(crate) fn replace(base: &Base, repository: &str, digest: &Digest, messages: &[&[u8]]) -> Result<(), Error> {
    let folder = writable(base, repository)?;
    let path = |number| folder.join(place(repository, digest, number));
    for (at, message) in messages.iter().enumerate() {
        let path = path(at + 1);
        let written =
            path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, message));
        written.map_err(Error::io(format!("write `{}`", path.display())))?;
    }
    for path in (messages.len() + 1..).map(path) {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => break,
            removed => removed.map_err(Error::io(format!("remove `{}`", path.display())))?,
        }
    }
    Ok(())
}

fn writable<'b>(base: &'b Base, repository: &str) -> Result<&'b Path, Error> {
    match base {
        Base::Folder(folder) => Ok(folder),
        Base::Web(_) => {
            let why = "signatures are written to file:// only; set lookaside-staging in registries.d".to_owned();
            Err(Error::Signature { what: format!("store a signature of {repository}"), why })
        }
    }
}

fn write_new(path: &Path, message: &[u8]) -> std::io::Result<bool> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    match std::fs::File::create_new(path) {
        Ok(mut file) => file.write_all(message).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// A bounded file; `None` when it isn't there.
fn read_file(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let failed = || format!("read signature `{}`", path.display());
    let file = match std::fs::File::open(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        file => file.map_err(Error::io(failed()))?,
    };
    let mut bytes = Vec::new();
    file.take(gpg::MAX_SIGNATURE as u64 + 1).read_to_end(&mut bytes).map_err(Error::io(failed()))?;
    if bytes.len() > gpg::MAX_SIGNATURE {
        let limit = gpg::MAX_SIGNATURE as u64;
        return Err(Error::TooLarge { what: failed(), size: bytes.len() as u64, limit });
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_is_read_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let base = Base::parse(&format!("file://{}/", dir.path().display())).unwrap();
        let digest = Digest::sha256(b"m");
        for message in [[0xa3, 1], [0xa3, 2]] {
            let path = add(&base, "lib/a", &digest, &message).unwrap();
            assert!(path.starts_with(dir.path().join(format!("lib/a@sha256={}", digest.hex()))));
        }
        let read = |repository: &str| read(&base, repository, &digest, Default::default());
        let found = read("lib/a").unwrap();
        assert_eq!(found, [Signature::Simple(vec![0xa3, 1]), Signature::Simple(vec![0xa3, 2])]);
        assert_eq!(read("lib/b").unwrap(), []);
        std::fs::write(dir.path().join(place("lib/a", &digest, 3)), "text").unwrap();
        assert!(read("lib/a").is_err());
        replace(&base, "lib/a", &digest, &[&[0xa3, 3]]).unwrap();
        assert_eq!(read("lib/a").unwrap(), [Signature::Simple(vec![0xa3, 3])]);
    }

    #[test]
    fn only_folders_and_web_servers_are_lookasides() {
        for wrong in ["/path", "file://host/path", "ftp://x/y", ""] {
            assert!(Base::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Base::parse("https://a.b/c/").unwrap(), Base::Web("https://a.b/c".into()));
        assert!(add(&Base::Web("https://a.b".into()), "x", &Digest::sha256(b""), b"").is_err());
    }
}

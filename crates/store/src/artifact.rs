//! Artifacts: a name, a manifest and the blobs it names, in a small file each in `artifacts/`, called like the files of names.
//!
//! A name is kept as it was given. The blobs lie in `blobs/`, each once, whoever needs it.

use crate::blob::NEW_BLOBS;
use crate::error::{At, Error, printable};
use crate::location::{Store, make_dir};
use crate::name::file_name;
use oci::Digest;
use oci::reference::Name;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// One artifact as the store knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// `[registry/]repository[:tag]` or `…@digest`.
    pub name: String,
    /// Digest of its manifest.
    pub manifest: Digest,
    /// What the manifest names: the configuration and the files.
    pub blobs: Vec<Digest>,
}

/// What may be there under the name of an artifact that is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prior {
    /// Nothing.
    Nothing,
    /// Whatever it is, it goes.
    Anything,
    /// The artifact with this manifest, which goes.
    Manifest(Digest),
}

impl Artifact {
    /// All blobs that must stay for it.
    pub(crate) fn needed_blobs(&self) -> impl Iterator<Item = &Digest> {
        [&self.manifest].into_iter().chain(&self.blobs)
    }
}

impl Store {
    /// All artifacts, those that were recorded first at the beginning.
    pub fn artifacts(&self) -> Result<Vec<Artifact>, Error> {
        let mut found = Vec::new();
        for path in self.artifact_files()? {
            let recorded = path.metadata().and_then(|data| data.modified()).unwrap_or(std::time::UNIX_EPOCH);
            found.extend(self.read_artifact(&path)?.map(|artifact| (recorded, artifact)));
        }
        found.sort_by(|(a, first), (b, second)| a.cmp(b).then_with(|| first.name.cmp(&second.name)));
        Ok(found.into_iter().map(|(_, artifact)| artifact).collect())
    }

    /// By its name, spelt as it was given; what is no name has none.
    pub fn artifact(&self, name: &str) -> Result<Option<Artifact>, Error> {
        if check_artifact_name(name).is_err() {
            return Ok(None);
        }
        self.read_artifact(&self.artifact_path(name))
    }

    /// Records an artifact, whose blobs are in the store; fails with [`Error::MissingBlob`] if one vanished meanwhile, and
    /// with [`Error::ArtifactExists`] if something else has the name than `prior` says.
    pub fn commit_artifact(&self, new: &Artifact, prior: &Prior) -> Result<(), Error> {
        check_artifact_name(&new.name)?;
        make_dir(&self.folder("artifacts"))?;
        let lock = self.lock()?;
        let path = self.artifact_path(&new.name);
        let old = self.read_artifact(&path)?;
        let expected = match (prior, &old) {
            (Prior::Nothing, old) => old.is_none(),
            (Prior::Anything, _) => true,
            (Prior::Manifest(digest), old) => old.as_ref().is_some_and(|old| old.manifest == *digest),
        };
        if !expected {
            return Err(Error::ArtifactExists(new.name.clone()));
        }
        for blob in new.needed_blobs() {
            self.open_blob(blob)?;
        }
        // For whoever comes after a crash in the middle.
        self.touch(NEW_BLOBS)?;
        crate::step::point();
        let json = serde_json::to_vec(new).map_err(io::Error::from).at("encode artifact", &path)?;
        self.write_atomically(&path, &json)?;
        crate::step::point();
        if let Some(old) = old {
            self.drop_unreferenced(&[], &old.needed_blobs().cloned().collect::<Vec<_>>())?;
        }
        drop(lock);
        self.written();
        Ok(())
    }

    /// Removes an artifact and those of its blobs that nothing else needs.
    pub fn remove_artifact(&self, name: &str) -> Result<Artifact, Error> {
        let _lock = self.lock()?;
        let path = self.artifact_path(name);
        let artifact = self.read_artifact(&path)?.ok_or_else(|| Error::NoSuchArtifact(name.to_owned()))?;
        self.forget_artifact(&artifact)?;
        Ok(artifact)
    }

    /// The caller holds the lock of records.
    pub(crate) fn forget_artifact(&self, artifact: &Artifact) -> Result<(), Error> {
        let path = self.artifact_path(&artifact.name);
        self.touch(NEW_BLOBS)?;
        crate::step::point();
        std::fs::remove_file(&path).at("remove artifact", &path)?;
        crate::step::point();
        self.drop_unreferenced(&[], &artifact.needed_blobs().cloned().collect::<Vec<_>>())
    }

    /// None where the folder isn't: stores of older versions haven't got it.
    pub(crate) fn artifact_files(&self) -> Result<Vec<PathBuf>, Error> {
        let folder = self.folder("artifacts");
        let entries = match std::fs::read_dir(&folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.at("list", &folder)?,
        };
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>().at("list", &folder)
    }

    /// One that a power cut left empty or broken, or that isn't called like the name in it, counts as none.
    pub(crate) fn read_artifact(&self, path: &Path) -> Result<Option<Artifact>, Error> {
        let text = match std::fs::read(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.at("read artifact", path)?,
        };
        let artifact = serde_json::from_slice(&text).ok();
        let artifact = artifact.filter(|artifact: &Artifact| self.artifact_path(&artifact.name) == path);
        if artifact.is_none() {
            log::warn!("ignoring damaged artifact record {}", path.display());
        }
        Ok(artifact)
    }

    pub(crate) fn artifact_path(&self, name: &str) -> PathBuf {
        self.path2("artifacts", &file_name(name))
    }
}

/// Names are kept as they are spelt, but they must be names.
pub fn check_artifact_name(name: &str) -> Result<(), Error> {
    match name.parse::<Name>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::InvalidArtifactName(printable(name.as_bytes()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;
    use std::io::Write;

    fn blob(store: &Store, content: &[u8]) -> Digest {
        let digest = Digest::sha256(content);
        let mut blob = store.begin_blob().unwrap();
        blob.write_all(content).unwrap();
        blob.finish(&digest).unwrap();
        digest
    }

    fn artifact(store: &Store, name: &str, files: &[&[u8]]) -> Artifact {
        let blobs: Vec<_> = files.iter().map(|content| blob(store, content)).collect();
        let manifest = blob(store, format!("{name} {blobs:?}").as_bytes());
        Artifact { name: name.to_owned(), manifest, blobs }
    }

    #[test]
    fn blobs_stay_as_long_as_something_needs_them() {
        let fixture = Fixture::new();
        let store = &fixture.store;
        let one = artifact(store, "one", &[b"shared", b"alone"]);
        store.commit_artifact(&one, &Prior::Nothing).unwrap();
        let two = artifact(
            store,
            "a.b/two@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            &[b"shared"],
        );
        store.commit_artifact(&two, &Prior::Nothing).unwrap();
        store.reclaim().unwrap();
        assert_eq!(store.artifacts().unwrap(), [one.clone(), two.clone()]);
        assert_eq!(store.remove_artifact("one").unwrap(), one);
        assert!(store.verify_blob(&Digest::sha256(b"shared")).is_ok());
        assert!(store.verify_blob(&Digest::sha256(b"alone")).is_err());
        store.reclaim().unwrap();
        assert!(two.needed_blobs().all(|blob| store.verify_blob(blob).is_ok()));
        assert!(matches!(store.remove_artifact("one"), Err(Error::NoSuchArtifact(_))));
        store.remove_artifact(&two.name).unwrap();
        store.reclaim().unwrap();
        assert_eq!(std::fs::read_dir(fixture.path("blobs/sha256")).unwrap().count(), 0);
        assert_eq!(fixture.waste(), [""; 0]);
    }

    #[test]
    fn nothing_is_replaced_that_one_does_not_know_of() {
        let fixture = Fixture::new();
        let store = &fixture.store;
        let first = artifact(store, "x", &[b"1"]);
        store.commit_artifact(&first, &Prior::Nothing).unwrap();
        let second = artifact(store, "x", &[b"2"]);
        for prior in [Prior::Nothing, Prior::Manifest(second.manifest.clone())] {
            assert!(matches!(store.commit_artifact(&second, &prior), Err(Error::ArtifactExists(_))));
        }
        store.commit_artifact(&second, &Prior::Manifest(first.manifest.clone())).unwrap();
        assert_eq!(store.artifact("x").unwrap(), Some(second));
        assert!(store.verify_blob(&first.manifest).is_err());
        let lost = Artifact { blobs: vec![Digest::sha256(b"lost")], ..first };
        assert!(matches!(store.commit_artifact(&lost, &Prior::Anything), Err(Error::MissingBlob(_))));
        for none in ["", ".", "..", "../x"] {
            assert_eq!(store.artifact(none).unwrap(), None);
        }
        let bad = Artifact { name: "../x".to_owned(), ..lost };
        assert!(matches!(store.commit_artifact(&bad, &Prior::Anything), Err(Error::InvalidArtifactName(_))));
    }
}

//! Image names: one small file each in `names/`, holding the image's ID and the name itself.
//!
//! The file is called like the name with `/` as `+` and `:` as `=`, neither of which a name can contain; names that
//! would be too long for a file are called `#` and their SHA-256.

use crate::error::{At, Error};
use crate::image::NewImage;
use crate::location::Store;
use oci::{Digest, Reference};
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

impl Store {
    /// By fully qualified name `registry/repository:tag`; one file is read.
    pub fn image_named(&self, name: &str) -> Result<Option<Digest>, Error> {
        let Ok(name) = canonical(name) else { return Ok(None) };
        let own = self.read_name(&self.name_path(&name))?.map(|(id, _)| id);
        Ok(own.or_else(|| self.additional_named(&name)))
    }

    /// Gives a name, moving it if another image had it.
    pub fn tag(&self, id: &Digest, name: &str) -> Result<(), Error> {
        let name = canonical(name)?;
        self.adopt_image(id)?;
        let _lock = self.lock()?;
        if self.own_record(id)?.is_none() {
            return Err(Error::NoSuchImage(id.clone()));
        }
        self.write_name(id, &name)
    }

    /// Takes a name away; the image stays. A name that isn't there is fine.
    pub fn untag(&self, name: &str) -> Result<(), Error> {
        let name = canonical(name)?;
        let _lock = self.lock()?;
        match self.additional_named(&name) {
            Some(id) if !self.name_path(&name).exists() => Err(Error::ReadOnlyImage(id.hex().to_owned())),
            _ => self.delete_name(&name),
        }
    }

    fn additional_named(&self, name: &String) -> Option<Digest> {
        let mut images = self.additional().flat_map(|content| &content.images);
        images.find(|image| image.names.contains(name)).map(|image| image.id.clone())
    }

    /// Records an image of an additional store here as well, so that it can have names of its own. Its layers stay there.
    fn adopt_image(&self, id: &Digest) -> Result<(), Error> {
        let (None, Some(image)) = (self.own_record(id)?, self.additional_image(id)) else { return Ok(()) };
        if image.list.is_some() {
            return Err(Error::ReadOnlyImage(id.hex().to_owned()));
        }
        for blob in [&image.id, &image.manifest] {
            self.put_blob(blob, &self.blob(blob)?)?;
        }
        let (id, manifest, layers) = (image.id.clone(), image.manifest.clone(), image.layers.clone());
        self.commit_image(NewImage { id, manifest, layers, repo_digest: None, names: Vec::new() }).map(drop)
    }

    /// Writes one name's file; the caller holds the lock and has checked the name.
    pub(crate) fn write_name(&self, id: &Digest, name: &str) -> Result<(), Error> {
        self.write_atomically(&self.name_path(name), format!("{id}\n{name}\n").as_bytes())
    }

    pub(crate) fn delete_name(&self, name: &str) -> Result<(), Error> {
        let path = self.name_path(name);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.at("remove name", &path),
        }
    }

    /// All names by image, each image's newest first.
    pub(crate) fn all_names(&self) -> Result<HashMap<Digest, Vec<String>>, Error> {
        let folder = self.folder("names");
        let mut all: HashMap<Digest, Vec<(std::time::SystemTime, String)>> = HashMap::new();
        for entry in std::fs::read_dir(&folder).at("list", &folder)? {
            let path = entry.at("list", &folder)?.path();
            if let Some((id, name)) = self.read_name(&path)? {
                // One that went meanwhile is the oldest.
                let given = path.metadata().and_then(|data| data.modified()).unwrap_or(std::time::UNIX_EPOCH);
                all.entry(id).or_default().push((given, name));
            }
        }
        let newest_first = |mut names: Vec<(_, String)>| {
            names.sort_unstable_by(|a, b| b.cmp(a));
            names.into_iter().map(|(_, name)| name).collect()
        };
        Ok(all.into_iter().map(|(id, names)| (id, newest_first(names))).collect())
    }

    /// A file that a power cut left empty or broken counts as no name.
    pub(crate) fn read_name(&self, path: &std::path::Path) -> Result<Option<(Digest, String)>, Error> {
        let text = match std::fs::read_to_string(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) if e.kind() == io::ErrorKind::InvalidData => String::new(),
            text => text.at("read name", path)?,
        };
        let parsed = text.strip_suffix('\n').and_then(|t| t.split_once('\n'));
        let parsed = parsed.and_then(|(id, name)| Some((id.parse().ok()?, name.to_owned())));
        if parsed.is_none() {
            log::warn!("ignoring damaged image name file {}", path.display());
        }
        Ok(parsed)
    }

    pub(crate) fn name_path(&self, name: &str) -> PathBuf {
        self.path2("names", &file_name(name))
    }
}

/// Checks a name and returns it in its one spelling.
pub(crate) fn canonical(name: &str) -> Result<String, Error> {
    match name.parse::<Reference>() {
        Ok(reference) if reference.tag.is_some() && reference.digest.is_none() => Ok(reference.to_string()),
        _ => Err(Error::InvalidName(crate::error::printable(name.as_bytes()))),
    }
}

/// `/` and `:` become what no name has.
pub(crate) fn file_name(name: &str) -> String {
    if name.len() > 240 {
        return format!("#{}", Digest::sha256(name.as_bytes()).hex());
    }
    name.chars()
        .map(|c| match c {
            '/' => '+',
            ':' => '=',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_file_names_that_differ() {
        assert_eq!(file_name("docker.io/library/a:1"), "docker.io+library+a=1");
        assert_eq!(file_name("[::1]:5000/a:1"), "[==1]=5000+a=1");
        assert!(file_name(&format!("a.b/{}:{}", "x".repeat(200), "t".repeat(128))).len() < 255);
    }

    #[test]
    fn only_tagged_full_names_are_taken() {
        assert_eq!(canonical("docker.io/alpine:1").unwrap(), "docker.io/library/alpine:1");
        for bad in ["alpine:1", "docker.io/alpine", "", "a.b/../c:1", "a.b/c:1@sha256:00"] {
            assert!(canonical(bad).is_err(), "{bad}");
        }
    }
}

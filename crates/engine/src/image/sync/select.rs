//! Which tags are meant, and where each image goes. Pure.

use super::version::{Constraint, Version};
use crate::Error;
use crate::image::filter::{glob, is_glob};
use ::image::Location;
use regex_lite::Regex;
use std::path::{Path, PathBuf};

/// Which images of a repository.
#[derive(Debug, Clone)]
pub enum Tags {
    /// All tags.
    All,
    /// These tags or digests.
    These(Vec<String>),
    /// Tags that an expression finds something in.
    Matching(Regex),
    /// Tags that are versions and meet it.
    Versions(Constraint),
}

impl Tags {
    /// Whether a tag of the repository is one of them.
    pub(super) fn mean(&self, tag: &str) -> bool {
        match self {
            Tags::All => true,
            Tags::These(tags) => tags.iter().any(|known| known == tag),
            Tags::Matching(expression) => expression.is_match(tag),
            Tags::Versions(constraint) => Version::parse(tag).is_some_and(|version| constraint.allows(&version)),
        }
    }
}

/// Patterns as a shell has them, `*`, `?`, `[a-z]`: which tags are looked at at all.
#[derive(Debug, Clone, Default)]
pub struct TagFilter {
    /// One of these must fit, if there are any.
    include: Vec<String>,
    /// None of these may fit.
    exclude: Vec<String>,
}

impl TagFilter {
    /// One of `include` must fit, if there are any, and none of `exclude`.
    pub fn new(include: &[String], exclude: &[String]) -> Result<TagFilter, Error> {
        match include.iter().chain(exclude).find(|pattern| !is_glob(pattern.as_bytes())) {
            Some(wrong) => Err(Error::Invalid(format!("pattern of tags {wrong:?}: syntax error in pattern"))),
            None => Ok(TagFilter { include: include.to_vec(), exclude: exclude.to_vec() }),
        }
    }

    pub(super) fn lets_pass(&self, tag: &str) -> bool {
        let fits = |patterns: &[String]| patterns.iter().any(|pattern| glob(pattern.as_bytes(), tag.as_bytes()));
        (self.include.is_empty() || fits(&self.include)) && !fits(&self.exclude)
    }
}

/// Where everything goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// `registry[/path]`.
    Registry(String),
    /// A folder, with a folder for each image.
    Folder(PathBuf),
}

/// How names at the target are made.
#[derive(Debug, Clone, Default)]
pub struct Naming {
    /// The whole name of the source, not its last part alone.
    pub scoped: bool,
    /// Behind each tag.
    pub suffix: String,
}

impl Naming {
    /// The place of an image called `name` (`registry/repository:tag`, or a path below the source's folder).
    pub(super) fn place(&self, target: &Target, name: &str) -> Result<Location, Error> {
        let name = name.trim_matches('/');
        let name = if self.scoped { name } else { name.rsplit('/').next().unwrap_or(name) };
        let name = format!("{name}{}", self.suffix);
        match target {
            Target::Folder(folder) => Ok(Location::Dir(folder.join(name))),
            Target::Registry(registry) => {
                let text = format!("docker://{}/{name}", registry.trim_matches('/'));
                text.parse().map_err(|error| {
                    let what = "Cannot obtain a valid image reference for transport \"docker\" and reference";
                    Error::Invalid(format!("{what} \"{}\": {error}", text.trim_start_matches("docker:")))
                })
            }
        }
    }
}

/// A folder's part below the base, which names the image; the base's own last part if it is the image itself.
pub(super) fn folder_name(base: &Path, folder: &Path) -> String {
    match folder.strip_prefix(base) {
        Ok(rest) if !rest.as_os_str().is_empty() => rest.to_string_lossy().into_owned(),
        _ => base.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let naming = |scoped, suffix: &str| Naming { scoped, suffix: suffix.to_owned() };
        let registry = Target::Registry("b.c:5/x/".to_owned());
        let folder = Target::Folder("/usb".into());
        for (naming, target, name, expected) in [
            (naming(false, ""), &registry, "a.b/c/d:1", "docker://b.c:5/x/d:1"),
            (naming(false, "-m"), &registry, "a.b/c/d:1", "docker://b.c:5/x/d:1-m"),
            (naming(true, ""), &registry, "a.b/c/d:1", "docker://b.c:5/x/a.b/c/d:1"),
            (naming(false, ""), &folder, "a.b/c/d:1", "dir:/usb/d:1"),
            (naming(true, ""), &folder, "a.b/c/d:1", "dir:/usb/a.b/c/d:1"),
        ] {
            assert_eq!(naming.place(target, name).unwrap().to_string(), expected);
        }
        assert!(naming(true, "").place(&registry, "a.b:5/c:1").is_err());
    }

    #[test]
    fn filters() {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let filter = |include: &[&str], exclude: &[&str]| TagFilter::new(&owned(include), &owned(exclude)).unwrap();
        assert!(filter(&[], &[]).lets_pass("x"));
        assert!(filter(&["1.*", "latest"], &["*-rc*"]).lets_pass("1.2"));
        assert!(!filter(&["1.*", "latest"], &["*-rc*"]).lets_pass("1.2-rc1"));
        assert!(!filter(&["1.*"], &[]).lets_pass("2.0"));
        for bad in ["[", "a[]", "[^]", "x\\", "1.[a-z"] {
            assert!(TagFilter::new(&[], &owned(&[bad])).is_err(), "{bad}");
        }
        assert!(TagFilter::new(&owned(&["[^a]", "\\[", "[]a]"]), &[]).is_ok());
    }

    #[test]
    fn folders_name_images() {
        assert_eq!(folder_name(Path::new("/usb"), Path::new("/usb/a/b:1")), "a/b:1");
        assert_eq!(folder_name(Path::new("/usb/b:1"), Path::new("/usb/b:1")), "b:1");
    }
}

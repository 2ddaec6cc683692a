//! `transport:path[:reference]`, as in containers-transports(5): text to a [`Location`] and back. Nothing is opened.

use oci::reference::Name;
use oci::{Digest, Reference};
use std::fmt;
use std::path::PathBuf;

/// Where an image is or shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// `docker://registry/repository[:tag|@digest]`.
    Docker(Reference),
    /// `oci:path[:reference|@index]`: a layout in a folder.
    Oci {
        /// The folder.
        path: PathBuf,
        /// Which of its images.
        image: Option<Pick>,
    },
    /// `oci-archive:path[:reference|@index]`: a layout in a tar file.
    OciArchive {
        /// The file.
        path: PathBuf,
        /// Which of its images.
        image: Option<Pick>,
    },
    /// `docker-archive:path[:name:tag|@index]`: what `docker save` writes.
    DockerArchive {
        /// The file.
        path: PathBuf,
        /// Which of its images.
        image: Option<Pick>,
    },
    /// `dir:path`: manifest, signatures and blobs as files.
    Dir(PathBuf),
    /// `containers-storage:name`: this store.
    Storage(String),
    /// `docker-daemon:name:tag` or `docker-daemon:sha256:…`.
    Daemon(DaemonImage),
}

/// One image of several in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// By name or annotation.
    Name(String),
    /// By its place in the list, from 0.
    Index(usize),
}

/// How a Docker daemon calls an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DaemonImage {
    /// By the digest of its configuration.
    Id(Digest),
    /// By name; there is a tag or a digest.
    Name(Reference),
}

/// Why a text is no location.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct InvalidLocation {
    why: String,
}

/// All transports by the word they begin with.
const WORDS: [&str; 7] =
    ["docker", "oci", "oci-archive", "docker-archive", "dir", "containers-storage", "docker-daemon"];

impl Location {
    /// The word before the colon.
    pub fn transport(&self) -> &'static str {
        match self {
            Location::Docker(_) => "docker",
            Location::Oci { .. } => "oci",
            Location::OciArchive { .. } => "oci-archive",
            Location::DockerArchive { .. } => "docker-archive",
            Location::Dir(_) => "dir",
            Location::Storage(_) => "containers-storage",
            Location::Daemon(_) => "docker-daemon",
        }
    }

    /// Whether it has a place for an index with several images.
    pub fn takes_indexes(&self) -> bool {
        match self {
            Location::Docker(_) | Location::Oci { .. } | Location::OciArchive { .. } | Location::Dir(_) => true,
            Location::DockerArchive { .. } | Location::Storage(_) | Location::Daemon(_) => false,
        }
    }

    /// For commands that take plain names, too: `None` for what is no location but a name.
    pub fn unless_name(text: &str) -> Option<Result<Location, InvalidLocation>> {
        let (word, rest) = text.split_once(':')?;
        let is_location = match word {
            "docker" => rest.starts_with("//"),
            // What is behind a registry's colon begins with its port's digits.
            other => {
                WORDS.contains(&other)
                    || matches!(other, "ostree" | "sif" | "tarball" | "atomic")
                    || rest.starts_with('/')
            }
        };
        is_location.then(|| text.parse())
    }
}

impl std::str::FromStr for Location {
    type Err = InvalidLocation;

    fn from_str(text: &str) -> Result<Location, InvalidLocation> {
        let shown = crate::error::printable(text);
        let Some((word, rest)) = text.split_once(':') else {
            return fail(format!("invalid image name \"{shown}\", expected colon-separated transport:reference"));
        };
        match word {
            "docker" => docker(rest),
            "oci" => path_and_image(rest).map(|(path, image)| Location::Oci { path, image }),
            "oci-archive" => path_and_image(rest).map(|(path, image)| Location::OciArchive { path, image }),
            "docker-archive" => docker_archive(rest),
            "dir" => Ok(Location::Dir(path(rest)?)),
            "containers-storage" if rest.is_empty() => fail("containers-storage: needs a name or an ID"),
            "containers-storage" => Ok(Location::Storage(rest.to_owned())),
            "docker-daemon" => daemon(rest),
            "ostree" | "sif" | "tarball" | "atomic" => {
                fail(format!("the transport \"{word}:\" is not supported; there are {}", WORDS.join(", ")))
            }
            word => {
                let word = crate::error::printable(word);
                fail(format!("invalid image name \"{shown}\", unknown transport \"{word}\""))
            }
        }
    }
}

fn fail<T>(why: impl Into<String>) -> Result<T, InvalidLocation> {
    Err(InvalidLocation { why: why.into() })
}

fn invalid(error: oci::reference::InvalidReference) -> InvalidLocation {
    InvalidLocation { why: error.to_string() }
}

fn path(text: &str) -> Result<PathBuf, InvalidLocation> {
    if text.is_empty() { fail("a path is missing behind the transport") } else { Ok(PathBuf::from(text)) }
}

fn docker(rest: &str) -> Result<Location, InvalidLocation> {
    let Some(name) = rest.strip_prefix("//") else {
        return fail(format!("docker: image reference {} does not start with //", crate::error::printable(rest)));
    };
    let name: Name = name.parse().map_err(invalid)?;
    if name.tag.is_some() && name.digest.is_some() {
        return fail("Docker references with both a tag and digest are currently not supported");
    }
    Ok(Location::Docker(crate::short_name::complete(name.in_registry("docker.io"))))
}

/// The path ends at the first colon, as everywhere with these transports.
fn path_and_image(rest: &str) -> Result<(PathBuf, Option<Pick>), InvalidLocation> {
    let (file, image) = rest.split_once(':').unwrap_or((rest, ""));
    let image = match image.strip_prefix('@') {
        Some(index) => Some(Pick::Index(source_index(index)?)),
        None if image.is_empty() => None,
        None if image.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:@/+".contains(&b)) => {
            Some(Pick::Name(image.to_owned()))
        }
        None => return fail(format!("invalid image {}", crate::error::printable(image))),
    };
    Ok((path(file)?, image))
}

fn source_index(text: &str) -> Result<usize, InvalidLocation> {
    match text.parse::<i64>() {
        Ok(index) => usize::try_from(index)
            .map_err(|_| InvalidLocation { why: format!("invalid source index @{text}: must not be negative") }),
        Err(_) => fail(format!("invalid source index @{}: not an integer", crate::error::printable(text))),
    }
}

fn docker_archive(rest: &str) -> Result<Location, InvalidLocation> {
    if rest.is_empty() {
        return fail("docker-archive reference isn't of the form <path>[:<reference>]");
    }
    let (file, image) = rest.split_once(':').unwrap_or((rest, ""));
    let image = match image.strip_prefix('@') {
        Some(index) => Some(Pick::Index(source_index(index)?)),
        None if image.is_empty() => None,
        None => {
            let name: Name = image.parse().map_err(invalid)?;
            if name.digest.is_some() {
                return fail(format!("reference does not include a tag: {image}"));
            }
            Some(Pick::Name(name.in_registry("docker.io").with_default_tag().to_string()))
        }
    };
    Ok(Location::DockerArchive { path: path(file)?, image })
}

fn daemon(rest: &str) -> Result<Location, InvalidLocation> {
    if let Ok(id) = rest.parse::<Digest>() {
        return Ok(Location::Daemon(DaemonImage::Id(id)));
    }
    let name: Name = rest.parse().map_err(invalid)?;
    if name.tag.is_none() && name.digest.is_none() {
        return fail(format!("docker-daemon: reference {rest} has neither a tag nor a digest"));
    }
    if name.tag.is_some() && name.digest.is_some() {
        return fail(format!("docker-daemon: reference {rest} has both a tag and a digest"));
    }
    Ok(Location::Daemon(DaemonImage::Name(name.in_registry("docker.io"))))
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.transport();
        match self {
            Location::Docker(reference) => write!(f, "docker://{reference}"),
            Location::Oci { path, image }
            | Location::OciArchive { path, image }
            | Location::DockerArchive { path, image } => match image {
                None => write!(f, "{word}:{}", path.display()),
                Some(Pick::Name(name)) => write!(f, "{word}:{}:{name}", path.display()),
                Some(Pick::Index(index)) => write!(f, "{word}:{}:@{index}", path.display()),
            },
            Location::Dir(path) => write!(f, "dir:{}", path.display()),
            Location::Storage(name) => write!(f, "{word}:{name}"),
            Location::Daemon(DaemonImage::Id(id)) => write!(f, "{word}:{id}"),
            Location::Daemon(DaemonImage::Name(name)) => write!(f, "{word}:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_parsed_is_shown_again() {
        for (text, shown) in [
            ("docker://a.b/c:1", "docker://a.b/c:1"),
            ("docker://alpine", "docker://docker.io/library/alpine:latest"),
            ("oci:/a", "oci:/a"),
            ("oci:/a:x.y/z:1", "oci:/a:x.y/z:1"),
            ("oci:/a:@3", "oci:/a:@3"),
            ("oci-archive:a.tar:t", "oci-archive:a.tar:t"),
            ("docker-archive:/a.tar", "docker-archive:/a.tar"),
            ("docker-archive:/a.tar:x:1", "docker-archive:/a.tar:docker.io/library/x:1"),
            ("docker-archive:/a.tar:@1", "docker-archive:/a.tar:@1"),
            ("dir:/a:b", "dir:/a:b"),
            ("containers-storage:x", "containers-storage:x"),
            ("docker-daemon:x:1", "docker-daemon:docker.io/library/x:1"),
        ] {
            assert_eq!(text.parse::<Location>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn nonsense_is_named() {
        let sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for (text, why) in [
            ("foo", "expected colon-separated"),
            ("foo:bar", "unknown transport \"foo\""),
            ("docker:alpine", "does not start with //"),
            ("docker://Alpine", "Alpine"),
            (&format!("docker://a.b/c:1@{sha}"), "both a tag and digest"),
            ("oci:", "path is missing"),
            ("oci:/a:@x", "not an integer"),
            ("oci:/a:@-1", "must not be negative"),
            ("oci:/a:b c", "invalid image b c"),
            ("docker-archive:", "<path>[:<reference>]"),
            ("docker-archive:/a:@x", "not an integer"),
            (&format!("docker-archive:/a:b@{sha}"), "does not include a tag"),
            ("dir:", "path is missing"),
            ("containers-storage:", "needs a name"),
            ("docker-daemon:alpine", "neither a tag nor a digest"),
            ("ostree:x", "not supported"),
        ] {
            let error = text.parse::<Location>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn places_for_indexes() {
        let takes = |text: &str| text.parse::<Location>().unwrap().takes_indexes();
        assert!(["docker://a.b/c:1", "oci:/a", "oci-archive:/a", "dir:/a"].into_iter().all(takes));
        assert!(!["docker-archive:/a", "containers-storage:a", "docker-daemon:a:1"].into_iter().any(takes));
    }

    #[test]
    fn short_names_with_tags_are_no_locations() {
        for name in ["docker:1", "alpine:3", "localhost:5000/a", "alpine"] {
            assert!(Location::unless_name(name).is_none(), "{name}");
        }
        assert!(Location::unless_name("oci:1").unwrap().is_ok());
        assert!(Location::unless_name("ostree:x").unwrap().is_err());
    }
}

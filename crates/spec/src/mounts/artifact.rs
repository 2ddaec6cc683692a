//! `--mount type=artifact`: files of an artifact, each mounted read-only. Which files those are, and what they are called in a folder,
//! is known when the container starts.

use super::volume_flag::clean_destination;
use super::{ResolvedMount, Source, options};
use crate::Invalid;
use serde::{Deserialize, Serialize};

/// One such mount.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArtifactVolume {
    /// Absolute: a folder for the files, or the place of the only one.
    pub destination: String,
    /// What of which artifact.
    #[serde(flatten)]
    pub files: ArtifactFiles,
}

/// Files of an artifact; an empty text is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArtifactFiles {
    /// The artifact.
    #[serde(rename = "source")]
    pub artifact: String,
    /// Only the file with this title.
    pub title: String,
    /// Only the file with this digest.
    pub digest: String,
    /// What the file is called in a folder; of several each with its number behind.
    pub name: String,
}

/// Takes an option of the flag; `false`: it has no such.
pub(super) fn take(files: &mut ArtifactFiles, key: &str, value: Option<&str>) -> Result<bool, Invalid> {
    let field = match key {
        "title" => &mut files.title,
        "digest" => &mut files.digest,
        "name" => &mut files.name,
        _ => return Ok(false),
    };
    let value = value.ok_or_else(|| Invalid::new(format!("{key}: must provide an argument for option")))?;
    value.clone_into(field);
    Ok(true)
}

/// The flag's text as a whole.
pub(super) fn build(
    source: Option<String>,
    destination: Option<String>,
    files: ArtifactFiles,
) -> Result<ArtifactVolume, Invalid> {
    let (Some(artifact), Some(destination)) = (source, destination) else {
        return Err(Invalid::new("must set source and destination for artifact volume"));
    };
    let destination = clean_destination(&destination)?;
    Ok(ArtifactVolume { destination, files: ArtifactFiles { artifact, ..files } })
}

/// Decided, but for the files. As in Podman's `inspect` it is not among the mounts that were asked for.
pub(super) fn resolve(volume: ArtifactVolume) -> Result<ResolvedMount, Invalid> {
    if !volume.files.title.is_empty() && !volume.files.digest.is_empty() {
        return Err(Invalid::new("cannot specify both digest and title"));
    }
    let mut words = vec!["ro".to_owned()];
    options::finish_bind(&mut words, false);
    let destination = clean_destination(&volume.destination)?;
    Ok(ResolvedMount {
        destination,
        source: Source::Artifact(volume.files),
        options: words,
        ..ResolvedMount::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(options: &[(&str, Option<&str>)]) -> Result<ArtifactVolume, String> {
        let mut files = ArtifactFiles::default();
        for (key, value) in options {
            assert!(take(&mut files, key, *value).map_err(|e| e.message)?, "{key}");
        }
        build(Some("a".into()), Some("/x/".into()), files).map_err(|e| e.message)
    }

    #[test]
    fn options_choose_and_name() {
        let files = volume(&[("title", Some("t")), ("name", Some("n"))]).unwrap().files;
        assert_eq!((files.artifact.as_str(), files.title.as_str(), files.name.as_str()), ("a", "t", "n"));
        assert_eq!(volume(&[("digest", None)]).unwrap_err(), "digest: must provide an argument for option");
        assert_eq!(take(&mut ArtifactFiles::default(), "ro", None), Ok(false));
        assert!(build(None, Some("/x".into()), ArtifactFiles::default()).is_err());
    }

    #[test]
    fn they_are_read_only_and_chosen_one_way() {
        let mount = resolve(volume(&[]).unwrap()).unwrap();
        assert_eq!((mount.destination.as_str(), mount.asked), ("/x", false));
        assert!(mount.options.contains(&"ro".to_owned()), "{:?}", mount.options);
        let both = volume(&[("title", Some("t")), ("digest", Some("d"))]).unwrap();
        assert_eq!(resolve(both).unwrap_err().message, "cannot specify both digest and title");
    }
}

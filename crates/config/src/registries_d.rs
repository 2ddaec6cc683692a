//! registries.d, containers-registries.d(5): where the signatures of a registry's images lie.
//!
//! [`RegistriesD::merge`] is pure and takes one file's text, [`load`] reads the folder. Keys that aren't known are passed
//! over, as by the tools that share these files. Each question goes to the most specific section that answers it.

use crate::Environment;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// All files of the folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RegistriesD {
    default: Option<(Section, PathBuf)>,
    docker: BTreeMap<String, (Section, PathBuf)>,
}

/// What is said about a registry, a namespace, a repository or an image.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Section {
    lookaside: Option<String>,
    lookaside_staging: Option<String>,
    /// The names that the keys had before.
    sigstore: Option<String>,
    sigstore_staging: Option<String>,
    use_sigstore_attachments: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct File {
    default_docker: Option<Section>,
    docker: Option<BTreeMap<String, Option<Section>>>,
}

/// Why registries.d can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or the folder can't be read.
    #[error("read `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Not YAML, or a key of the wrong type.
    #[error("parse `{path}`: {why}")]
    Syntax {
        /// Which.
        path: PathBuf,
        /// Where and what.
        why: String,
    },
    /// Two sections about the same.
    #[error("`{second}`: there is a section `{section}` in `{first}` already")]
    Twice {
        /// `default-docker` or a scope.
        section: String,
        /// Where it is.
        first: PathBuf,
        /// Where it is, too.
        second: PathBuf,
    },
}

impl Section {
    fn reading(&self) -> Option<&str> {
        self.lookaside.as_deref().or(self.sigstore.as_deref())
    }

    fn writing(&self) -> Option<&str> {
        self.lookaside_staging.as_deref().or(self.sigstore_staging.as_deref()).or(self.reading())
    }
}

impl RegistriesD {
    /// Adds one file; no section may be there twice.
    pub fn merge(&mut self, text: &str, path: &Path) -> Result<(), Error> {
        let file: File = match text.trim() {
            "" => File::default(),
            text => crate::yaml::parse(text).map_err(|why| Error::Syntax { path: path.into(), why })?,
        };
        let twice = |section: &str, first: &Path| Error::Twice {
            section: section.to_owned(),
            first: first.to_owned(),
            second: path.to_owned(),
        };
        if let Some(section) = file.default_docker {
            if let Some((_, first)) = &self.default {
                return Err(twice("default-docker", first));
            }
            self.default = Some((section, path.into()));
        }
        for (scope, section) in file.docker.unwrap_or_default() {
            if let Some((_, first)) = self.docker.get(&scope) {
                return Err(twice(&scope, first));
            }
            self.docker.insert(scope, (section.unwrap_or_default(), path.into()));
        }
        Ok(())
    }

    /// The URL below which simple signatures are read; `scopes` are the image's, the most specific first.
    pub fn lookaside(&self, scopes: &[String]) -> Option<&str> {
        self.sections(scopes).find_map(Section::reading)
    }

    /// The URL below which new ones are written.
    pub fn lookaside_staging(&self, scopes: &[String]) -> Option<&str> {
        self.sections(scopes).find_map(Section::writing)
    }

    /// Whether sigstore signatures beside the images of the registry itself are read and written.
    pub fn use_sigstore_attachments(&self, scopes: &[String]) -> bool {
        self.sections(scopes).find_map(|section| section.use_sigstore_attachments).unwrap_or(false)
    }

    fn sections(&self, scopes: &[String]) -> impl Iterator<Item = &Section> {
        let listed = scopes.iter().filter_map(|scope| self.docker.get(scope));
        listed.chain(&self.default).map(|(section, _)| section)
    }
}

/// Reads the user's folder if there is one, else the system's.
pub fn load(environment: &Environment) -> Result<RegistriesD, Error> {
    let user = environment.config_home().map(|home| home.join("containers/registries.d"));
    let system = environment.system_root.join("etc/containers/registries.d");
    let folder = user.filter(|folder| folder.is_dir()).unwrap_or(system);
    load_folder(&folder)
}

/// Reads the `*.yaml` files of a folder; one that isn't there says nothing.
pub fn load_folder(folder: &Path) -> Result<RegistriesD, Error> {
    let failed = |source| Error::Read { path: folder.to_owned(), source };
    let mut all = RegistriesD::default();
    for path in crate::files_with_extension(folder, "yaml").map_err(failed)? {
        let text = read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        all.merge(&text, &path)?;
    }
    Ok(all)
}

/// Where simple signatures lie when nothing is said.
pub fn default_folder(environment: &Environment) -> PathBuf {
    let below = |root: PathBuf| root.join("containers/sigstore");
    match (environment.user, environment.data_home()) {
        (Some(_), Some(home)) => below(home),
        _ => below(environment.system_root.join("var/lib")),
    }
}

fn read(path: &Path) -> io::Result<String> {
    use io::Read;
    let mut text = String::new();
    std::fs::File::open(path)?.take(MAX_FILE).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
default-docker:
  lookaside-staging: file:///staging
docker:
  a.b:
    lookaside: https://look.a.b
    use-sigstore-attachments: true
  a.b/c:
    sigstore: file:///old-name
    unknown-key: 1
  a.b/c/d:1:
    use-sigstore-attachments: false
  nothing.said:
";

    fn scopes(list: &[&str]) -> Vec<String> {
        list.iter().map(|scope| (*scope).to_owned()).collect()
    }

    #[test]
    fn each_question_goes_to_the_most_specific_section_that_answers() {
        let mut all = RegistriesD::default();
        all.merge(TEXT, Path::new("x.yaml")).unwrap();
        let image = scopes(&["a.b/c/d:1", "a.b/c/d", "a.b/c", "a.b"]);
        assert_eq!(all.lookaside(&image), Some("file:///old-name"));
        assert_eq!(all.lookaside_staging(&image), Some("file:///old-name"));
        assert!(!all.use_sigstore_attachments(&image));
        assert!(all.use_sigstore_attachments(&scopes(&["a.b/c", "a.b"])));
        let other = scopes(&["x.y/z", "x.y"]);
        assert_eq!((all.lookaside(&other), all.lookaside_staging(&other)), (None, Some("file:///staging")));
    }

    #[test]
    fn a_section_may_be_there_once() {
        let mut all = RegistriesD::default();
        all.merge(TEXT, Path::new("1.yaml")).unwrap();
        for again in ["docker:\n  a.b: {}\n", "default-docker: {}\n"] {
            let error = all.merge(again, Path::new("2.yaml")).unwrap_err().to_string();
            assert!(error.contains("1.yaml") && error.contains("2.yaml"), "{error}");
        }
        all.merge("", Path::new("3.yaml")).unwrap();
        for wrong in ["docker: [1]", "docker:\n  a.b:\n    use-sigstore-attachments: maybe\n", "a: b: c"] {
            assert!(matches!(all.merge(wrong, Path::new("4.yaml")), Err(Error::Syntax { .. })), "{wrong}");
        }
    }

    #[test]
    fn the_users_folder_takes_the_place_of_the_systems() {
        let dir = tempfile::tempdir().unwrap();
        let (home, root) = (Some(dir.path().join("home")), dir.path().to_owned());
        let environment = Environment { home, system_root: root.clone(), user: Some(7), ..Environment::default() };
        assert_eq!(load(&environment).unwrap(), RegistriesD::default());
        let write = |folder: &str, text: &str| {
            std::fs::create_dir_all(root.join(folder)).unwrap();
            std::fs::write(root.join(folder).join("a.yaml"), text).unwrap();
        };
        write("etc/containers/registries.d", "default-docker: {lookaside: 'file:///system'}");
        assert_eq!(load(&environment).unwrap().lookaside(&[]), Some("file:///system"));
        write("home/.config/containers/registries.d", "default-docker: {lookaside: 'file:///user'}");
        assert_eq!(load(&environment).unwrap().lookaside(&[]), Some("file:///user"));
        assert_eq!(default_folder(&environment), root.join("home/.local/share/containers/sigstore"));
    }
}

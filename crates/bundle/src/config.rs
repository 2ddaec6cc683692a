//! Reading config.json and its parts: unknown fields are ignored, malformed ones refused with their path (config.md,
//! "Extensibility").

use crate::error::{Error, Tried};
use oci::runtime::Spec;
use serde::de::DeserializeOwned;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A bundle's configuration, as text and as what it says.
pub(crate) struct Config {
    pub(crate) bytes: Vec<u8>,
    pub(crate) spec: Spec,
}

/// More than any real one; what is larger would only fill memory.
const LARGEST: u64 = 32 << 20;

/// The file `config` of the bundle, `config.json` if `None`.
pub(crate) fn of_bundle(bundle: &Path, config: Option<&Path>) -> Result<Config, Error> {
    let path = config.map_or_else(|| bundle.join("config.json"), Path::to_owned);
    let read = read(&path)?;
    check(&read.spec).map_err(|why| Error::Config { file: path.display().to_string(), why })?;
    Ok(read)
}

pub(crate) fn read(path: &Path) -> Result<Config, Error> {
    let bytes = bytes(path)?;
    let spec = parse(&bytes, path)?;
    Ok(Config { bytes, spec })
}

/// A file's content as `T`; `-` is standard input.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    match path.as_os_str() == "-" {
        true => parse(&whole(std::io::stdin(), Path::new("standard input"))?, Path::new("standard input")),
        false => parse(&bytes(path)?, path),
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    whole(std::fs::File::open(path).at("open", path)?, path)
}

fn whole(source: impl Read, path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes).at("read", path)?;
    match bytes.len() as u64 > LARGEST {
        true => Err(Error::Invalid(format!("`{}` has more than {} MiB", path.display(), LARGEST >> 20))),
        false => Ok(bytes),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8], path: &Path) -> Result<T, Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let wrong = |why: String| Error::Config { file: path.display().to_string(), why };
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let place = error.path().to_string();
        match place.as_str() {
            "." => wrong(error.inner().to_string()),
            place => wrong(format!("`{place}`: {}", error.inner())),
        }
    })?;
    reader.end().map_err(|error| wrong(error.to_string()))?;
    Ok(value)
}

/// What types can't say.
fn check(spec: &Spec) -> Result<(), String> {
    let missing = |name: &str| format!("`{name}` is missing");
    version(&spec.oci_version)?;
    let root = spec.root.as_ref().ok_or_else(|| missing("root"))?;
    if root.path.is_empty() {
        return Err(missing("root.path"));
    }
    if let Some(process) = &spec.process {
        match process.args.is_empty() {
            true => return Err("`process.args` must have at least one entry".to_owned()),
            false if !process.cwd.starts_with('/') => {
                return Err(format!("`process.cwd`: `{}` is not an absolute path", process.cwd));
            }
            false => {}
        }
    }
    // Relative ones of older runtimes are meant from the root.
    match spec.mounts.iter().position(|mount| mount.destination.is_empty()) {
        Some(index) => Err(missing(&format!("mounts[{index}].destination"))),
        None => Ok(()),
    }
}

/// Semantic versioning; what 1.x says is understood.
fn version(text: &str) -> Result<(), String> {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<u64> = core.split('.').map_while(|part| part.parse().ok()).collect();
    match (numbers.as_slice(), core.split('.').count()) {
        ([1, _, _], 3) => Ok(()),
        ([_, _, _], 3) => Err(format!("`ociVersion`: version {text} of the specification is not supported, 1.x is")),
        _ if text.is_empty() => Err("`ociVersion` is missing".to_owned()),
        _ => Err(format!("`ociVersion`: `{text}` is not a version (MAJOR.MINOR.PATCH)")),
    }
}

/// Absolute, from the current folder.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    path.canonicalize().at("open", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_field_is_named() {
        let refused = |json: &str| parse::<Spec>(json.as_bytes(), Path::new("c")).unwrap_err().to_string();
        assert!(refused(r#"{"process":{"user":{"uid":-1}}}"#).contains("`process.user.uid`"));
        assert!(refused(r#"{"mounts":[{"destination":"/x"},{"options":3}]}"#).contains("`mounts[1].options`"));
        assert!(refused("{} x").contains("trailing"));
        assert!(parse::<Spec>(br#"{"unknown":{"deep":[1]}}"#, Path::new("c")).is_ok());
    }

    #[test]
    fn versions() {
        assert!(version("1.0.2-dev").is_ok() && version("1.3.0").is_ok());
        for wrong in ["", "1", "1.0", "x.y.z", "2.0.0", "0.9.0"] {
            assert!(version(wrong).is_err(), "{wrong}");
        }
    }
}

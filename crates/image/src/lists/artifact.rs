//! An artifact for a list: a manifest over files, which stay where they are until the list is pushed.

use super::Addition;
use crate::Error;
use crate::artifact::{self, SNIFFED, TITLE, detect};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci::image::{Descriptor, Manifest};
use oci::{Digest, media_type};
use sha2::Digest as _;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use store::{Member, Store};

/// What the manifest says beside the files.
#[derive(Debug, Clone, Default)]
pub struct Artifact {
    /// Its type.
    pub artifact_type: Option<String>,
    /// A configuration.
    pub config: Option<Vec<u8>>,
    /// The configuration's type.
    pub config_type: Option<String>,
    /// The type of all files, instead of what they look like.
    pub layer_type: Option<String>,
    /// No names of files.
    pub without_titles: bool,
    /// The image that it is about.
    pub subject: Option<Descriptor>,
}

const UNKNOWN: &str = "application/vnd.unknown.artifact.v1";

/// Makes the manifest. It and the configuration are in the store afterwards, the files aren't.
pub fn artifact(store: &Store, files: &[PathBuf], artifact: &Artifact) -> Result<Addition, Error> {
    let mut places = BTreeMap::new();
    let mut layers = Vec::new();
    for path in files {
        let path = std::path::absolute(path).map_err(Error::io(format!("find {}", path.display())))?;
        let (descriptor, digest) = layer(&path, artifact)?;
        layers.push(descriptor);
        places.insert(digest, path);
    }
    let (config, content) = config(artifact);
    let manifest = manifest(artifact, config.clone(), layers);
    let bytes = artifact::encode(&manifest)?;
    let digest = Digest::sha256(&bytes);
    store.put_blob(&config.digest, content)?;
    store.put_blob(&digest, &bytes)?;
    let entry = Descriptor {
        artifact_type: manifest.artifact_type,
        ..Descriptor::new(media_type::OCI_MANIFEST, digest.clone(), bytes.len() as u64)
    };
    let blobs = vec![digest.clone(), config.digest];
    let member = Member { manifest: digest, blobs, layers: Vec::new(), origin: None, files: places };
    Ok(Addition { entry, member })
}

/// The configuration and its content, which stands in the manifest, too.
fn config(artifact: &Artifact) -> (Descriptor, &[u8]) {
    let given = artifact.config.as_deref().filter(|content| !content.is_empty());
    let usual = if given.is_some() { media_type::OCI_CONFIG } else { media_type::OCI_EMPTY };
    let (media_type, content) = (artifact.config_type.as_deref().unwrap_or(usual), given.unwrap_or(b"{}"));
    let plain = Descriptor::new(media_type, Digest::sha256(content), content.len() as u64);
    (Descriptor { data: Some(STANDARD.encode(content)), ..plain }, content)
}

fn manifest(artifact: &Artifact, config: Descriptor, layers: Vec<Descriptor>) -> Manifest {
    Manifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.to_owned()),
        artifact_type: Some(artifact.artifact_type.clone().unwrap_or_else(|| UNKNOWN.to_owned())),
        config,
        layers,
        subject: artifact.subject.clone(),
        annotations: BTreeMap::new(),
    }
}

fn layer(path: &Path, artifact: &Artifact) -> Result<(Descriptor, Digest), Error> {
    let failed = || Error::io(format!("read {} to find its digest", path.display()));
    let mut file = File::open(path).map_err(failed())?;
    let mut hasher = sha2::Sha256::new();
    let (mut start, mut size) = (Vec::new(), 0);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = file.read(&mut buffer).map_err(failed())?;
        if count == 0 {
            break;
        }
        let more = SNIFFED.saturating_sub(start.len()).min(count);
        start.extend_from_slice(&buffer[..more]);
        hasher.update(&buffer[..count]);
        size += count as u64;
    }
    let digest = Digest::from_sha256(hasher.finalize().into());
    let found = artifact.layer_type.clone().unwrap_or_else(|| file_type(path, &start).to_owned());
    let mut descriptor = Descriptor::new(found, digest.clone(), size);
    if !artifact.without_titles {
        let title = path.file_name().unwrap_or_default().to_string_lossy();
        descriptor.annotations.insert(TITLE.to_owned(), title.into_owned());
    }
    Ok((descriptor, digest))
}

/// The media type of a file: by the end of its name, else by how it begins.
pub fn file_type(path: &Path, start: &[u8]) -> &'static str {
    let extension = path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase);
    match extension.as_deref() {
        Some("json") => "application/json",
        Some("gz" | "tgz") => "application/gzip",
        Some("html" | "htm") => "text/html",
        Some("md") => "text/markdown",
        Some("pdf") => "application/pdf",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("svg") => "image/svg+xml",
        Some("tar") => "application/x-tar",
        Some("xml") => "text/xml",
        Some("yaml" | "yml") => "application/yaml",
        Some("zip") => "application/zip",
        // Here without parameters.
        _ => detect(start).split(';').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_files() {
        for (name, start, expected) in [
            ("a.json", &b"{}"[..], "application/json"),
            ("a", b"hello\n", "text/plain"),
            ("a", b"", "text/plain"),
            ("a.tar.gz", b"", "application/gzip"),
            ("a", &[0x1f, 0x8b, 8], "application/x-gzip"),
            ("a", b"<html>", "text/html"),
            ("a.dat", &[0, 1, 2], "application/octet-stream"),
        ] {
            assert_eq!(file_type(Path::new(name), start), expected, "{name}");
        }
    }
}

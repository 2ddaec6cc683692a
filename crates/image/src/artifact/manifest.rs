//! The manifest of an artifact, byte by byte as the usual tools write it: decided from what its files are, without I/O.

use crate::Error;
use oci::image::manifest::MAX_LAYERS;
use oci::image::{Descriptor, Document, Manifest};
use oci::{Digest, media_type};
use std::collections::BTreeMap;

/// The annotation that names a file.
pub const TITLE: &str = "org.opencontainers.image.title";
/// The annotation that says when an artifact was made.
pub const CREATED: &str = "org.opencontainers.image.created";

/// A file that becomes part of an artifact.
#[derive(Debug, Clone)]
pub struct File {
    /// What it is called.
    pub title: String,
    /// Its type.
    pub media_type: String,
    /// Of its content.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}

/// A manifest without files over the empty configuration `{}`; `created` is an RFC 3339 time.
pub fn new_manifest(
    artifact_type: Option<String>,
    annotations: &BTreeMap<String, String>,
    created: String,
) -> Manifest {
    let config = Descriptor::new(media_type::OCI_EMPTY, Digest::sha256(b"{}"), 2);
    let config = Descriptor { data: Some("e30=".to_owned()), ..config };
    let mut annotations = annotations.clone();
    annotations.insert(CREATED.to_owned(), created);
    Manifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.to_owned()),
        artifact_type,
        config,
        layers: Vec::new(),
        subject: None,
        annotations,
    }
}

/// Whether files may be added: names are given once, and there is a limit to how many files there are.
pub fn check_titles(
    manifest: &Manifest,
    files: &[String],
    annotations: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let mut taken: Vec<&str> = manifest.layers.iter().filter_map(title).collect();
    if annotations.contains_key(TITLE) && files.len() > 1 {
        return Err(Error::OneTitle);
    }
    for file in files {
        let title = annotations.get(TITLE).unwrap_or(file);
        if taken.contains(&title.as_str()) {
            return Err(Error::TitleTaken { title: title.clone() });
        }
        taken.push(title);
    }
    match manifest.layers.len() + files.len() {
        count if count > MAX_LAYERS => Err(Error::TooManyFiles { count, limit: MAX_LAYERS }),
        _ => Ok(()),
    }
}

/// Adds files at its end, each with these annotations.
pub fn append_files(
    manifest: &mut Manifest,
    files: &[File],
    annotations: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let names: Vec<String> = files.iter().map(|file| file.title.clone()).collect();
    check_titles(manifest, &names, annotations)?;
    for file in files {
        let plain = Descriptor::new(&file.media_type, file.digest.clone(), file.size);
        let mut layer = Descriptor { annotations: annotations.clone(), ..plain };
        layer.annotations.entry(TITLE.to_owned()).or_insert_with(|| file.title.clone());
        manifest.layers.push(layer);
    }
    Ok(())
}

/// What a file of an artifact is called, if it has a name.
pub fn title(layer: &Descriptor) -> Option<&str> {
    layer.annotations.get(TITLE).map(String::as_str).filter(|title| !title.is_empty())
}

/// Bytes of all files.
pub fn size(manifest: &Manifest) -> u64 {
    manifest.layers.iter().map(|layer| layer.size).fold(0, u64::saturating_add)
}

/// The manifest of a stored artifact; `what` is for messages.
pub fn parse(bytes: &[u8], what: &str) -> Result<Manifest, Error> {
    match Document::parse(bytes, None) {
        Ok(Document::Manifest(manifest)) => Ok(*manifest),
        Ok(Document::Index(_)) => Err(Error::NoIndexes { sink: "the store of artifacts".to_owned() }),
        Err(source) => Err(Error::Manifest { what: what.to_owned(), source }),
    }
}

/// As Go encodes it, so that it gets the same digest.
pub fn encode(manifest: &Manifest) -> Result<Vec<u8>, Error> {
    let text = serde_json::to_string(manifest).map_err(|e| Error::io("encode a manifest")(e.into()))?;
    Ok(oci::json::escape(&text).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(title: &str) -> File {
        File {
            title: title.to_owned(),
            media_type: "text/plain; charset=utf-8".to_owned(),
            digest: Digest::sha256(b"hello\n"),
            size: 6,
        }
    }

    #[test]
    fn bytes_are_those_of_the_usual_tools() {
        let annotations = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
        let mut manifest =
            new_manifest(Some("x/y".to_owned()), &annotations, "2026-11-25T19:29:16.78936027Z".to_owned());
        append_files(&mut manifest, &[file("a&b<c>.txt")], &annotations).unwrap();
        let expected = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"x/y","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"data":"e30="},"layers":[{"mediaType":"text/plain; charset=utf-8","digest":"sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03","size":6,"annotations":{"k":"v","org.opencontainers.image.title":"a\u0026b\u003cc\u003e.txt"}}],"annotations":{"k":"v","org.opencontainers.image.created":"2026-11-25T19:29:16.78936027Z"}}"#;
        let bytes = encode(&manifest).unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
        assert_eq!(parse(&bytes, "x").unwrap(), manifest);
    }

    #[test]
    fn titles_are_given_once() {
        let mut manifest = new_manifest(None, &BTreeMap::new(), String::new());
        append_files(&mut manifest, &[file("a"), file("b")], &BTreeMap::new()).unwrap();
        assert!(matches!(append_files(&mut manifest, &[file("a")], &BTreeMap::new()), Err(Error::TitleTaken { .. })));
        let called = BTreeMap::from([(TITLE.to_owned(), "b".to_owned())]);
        assert!(matches!(append_files(&mut manifest, &[file("c")], &called), Err(Error::TitleTaken { .. })));
        assert!(matches!(append_files(&mut manifest, &[file("c"), file("d")], &called), Err(Error::OneTitle)));
        let many: Vec<File> = (0..=MAX_LAYERS).map(|at| file(&at.to_string())).collect();
        assert!(matches!(append_files(&mut manifest, &many, &BTreeMap::new()), Err(Error::TooManyFiles { .. })));
    }
}

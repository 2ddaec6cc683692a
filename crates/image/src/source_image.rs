//! Source images (`buildah source`): an OCI layout with one manifest, whose layers are archives of what an image was made from.
//! Its configuration has a type of its own (OCI image specification, "manifest.md").

use flate2::Compression;
use flate2::write::GzEncoder;
use oci::image::{Descriptor, Index, Manifest};
use oci::{Digest, media_type};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tar_core::EntryType;
use tar_core::builder::EntryBuilder;

const CONFIG_TYPE: &str = "application/vnd.oci.source.image.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The largest index and manifest that are read, in bytes.
const LARGEST: u64 = 4 << 20;

/// Why a source image can't be made or added to.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is something of that name.
    #[error("creating source image: \"{}\" already exists", .0.display())]
    Exists(PathBuf),
    /// It is a layout, but of something else.
    #[error("{} is no source image: {why}", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// In words.
        why: String,
    },
    /// A file operation.
    #[error("{what} {}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

trait At<T> {
    fn at(self, what: &'static str, path: &Path) -> Result<T, SourceError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, what: &'static str, path: &Path) -> Result<T, SourceError> {
        self.map_err(|source| SourceError::Io { what, path: path.to_owned(), source })
    }
}

/// Makes one without any sources. `created`: RFC 3339.
pub fn create(folder: &Path, author: Option<&str>, created: Option<&str>) -> Result<(), SourceError> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(SourceError::Exists(folder.to_owned()));
        }
        made => made.at("make", folder)?,
    }
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).at("make", &blobs)?;
    let layout = folder.join("oci-layout");
    fs::write(&layout, json!({"imageLayoutVersion": "1.0.0"}).to_string()).at("write", &layout)?;
    let mut config = serde_json::Map::new();
    config.extend(created.map(|time| ("created".to_owned(), time.into())));
    config.extend(author.map(|name| ("author".to_owned(), name.into())));
    let config = put(folder, CONFIG_TYPE, serde_json::Value::Object(config).to_string().as_bytes())?;
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.to_owned()),
        artifact_type: None,
        config,
        layers: Vec::new(),
        subject: None,
        annotations: BTreeMap::new(),
    };
    point_to(folder, &manifest)
}

/// Adds a file or a folder as an archive; an archive that is compressed by gzip already stays as it is.
pub fn add(folder: &Path, artifact: &Path, annotations: BTreeMap<String, String>) -> Result<(), SourceError> {
    let foreign = |why: String| SourceError::Foreign { path: folder.to_owned(), why };
    let index: Index = parse(&folder.join("index.json")).map_err(|error| error.or_foreign(&foreign))?;
    let [old] = &index.manifests[..] else {
        return Err(foreign(format!("it has {} images", index.manifests.len())));
    };
    let path = blob(folder, &old.digest);
    let mut manifest: Manifest = parse(&path).map_err(|error| error.or_foreign(&foreign))?;
    if manifest.config.media_type != CONFIG_TYPE {
        return Err(foreign(format!("its configuration is {}", manifest.config.media_type)));
    }
    let mut layer = archive(folder, artifact)?;
    layer.annotations = annotations;
    manifest.layers.push(layer);
    point_to(folder, &manifest)?;
    // Nothing names the old one any more.
    let _ = fs::remove_file(path);
    Ok(())
}

/// Why a document can't be used.
enum Unusable {
    Io(SourceError),
    Malformed(String),
}

impl Unusable {
    fn or_foreign(self, foreign: &dyn Fn(String) -> SourceError) -> SourceError {
        match self {
            Unusable::Io(error) => error,
            Unusable::Malformed(why) => foreign(why),
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Unusable> {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut text));
    read.at("read", path).map_err(Unusable::Io)?;
    serde_json::from_slice(&text).map_err(|error| Unusable::Malformed(error.to_string()))
}

fn blob(folder: &Path, digest: &Digest) -> PathBuf {
    folder.join("blobs").join(digest.algorithm()).join(digest.hex())
}

fn put(folder: &Path, media_type: &str, content: &[u8]) -> Result<Descriptor, SourceError> {
    let digest = Digest::sha256(content);
    let path = blob(folder, &digest);
    fs::write(&path, content).at("write", &path)?;
    Ok(Descriptor::new(media_type, digest, content.len() as u64))
}

/// From now on the layout has this manifest and no other.
fn point_to(folder: &Path, manifest: &Manifest) -> Result<(), SourceError> {
    // Plain structs with text keys: there is nothing that could fail.
    let text = serde_json::to_vec(manifest).unwrap_or_default();
    let descriptor = put(folder, media_type::OCI_MANIFEST, &text)?;
    let index = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [descriptor]});
    let (path, new) = (folder.join("index.json"), folder.join("index.json.new"));
    fs::write(&new, index.to_string()).at("write", &new)?;
    fs::rename(&new, &path).at("write", &path)
}

/// Writes it beside, and gives it its name when that is known.
fn archive(folder: &Path, artifact: &Path) -> Result<Descriptor, SourceError> {
    let found = fs::metadata(artifact).at("find", artifact)?;
    let temporary = folder.join("blobs/new-layer");
    let file = File::create(&temporary).at("write", &temporary)?;
    let written = match found.is_file() && is_gzip(artifact)? {
        true => File::open(artifact).and_then(|mut from| io::copy(&mut from, &mut &file)).map(drop),
        false => {
            let mut gzip = GzEncoder::new(&file, Compression::default());
            write_tar(artifact, &mut gzip).and_then(|()| gzip.finish()).map(drop)
        }
    };
    let described = written.at("archive", artifact).and_then(|()| describe(&temporary));
    match described {
        Ok(layer) => {
            let place = blob(folder, &layer.digest);
            fs::rename(&temporary, &place).at("write", &place)?;
            Ok(layer)
        }
        Err(error) => {
            let _ = fs::remove_file(&temporary);
            Err(error)
        }
    }
}

fn is_gzip(path: &Path) -> Result<bool, SourceError> {
    let mut magic = [0; 2];
    let read = File::open(path).and_then(|file| file.take(2).read(&mut magic));
    Ok(read.at("read", path)? == 2 && magic == [0x1f, 0x8b])
}

fn describe(path: &Path) -> Result<Descriptor, SourceError> {
    use sha2::Digest as _;
    let mut file = File::open(path).at("read", path)?;
    let (mut hasher, mut size) = (sha2::Sha256::new(), 0);
    let mut buffer = vec![0; 128 << 10];
    loop {
        let count = file.read(&mut buffer).at("read", path)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        size += count as u64;
    }
    Ok(Descriptor::new(LAYER_TYPE, Digest::from_sha256(hasher.finalize().into()), size))
}

/// A file under its name; of a folder all that is in it.
fn write_tar(artifact: &Path, sink: &mut dyn Write) -> io::Result<()> {
    let name = artifact.file_name().map(PathBuf::from).unwrap_or_default();
    let is_folder = fs::metadata(artifact)?.is_dir();
    let mut left = vec![(artifact.to_owned(), if is_folder { PathBuf::new() } else { name })];
    while let Some((path, inside)) = left.pop() {
        // The artifact itself may be reached by a link, nothing in it.
        let meta = if path == artifact { fs::metadata(&path)? } else { fs::symlink_metadata(&path)? };
        write_entry(&path, &inside, &meta, sink)?;
        if meta.is_dir() {
            let names = fs::read_dir(&path)?.map(|entry| Ok(entry?.file_name()));
            let mut names = names.collect::<io::Result<Vec<_>>>()?;
            names.sort_unstable_by(|a, b| b.cmp(a));
            left.extend(names.into_iter().map(|name| (path.join(&name), inside.join(&name))));
        }
    }
    sink.write_all(&[0; 1024])
}

fn write_entry(path: &Path, inside: &Path, meta: &Metadata, sink: &mut dyn Write) -> io::Result<()> {
    let kind = match () {
        () if inside.as_os_str().is_empty() => return Ok(()),
        () if meta.is_dir() => EntryType::Directory,
        () if meta.is_symlink() => EntryType::Symlink,
        () if meta.is_file() => EntryType::Regular,
        // Sockets, pipes and devices are no sources.
        () => return Ok(()),
    };
    let mut name = inside.as_os_str().as_bytes().to_vec();
    if meta.is_dir() {
        name.push(b'/');
    }
    let size = if meta.is_file() { meta.len() } else { 0 };
    let mut entry = EntryBuilder::new_ustar();
    let fill = |entry: &mut EntryBuilder| -> Result<(), tar_core::HeaderError> {
        entry.path(&name).entry_type(kind);
        entry.mode(meta.mode() & 0o7777)?.uid(0)?.gid(0)?.size(size)?;
        entry.mtime(u64::try_from(meta.mtime()).unwrap_or(0)).map(drop)
    };
    fill(&mut entry).map_err(|error| io::Error::other(error.to_string()))?;
    if meta.is_symlink() {
        entry.link_name(fs::read_link(path)?.as_os_str().as_bytes());
    }
    sink.write_all(&entry.finish_bytes())?;
    if size > 0 {
        let copied = io::copy(&mut File::open(path)?.take(size), sink)?;
        if copied != size {
            return Err(io::Error::other("the file got shorter while it was read"));
        }
        let padding = (size.next_multiple_of(512) - size) as usize;
        sink.write_all(&[0; 512][..padding])?;
    }
    Ok(())
}

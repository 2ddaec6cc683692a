//! `docker-archive:`: what `docker save` writes. `manifest.json` lists images; layers are tars, usually not compressed.

use super::tar_file::{Output, TarFile};
use crate::archive::{Archive, Members};
use crate::content::{Content, Sum};
use crate::copy::Copied;
use crate::decompress::{Magic, magic};
use crate::error::printable;
use crate::location::Pick;
use crate::sink::{Blob, Format, Layers, Needs, Place, Role, Sink};
use crate::source::{Fetched, Source};
use crate::{Error, Location};
use oci::image::{Descriptor, ImageConfig, Manifest};
use oci::media_type::{self, Compression};
use oci::{Digest, Reference};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Store;

/// The longest `manifest.json`, in bytes.
const MAX_MANIFEST: u64 = 4 << 20;
/// The most images of one archive.
const MAX_IMAGES: usize = 1000;

/// One image of `manifest.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Item {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// One image of an archive as a source: its blobs are members.
pub struct DockerArchiveSource {
    archive: Arc<Archive>,
    location: Location,
    /// By digest.
    paths: HashMap<Digest, String>,
    top: Fetched,
    names: Vec<Reference>,
}

/// The images, if it is such an archive.
pub(crate) fn docker_items(archive: &Archive) -> Result<Option<Vec<Item>>, Error> {
    let Some(bytes) = archive.read_small("manifest.json", MAX_MANIFEST)? else { return Ok(None) };
    let wrong = |why: String| Error::Archive { archive: archive.name().to_owned(), why };
    let items: Vec<Item> =
        serde_json::from_slice(&bytes).map_err(|e| wrong(format!("manifest.json is malformed: {e}")))?;
    match items.len() {
        0 => Err(wrong("manifest.json lists no image".to_owned())),
        count if count > MAX_IMAGES => {
            Err(wrong(format!("manifest.json lists {count} images, more than the {MAX_IMAGES} that are allowed")))
        }
        _ => Ok(Some(items)),
    }
}

impl DockerArchiveSource {
    /// The image that is asked for, else the only one.
    pub fn open(archive: Arc<Archive>, location: Location, pick: Option<&Pick>) -> Result<DockerArchiveSource, Error> {
        let wrong = |why: String| Error::Archive { archive: archive.name().to_owned(), why };
        let items = docker_items(&archive)?.ok_or_else(|| wrong("there is no manifest.json in it".to_owned()))?;
        let item = match pick {
            Some(Pick::Index(at)) => items
                .get(*at)
                .ok_or_else(|| wrong(format!("index {at} is too large, there are {} images in it", items.len())))?,
            Some(Pick::Name(wanted)) => {
                let called =
                    |item: &&Item| names(&archive, item, "docker.io").is_ok_and(|names| is_called(&names, wanted));
                items
                    .iter()
                    .find(called)
                    .ok_or_else(|| wrong(format!("no image in it is called `{}`", printable(wanted))))?
            }
            None if items.len() > 1 => {
                let count = items.len();
                return Err(wrong(format!("there are {count} images in it: say which, as :NAME:TAG or :@INDEX")));
            }
            None => &items[0],
        };
        DockerArchiveSource::of(Arc::clone(&archive), location, item)
    }

    /// Makes the manifest that the archive doesn't have: schema 2, with the layers as they lie there.
    pub(crate) fn of(archive: Arc<Archive>, location: Location, item: &Item) -> Result<DockerArchiveSource, Error> {
        let limit = oci::image::config::MAX_BYTES as u64;
        let config_bytes = archive.read_small(&item.config, limit)?.ok_or_else(|| missing(&archive, &item.config))?;
        let layers = item.layers.as_deref().unwrap_or_default();
        let config = ImageConfig::parse(&config_bytes, Some(layers.len())).map_err(|source| Error::Config {
            what: format!("configuration `{}` in {}", printable(&item.config), archive.name()),
            source,
        })?;
        let id = Digest::sha256(&config_bytes);
        let mut paths = HashMap::from([(id.clone(), item.config.clone())]);
        let mut descriptors = Vec::new();
        for (path, diff_id) in layers.iter().zip(&config.rootfs.diff_ids) {
            let layer = layer_descriptor(&archive, path, diff_id)?;
            paths.insert(layer.digest.clone(), path.clone());
            descriptors.push(layer);
        }
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(media_type::DOCKER_MANIFEST.to_owned()),
            artifact_type: None,
            config: Descriptor::new(media_type::DOCKER_CONFIG, id, config_bytes.len() as u64),
            layers: descriptors,
            subject: None,
            annotations: Default::default(),
        };
        let top = crate::copy::encode_docker(&manifest)?;
        let names = names(&archive, item, "localhost")?;
        Ok(DockerArchiveSource { archive, location, paths, top, names })
    }

    /// Under which the image is stored: what has no registry is `localhost/`'s, as with Podman.
    pub fn names(&self) -> &[Reference] {
        &self.names
    }
}

/// A plain tar has its DiffID as digest; only of a compressed one the digest must be computed.
fn layer_descriptor(archive: &Archive, path: &str, diff_id: &Digest) -> Result<Descriptor, Error> {
    let what = || format!("read `{}` in {}", printable(path), archive.name());
    let mut member = archive.open(path)?.ok_or_else(|| missing(archive, path))?;
    let mut start = Vec::new();
    member.reader.by_ref().take(6).read_to_end(&mut start).map_err(Error::io(what()))?;
    if magic(&start) == Magic::Known(Compression::None) {
        return Ok(Descriptor::new(media_type::DOCKER_LAYER, diff_id.clone(), member.size));
    }
    let mut hasher = sha2::Sha256::new();
    hasher.update(&start);
    let mut buffer = vec![0; 256 << 10];
    loop {
        match member.reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => hasher.update(&buffer[..count]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Error::io(what())(e)),
        }
    }
    let digest = Digest::from_sha256(hasher.finalize().into());
    Ok(Descriptor::new(media_type::DOCKER_LAYER_GZIP, digest, member.size))
}

/// What has no registry is of this one.
fn names(archive: &Archive, item: &Item, registry: &str) -> Result<Vec<Reference>, Error> {
    let tags = item.repo_tags.as_deref().unwrap_or_default();
    tags.iter().map(|tag| name(archive, tag, registry)).collect()
}

fn name(archive: &Archive, tag: &str, registry: &str) -> Result<Reference, Error> {
    let name: oci::reference::Name = tag
        .parse()
        .map_err(|e| Error::Archive { archive: archive.name().to_owned(), why: format!("manifest.json: {e}") })?;
    let mut reference = name.in_registry(registry).with_default_tag();
    reference.digest = None;
    Ok(reference.with_default_tag())
}

/// The names of all images of an archive, as they stand there.
pub fn archive_names(store: &Store, path: &std::path::Path) -> Result<Vec<String>, Error> {
    let archive = crate::archive::from_path(store, path)?;
    let items = docker_items(&archive)?.unwrap_or_default();
    Ok(items.into_iter().flat_map(|item| item.repo_tags.unwrap_or_default()).collect())
}

/// An image is asked for by Docker's name of it, or by the one under which it would be stored.
fn is_called(names: &[Reference], wanted: &str) -> bool {
    let full = |registry: &str| {
        wanted.parse::<oci::reference::Name>().ok().map(|name| name.in_registry(registry).with_default_tag())
    };
    let meant = [full("docker.io"), full("localhost")];
    names.iter().any(|name| meant.iter().flatten().any(|meant| meant == name))
}

fn missing(archive: &Archive, path: &str) -> Error {
    let why = format!("manifest.json names `{}`, which isn't in it", printable(path));
    Error::Archive { archive: archive.name().to_owned(), why }
}

impl Source for DockerArchiveSource {
    fn name(&self) -> String {
        self.archive.name().to_owned()
    }

    fn location(&self) -> Location {
        self.location.clone()
    }

    fn top(&self) -> Result<Fetched, Error> {
        Ok(self.top.clone())
    }

    fn blob(&self, wanted: &Descriptor, from: u64) -> Result<Box<dyn Read + Send + '_>, Error> {
        let path = self.paths.get(&wanted.digest).map(String::as_str).unwrap_or_default();
        let member = self.archive.open(path)?.ok_or_else(|| missing(&self.archive, path))?;
        member.from(from)
    }
}

/// An archive that is written. Several images can go into one, each in turn.
pub struct DockerArchiveSink<'a> {
    path: PathBuf,
    state: Mutex<State<'a>>,
    /// Further images will follow the one that is committed.
    several: bool,
}

struct State<'a> {
    tar: TarFile<'a>,
    written: HashSet<String>,
    items: Vec<Item>,
    /// Of the image that comes next.
    names: Vec<String>,
}

impl State<'_> {
    fn close(&mut self) -> Result<(), Error> {
        let json = serde_json::to_vec(&self.items)
            .map_err(|e| Error::Io { what: "encode manifest.json".to_owned(), source: e.into() })?;
        self.tar.small("manifest.json", &json)?;
        self.tar.finish()
    }
}

impl<'a> DockerArchiveSink<'a> {
    /// What such an archive takes.
    pub(super) const NEEDS: Needs = Needs {
        formats: &[Format::Docker],
        proves_diff_ids: false,
        layers: Layers::Decompress,
        parallel: false,
        images_only: true,
        exact: false,
    };

    /// A new file, or a pipe, with one image.
    pub fn create(store: &'a Store, output: Output<'_>, image: Option<&Pick>) -> Result<DockerArchiveSink<'a>, Error> {
        let names = match image {
            Some(Pick::Index(_)) => {
                return Err(Error::Name {
                    name: "@index".to_owned(),
                    why: "a destination can't be given by its index",
                });
            }
            Some(Pick::Name(name)) => vec![name.clone()],
            None => Vec::new(),
        };
        let tar = TarFile::create(store, output)?;
        let state = Mutex::new(State { tar, written: HashSet::new(), items: Vec::new(), names });
        Ok(DockerArchiveSink { path: output.path().to_owned(), state, several: false })
    }

    /// For several images: name each with [`DockerArchiveSink::next`], and call [`DockerArchiveSink::close`] at the end.
    pub fn create_for_several(store: &'a Store, output: Output<'_>) -> Result<DockerArchiveSink<'a>, Error> {
        Ok(DockerArchiveSink { several: true, ..DockerArchiveSink::create(store, output, None)? })
    }

    /// The names of the image that is copied next.
    pub fn next(&self, names: Vec<String>) {
        self.lock().names = names;
    }

    /// More names for the image that is copied next.
    pub fn call(&self, names: &[String]) {
        self.lock().names.extend_from_slice(names);
    }

    /// Writes the list of images.
    pub fn close(&self) -> Result<(), Error> {
        self.lock().close()
    }

    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As what a blob lies in the archive.
fn member(role: Role<'_>, digest: &Digest) -> String {
    match role {
        Role::Config => format!("{}.json", digest.hex()),
        Role::Layer(diff_id) => format!("{}.tar", diff_id.unwrap_or(digest).hex()),
    }
}

impl Sink for DockerArchiveSink<'_> {
    fn name(&self) -> String {
        self.lock().tar.name().to_owned()
    }

    fn location(&self) -> Location {
        let image = self.lock().names.first().cloned().map(Pick::Name);
        Location::DockerArchive { path: self.path.clone(), image }
    }

    fn needs(&self) -> Needs {
        Self::NEEDS
    }

    fn has(&self, blob: &Blob<'_>) -> Result<bool, Error> {
        let member = member(blob.role, &blob.descriptor.digest);
        Ok(self.lock().written.contains(&member))
    }

    fn put(&self, blob: &Blob<'_>, content: Content<'_>) -> Result<Sum, Error> {
        let state = &mut *self.lock();
        // The same layer can have been two blobs.
        if let Role::Layer(Some(diff_id)) = blob.role
            && state.written.contains(&member(blob.role, diff_id))
        {
            return content.finish();
        }
        let sum = state.tar.put(content, |sum| member(blob.role, &sum.digest))?;
        state.written.insert(member(blob.role, &sum.digest));
        Ok(sum)
    }

    fn put_manifest(&self, _manifest: &Fetched, _place: Place) -> Result<(), Error> {
        Ok(())
    }

    fn commit(&self, copied: &Copied) -> Result<(), Error> {
        let Some(image) = &copied.image else { return Err(Error::NoIndexes { sink: self.name() }) };
        let diff_ids = image.config.as_ref().map(|config| config.rootfs.diff_ids.as_slice()).unwrap_or_default();
        let state = &mut *self.lock();
        let names = std::mem::take(&mut state.names);
        state.items.push(Item {
            config: member(Role::Config, &image.manifest.config.digest),
            repo_tags: Some(names),
            layers: Some(diff_ids.iter().map(|diff_id| member(Role::Layer(None), diff_id)).collect()),
        });
        if self.several { Ok(()) } else { state.close() }
    }
}

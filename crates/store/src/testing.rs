//! What this crate's tests share: a store in a temporary folder and tar streams made by hand, right or wrong.

use crate::{AppliedLayer, Error, Location, NewImage, Ownership, Store};
use oci::Digest;
use std::path::{Path, PathBuf};

/// Whether the tests that need every privilege can run.
pub(crate) fn root() -> bool {
    rustix::process::geteuid().is_root()
}

pub(crate) fn open(root_folder: &Path) -> Store {
    let ownership = if root() { Ownership::Root } else { Ownership::SingleId };
    Store::open(Location { root: root_folder.to_owned(), run: root_folder.join("run"), ownership }).unwrap()
}

/// A store of its own.
pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) folder: tempfile::TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        Fixture { store: open(&folder.path().join("store")), folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("store").join(name)
    }

    /// Applies and finishes; the layer's folder.
    pub(crate) fn layer(&self, tar: &[u8]) -> Result<PathBuf, Error> {
        let applied = add_layer(&self.store, tar)?;
        Ok(self.store.layer_path(&applied.diff_id))
    }

    /// All that is in `tmp/` and `trash/`.
    pub(crate) fn waste(&self) -> Vec<String> {
        let list = |name: &str| std::fs::read_dir(self.path(name)).unwrap().map(|e| e.unwrap().file_name());
        list("tmp").chain(list("trash")).map(|name| name.into_string().unwrap()).collect()
    }
}

pub(crate) fn add_layer(store: &Store, tar: &[u8]) -> Result<AppliedLayer, Error> {
    let mut layer = store.begin_layer()?;
    let applied = layer.apply(&mut &tar[..], 1 << 30)?;
    layer.finish(&applied.diff_id.clone())?;
    Ok(applied)
}

/// Stores an image with these layers; its configuration differs by `label`.
pub(crate) fn add_image(store: &Store, label: &str, layers: &[Digest], names: &[&str]) -> Result<crate::Image, Error> {
    let diff_ids = serde_json::to_string(layers).unwrap();
    let config = format!(
        r#"{{"architecture":"amd64","os":"linux","config":{{"Labels":{{"l":"{label}"}}}},"rootfs":{{"type":"layers","diff_ids":{diff_ids}}}}}"#
    );
    let (id, manifest) = (Digest::sha256(config.as_bytes()), format!("manifest of {label}"));
    store.put_blob(&id, config.as_bytes())?;
    store.put_blob(&Digest::sha256(manifest.as_bytes()), manifest.as_bytes())?;
    store.commit_image(NewImage {
        id,
        manifest: Digest::sha256(manifest.as_bytes()),
        layers: layers.to_vec(),
        repo_digest: Some(format!("a.b/c@{}", Digest::sha256(manifest.as_bytes()))),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    })
}

/// Builds tar streams block by block.
#[derive(Default, Clone)]
pub(crate) struct Tar(pub(crate) Vec<u8>);

impl Tar {
    pub(crate) fn new() -> Tar {
        Tar::default()
    }

    pub(crate) fn file(self, name: &str, content: &[u8]) -> Tar {
        self.raw(name.as_bytes(), b'0', 0o644, "", content)
    }

    pub(crate) fn folder(self, name: &str) -> Tar {
        self.raw(name.as_bytes(), b'5', 0o755, "", b"")
    }

    pub(crate) fn symlink(self, name: &str, target: &str) -> Tar {
        self.raw(name.as_bytes(), b'2', 0o777, target, b"")
    }

    pub(crate) fn hardlink(self, name: &str, target: &str) -> Tar {
        self.raw(name.as_bytes(), b'1', 0o644, target, b"")
    }

    /// Any type, mode and content; names up to 100 bytes.
    pub(crate) fn raw(mut self, name: &[u8], kind: u8, mode: u32, link: &str, content: &[u8]) -> Tar {
        let header = header(name, kind, mode, link, content.len() as u64, (0, 0));
        self.0.extend_from_slice(&header);
        self.content(content)
    }

    pub(crate) fn owned(mut self, name: &str, mode: u32, owner: (u32, u32)) -> Tar {
        self.0.extend_from_slice(&header(name.as_bytes(), b'0', mode, "", 0, owner));
        self
    }

    /// A PAX header for the next entry.
    pub(crate) fn pax(self, records: &[(&str, &[u8])]) -> Tar {
        let mut data = Vec::new();
        for (key, value) in records {
            let rest = key.len() + value.len() + 3;
            let mut length = rest + 1;
            while length.to_string().len() + rest != length {
                length += 1;
            }
            data.extend_from_slice(format!("{length} {key}=").as_bytes());
            data.extend_from_slice(value);
            data.push(b'\n');
        }
        self.raw(b"PaxHeaders/x", b'x', 0o644, "", &data)
    }

    pub(crate) fn content(mut self, content: &[u8]) -> Tar {
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

fn header(name: &[u8], kind: u8, mode: u32, link: &str, size: u64, owner: (u32, u32)) -> [u8; 512] {
    let mut block = [0u8; 512];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name);
    put(100, format!("{mode:07o}").as_bytes());
    put(108, format!("{:07o}", owner.0).as_bytes());
    put(116, format!("{:07o}", owner.1).as_bytes());
    put(124, format!("{size:011o}").as_bytes());
    put(136, b"14000000000");
    put(148, b"        ");
    put(156, &[kind]);
    put(157, link.as_bytes());
    put(257, b"ustar\x0000");
    put(329, b"0000001");
    put(337, b"0000003");
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

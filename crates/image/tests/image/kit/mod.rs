//! A store in a temporary folder, images made in memory, and a registry that serves them.

#[path = "../../../../registry/tests/server/mod.rs"]
pub mod server;

use image::{Context, Progress, Resolved, Retry, Timeouts};
use oci::Digest;
use server::{Reply, Server};
use std::collections::HashMap;
use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;
use store::{Location, Ownership, Store};

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

pub struct Fixture {
    pub store: Store,
    pub context: Context,
    pub dir: tempfile::TempDir,
}

impl Fixture {
    pub fn new() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let root = rustix::process::geteuid().is_root();
        let ownership = if root { Ownership::Root } else { Ownership::SingleId };
        let location = Location { root: dir.path().join("store"), run: dir.path().join("run"), ownership };
        let environment = config::Environment { system_root: dir.path().join("system"), ..Default::default() };
        let context = Context {
            retry: Retry {
                times: 1,
                first_pause: Duration::from_millis(1),
                longest_pause: Duration::from_millis(1),
                ..Retry::default()
            },
            timeouts: Timeouts { connect: Duration::from_secs(5), idle: Duration::from_millis(500) },
            ..Context::new(environment)
        };
        Fixture { store: Store::open(location).unwrap(), context, dir }
    }

    pub fn pull(&self, name: &str) -> Result<Resolved, image::Error> {
        image::pull(&self.store, &self.context, name, None, &image::Quiet)
    }

    pub fn configure(&mut self, text: &str) {
        let mut conf = config::registries::RegistriesConf::default();
        conf.merge(text, "registries.conf".as_ref()).unwrap();
        self.context.registries = config::registries::Registries::fixed(conf);
    }

    /// Nothing half-stored: no image, no layer, no work in progress.
    #[track_caller]
    pub fn assert_empty(&self) {
        self.store.reclaim().unwrap();
        let root = &self.store.location().root;
        for folder in ["layers", "images", "names", "blobs/sha256", "tmp", "trash"] {
            let left: Vec<_> = std::fs::read_dir(root.join(folder)).unwrap().map(|e| e.unwrap().file_name()).collect();
            assert!(left.is_empty(), "{folder}: {left:?}");
        }
    }
}

/// An error with its causes.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text += &format!(": {inner}");
        cause = inner.source();
    }
    text
}

/// What progress was told.
#[derive(Default)]
pub struct Told(pub Mutex<Vec<String>>);

impl Progress for Told {
    fn line(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
    fn begin(&self, _: &Digest, _: u64) {}
    fn advance(&self, _: &Digest, _: u64) {}
    fn end(&self, _: &Digest, skipped: bool) {
        self.0.lock().unwrap().push(if skipped { "skipped" } else { "fetched" }.to_owned());
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `(name, type, link target, content)`.
pub type Entry<'a> = (&'a str, u8, &'a str, &'a [u8]);

pub fn tar(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, kind, target, content) in entries {
        out.extend(tar_header(name, *kind, target, content.len() as u64));
        out.extend(*content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

pub fn tar_header(name: &str, kind: u8, target: &str, size: u64) -> [u8; 512] {
    let mut header = [0; 512];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000755\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{size:011o}\0"));
    put(136, "00000000000\0");
    put(148, "        ");
    put(157, target);
    put(257, "ustar\x0000");
    header[156] = kind;
    let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

/// An image in memory: each layer is a tar.
#[derive(Clone)]
pub struct Made {
    pub layers: Vec<Vec<u8>>,
    pub blobs: Vec<Vec<u8>>,
    pub config: Vec<u8>,
    pub manifest: Vec<u8>,
}

impl Made {
    pub fn new(layers: &[Vec<u8>]) -> Made {
        Made::with(layers, gzip, "amd64")
    }

    pub fn with(layers: &[Vec<u8>], compress: impl Fn(&[u8]) -> Vec<u8>, architecture: &str) -> Made {
        let blobs: Vec<_> = layers.iter().map(|l| compress(l)).collect();
        let diff_ids: Vec<_> = layers.iter().map(|l| Digest::sha256(l)).collect();
        let config = serde_json::json!({
            "architecture": architecture, "os": "linux", "created": "2026-01-02T03:04:05Z",
            "config": {"Cmd": ["/x"], "Labels": {"a": "b"}},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [{"created_by": "first"}, {"created_by": "second", "empty_layer": true}],
        });
        let config = serde_json::to_vec(&config).unwrap();
        let manifest = manifest(&config, &blobs);
        Made { layers: layers.to_vec(), blobs, config, manifest }
    }

    pub fn small() -> Made {
        Made::new(&[tar(&[("a", b'0', "", b"hello")]), tar(&[("d", b'5', "", b""), ("d/b", b'0', "", b"there")])])
    }

    pub fn digest(&self) -> Digest {
        Digest::sha256(&self.manifest)
    }

    /// All blobs and the manifest, by path below `/v2/`; the manifest also as tag `1`.
    pub fn paths(&self) -> HashMap<String, Reply> {
        let mut paths = HashMap::new();
        for blob in self.blobs.iter().chain([&self.config]) {
            paths.insert(blob_path(blob), Reply::new(200, blob.clone()));
        }
        let manifest = Reply::new(200, self.manifest.clone()).header("Content-Type", MANIFEST);
        paths.insert(format!("/v2/img/manifests/{}", self.digest()), manifest.clone());
        paths.insert("/v2/img/manifests/1".to_owned(), manifest);
        paths
    }
}

pub fn blob_path(blob: &[u8]) -> String {
    format!("/v2/img/blobs/{}", Digest::sha256(blob))
}

pub fn descriptor(kind: &str, bytes: &[u8]) -> serde_json::Value {
    serde_json::json!({"mediaType": kind, "digest": Digest::sha256(bytes), "size": bytes.len()})
}

pub fn manifest(config: &[u8], blobs: &[Vec<u8>]) -> Vec<u8> {
    let layers: Vec<_> = blobs.iter().map(|blob| descriptor(LAYER, blob)).collect();
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, config), "layers": layers,
    });
    serde_json::to_vec(&manifest).unwrap()
}

/// A registry with these paths and nothing else.
pub fn serve(paths: HashMap<String, Reply>) -> Server {
    Server::new(move |request, _| match request.path.as_str() {
        "/v2/" => Reply::new(200, "{}"),
        path => paths.get(path).cloned().unwrap_or_else(|| Reply::new(404, "no such thing")),
    })
}

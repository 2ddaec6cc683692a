//! Images made from lists of files: layers, config and manifest in OCI's or Docker's shape, as archives or to be
//! pushed.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::tar::{Entry, Kind, write_tar};

/// Whose manifests and media types an image uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    /// OCI image specification 1.1.
    Oci,
    /// Docker image manifest version 2, schema 2.
    Docker,
}

/// How a layer is compressed on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
    /// xz, by the program; no media type tells of it.
    Xz,
    /// bzip2, likewise.
    Bzip2,
}

/// One layer: its tar, which may be nonsense, and how it travels.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Uncompressed bytes.
    pub tar: Vec<u8>,
    /// How it travels.
    pub compression: Compression,
}

impl Layer {
    /// A gzip layer of `entries`.
    #[must_use]
    pub fn new(entries: &[Entry]) -> Self {
        Self { tar: write_tar(entries), compression: Compression::Gzip }
    }

    /// A layer of arbitrary bytes.
    #[must_use]
    pub fn raw(tar: impl Into<Vec<u8>>) -> Self {
        Self { tar: tar.into(), compression: Compression::Gzip }
    }

    /// Changes the compression.
    #[must_use]
    pub fn compressed(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// `sha256:…` of the uncompressed bytes.
    #[must_use]
    pub fn diff_id(&self) -> String {
        digest(&self.tar)
    }

    /// The bytes that travel.
    #[must_use]
    pub fn blob(&self) -> Vec<u8> {
        match self.compression {
            Compression::None => self.tar.clone(),
            Compression::Gzip => gzip(&self.tar),
            Compression::Zstd => zstd::encode_all(self.tar.as_slice(), 1).expect("zstd"),
            Compression::Xz => through("xz", &self.tar),
            Compression::Bzip2 => through("bzip2", &self.tar),
        }
    }

    fn media_type(&self, flavor: Flavor) -> &'static str {
        match (flavor, self.compression) {
            (Flavor::Docker, Compression::None | Compression::Xz | Compression::Bzip2) => {
                "application/vnd.docker.image.rootfs.diff.tar"
            }
            (Flavor::Docker, Compression::Gzip) => "application/vnd.docker.image.rootfs.diff.tar.gzip",
            (Flavor::Docker, Compression::Zstd) => "application/vnd.docker.image.rootfs.diff.tar.zstd",
            (Flavor::Oci, Compression::None | Compression::Xz | Compression::Bzip2) => {
                "application/vnd.oci.image.layer.v1.tar"
            }
            (Flavor::Oci, Compression::Gzip) => "application/vnd.oci.image.layer.v1.tar+gzip",
            (Flavor::Oci, Compression::Zstd) => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }
}

/// An image under construction.
#[derive(Debug, Clone)]
pub struct Image {
    /// From the bottom up.
    pub layers: Vec<Layer>,
    /// Whose manifests it uses.
    pub flavor: Flavor,
    /// CPU architecture.
    pub architecture: String,
    /// The `config` object: `Cmd`, `Env`, …
    pub config: Value,
}

impl Image {
    /// An OCI image for this machine's architecture, with nothing but layers.
    #[must_use]
    pub fn new(layers: Vec<Layer>) -> Self {
        Self { layers, flavor: Flavor::Oci, architecture: architecture().to_owned(), config: json!({}) }
    }

    /// Changes the manifests' shape.
    #[must_use]
    pub fn flavor(mut self, flavor: Flavor) -> Self {
        self.flavor = flavor;
        self
    }

    /// Changes the architecture.
    #[must_use]
    pub fn architecture(mut self, name: &str) -> Self {
        self.architecture = name.to_owned();
        self
    }

    /// Sets a field of the config object.
    #[must_use]
    pub fn config(mut self, key: &str, value: Value) -> Self {
        self.config[key] = value;
        self
    }

    /// Changes the compression of all layers.
    #[must_use]
    pub fn compressed(mut self, compression: Compression) -> Self {
        for layer in &mut self.layers {
            layer.compression = compression;
        }
        self
    }

    /// The config blob.
    #[must_use]
    pub fn config_blob(&self) -> Vec<u8> {
        let diff_ids: Vec<String> = self.layers.iter().map(Layer::diff_id).collect();
        let history: Vec<Value> =
            diff_ids.iter().map(|_| json!({"created": "2026-01-02T03:04:05Z", "created_by": "testkit"})).collect();
        let config = json!({
            "created": "2026-01-02T03:04:05Z", "architecture": self.architecture, "os": "linux",
            "config": self.config, "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history,
        });
        serde_json::to_vec(&config).expect("json")
    }

    /// The image id: the config's digest without its algorithm.
    #[must_use]
    pub fn id(&self) -> String {
        sha256_hex(&self.config_blob())
    }

    /// The manifest's media type.
    #[must_use]
    pub fn manifest_type(&self) -> &'static str {
        match self.flavor {
            Flavor::Oci => "application/vnd.oci.image.manifest.v1+json",
            Flavor::Docker => "application/vnd.docker.distribution.manifest.v2+json",
        }
    }

    /// The manifest as a value that a hostile test may bend.
    #[must_use]
    pub fn manifest_value(&self) -> Value {
        let config_type = match self.flavor {
            Flavor::Oci => "application/vnd.oci.image.config.v1+json",
            Flavor::Docker => "application/vnd.docker.container.image.v1+json",
        };
        let layers: Vec<Value> =
            self.layers.iter().map(|layer| descriptor(layer.media_type(self.flavor), &layer.blob())).collect();
        json!({
            "schemaVersion": 2, "mediaType": self.manifest_type(),
            "config": descriptor(config_type, &self.config_blob()), "layers": layers,
        })
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> Vec<u8> {
        serde_json::to_vec(&self.manifest_value()).expect("json")
    }

    /// Config and layers.
    #[must_use]
    pub fn blobs(&self) -> Vec<Vec<u8>> {
        std::iter::once(self.config_blob()).chain(self.layers.iter().map(Layer::blob)).collect()
    }

    /// An index of images for several architectures, with its media type.
    #[must_use]
    pub fn index(images: &[Image]) -> (String, Vec<u8>) {
        let flavor = images.first().map_or(Flavor::Oci, |image| image.flavor);
        let media_type = match flavor {
            Flavor::Oci => "application/vnd.oci.image.index.v1+json",
            Flavor::Docker => "application/vnd.docker.distribution.manifest.list.v2+json",
        };
        let manifests: Vec<Value> = images
            .iter()
            .map(|image| {
                let mut entry = descriptor(image.manifest_type(), &image.manifest());
                entry["platform"] = json!({"os": "linux", "architecture": image.architecture});
                entry
            })
            .collect();
        let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests});
        (media_type.to_owned(), serde_json::to_vec(&index).expect("json"))
    }

    /// What `docker save` would write.
    #[must_use]
    pub fn docker_archive(&self, name: &str) -> Vec<u8> {
        let config = format!("{}.json", self.id());
        let paths: Vec<String> = self.layers.iter().map(|layer| format!("{}.tar", sha256_hex(&layer.tar))).collect();
        let manifest = json!([{"Config": config, "RepoTags": [name], "Layers": paths}]);
        let mut entries = vec![Entry::file(&config, self.config_blob())];
        for (path, layer) in paths.iter().zip(&self.layers) {
            entries.push(Entry::file(path, layer.tar.clone()));
        }
        entries.push(Entry::file("manifest.json", serde_json::to_vec(&manifest).expect("json")));
        write_tar(&entries)
    }

    /// An OCI image layout in a tar.
    #[must_use]
    pub fn oci_archive(&self, name: &str) -> Vec<u8> {
        let mut reference = descriptor(self.manifest_type(), &self.manifest());
        reference["annotations"] = json!({"org.opencontainers.image.ref.name": name});
        let index = json!({"schemaVersion": 2, "manifests": [reference]});
        let mut entries = vec![
            Entry::file("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
            Entry::file("index.json", serde_json::to_vec(&index).expect("json")),
        ];
        for blob in self.blobs().into_iter().chain([self.manifest()]) {
            entries.push(Entry::file(&format!("blobs/sha256/{}", sha256_hex(&blob)), blob));
        }
        write_tar(&entries)
    }
}

/// The small image that most cases run: Debian's static busybox with all its names.
#[derive(Debug)]
pub struct Base;

impl Base {
    /// The image: `sh` as command, users `root` and `web` (1000:1000, also in group `staff`).
    #[must_use]
    pub fn image() -> Image {
        Image::new(vec![Self::layer()])
            .config("Cmd", json!(["sh"]))
            .config("Env", json!(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]))
    }

    /// Its only layer.
    #[must_use]
    pub fn layer() -> Layer {
        let busybox = ["/bin/busybox", "/usr/bin/busybox"].iter().find(|path| Path::new(path).exists());
        let busybox = busybox.expect("Debian's busybox-static is installed");
        let program = std::fs::read(busybox).expect("busybox is readable");
        let mut entries: Vec<Entry> =
            ["bin", "etc", "home", "root", "tmp", "usr", "usr/bin", "var"].iter().map(|dir| Entry::dir(dir)).collect();
        entries[4].mode = 0o1777;
        entries.push(Entry::file("bin/busybox", program).mode(0o755));
        entries.extend(APPLETS.split_whitespace().map(|name| Entry::symlink(&format!("bin/{name}"), "busybox")));
        entries.push(Entry::file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/home:/bin/sh\n"));
        entries.push(Entry::file("etc/group", "root:x:0:\nweb:x:1000:\nstaff:x:50:web\n"));
        entries.push(Entry { kind: Kind::File(vec![b'x'; 7]), ..Entry::file("etc/not-executable", "") });
        Layer::new(&entries)
    }
}

const APPLETS: &str = "ash awk base64 basename cat chmod chown cp cut date dd df dirname du echo env expr false find \
 free grep groups gunzip gzip head hostname httpd id ifconfig ip ipcalc kill ln ls mkdir mkfifo mknod mktemp more mount \
 mv nc netstat nslookup od ping printenv printf ps pwd readlink realpath reset rm rmdir sed seq setsid sh sha256sum \
 sleep sort stat stty sync tail tar tee test timeout top touch tr true truncate tty udhcpc umount uname uniq unzip \
 vi watch wc wget which whoami xargs yes";

fn descriptor(media_type: &str, blob: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": digest(blob), "size": blob.len()})
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256_hex(bytes))
}

/// With padding.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// SHA-256 in lower-case hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("gzip into memory")
}

fn through(program: &str, bytes: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(program);
    let mut input = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(bytes).expect(program));
        child.wait_with_output().expect(program).stdout
    })
}

/// This machine's architecture in Go's words.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

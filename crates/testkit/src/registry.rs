//! Debian's `docker-registry` on a loopback port of the environment, and the few lines of push that filling it needs.

use std::net::TcpStream;
use std::path::{Path, PathBuf};

use base64::Engine as _;

use crate::env::TestEnv;
use crate::http::{Answer, Request};
use crate::image::{Image, sha256_hex};
use crate::process::Process;
use crate::tls::Authority;
use crate::wait::wait_until;

/// What a registry demands.
#[derive(Debug, Default)]
pub struct Auth<'a> {
    /// User and password (basic authentication).
    pub basic: Option<(&'a str, &'a str)>,
    /// Manifests can be deleted.
    pub deletes: bool,
    /// Speak TLS with a certificate of this authority.
    pub tls: Option<&'a Authority>,
    /// Of clients too.
    pub client_certificates: bool,
}

/// A running registry.
#[derive(Debug)]
pub struct Registry<'e> {
    env: &'e TestEnv,
    port: u16,
    _server: Process,
}

impl<'e> Registry<'e> {
    pub(crate) fn start(env: &'e TestEnv, port: u16) -> Self {
        Self::start_with(env, port, &Auth::default())
    }

    /// A registry with conditions. All registries of an environment share one storage, so that an open one can be
    /// filled and a closed one be read.
    #[must_use]
    pub fn start_with(env: &'e TestEnv, port: u16, auth: &Auth<'_>) -> Self {
        let settings = env.dir().join(format!("registry-{port}.yml"));
        env.write_at(&settings, configuration(env, port, auth).as_bytes());
        // Not into pipes, which nobody empties: a talkative version would stop.
        let log = env.dir().join(format!("registry-{port}.log"));
        let script = format!("exec docker-registry serve {} >{} 2>&1", settings.display(), log.display());
        let server = env.host_root("sh -c").arg(script).spawn();
        let registry = Self { env, port, _server: server };
        wait_until("docker-registry", || env.inside(|| TcpStream::connect(("127.0.0.1", port))).is_ok());
        registry
    }

    /// `127.0.0.1:PORT`, as it begins an image's name.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A proxy before it, on `port`, that refuses requests with more than `longest` bytes of content; what it is called.
    #[must_use]
    pub fn limited(&self, port: u16, longest: usize) -> String {
        crate::limit::start(self.env, (port, self.port), longest);
        format!("127.0.0.1:{port}")
    }

    /// Pushes an image; returns its manifest's digest.
    ///
    /// # Panics
    /// When the registry doesn't take it.
    #[track_caller]
    pub fn push(&self, name: &str, tag: &str, image: &Image) -> String {
        for blob in image.blobs() {
            self.push_blob(name, blob);
        }
        self.push_manifest(name, tag, image.manifest_type(), image.manifest())
    }

    /// Pushes an index and its images; returns the index's digest.
    #[track_caller]
    pub fn push_index(&self, name: &str, tag: &str, images: &[Image]) -> String {
        for image in images {
            let digest = format!("sha256:{}", sha256_hex(&image.manifest()));
            self.push(name, &digest, image);
        }
        let (media_type, index) = Image::index(images);
        self.push_manifest(name, tag, &media_type, index)
    }

    /// Pushes what is no image: any manifest and the blobs that it names.
    #[track_caller]
    pub fn push_parts<const N: usize>(
        &self,
        name: &str,
        tag: &str,
        media_type: &str,
        manifest: Vec<u8>,
        blobs: [Vec<u8>; N],
    ) {
        for blob in blobs {
            self.push_blob(name, blob);
        }
        self.push_manifest(name, tag, media_type, manifest);
    }

    #[track_caller]
    fn push_blob(&self, name: &str, blob: Vec<u8>) {
        let begun = self.send("POST", &format!("/v2/{name}/blobs/uploads/"), None, Vec::new());
        let location = begun.header("location").unwrap_or_else(|| panic!("no place to upload: {begun:?}"));
        let path = &location[location.find("/v2/").expect("a path")..];
        let separator = if path.contains('?') { '&' } else { '?' };
        let target = format!("{path}{separator}digest=sha256:{}", sha256_hex(&blob));
        let done = self.send("PUT", &target, Some("application/octet-stream"), blob);
        assert_eq!(done.status, 201, "{done:?}");
    }

    #[track_caller]
    fn push_manifest(&self, name: &str, tag: &str, media_type: &str, manifest: Vec<u8>) -> String {
        let digest = format!("sha256:{}", sha256_hex(&manifest));
        let done = self.send("PUT", &format!("/v2/{name}/manifests/{tag}"), Some(media_type), manifest);
        assert_eq!(done.status, 201, "{}", String::from_utf8_lossy(&done.body));
        digest
    }

    fn send(&self, method: &str, path: &str, content_type: Option<&str>, body: Vec<u8>) -> Answer {
        let headers = content_type.map(|kind| ("Content-Type".to_owned(), kind.to_owned())).into_iter().collect();
        let request = Request { method: method.to_owned(), path: path.to_owned(), headers, body };
        let port = self.port;
        let stream = self.env.inside(|| TcpStream::connect(("127.0.0.1", port))).expect("the registry listens");
        request.send(stream).expect("the registry answers")
    }
}

fn configuration(env: &TestEnv, port: u16, auth: &Auth<'_>) -> String {
    let storage = env.dir().join("registry");
    let mut text = format!(
        "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n",
        storage.display()
    );
    if auth.deletes {
        text = text.replace("storage:\n", "storage:\n  delete:\n    enabled: true\n");
    }
    if let Some(authority) = auth.tls {
        let (certificate, key) = authority.certify(env, "127.0.0.1");
        text += &format!("  tls:\n    certificate: {}\n    key: {}\n", certificate.display(), key.display());
        if auth.client_certificates {
            text += &format!("    clientcas:\n      - {}\n", authority.certificate().display());
        }
    }
    if let Some((user, password)) = auth.basic {
        let file = write_htpasswd(env, user, password);
        text += &format!("auth:\n  htpasswd:\n    realm: tests\n    path: {}\n", file.display());
    }
    text
}

/// The registry takes bcrypt only, and Debian's base has no program that makes it: a known hash of a known password.
fn write_htpasswd(env: &TestEnv, user: &str, password: &str) -> PathBuf {
    assert_eq!(password, PASSWORD, "there is a hash for one password only");
    let file = env.dir().join("htpasswd");
    env.write_at(&file, format!("{user}:{BCRYPT}\n").as_bytes());
    file
}

/// The password of [`Auth::basic`].
const PASSWORD: &str = "secret";
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

/// The text of an `auth.json` that knows one registry.
#[must_use]
pub fn auth_json(host: &str, user: &str, password: &str) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("{{\"auths\": {{\"{host}\": {{\"auth\": \"{encoded}\"}}}}}}")
}

/// Where the user's own `auth.json` lies below a home folder.
#[must_use]
pub fn auth_path(home: &Path) -> PathBuf {
    home.join(".config/containers/auth.json")
}

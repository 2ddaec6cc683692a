//! Images: from registries and archives into the store, and what can be asked about them.

use config::Environment;
use config::registries::Registries;
use oci::{Digest, Platform};
use std::path::PathBuf;
use store::Store;

/// When to ask the registry (`--pull`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PullPolicy {
    /// Only if it isn't in the store.
    #[default]
    Missing,
    /// Always, and fail if that fails.
    Always,
    /// Never.
    Never,
    /// Always, but go on with the stored one when the registry's is the same.
    Newer,
}

/// The files and settings image operations follow.
#[derive(Debug, Clone)]
pub struct Context {
    /// registries.conf, read when first needed.
    pub registries: Registries,
    /// Where credentials are looked for.
    pub environment: Environment,
    /// `--authfile`, else the usual search.
    pub authfile: Option<PathBuf>,
    /// `--creds user:password`.
    pub credentials: Option<(String, String)>,
    /// `--tls-verify`; `None`: as registries.conf says.
    pub tls_verify: Option<bool>,
    /// `--cert-dir`.
    pub cert_dir: Option<PathBuf>,
    /// Unqualified names may be asked for at the terminal.
    pub interactive: bool,
}

impl Context {
    /// What the files of `environment` say, with nothing said on the command line.
    pub fn new(environment: Environment) -> Context {
        let registries = Registries::of(environment.clone());
        Context {
            registries,
            environment,
            authfile: None,
            credentials: None,
            tls_verify: None,
            cert_dir: None,
            interactive: false,
        }
    }
}

/// Told what goes on; all methods are called from worker threads.
pub trait Progress: Sync {
    /// "Trying to pull …", "Getting image source signatures", ….
    fn line(&self, text: &str);
    /// A blob's transfer begins; the key is used below.
    fn begin(&self, blob: &Digest, size: u64);
    /// So many bytes more.
    fn advance(&self, blob: &Digest, bytes: u64);
    /// Whole and verified; `skipped` when it was there already.
    fn end(&self, blob: &Digest, skipped: bool);
}

/// Says nothing.
pub struct Quiet;

impl Progress for Quiet {
    fn line(&self, _: &str) {}
    fn begin(&self, _: &Digest, _: u64) {}
    fn advance(&self, _: &Digest, _: u64) {}
    fn end(&self, _: &Digest, _: bool) {}
}

/// An image ready for a container: its record and its configuration.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The store's record.
    pub image: store::Image,
    /// The parsed configuration blob.
    pub config: oci::image::ImageConfig,
    /// The name that was meant, fully qualified (`docker.io/library/alpine:latest`), or the id.
    pub name: String,
}

/// Failure of an image operation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such image here.
    #[error("{name}: image not known")]
    NotKnown {
        /// As typed.
        name: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What `load` found.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Fully qualified names, possibly none.
    pub names: Vec<String>,
    /// Image id.
    pub id: Digest,
}

/// Where `load` reads.
pub enum Input<'a> {
    /// A file (or an oci-layout folder).
    Path(PathBuf),
    /// Standard input.
    Stream(&'a mut (dyn std::io::Read + Send)),
}

/// Finds an image in the store by name (short names tried as Podman does: `localhost/`, then the search registries), id or id prefix.
pub fn find(_store: &Store, _context: &Context, _name: &str) -> Result<Resolved, Error> {
    todo!()
}
/// Finds or pulls, as `policy` says. `hello` is in the binary and needs no network when no such image is stored.
pub fn resolve(
    _store: &Store,
    _context: &Context,
    _name: &str,
    _policy: PullPolicy,
    _platform: Option<&Platform>,
    _progress: &dyn Progress,
) -> Result<Resolved, Error> {
    todo!()
}
/// Pulls one image by whatever name the user typed (`docker://` prefix, docker-archive:, oci-archive:, oci: too).
pub fn pull(
    _store: &Store,
    _context: &Context,
    _name: &str,
    _platform: Option<&Platform>,
    _progress: &dyn Progress,
) -> Result<Resolved, Error> {
    todo!()
}
/// Pushes a stored image.
pub fn push(
    _store: &Store,
    _context: &Context,
    _image: &str,
    _destination: &str,
    _progress: &dyn Progress,
) -> Result<Digest, Error> {
    todo!()
}
/// Loads docker-archive or oci-archive, plain or compressed.
pub fn load(_store: &Store, _input: Input<'_>, _progress: &dyn Progress) -> Result<Vec<Loaded>, Error> {
    todo!()
}

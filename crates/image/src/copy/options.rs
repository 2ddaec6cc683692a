//! What a copy is told, and where trust and encryption take part in it.

use crate::compress::Algorithm;
use crate::signature::Signature;
use crate::sink::{Format, Layers};
use crate::source::{Fetched, Source};
use crate::{Error, Location, Progress};
use oci::Platform;
use oci::image::Descriptor;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex};
use store::Store;

/// How to copy.
pub struct Options<'a> {
    /// Which image of an index, and a warning if the image is for another; `None`: this machine's, without a warning.
    pub platform: Option<Platform>,
    /// What of an index is copied.
    pub instances: Instances,
    /// Which images of an index are copied, if these are chosen.
    pub platforms: Vec<Platform>,
    /// Layers at a time; `None`: what suits this machine.
    pub parallel: Option<usize>,
    /// The manifest's format; `None`: as it is, if the sink takes that.
    pub format: Option<Format>,
    /// What becomes of layers, instead of what the sink usually wants.
    pub layers: Option<Layers>,
    /// How layers are compressed.
    pub compression: Option<Algorithm>,
    /// The algorithm's level.
    pub level: Option<i32>,
    /// How often an upload is begun anew that broke off.
    pub retry: registry::Retry,
    /// What is there with another compression isn't good enough.
    pub force_compression: bool,
    /// Algorithms of which an index shall have a variant of each image, too.
    pub add_compression: Vec<Algorithm>,
    /// Fail rather than write another manifest.
    pub preserve_digests: bool,
    /// Signatures stay behind.
    pub remove_signatures: bool,
    /// Trust and encryption.
    pub hooks: Hooks<'a>,
    /// Where it is remembered which blobs a layer has been, and in which repositories.
    pub memory: Option<&'a Store>,
    /// Who is told.
    pub progress: &'a dyn Progress,
}

impl<'a> Options<'a> {
    /// As little change as possible.
    pub fn new(progress: &'a dyn Progress) -> Options<'a> {
        Options {
            platform: None,
            instances: Instances::Suiting,
            platforms: Vec::new(),
            parallel: None,
            format: None,
            layers: None,
            compression: None,
            level: None,
            retry: registry::Retry::default(),
            force_compression: false,
            add_compression: Vec::new(),
            preserve_digests: false,
            remove_signatures: false,
            hooks: Hooks::default(),
            memory: None,
            progress,
        }
    }

    /// The same once more.
    pub fn again(&self) -> Options<'a> {
        Options {
            platform: self.platform.clone(),
            platforms: self.platforms.clone(),
            add_compression: self.add_compression.clone(),
            ..*self
        }
    }
}

/// What of an index is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instances {
    /// The image that suits the platform; no index is written.
    Suiting,
    /// All images and the index.
    All,
    /// The images for some platforms, and an index of them.
    Chosen,
    /// The index alone.
    IndexOnly,
}

/// Trust and encryption. All are called before anything of the image is stored, or as its layers pass.
#[derive(Default, Clone, Copy)]
pub struct Hooks<'a> {
    /// Whether the image may be copied at all.
    pub gate: Option<&'a dyn Gate>,
    /// Signatures made for what is written.
    pub signers: &'a [&'a dyn Sign],
    /// Opens encrypted layers.
    pub decrypt: Option<&'a dyn LayerCipher>,
    /// Encrypts layers.
    pub encrypt: Option<&'a dyn LayerCipher>,
}

/// Decides on an image or index before anything of it is stored.
pub trait Gate: Sync {
    /// Whether signatures have to be looked for.
    fn needs_signatures(&self, source: &dyn Source) -> Result<bool, Error>;
    /// An error says why not. The source's location says what was asked for.
    fn allow(&self, source: &dyn Source, manifest: &Fetched, signatures: &[Signature]) -> Result<(), Error>;
}

/// Makes a signature.
pub trait Sign: Sync {
    /// Of a manifest as it is written to `sink`.
    fn sign(&self, manifest: &Fetched, sink: &Location) -> Result<Signature, Error>;
}

/// Content on its way.
pub type Reader<'a> = Box<dyn Read + Send + 'a>;

/// Encrypts or decrypts layers as they pass.
pub trait LayerCipher: Sync {
    /// Whether it concerns this layer.
    fn concerns(&self, layer: &Descriptor, index: usize, count: usize) -> Result<bool, Error>;
    /// The other content, with the other media type.
    fn pass<'a>(&self, layer: &Descriptor, content: Reader<'a>) -> Result<Sealed<'a>, Error>;
}

/// What comes out of a cipher.
pub struct Sealed<'a> {
    /// Read to its end, it has filled in the annotations.
    pub content: Reader<'a>,
    /// Of the content.
    pub media_type: String,
    /// Instead of the layer's.
    pub annotations: Arc<Mutex<BTreeMap<String, String>>>,
}

//! What can go wrong with images.

use oci::{Digest, Platform};
use std::io;

/// Failure of an image operation. `what` names the thing: a reference, an archive, a blob.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such image here.
    #[error("{name}: image not known")]
    NotKnown {
        /// As typed.
        name: String,
    },
    /// No such image in an archive or a layout.
    #[error("{archive}: no image in it is called `{name}`")]
    NotThere {
        /// The archive.
        archive: String,
        /// As typed.
        name: String,
    },
    /// A list where an image is meant, and the list has none here that suits.
    #[error("{list}: the manifest list has no image for {wanted} in local storage: image not known")]
    NoInstance {
        /// Name of the list.
        list: String,
        /// What was looked for.
        wanted: Box<Platform>,
    },
    /// An image where a list is meant.
    #[error("{name}: image is not a manifest list")]
    NoList {
        /// Its name.
        name: String,
    },
    /// A name that another file of the artifact has.
    #[error("{title}: file already exists in artifact")]
    TitleTaken {
        /// The name.
        title: String,
    },
    /// Several files that shall all be called the same.
    #[error("duplicate layers org.opencontainers.image.title labels within an artifact not allowed")]
    OneTitle,
    /// More files than a manifest may name.
    #[error("the artifact would have {count} files, more than the {limit} that are allowed")]
    TooManyFiles {
        /// How many.
        count: usize,
        /// How many may be.
        limit: usize,
    },
    /// Neither here nor there.
    #[error("locating image to add to manifest list: {local}; {location}")]
    Located {
        /// Where else it was looked for.
        location: String,
        /// Why it isn't here.
        local: String,
        /// Why it isn't there.
        #[source]
        source: Box<Error>,
    },
    /// A tar that can't become a layer.
    #[error("import {what}")]
    Import {
        /// Where it is.
        what: String,
        /// Why not.
        #[source]
        source: store::Error,
    },
    /// An ID prefix that fits several.
    #[error("{name}: is the beginning of {count} image IDs; give more digits")]
    Ambiguous {
        /// As typed.
        name: String,
        /// How many it fits.
        count: usize,
    },
    /// Not a name.
    #[error(transparent)]
    Reference(#[from] oci::reference::InvalidReference),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The registry failed, or lied.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// registries.conf.
    #[error(transparent)]
    Registries(#[from] config::registries::Error),
    /// policy.json.
    #[error("Error loading trust policy")]
    Policy(#[from] config::policy::Error),
    /// registries.d.
    #[error(transparent)]
    RegistriesD(#[from] config::registries_d::Error),
    /// The policy doesn't accept it.
    #[error("Source image rejected: {why}")]
    Rejected {
        /// `transport:name`.
        image: String,
        /// Which requirement isn't met.
        why: String,
    },
    /// Making, reading or storing a signature.
    #[error("{what}: {why}")]
    Signature {
        /// What was tried, with the name.
        what: String,
        /// Why it failed.
        why: String,
    },
    /// Sealing or opening a layer.
    #[error("{what}: {why}")]
    Encryption {
        /// What was tried, with the layer.
        what: String,
        /// Why it failed.
        why: String,
    },
    /// Credentials.
    #[error(transparent)]
    Auth(#[from] config::auth::Error),
    /// No registry to look in.
    #[error(
        "short-name \"{name}\" did not resolve to an alias and no unqualified-search registries are defined in \"{file}\""
    )]
    NoSearchRegistries {
        /// As typed.
        name: String,
        /// Where they would be defined.
        file: String,
    },
    /// `short-name-mode = "enforcing"`.
    #[error(
        "short-name resolution enforced but cannot prompt without a TTY: \"{name}\" could mean {candidates}; give the full name"
    )]
    Enforced {
        /// As typed.
        name: String,
        /// What it could mean.
        candidates: String,
    },
    /// No registry of several had it.
    #[error("{name}: {}", failures.join("; "))]
    AllFailed {
        /// As typed.
        name: String,
        /// One text a registry.
        failures: Vec<String>,
    },
    /// A manifest or index that isn't one.
    #[error("manifest of {what}")]
    Manifest {
        /// Whose.
        what: String,
        /// Why.
        #[source]
        source: oci::image::manifest::InvalidManifest,
    },
    /// A configuration that isn't one, or doesn't fit its manifest.
    #[error("{what}")]
    Config {
        /// Whose.
        what: String,
        /// Why.
        #[source]
        source: oci::image::config::InvalidConfig,
    },
    /// An index without an image for this machine.
    #[error("{what}: no image found in image index for platform {wanted}; there is {offered}")]
    NoPlatform {
        /// Whose index.
        what: String,
        /// What was looked for.
        wanted: Box<Platform>,
        /// What it has.
        offered: String,
    },
    /// Indexes in indexes in indexes.
    #[error("{what}: more than {limit} image indexes lie within one another")]
    TooDeep {
        /// Whose.
        what: String,
        /// How many may.
        limit: usize,
    },
    /// Content that can't be part of an image.
    #[error("{what} has media type `{found}`, which is no {wanted}")]
    MediaType {
        /// Which part.
        what: String,
        /// What it claims to be.
        found: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// Content with another digest than its descriptor says.
    #[error("{what}: the content has digest {found}, expected {expected}")]
    WrongDigest {
        /// Which part.
        what: String,
        /// By the descriptor.
        expected: Digest,
        /// Computed.
        found: Digest,
    },
    /// Content of another size than its descriptor says.
    #[error("{what}: the content has {found} bytes, expected {expected}")]
    WrongSize {
        /// Which part.
        what: String,
        /// By the descriptor.
        expected: u64,
        /// Read, at least.
        found: u64,
    },
    /// A descriptor of something that would be too large to be read.
    #[error("{what} claims to have {size} bytes, more than the {limit} that are allowed")]
    TooLarge {
        /// Which part.
        what: String,
        /// By the descriptor.
        size: u64,
        /// How many may be.
        limit: u64,
    },
    /// A layer could not be applied.
    #[error("layer {digest}")]
    Layer {
        /// Of the blob.
        digest: Digest,
        /// Why.
        #[source]
        source: store::Error,
    },
    /// A pull failed after its manifest was there.
    #[error("pull {image}")]
    Pull {
        /// Fully qualified.
        image: String,
        /// The blob and why.
        #[source]
        source: Box<Error>,
    },
    /// A file or stream.
    #[error("{what}")]
    Io {
        /// What was tried, with the path.
        what: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// An archive or folder that isn't an image.
    #[error("{archive}: {why}")]
    Archive {
        /// Path, or `standard input`.
        archive: String,
        /// What is wrong with it.
        why: String,
    },
    /// `foo:` that isn't a way to reach images, or not written as it must be.
    #[error(transparent)]
    Location(#[from] crate::location::InvalidLocation),
    /// A transport that can't be that.
    #[error("transport `{transport}:` can't be {what}")]
    Direction {
        /// Its word.
        transport: &'static str,
        /// `a source`, `a destination`.
        what: &'static str,
    },
    /// Signatures would be lost.
    #[error("{sink} can't hold signatures; give --remove-signatures to leave them behind")]
    NoSignatures {
        /// Where.
        sink: String,
    },
    /// An index has no place there.
    #[error("{sink} does not support copying multiple images as a group: it holds single images only")]
    NoIndexes {
        /// Where.
        sink: String,
    },
    /// A manifest of that format can't be written.
    #[error("{sink}: the image can't be written in the format {format}: {why}")]
    Format {
        /// Where.
        sink: String,
        /// Which.
        format: &'static str,
        /// Why.
        why: &'static str,
    },
    /// The digest was to be kept.
    #[error("{what}: the digest can't be kept: {why}")]
    Changed {
        /// Image or layer.
        what: String,
        /// What would have to change.
        why: &'static str,
    },
    /// A compression of another name.
    #[error("unknown compression `{name}`: there are gzip, zstd and zstd:chunked")]
    Algorithm {
        /// As typed.
        name: String,
    },
    /// A compression's level that it hasn't got.
    #[error("compression level {level} is not between {least} and {most}")]
    Level {
        /// As typed.
        level: i32,
        /// The lowest.
        least: i32,
        /// The highest.
        most: i32,
    },
    /// Content ended before it was known to be right.
    #[error("{what}: its content was not verified to the end")]
    Unverified {
        /// Which part.
        what: String,
    },
    /// A path without an image, or the like.
    #[error("`{name}`: {why}")]
    Name {
        /// As typed.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Another layer failed first.
    #[error("stopped because another layer failed")]
    Stopped,
}

impl Error {
    /// Whether it says that the image isn't where it was looked for.
    pub fn is_missing(&self) -> bool {
        matches!(
            self,
            Error::NotKnown { .. } | Error::NotThere { .. } | Error::Registry(registry::Error::NotFound { .. })
        )
    }

    /// Whether a registry says that it hasn't got what was to be pulled. Of one that couldn't be asked nothing is known.
    pub fn is_gone(&self) -> bool {
        match self {
            Error::Pull { source, .. } => source.is_gone(),
            Error::Registry(registry::Error::NotFound { .. }) => true,
            _ => false,
        }
    }

    /// Another try may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Error::Registry(e) if e.is_transient())
    }

    /// See [`registry::Error::is_about_place`].
    pub(crate) fn is_about_place(&self) -> bool {
        matches!(self, Error::Registry(e) if e.is_about_place())
    }

    /// Adds what was tried to an I/O error; one of ours that is inside comes out as itself.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        move |source| match carried(source) {
            Ok(ours) => ours,
            Err(source) => Error::Io { what: what.into(), source },
        }
    }

    /// A layer's failure; when the stream failed for a reason of ours, that reason.
    pub(crate) fn layer(digest: &Digest, source: store::Error) -> Error {
        let source = match source {
            store::Error::Stream(io) => match carried(io) {
                Ok(ours) => return ours,
                Err(io) => store::Error::Stream(io),
            },
            other => other,
        };
        Error::Layer { digest: digest.clone(), source }
    }

    /// To pass through a [`std::io::Read`].
    pub(crate) fn carry(self) -> io::Error {
        io::Error::other(self)
    }
}

/// Whether an I/O error carries one of ours.
pub(crate) fn is_carried(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Error>() || inner.is::<registry::Error>())
}

/// The error of ours that an I/O error carries.
fn carried(error: io::Error) -> Result<Error, io::Error> {
    if !is_carried(&error) {
        return Err(error);
    }
    let kind = error.kind();
    let Some(inner) = error.into_inner() else { return Err(kind.into()) };
    match inner.downcast::<Error>() {
        Ok(ours) => Ok(*ours),
        Err(inner) => match inner.downcast::<registry::Error>() {
            Ok(registry) => Ok(Error::Registry(*registry)),
            Err(other) => Err(io::Error::other(other)),
        },
    }
}

/// A hostile name for an error message: no control characters, no endless text.
pub(crate) fn printable(name: &str) -> String {
    const LONGEST: usize = 160;
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut short: String = name.chars().take(LONGEST).map(clean).collect();
    if name.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

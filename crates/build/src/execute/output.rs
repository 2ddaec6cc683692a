//! What is written of a result beside what the store keeps: its files, or the image to another place.

use super::{Built, Request};
use crate::error::{Error, chain};
use engine::Engine;
use engine::build::{FilesOf, Times};
use image::{Algorithm, Destination, Format, Instances, Layers, Location, Options};
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

/// `--output`
#[derive(Debug)]
pub enum Output {
    /// All files, into this folder.
    Folder(PathBuf),
    /// All files, as a tar.
    Tar(Place),
    /// The image.
    Image(Box<ImageOutput>),
}

/// Where a stream goes.
#[derive(Debug)]
pub enum Place {
    /// A file, which is replaced.
    File(PathBuf),
    /// Something open.
    Stream(File),
}

/// An image's way elsewhere.
#[derive(Debug)]
pub struct ImageOutput {
    /// Where to.
    pub to: To,
    /// Of its layers; else what is usual there.
    pub compression: Option<Algorithm>,
    /// What becomes of them otherwise, if not what is usual there.
    pub layers: Option<Layers>,
    /// The algorithm's.
    pub level: Option<i32>,
    /// Of its manifest; else as it was built.
    pub format: Option<Format>,
    /// The registry need not be known.
    pub insecure: bool,
}

/// Where an image goes.
#[derive(Debug)]
pub enum To {
    /// A registry, a folder: one after the other.
    Locations(Vec<Location>),
    /// An archive.
    Archive {
        /// Docker's, not OCI's.
        docker: bool,
        /// The file.
        place: Place,
        /// What the image is called in it.
        names: Vec<String>,
    },
}

/// Writes all of them, in their order.
pub(super) fn write(
    (engine, request): (&Engine, &Request<'_>),
    built: &Built,
    warn: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    for output in &request.outputs {
        let written = match output {
            Output::Folder(place) => folder((engine, request), built, place, warn),
            Output::Tar(place) => into(place, |file| tar((engine, request), built, file)),
            Output::Image(output) => image((engine, request), built, output),
        };
        written.map_err(|error| Error::Output(chain(&error)))?;
    }
    Ok(())
}

/// Several platforms get a folder each.
fn prefixes(built: &Built) -> Vec<String> {
    let name = |platform: &oci::Platform| platform.to_string().replace('/', "_");
    match &built.images[..] {
        [_] => vec![String::new()],
        several => several.iter().map(|image| name(&image.platform)).collect(),
    }
}

/// Files are as old as is asked for, not just at most.
fn times(request: &Request<'_>) -> Times {
    request.result.epoch.map_or(Times::Own, Times::Exactly)
}

fn folder(
    (engine, request): (&Engine, &Request<'_>),
    built: &Built,
    place: &Path,
    warn: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    for (image, prefix) in built.images.iter().zip(prefixes(built)) {
        let place = if prefix.is_empty() { place.to_owned() } else { place.join(prefix) };
        engine::build::export_folder(engine, &image.layers, times(request), &place, warn)?;
    }
    Ok(())
}

fn tar((engine, request): (&Engine, &Request<'_>), built: &Built, mut file: &File) -> Result<(), Error> {
    let prefixes = prefixes(built);
    let parts = built.images.iter().zip(&prefixes);
    let parts: Vec<FilesOf<'_>> = parts.map(|(image, prefix)| FilesOf { prefix, layers: &image.layers }).collect();
    Ok(engine::build::export_tar(engine, &parts, times(request), &mut file)?)
}

fn image((engine, request): (&Engine, &Request<'_>), built: &Built, output: &ImageOutput) -> Result<(), Error> {
    match &output.to {
        To::Locations(locations) => {
            locations.iter().try_for_each(|location| copy((engine, request), built, output, Destination::At(location)))
        }
        To::Archive { docker, place, names } => {
            fn archive<'a>(docker: bool, names: &'a [String], output: image::Output<'a>) -> Destination<'a> {
                Destination::Archive { docker, output, names }
            }
            match place {
                Place::File(path) => replacing(path, |path| {
                    copy((engine, request), built, output, archive(*docker, names, image::Output::Path(path)))
                }),
                Place::Stream(file) => {
                    copy((engine, request), built, output, archive(*docker, names, image::Output::Stream(file)))
                }
            }
        }
    }
}

fn copy(
    (engine, request): (&Engine, &Request<'_>),
    built: &Built,
    output: &ImageOutput,
    destination: Destination<'_>,
) -> Result<(), Error> {
    let mut registry = request.images.registry.clone();
    if output.insecure {
        registry.tls_verify = Some(false);
    }
    let usual = Options::new(request.images.progress);
    let options = Options {
        instances: Instances::All,
        compression: output.compression,
        level: output.level,
        layers: output.layers,
        force_compression: output.compression.is_some(),
        format: output.format,
        retry: registry.retry.unwrap_or(usual.retry),
        ..usual
    };
    let id = built.id().ok_or_else(|| Error::Missing("the image is not stored".to_owned()))?;
    engine::image::push(engine, id.hex(), destination, &registry, &options)?;
    Ok(())
}

/// With the file made, or the stream, to be written to.
fn into(place: &Place, write: impl FnOnce(&File) -> Result<(), Error>) -> Result<(), Error> {
    match place {
        Place::Stream(file) => write(file),
        Place::File(path) => replacing(path, |beside| {
            let failed = Error::io(format!("create {}", beside.display()));
            File::options()
                .write(true)
                .create(true)
                .truncate(true)
                .open(beside)
                .map_err(failed)
                .and_then(|file| write(&file))
        }),
    }
}

/// Has a file written beside `path`, which takes its place when it is whole. What isn't a plain file (a pipe, a device) is written
/// to as it is; a link is followed.
fn replacing(path: &Path, write: impl FnOnce(&Path) -> Result<(), Error>) -> Result<(), Error> {
    let failed = |error| Error::io(format!("write {}", path.display()))(error);
    let path = match std::fs::canonicalize(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => path.to_owned(),
        real => real.map_err(failed)?,
    };
    match std::fs::metadata(&path) {
        Ok(there) if there.is_dir() => return Err(failed(std::io::ErrorKind::IsADirectory.into())),
        Ok(there) if !there.is_file() => return write(&path),
        _ => {}
    }
    let mut beside = OsString::from(".");
    beside.push(path.file_name().unwrap_or_default());
    beside.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(beside);
    let written = write(&beside).and_then(|()| std::fs::rename(&beside, &path).map_err(failed));
    if written.is_err() {
        // If it stays, that is the lesser evil.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

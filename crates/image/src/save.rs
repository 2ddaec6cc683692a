//! `save`: stored images to an archive or a folder.

use crate::copy::{Options, copy};
use crate::location::Pick;
use crate::sink::{Format, Layers, Sink};
use crate::transport::{DirSink, DockerArchiveSink, LayoutArchiveSink, LayoutSink, Output, StoreSource};
use crate::{Context, Error, Progress, Resolved, find};
use oci::reference::Name;
use std::path::Path;
use store::Store;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveFormat {
    /// What `docker load` reads.
    DockerArchive,
    /// An OCI layout in a tar file.
    OciArchive,
    /// An OCI layout.
    OciDir,
    /// `dir:` with Docker's manifest.
    DockerDir,
}

/// How images are saved.
#[derive(Debug, Clone, Copy)]
pub struct Saving<'a> {
    /// What is written.
    pub format: SaveFormat,
    /// Where to; folders by path only.
    pub output: Output<'a>,
    /// All names are images; else the first is, and the others are more names for it.
    pub several: bool,
    /// What becomes of layers, instead of what the format usually has.
    pub layers: Option<Layers>,
}

/// Saves the images; nothing is written if one isn't there.
pub fn save(
    store: &Store,
    context: &Context,
    names: &[String],
    saving: &Saving<'_>,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let options = Options { remove_signatures: true, layers: saving.layers, ..Options::new(progress) };
    let images = images(store, context, names, saving.several)?;
    if saving.format == SaveFormat::DockerArchive {
        return docker_archive(store, images, saving.output, &options);
    }
    for (image, names) in images {
        let name = names.first().cloned().map(Pick::Name);
        let (sink, format): (Box<dyn Sink + '_>, Format) = match saving.format {
            SaveFormat::OciArchive => {
                (Box::new(LayoutArchiveSink::create(store, saving.output, name.as_ref())?), Format::Oci)
            }
            SaveFormat::OciDir => (Box::new(LayoutSink::create(folder(saving)?, name.as_ref(), None)?), Format::Oci),
            _ => (Box::new(DirSink::create(folder(saving)?)?), Format::Docker),
        };
        let options = Options { format: Some(format), ..options.again() };
        copy(&StoreSource::of(store, image), sink.as_ref(), &options)?;
    }
    Ok(())
}

fn folder<'a>(saving: &Saving<'a>) -> Result<&'a Path, Error> {
    match saving.output {
        Output::Path(path) => Ok(path),
        Output::Stream(_) => {
            Err(Error::Direction { transport: "dir", what: "written to a stream: give a path for the folder" })
        }
    }
}

/// Each image once, with the names that it has in the archive. One that was given by its ID has none.
fn images(
    store: &Store,
    context: &Context,
    names: &[String],
    several: bool,
) -> Result<Vec<(Resolved, Vec<String>)>, Error> {
    let mut images: Vec<(Resolved, Vec<String>)> = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if at > 0 && !several {
            let more: Name = name.parse()?;
            images[0].1.push(more.in_registry("localhost").with_default_tag().to_string());
            continue;
        }
        let image = find(store, context, name)?;
        let own = (image.name != image.image.id.hex()).then(|| image.name.clone()).filter(|name| !name.contains('@'));
        match images.iter_mut().find(|(known, _)| known.image.id == image.image.id) {
            Some((_, names)) => names.extend(own),
            None => images.push((image, own.into_iter().collect())),
        }
    }
    Ok(images)
}

fn docker_archive(
    store: &Store,
    images: Vec<(Resolved, Vec<String>)>,
    output: Output<'_>,
    options: &Options<'_>,
) -> Result<(), Error> {
    let sink = DockerArchiveSink::create_for_several(store, output)?;
    for (image, names) in images {
        sink.next(names);
        copy(&StoreSource::of(store, image), &sink, options)?;
    }
    sink.close()
}

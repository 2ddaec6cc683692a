//! `import`.

use super::full_name;
use crate::{Engine, Error};
use ::image::Progress;
use oci::Platform;
use oci::image::config::ContainerConfig;
use std::fs::File;
use std::io::Read;

/// Where the tar is.
pub enum Tar<'a> {
    /// A file.
    File(&'a str),
    /// An `http://` or `https://` address.
    Url(&'a str),
    /// Standard input.
    Stream(&'a mut (dyn Read + Send)),
}

/// What the image says beside its files.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// `--change`.
    pub config: ContainerConfig,
    /// `--os`, `--arch`, `--variant`.
    pub platform: Platform,
    /// `--message`.
    pub message: String,
    /// A name without registry is one of `localhost`.
    pub name: Option<String>,
}

/// Makes an image of a tar; its id.
pub fn import(
    engine: &Engine,
    tar: Tar<'_>,
    options: ImportOptions,
    progress: &dyn Progress,
) -> Result<oci::Digest, Error> {
    let import = ::image::Import {
        config: options.config,
        platform: options.platform,
        message: options.message,
        created: jiff::Timestamp::now().to_string(),
        name: options.name.as_deref().map(full_name).transpose()?,
    };
    let store = engine.store();
    Ok(match tar {
        Tar::File(path) => {
            let mut file = File::open(path).map_err(|error| Error::io("open", path, error))?;
            ::image::import(store, &mut file, path, &import, progress)?
        }
        Tar::Url(url) => ::image::import(store, &mut *::image::download(url)?, url, &import, progress)?,
        Tar::Stream(stream) => ::image::import(store, stream, "standard input", &import, progress)?,
    })
}

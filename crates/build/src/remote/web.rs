//! What an http server has.

use crate::error::Error;
use oci::Digest;
use sha2::Digest as _;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// The content of an address as it arrives.
pub fn open(url: &str) -> Result<Box<dyn Read + Send>, Error> {
    image::download(url).map_err(|error| Error::from(engine::Error::from(error)))
}

/// Writes it into a new file; its digest.
pub fn download_to(path: &Path, url: &str) -> Result<(File, Digest), Error> {
    let failed = || Error::io(format!("fetch {url}"));
    let mut file = File::options().read(true).write(true).create_new(true).open(path).map_err(failed())?;
    let mut body = open(url)?;
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 128 << 10];
    loop {
        let count = body.read(&mut buffer).map_err(failed())?;
        if count == 0 {
            return Ok((file, Digest::from_sha256(hasher.finalize().into())));
        }
        hasher.update(&buffer[..count]);
        file.write_all(&buffer[..count]).map_err(failed())?;
    }
}

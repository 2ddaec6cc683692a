//! Archives that are unpacked to be copied from: as carefully as layers are.

use crate::{Engine, Error};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// An archive's files, until it is dropped.
pub struct Unpacked<'e>(store::LayerWriter<'e>);

/// The longest tar, in bytes: far above any, far below what never ends.
const LONGEST: u64 = 1 << 40;

impl<'e> Unpacked<'e> {
    /// Unpacks a tar, compressed or not; `None` if it is none. `what` names it in messages.
    pub fn new(engine: &'e Engine, file: File, what: &str) -> Result<Option<Unpacked<'e>>, Error> {
        let Some(mut tar) = ::image::archive(file, what)? else { return Ok(None) };
        Unpacked::stream(engine, &mut tar).map(Some)
    }

    /// Unpacks a plain tar as it is read.
    pub fn stream(engine: &'e Engine, tar: &mut dyn Read) -> Result<Unpacked<'e>, Error> {
        let mut writer = engine.store().begin_layer()?;
        writer.apply(tar, LONGEST)?;
        Ok(Unpacked(writer))
    }

    /// Where they are.
    pub fn path(&self) -> PathBuf {
        self.0.files()
    }
}

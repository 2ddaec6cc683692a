//! Volumes' data: `volumes/<name>/_data`. Their definitions are in the engine's database.

use crate::error::{At, Error};
use crate::location::{Store, check_folder_name, make_dir};
use rustix::fs::Mode;
use std::path::PathBuf;

impl Store {
    /// `volumes/<name>/_data`, made when missing.
    pub fn create_volume_dir(&self, name: &str) -> Result<PathBuf, Error> {
        check_folder_name(name)?;
        let folder = self.volume_path(name);
        let data = folder.join("_data");
        make_dir(&folder)?;
        match rustix::fs::mkdir(&data, Mode::from_raw_mode(0o755)) {
            Err(rustix::io::Errno::EXIST) => return Ok(data),
            result => result.at("create volume folder", &data)?,
        }
        // Not left to mkdir: the umask may be tight, and other users of the container must get in.
        rustix::fs::chmod(&data, Mode::from_raw_mode(0o755)).at("change mode of", &data)?;
        Ok(data)
    }

    /// Moves it into the trash.
    pub fn remove_volume_dir(&self, name: &str) -> Result<(), Error> {
        check_folder_name(name)?;
        self.discard(&self.volume_path(name))
    }
}

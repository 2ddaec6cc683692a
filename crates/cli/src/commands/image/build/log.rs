//! `--logfile` and `--logsplit`: what a build tells goes to files.

use crate::error::Failure;
use crate::syntax::matches::Matches;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

/// The file, or one for each platform, opened when there is something to tell.
pub(super) struct Log {
    path: String,
    split: bool,
    files: RefCell<BTreeMap<String, File>>,
}

impl Log {
    pub(super) fn wanted(matches: &Matches) -> Result<Option<Log>, Failure> {
        let split = matches.bool("logsplit");
        match matches.text("logfile") {
            None if split => Err(Failure::new("--logsplit needs --logfile FILE")),
            None => Ok(None),
            Some(path) => {
                let log = Log { path: path.to_owned(), split, files: RefCell::default() };
                log.write(None, b"")?;
                Ok(Some(log))
            }
        }
    }

    /// Of a platform, if there are several.
    pub(super) fn write(&self, platform: Option<&str>, bytes: &[u8]) -> Result<(), Failure> {
        let path = match platform.filter(|_| self.split) {
            Some(platform) => format!("{}_{}", self.path, platform.replace('/', "_")),
            None => self.path.clone(),
        };
        let failed = |error| Failure::new(format!("write log file {path}: {error}"));
        let mut files = self.files.borrow_mut();
        if !files.contains_key(&path) {
            let file = File::options().append(true).create(true).mode(0o600).open(&path).map_err(failed)?;
            files.insert(path.clone(), file);
        }
        files.get_mut(&path).map_or(Ok(()), |file| file.write_all(bytes)).map_err(failed)
    }
}

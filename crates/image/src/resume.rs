//! Reading a blob whose beginning may be here already: what comes is kept beside until all of it is there, so that a pull
//! that was killed goes on where it was.
//!
//! The digest is over all bytes, those from the file included; the reader's reader compares it.

use crate::Error;
use std::io::{self, Read};
use store::Partial;

/// What is smaller, in bytes, is fetched again.
pub(crate) const SMALLEST: u64 = 1 << 20;

/// Opens a blob from some byte on.
type Open<'a> = Box<dyn Fn(u64) -> Result<Box<dyn Read + Send + 'a>, Error> + Send + 'a>;

/// See the module.
pub(crate) struct Resumed<'a> {
    /// `None` once it is of no use any more.
    kept: Option<Partial>,
    /// Bytes that are still to be read from the file.
    left: u64,
    /// `None` while the file is read.
    rest: Option<Box<dyn Read + Send + 'a>>,
    open: Open<'a>,
    at: u64,
    size: u64,
}

impl<'a> Resumed<'a> {
    /// `size` is the whole blob's.
    pub(crate) fn new(mut kept: Partial, size: u64, open: Open<'a>) -> Result<Resumed<'a>, Error> {
        if kept.length() > size {
            kept.clear().map_err(Error::io("clear the beginning of a blob"))?;
        }
        let left = kept.length();
        let mut resumed = Resumed { kept: Some(kept), left, rest: None, open, at: 0, size };
        // Asked for now, so that nothing is read from the file that can't be gone on with.
        if left < size {
            resumed.rest = match (resumed.open)(left) {
                Err(error) if left > 0 && error.is_about_place() => {
                    log::info!("{error}; the blob is fetched from its beginning");
                    resumed.forget()?;
                    Some((resumed.open)(0)?)
                }
                rest => Some(rest?),
            };
        }
        Ok(resumed)
    }

    /// Whether a part of it comes from an earlier transfer.
    pub(crate) fn is_resumed(&self) -> bool {
        self.left > 0
    }

    fn forget(&mut self) -> Result<(), Error> {
        self.left = 0;
        self.kept.as_mut().map_or(Ok(()), Partial::clear).map_err(Error::io("clear the beginning of a blob"))
    }

    fn keep(&mut self, bytes: &[u8]) {
        if let Some(kept) = &mut self.kept
            && let Err(error) = kept.append(bytes)
        {
            log::info!("keep the beginning of a blob: {error}");
            self.done();
        }
    }

    fn done(&mut self) {
        if let Some(kept) = self.kept.take() {
            kept.remove();
        }
    }
}

impl Read for Resumed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let (true, Some(kept)) = (self.left > 0, &mut self.kept) {
            let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            let count = kept.read(&mut buffer[..most])?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.left -= count as u64;
            self.at += count as u64;
            return Ok(count);
        }
        let count = match &mut self.rest {
            Some(rest) => rest.read(buffer)?,
            None => 0,
        };
        self.at += count as u64;
        match count {
            0 if buffer.is_empty() => {}
            0 => self.done(),
            _ => self.keep(&buffer[..count]),
        }
        if self.at == self.size {
            self.done();
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci::Digest;

    fn refused(status: u16) -> Error {
        let by = "r".to_owned();
        registry::Error::Status { what: String::new(), by, status, message: String::new() }.into()
    }

    /// How many bytes are kept after the registry has answered so to the request for the rest.
    fn left_after(status: u16) -> u64 {
        let folder = tempfile::tempdir().unwrap();
        let (root, run) = (folder.path().join("root"), folder.path().join("run"));
        let location = store::Location { root, run, ownership: store::Ownership::SingleId };
        let store = store::Store::open(location).unwrap();
        let digest = Digest::sha256(b"blob");
        let mut kept = store.partial(&digest).unwrap().unwrap();
        kept.append(b"bl").unwrap();
        drop(kept);
        let kept = store.partial(&digest).unwrap().unwrap();
        assert!(Resumed::new(kept, 4, Box::new(|_| Err(refused(status)))).is_err());
        store.partial(&digest).unwrap().unwrap().length()
    }

    #[test]
    fn only_a_wrong_place_makes_it_begin_anew() {
        assert_eq!(left_after(404), 2);
        assert_eq!(left_after(429), 2);
        assert_eq!(left_after(503), 2);
        assert_eq!(left_after(416), 0);
    }
}

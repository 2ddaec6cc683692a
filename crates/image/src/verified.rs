//! A reader that hashes and counts what passes, so that content can be compared with its descriptor.

use crate::{Error, Progress};
use oci::{Digest, Hasher};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the content must be, and who wants to know about it.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// e.g. `layer sha256:…`.
    pub(crate) what: &'a str,
    pub(crate) digest: &'a Digest,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) progress: &'a dyn Progress,
    /// Set when reading on is useless.
    pub(crate) stop: &'a AtomicBool,
}

/// See the module. Size and digest are compared when the end is seen.
pub(crate) struct Verified<'a, R> {
    inner: R,
    expected: Expected<'a>,
    hasher: Option<Hasher>,
    count: u64,
    verified: Arc<AtomicBool>,
}

impl<'a, R: Read> Verified<'a, R> {
    pub(crate) fn new(inner: R, expected: Expected<'a>) -> Self {
        let hasher = Some(Hasher::like(expected.digest));
        Verified { inner, expected, hasher, count: 0, verified: Arc::default() }
    }

    /// Will be set when all was read and right.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.verified)
    }

    /// Reads what is left (nothing, for most formats) and compares.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match self.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::io(format!("read {}", self.expected.what))(e)),
            }
        }
    }

    /// At the end, once.
    fn compare(&mut self) -> Result<(), Error> {
        let Some(hasher) = self.hasher.take() else { return Ok(()) };
        let Expected { what, digest, size, .. } = self.expected;
        if self.count != size {
            return Err(Error::WrongSize { what: what.to_owned(), expected: size, found: self.count });
        }
        let found = hasher.finish();
        if found != *digest {
            return Err(Error::WrongDigest { what: what.to_owned(), expected: digest.clone(), found });
        }
        self.verified.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl<R: Read> Read for Verified<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.expected.stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped.carry());
        }
        let count = self.inner.read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            self.compare().map_err(Error::carry)?;
            return Ok(0);
        }
        self.count += count as u64;
        if self.count > self.expected.size {
            let what = self.expected.what.to_owned();
            return Err(Error::WrongSize { what, expected: self.expected.size, found: self.count }.carry());
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..count]);
        }
        self.expected.progress.advance(self.expected.digest, count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Quiet;

    fn check(content: &[u8], digest: &Digest, size: u64) -> Result<(), String> {
        let stop = AtomicBool::new(false);
        let expected = Expected { what: "blob", digest, size, progress: &Quiet, stop: &stop };
        Verified::new(content, expected).finish().map_err(|e| e.to_string())
    }

    #[test]
    fn digest_and_size_are_compared() {
        let digest = Digest::sha256(b"abc");
        assert_eq!(check(b"abc", &digest, 3), Ok(()));
        assert!(check(b"abd", &digest, 3).unwrap_err().contains("has digest"));
        assert!(check(b"ab", &digest, 3).unwrap_err().contains("2 bytes, expected 3"));
        assert!(check(b"abcd", &digest, 3).unwrap_err().contains("4 bytes, expected 3"));
        let long: Digest = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f".parse().unwrap();
        assert_eq!(check(b"abc", &long, 3), Ok(()));
        assert!(check(b"abd", &long, 3).is_err());
    }
}

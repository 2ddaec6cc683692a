//! A blob's content on its way into a sink: what the source had, or what was made of it.

use crate::Error;
use oci::image::Descriptor;
use oci::{Digest, Hasher};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a blob turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// Of the bytes.
    pub digest: Digest,
    /// How many.
    pub size: u64,
}

/// Read it to its end, then ask what it was.
pub struct Content<'a> {
    reader: Box<dyn Read + Send + 'a>,
    what: String,
    /// Set once the source's bytes were all there and right.
    verified: Arc<AtomicBool>,
    kind: Kind,
}

enum Kind {
    /// As the source has it: nothing is hashed twice.
    Known(Sum),
    Made {
        hasher: Hasher,
        size: u64,
    },
}

impl<'a> Content<'a> {
    /// What the source has, unchanged; `reader` verifies and sets `verified`.
    pub(crate) fn known(what: &str, sum: Sum, reader: impl Read + Send + 'a, verified: Arc<AtomicBool>) -> Content<'a> {
        Content { reader: Box::new(reader), what: what.to_owned(), verified, kind: Kind::Known(sum) }
    }

    /// What is made on the way.
    pub(crate) fn made(what: &str, reader: impl Read + Send + 'a, verified: Arc<AtomicBool>) -> Content<'a> {
        let kind = Kind::Made { hasher: Hasher::sha256(), size: 0 };
        Content { reader: Box::new(reader), what: what.to_owned(), verified, kind }
    }

    /// Small content that is known already.
    pub fn of(bytes: &'a [u8]) -> Content<'a> {
        let sum = Sum { digest: Digest::sha256(bytes), size: bytes.len() as u64 };
        Content::known("content", sum, bytes, Arc::new(AtomicBool::new(true)))
    }

    /// Small content that was found to be what its descriptor says.
    pub(crate) fn verified(descriptor: &Descriptor, bytes: &'a [u8]) -> Content<'a> {
        let sum = Sum { digest: descriptor.digest.clone(), size: bytes.len() as u64 };
        Content::known("content", sum, bytes, Arc::new(AtomicBool::new(true)))
    }

    /// What it will be, if that is known beforehand.
    pub fn sum(&self) -> Option<&Sum> {
        match &self.kind {
            Kind::Known(sum) => Some(sum),
            Kind::Made { .. } => None,
        }
    }

    /// For messages: `layer sha256:…`.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Reads what is left; what it was, or why it isn't what it should be.
    pub fn finish(mut self) -> Result<Sum, Error> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match self.read(&mut buffer) {
                Ok(0) => break,
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::io(format!("read {}", self.what))(e)),
            }
        }
        if !self.verified.load(Ordering::Relaxed) {
            return Err(Error::Unverified { what: self.what });
        }
        Ok(match self.kind {
            Kind::Known(sum) => sum,
            Kind::Made { hasher, size } => Sum { digest: hasher.finish(), size },
        })
    }
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if let Kind::Made { hasher, size } = &mut self.kind {
            hasher.update(&buffer[..count]);
            *size += count as u64;
        }
        Ok(count)
    }
}

//! Blobs on their way in: a reader that goes on where a connection broke off.
//!
//! It checks the size, not the digest: whoever reads hashes anyway.

use crate::authorization::Scope;
use crate::manifest::text;
use crate::send::{Content, Exchange, Target, error_of};
use crate::{Client, Error, Transport};
use oci::Digest;
use std::io::{self, Read};
use std::ops::Range;
use ureq::http::Response;
use ureq::{Body, BodyReader};

/// So much progress makes a broken connection a new one, in bytes.
const PROGRESS: u64 = 1 << 20;

/// A blob's bytes, exactly as many as the manifest says. Errors are [`Error`]s inside of [`io::Error`]s.
pub struct BlobReader<'c> {
    client: &'c Client,
    what: String,
    path: String,
    scope: Scope,
    /// Of the whole blob.
    size: u64,
    at: u64,
    /// Behind the last byte that is wanted.
    end: u64,
    /// `None` after the connection broke off.
    body: Option<BodyReader<'static>>,
    /// Repetitions since `at` was `resumed_at`.
    tries: u32,
    resumed_at: u64,
}

impl Client {
    /// Begins to fetch a blob of a known size, from byte `from` on.
    pub fn blob(&self, repository: &str, digest: &Digest, size: u64, from: u64) -> Result<BlobReader<'_>, Error> {
        self.blob_part(repository, digest, size, from..size)
    }

    /// Begins to fetch a part of a blob of a known size. A server that knows no ranges is an error, unless all is wanted
    /// from the first byte on.
    pub fn blob_part(
        &self,
        repository: &str,
        digest: &Digest,
        size: u64,
        part: Range<u64>,
    ) -> Result<BlobReader<'_>, Error> {
        let mut reader = BlobReader {
            client: self,
            what: format!("fetch blob {digest} of {}/{repository}", self.registry),
            path: format!("/v2/{repository}/blobs/{digest}"),
            scope: Scope::pull(repository),
            size,
            at: part.start,
            end: part.end.min(size),
            body: None,
            tries: 0,
            resumed_at: part.start,
        };
        reader.body = Some(reader.open()?);
        Ok(reader)
    }
}

impl BlobReader<'_> {
    /// Asks for the bytes from `at` on.
    fn open(&mut self) -> Result<BodyReader<'static>, Error> {
        let partly = self.end < self.size;
        let headers = match (partly, self.at) {
            (true, at) => vec![("range", format!("bytes={at}-{}", self.end.saturating_sub(1)))],
            (false, 0) => Vec::new(),
            (false, at) => vec![("range", format!("bytes={at}-"))],
        };
        let exchange = Exchange { method: "GET", headers, body: Content::Nothing };
        let response = self.client.send(&self.what, Target::Path(&self.path), &self.scope, &exchange)?;
        match response.status().as_u16() {
            200 if partly => Err(self.answer("the whole blob where a part of it was asked for".to_owned())),
            200 => self.whole(response),
            206 if partly || self.at > 0 => self.part(response),
            _ => Err(error_of(self.client, &self.what, &self.client.registry, response)),
        }
    }

    /// The whole blob; a server that knows no ranges sends again what we have, which is skipped.
    fn whole(&self, response: Response<Body>) -> Result<BodyReader<'static>, Error> {
        self.check_size(response.body().content_length())?;
        let mut body = response.into_body().into_reader();
        let skipped = io::copy(&mut Read::take(&mut body, self.at), &mut io::sink());
        match skipped {
            Ok(count) if count == self.at => Ok(body),
            Ok(_) => Err(self.interrupted(Box::new(io::Error::from(io::ErrorKind::UnexpectedEof)))),
            Err(e) => Err(self.interrupted(Box::new(Transport::new(e.into())))),
        }
    }

    fn part(&self, response: Response<Body>) -> Result<BodyReader<'static>, Error> {
        let range = text(&response, "content-range").unwrap_or_default();
        match parse_range(&range) {
            Some((from, total)) if from == self.at => {
                self.check_size(total)?;
                Ok(response.into_body().into_reader())
            }
            _ => Err(self.answer(format!(
                "Content-Range `{}` where bytes from {} on were asked for",
                range.escape_debug(),
                self.at
            ))),
        }
    }

    fn answer(&self, why: String) -> Error {
        Error::Answer { what: self.what.clone(), by: self.client.registry.clone(), why }
    }

    fn check_size(&self, found: Option<u64>) -> Result<(), Error> {
        match found {
            Some(found) if found != self.size => Err(self.wrong_size(found)),
            _ => Ok(()),
        }
    }

    fn wrong_size(&self, found: u64) -> Error {
        Error::WrongSize { what: self.what.clone(), expected: self.size, found }
    }

    fn interrupted(&self, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
        Error::Interrupted { what: self.what.clone(), at: self.at, size: self.size, source }
    }

    /// Opens again after a pause, as long as there is progress.
    fn resume(&mut self, why: io::Error) -> Result<(), Error> {
        self.body = None;
        if self.at - self.resumed_at >= PROGRESS {
            self.tries = 0;
        }
        self.tries += 1;
        self.resumed_at = self.at;
        let error = self.interrupted(Box::new(Transport::new(why.into())));
        let Some(pause) = self.client.settings.retry.pause(self.tries, None) else { return Err(error) };
        log::info!("{error}; trying again in {} ms", pause.as_millis());
        crate::retry::wait(pause);
        match self.open() {
            Ok(body) => {
                self.body = Some(body);
                Ok(())
            }
            // Left without a connection: the next round tries again, until the tries are used up.
            Err(Error::Interrupted { .. }) => Ok(()),
            Err(e) => Err(e),
        }
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            let body = self.body.as_mut();
            let result = body.map_or(Err(io::ErrorKind::UnexpectedEof.into()), |body| body.read(buffer));
            match result {
                Ok(0) if buffer.is_empty() || self.at >= self.end => return Ok(0),
                Ok(0) => self.resume(io::ErrorKind::UnexpectedEof.into())?,
                Ok(count) => {
                    self.at += count as u64;
                    if self.at > self.end {
                        return Err(self.wrong_size(self.at));
                    }
                    return Ok(count);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) if self.at >= self.end => return Ok(0),
                Err(e) => self.resume(e)?,
            }
        }
    }
}

impl Read for BlobReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_some(buffer).map_err(io::Error::other)
    }
}

/// `bytes 10-19/20` or `bytes 10-19/*`: where it begins and the total.
fn parse_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (from, _) = range.split_once('-')?;
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    Some((from.trim().parse().ok()?, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(parse_range("bytes 10-19/20"), Some((10, Some(20))));
        assert_eq!(parse_range("bytes 0-19/*"), Some((0, None)));
        for bad in ["", "bytes */20", "bytes x-1/2", "items 1-2/3", "bytes 1-2"] {
            assert_eq!(parse_range(bad), None, "{bad}");
        }
    }
}

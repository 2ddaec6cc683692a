//! An upload in pieces ("pushing a blob in chunks", OCI distribution specification 1.1), for registries that take no more
//! at once, and for connections that break off: a piece is in memory until the registry says that it has it.

use crate::authorization::Scope;
use crate::manifest::text;
use crate::retry::{self, is_transient_status};
use crate::send::{Content, Exchange, Target, drain, location};
use crate::url::Url;
use crate::{Client, Error};
use std::io::Read;
use std::sync::atomic::Ordering;
use ureq::Body;
use ureq::http::Response;

/// Bytes of a piece: some registries take no longer ones, even if they say nothing of it.
pub(super) const USUAL: usize = 4 << 20;
/// Who refuses so many bytes doesn't want any.
pub(super) const SHORTEST: usize = 256 << 10;
/// The longest piece that a registry may demand, since it lies in memory.
const LONGEST: usize = 64 << 20;

/// An upload that was begun.
pub(super) struct Upload<'c> {
    pub(super) client: &'c Client,
    pub(super) what: &'c str,
    pub(super) scope: &'c Scope,
    /// Where the next bytes go.
    pub(super) url: Url,
    /// `OCI-Chunk-Min-Length`, in bytes.
    pub(super) least: usize,
    /// What the registry was found to take at once, in bytes.
    pub(super) longest: usize,
}

impl Client {
    /// Bytes of a piece; `None`: uploads go in one.
    pub(super) fn piece(&self) -> Option<usize> {
        Some(self.piece.load(Ordering::Relaxed)).filter(|length| *length > 0)
    }

    /// From now on, uploads go in pieces.
    pub(crate) fn use_pieces(&self) {
        // Another thread may have found out what length is the right one.
        let _ = self.piece.compare_exchange(0, USUAL, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// What an answer to a piece means.
#[derive(Debug, PartialEq)]
enum Next {
    /// So many bytes are there now.
    Taken(u64),
    /// Shorter ones may be taken.
    Shorter,
    /// Only the registry knows what it has.
    Ask,
    /// Likewise, but it needs time.
    AskLater,
    Fail,
}

/// How far a piece has come: numbers of bytes in the upload.
struct Progress {
    start: u64,
    end: u64,
    /// The next byte.
    at: u64,
    /// Progress is what goes further than this.
    furthest: u64,
    /// Requests since then.
    tries: u32,
}

impl Upload<'_> {
    /// Sends everything; where the upload is to be finished.
    pub(super) fn send(mut self, content: &mut (dyn Read + Send)) -> Result<Url, Error> {
        if self.least > LONGEST {
            return Err(self.wrong("it wants longer pieces than there is memory for"));
        }
        let mut at = 0;
        let mut piece = Vec::new();
        loop {
            piece.clear();
            let read = content.take(self.length() as u64).read_to_end(&mut piece);
            read.map_err(|e| self.client.unreachable(self.what, &self.url, e.into()))?;
            if piece.is_empty() {
                return Ok(self.url);
            }
            self.put(&piece, at)?;
            at += piece.len() as u64;
        }
    }

    /// One piece, whose first byte is number `start`.
    fn put(&mut self, piece: &[u8], start: u64) -> Result<(), Error> {
        let end = start + piece.len() as u64;
        let mut progress = Progress { start, end, at: start, furthest: start, tries: 0 };
        while progress.at < end {
            let rest = &piece[(progress.at - start) as usize..];
            let sent = rest.len().min(self.length());
            let answer = self.patch(&rest[..sent], progress.at);
            match next(&answer, progress.at, sent) {
                Next::Taken(now) => {
                    self.follow(&answer?)?;
                    let taken = (now - progress.at) as usize;
                    if taken < sent {
                        self.shorten(taken);
                    }
                    progress.at = now;
                }
                Next::Shorter if sent > SHORTEST.max(self.least) => {
                    self.shorten(sent / 2);
                    continue;
                }
                next @ (Next::Ask | Next::AskLater) => {
                    self.pause(&progress, next == Next::AskLater, answer)?;
                    progress.at = self.ask(start, end)?;
                }
                Next::Shorter | Next::Fail => return Err(self.failure(answer)),
            }
            self.count(&mut progress)?;
        }
        Ok(())
    }

    /// A registry that goes back, or takes some bytes at a time only, isn't fed for ever.
    fn count(&self, progress: &mut Progress) -> Result<(), Error> {
        let enough = progress.end.min(progress.furthest + SHORTEST as u64);
        if progress.at >= enough {
            (progress.furthest, progress.tries) = (progress.at, 0);
            return Ok(());
        }
        progress.tries += 1;
        match progress.tries > self.client.settings.retry.times {
            true if progress.at == progress.start => Err(self.wrong("it takes none of the bytes")),
            true => Err(self.wrong("it takes too few bytes at a time")),
            false => Ok(()),
        }
    }

    /// Waits if that helps, as long as the registry asks for; its answer is the error when it was waited often enough.
    fn pause(&self, progress: &Progress, later: bool, answer: Result<Response<Body>, Error>) -> Result<(), Error> {
        let asked =
            answer.as_ref().ok().map(|answer| self.client.asked_to_wait(self.what, answer)).transpose()?.flatten();
        match self.client.settings.retry.pause(progress.tries + 1, asked) {
            Some(pause) if later => retry::wait(pause),
            Some(_) => {}
            None => return Err(self.failure(answer)),
        }
        Ok(())
    }

    /// Bytes of the next request.
    fn length(&self) -> usize {
        self.longest.max(self.least)
    }

    /// From now on, for this upload and those after it: others may have made the length unknown again meanwhile.
    fn shorten(&mut self, length: usize) {
        self.longest = length.clamp(SHORTEST, self.longest);
        self.client.piece.fetch_min(self.longest, Ordering::Relaxed);
    }

    fn patch(&self, bytes: &[u8], at: u64) -> Result<Response<Body>, Error> {
        let range = format!("{at}-{}", at + bytes.len() as u64 - 1);
        let headers = vec![("content-type", "application/octet-stream".to_owned()), ("content-range", range)];
        let exchange = Exchange { method: "PATCH", headers, body: Content::Bytes(bytes) };
        self.client.send_once(self.what, Target::Url(&self.url), self.scope, &exchange)
    }

    /// How many bytes the registry has of a piece from `start` to `end`.
    fn ask(&mut self, start: u64, end: u64) -> Result<u64, Error> {
        let response = self.client.send(self.what, Target::Url(&self.url), self.scope, &Exchange::get())?;
        let status = response.status();
        match received(&response).filter(|at| status.is_success() && (start..=end).contains(at)) {
            Some(at) => {
                log::info!("{}: going on at byte {at}", self.what);
                self.follow(&response)?;
                drain(response);
                Ok(at)
            }
            None => Err(self.client.lost(self.what, 404)),
        }
    }

    /// A registry that names no other place goes on with the last one.
    fn follow(&mut self, response: &Response<Body>) -> Result<(), Error> {
        if location(response).is_some() {
            self.url = self.client.upload_url(self.what, response)?;
        }
        Ok(())
    }

    fn failure(&self, answer: Result<Response<Body>, Error>) -> Error {
        match answer {
            Ok(response) if response.status() == 404 => self.client.lost(self.what, 404),
            Ok(response) => self.client.refused(self.what, &self.url, response),
            Err(error) => error,
        }
    }

    fn wrong(&self, why: &str) -> Error {
        Error::Answer { what: self.what.to_owned(), by: self.client.registry.clone(), why: why.to_owned() }
    }
}

/// `length` bytes were sent, the first is number `at`.
fn next(answer: &Result<Response<Body>, Error>, at: u64, length: usize) -> Next {
    let end = at + length as u64;
    match answer {
        Ok(response) => match response.status().as_u16() {
            200..=299 => match received(response) {
                None => Next::Taken(end),
                Some(now) if (at..=end).contains(&now) => Next::Taken(now),
                Some(_) => Next::Ask,
            },
            413 => Next::Shorter,
            416 => Next::Ask,
            status if is_transient_status(status) => Next::AskLater,
            _ => Next::Fail,
        },
        Err(error) if error.is_transient() => Next::AskLater,
        Err(_) => Next::Fail,
    }
}

/// `Range: 0-LAST`: how many bytes there are. Registries say `0-0` of none.
fn received(response: &Response<Body>) -> Option<u64> {
    let range = text(response, "range")?;
    let (first, last) = range.trim().trim_start_matches("bytes=").split_once('-')?;
    match (first.parse(), last.parse::<u64>()) {
        (Ok(0), Ok(0)) => Some(0),
        (Ok(0), Ok(last)) => last.checked_add(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, range: Option<&str>) -> Result<Response<Body>, Error> {
        let mut response = Response::builder().status(status);
        if let Some(range) = range {
            response = response.header("range", range);
        }
        Ok(response.body(Body::builder().data("")).unwrap())
    }

    #[test]
    fn answers_to_a_piece() {
        let next = |status, range| next(&answer(status, range), 100, 50);
        assert_eq!(next(202, None), Next::Taken(150));
        assert_eq!(next(202, Some("0-149")), Next::Taken(150));
        assert_eq!(next(202, Some("0-119")), Next::Taken(120));
        for odd in ["0-98", "0-150", "0-18446744073709551614", "0-0"] {
            assert_eq!(next(202, Some(odd)), Next::Ask, "{odd}");
        }
        for nonsense in ["0-18446744073709551615", "", "5-6", "bytes 0-149/200"] {
            assert_eq!(next(202, Some(nonsense)), Next::Taken(150), "{nonsense}");
        }
        assert_eq!(next(413, None), Next::Shorter);
        assert_eq!(next(416, Some("0-99")), Next::Ask);
        assert_eq!(next(503, None), Next::AskLater);
        assert_eq!(next(403, None), Next::Fail);
    }
}

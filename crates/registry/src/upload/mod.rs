//! Blobs on their way out: is it there, can it be mounted, else upload: in one piece, or as a stream of unknown length.
//!
//! Content can be read once only: whoever has it begins again. When a registry refused so much at once, or a connection
//! broke off, uploads to this registry go in [`pieces`] from then on.

mod pieces;

use crate::authorization::Scope;
use crate::error::printable;
use crate::manifest::text;
use crate::send::{Content, Exchange, Target, drain, error_of, location};
use crate::url::{Scheme, Url, encode};
use crate::{Client, Error};
use oci::Digest;
use pieces::{SHORTEST, USUAL, Upload};
use std::io::Read;
use std::sync::atomic::Ordering;
use ureq::Body;
use ureq::http::Response;

impl Client {
    /// Whether the registry has a blob.
    pub fn has_blob(&self, repository: &str, digest: &Digest) -> Result<bool, Error> {
        let what = format!("look for blob {digest} in {}/{repository}", self.registry);
        let path = format!("/v2/{repository}/blobs/{digest}");
        let exchange = Exchange { method: "HEAD", ..Exchange::get() };
        let response = self.send(&what, Target::Path(&path), &Scope::push(repository), &exchange)?;
        match response.status().as_u16() {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(error_of(self, &what, &self.registry, response)),
        }
    }

    /// Asks the registry to take a blob over from another of its repositories; false if it would rather have it uploaded.
    pub fn mount_blob(&self, repository: &str, digest: &Digest, from: &str) -> Result<bool, Error> {
        let what = format!("mount blob {digest} into {}/{repository}", self.registry);
        let path = format!("/v2/{repository}/blobs/uploads/?mount={digest}&from={}", encode(from));
        let response = self.post(&what, &path, repository)?;
        match response.status().as_u16() {
            201 => Ok(true),
            // An upload was begun instead; the registry forgets it in time.
            202 => Ok(false),
            _ => Err(error_of(self, &what, &self.registry, response)),
        }
    }

    /// Uploads content whose digest and size are known, in one piece.
    pub fn put_blob(
        &self,
        repository: &str,
        digest: &Digest,
        size: u64,
        content: &mut (dyn Read + Send),
    ) -> Result<(), Error> {
        let what = format!("upload blob {digest} to {}/{repository}", self.registry);
        let scope = Scope::push(repository);
        let upload = self.begin_upload(&what, repository, &scope)?;
        if self.piece().is_some() {
            let url = self.in_pieces(upload, content)?;
            return self.finish_upload(&what, url, &scope, digest);
        }
        let url = upload.url.with_query("digest", digest.as_str());
        let headers = vec![("content-length", size.to_string())];
        let response = self.send_stream(&what, ("PUT", &url), &scope, headers, content)?;
        match response.status().as_u16() {
            200..=299 => Ok(()),
            status if size > SHORTEST as u64 && is_too_much(status) => Err(self.too_much(&what, status)),
            _ => Err(self.refused(&what, &url, response)),
        }
    }

    /// Uploads content of unknown length; `finish` tells its digest when all of it was read.
    pub fn put_stream<E: From<Error>>(
        &self,
        repository: &str,
        content: &mut (dyn Read + Send),
        finish: impl FnOnce() -> Result<Digest, E>,
    ) -> Result<(), E> {
        let what = format!("upload a blob to {}/{repository}", self.registry);
        let scope = Scope::push(repository);
        let upload = self.begin_upload(&what, repository, &scope)?;
        let url = match self.piece() {
            Some(_) => self.in_pieces(upload, content)?,
            None => self.in_one(upload, content)?,
        };
        let digest = finish()?;
        Ok(self.finish_upload(&what, url, &scope, &digest)?)
    }

    fn begin_upload<'c>(&'c self, what: &'c str, repository: &str, scope: &'c Scope) -> Result<Upload<'c>, Error> {
        let response = self.post(what, &format!("/v2/{repository}/blobs/uploads/"), repository)?;
        if response.status() != 202 {
            return Err(error_of(self, what, &self.registry, response));
        }
        let url = self.upload_url(what, &response)?;
        let least = text(&response, "oci-chunk-min-length").and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        drain(response);
        let longest = self.piece().unwrap_or(USUAL);
        Ok(Upload { client: self, what, scope, url, least, longest })
    }

    /// Where the upload is to be finished.
    fn in_one(&self, upload: Upload<'_>, content: &mut (dyn Read + Send)) -> Result<Url, Error> {
        let Upload { what, scope, url, .. } = upload;
        let response = self.send_stream(what, ("PATCH", &url), scope, Vec::new(), content)?;
        match response.status().as_u16() {
            200..=299 => {}
            status if is_too_much(status) => return Err(self.too_much(what, status)),
            _ => return Err(self.refused(what, &url, response)),
        }
        // A registry that names no other place goes on with the first.
        let next = if location(&response).is_some() { self.upload_url(what, &response)? } else { url };
        drain(response);
        Ok(next)
    }

    /// Not every registry takes pieces: there the next try is as if nothing had been.
    fn in_pieces(&self, upload: Upload<'_>, content: &mut (dyn Read + Send)) -> Result<Url, Error> {
        let what = upload.what;
        upload.send(content).map_err(|error| match error {
            Error::Status { status: status @ (400 | 402 | 404..=412 | 414..=499 | 501), .. } => {
                self.piece.store(0, Ordering::Relaxed);
                let why = format!("it takes no pieces ({status})");
                Error::UploadLost { what: what.to_owned(), by: self.registry.clone(), why }
            }
            error => error,
        })
    }

    fn finish_upload(&self, what: &str, url: Url, scope: &Scope, digest: &Digest) -> Result<(), Error> {
        let url = url.with_query("digest", digest.as_str());
        let exchange = Exchange { method: "PUT", headers: Vec::new(), body: Content::Bytes(b"") };
        let response = self.send(what, Target::Url(&url), scope, &exchange)?;
        match response.status().as_u16() {
            200..=299 => Ok(()),
            status @ (404 | 416) => Err(self.lost(what, status)),
            _ => Err(self.refused(what, &url, response)),
        }
    }

    /// The error for an answer of where the content goes. That may be another host, for which nobody has credentials.
    fn refused(&self, what: &str, url: &Url, response: Response<Body>) -> Error {
        if url.authority.eq_ignore_ascii_case(self.api_host()) {
            return error_of(self, what, &self.registry, response);
        }
        match error_of(self, what, &printable(&url.authority), response) {
            Error::Unauthorized { what, by, status, message, .. } => Error::Status { what, by, status, message },
            error => error,
        }
    }

    /// Begun again, it goes in pieces.
    fn too_much(&self, what: &str, status: u16) -> Error {
        self.use_pieces();
        Error::TooMuch { what: what.to_owned(), by: self.registry.clone(), status }
    }

    fn post(&self, what: &str, path: &str, repository: &str) -> Result<Response<Body>, Error> {
        let exchange = Exchange { method: "POST", headers: Vec::new(), body: Content::Bytes(b"") };
        self.send(what, Target::Path(path), &Scope::push(repository), &exchange)
    }

    /// Where the content goes: named by the registry, on another host maybe, but not out of TLS.
    fn upload_url(&self, what: &str, response: &Response<Body>) -> Result<Url, Error> {
        let scheme = self.scheme(what)?;
        let home = Url::new(scheme, self.api_host(), "/");
        let wrong = |why: &str| Error::Answer { what: what.to_owned(), by: self.registry.clone(), why: why.to_owned() };
        let url = location(response).and_then(|location| home.join(location));
        let mut url = url.ok_or_else(|| wrong("there is no usable Location for the upload"))?;
        if scheme == Scheme::Https && url.scheme == Scheme::Http {
            // Registries behind a proxy that ends TLS name themselves with http.
            if !url.authority.eq_ignore_ascii_case(&home.authority) {
                return Err(wrong("the upload's Location leaves TLS"));
            }
            url.scheme = Scheme::Https;
        }
        Ok(url)
    }
}

/// Content without a length, or of this one, is refused, not the content as such.
fn is_too_much(status: u16) -> bool {
    matches!(status, 411 | 413 | 501)
}

//! Blobs on their way out: is it there, can it be mounted, else upload in one piece.

use crate::authorization::Scope;
use crate::send::{Content, Exchange, Target, drain, error_of, location};
use crate::url::{Scheme, Url, encode};
use crate::{Client, Error};
use oci::Digest;
use std::fs::File;
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

    /// Uploads the content of a file of `size` bytes, whose digest the registry checks.
    pub fn put_blob(&self, repository: &str, digest: &Digest, content: &File, size: u64) -> Result<(), Error> {
        self.upload(repository, digest, Content::File(content, size))
    }

    /// Uploads small content.
    pub fn put_small_blob(&self, repository: &str, digest: &Digest, content: &[u8]) -> Result<(), Error> {
        self.upload(repository, digest, Content::Bytes(content))
    }

    /// An upload that broke off is begun afresh.
    fn upload(&self, repository: &str, digest: &Digest, content: Content<'_>) -> Result<(), Error> {
        for next in 1.. {
            let result = self.upload_once(repository, digest, content);
            match (&result, self.settings.retry.pause(next, None)) {
                (Err(e), Some(pause)) if e.is_transient() => std::thread::sleep(pause),
                _ => return result,
            }
        }
        unreachable!("the number of tries is limited")
    }

    fn upload_once(&self, repository: &str, digest: &Digest, content: Content<'_>) -> Result<(), Error> {
        let what = format!("upload blob {digest} to {}/{repository}", self.registry);
        let response = self.post(&what, &format!("/v2/{repository}/blobs/uploads/"), repository)?;
        if response.status() != 202 {
            return Err(error_of(self, &what, &self.registry, response));
        }
        let url = self.upload_url(&what, &response)?.with_query("digest", digest.as_str());
        drain(response);
        let headers = vec![("content-type", "application/octet-stream".to_owned())];
        let exchange = Exchange { method: "PUT", headers, body: content };
        let response = self.send(&what, Target::Url(&url), &Scope::push(repository), &exchange)?;
        if response.status().is_success() { Ok(()) } else { Err(error_of(self, &what, &self.registry, response)) }
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

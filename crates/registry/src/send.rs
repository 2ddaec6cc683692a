//! One request: scheme, authorization, redirects, repetition.

use crate::authorization::Scope;
use crate::error::printable;
use crate::retry::{self, MOST_ASKED, is_transient_status, retry_after};
use crate::url::{Scheme, Url};
use crate::{Client, Error, Security, Transport};
use serde::Deserialize;
use std::io::Read;
use std::sync::atomic::Ordering;
use std::time::Duration;
use ureq::http::{Request, Response, header};
use ureq::{Body, SendBody};

/// As many as Go's client follows.
const MAX_REDIRECTS: usize = 10;
/// The longest error text that is read, in bytes.
pub(crate) const MAX_ERROR_TEXT: u64 = 16 << 10;

/// What is sent; can be sent again.
#[derive(Clone, Copy)]
pub(crate) enum Content<'a> {
    Bytes(&'a [u8]),
    /// A method without a body.
    Nothing,
}

impl<'a> From<&'a [u8]> for Content<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Content::Bytes(bytes)
    }
}

/// A request without its address.
#[derive(Clone)]
pub(crate) struct Exchange<'a> {
    pub(crate) method: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Content<'a>,
}

impl Exchange<'_> {
    pub(crate) fn get() -> Self {
        Exchange { method: "GET", headers: Vec::new(), body: Content::Nothing }
    }
}

/// Where a request goes.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    /// A path of the registry.
    Path(&'a str),
    /// What the registry named.
    Url(&'a Url),
}

impl Client {
    /// Sends, authenticated as needed, and again when the connection or the server failed for the moment. The answer's
    /// status is the caller's business.
    pub(crate) fn send(
        &self,
        what: &str,
        target: Target<'_>,
        scope: &Scope,
        exchange: &Exchange<'_>,
    ) -> Result<Response<Body>, Error> {
        for next in 1.. {
            let result = self.send_once(what, target, scope, exchange);
            let asked = match &result {
                Ok(response) if is_transient_status(response.status().as_u16()) => {
                    self.asked_to_wait(what, response)?
                }
                Err(Error::Unreachable { source, .. }) if self.worth_retrying(source) => None,
                Err(Error::NeitherScheme { source, .. }) if self.settings.retry.absent && source.is_transient() => None,
                _ => return result,
            };
            match self.settings.retry.pause(next, asked) {
                Some(pause) => wait(what, pause),
                None => return result,
            }
        }
        unreachable!("the number of tries is limited")
    }

    /// `Retry-After`; an error if nobody waits for so long.
    pub(crate) fn asked_to_wait(&self, what: &str, response: &Response<Body>) -> Result<Option<Duration>, Error> {
        let asked = retry_after(response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()));
        match asked.filter(|asked| *asked > MOST_ASKED) {
            None => Ok(asked),
            Some(asked) => {
                let (what, status) = (what.to_owned(), response.status().as_u16());
                Err(Error::Patience { what, by: self.registry.clone(), status, seconds: asked.as_secs() })
            }
        }
    }

    /// A registry that was never reached isn't there, unless somebody says that it is worth waiting for; one that was may be
    /// restarting.
    fn worth_retrying(&self, error: &Transport) -> bool {
        if self.settings.retry.absent || self.reached.load(Ordering::Relaxed) {
            error.is_transient()
        } else {
            error.is_cut_off()
        }
    }

    pub(crate) fn send_once(
        &self,
        what: &str,
        target: Target<'_>,
        scope: &Scope,
        exchange: &Exchange<'_>,
    ) -> Result<Response<Body>, Error> {
        let home = Url::new(self.scheme(what)?, self.api_host(), "/");
        let url = match target {
            Target::Path(path) => Url { path: path.to_owned(), ..home.clone() },
            Target::Url(url) => url.clone(),
        };
        if !url.same_place(&home) {
            return self.exchange(what, &url, exchange.clone(), None);
        }
        let authorization = self.authorization(what, scope)?;
        let response = self.exchange(what, &url, exchange.clone(), authorization.clone())?;
        self.reached.store(true, Ordering::Relaxed);
        if response.status() != 401 {
            return Ok(response);
        }
        match self.answer_challenge(what, scope, &response, authorization.as_deref())? {
            Some(fresh) => {
                drain(response);
                self.exchange(what, &url, exchange.clone(), Some(fresh))
            }
            None => Ok(response),
        }
    }

    /// One request and the redirects it leads to. Credentials stay with the first host; TLS is never left.
    pub(crate) fn exchange(
        &self,
        what: &str,
        url: &Url,
        exchange: Exchange<'_>,
        mut authorization: Option<String>,
    ) -> Result<Response<Body>, Error> {
        let first = url;
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let response = self.once(what, &url, &exchange, authorization.as_deref())?;
            let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
            let refuse = |why| Error::Redirect { what: what.to_owned(), url: url.shown(), why };
            // Nor may it say where they are to be sent. Where there are none, its tokens are anybody's.
            let asked = response.status() == 401 && !url.same_place(first);
            if asked && self.settings.credentials.is_some() {
                return Err(refuse("a redirect leads to another host, which asks for the credentials"));
            }
            if !is_redirect || !matches!(exchange.body, Content::Nothing) || exchange.method == "POST" {
                return Ok(response);
            }
            let next = location(&response).and_then(|location| url.join(location));
            let next = next.ok_or_else(|| refuse("a redirect leads to no http(s) address"))?;
            if url.scheme == Scheme::Https
                && next.scheme == Scheme::Http
                && self.settings.security != Security::Insecure
            {
                return Err(refuse("a redirect leads from https to plain http"));
            }
            if !next.same_place(&url) {
                authorization = None;
            }
            drain(response);
            url = next;
        }
        Err(Error::Redirect { what: what.to_owned(), url: url.shown(), why: "more than 10 redirects" })
    }

    fn once(
        &self,
        what: &str,
        url: &Url,
        exchange: &Exchange<'_>,
        authorization: Option<&str>,
    ) -> Result<Response<Body>, Error> {
        let unreachable = |error: ureq::Error| self.unreachable(what, url, error);
        let request = request(exchange.method, url, &exchange.headers, authorization);
        let agent = self.agent(url.scheme)?;
        let answer = match exchange.body {
            Content::Nothing => agent.run(request.body(()).map_err(|e| unreachable(e.into()))?),
            Content::Bytes(bytes) => agent.run(request.body(bytes).map_err(|e| unreachable(e.into()))?),
        };
        answer.map_err(unreachable)
    }
}

impl Client {
    /// Sends content that can be read once only. Who we are is known by now: the upload was begun with it.
    pub(crate) fn send_stream(
        &self,
        what: &str,
        (method, url): (&'static str, &Url),
        scope: &Scope,
        mut headers: Vec<(&'static str, String)>,
        content: &mut (dyn Read + Send),
    ) -> Result<Response<Body>, Error> {
        headers.push(("content-type", "application/octet-stream".to_owned()));
        let home = Url::new(self.scheme(what)?, self.api_host(), "/");
        let authorization = if url.same_place(&home) { self.authorization(what, scope)? } else { None };
        let request = request(method, url, &headers, authorization.as_deref());
        let unreachable = |error: ureq::Error| self.unreachable(what, url, error);
        let mut content = content;
        let body = SendBody::from_reader(&mut content);
        let response = self.agent(url.scheme)?.run(request.body(body).map_err(|e| unreachable(e.into()))?);
        let response = response.map_err(unreachable).inspect_err(|error| {
            if error.is_transient() {
                self.use_pieces();
            }
        })?;
        match response.status().as_u16() {
            // The token has run out meanwhile: with a new one the upload can be begun again.
            401 if url.same_place(&home) => {
                match self.answer_challenge(what, scope, &response, authorization.as_deref())? {
                    Some(_) => Err(self.lost(what, 401)),
                    None => Ok(response),
                }
            }
            status @ (404 | 416) => Err(self.lost(what, status)),
            _ => Ok(response),
        }
    }

    /// The error for an upload of which the registry, with this status, wants to know nothing more.
    pub(crate) fn lost(&self, what: &str, status: u16) -> Error {
        let why = match status {
            401 => "the token has expired (401)",
            404 => "it doesn't know it any more (404)",
            _ => "it has another part of it than was sent (416)",
        };
        Error::UploadLost { what: what.to_owned(), by: self.registry.clone(), why: why.to_owned() }
    }
}

fn request(
    method: &'static str,
    url: &Url,
    headers: &[(&'static str, String)],
    authorization: Option<&str>,
) -> ureq::http::request::Builder {
    let mut request = Request::builder().method(method).uri(url.to_string());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    match authorization {
        Some(authorization) => request.header(header::AUTHORIZATION, authorization),
        None => request,
    }
}

/// The answer's `Location`.
pub(crate) fn location(response: &Response<Body>) -> Option<&str> {
    response.headers().get(header::LOCATION)?.to_str().ok()
}

fn wait(what: &str, pause: Duration) {
    log::info!("{what}: trying again in {} ms", pause.as_millis());
    retry::wait(pause);
}

/// Reads a short rest, so that the connection can be used again.
pub(crate) fn drain(response: Response<Body>) {
    let mut reader = response.into_body().into_reader().take(MAX_ERROR_TEXT);
    // If that fails the connection is closed, which is all right as well.
    let _ = std::io::copy(&mut reader, &mut std::io::sink());
}

/// The whole body, if it isn't longer than `limit` bytes.
pub(crate) fn read_bounded(what: &str, response: Response<Body>, limit: u64) -> Result<Vec<u8>, Error> {
    let claimed = response.body().content_length();
    let too_long = || Error::TooLong { what: what.to_owned(), limit };
    if claimed.is_some_and(|claimed| claimed > limit) {
        return Err(too_long());
    }
    let mut bytes = Vec::new();
    response.into_body().into_reader().take(limit + 1).read_to_end(&mut bytes).map_err(|e| Error::Interrupted {
        what: what.to_owned(),
        at: 0,
        size: claimed.unwrap_or(0),
        source: Box::new(Transport::new(ureq::Error::from(e))),
    })?;
    if bytes.len() as u64 > limit { Err(too_long()) } else { Ok(bytes) }
}

/// `{"message": "…"}`: how Docker's daemon puts it.
#[derive(Deserialize)]
pub(crate) struct Message {
    pub(crate) message: String,
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<OneError>,
}

#[derive(Deserialize)]
struct OneError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// The error for an answer that isn't success; `by` is who sent it.
pub(crate) fn error_of(client: &Client, what: &str, by: &str, response: Response<Body>) -> Error {
    let status = response.status().as_u16();
    let (what, by) = (what.to_owned(), by.to_owned());
    if (300..400).contains(&status) {
        return Error::Redirect { what, url: by, why: "an unexpected redirect" };
    }
    let mut bytes = Vec::new();
    // A text that breaks off is still a text.
    let _ = response.into_body().into_reader().take(MAX_ERROR_TEXT).read_to_end(&mut bytes);
    let message = message(&bytes);
    match status {
        401 | 403 => Error::Unauthorized {
            what,
            by,
            registry: client.registry.clone(),
            status,
            with_credentials: client.settings.credentials.is_some(),
            message,
        },
        404 => Error::NotFound { what, message },
        _ => Error::Status { what, by, status, message },
    }
}

/// The registry's error list if it is one, else the text, with `: ` in front.
fn message(bytes: &[u8]) -> String {
    let text = match serde_json::from_slice::<Errors>(bytes) {
        Ok(list) => {
            let show = |e: &OneError| if e.message.is_empty() { e.code.clone() } else { e.message.clone() };
            list.errors.iter().map(show).collect::<Vec<_>>().join("; ")
        }
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    };
    let text = printable(&text);
    if text.is_empty() { text } else { format!(": {text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_from_the_error_list_or_the_text() {
        let list = br#"{"errors":[{"code":"DENIED","message":"no"},{"code":"X","message":""}]}"#;
        assert_eq!(message(list), ": no; X");
        assert_eq!(message(b"<html>\n<b>busy</b>"), ": <html> / <b>busy</b>");
        assert_eq!(message(b""), "");
    }
}

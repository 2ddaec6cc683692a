//! The little of URLs that is needed: parts, relative references, query encoding.

use crate::error::printable;
use std::fmt;

/// `http` or `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// An absolute URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) scheme: Scheme,
    /// Host and optional port.
    pub(crate) authority: String,
    /// Path and query, beginning with `/`.
    pub(crate) path: String,
}

impl Url {
    pub(crate) fn new(scheme: Scheme, authority: &str, path: &str) -> Url {
        Url { scheme, authority: authority.to_owned(), path: path.to_owned() }
    }

    /// `None`: no absolute http(s) URL, or one with a user in it.
    pub(crate) fn parse(text: &str) -> Option<Url> {
        let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
        let (scheme, rest) = if lower.starts_with("https://") {
            (Scheme::Https, &text[8..])
        } else if lower.starts_with("http://") {
            (Scheme::Http, &text[7..])
        } else {
            return None;
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split('#').next().unwrap_or_default();
        let clean = |text: &str| text.bytes().all(|b| b.is_ascii_graphic());
        if authority.is_empty() || authority.contains('@') || !clean(rest) {
            return None;
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Some(Url { scheme, authority: authority.to_owned(), path })
    }

    /// What a `Location` means that came from `self` (RFC 3986 section 5, without `..`).
    pub(crate) fn join(&self, location: &str) -> Option<Url> {
        if let Some(rest) = location.strip_prefix("//") {
            let scheme = if self.scheme == Scheme::Https { "https" } else { "http" };
            return Url::parse(&format!("{scheme}://{rest}"));
        }
        if location.contains("://") && location.find("://") < location.find(['/', '?', '#']) {
            return Url::parse(location);
        }
        if location.is_empty() || !location.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let base = self.path.split('?').next().unwrap_or_default();
        let path = match location.as_bytes()[0] {
            b'/' => location.to_owned(),
            b'?' => format!("{base}{location}"),
            _ => format!("{}/{location}", &base[..base.rfind('/').unwrap_or(0)]),
        };
        Some(Url { path: path.split('#').next().unwrap_or_default().to_owned(), ..self.clone() })
    }

    /// For messages: a server may have made it longer than anybody wants to read.
    pub(crate) fn shown(&self) -> String {
        printable(&self.to_string())
    }

    /// Same scheme, host and port.
    pub(crate) fn same_place(&self, other: &Url) -> bool {
        self.scheme == other.scheme && self.authority.eq_ignore_ascii_case(&other.authority)
    }

    /// With one more query parameter.
    pub(crate) fn with_query(mut self, key: &str, value: &str) -> Url {
        self.path.push(if self.path.contains('?') { '&' } else { '?' });
        self.path.push_str(&format!("{key}={}", encode(value)));
        self
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.scheme == Scheme::Https { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

/// Percent-encodes for a query or a form.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' | b':' | b',' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_joined() {
        let base = Url::parse("https://a.b:5/v2/x/blobs/y?z=1").unwrap();
        for (location, expected) in [
            ("https://c.d/e?f", Some("https://c.d/e?f")),
            ("HTTP://c.d", Some("http://c.d/")),
            ("//c.d/e", Some("https://c.d/e")),
            ("/e?f#g", Some("https://a.b:5/e?f")),
            ("e", Some("https://a.b:5/v2/x/blobs/e")),
            ("?q=http://x", Some("https://a.b:5/v2/x/blobs/y?q=http://x")),
            ("file:///etc/passwd", None),
            ("https://user:pw@c.d/", None),
            ("https://", None),
            ("/a b", None),
            ("/a\r\nX: y", None),
            ("", None),
        ] {
            assert_eq!(base.join(location).map(|u| u.to_string()).as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn queries_are_encoded() {
        let url = Url::parse("https://a.b/token").unwrap().with_query("service", "a b&c").with_query("s", "r:x/y:pull");
        assert_eq!(url.to_string(), "https://a.b/token?service=a%20b%26c&s=r:x/y:pull");
    }
}

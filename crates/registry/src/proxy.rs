//! Proxies from the environment, by Go's rules: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, upper case first.

use crate::Error;
use crate::url::Scheme;
use ureq::http::Uri;
use ureq::{Proxy, ProxyBuilder, ProxyProtocol};

/// The proxy for requests by `scheme`; `None` when no variable names one.
pub(crate) fn from_environment(scheme: Scheme) -> Result<Option<Proxy>, Error> {
    let names: [&'static str; 2] = match scheme {
        Scheme::Https => ["HTTPS_PROXY", "https_proxy"],
        Scheme::Http => ["HTTP_PROXY", "http_proxy"],
    };
    let Some((variable, value)) = first_set(names) else { return Ok(None) };
    let exceptions = first_set(["NO_PROXY", "no_proxy"]).map(|(_, value)| value).unwrap_or_default();
    let proxy = build(&value, &exceptions).ok_or(Error::Proxy { variable, value })?;
    Ok(Some(proxy))
}

fn first_set(names: [&'static str; 2]) -> Option<(&'static str, String)> {
    names.into_iter().find_map(|name| Some((name, std::env::var(name).ok().filter(|value| !value.is_empty())?)))
}

fn build(value: &str, exceptions: &str) -> Option<Proxy> {
    let value = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let uri: Uri = value.parse().ok()?;
    let protocol = match uri.scheme_str()? {
        "http" => ProxyProtocol::Http,
        "https" => ProxyProtocol::Https,
        "socks5" => ProxyProtocol::Socks5,
        "socks5h" => ProxyProtocol::Socks5h,
        _ => return None,
    };
    let mut proxy: ProxyBuilder = Proxy::builder(protocol).host(uri.host()?);
    if let Some(port) = uri.port_u16() {
        proxy = proxy.port(port);
    }
    if let Some((user, _)) = uri.authority()?.as_str().rsplit_once('@') {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        proxy = proxy.username(name).password(password);
    }
    for exception in exceptions.split(',').map(str::trim).filter(|exception| !exception.is_empty()) {
        proxy = proxy.no_proxy(exception);
    }
    proxy.build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood() {
        let proxy = build("http://u:p@proxy.example:3128", "a.b, .c.d").unwrap();
        assert_eq!(
            (proxy.host(), proxy.port(), proxy.username(), proxy.password()),
            ("proxy.example", 3128, Some("u"), Some("p"))
        );
        assert!(proxy.is_no_proxy(&"https://a.b/v2/".parse().unwrap()));
        assert!(!proxy.is_no_proxy(&"https://e.f/v2/".parse().unwrap()));
        assert_eq!(build("proxy.example:8080", "").unwrap().port(), 8080);
        assert!(build("ftp://x", "").is_none());
        assert!(build("http://", "").is_none());
    }
}

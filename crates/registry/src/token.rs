//! Bearer tokens: fetched from the token server a registry names (distribution's "token" and OAuth2 documents).

use crate::authorization::Scope;
use crate::challenge::Challenge;
use crate::send::{Exchange, error_of, read_bounded};
use crate::url::{Scheme, Url, encode};
use crate::{Client, Credentials, Error, host};
use serde::Deserialize;
use std::time::{Duration, Instant};

/// The longest answer of a token server, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// A token and until when it is used.
pub(crate) struct Token {
    value: String,
    pub(crate) expires: Instant,
}

impl Token {
    pub(crate) fn header(&self) -> String {
        format!("Bearer {}", self.value)
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Client {
    pub(crate) fn fetch_token(&self, challenge: &Challenge, what: &str, scope: &Scope) -> Result<Token, Error> {
        let Challenge::Bearer { realm, service, scope: offered } = challenge else {
            return Err(self.unusable(what, "it wants no token"));
        };
        let url =
            Url::parse(realm).ok_or_else(|| self.unusable(what, "its token server's address is no http(s) URL"))?;
        self.check_realm(what, &url)?;
        let own = Some(scope.0.as_str()).filter(|scope| !scope.is_empty());
        let offered = offered.as_deref().filter(|offered| Some(*offered) != own);
        let scopes: Vec<&str> = own.into_iter().chain(offered).collect();
        let started = Instant::now();
        let response = match &self.settings.credentials {
            Some(Credentials::IdentityToken(token)) => {
                let form = refresh_form(service.as_deref(), &scopes, token);
                let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
                let exchange = Exchange { method: "POST", headers, body: form.as_bytes().into() };
                self.exchange(what, &url, exchange, None)?
            }
            credentials => {
                let url = token_url(url.clone(), service.as_deref(), &scopes, credentials.as_ref());
                self.exchange(what, &url, Exchange::get(), self.basic())?
            }
        };
        let by = format!("token server {url}");
        if response.status() != 200 {
            return Err(error_of(self, what, &by, response));
        }
        let bytes = read_bounded(what, response, MAX_ANSWER)?;
        parse(&bytes, started).map_err(|why| Error::Answer { what: what.to_owned(), by, why: why.to_owned() })
    }

    /// Credentials go to the token server a registry chooses, but not in clear text when the registry itself uses TLS.
    fn check_realm(&self, what: &str, realm: &Url) -> Result<(), Error> {
        let clear = realm.scheme == Scheme::Http && !host::is_loopback(&realm.authority);
        if clear && self.settings.credentials.is_some() && self.scheme(what)? == Scheme::Https {
            return Err(self.unusable(what, "its token server wants the password without TLS"));
        }
        Ok(())
    }

    fn unusable(&self, what: &str, why: &str) -> Error {
        Error::Challenge { what: what.to_owned(), registry: self.registry.clone(), why: why.to_owned() }
    }
}

fn token_url(mut url: Url, service: Option<&str>, scopes: &[&str], credentials: Option<&Credentials>) -> Url {
    if let Some(Credentials::Basic { username, .. }) = credentials {
        url = url.with_query("account", username);
    }
    if let Some(service) = service {
        url = url.with_query("service", service);
    }
    scopes.iter().fold(url, |url, scope| url.with_query("scope", scope))
}

fn refresh_form(service: Option<&str>, scopes: &[&str], token: &str) -> String {
    let mut form = format!("grant_type=refresh_token&client_id=minke&refresh_token={}", encode(token));
    if let Some(service) = service {
        form += &format!("&service={}", encode(service));
    }
    form + &format!("&scope={}", encode(&scopes.join(" ")))
}

/// Tokens without a time live 60 seconds (the specification's default); all are given up a little early.
fn parse(bytes: &[u8], started: Instant) -> Result<Token, &'static str> {
    let answer: Answer = serde_json::from_slice(bytes).map_err(|_| "it is not the JSON of a token")?;
    let value = if answer.token.is_empty() { answer.access_token } else { answer.token };
    if value.is_empty() {
        return Err("there is no token in it");
    }
    if !value.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("the token has characters that don't fit into a header");
    }
    let lives = Duration::from_secs(answer.expires_in.unwrap_or(60).clamp(60, 24 * 3600) - 10);
    Ok(Token { value, expires: started + lives })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_token_servers() {
        let now = Instant::now();
        let token = parse(br#"{"access_token":"a","expires_in":300}"#, now).unwrap();
        assert_eq!((token.header().as_str(), token.expires - now), ("Bearer a", Duration::from_secs(290)));
        assert_eq!(parse(br#"{"token":"t","access_token":"a"}"#, now).unwrap().expires - now, Duration::from_secs(50));
        for bad in ["", "{}", r#"{"token":""}"#, r#"{"token":"a\r\nX: y"}"#, r#"{"token":7}"#] {
            assert!(parse(bad.as_bytes(), now).is_err(), "{bad}");
        }
    }

    #[test]
    fn requests_name_account_service_and_scopes() {
        let url = Url::parse("https://auth.x/token?a=b").unwrap();
        let who = Credentials::Basic { username: "me".into(), password: "secret".into() };
        let url = token_url(url, Some("s"), &["repository:x:pull", "other"], Some(&who)).to_string();
        assert_eq!(url, "https://auth.x/token?a=b&account=me&service=s&scope=repository:x:pull&scope=other");
        assert!(refresh_form(Some("s"), &["r"], "T&").ends_with("refresh_token=T%26&service=s&scope=r"));
    }
}

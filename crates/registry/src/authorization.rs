//! What to put into `Authorization`, learned from refusals: once per registry for basic, once per scope for bearer.

use crate::challenge::{self, Challenge};
use crate::token::Token;
use crate::{Client, Credentials, Error};
use base64::Engine as _;
use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::Instant;
use ureq::Body;
use ureq::http::{Response, header};

/// What is known so far.
#[derive(Default)]
pub(crate) struct Authorizations {
    challenge: Option<Challenge>,
    /// By scope.
    tokens: HashMap<String, Token>,
}

/// What a request is allowed to do: `repository:a/b:pull,push`.
#[derive(Debug, Clone)]
pub(crate) struct Scope(pub(crate) String);

impl Scope {
    /// Who one is, and nothing more.
    pub(crate) fn nothing() -> Scope {
        Scope(String::new())
    }

    /// Registries differ in what right deleting needs.
    pub(crate) fn delete(repository: &str) -> Scope {
        Scope(format!("repository:{repository}:*"))
    }

    /// The list of repositories.
    pub(crate) fn catalog() -> Scope {
        Scope("registry:catalog:*".to_owned())
    }

    pub(crate) fn pull(repository: &str) -> Scope {
        Scope(format!("repository:{repository}:pull"))
    }

    pub(crate) fn push(repository: &str) -> Scope {
        Scope(format!("repository:{repository}:pull,push"))
    }
}

impl Client {
    /// Remembers what a registry's answer to an anonymous request demands.
    pub(crate) fn learn(&self, response: &Response<Body>) {
        self.reached.store(true, std::sync::atomic::Ordering::Relaxed);
        if response.status() == 401
            && let Some(challenge) = self.choose(response)
        {
            self.lock_authorizations().challenge = Some(challenge);
        }
    }

    /// The header for a request, if it is known that one is wanted.
    pub(crate) fn authorization(&self, what: &str, scope: &Scope) -> Result<Option<String>, Error> {
        if let Some(Credentials::Bearer(token)) = &self.settings.credentials {
            return Ok(Some(format!("Bearer {token}")));
        }
        // Held while a token is fetched, so that of many threads only one does it.
        let mut known = self.lock_authorizations();
        match known.challenge.clone() {
            None => Ok(None),
            Some(Challenge::Basic) => Ok(self.basic()),
            Some(bearer) => self.bearer(&mut known, &bearer, what, scope).map(Some),
        }
    }

    /// The header for the second try after a 401; an error if there is nothing better than what was refused.
    pub(crate) fn answer_challenge(
        &self,
        what: &str,
        scope: &Scope,
        refusal: &Response<Body>,
        refused: Option<&str>,
    ) -> Result<Option<String>, Error> {
        if matches!(self.settings.credentials, Some(Credentials::Bearer(_))) {
            return Ok(None);
        }
        let Some(challenge) = self.choose(refusal) else {
            let why = if refusal.headers().contains_key(header::WWW_AUTHENTICATE) {
                "its WWW-Authenticate names neither Basic nor a usable Bearer"
            } else {
                "it answers 401 without WWW-Authenticate"
            };
            return Err(Error::Challenge { what: what.to_owned(), registry: self.registry.clone(), why: why.into() });
        };
        let mut known = self.lock_authorizations();
        let fresh = match &challenge {
            Challenge::Basic => self.basic(),
            bearer => {
                // Another thread may have fetched a newer one meanwhile.
                if known.tokens.get(&scope.0).is_some_and(|token| Some(&*token.header()) == refused) {
                    known.tokens.remove(&scope.0);
                }
                Some(self.bearer(&mut known, bearer, what, scope)?)
            }
        };
        known.challenge = Some(challenge);
        Ok(fresh.filter(|fresh| Some(fresh.as_str()) != refused))
    }

    fn bearer(
        &self,
        known: &mut Authorizations,
        challenge: &Challenge,
        what: &str,
        scope: &Scope,
    ) -> Result<String, Error> {
        if let Some(token) = known.tokens.get(&scope.0).filter(|token| token.expires > Instant::now()) {
            return Ok(token.header());
        }
        let token = self.fetch_token(challenge, what, scope)?;
        let header = token.header();
        known.tokens.insert(scope.0.clone(), token);
        Ok(header)
    }

    /// Bearer if offered; basic only with a name and a password.
    fn choose(&self, response: &Response<Body>) -> Option<Challenge> {
        let headers = response.headers().get_all(header::WWW_AUTHENTICATE);
        let offered: Vec<_> = headers.iter().filter_map(|h| h.to_str().ok()).flat_map(challenge::parse).collect();
        let bearer = offered.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
        bearer.or_else(|| offered.first()).cloned()
    }

    pub(crate) fn basic(&self) -> Option<String> {
        match &self.settings.credentials {
            Some(Credentials::Basic { username, password }) => {
                let text = format!("{username}:{password}");
                Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text)))
            }
            _ => None,
        }
    }

    fn lock_authorizations(&self) -> std::sync::MutexGuard<'_, Authorizations> {
        self.authorizations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

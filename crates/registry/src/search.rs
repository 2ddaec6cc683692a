//! `GET /v1/search`: what Docker Hub and some others answer about a word.

use crate::authorization::Scope;
use crate::send::{Exchange, Target, error_of, read_bounded};
use crate::url::encode;
use crate::{Client, Error};
use serde::Deserialize;

/// The longest answer, in bytes.
const MAX_ANSWER: u64 = 16 << 20;

/// One repository of an answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Hit {
    /// Without registry.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// How many like it.
    #[serde(rename = "star_count")]
    pub stars: i64,
    /// Of the registry's own.
    #[serde(rename = "is_official")]
    pub official: bool,
    /// Built by the registry.
    #[serde(rename = "is_automated")]
    pub automated: bool,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    results: Option<Vec<Hit>>,
}

impl Client {
    /// Asks for at most `limit` repositories that have to do with `term`.
    pub fn search(&self, term: &str, limit: usize) -> Result<Vec<Hit>, Error> {
        let what = format!("search {} for `{term}`", self.registry);
        let path = format!("/v1/search?n={limit}&q={}", encode(term));
        let response = self.send(&what, Target::Path(&path), &Scope::nothing(), &Exchange::get())?;
        if response.status() != 200 {
            return Err(error_of(self, &what, &self.registry, response));
        }
        let bytes = read_bounded(&what, response, MAX_ANSWER)?;
        let answer: Answer = serde_json::from_slice(&bytes).map_err(|e| Error::Answer {
            what,
            by: self.registry.clone(),
            why: format!("it is no list of results: {e}"),
        })?;
        let mut results = answer.results.unwrap_or_default();
        results.truncate(limit);
        Ok(results)
    }
}

//! Lists that come page by page: the tags of a repository, the repositories of a registry.

use crate::authorization::Scope;
use crate::manifest::text;
use crate::send::{Exchange, Target, error_of, read_bounded};
use crate::url::{Scheme, Url};
use crate::{Client, Error};
use serde::Deserialize;

/// One page, in bytes.
const MAX_PAGE: u64 = 16 << 20;
/// So many pages are no list but a circle.
const MAX_PAGES: usize = 1000;

/// `GET /v2/<name>/tags/list`.
#[derive(Deserialize)]
struct Tags {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

/// `GET /v2/_catalog`.
#[derive(Deserialize)]
struct Catalog {
    #[serde(default)]
    repositories: Option<Vec<String>>,
}

impl Client {
    /// All tags of a repository, in the registry's order.
    pub fn tags(&self, repository: &str) -> Result<Vec<String>, Error> {
        let what = format!("list tags of {}/{repository}", self.registry);
        let mut all = Vec::new();
        self.pages(&what, format!("/v2/{repository}/tags/list"), &Scope::pull(repository), |page| {
            let page: Tags = serde_json::from_slice(page)?;
            all.extend(page.tags.unwrap_or_default());
            Ok(true)
        })?;
        Ok(all)
    }

    /// Repositories in the registry's order, as many as `wanted` takes (it says whether it wants more).
    pub fn repositories(&self, mut wanted: impl FnMut(String) -> bool) -> Result<(), Error> {
        let what = format!("list repositories of {}", self.registry);
        self.pages(&what, "/v2/_catalog".to_owned(), &Scope::catalog(), |page| {
            let page: Catalog = serde_json::from_slice(page)?;
            Ok(page.repositories.unwrap_or_default().into_iter().all(&mut wanted))
        })
    }

    /// Hands each page to `take`, which says whether it wants the next.
    fn pages(
        &self,
        what: &str,
        mut path: String,
        scope: &Scope,
        mut take: impl FnMut(&[u8]) -> Result<bool, serde_json::Error>,
    ) -> Result<(), Error> {
        let wrong = |why: String| Error::Answer { what: what.to_owned(), by: self.registry.clone(), why };
        for _ in 0..MAX_PAGES {
            let response = self.send(what, Target::Path(&path), scope, &Exchange::get())?;
            if response.status() != 200 {
                return Err(error_of(self, what, &self.registry, response));
            }
            let next = text(&response, "link").and_then(|link| next_path(&path, &link));
            let more = take(&read_bounded(what, response, MAX_PAGE)?)
                .map_err(|e| wrong(format!("it is no such list: {e}")))?;
            match next.filter(|_| more) {
                Some(next) => path = next,
                None => return Ok(()),
            }
        }
        Err(wrong(format!("there are more than {MAX_PAGES} pages")))
    }
}

/// `</v2/x/tags/list?last=a>; rel="next"`: the path, whatever host is named.
fn next_path(path: &str, link: &str) -> Option<String> {
    let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    if !parameters.replace('"', "").to_ascii_lowercase().contains("rel=next") {
        return None;
    }
    Url::new(Scheme::Https, "registry", path).join(target).map(|url| url.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_the_next_page() {
        let next = |link| next_path("/v2/x/tags/list", link);
        assert_eq!(next("</v2/x/tags/list?last=a&n=2>; rel=\"next\"").as_deref(), Some("/v2/x/tags/list?last=a&n=2"));
        assert_eq!(next("<https://h/v2/y>; rel=next").as_deref(), Some("/v2/y"));
        assert_eq!(next("</v2/y>; rel=\"prev\""), None);
        assert_eq!(next("nonsense"), None);
    }
}

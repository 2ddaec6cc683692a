//! `GET /v2/<name>/tags/list`, page by page.

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

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

impl Client {
    /// All tags of a repository, in the registry's order.
    pub fn tags(&self, repository: &str) -> Result<Vec<String>, Error> {
        let what = format!("list tags of {}/{repository}", self.registry);
        let wrong = |why: String| Error::Answer { what: what.clone(), by: self.registry.clone(), why };
        let mut path = format!("/v2/{repository}/tags/list");
        let mut all = Vec::new();
        for _ in 0..MAX_PAGES {
            let response = self.send(&what, Target::Path(&path), &Scope::pull(repository), &Exchange::get())?;
            if response.status() != 200 {
                return Err(error_of(self, &what, &self.registry, response));
            }
            let next = text(&response, "link").and_then(|link| next_path(&path, &link));
            let page: Page = serde_json::from_slice(&read_bounded(&what, response, MAX_PAGE)?)
                .map_err(|e| wrong(format!("it is no list of tags: {e}")))?;
            all.extend(page.tags.unwrap_or_default());
            match next {
                Some(next) => path = next,
                None => return Ok(all),
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

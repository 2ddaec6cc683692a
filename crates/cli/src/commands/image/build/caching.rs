//! Which results of former builds count.

mod place;

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use build::execute::Caches;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// About what was made before.
pub(super) static FLAGS: &[Flag] = &[
    Flag::array(
        "cache-from",
        "stringArray",
        "Use what was made elsewhere (a repository; type=registry,ref=…; type=local,src=…)",
    ),
    Flag::array("cache-to", "stringArray", "Let others use it (a repository; type=registry,ref=…; type=local,dest=…)"),
    Flag::text("cache-ttl", "duration", "Use only what was made in this time (24h); 0: nothing"),
    Flag::bool("layers", "Use and remember what steps have made").default("true"),
    Flag::bool("no-cache", "Don't use what was made before"),
    Flag::list("no-cache-filter", "stringArray", "Don't use it for these stages (names or numbers)"),
    Flag::bool("why", "Tell for each step that has to be done what changed since it was done last"),
];

/// Whether anything that was made before is used.
pub(super) fn is_used(matches: &Matches) -> Result<bool, Failure> {
    let layers = matches.maybe_bool("layers").unwrap_or(true);
    Ok(!matches.bool("no-cache") && layers && ttl(matches)?.is_none_or(|ttl| !ttl.is_zero()))
}

/// `--no-cache-filter`, in small letters as stages are named.
pub(super) fn uncached_stages(matches: &Matches) -> BTreeSet<String> {
    matches.list("no-cache-filter").iter().map(|name| name.to_lowercase()).collect()
}

/// What was made before is too old.
pub(super) fn oldest(matches: &Matches) -> Result<Option<SystemTime>, Failure> {
    Ok(ttl(matches)?.and_then(|ttl| SystemTime::now().checked_sub(ttl)))
}

fn ttl(matches: &Matches) -> Result<Option<Duration>, Failure> {
    let parse = |text: &str| match spec::duration::parse(text) {
        Ok(duration) => Ok(duration),
        Err(error) => Err(Failure::new(format!("--cache-ttl {text}: {error}"))),
    };
    matches.text("cache-ttl").map(parse).transpose()
}

/// `--cache-from`, `--cache-to`
pub(super) fn shared(matches: &Matches) -> Result<Caches, Failure> {
    let mut caches = Caches::default();
    for text in matches.list("cache-from") {
        let wrong = |why: &str| Failure::new(format!("--cache-from {text}: {why}"));
        let mut place = place::read(text, "src").map_err(|why| wrong(&why))?;
        // Of BuildKit's clients: what is there has one form only.
        place.fields.remove("ignore-error");
        place.nothing_else().map_err(|why| wrong(&why))?;
        caches.from.push(place.location);
    }
    for text in matches.list("cache-to") {
        let wrong = |why: &str| Failure::new(format!("--cache-to {text}: {why}"));
        let place = place::read(text, "dest").map_err(|why| wrong(&why))?;
        caches.to.push(place.export().map_err(|why| wrong(&why))?);
    }
    Ok(caches)
}

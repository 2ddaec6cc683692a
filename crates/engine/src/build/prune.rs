//! What the build cache takes, and less of it.

use crate::{Engine, Error};
pub use store::{CacheItem, CacheLimits};

/// Everything in it, least used first.
pub fn cache_items(engine: &Engine) -> Result<Vec<CacheItem>, Error> {
    Ok(engine.store().cache_items()?)
}

/// Takes out what the limits don't allow; what it was.
pub fn prune_cache(engine: &Engine, limits: &CacheLimits) -> Result<Vec<CacheItem>, Error> {
    let removed = engine.store().prune_cache(limits)?;
    engine.left_trash();
    Ok(removed)
}

/// The time of a filter `until=`.
pub fn until(text: &str) -> Result<std::time::SystemTime, Error> {
    let nanoseconds = crate::container::filter::until(text)?;
    let since = std::time::Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0));
    Ok(std::time::UNIX_EPOCH + since)
}

//! The memory of builds, as Docker's commands have it.

pub mod du;
pub mod prune;

use crate::output::{duration, size};
use engine::build::CacheItem;

/// A table of items, the last used first.
fn table(items: &[CacheItem]) -> String {
    let mut text = "ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\tDESCRIPTION\n".to_owned();
    for item in items.iter().rev() {
        let used = jiff::Timestamp::try_from(item.used).map(duration::since).unwrap_or_default();
        let what: String = item.what.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        let id: String = item.id.chars().take(12).collect();
        let free = !(item.is_mount && item.in_use);
        text += &format!("{id}\t{free}\t{}\t{used} ago\t{what}\n", size::precise(item.size));
    }
    crate::output::table::align(&text)
}

/// Of a description, in characters.
const LONGEST: usize = 60;

/// Bytes of all.
fn total(items: &[CacheItem]) -> u64 {
    items.iter().map(|item| item.size).sum()
}

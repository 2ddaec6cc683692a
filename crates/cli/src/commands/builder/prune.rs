//! `builder prune`: less of the build cache.

use super::{table, total};
use crate::context::Context;
use crate::error::Failure;
use crate::output::{size, stream};
use crate::prompt;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::build::{CacheLimits, prune_cache, until};

/// `builder prune`
pub static COMMAND: Command = Command {
    usage: "[options]",
    summary: "Remove the build cache",
    details: "Removes what build steps have made and no image has, and the folders of cache mounts that are not in use; with \
              --all also the memory of what images have. Builds then do those steps again. Without this command, what was \
              not used for 60 days and what goes beyond a fifth of the disk is removed by itself.",
    examples: &["builder prune --force", "builder prune --all --filter until=24h", "builder prune --keep-storage 10GB"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "Also the memory of what images have").short('a'),
    Flag::array("filter", "stringArray", "Only what was used last before a time: until=24h"),
    Flag::bool("force", "Don't ask").short('f'),
    Flag::text("keep-storage", "bytes", "Keep so much of what was used last (10GB)")
        .alias(&["max-used-space", "reserved-space"]),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let all = matches.bool("all");
    let limits = CacheLimits {
        before: before(matches.list("filter"))?,
        keep: matches.text("keep-storage").map(bytes).transpose()?,
        mounts: true,
        in_images: all,
    };
    let what = if all { "all build cache" } else { "all dangling build cache" };
    if !matches.bool("force") && !prompt::warned(&format!("WARNING! This will remove {what}."))? {
        return Ok(0);
    }
    let removed = prune_cache(context.engine()?, &limits)?;
    if !removed.is_empty() {
        stream::print(&table(&removed))?;
    }
    stream::line(&format!("Total: {}", size::precise(total(&removed))))?;
    Ok(0)
}

fn before(filters: &[String]) -> Result<Option<std::time::SystemTime>, Failure> {
    let mut before = None;
    for text in filters {
        let wrong = || Failure::new(format!("--filter {text}: only until=TIME is known"));
        let time = until(text.strip_prefix("until=").ok_or_else(wrong)?)?;
        before = Some(before.map_or(time, |before: std::time::SystemTime| before.min(time)));
    }
    Ok(before)
}

fn bytes(text: &str) -> Result<u64, Failure> {
    let parsed = spec::size::parse(text);
    let bytes = parsed.map_err(|invalid| Failure::new(format!("--keep-storage {text}: {}", invalid.message)))?;
    Ok(bytes.unsigned_abs())
}

//! `skopeo manifest-digest`.

use super::global;
use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use oci::Digest;
use std::io::Read;

/// `skopeo manifest-digest`
pub static COMMAND: Command = Command {
    usage: "MANIFEST-FILE",
    summary: "Compute the digest of a manifest in a file",
    details: "Prints the digest by which a registry knows the manifest.",
    examples: &["skopeo manifest-digest manifest.json"],
    flags: &[global::FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Nothing,
    run,
};

fn run(_context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let [file] = matches.arguments.as_slice() else {
        return Err(Failure::new("Usage: skopeo manifest-digest MANIFEST"));
    };
    let mut bytes = Vec::new();
    let limit = oci::image::manifest::MAX_BYTES as u64;
    std::fs::File::open(file)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::new(format!("Error reading manifest from {file}: {error}")))?;
    if bytes.len() as u64 > limit {
        return Err(Failure::new(format!("Error computing digest: {file} is longer than any manifest may be")));
    }
    stream::line(Digest::sha256(&bytes).as_str())?;
    Ok(0)
}

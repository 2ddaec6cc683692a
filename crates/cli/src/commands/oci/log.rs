//! `--log`, `--log-format`: where the runtime's messages go besides standard error.

use crate::error::Failure;
use crate::output::logger::{self, Destination};
use crate::syntax::matches::Matches;
use std::fs::OpenOptions;

/// Opens what `--log` names.
pub fn start(matches: &Matches) -> Result<(), Failure> {
    let level = match (matches.bool("debug"), matches.text("log-level")) {
        (true, _) => "debug",
        (false, level) => level.unwrap_or("error"),
    };
    logger::start(Some(level)).map_err(Failure::new)?;
    let Some(text) = matches.text("log") else { return Ok(()) };
    let json = matches.text("log-format") == Some("json");
    let destination = match text.split_once(':') {
        Some(("journald", id)) => Destination::Journal(id.to_owned()),
        Some(("syslog", id)) => Destination::Syslog(id.to_owned()),
        Some(("file", path)) => file(path, json)?,
        _ => file(text, json)?,
    };
    logger::send_to(destination);
    Ok(())
}

fn file(path: &str, json: bool) -> Result<Destination, Failure> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    let file = file.map_err(|error| Failure::new(format!("open log file {path}: {error}")))?;
    Ok(Destination::File { file, json })
}

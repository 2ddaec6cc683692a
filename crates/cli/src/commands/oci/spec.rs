//! `oci spec`

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

static FLAGS: &[Flag] = &[
    Flag::text("bundle", "DIR", "Folder to write it into").short('b').default("."),
    Flag::text("file", "PATH", "File to write, in place of config.json").short('f'),
    Flag::bool("rootless", "For an ordinary user"),
];

/// `oci spec`
pub static COMMAND: Command = Command {
    usage: "[options]",
    summary: "Write a configuration to begin with",
    details: "",
    examples: &["oci spec --bundle /bundles/web"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Nothing,
    run,
};

fn run(_: &Context, matches: &Matches) -> Result<i32, Failure> {
    let own = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let spec = bundle::starter(matches.bool("rootless").then_some(own));
    let path = match (matches.text("file"), matches.text("bundle")) {
        (Some(file), _) => PathBuf::from(file),
        (None, folder) => Path::new(folder.unwrap_or(".")).join("config.json"),
    };
    let text = serde_json::to_string_pretty(&spec)? + "\n";
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::new(format!("{} exists already; remove it first", path.display()))
        }
        _ => Failure::new(format!("write {}: {error}", path.display())),
    };
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    Ok(0)
}

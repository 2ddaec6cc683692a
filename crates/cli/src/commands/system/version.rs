//! `version` and `--version`.

use crate::context::Context;
use crate::error::Failure;
use crate::output::template::Types;
use crate::output::{report, stream, table};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use serde_json::json;

/// `version`
pub static COMMAND: Command = Command {
    usage: "[options]",
    summary: "Show the program's version",
    details: "",
    examples: &["version", "version --format '{{.Client.Version}}'"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Nothing,
    run,
};

static FLAGS: &[Flag] = &[Flag::text("format", "string", "Show by a Go template, or json").short('f')];

fn run(_: &Context, matches: &Matches) -> Result<i32, Failure> {
    let version = engine::info::version();
    match matches.text("format") {
        None => stream::print(&text(&version))?,
        Some(format) if report::is_json(format) => stream::line(&json!({ "Client": version }).to_string())?,
        Some(format) => {
            let types = Types { root: "*types.SystemVersionReport", pointers: &["Server"], ..Types::default() };
            report::each("version", format, vec![json!({ "Client": version, "Server": null })], types)?;
        }
    }
    Ok(0)
}

fn text(version: &engine::info::Version) -> String {
    let rows = [
        ("Client", "Minke Engine"),
        ("Version", &version.version),
        ("API Version", &version.api_version),
        ("Rust Version", &version.go_version),
        ("Git Commit", &version.git_commit),
        ("Built", &version.built_time),
        ("OS/Arch", &version.os_arch),
    ];
    let lines = rows.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}:\t{value}\n"));
    table::align(&lines.collect::<String>())
}

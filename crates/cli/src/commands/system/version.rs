//! `version` and `--version`.

use crate::context::Context;
use crate::error::Failure;
use crate::output::template::{JSON_FORM, Types};
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

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let version = engine::info::version(context.build);
    match matches.text("format") {
        None => stream::print(&text(&version))?,
        Some(format) if report::is_json(format) => stream::line(&json!({ "Client": version }).to_string())?,
        Some(format) => {
            // Without a service the server is the client, whose fields older templates name alone.
            let mut fields = json!(version);
            // Podman's templates know it; nothing is known of who built this, and JSON leaves it out then.
            fields["BuildOrigin"] = "".into();
            let mut row =
                json!({ "Client": fields, "Server": fields, JSON_FORM: { "Client": fields, "Server": fields } });
            if let (Some(row), Some(own)) = (row.as_object_mut(), fields.as_object()) {
                row.extend(own.clone());
            }
            let types = Types { root: "*types.SystemVersionReport", own: &["Client", "Server"], ..Types::NONE };
            report::each("version", format, vec![row], types)?;
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

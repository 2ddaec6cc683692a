//! `buildah info` and `buildah version`.

use crate::context::Context;
use crate::error::Failure;
use crate::output::report::each;
use crate::output::template::Types;
use crate::output::{json, stream, table};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use serde_json::{Value, json};

/// `buildah info`
pub static INFO: Command = Command {
    usage: "[options]",
    summary: "Show this host and where everything is",
    details: "",
    examples: &["buildah info", "buildah info --format '{{.store.GraphRoot}}'"],
    flags: &[INFO_FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Store,
    run: info,
};

/// `buildah version`
pub static VERSION: Command = Command {
    usage: "[options]",
    summary: "Show the program's version",
    details: "",
    examples: &["buildah version", "buildah version --json"],
    flags: &[VERSION_FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Nothing,
    run: version,
};

static INFO_FLAGS: &[Flag] = &[
    Flag::bool("debug", "Also show what the program was built from").short('d'),
    Flag::text("format", "string", "Show by a Go template"),
];

static VERSION_FLAGS: &[Flag] = &[Flag::bool("json", "Show as JSON")];

fn info(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let known = engine::info::info(context.engine()?, context.build)?;
    let (host, store) = (&known.host, &known.store);
    let mut object = json!({
        "host": {
            "CgroupVersion": host["cgroupVersion"], "Distribution": host["distribution"], "MemFree": host["memFree"],
            "MemTotal": host["memTotal"], "OCIRuntime": host["ociRuntime"]["name"], "SwapFree": host["swapFree"],
            "SwapTotal": host["swapTotal"], "arch": host["arch"], "cpus": host["cpus"], "hostname": host["hostname"],
            "kernel": host["kernel"], "os": host["os"], "rootless": context.privilege().is_rootless(),
            "uptime": host["uptime"], "variant": host.get("variant").cloned().unwrap_or_else(|| json!("")),
        },
        "store": {
            "ContainerStore": {"number": store["containerStore"]["number"]},
            "GraphDriverName": store["graphDriverName"], "GraphOptions": store["graphOptions"],
            "GraphRoot": store["graphRoot"], "GraphStatus": store["graphStatus"],
            "ImageStore": {"number": store["imageStore"]["number"]}, "RunRoot": store["runRoot"],
        },
    });
    if matches.bool("debug") {
        let version = &known.version;
        object["debug"] = json!({
            "buildah version": version.version, "compiler": version.go_version, "git commit": version.git_commit,
        });
    }
    match matches.text("format") {
        Some(format) => each("info", format, vec![object], Types { root: "map[string]interface {}", ..Types::NONE })?,
        None => stream::line(&json::pretty(&object, "    ")?)?,
    }
    Ok(0)
}

fn version(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let version = engine::info::version(context.build);
    let rows: [(&str, &str, Value); 7] = [
        ("Version", "version", json!(version.version)),
        ("Rust Version", "rustVersion", json!(version.go_version)),
        ("Image Spec", "imageSpec", json!("1.1.1")),
        ("Runtime Spec", "runtimeSpec", json!("1.2.1")),
        ("Git Commit", "gitCommit", json!(version.git_commit)),
        ("Built", "built", json!(version.built_time)),
        ("OS/Arch", "osArch", json!(version.os_arch)),
    ];
    if matches.bool("json") {
        let object: serde_json::Map<String, Value> =
            rows.into_iter().map(|(_, key, value)| (key.to_owned(), value)).collect();
        stream::line(&json::pretty(&object, "    ")?)?;
        return Ok(0);
    }
    let line = |(name, _, value): &(&str, &str, Value)| format!("{name}:\t{}\n", value.as_str().unwrap_or_default());
    stream::print(&table::align(&rows.iter().map(line).collect::<String>()))?;
    Ok(0)
}

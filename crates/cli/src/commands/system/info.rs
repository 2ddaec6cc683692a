//! `info`: this host and where everything is.

use crate::context::Context;
use crate::error::Failure;
use crate::output::template::{JSON_FORM, Types};
use crate::output::{json, report, stream, yaml};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use serde_json::{Map, Value};

/// `info`
pub static COMMAND: Command = Command {
    usage: "[options]",
    summary: "Show this host and where everything is",
    details: "Prints what the engine knows of this host, its store, its configuration and its version.",
    examples: &["info", "info --format json", "info --format '{{.Store.GraphRoot}}'"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[Flag::text("format", "string", "Show by a Go template, or json").short('f')];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let info = serde_json::to_value(engine::info::info(context.engine()?)?)?;
    match matches.text("format") {
        None => stream::line(&yaml::write(&info))?,
        Some(format) if report::is_json(format) => stream::line(&json::pretty(&info, "  ")?)?,
        Some(format) => report::each("info", format, vec![fields(info)], TYPES)?,
    }
    Ok(0)
}

const TYPES: Types = Types {
    root: "*define.Info",
    maps: &["GraphOptions", "GraphStatus", "Registries"],
    times: &[],
    pointers: &["Slirp4netns", "Pasta"],
};

/// Templates use the names of Go's fields, which begin with capitals, JSON's don't.
fn fields(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let original = Value::Object(map.clone());
            let mut named: Map<String, Value> =
                map.into_iter().map(|(key, value)| (go_name(&key), fields(value))).collect();
            named.insert(JSON_FORM.to_owned(), original);
            Value::Object(named)
        }
        Value::Array(list) => Value::Array(list.into_iter().map(fields).collect()),
        other => other,
    }
}

/// `ociRuntime` is `OCIRuntime` in Go, `graphRoot` is `GraphRoot`.
fn go_name(key: &str) -> String {
    const SPECIAL: &[(&str, &str)] = &[
        ("ociRuntime", "OCIRuntime"),
        ("cpus", "CPUs"),
        ("idMappings", "IDMappings"),
        ("os", "OS"),
        ("gidmap", "GIDMap"),
        ("uidmap", "UIDMap"),
        ("dns", "DNS"),
        ("selinuxEnabled", "SELinuxEnabled"),
        ("seccompEnabled", "SECCOMPEnabled"),
        ("seccompProfilePath", "SECCOMPProfilePath"),
        ("apparmorEnabled", "AppArmorEnabled"),
        ("capabilities", "DefaultCapabilities"),
        ("cgroupVersion", "CgroupsVersion"),
        ("cpuUtilization", "CPUUtilization"),
    ];
    if let Some((_, name)) = SPECIAL.iter().find(|(json, _)| *json == key) {
        return (*name).to_owned();
    }
    let mut chars = key.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

//! `info`: this host and where everything is.

use crate::context::Context;
use crate::error::Failure;
use crate::output::template::{Shape, Types};
use crate::output::{json, report, stream, yaml};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;

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
    let info = serde_json::to_value(engine::info::info(context.engine()?, context.build)?)?;
    match matches.text("format") {
        None => stream::line(&yaml::write(&info))?,
        Some(format) if report::is_json(format) => stream::line(&json::pretty(&info, "  ")?)?,
        Some(format) => report::each("info", format, vec![SHAPE.apply(info)], TYPES)?,
    }
    Ok(0)
}

const TYPES: Types =
    Types { root: "*define.Info", maps: SHAPE.maps, pointers: &["Slirp4NetNS", "Pasta"], ..Types::NONE };

const SHAPE: Shape = Shape {
    names: &[
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
        ("slirp4netns", "Slirp4NetNS"),
    ],
    maps: &["GraphOptions", "GraphStatus", "Registries", "RuntimeInfo"],
    omitted: &[
        ("Host", "RootlessNetworkCmd", "RuntimeInfo", "{}"),
        ("Host", "Linkmode", "EmulatedArchitectures", "[]"),
        ("Host.Distribution", "Distribution", "Variant", "\"\""),
        ("Host.NetworkBackendInfo.DNS", "", "Version", "\"\""),
        ("Host.NetworkBackendInfo.DNS", "Version", "Package", "\"\""),
        ("Host.NetworkBackendInfo.DNS", "Package", "Path", "\"\""),
        ("Version", "Built", "BuildOrigin", "\"\""),
    ],
};

//! Where output goes.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use spec::ContainerSpec;

/// See podman-run(1).
pub static FLAGS: &[Flag] = &[
    Flag::text("log-driver", "string", "What keeps the output: k8s-file, json-file, none, passthrough"),
    Flag::array("log-opt", "stringArray", "Option of the log driver: path=, max-size=, max-file=, tag="),
];

/// Puts the flags into the spec.
pub fn apply(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    if let Some(driver) = matches.text("log-driver") {
        spec.log.set_driver(driver)?;
    }
    for option in matches.list("log-opt") {
        spec.log.add_option(option)?;
    }
    Ok(())
}

//! Rights: capabilities, seccomp, devices.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use spec::ContainerSpec;

/// See podman-run(1).
pub static FLAGS: &[Flag] = &[
    Flag::list("cap-add", "strings", "Add capabilities (NET_ADMIN, ALL)"),
    Flag::list("cap-drop", "strings", "Drop capabilities (CHOWN, ALL)"),
    Flag::array("device", "stringArray", "Add a device of the host (/dev/host[:/dev/inside][:rwm])"),
    Flag::list("device-cgroup-rule", "strings", "Allow devices by number (\"c 5:* rwm\")"),
    Flag::bool("privileged", "Give it all rights that the engine has"),
    Flag::array(
        "security-opt",
        "stringArray",
        "seccomp=FILE, seccomp=unconfined, no-new-privileges, unmask=PATHS, mask=PATHS",
    ),
];

/// Puts the flags into the spec.
pub fn apply(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    spec.security.privileged = matches.maybe_bool("privileged");
    for text in matches.list("cap-add") {
        spec.security.add_capability(text)?;
    }
    for text in matches.list("cap-drop") {
        spec.security.drop_capability(text)?;
    }
    for text in matches.list("security-opt") {
        spec.security.add_option(text)?;
    }
    for text in matches.list("device") {
        spec.devices.add(text)?;
    }
    for text in matches.list("device-cgroup-rule") {
        spec.devices.cgroup_rules.push(spec::devices::parse_cgroup_rule(text)?);
    }
    Ok(())
}

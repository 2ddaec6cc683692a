//! A seccomp profile in the JSON format that containers-common and Docker share, or plainly in OCI form.
//! The text is a user's file: sizes are bounded by the caller, unknown actions and comparisons are errors.

use super::Target;
use crate::Invalid;
use oci::runtime as rt;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    default_action: String,
    default_errno_ret: Option<u32>,
    default_errno: Option<String>,
    #[serde(default, deserialize_with = "crate::null_default")]
    architectures: Vec<String>,
    #[serde(default, deserialize_with = "crate::null_default")]
    arch_map: Vec<ArchMap>,
    #[serde(default, deserialize_with = "crate::null_default")]
    flags: Vec<String>,
    #[serde(default)]
    listener_path: Option<String>,
    #[serde(default)]
    listener_metadata: Option<String>,
    #[serde(default, deserialize_with = "crate::null_default")]
    syscalls: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ArchMap {
    architecture: String,
    #[serde(default, deserialize_with = "crate::null_default")]
    sub_architectures: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(default, deserialize_with = "crate::null_default")]
    names: Vec<String>,
    /// Docker's old form.
    #[serde(default)]
    name: Option<String>,
    action: String,
    errno_ret: Option<u32>,
    errno: Option<String>,
    #[serde(default, deserialize_with = "crate::null_default")]
    args: Vec<Arg>,
    #[serde(default, deserialize_with = "crate::null_default")]
    includes: Filter,
    #[serde(default, deserialize_with = "crate::null_default")]
    excludes: Filter,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Arg {
    index: u32,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Filter {
    #[serde(deserialize_with = "crate::null_default")]
    caps: Vec<String>,
    #[serde(deserialize_with = "crate::null_default")]
    arches: Vec<String>,
    min_kernel: Option<String>,
}

/// The profile for that target.
pub fn parse(text: &str, target: Target<'_>) -> Result<rt::Seccomp, Invalid> {
    let invalid = |why: String| Invalid::new(format!("decoding seccomp profile failed: {why}"));
    let profile: Profile = serde_json::from_str(text).map_err(|e| invalid(e.to_string()))?;
    lower(profile, target.complete()).map_err(invalid)
}

fn lower(profile: Profile, target: Target<'_>) -> Result<rt::Seccomp, String> {
    if !profile.architectures.is_empty() && !profile.arch_map.is_empty() {
        return Err("both 'architectures' and 'archMap' are specified in the seccomp profile, use either".into());
    }
    let mut syscalls = Vec::new();
    for rule in profile.syscalls {
        if takes(&rule, target)? {
            syscalls.push(lower_rule(rule)?);
        }
    }
    Ok(rt::Seccomp {
        default_errno_ret: errno(profile.default_errno_ret, profile.default_errno.as_deref())?,
        default_action: action(profile.default_action)?,
        architectures: architectures(profile.architectures, profile.arch_map, target.arch),
        flags: profile.flags,
        listener_path: profile.listener_path,
        listener_metadata: profile.listener_metadata,
        syscalls,
    })
}

fn architectures(plain: Vec<String>, map: Vec<ArchMap>, arch: &str) -> Vec<String> {
    let native = super::architectures(arch).first();
    match map.into_iter().find(|entry| Some(&entry.architecture.as_str()) == native) {
        Some(entry) => std::iter::once(entry.architecture).chain(entry.sub_architectures).collect(),
        None if plain.is_empty() => native.iter().map(|name| name.to_string()).collect(),
        None => plain,
    }
}

fn takes(rule: &Rule, target: Target<'_>) -> Result<bool, String> {
    let Filter { caps, arches, min_kernel } = &rule.includes;
    let included = caps.iter().all(|cap| target.has(cap))
        && (arches.is_empty() || arches.iter().any(|arch| arch == target.arch))
        && min_kernel.as_deref().map(kernel).transpose()?.is_none_or(|kernel| target.is_at_least(kernel));
    let Filter { caps, arches, min_kernel } = &rule.excludes;
    let excluded = caps.iter().any(|cap| target.has(cap))
        || arches.iter().any(|arch| arch == target.arch)
        || min_kernel.as_deref().map(kernel).transpose()?.is_some_and(|kernel| target.is_at_least(kernel));
    Ok(included && !excluded)
}

fn kernel(text: &str) -> Result<(u32, u32), String> {
    let numbers = text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    numbers.ok_or_else(|| format!("invalid kernel version {text:?}, expected e.g. \"4.8\""))
}

fn lower_rule(rule: Rule) -> Result<rt::SeccompRule, String> {
    let names: Vec<String> = rule.name.into_iter().chain(rule.names).collect();
    if names.is_empty() {
        return Err("a rule without names of system calls".into());
    }
    Ok(rt::SeccompRule {
        names,
        errno_ret: errno(rule.errno_ret, rule.errno.as_deref())?,
        action: action(rule.action)?,
        args: rule.args.into_iter().map(lower_arg).collect::<Result<_, _>>()?,
    })
}

fn lower_arg(arg: Arg) -> Result<rt::SeccompArg, String> {
    const OPERATORS: [&str; 7] = [
        "SCMP_CMP_NE",
        "SCMP_CMP_LT",
        "SCMP_CMP_LE",
        "SCMP_CMP_EQ",
        "SCMP_CMP_GE",
        "SCMP_CMP_GT",
        "SCMP_CMP_MASKED_EQ",
    ];
    if !OPERATORS.contains(&arg.op.as_str()) || arg.index > 5 {
        return Err(format!("invalid condition on argument {} with operator {:?}", arg.index, arg.op));
    }
    let value_two = Some(arg.value_two).filter(|_| arg.op == "SCMP_CMP_MASKED_EQ");
    Ok(rt::SeccompArg { index: arg.index, value: arg.value, value_two, op: arg.op })
}

fn action(name: String) -> Result<String, String> {
    const ACTIONS: [&str; 9] = [
        "SCMP_ACT_KILL",
        "SCMP_ACT_KILL_PROCESS",
        "SCMP_ACT_KILL_THREAD",
        "SCMP_ACT_TRAP",
        "SCMP_ACT_ERRNO",
        "SCMP_ACT_TRACE",
        "SCMP_ACT_ALLOW",
        "SCMP_ACT_LOG",
        "SCMP_ACT_NOTIFY",
    ];
    if ACTIONS.contains(&name.as_str()) { Ok(name) } else { Err(format!("unknown action {name:?}")) }
}

/// The name wins over the number, as in containers-common.
fn errno(number: Option<u32>, name: Option<&str>) -> Result<Option<u32>, String> {
    match name {
        None | Some("") => Ok(number),
        Some("EPERM") => Ok(Some(1)),
        Some("ENOENT") => Ok(Some(2)),
        Some("EACCES") => Ok(Some(13)),
        Some("EINVAL") => Ok(Some(22)),
        Some("ENOSYS") => Ok(Some(38)),
        Some("EOPNOTSUPP" | "ENOTSUP") => Ok(Some(95)),
        Some(name) => number.map(Some).ok_or_else(|| format!("unknown errno {name:?}: give errnoRet as a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<rt::Seccomp, String> {
        let capabilities = ["CAP_CHOWN".to_owned()];
        parse(text, Target { capabilities: &capabilities, arch: "amd64", kernel: (5, 10) }).map_err(|e| e.message)
    }

    #[test]
    fn rules_are_chosen_by_capability_architecture_and_kernel() {
        let rule = |filter: &str| {
            let text = format!(
                r#"{{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{{"names":["x"],"action":"SCMP_ACT_ALLOW",{filter}}}]}}"#
            );
            !parsed(&text).unwrap().syscalls.is_empty()
        };
        assert!(rule(r#""includes":{"caps":["CAP_CHOWN"]}"#));
        assert!(!rule(r#""includes":{"caps":["CAP_CHOWN","CAP_KILL"]}"#));
        assert!(!rule(r#""excludes":{"caps":["CAP_KILL","CAP_CHOWN"]}"#));
        assert!(rule(r#""includes":{"arches":["arm64","amd64"]},"args":null"#));
        assert!(!rule(r#""includes":{"minKernel":"5.11"}"#));
        assert!(rule(r#""includes":{"minKernel":"4.8"}"#));
    }

    #[test]
    fn architectures_come_from_the_map() {
        let map = r#"{"defaultAction":"SCMP_ACT_ALLOW","archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}]}"#;
        assert_eq!(parsed(map).unwrap().architectures, ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]);
        let plain = r#"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"]}"#;
        assert_eq!(parsed(plain).unwrap().architectures, ["SCMP_ARCH_X86"]);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(parsed("{").unwrap_err().starts_with("decoding seccomp profile failed: "));
        assert!(parsed(r#"{"defaultAction":"SCMP_ACT_MAYBE"}"#).is_err());
        assert!(
            parsed(r#"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":[],"action":"SCMP_ACT_ALLOW"}]}"#)
                .is_err()
        );
    }
}

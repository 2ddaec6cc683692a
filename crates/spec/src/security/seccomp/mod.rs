//! Which system calls are allowed: the built-in profile, or one in containers' and Docker's JSON format, brought to the
//! OCI form for a container's capabilities, architecture and kernel.

mod builtin;
pub mod profile;

use oci::runtime as rt;

/// For whom a profile is lowered: rules may depend on it.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The bounding set, names with `CAP_`.
    pub capabilities: &'a [String],
    /// GOARCH; empty: that of this build.
    pub arch: &'a str,
    /// (major, minor); (0, 0): new.
    pub kernel: (u32, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Allow,
    Errno(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Eq,
    Ne,
}

/// On one argument of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Condition {
    argument: u32,
    compare: Compare,
    value: u64,
}

/// A rule is taken only if all capabilities and the architecture of `includes` are there and none of `excludes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Filter<'a> {
    caps: &'a [&'a str],
    arches: &'a [&'a str],
    min_kernel: Option<(u32, u32)>,
}

impl Filter<'_> {
    const NONE: Filter<'static> = Filter { caps: &[], arches: &[], min_kernel: None };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule<'a> {
    names: &'a [&'a str],
    action: Action,
    conditions: &'a [Condition],
    includes: Filter<'a>,
    excludes: Filter<'a>,
}

/// What a call that no rule names gets: programs take ENOSYS for an old kernel and fall back.
const ENOSYS: u32 = 38;

/// The built-in profile for that target.
pub fn builtin(target: Target<'_>) -> rt::Seccomp {
    let target = target.complete();
    rt::Seccomp {
        default_action: "SCMP_ACT_ERRNO".into(),
        default_errno_ret: Some(ENOSYS),
        architectures: architectures(target.arch).iter().map(|name| name.to_string()).collect(),
        syscalls: builtin::RULES.iter().filter(|rule| target.takes(rule)).map(Rule::lower).collect(),
        ..rt::Seccomp::default()
    }
}

impl<'a> Target<'a> {
    fn complete(self) -> Target<'a> {
        Target { arch: if self.arch.is_empty() { this_arch() } else { self.arch }, ..self }
    }

    fn takes(&self, rule: &Rule<'_>) -> bool {
        let Filter { caps, arches, min_kernel } = rule.includes;
        let included = caps.iter().all(|cap| self.has(cap))
            && (arches.is_empty() || arches.contains(&self.arch))
            && min_kernel.is_none_or(|kernel| self.is_at_least(kernel));
        let Filter { caps, arches, min_kernel } = rule.excludes;
        let excluded = caps.iter().any(|cap| self.has(cap))
            || arches.contains(&self.arch)
            || min_kernel.is_some_and(|kernel| self.is_at_least(kernel));
        included && !excluded
    }

    fn has(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|name| name == capability)
    }

    fn is_at_least(&self, kernel: (u32, u32)) -> bool {
        self.kernel == (0, 0) || self.kernel >= kernel
    }
}

impl Rule<'_> {
    fn lower(&self) -> rt::SeccompRule {
        let (action, errno_ret) = match self.action {
            Action::Allow => ("SCMP_ACT_ALLOW", None),
            Action::Errno(number) => ("SCMP_ACT_ERRNO", Some(number)),
        };
        rt::SeccompRule {
            names: self.names.iter().map(|name| name.to_string()).collect(),
            action: action.into(),
            errno_ret,
            args: self.conditions.iter().map(Condition::lower).collect(),
        }
    }
}

impl Condition {
    fn lower(&self) -> rt::SeccompArg {
        let op = match self.compare {
            Compare::Eq => "SCMP_CMP_EQ",
            Compare::Ne => "SCMP_CMP_NE",
        };
        rt::SeccompArg { index: self.argument, value: self.value, value_two: None, op: op.into() }
    }
}

/// GOARCH of this build.
pub(crate) fn this_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        other => other,
    }
}

/// The native one first, then those whose programs the same kernel runs.
fn architectures(arch: &str) -> &'static [&'static str] {
    match arch {
        "amd64" => &["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "386" => &["SCMP_ARCH_X86"],
        "arm64" => &["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
        "arm" => &["SCMP_ARCH_ARM"],
        "riscv64" => &["SCMP_ARCH_RISCV64"],
        "ppc64le" => &["SCMP_ARCH_PPC64LE"],
        "s390x" => &["SCMP_ARCH_S390X", "SCMP_ARCH_S390"],
        "loongarch64" => &["SCMP_ARCH_LOONGARCH64"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security::capabilities;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    fn rules(seccomp: &rt::Seccomp, call: &str) -> Vec<(String, Option<u32>, usize)> {
        let naming = seccomp.syscalls.iter().filter(|rule| rule.names.iter().any(|name| name == call));
        naming.map(|rule| (rule.action.clone(), rule.errno_ret, rule.args.len())).collect()
    }

    #[test]
    fn default_capabilities_get_no_module_loading() {
        let caps = names(&capabilities::DEFAULT);
        let seccomp = builtin(Target { capabilities: &caps, arch: "amd64", kernel: (6, 18) });
        assert_eq!(seccomp.architectures, ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]);
        assert_eq!(rules(&seccomp, "init_module"), [("SCMP_ACT_ERRNO".into(), Some(1), 0)]);
        assert_eq!(rules(&seccomp, "chroot"), [("SCMP_ACT_ALLOW".into(), None, 0)]);
        assert_eq!(rules(&seccomp, "bpf"), [("SCMP_ACT_ERRNO".into(), Some(1), 0)]);
        assert_eq!(rules(&seccomp, "arm_fadvise64_64"), []);
        assert_eq!(rules(&seccomp, "socket").len(), 4);
    }

    #[test]
    fn sys_admin_opens_its_calls() {
        let caps = names(&["CAP_SYS_ADMIN"]);
        let seccomp = builtin(Target { capabilities: &caps, arch: "arm64", kernel: (0, 0) });
        assert_eq!(rules(&seccomp, "bpf"), [("SCMP_ACT_ALLOW".into(), None, 0)]);
        assert_eq!(rules(&seccomp, "chroot"), [("SCMP_ACT_ERRNO".into(), Some(1), 0)]);
        assert_eq!(rules(&seccomp, "arm_fadvise64_64").len(), 1);
        assert_eq!(rules(&seccomp, "arch_prctl"), []);
    }

    #[test]
    fn same_as_the_installed_profile() {
        let Ok(text) = std::fs::read_to_string("/usr/share/containers/seccomp.json") else { return };
        let all = names(&capabilities::NAMES);
        for caps in [names(&capabilities::DEFAULT), Vec::new(), all, names(&["CAP_BPF"]), names(&["CAP_AUDIT_WRITE"])] {
            for arch in ["amd64", "arm64", "riscv64", "s390x", "ppc64le"] {
                let target = Target { capabilities: &caps, arch, kernel: (6, 18) };
                let installed = profile::parse(&text, target).unwrap();
                assert_eq!(builtin(target).syscalls, installed.syscalls, "{arch} {caps:?}");
            }
        }
    }
}

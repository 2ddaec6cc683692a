//! What Podman 5.8 has and minke doesn't yet, so that it is refused by name and never silently ignored.
//!
//! When something is added to minke, its name goes away here: a test compares these tables with ours.

/// Command, and its flags as `name` or `name,letter`. `run` stands at the verb under any noun.
pub const FLAGS: &[(&str, &str)] = &[
    (
        "run",
        "blkio-weight blkio-weight-device cgroup-conf cgroup-parent cgroups chrootdirs conmon-pidfile \
         cpu-period cpu-quota cpu-rt-period cpu-rt-runtime device-read-bps device-read-iops device-write-bps device-write-iops disable-content-trust env-merge gpus group-entry health-cmd health-interval health-log-destination health-max-log-count health-max-log-size health-on-failure health-retries health-start-period health-startup-cmd health-startup-interval health-startup-retries health-startup-success health-startup-timeout health-timeout hosts-file hostuser \
         image-volume init-path ip ip6 mac-address network-alias no-healthcheck no-hostname oom-kill-disable passwd passwd-entry personality pod pod-id-file preserve-fd rdt-class requires retry \
         retry-delay rmi rootfs sdnotify seccomp-policy secret shm-size-systemd subgidname subuidname \
         systemd timeout tz volumes-from kernel-memory healthcheck-command healthcheck-interval healthcheck-retries healthcheck-start-period healthcheck-timeout",
    ),
    (
        "create",
        "attach,a blkio-weight blkio-weight-device cgroup-conf cgroup-parent cgroups chrootdirs conmon-pidfile cpu-period cpu-quota cpu-rt-period cpu-rt-runtime device-read-bps device-read-iops device-write-bps device-write-iops disable-content-trust env-merge gpus group-entry \
         health-cmd health-interval health-log-destination health-max-log-count health-max-log-size \
         health-on-failure health-retries health-start-period health-startup-cmd health-startup-interval \
         health-startup-retries health-startup-success health-startup-timeout health-timeout hosts-file \
         hostuser image-volume init-ctr init-path ip ip6 mac-address network-alias no-healthcheck no-hostname oom-kill-disable passwd-entry personality pod pod-id-file rdt-class requires retry \
         retry-delay rootfs sdnotify seccomp-policy secret shm-size-systemd subgidname subuidname systemd \
         timeout tz volumes-from kernel-memory healthcheck-command healthcheck-interval \
         healthcheck-retries healthcheck-start-period healthcheck-timeout",
    ),
    (
        "build",
        "compat-volumes cw \
         hooks-dir \
         runtime-flag sbom sbom-image-output sbom-image-purl-output sbom-merge-strategy \
         sbom-output sbom-purl-output sbom-scanner-command sbom-scanner-image sign-by \
         userns-gid-map userns-gid-map-group userns-uid-map \
         userns-uid-map-user",
    ),
    (
        "buildah from",
        "cgroup-parent cpu-period cpu-quota userns userns-gid-map userns-gid-map-group userns-uid-map \
         userns-uid-map-user",
    ),
    ("buildah run", "contextdir no-pivot runtime runtime-flag"),
    (
        "buildah commit",
        "cw pull sbom sbom-image-output sbom-image-purl-output sbom-merge-strategy sbom-output sbom-purl-output \
         sbom-scanner-command sbom-scanner-image",
    ),
    ("exec", "no-session preserve-fd wait"),
    ("ps", "pod,p sync watch,w"),
    ("logs", "color details"),
    ("stop", "service"),
    ("wait", "exit-first-match"),
    ("top", "list-descriptors"),
    ("push", "sign-by-sq-fingerprint signature-policy"),
    ("save", "signature-policy"),
    ("login", "secret"),
    ("unshare", "rootless-netns"),
    ("skopeo copy", "sign-by-sq-fingerprint"),
    ("skopeo sync", "sign-by-sq-fingerprint"),
    ("manifest push", "sign-by-sq-fingerprint"),
    ("artifact push", "sign-by-sq-fingerprint"),
    ("info", "debug"),
    ("completion", "no-desc"),
];

/// Flags of the program itself.
pub const GLOBALS: &str = "cdi-spec-dir config conmon connection,c events-backend hooks-dir identity imagestore module \
         network-cmd-path network-config-dir out remote,r runtime runtime-flag ssh storage-driver \
         storage-opt syslog tls-ca tls-cert tls-key tmpdir transient-store url volumepath host,H context \
         noout namespace network-backend debug,D cni-config-dir registries-conf registries-conf-dir \
         short-name-alias-conf userns-gid-map userns-uid-map";

/// Noun (empty: the top level) and the words below it.
pub const COMMANDS: &[(&str, &str)] = &[
    ("buildah", "mkcw"),
    (
        "",
        "auto-update buildx commit compose context cp events export farm generate \
         healthcheck init kube machine mount network pause play pod \
         quadlet rename restart secret stats unmount unpause update volume",
    ),
    (
        "container",
        "checkpoint cleanup clone commit cp export init mount pause prune rename restart \
         restore runlabel stats unmount unpause update",
    ),
    ("system", "connection dial-stdio events locks migrate renumber reset service"),
];

/// The name of the flag, if Podman's command `verb` (as typed, without the program) has it: `flag` is `--name` or `-n`.
pub fn flag(verb: &str, flag: &str) -> Option<&'static str> {
    let verb = canonical(verb);
    let (_, names) = FLAGS.iter().find(|(command, _)| *command == verb)?;
    find(names, flag)
}

/// The same for flags of the program.
pub fn global(flag: &str) -> Option<&'static str> {
    find(GLOBALS, flag)
}

/// Whether Podman has that command.
pub fn command(noun: &str, word: &str) -> bool {
    COMMANDS.iter().any(|(under, words)| *under == noun && words.split_ascii_whitespace().any(|known| known == word))
}

fn find(names: &'static str, flag: &str) -> Option<&'static str> {
    names.split_ascii_whitespace().find_map(|entry| {
        let (name, letter) = entry.split_once(',').unwrap_or((entry, ""));
        let long = flag.strip_prefix("--").is_some_and(|word| word == name);
        let short = !letter.is_empty() && flag.strip_prefix('-') == Some(letter);
        (long || short).then_some(name)
    })
}

/// The same command has several names.
pub fn canonical(verb: &str) -> &str {
    match verb {
        "container ps" | "container list" | "container ls" => "ps",
        "image list" | "image ls" => "images",
        "image rm" => "rmi",
        "system info" => "info",
        "buildah build" | "buildah bud" | "buildah build-using-dockerfile" => "build",
        "image inspect" | "container inspect" | "image prune" | "container exists" => verb,
        own if ["artifact ", "skopeo ", "manifest ", "buildah "].iter().any(|noun| own.starts_with(noun)) => own,
        other => other.rsplit(' ').next().unwrap_or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::tree;

    #[test]
    fn nothing_is_both_here_and_missing() {
        for entry in tree::ENTRIES {
            assert!(!command(entry.noun, entry.verb), "{} {}", entry.noun, entry.verb);
            let typed = format!("{} {}", entry.noun, entry.verb);
            for own in entry.command.all_flags() {
                let long = format!("--{}", own.name);
                assert_eq!(flag(typed.trim(), &long), None, "{typed} {long}");
                if let Some(letter) = own.short {
                    assert_eq!(flag(typed.trim(), &format!("-{letter}")), None, "{typed} -{letter}");
                }
            }
        }
        for own in tree::GLOBALS {
            assert_eq!(global(&format!("--{}", own.name)), None);
        }
    }

    #[test]
    fn refused_by_name() {
        assert_eq!(flag("run", "--blkio-weight"), Some("blkio-weight"));
        assert_eq!(flag("container run", "--blkio-weight"), Some("blkio-weight"));
        assert_eq!(flag("container ls", "-p"), Some("pod"));
        assert_eq!(flag("run", "--foo"), None);
    }
}

//! How the root file system is made.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use image::PullPolicy;
use spec::ContainerSpec;

/// See podman-run(1).
pub static FLAGS: &[Flag] = &[
    Flag::text("pull", "string", "Ask the registry: missing, always, never, newer").default("missing"),
    Flag::bool("quiet", "Don't show what is pulled").short('q'),
    Flag::bool("read-only", "Make the root file system read-only"),
    Flag::bool("read-only-tmpfs", "With --read-only: writable tmpfs on /tmp, /run and /var/tmp").default("true"),
];

/// Puts the flags into the spec.
pub fn apply(matches: &Matches, spec: &mut ContainerSpec) {
    spec.rootfs.read_only_filesystem = matches.maybe_bool("read-only");
    spec.rootfs.read_write_tmpfs = matches.maybe_bool("read-only-tmpfs");
}

/// `--pull` and `pull --policy`.
pub fn policy(text: Option<&str>) -> Result<PullPolicy, Failure> {
    Ok(match text.map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "missing" | "ifnotpresent" | "false") => PullPolicy::Missing,
        Some("always" | "true") => PullPolicy::Always,
        Some("never") => PullPolicy::Never,
        Some("newer" | "ifnewer") => PullPolicy::Newer,
        Some(_) => {
            let text = crate::output::quote(text.unwrap_or_default());
            return Err(Failure::new(format!("unsupported pull policy {text}")));
        }
    })
}

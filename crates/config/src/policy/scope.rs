//! Which requirements apply: the most specific scope that is listed, and only that one.

use super::{Policy, Requirement};

/// Transports whose scopes are paths.
const PATHS: [&str; 4] = ["dir", "oci", "oci-archive", "sif"];
/// Transports that know only their default.
const DEFAULT_ONLY: [&str; 2] = ["docker-archive", "tarball"];

pub(super) fn requirements<'p>(policy: &'p Policy, transport: &str, scopes: &[String]) -> &'p [Requirement] {
    let Some(listed) = policy.transports.get(transport) else { return &policy.default };
    let found = scopes.iter().find_map(|scope| listed.get(scope));
    found.or_else(|| listed.get("")).unwrap_or(&policy.default)
}

/// A scope that could never match is a mistake that leaves a hole.
pub(super) fn check(transport: &str, scope: &str) -> Result<(), String> {
    let why = if scope.is_empty() {
        return Ok(());
    } else if DEFAULT_ONLY.contains(&transport) {
        "this transport has only the default scope \"\""
    } else if PATHS.contains(&transport) {
        match check_path(scope) {
            Ok(()) => return Ok(()),
            Err(why) => why,
        }
    } else if transport == "containers-storage" && !scope.starts_with('[') {
        "it must begin with a store, as in \"[overlay@/var/lib/containers/storage]\""
    } else {
        return Ok(());
    };
    Err(format!("scope `{scope}` of transport `{transport}`: {why}"))
}

fn check_path(scope: &str) -> Result<(), &'static str> {
    if scope == "/" {
        return Err("use the default scope \"\" for everything");
    }
    let Some(rest) = scope.strip_prefix('/') else { return Err("it must be an absolute path") };
    if rest.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err("it must be a path without `.`, `..` and doubled or final slashes");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_scope_alone_counts() {
        let policy = Policy::parse(
            r#"{"default":[{"type":"reject"}],"transports":{"docker":{
                "a.b/c":[{"type":"insecureAcceptAnything"}],
                "a.b":[{"type":"reject"},{"type":"reject"}]},
              "dir":{"":[{"type":"insecureAcceptAnything"}]}}}"#,
        )
        .unwrap();
        let applies = |transport: &str, scopes: &[&str]| {
            let scopes: Vec<String> = scopes.iter().map(|s| (*s).to_owned()).collect();
            policy.requirements(transport, &scopes).to_vec()
        };
        assert_eq!(applies("docker", &["a.b/c:1", "a.b/c", "a.b"]), [Requirement::InsecureAcceptAnything]);
        assert_eq!(applies("docker", &["a.b/d", "a.b"]).len(), 2);
        assert_eq!(applies("docker", &["x.y"]), [Requirement::Reject]);
        assert_eq!(applies("dir", &["/x"]), [Requirement::InsecureAcceptAnything]);
        assert_eq!(applies("oci", &["/x"]), [Requirement::Reject]);
    }

    #[test]
    fn scopes_that_can_never_match_are_refused() {
        for (transport, scope) in [
            ("dir", "/"),
            ("dir", "x"),
            ("oci", "/a/../b"),
            ("oci", "/a//b"),
            ("oci-archive", "/a/"),
            ("docker-archive", "/a"),
            ("containers-storage", "x"),
        ] {
            assert!(check(transport, scope).is_err(), "{transport} {scope}");
        }
        for (transport, scope) in
            [("dir", "/a/b"), ("docker", "x"), ("containers-storage", "[/x]"), ("novel", "?"), ("dir", "")]
        {
            assert!(check(transport, scope).is_ok(), "{transport} {scope}");
        }
    }
}

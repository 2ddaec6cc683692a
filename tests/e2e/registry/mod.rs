//! Registries: who one is there, and what there is.

mod login;
mod logout;
mod search;

use testkit::{Auth, Registry, TestEnv};

/// A registry on port 5001 that wants alice's password.
pub fn closed(env: &TestEnv) -> Registry<'_> {
    let registry = Registry::start_with(env, 5001, &Auth { basic: Some(("alice", "secret")), ..Auth::default() });
    if env.is_peer() {
        let insecure = "[[registry]]\nlocation = \"127.0.0.1:5001\"\ninsecure = true\n";
        env.configure(&testkit::Settings { system: &[("registries.conf.d/closed.conf", insecure)], user: &[] });
    }
    registry
}

/// Where `login` keeps things, as the user who runs the engine sees it.
pub fn own_file(env: &TestEnv) -> String {
    match env.is_root() {
        true => "/run/containers/0/auth.json".to_owned(),
        false => format!("/run/user/{}/containers/auth.json", env.user().uid),
    }
}

/// A credential helper `docker-credential-tests` that notes what it is asked; returns the folder for `PATH`.
pub fn helper(env: &TestEnv) -> String {
    let script = r#"#!/bin/sh
cd "$(dirname "$0")"
in=$(cat)
echo "$1 $in" >>asked
case $1 in
get) [ -f kept ] && cat kept || { echo 'credentials not found in native keychain'; exit 1; } ;;
store) echo "$in" >kept ;;
erase) rm -f kept ;;
list) echo '{"h.example":"bob"}' ;;
esac
"#;
    let path = env.write("bin/docker-credential-tests", script);
    env.script(&format!("chmod 755 {}", path.display()));
    env.work().join("bin").display().to_string()
}

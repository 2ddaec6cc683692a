//! The program: picks what this process is, enters the user namespace of an ordinary user, and hands over to the cli.
//!
//! Nothing here or before the cli's engine starts a thread or an async runtime: namespaces are entered by single-threaded
//! processes only.

mod rootless;

use cli::{Build, Failure, Privilege};
use std::ffi::OsString;

/// What `build.rs` noted.
const BUILD: Build = Build { commit: env!("MINKE_COMMIT"), date: env!("MINKE_DATE"), compiler: env!("MINKE_COMPILER") };

fn main() {
    std::process::exit(run(std::env::args_os().collect()))
}

fn run(argv: Vec<OsString>) -> i32 {
    // Files that the engine makes for containers must not depend on the caller's mask.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    if argv.get(1).is_some_and(|word| word == "monitor") {
        return engine::monitor_main(&argv[2..]);
    }
    let invocation = match text(argv).and_then(cli::parse) {
        Ok(invocation) => invocation,
        Err(failure) => return failure.show(),
    };
    match privilege(&invocation) {
        Ok(privilege) => invocation.run(privilege, BUILD),
        Err(failure) => failure.show(),
    }
}

/// The cli works on text; a file name in another encoding can't be passed on.
fn text(argv: Vec<OsString>) -> Result<Vec<String>, Failure> {
    let word = |word: OsString| {
        word.into_string().map_err(|word| Failure::new(format!("argument {word:?} is not valid UTF-8")))
    };
    argv.into_iter().map(word).collect()
}

/// Root works as it is; an ordinary user becomes root of a user namespace, if the command needs the store.
fn privilege(invocation: &cli::Invocation) -> Result<Privilege, Failure> {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    if let Some((uid, gid)) = cli::session() {
        // In the namespaces that `unshare` has entered.
        let single_id = rootless::has_single_id().map_err(Failure::new)?;
        return Ok(Privilege::User { uid, gid, single_id });
    }
    if uid == 0 {
        return Ok(Privilege::Root);
    }
    let single_id = match invocation.needs_store() {
        true => rootless::enter(uid, gid, &invocation.run_root(Some(uid))?).map_err(Failure::new)?,
        false => false,
    };
    Ok(Privilege::User { uid, gid, single_id })
}

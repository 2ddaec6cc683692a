//! `oci exec`

use super::global;
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use bundle::{Exec, Pass, Wanted};
use oci::runtime::Process;
use std::path::Path;

static FLAGS: &[Flag] = &[
    Flag::list("additional-gids", "GIDS", "Supplementary groups").short('g'),
    Flag::text("apparmor", "PROFILE", "AppArmor profile of the process"),
    Flag::array("cap", "CAP", "Add a capability").short('c'),
    Flag::text("cgroup", "PATH", "Run it in this group below the container's"),
    Flag::text("console-socket", "SOCKET", "Send the terminal's master to the socket there"),
    Flag::text("cwd", "DIR", "Working folder"),
    Flag::bool("detach", "Don't wait for its end").short('d'),
    Flag::array("env", "ENV", "Set a variable (NAME=value)").short('e'),
    Flag::bool("ignore-paused", "Also into a paused container"),
    Flag::bool("no-new-privs", "Set-uid programs and the like gain nothing"),
    Flag::text("pid-file", "FILE", "Write the process's number there"),
    Flag::uint("preserve-fds", "Pass so many more descriptors, from 3 on (after those of LISTEN_FDS)"),
    Flag::text("process", "FILE", "Read the process from a file (`process` of a configuration)").short('p'),
    Flag::text("process-label", "LABEL", "SELinux label of the process"),
    Flag::bool("tty", "Give it a terminal").short('t'),
    Flag::text("user", "UID[:GID]", "Who it runs as").short('u'),
];

/// `oci exec`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [COMMAND [ARG...]]",
    summary: "Run one more process in a container",
    details: "",
    examples: &["oci exec web ls /", "oci exec --process process.json web"],
    flags: &[FLAGS],
    stops: true,
    arguments: Arguments::AtLeast(1),
    needs: Needs::Nothing,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let root = global::root(context)?;
    let (id, args) = (&matches.arguments[0], &matches.arguments[1..]);
    let change = |process: &mut Process| change(matches, process);
    let groups = matches.list("additional-gids");
    if let Some(wrong) = groups.iter().find(|group| group.parse::<u32>().is_err()) {
        return Err(Failure::new(format!("--additional-gids: {wrong} is not a group's number")));
    }
    let wanted = match matches.text("process") {
        Some(file) => Wanted::Process(bundle::load(Path::new(file))?),
        None => Wanted::Like { args, change: &change, user: matches.text("user").unwrap_or_default() },
    };
    let path = |name: &str| matches.text(name).map(Path::new);
    let wish = Exec {
        wanted,
        console_socket: path("console-socket"),
        pid_file: path("pid-file"),
        pass: Pass::of_environment(matches.number("preserve-fds").unwrap_or(0)),
        detach: matches.bool("detach"),
        cgroup: matches.text("cgroup"),
        ignore_paused: matches.bool("ignore-paused"),
    };
    let ended = bundle::exec(&root, id, &wish)?;
    Ok(ended.map_or(0, |ended| ended.code))
}

/// The container's own process, as the flags want it.
fn change(matches: &Matches, process: &mut Process) {
    process.terminal = matches.bool("tty");
    process.no_new_privileges |= matches.bool("no-new-privs");
    process.env.extend(matches.list("env").iter().cloned());
    if let Some(folder) = matches.text("cwd") {
        folder.clone_into(&mut process.cwd);
    }
    for (name, field) in [("apparmor", &mut process.apparmor_profile), ("process-label", &mut process.selinux_label)] {
        if let Some(text) = matches.text(name) {
            *field = Some(text.to_owned());
        }
    }
    process
        .user
        .additional_gids
        .extend(matches.list("additional-gids").iter().filter_map(|group| group.parse::<u32>().ok()));
    let sets = process.capabilities.get_or_insert_default();
    for set in [&mut sets.bounding, &mut sets.effective, &mut sets.permitted] {
        set.extend(matches.list("cap").iter().map(|name| capability(name)));
    }
}

fn capability(name: &str) -> String {
    let name = name.to_ascii_uppercase();
    if name.starts_with("CAP_") { name } else { format!("CAP_{name}") }
}

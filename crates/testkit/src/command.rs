//! A command to be run inside an environment, with a clean set of variables and a limit of time.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::env::TestEnv;
use crate::output::Output;
use crate::process::Process;
use crate::skip::reason_without_cgroup2;
use crate::split::words;
use crate::who::{User, Who};

/// How long a command may run unless the test says otherwise.
const LIMIT: Duration = Duration::from_secs(60);

/// cgroup v2: goes to its group first, which must be done from outside of the cgroup namespace.
const ENTER: &str = r#"echo 0 >"/sys/fs/cgroup/$0/cgroup.procs" && exec nsenter --cgroup=/proc/1/ns/cgroup "$@""#;

/// A command under construction.
#[derive(Debug)]
pub struct Run<'e> {
    env: &'e TestEnv,
    who: Who,
    args: Vec<OsString>,
    vars: Vec<(OsString, OsString)>,
    stdin: Vec<u8>,
    limit: Duration,
}

impl<'e> Run<'e> {
    pub(crate) fn new(env: &'e TestEnv, who: Who) -> Self {
        Self { env, who, args: Vec::new(), vars: Vec::new(), stdin: Vec::new(), limit: LIMIT }
    }

    /// Adds the words of a line.
    #[must_use]
    pub fn words(self, line: &str) -> Self {
        self.args(words(line))
    }

    /// Adds one word as it is.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds words as they are.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn var(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.vars.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Feeds stdin; without this it is at its end from the start.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Allows more time, or less.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs to the end.
    ///
    /// # Panics
    /// When the limit has passed, or something that outlives the command holds its output open.
    #[track_caller]
    pub fn run(mut self) -> Output {
        let (limit, stdin) = (self.limit, std::mem::take(&mut self.stdin));
        let mut process = self.spawn();
        let mut pipe = process.take_stdin();
        std::thread::scope(|scope| {
            // A command that ends without reading is no failure of the test.
            scope.spawn(move || pipe.write_all(&stdin).map(|()| drop(pipe)));
            process.wait_limited(limit)
        })
    }

    /// Starts it with pipes and returns at once.
    #[track_caller]
    #[must_use]
    pub fn spawn(self) -> Process {
        let line = self.line();
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Process::start(self.env, &mut command, line)
    }

    /// As typed, for messages.
    pub(crate) fn line(&self) -> String {
        self.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn environment(&self) -> &'e TestEnv {
        self.env
    }

    /// The same command, started by `setsid` with its stdin as controlling terminal.
    pub(crate) fn with_terminal(mut self) -> Self {
        self.args.splice(0..0, ["setsid".into(), "--ctty".into()]);
        self.var("TERM", "xterm")
    }

    pub(crate) fn command(&self) -> Command {
        let user = (self.who == Who::User).then(|| self.env.user());
        let mut command = self.at_its_place(user);
        command.current_dir(self.env.work()).env_clear();
        command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("PODMAN_IGNORE_CGROUPSV1_WARNING", "1");
        command.env("HOME", self.env.dir().join(if self.who == Who::Root { "home-of-root" } else { "home" }));
        if let Some(user) = user {
            command.env("XDG_RUNTIME_DIR", format!("/run/user/{}", user.uid)).env("USER", &user.name);
        }
        command.envs(self.vars.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The program as that user (`None`: root), in the environment's cgroups.
    fn at_its_place(&self, user: Option<&User>) -> Command {
        let (program, args) = self.args.split_first().expect("a program");
        if reason_without_cgroup2().is_some() {
            let mut command = Command::new(program);
            command.args(args);
            if let Some(user) = user {
                // std drops the supplementary groups when root sets a uid.
                command.uid(user.uid).gid(user.gid);
            }
            return command;
        }
        let (group, uid, gid) = user.map_or(("keeper", 0, 0), |user| ("user/commands", user.uid, user.gid));
        let mut command = Command::new("sh");
        command
            .args(["-c", ENTER, group, &format!("--setuid={uid}"), &format!("--setgid={gid}"), "--"])
            .args(&self.args);
        command
    }
}

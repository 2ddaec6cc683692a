//! Instructions as they are written: their words still have quotes and variables, which are resolved when it is known in
//! which surroundings.

use super::fault::Place;
use super::heredoc::Heredoc;
use super::lines::Style;

/// An instruction and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Its lines.
    pub place: Place,
    /// The line with continued ones joined, without heredocs.
    pub text: String,
    /// How it is written.
    pub style: Style,
    /// What it says.
    pub instruction: Instruction,
}

/// What an instruction says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instruction {
    /// `FROM`
    From(From),
    /// `ARG`
    Arg(Vec<Argument>),
    /// `ENV`: names and values.
    Env(Vec<Pair>),
    /// `LABEL`
    Label(Vec<Pair>),
    /// `RUN`
    Run(Box<Run>),
    /// `COPY` and `ADD`
    Copy(Box<Copy>),
    /// `CMD`
    Cmd(Command),
    /// `ENTRYPOINT`
    Entrypoint(Command),
    /// `EXPOSE`
    Expose(Vec<String>),
    /// `VOLUME`
    Volume(Vec<String>),
    /// `USER`
    User(String),
    /// `WORKDIR`
    Workdir(String),
    /// `SHELL`
    Shell(Vec<String>),
    /// `STOPSIGNAL`
    StopSignal(String),
    /// `HEALTHCHECK`
    Healthcheck(Healthcheck),
    /// `ONBUILD`: an instruction's text.
    OnBuild(String),
    /// `MAINTAINER`
    Maintainer(String),
}

/// `FROM [--platform=…] base [AS name]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct From {
    /// An image, an earlier stage, or `scratch`.
    pub base: String,
    /// In small letters.
    pub name: Option<String>,
    /// Of the base.
    pub platform: Option<String>,
}

/// `ARG name[=default]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Plain.
    pub name: String,
    /// If nothing is given.
    pub default: Option<String>,
}

/// `name=value`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// May have variables.
    pub name: String,
    /// Likewise.
    pub value: String,
}

/// What is executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// By the shell.
    Shell(String),
    /// As it is: a JSON list.
    Exec(Vec<String>),
}

/// `RUN`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// What.
    pub command: Command,
    /// Its heredocs.
    pub heredocs: Vec<Heredoc>,
    /// `--mount`, as written.
    pub mounts: Vec<String>,
    /// `--network`
    pub network: Option<Network>,
    /// `--security`: `insecure` asks for all rights.
    pub insecure: bool,
    /// `--device`, as written.
    pub devices: Vec<String>,
}

/// Of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// As the whole build.
    Default,
    /// Loopback only.
    None,
    /// The host's.
    Host,
}

/// `COPY` and `ADD`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Copy {
    /// It is ADD: archives are unpacked, URLs fetched.
    pub is_add: bool,
    /// Paths, patterns, with ADD also URLs; heredocs not among them.
    pub sources: Vec<String>,
    /// Files that stand in the Containerfile.
    pub heredocs: Vec<Heredoc>,
    /// Where to.
    pub destination: String,
    /// `--from`: a stage, an image or a named context.
    pub from: Option<String>,
    /// `--chown`: `user[:group]`
    pub owner: Option<String>,
    /// `--chmod`: octal or symbolic
    pub mode: Option<String>,
    /// `--link`: a layer that doesn't depend on those below.
    pub link: bool,
    /// `--parents`: the sources' folders are kept.
    pub parents: bool,
    /// `--exclude`: patterns.
    pub exclude: Vec<String>,
    /// ADD's `--checksum`, of what is fetched.
    pub checksum: Option<String>,
    /// ADD's `--keep-git-dir`.
    pub keep_git: Option<bool>,
    /// ADD's `--unpack`: whether archives are unpacked, if it is said.
    pub unpack: Option<bool>,
}

/// `HEALTHCHECK`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Healthcheck {
    /// `None`: the base's is switched off.
    pub command: Option<Command>,
    /// ns; 0: not said, as below.
    pub interval: u64,
    /// ns
    pub timeout: u64,
    /// ns
    pub start_period: u64,
    /// ns
    pub start_interval: u64,
    /// Times.
    pub retries: u32,
}

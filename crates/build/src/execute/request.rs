//! What a build is asked for.

use super::{Contexts, Output};
use crate::plan::Wishes;
use engine::build::Times;
use engine::image::RegistryOptions;
use image::{Progress, PullPolicy};
use oci::Platform;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// A build.
pub struct Request<'a> {
    /// What the Containerfile is called in messages.
    pub file: &'a str,
    /// Its content.
    pub text: &'a str,
    /// What changes the plan, whatever the platform.
    pub wishes: Wishes,
    /// What images are made for.
    pub platforms: Platforms,
    /// Where files come from.
    pub contexts: Contexts,
    /// How images are had.
    pub images: Images<'a>,
    /// Where others' results are, and ours go.
    pub caches: Caches,
    /// How steps are done.
    pub settings: Settings,
    /// What becomes of the result.
    pub result: Wanted,
    /// What else is written of it.
    pub outputs: Vec<Output>,
}

/// What images are made for.
#[derive(Debug, Clone)]
pub enum Platforms {
    /// These, at least one.
    These(Vec<Platform>),
    /// All that every base image is there for.
    OfBases,
}

/// Which layers become one in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Squash {
    /// None.
    #[default]
    No,
    /// Those on the base image.
    Own,
    /// All.
    All,
}

/// How base images are had.
pub struct Images<'a> {
    /// `--pull`
    pub pull: PullPolicy,
    /// Credentials and TLS.
    pub registry: RegistryOptions,
    /// Of transfers.
    pub progress: &'a dyn Progress,
}

/// Caches that several machines share; the registry's options are those of the images.
#[derive(Debug, Clone, Default)]
pub struct Caches {
    /// `--cache-from`
    pub from: Vec<image::Location>,
    /// `--cache-to`
    pub to: Vec<engine::build::Export>,
}

/// How steps are done.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What is remembered counts.
    pub cache: bool,
    /// What is made is remembered.
    pub remember: bool,
    /// Except for these stages, in small letters.
    pub uncached_stages: BTreeSet<String>,
    /// What was made before isn't used.
    pub oldest: Option<SystemTime>,
    /// Steps that weren't remembered say why not.
    pub explain: bool,
    /// When a command fails, its container is shown: the caller has a terminal, which is given up at [`Event::Shell`](super::Event::Shell).
    pub shell_on_error: bool,
    /// So often something is told at least, while steps run.
    pub tick: Option<Duration>,
    /// Commands read the caller's standard input.
    pub stdin: bool,
    /// Steps at a time.
    pub jobs: usize,
    /// Of what is made.
    pub times: Times,
    /// Stages that the target doesn't need are built, too.
    pub all_stages: bool,
    /// What all commands of the build have in common.
    pub container: spec::ContainerSpec,
    /// `--secret`: where each comes from.
    pub secrets: BTreeMap<String, Secret>,
    /// `--ssh`: the agents' sockets.
    pub agents: BTreeMap<String, PathBuf>,
    /// `RUN --security=insecure` may be done.
    pub allow_insecure: bool,
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// A file.
    File(PathBuf),
    /// A variable of the caller's.
    Env(String),
}

/// What becomes of the result.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Full names.
    pub names: Vec<String>,
    /// In Docker's form.
    pub docker: bool,
    /// `--label`
    pub labels: BTreeMap<String, String>,
    /// `--annotation`
    pub annotations: BTreeMap<String, String>,
    /// `--unsetlabel`
    pub unset_labels: Vec<String>,
    /// `--unsetannotation`
    pub unset_annotations: Vec<String>,
    /// Labels of base images are the image's, too.
    pub inherits_labels: bool,
    /// Likewise.
    pub inherits_annotations: bool,
    /// An annotation says when it was made.
    pub says_when: bool,
    /// It has no history.
    pub without_history: bool,
    /// Which layers become one.
    pub squash: Squash,
    /// `--os-version`
    pub os_version: Option<String>,
    /// `--os-feature`; with `-` at its end it is taken away.
    pub os_features: Vec<String>,
    /// `--manifest`: the list that it is added to.
    pub list: Option<String>,
    /// `--env`: NAME=value
    pub env: Vec<String>,
    /// `--unsetenv`
    pub unset_env: Vec<String>,
    /// When the image is said to be made (RFC 3339).
    pub created: String,
    /// The same in seconds since 1970, if it was asked for and isn't just now.
    pub epoch: Option<i64>,
    /// The store has it in the end.
    pub is_stored: bool,
}

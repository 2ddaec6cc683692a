//! What runs: environment, user, terminal, names and labels.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use spec::env::Variables;
use spec::{ContainerSpec, env, identity, process};
use std::collections::BTreeMap;

/// See podman-run(1).
pub static FLAGS: &[Flag] = &[
    Flag::array("annotation", "stringArray", "Add an OCI annotation (key=value)"),
    Flag::text("entrypoint", "string", "Replace the image's entry point: a program, or a JSON list"),
    Flag::array("env", "stringArray", "Set a variable (NAME=value), or copy the host's (NAME, PREFIX*)").short('e'),
    Flag::array("env-file", "stringArray", "Read variables from a file, one NAME=value a line"),
    Flag::bool("env-host", "Pass all variables of the host"),
    Flag::list("group-add", "strings", "Add supplementary groups, by name or number, or keep-groups"),
    Flag::text("hostname", "string", "Host name inside").short('h'),
    Flag::bool("http-proxy", "Pass the host's proxy variables").default("true"),
    Flag::bool("init", "Run a small init as process 1, which reaps and forwards signals"),
    Flag::bool("interactive", "Keep standard input open").short('i'),
    Flag::array("label", "stringArray", "Set a label (key=value)").short('l'),
    Flag::array("label-file", "stringArray", "Read labels from a file, one key=value a line"),
    Flag::text("name", "string", "Name of the container"),
    Flag::bool("tty", "Give it a terminal").short('t'),
    Flag::text("umask", "string", "umask inside, octal").default("0022"),
    Flag::array("unsetenv", "stringArray", "Drop a variable that the image or the defaults set"),
    Flag::bool("unsetenv-all", "Drop all variables that the image or the defaults set"),
    Flag::text("user", "string", "User to run as: name or number, with :group").short('u'),
    Flag::text("workdir", "string", "Working folder inside").short('w'),
];

/// Puts the flags into the spec.
pub fn apply(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    identify(matches, spec)?;
    let process = &mut spec.process;
    process.env = variables(matches)?;
    process.env_host = matches.maybe_bool("env-host");
    process.http_proxy = matches.maybe_bool("http-proxy");
    process.unset_env = matches.list("unsetenv").to_vec();
    process.unset_env_all = matches.bool("unsetenv-all");
    process.entrypoint = matches.text("entrypoint").map(process::parse_entrypoint);
    process.set_groups(matches.list("group-add").to_vec())?;
    process.init = matches.maybe_bool("init");
    process.stdin = matches.bool("interactive");
    process.terminal = matches.bool("tty");
    process.user = matches.text("user").unwrap_or_default().to_owned();
    process.work_dir = matches.text("workdir").unwrap_or_default().to_owned();
    if let Some(umask) = matches.text("umask") {
        process::parse_umask(umask)?;
        process.umask = umask.to_owned();
    }
    Ok(())
}

fn identify(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    let identity = &mut spec.identity;
    // Docker shows and takes names with a slash before them.
    let name = matches.text("name").map(|name| name.strip_prefix('/').unwrap_or(name));
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        identity::check_name(name)?;
        identity.name = name.to_owned();
    }
    if let Some(hostname) = matches.text("hostname") {
        identity::check_hostname(hostname)?;
        identity.hostname = hostname.to_owned();
    }
    identity.labels = labels(matches)?;
    for text in matches.list("annotation") {
        let (key, value) = identity::parse_annotation(text)?;
        identity.annotations.insert(key, value);
    }
    Ok(())
}

fn labels(matches: &Matches) -> Result<BTreeMap<String, String>, Failure> {
    let mut labels = BTreeMap::new();
    for file in matches.list("label-file") {
        let text = read("label", file)?;
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            labels.extend([identity::parse_label(line)?]);
        }
    }
    for text in matches.list("label") {
        labels.extend([identity::parse_label(text)?]);
    }
    Ok(labels)
}

/// `--env-file` and `--env`, in this order of strength; shared with `exec`.
pub fn variables(matches: &Matches) -> Result<Variables, Failure> {
    let host: Variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let mut variables = Variables::new();
    for file in matches.list("env-file") {
        env::add_file(&mut variables, &read("env", file)?, file, &host)?;
    }
    for text in matches.list("env") {
        env::add(&mut variables, text, &host)?;
    }
    Ok(variables)
}

fn read(what: &str, file: &str) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::new(format!("read {what} file {file:?}: {error}")))
}

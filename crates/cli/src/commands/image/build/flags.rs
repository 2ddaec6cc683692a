//! The flags of `build` alone.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::build::Times;
use std::collections::BTreeMap;
use std::io::IsTerminal;

/// About the build and its result.
pub(super) static FLAGS: &[Flag] = &[
    Flag::array("allow", "stringArray", "Allow steps what they else may not: security.insecure"),
    Flag::array("build-arg", "argument=value", "Give an ARG its value; without = it is the environment's"),
    Flag::array("build-arg-file", "argfile.conf", "Read such values from a file, one a line"),
    Flag::array("build-context", "argument=value", "Name a folder or an image (docker-image://…) for FROM and --from"),
    Flag::text("call", "string", "Instead of building: check (as --check), targets (list the stages)").default("build"),
    Flag::bool("check", "Look for mistakes and bad style, and build nothing"),
    Flag::array("file", "pathname", "Read this file, - for standard input").short('f'),
    Flag::array("cpp-flag", "stringArray", "Give this to cpp, which reads a Containerfile whose name ends with .in"),
    Flag::text("from", "string", "Begin the first stage with this image, whatever its FROM says"),
    Flag::bool("force-rm", "Leave no container behind, whatever happens").default("true"),
    Flag::text("ignorefile", "string", "Read what the context leaves out from this file"),
    Flag::text("iidfile", "file", "Write the image's id to a file"),
    Flag::uint("jobs", "Do so many steps at a time; 0: no limit (else as many as there are processors)"),
    Flag::text("on-error", "shell", "When a command fails: shell opens one in its container"),
    Flag::text("progress", "string", "How progress is shown: auto, plain, tty, quiet").default("auto"),
    Flag::array(
        "output",
        "stringArray",
        "Write the result elsewhere (FOLDER, -, type=local|tar|oci|docker|image|registry|cacheonly,dest=…)",
    )
    .short('o'),
    Flag::bool("load", "Store the image, as is done anyway").hidden(),
    Flag::text("logfile", "string", "Write what is told to the end of this file"),
    Flag::bool("logsplit", "Write to one such file for each platform (FILE_os_arch)"),
    Flag::text("pull", "string", "Ask the registry for bases: missing, always, never, newer").default("missing"),
    Flag::bool("push", "Push the image to the registries of its names").hidden(),
    Flag::bool("quiet", "Print the id only").short('q'),
    Flag::bool("rm", "Leave no container behind").default("true"),
    Flag::bool("skip-unused-stages", "Leave out stages that the target doesn't need").default("true"),
    Flag::bool("rewrite-timestamp", "With --source-date-epoch no file that is made is younger").default("true"),
    Flag::uint("source-date-epoch", "Time of the image, in seconds since 1970"),
    Flag::list("tag", "name", "Name the image, or write it to a place (oci-archive:FILE, docker://NAME)").short('t'),
    Flag::text("target", "string", "Build this stage (name or number) and what it needs"),
    Flag::uint("timestamp", "Time of the image and of all files that are made, in seconds since 1970"),
];

/// About the commands that run in it.
pub(super) static COMMANDS: &[Flag] = &[
    Flag::list("add-host", "host:ip", "Add a line to /etc/hosts (name:address, name:host-gateway)"),
    Flag::list("cap-add", "strings", "Add capabilities (NET_ADMIN, ALL)"),
    Flag::list("cap-drop", "strings", "Drop capabilities (CHOWN, ALL)"),
    Flag::uint("cpu-shares", "Share of the CPU relative to others").short('c'),
    Flag::text("cpuset-cpus", "string", "CPUs they may run on (0-3, 0,1)"),
    Flag::text("cpuset-mems", "string", "Memory nodes they may use (0-3, 0,1)"),
    Flag::array("device", "stringArray", "Add a device of the host (/dev/host[:/dev/inside][:rwm])"),
    Flag::list("dns", "strings", "Ask this name server"),
    Flag::list("dns-option", "strings", "Add an option to /etc/resolv.conf"),
    Flag::list("dns-search", "strings", "Search this domain"),
    Flag::bool("http-proxy", "Pass the caller's proxy variables").default("true"),
    Flag::text("memory", "<number>[<unit>]", "Most memory (units b, k, m, g)").short('m'),
    Flag::text("memory-swap", "string", "Most memory and swap together; -1: no limit of swap"),
    Flag::array("network", "string", "Network: bridge, none, host, pasta").alias(&["net"]),
    Flag::bool("no-hostname", "Leave /etc/hostname as the image has it"),
    Flag::bool("no-hosts", "Leave /etc/hosts as the image has it"),
    Flag::array("secret", "stringArray", "Give RUN --mount=type=secret its content (id=NAME,src=FILE or env=VARIABLE)"),
    Flag::array("security-opt", "stringArray", "seccomp=FILE, seccomp=unconfined, no-new-privileges, unmask=PATHS"),
    Flag::text("shm-size", "<number>[<unit>]", "Size of /dev/shm (units b, k, m, g)").default("65536k"),
    Flag::array("ssh", "stringArray", "Give RUN --mount=type=ssh an agent (default, or ID=SOCKET)"),
    Flag::bool("stdin", "Let commands read standard input"),
    Flag::list("ulimit", "strings", "Set a limit of each process (name=soft[:hard])"),
    Flag::array("volume", "stringArray", "Mount a folder of the host (source:path[:options])").short('v'),
];

/// `--build-arg` over those of `--build-arg-file`.
pub(super) fn arguments(matches: &Matches) -> Result<BTreeMap<String, String>, Failure> {
    let mut arguments = BTreeMap::new();
    for path in matches.list("build-arg-file") {
        let text = std::fs::read_to_string(path).map_err(|error| Failure::new(format!("read {path}: {error}")))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.for_each(|line| add(&mut arguments, line));
    }
    matches.list("build-arg").iter().for_each(|text| add(&mut arguments, text));
    Ok(arguments)
}

fn add(arguments: &mut BTreeMap<String, String>, text: &str) {
    match text.split_once('=') {
        Some((name, value)) => drop(arguments.insert(name.to_owned(), value.to_owned())),
        None => match std::env::var(text) {
            Ok(value) => drop(arguments.insert(text.to_owned(), value)),
            Err(_) => drop(arguments.remove(text)),
        },
    }
}

/// `key=value`; what has no value has an empty one.
pub fn pairs(texts: &[String]) -> BTreeMap<String, String> {
    let pair = |text: &String| {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        (key.to_owned(), value.to_owned())
    };
    texts.iter().map(pair).collect()
}

/// `NAME=value`; without a value it is the caller's, if there is one.
pub(super) fn variables(texts: &[String]) -> Vec<String> {
    let value = |text: &String| match text.contains('=') {
        true => Some(text.clone()),
        false => std::env::var(text).ok().map(|value| format!("{text}={value}")),
    };
    texts.iter().filter_map(value).collect()
}

/// Times of the result.
pub struct Time {
    /// RFC 3339.
    pub created: String,
    /// The same in seconds since 1970, if it was asked for.
    pub(super) epoch: Option<i64>,
    /// Of the files that are made.
    pub times: Times,
}

/// `--timestamp` is all files' time, `--source-date-epoch` (or the variable of that name) their latest, if
/// `--rewrite-timestamp` isn't denied; else it is now.
pub fn time(matches: &Matches) -> Result<Time, Failure> {
    let (exact, latest) = (matches.number::<i64>("timestamp"), matches.number::<i64>("source-date-epoch"));
    if exact.is_some() && latest.is_some() {
        return Err(Failure::new("--timestamp and --source-date-epoch cannot be used together"));
    }
    let wrong = |text: &str| Failure::new(format!("{text} is no time in seconds since 1970"));
    let variable = std::env::var("SOURCE_DATE_EPOCH").ok().filter(|text| !text.is_empty());
    let latest = match (exact.or(latest), variable) {
        (None, Some(text)) => Some(text.parse().map_err(|_| wrong(&format!("SOURCE_DATE_EPOCH={text}")))?),
        _ => latest,
    };
    let epoch = exact.or(latest);
    let created = match epoch {
        Some(time) => jiff::Timestamp::from_second(time).map_err(|_| wrong(&time.to_string()))?,
        None => jiff::Timestamp::now(),
    };
    let rewrites = matches.maybe_bool("rewrite-timestamp");
    let times = match (exact, latest) {
        (Some(time), _) => Times::Exactly(time),
        (None, Some(time)) if rewrites.unwrap_or(true) => Times::AtMost(time),
        _ => Times::Own,
    };
    Ok(Time { created: created.to_string(), epoch, times })
}

/// `--format`
pub(super) fn is_docker(matches: &Matches) -> Result<bool, Failure> {
    match matches.text("format") {
        None | Some("oci") => Ok(false),
        Some("docker") => Ok(true),
        Some(other) => Err(Failure::new(format!("unrecognized image type {}", crate::output::quote(other)))),
    }
}

/// `--allow security.insecure`
pub(super) fn allows_insecure(matches: &Matches) -> Result<bool, Failure> {
    match matches.list("allow").iter().find(|word| *word != "security.insecure") {
        Some(word) => Err(Failure::new(format!("--allow {word}: only security.insecure can be allowed"))),
        None => Ok(!matches.list("allow").is_empty()),
    }
}

/// `--on-error`
pub(super) fn shell_on_error(matches: &Matches) -> Result<bool, Failure> {
    let is_terminal = || std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    match matches.text("on-error") {
        None => Ok(false),
        Some("shell") if is_terminal() => Ok(true),
        Some("shell") => Err(Failure::new("--on-error=shell needs a terminal: standard input and output aren't one")),
        Some(other) => Err(Failure::new(format!("--on-error {}: only shell is known", crate::output::quote(other)))),
    }
}

/// `--rm` and `--force-rm` say what is so anyway.
pub(super) fn check(matches: &Matches) -> Result<(), Failure> {
    match ["rm", "force-rm"].iter().find(|name| matches.maybe_bool(name) == Some(false)) {
        Some(name) => {
            Err(Failure::new(format!("--{name}=false is not possible: steps have no containers that could be kept")))
        }
        None => Ok(()),
    }
}

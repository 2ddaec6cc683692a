//! `top`: the processes in a container, read from /proc, or as the container's own ps(1) shows them where its options are
//! asked for. A ps of the host's never runs among the container's processes: those with the same user or with
//! CAP_SYS_PTRACE could look through `/proc/PID/root` at the host's files.

use super::{ExecOptions, ExecSpec, Executed, exec, resolve_name};
use crate::state::live::Live;
use crate::{Engine, Error};
use std::collections::BTreeMap;
use std::fs;

/// Columns with their headers and one row a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Upper case.
    pub headers: Vec<String>,
    /// As many cells as headers.
    pub rows: Vec<Vec<String>>,
}

/// What `top` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Processes {
    /// Columns by descriptors.
    Table(Table),
    /// The container's ps(1) has printed them.
    Printed,
}

/// Name, other name (ps(1)'s), header.
const DESCRIPTORS: &[(&str, &str, &str)] = &[
    ("args", "%a", "COMMAND"),
    ("capamb", "", "AMBIENT CAPS"),
    ("capbnd", "", "BOUNDING CAPS"),
    ("capeff", "", "EFFECTIVE CAPS"),
    ("capinh", "", "INHERITED CAPS"),
    ("capprm", "", "PERMITTED CAPS"),
    ("comm", "%c", "COMMAND"),
    ("etime", "%t", "ELAPSED"),
    ("group", "%G", "GROUP"),
    ("groups", "", "GROUPS"),
    ("hgroup", "", "HGROUP"),
    ("hgroups", "", "HGROUPS"),
    ("hpid", "", "HPID"),
    ("huser", "", "HUSER"),
    ("label", "", "LABEL"),
    ("nice", "%n", "NI"),
    ("pcpu", "%C", "%CPU"),
    ("pgid", "%r", "PGID"),
    ("pid", "%p", "PID"),
    ("ppid", "%P", "PPID"),
    ("rgroup", "%g", "RGROUP"),
    ("rss", "", "RSS"),
    ("ruser", "%u", "RUSER"),
    ("seccomp", "", "SECCOMP"),
    ("state", "", "STATE"),
    ("stime", "", "STIME"),
    ("time", "%x", "TIME"),
    ("tty", "%y", "TTY"),
    ("user", "%U", "USER"),
    ("vsz", "%z", "VSZ"),
];
/// Podman's.
const DEFAULT: &[&str] = &["user", "pid", "ppid", "pcpu", "etime", "tty", "time", "args"];

/// The descriptors [`top`] knows.
pub fn descriptors() -> Vec<&'static str> {
    DESCRIPTORS.iter().map(|(name, ..)| *name).collect()
}

/// `descriptors`: names such as `pid`, `hpid`, `user`, also comma-joined; empty: Podman's default columns. Words like
/// `-ef` and `aux` are options of the container's ps(1), which then writes to this process's streams.
pub fn top(engine: &Engine, name: &str, descriptors: &[String]) -> Result<Processes, Error> {
    let id = resolve_name(engine, name)?;
    let Live::Running(state) = engine.runs().live(&id)? else {
        return Err(Error::State("top can only be used on running containers".to_owned()));
    };
    let columns = match columns(descriptors) {
        Ok(columns) => columns,
        Err(unknown) if is_for_ps(descriptors) => return ps(engine, &id, descriptors, &unknown),
        Err(unknown) => return Err(unknown),
    };
    let users = names(state.pid, "passwd");
    let groups = names(state.pid, "group");
    let uptime: f64 = read("/proc/uptime").split(' ').next().and_then(|s| s.parse().ok()).unwrap_or(0.0);
    let processes = processes(state.pid);
    let context = Context { users: &users, groups: &groups, uptime };
    let rows = processes.iter().map(|p| columns.iter().map(|column| context.cell(p, column)).collect()).collect();
    let headers = columns.iter().map(|column| header(column).to_owned()).collect();
    Ok(Processes::Table(Table { headers, rows }))
}

/// `-ef` or `aux` (BSD style, without a dash); anything else is a mistyped descriptor, which some programs named ps would
/// pass over in silence.
fn is_for_ps(words: &[String]) -> bool {
    let bsd = |word: &str| word.starts_with('a') && word.chars().all(|letter| "axuefjlvw".contains(letter));
    words.first().is_some_and(|word| word.starts_with('-') || bsd(word))
}

fn ps(engine: &Engine, id: &str, options: &[String], unknown: &Error) -> Result<Processes, Error> {
    let command = std::iter::once("ps".to_owned()).chain(options.iter().cloned()).collect();
    match exec(engine, id, &ExecSpec { command, ..ExecSpec::default() }, &ExecOptions::default()) {
        Ok(Executed::Exited(0)) => Ok(Processes::Printed),
        Ok(_) => Err(Error::Invalid(format!("{unknown}, and ps(1) in the container doesn't take it as an option"))),
        Err(error) if error.exit_code() == PROGRAM_MISSING => {
            Err(Error::Invalid(format!("{unknown}, and the container has no ps(1) that could take it as an option")))
        }
        Err(error) => Err(error),
    }
}

/// Exit code of a command that isn't there.
const PROGRAM_MISSING: i32 = 127;

fn columns(asked: &[String]) -> Result<Vec<&'static str>, Error> {
    let mut columns = Vec::new();
    for name in asked.iter().flat_map(|words| words.split([',', ' '])).filter(|name| !name.is_empty()) {
        let known = DESCRIPTORS
            .iter()
            .find(|(full, short, header)| name == *full || (!short.is_empty() && name == *short) || name == *header);
        let known = known.ok_or_else(|| Error::Invalid(format!("unknown descriptor: {name}")))?;
        columns.push(known.0);
    }
    if columns.is_empty() {
        columns.extend_from_slice(DEFAULT);
    }
    Ok(columns)
}

fn header(column: &str) -> &'static str {
    DESCRIPTORS.iter().find(|(name, ..)| *name == column).map_or("", |(.., header)| header)
}

fn read(path: &str) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

/// Ids and names of passwd(5) or group(5) in the container.
fn names(pid: i32, file: &str) -> BTreeMap<String, String> {
    let root = fs::File::open(format!("/proc/{pid}/root"));
    let text = root.and_then(|root| sys::path::read(&root, format!("etc/{file}").as_ref(), 1 << 20));
    let text = text.ok().flatten().unwrap_or_default();
    by_number(&String::from_utf8_lossy(&text))
}

fn by_number(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        Some((fields.nth(2).map(str::to_owned)?, line.split(':').next()?.to_owned()))
    });
    lines.collect()
}

/// One process as /proc shows it.
struct Process {
    hpid: i32,
    status: BTreeMap<String, String>,
    /// Fields of /proc/PID/stat from the third on.
    stat: Vec<String>,
    args: Vec<String>,
}

/// All processes in the pid namespace of `pid`, in order of their numbers.
fn processes(pid: i32) -> Vec<Process> {
    let namespace = |pid: i32| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let wanted = namespace(pid);
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<i32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|other| *other == pid || (wanted.is_some() && namespace(*other) == wanted))
        .collect();
    pids.sort_unstable();
    pids.into_iter().filter_map(process).collect()
}

fn process(pid: i32) -> Option<Process> {
    let stat = read(&format!("/proc/{pid}/stat"));
    let stat: Vec<String> = stat.rsplit_once(") ")?.1.split_whitespace().map(str::to_owned).collect();
    let status = read(&format!("/proc/{pid}/status"));
    let status = status.lines().filter_map(|line| line.split_once(':'));
    let status = status.map(|(key, value)| (key.to_owned(), value.trim().to_owned())).collect();
    let args = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let args = args.split(|byte| *byte == 0).filter(|arg| !arg.is_empty());
    let args = args.map(|arg| String::from_utf8_lossy(arg).into_owned()).collect();
    Some(Process { hpid: pid, status, stat, args })
}

impl Process {
    fn status(&self, key: &str) -> &str {
        self.status.get(key).map_or("", String::as_str)
    }

    /// The last word: the number in the innermost namespace.
    fn inner(&self, key: &str) -> String {
        self.status(key).split_whitespace().last().unwrap_or("0").to_owned()
    }

    /// Field of stat(5) by its number there (the state is 3).
    fn number(&self, field: usize) -> f64 {
        self.stat.get(field - 3).and_then(|text| text.parse().ok()).unwrap_or(0.0)
    }

    /// CPU seconds.
    fn time(&self) -> f64 {
        (self.number(14) + self.number(15)) / ticks()
    }
}

fn ticks() -> f64 {
    rustix::param::clock_ticks_per_second() as f64
}

struct Context<'a> {
    users: &'a BTreeMap<String, String>,
    groups: &'a BTreeMap<String, String>,
    uptime: f64,
}

impl Context<'_> {
    fn cell(&self, process: &Process, column: &str) -> String {
        let elapsed = (self.uptime - process.number(22) / ticks()).max(0.0);
        match column {
            "args" if process.args.is_empty() => format!("[{}]", process.status("Name")),
            "args" => process.args.join(" "),
            "comm" => process.status("Name").to_owned(),
            "capamb" => capabilities(process.status("CapAmb")),
            "capbnd" => capabilities(process.status("CapBnd")),
            "capeff" => capabilities(process.status("CapEff")),
            "capinh" => capabilities(process.status("CapInh")),
            "capprm" => capabilities(process.status("CapPrm")),
            "etime" => duration(elapsed),
            "time" => duration(process.time().floor()),
            "stime" => start(elapsed),
            "pcpu" => format!("{:.3}", if elapsed > 0.0 { 100.0 * process.time() / elapsed } else { 0.0 }),
            "user" => self.name(self.users, process, "Uid", 1),
            "ruser" => self.name(self.users, process, "Uid", 0),
            "group" => self.name(self.groups, process, "Gid", 1),
            "rgroup" => self.name(self.groups, process, "Gid", 0),
            "groups" => self.groups(process),
            "huser" => host_name("passwd", &outside(process, "Uid")),
            "hgroup" => host_name("group", &outside(process, "Gid")),
            "hgroups" => joined(process, |group| host_name("group", group)),
            "hpid" => process.hpid.to_string(),
            "pid" => process.inner("NSpid"),
            "pgid" => process.inner("NSpgid"),
            "ppid" => parent(process),
            "label" => label(process.hpid),
            "nice" => format!("{}", process.number(19)),
            "rss" => process.status("VmRSS").trim_end_matches(" kB").to_owned(),
            "vsz" => format!("{}", (process.number(23) / 1024.0).floor()),
            "seccomp" => match process.status("Seccomp") {
                "1" => "strict".to_owned(),
                "2" => "filter".to_owned(),
                _ => "disabled".to_owned(),
            },
            "state" => process.stat.first().cloned().unwrap_or_default(),
            "tty" => tty(process.number(7) as u32),
            _ => "?".to_owned(),
        }
    }

    /// Name in the container of the effective (1) or real (0) id, as its user namespace numbers it.
    fn name(&self, names: &BTreeMap<String, String>, process: &Process, key: &str, which: usize) -> String {
        let outside = process.status(key).split_whitespace().nth(which).unwrap_or("0").to_owned();
        let file = if key == "Uid" { "uid_map" } else { "gid_map" };
        self.inner_name(names, process, file, &outside)
    }

    fn inner_name(&self, names: &BTreeMap<String, String>, process: &Process, file: &str, outside: &str) -> String {
        let inside = inside(&read(&format!("/proc/{}/{file}", process.hpid)), outside);
        names.get(&inside).cloned().unwrap_or(inside)
    }

    /// Names of the supplementary groups in the container.
    fn groups(&self, process: &Process) -> String {
        joined(process, |group| self.inner_name(self.groups, process, "gid_map", group))
    }
}

/// An id through uid_map(5): inside, outside, count.
fn inside(map: &str, outside: &str) -> String {
    let id: u64 = outside.parse().unwrap_or(0);
    for line in map.lines() {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        if let &[first, host, count] = numbers.as_slice()
            && (host..host + count).contains(&id)
        {
            return (first + id - host).to_string();
        }
    }
    outside.to_owned()
}

fn outside(process: &Process, key: &str) -> String {
    process.status(key).split_whitespace().nth(1).unwrap_or("0").to_owned()
}

fn joined(process: &Process, name: impl Fn(&str) -> String) -> String {
    process.status("Groups").split_whitespace().map(name).collect::<Vec<_>>().join(",")
}

/// The name that the host's file gives this id, else the id.
fn host_name(file: &str, id: &str) -> String {
    by_number(&read(&format!("/etc/{file}"))).remove(id).unwrap_or_else(|| id.to_owned())
}

/// Of SELinux or AppArmor.
fn label(pid: i32) -> String {
    let label = read(&format!("/proc/{pid}/attr/current"));
    let label = label.trim_matches(['\0', '\n']);
    if label.is_empty() { "?".to_owned() } else { label.to_owned() }
}

/// The parent's number inside; 0 when the parent is outside.
fn parent(process: &Process) -> String {
    let namespace = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let ppid = process.status("PPid");
    if namespace(ppid).is_none() || namespace(ppid) != namespace(&process.hpid.to_string()) {
        return "0".to_owned();
    }
    let status = read(&format!("/proc/{ppid}/status"));
    let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    line.and_then(|numbers| numbers.split_whitespace().last()).unwrap_or("0").to_owned()
}

/// `none`, `full`, or names without `CAP_`.
fn capabilities(hex: &str) -> String {
    let set = u64::from_str_radix(hex, 16).unwrap_or(0);
    if set == 0 {
        return "none".to_owned();
    }
    if set.trailing_ones() as usize >= sys::capability::NAMES.len() {
        return "full".to_owned();
    }
    let names = sys::capability::NAMES.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1);
    names.map(|(_, name)| *name).collect::<Vec<_>>().join(",")
}

/// As Go prints a duration: `2.207831098s`, `1m5s`, `2h0m3s`.
fn duration(seconds: f64) -> String {
    let whole = seconds as u64;
    let fraction = format!("{:.9}", seconds - whole as f64);
    let fraction = fraction.trim_start_matches('0').trim_end_matches('0').trim_end_matches('.');
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}{fraction}s"),
        (0, _) => format!("{minutes}m{rest}{fraction}s"),
        _ => format!("{hours}h{minutes}m{rest}{fraction}s"),
    }
}

/// When it started, in local time, as Go prints one.
fn start(elapsed: f64) -> String {
    let now = jiff::Zoned::now();
    let back = jiff::Span::new().milliseconds((elapsed * 1000.0) as i64);
    now.checked_sub(back).map(|time| time.strftime("%Y-%m-%d %H:%M:%S %z %Z").to_string()).unwrap_or_default()
}

/// tty_nr of stat(5).
fn tty(number: u32) -> String {
    let (major, minor) = (number >> 8 & 0xfff, (number & 0xff) | (number >> 12 & 0xfff00));
    match major {
        0 => "?".to_owned(),
        4 => format!("tty{minor}"),
        136..=143 => format!("pts/{}", (major - 136) * 256 + minor),
        _ => format!("{major}:{minor}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos() {
        assert_eq!(duration(0.0), "0s");
        assert_eq!(duration(2.5), "2.5s");
        assert_eq!(duration(65.0), "1m5s");
        assert_eq!(duration(7203.0), "2h0m3s");
    }

    #[test]
    fn columns_by_name_short_name_or_comma() {
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        assert_eq!(columns(&words(&["pid,user", "%C"])).unwrap(), ["pid", "user", "pcpu"]);
        assert_eq!(columns(&[]).unwrap(), DEFAULT);
        assert!(columns(&words(&["nonsense"])).is_err());
    }

    #[test]
    fn ids_are_seen_from_inside() {
        assert_eq!(inside("0 100000 65536\n", "100005"), "5");
        assert_eq!(inside("0 0 4294967295\n", "7"), "7");
        assert_eq!(tty(0x8803), "pts/3");
        assert_eq!(capabilities("0000000000000001"), "CHOWN");
        assert_eq!(capabilities("000001ffffffffff"), "full");
    }
}

//! One container as `ps` shows it: the fields of its templates and of its JSON.

use super::namespaces::Namespaces;
use super::ports;
use crate::output::template::{self, JSON_FORM, Types};
use crate::output::{duration, go_time, size};
use engine::container::ContainerSummary;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The columns without flags.
pub const DEFAULT: &str =
    "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.CreatedHuman}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}";

/// The columns of `--ns`.
pub const NAMESPACES: &str = "table {{.ID}}\t{{.Names}}\t{{.Pid}}\t{{.CGROUPNS}}\t{{.IPC}}\t{{.MNT}}\t{{.NET}}\t{{.PIDNS}}\t{{.USERNS}}\t{{.UTS}}";

/// Fields and their headers.
pub const HEADERS: &[(&str, &str)] = &[
    ("AutoRemove", "AUTO REMOVE"),
    ("CGROUPNS", "CGROUPNS"),
    ("Cgroup", "CGROUPNS"),
    ("Command", "COMMAND"),
    ("Created", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("CreatedHuman", "CREATED"),
    ("CIDFile", "CID FILE"),
    ("ExitCode", "EXIT CODE"),
    ("Exited", "EXITED"),
    ("ExitedAt", "EXITED AT"),
    ("ExposedPorts", "EXPOSED PORTS"),
    ("ID", "CONTAINER ID"),
    ("IPC", "IPC"),
    ("Image", "IMAGE"),
    ("ImageID", "IMAGE ID"),
    ("IsInfra", "IS INFRA"),
    ("Labels", "LABELS"),
    ("MNT", "MNT"),
    ("Mounts", "MOUNTS"),
    ("NET", "NET"),
    ("Names", "NAMES"),
    ("Namespaces", "NAMESPACES"),
    ("Networks", "NETWORKS"),
    ("PIDNS", "PIDNS"),
    ("Pid", "PID"),
    ("Pod", "POD ID"),
    ("PodName", "PODNAME"),
    ("Ports", "PORTS"),
    ("Restarts", "RESTARTS"),
    ("RunningFor", "RUNNING FOR"),
    ("Size", "SIZE"),
    ("StartedAt", "STARTED AT"),
    ("State", "STATE"),
    ("Status", "STATUS"),
    ("USERNS", "USERNS"),
    ("User", "USERNS"),
    ("UTS", "UTS"),
];

/// What Go's types would say.
pub const TYPES: Types = Types {
    root: "containers.psReporter",
    maps: &["Labels", "ExposedPorts"],
    times: &["Created"],
    pointers: &["Size"],
    lookups: &[("Label", "Labels")],
    embedded: "ListContainer",
    ..Types::NONE
};

/// Twelve digits, or all.
pub fn id(id: &str, full: bool) -> String {
    if full { id.to_owned() } else { id.chars().take(12).collect() }
}

/// What a template asks for beside the plain fields.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The kernel's numbers of its namespaces.
    pub namespaces: bool,
    /// The row as a whole: `.`, `.ListContainer`.
    pub whole: bool,
}

impl Wanted {
    /// By the text of the template; `namespaces`: `--ns`, without which no template knows them.
    pub fn by(format: &str, namespaces: bool) -> Self {
        Wanted { namespaces, whole: template::wants_whole(format, TYPES) }
    }
}

/// The fields a template may use.
pub fn row(c: &ContainerSummary, full: bool, wanted: Wanted) -> Value {
    let since = created_ago(c);
    let mut row = json!({
        "AutoRemove": c.auto_remove, "Command": command(&c.command, full), "Created": c.created_at,
        "CreatedAt": go_time(&c.created_at), "CreatedHuman": since, "RunningFor": since, "CIDFile": c.cid_file,
        "ExitCode": c.exit_code, "Exited": c.exited, "ExitedAt": c.exited_at, "ExposedPorts": c.exposed_ports,
        "ID": id(&c.id, full), "Image": c.image, "ImageID": id(&c.image_id, full), "IsInfra": c.is_infra,
        "Labels": c.labels, "Mounts": c.mounts, "Names": c.names.join(","),
        "Networks": c.networks.join(","), "Pid": c.pid, "Pod": id(&c.pod, full), "PodName": c.pod_name,
        "Ports": ports::text(c), "Restarts": c.restarts, "Size": size(c), "StartedAt": c.started_at,
        "State": c.state, "Status": status(c),
    });
    let namespaces = if wanted.namespaces { Namespaces::of(c.pid) } else { Namespaces::unknown() };
    namespaces.fill(&mut row);
    row["Namespaces"] = namespaces.fields();
    row["Namespaces"][JSON_FORM] = namespaces.json();
    if wanted.whole {
        row[TYPES.embedded] = whole(c, "ID", namespaces.fields());
        row[JSON_FORM] = whole(c, "Id", namespaces.json());
    }
    row
}

/// All about it, in the order and with the types of Podman's struct.
fn whole(c: &ContainerSummary, id: &str, namespaces: Value) -> Value {
    json!({
        "AutoRemove": c.auto_remove, "Command": c.command, "Created": c.created_at, "CreatedAt": "",
        "CIDFile": c.cid_file, "Exited": c.exited, "ExitedAt": c.exited_at, "ExitCode": c.exit_code,
        "ExposedPorts": c.exposed_ports, id: c.id, "Image": c.image, "ImageID": c.image_id, "IsInfra": c.is_infra,
        "Labels": c.labels, "Mounts": c.mounts, "Names": c.names, "Namespaces": namespaces, "Networks": c.networks,
        "Pid": c.pid, "Pod": c.pod, "PodName": c.pod_name, "Ports": c.ports, "Restarts": c.restarts, "Size": c.size,
        "StartedAt": c.started_at, "State": c.state, "Status": c.status,
    })
}

/// Podman's JSON, which has some fields in words.
pub fn object(c: &ContainerSummary, namespaces: bool) -> Value {
    let namespaces = if namespaces { Namespaces::of(c.pid) } else { Namespaces::unknown() };
    let mut object = whole(c, "Id", namespaces.json());
    object["CreatedAt"] = Value::from(created_ago(c));
    object["Status"] = Value::from(status(c));
    if let Some(fields) = object.as_object_mut() {
        fields.shift_remove("Created");
        fields.insert("Created".to_owned(), c.created.into());
    }
    object
}

fn created_ago(c: &ContainerSummary) -> String {
    let created = duration::timestamp(&c.created_at).or_else(|| Timestamp::from_second(c.created).ok());
    created.map(|then| duration::since(then) + " ago").unwrap_or_default()
}

/// `Up 5 minutes`, `Exited (0) 2 hours ago`, `Created`.
fn status(c: &ContainerSummary) -> String {
    let since = |seconds| Timestamp::from_second(seconds).map(duration::since).unwrap_or_default();
    match c.state.as_str() {
        "running" if c.status.is_empty() => format!("Up {}", since(c.started_at)),
        "running" => format!("Up {} ({})", since(c.started_at), c.status),
        "paused" => format!("Up {} (Paused)", since(c.started_at)),
        "exited" | "stopped" => format!("Exited ({}) {} ago", c.exit_code, since(c.exited_at)),
        state => {
            let mut chars = state.chars();
            chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
        }
    }
}

fn command(words: &[String], full: bool) -> String {
    let text = words.join(" ");
    if full || text.chars().count() <= 17 { text } else { text.chars().take(17).collect::<String>() + "..." }
}

fn size(c: &ContainerSummary) -> String {
    match c.size {
        Some(s) => format!("{} (virtual {})", size::human(s.rw_size), size::human(s.root_fs_size)),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(command(&words("sleep 100"), false), "sleep 100");
        assert_eq!(command(&words("sh -c echo a; echo b >&2"), false), "sh -c echo a; ech...");
    }
}

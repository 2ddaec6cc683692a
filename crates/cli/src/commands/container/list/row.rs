//! One container as `ps` shows it: the fields of its templates and of its JSON.

use crate::output::template::{JSON_FORM, Types};
use crate::output::{duration, go_time, size};
use engine::container::{ContainerSummary, PortSummary};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The columns without flags.
pub const DEFAULT: &str =
    "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}";

/// The columns of `--ns`.
pub const NAMESPACES: &str = "table {{.ID}}\t{{.Names}}\t{{.Pid}}\t{{.CGROUPNS}}\t{{.IPC}}\t{{.MNT}}\t{{.NET}}\t{{.PIDNS}}\t{{.USERNS}}\t{{.UTS}}";

/// Fields and their headers.
pub const HEADERS: &[(&str, &str)] = &[
    ("AutoRemove", "AUTOREMOVE"),
    ("CGROUPNS", "CGROUPNS"),
    ("Command", "COMMAND"),
    ("Created", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("CreatedHuman", "CREATED"),
    ("CIDFile", "CIDFILE"),
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
    ("RunningFor", "CREATED"),
    ("Size", "SIZE"),
    ("StartedAt", "STARTED AT"),
    ("State", "STATE"),
    ("Status", "STATUS"),
    ("USERNS", "USERNS"),
    ("UTS", "UTS"),
];

/// What Go's types would say.
pub const TYPES: Types = Types { root: "containers.psReporter", maps: &["Labels"], times: &[], pointers: &[] };

/// Twelve digits, or all.
pub fn id(id: &str, full: bool) -> String {
    if full { id.to_owned() } else { id.chars().take(12).collect() }
}

/// The fields a template may use.
pub fn row(c: &ContainerSummary, full: bool, namespaces: bool) -> Value {
    let since = created_ago(c);
    let mut row = json!({
        "AutoRemove": c.auto_remove, "Command": command(&c.command, full), "Created": go_time(&c.created_at),
        "CreatedAt": go_time(&c.created_at), "CreatedHuman": since, "RunningFor": since, "CIDFile": c.cid_file,
        "ExitCode": c.exit_code, "Exited": c.exited, "ExitedAt": c.exited_at, "ExposedPorts": c.exposed_ports,
        "ID": id(&c.id, full), "Image": c.image, "ImageID": id(&c.image_id, full), "IsInfra": c.is_infra,
        "Labels": c.labels, "Mounts": mounts(&c.mounts, full), "Names": c.names.join(","),
        "Namespaces": {}, "Networks": c.networks.join(","), "Pid": c.pid, "Pod": id(&c.pod, full), "PodName": c.pod_name,
        "Ports": ports(c), "Restarts": c.restarts, "Size": size(c), "StartedAt": c.started_at,
        "State": c.state, "Status": status(c),
        "CGROUPNS": "", "IPC": "", "MNT": "", "NET": "", "PIDNS": "", "USERNS": "", "UTS": "",
    });
    if namespaces && c.pid > 0 {
        for (field, file) in [
            ("CGROUPNS", "cgroup"),
            ("IPC", "ipc"),
            ("MNT", "mnt"),
            ("NET", "net"),
            ("PIDNS", "pid"),
            ("USERNS", "user"),
            ("UTS", "uts"),
        ] {
            row[field] = Value::from(namespace(c.pid, file));
        }
    }
    row
}

/// What `json` makes of a row.
pub fn with_json_form(mut row: Value, c: &ContainerSummary) -> Value {
    row[JSON_FORM] = serde_json::to_value(c).unwrap_or(Value::Null);
    row
}

/// The number in `net:[4026531840]`; empty when the process has gone or isn't ours to look at.
fn namespace(pid: i32, file: &str) -> String {
    let link = std::fs::read_link(format!("/proc/{pid}/ns/{file}")).unwrap_or_default();
    let text = link.to_string_lossy();
    text.split(['[', ']']).nth(1).unwrap_or_default().to_owned()
}

/// Podman's JSON, which has some fields in words.
pub fn object(c: &ContainerSummary) -> Value {
    let mut object = serde_json::to_value(c).unwrap_or(Value::Null);
    object["CreatedAt"] = Value::from(created_ago(c));
    object["Status"] = Value::from(status(c));
    object["Namespaces"] = json!({});
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

fn mounts(destinations: &[String], full: bool) -> String {
    let shown = |m: &String| {
        if full || m.chars().count() <= 15 { m.clone() } else { m.chars().take(12).collect::<String>() + "..." }
    };
    destinations.iter().map(shown).collect::<Vec<_>>().join(",")
}

fn size(c: &ContainerSummary) -> String {
    match c.size {
        Some(s) => format!("{} (virtual {})", size::human(s.rw_size), size::human(s.root_fs_size)),
        None => String::new(),
    }
}

/// Published, then exposed ones that are not published.
fn ports(c: &ContainerSummary) -> String {
    let published = c.ports.as_deref().unwrap_or_default();
    let mut texts: Vec<String> = published.iter().map(mapping).collect();
    for (port, protocols) in c.exposed_ports.iter().flatten() {
        for protocol in protocols {
            let covers = |p: &PortSummary| {
                p.protocol == *protocol && (p.container_port..p.container_port + p.range.max(1)).contains(port)
            };
            if !published.iter().any(covers) {
                texts.push(format!("{port}/{protocol}"));
            }
        }
    }
    texts.join(", ")
}

/// `0.0.0.0:8080->80/tcp`, `0.0.0.0:8080-8082->80-82/tcp`.
fn mapping(p: &PortSummary) -> String {
    let host = if p.host_ip.is_empty() { "0.0.0.0" } else { &p.host_ip };
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let range = |first: u16| match p.range {
        0 | 1 => first.to_string(),
        n => format!("{first}-{}", u32::from(first) + u32::from(n) - 1),
    };
    format!("{host}:{}->{}/{}", range(p.host_port), range(p.container_port), p.protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(command(&words("sleep 100"), false), "sleep 100");
        assert_eq!(command(&words("sh -c echo a; echo b >&2"), false), "sh -c echo a; ech...");
        let mut port = PortSummary {
            host_ip: String::new(),
            container_port: 80,
            host_port: 8080,
            range: 1,
            protocol: "tcp".into(),
        };
        assert_eq!(mapping(&port), "0.0.0.0:8080->80/tcp");
        port.range = 3;
        assert_eq!(mapping(&port), "0.0.0.0:8080-8082->80-82/tcp");
    }
}

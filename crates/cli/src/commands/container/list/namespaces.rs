//! The kernel's numbers of a container's namespaces, as `ps --ns` shows them.

use serde_json::{Map, Value};

/// One kind: its file below `/proc/PID/ns`, Podman's field of a template and of JSON, the columns of `ps`.
struct Kind {
    file: &'static str,
    field: &'static str,
    json: &'static str,
    columns: &'static [&'static str],
}

const fn kind(file: &'static str, field: &'static str, json: &'static str, columns: &'static [&'static str]) -> Kind {
    Kind { file, field, json, columns }
}

static KINDS: [Kind; 7] = [
    kind("mnt", "MNT", "Mnt", &["MNT"]),
    kind("cgroup", "Cgroup", "Cgroup", &["CGROUPNS", "Cgroup"]),
    kind("ipc", "IPC", "Ipc", &["IPC"]),
    kind("net", "NET", "Net", &["NET"]),
    kind("pid", "PIDNS", "Pidns", &["PIDNS"]),
    kind("uts", "UTS", "Uts", &["UTS"]),
    kind("user", "User", "User", &["USERNS", "User"]),
];

/// The numbers, one a kind; empty texts for a container that doesn't run or isn't ours to look at.
pub struct Namespaces([String; 7]);

impl Namespaces {
    /// Those of the process `pid`.
    pub fn of(pid: i32) -> Self {
        let read = |kind: &Kind| match pid {
            0 => String::new(),
            pid => number(pid, kind.file),
        };
        Namespaces(KINDS.each_ref().map(read))
    }

    /// None.
    pub fn unknown() -> Self {
        Self::of(0)
    }

    /// Puts them into a row, each under the names of its columns.
    pub fn fill(&self, row: &mut Value) {
        for (kind, number) in KINDS.iter().zip(&self.0) {
            kind.columns.iter().for_each(|column| row[*column] = Value::from(number.as_str()));
        }
    }

    /// The object of templates: all fields.
    pub fn fields(&self) -> Value {
        let pairs = KINDS.iter().zip(&self.0).map(|(kind, number)| (kind.field.to_owned(), number.as_str().into()));
        Value::Object(pairs.collect::<Map<_, _>>())
    }

    /// The object of JSON: only what is known.
    pub fn json(&self) -> Value {
        let known = KINDS.iter().zip(&self.0).filter(|(_, number)| !number.is_empty());
        let pairs = known.map(|(kind, number)| (kind.json.to_owned(), number.as_str().into()));
        Value::Object(pairs.collect::<Map<_, _>>())
    }
}

/// The number in `net:[4026531840]`.
fn number(pid: i32, file: &str) -> String {
    let link = std::fs::read_link(format!("/proc/{pid}/ns/{file}")).unwrap_or_default();
    let text = link.to_string_lossy();
    text.split(['[', ']']).nth(1).unwrap_or_default().to_owned()
}

//! The process that holds a test's namespaces open, and the folders and cgroups that go with them.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::namespace::Namespace;
use crate::who::User;

/// Everything that exists outside a test's namespaces and must go when it ends.
#[derive(Debug)]
pub(crate) struct Keeper {
    child: Child,
    /// Pid 1 of the test's pid namespace.
    pub(crate) pid: i32,
    pub(crate) dir: PathBuf,
    cgroups: Vec<PathBuf>,
}

const CGROUPS: &str = "/sys/fs/cgroup";

impl Keeper {
    /// Makes the namespaces around `dir`, which must be new.
    pub(crate) fn start(dir: PathBuf, user: &User) -> Self {
        let name = dir.file_name().expect("a name").to_string_lossy().into_owned();
        let mut child = Command::new("unshare")
            .args(["--mount", "--net", "--pid", "--fork", "--propagation", "private", "sh", "-c"])
            .arg(include_str!("keeper.sh"))
            .arg("keeper")
            .arg(&dir)
            .args([&name, &user.uid.to_string(), &user.gid.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("unshare(1) of util-linux");
        let pid = wait_ready(&mut child);
        Self { child, pid, dir, cgroups: cgroups(&name) }
    }

    /// The namespaces kept.
    pub(crate) fn namespace(&self) -> Namespace {
        let tasks = self.cgroups.iter().map(|group| group.join("tasks")).filter(|file| file.exists()).collect();
        Namespace::of(self.pid, tasks)
    }
}

fn wait_ready(child: &mut Child) -> i32 {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("pipe");
    if let Some(pid) = line.trim().strip_prefix("ready ") {
        return pid.parse().expect("a pid");
    }
    let mut complaint = String::new();
    let _ = child.stderr.take().expect("piped").read_to_string(&mut complaint);
    panic!("can't make the test's namespaces (end-to-end tests need root): {line}{complaint}");
}

/// The groups called `name` in each hierarchy, or the one of cgroup v2.
fn cgroups(name: &str) -> Vec<PathBuf> {
    let mut groups = vec![Path::new(CGROUPS).join(name)];
    for hierarchy in fs::read_dir(CGROUPS).into_iter().flatten().flatten() {
        groups.push(hierarchy.path().join(name));
    }
    groups.retain(|group| group.is_dir());
    groups
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // End of input ends pid 1, and with it every process in its namespace.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
        for group in &self.cgroups {
            remove_group(group);
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn remove_group(group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_group(&entry.path());
        }
    }
    let _ = fs::remove_dir(group);
}

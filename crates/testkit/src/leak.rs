//! What an engine can leave behind: processes, mounts, links, firewall elements, cgroups, files. Taken before and after.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::env::{TestEnv, engine_under_test};
use crate::skip::note_skipped;
use crate::wait::{LIMIT, wait_for};

/// Two looks this far apart must agree.
const SETTLED: std::time::Duration = std::time::Duration::from_millis(120);

/// Everything of an environment that should be the same before and after a container's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    items: BTreeSet<String>,
}

impl Trace {
    /// Takes what is there once nothing changes any more and no process of the engine runs: it cleans up behind its
    /// answers.
    pub(crate) fn settled(env: &TestEnv) -> Self {
        let engine = engine_under_test();
        let mut last = Self::take(env);
        wait_for("the environment to settle", || {
            std::thread::park_timeout(SETTLED);
            let now = Self::take(env);
            let calm = now == last && (env.is_peer() || !now.items.iter().any(|item| item.contains(&engine)));
            last = now;
            calm.then(|| last.clone())
        })
    }

    fn take(env: &TestEnv) -> Self {
        let mut items = BTreeSet::new();
        let roots = [env.graphroot(), env.runroot()];
        env.inside(|| {
            collect_processes(&mut items);
            collect_lines(&mut items, "mount", "/proc/1/mountinfo", 4);
            collect_links(&mut items);
            collect_groups(&mut items);
            for root in &roots {
                collect_files(&mut items, root, DEPTH);
            }
        });
        let rules = env.host_root("nft list ruleset").run();
        items.extend(rules.lines().into_iter().map(|line| format!("nft {}", line.trim())));
        Self { items }
    }

    /// Waits until the environment looks like this again: an engine may clean up behind its answer.
    ///
    /// # Panics
    /// With the differences, when that doesn't happen in time.
    #[track_caller]
    pub fn assert_restored(&self, env: &TestEnv) {
        if env.is_peer() {
            return note_skipped("the reference leaves things behind; the rest of the case ran");
        }
        let end = std::time::Instant::now() + LIMIT;
        loop {
            let now = Self::take(env);
            let left = now.difference(self);
            if left.is_empty() {
                return;
            }
            assert!(std::time::Instant::now() < end, "left behind: {left:#?}");
            std::thread::park_timeout(std::time::Duration::from_millis(50));
        }
    }

    /// Everything, one line each.
    pub fn items(&self) -> impl Iterator<Item = String> + '_ {
        self.items.iter().cloned()
    }

    /// What is here and not there.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Vec<String> {
        self.items.difference(&other.items).cloned().collect()
    }
}

fn collect_processes(items: &mut BTreeSet<String>) {
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let state = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // A zombie waits for pid 1, which is ours. The keeper of a user's namespace waits for the next command, and not for long.
        if !line.is_empty() && !state.contains(") Z ") && !line.starts_with("minke-userns ") {
            items.insert(format!("process {name} {}", line.chars().take(200).collect::<String>()));
        }
    }
}

/// The fields of each line from `skip` on: ids differ from one mount to the next.
fn collect_lines(items: &mut BTreeSet<String>, kind: &str, file: &str, skip: usize) {
    for line in fs::read_to_string(file).unwrap_or_default().lines() {
        let fields: Vec<&str> = line.split(' ').skip(skip).collect();
        items.insert(format!("{kind} {}", fields.join(" ")));
    }
}

/// Through pid 1, which lives in the namespaces: `/sys` is that of the host, and a visitor has no entry in this `/proc`.
fn collect_links(items: &mut BTreeSet<String>) {
    for line in fs::read_to_string("/proc/1/net/dev").unwrap_or_default().lines().skip(2) {
        items.insert(format!("link {}", line.split(':').next().unwrap_or_default().trim()));
    }
}

/// Beside v1 the v2 tree holds no limits, and isn't one of the environment's own.
fn collect_groups(items: &mut BTreeSet<String>) {
    let root = Path::new("/sys/fs/cgroup");
    if root.join("cgroup.controllers").exists() {
        return collect_subgroups(items, root);
    }
    for entry in fs::read_dir(root).into_iter().flatten().flatten().filter(|entry| entry.file_name() != "unified") {
        collect_subgroups(items, &entry.path());
    }
}

fn collect_subgroups(items: &mut BTreeSet<String>, dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            items.insert(format!("cgroup {}", entry.path().display()));
            collect_subgroups(items, &entry.path());
        }
    }
}

/// Ends of paths that are no leak: the database's side files, locks, and folders and notes that stay once made.
const PASSING: [&str; 6] = ["-wal", "-shm", "/.lock", "/networks", "/.published", "/tmp/new-blobs"];

/// How far below the roots files are named: enough to see every object, not its whole content.
const DEPTH: usize = 3;

/// Names only.
fn collect_files(items: &mut BTreeSet<String>, dir: &Path, depth: usize) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let text = path.to_string_lossy().into_owned();
        if PASSING.iter().any(|end| text.ends_with(end)) {
            continue;
        }
        items.insert(format!("file {text}"));
        if depth > 0 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect_files(items, &path, depth - 1);
        }
    }
}

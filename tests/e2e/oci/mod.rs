//! The OCI runtime's commands on bundles, one case a rule of the runtime specification (runtime.md, config.md, config-linux.md).

mod config;
mod exec;
mod lifecycle;
mod resources;

use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use testkit::{Base, Output, Run, TestEnv, wait_until};

/// `minke oci`, or crun where the reference is asked.
pub fn oci<'e>(env: &'e TestEnv, line: &str) -> Run<'e> {
    let run = if env.is_peer() { env.host("crun") } else { env.engine().words("oci") };
    run.arg("--root").arg(env.work().join("state")).words(line)
}

/// Runs it and demands exit code 0.
#[track_caller]
pub fn ok(env: &TestEnv, line: &str) -> Output {
    let output = oci(env, line).run();
    output.ok();
    output
}

/// Runs it and demands that it is refused in one readable message: with exit code 1, where the reference has others, too.
#[track_caller]
pub fn refused(env: &TestEnv, line: &str) -> Output {
    let output = oci(env, line).run();
    if env.is_peer() {
        assert!(!output.status.success(), "{line} should be refused");
    } else {
        output.code(1);
    }
    output.is_readable();
    output
}

/// Runs what leaves a process behind, which has the streams of whoever made it: those are files here. Demands exit code 0.
#[track_caller]
pub fn begin(env: &TestEnv, line: &str) -> Output {
    let output = apart(env, line);
    output.ok();
    output
}

/// The same, whatever the exit code. What was written to standard error is read from the file `err`.
pub fn apart(env: &TestEnv, line: &str) -> Output {
    let program = if env.is_peer() { "crun".to_owned() } else { format!("{} oci", testkit::engine_under_test()) };
    let state = env.work().join("state");
    let script = format!("exec {program} --root {} {line} </dev/null >out 2>err", state.display());
    env.host("sh -c").arg(script).run()
}

/// A bundle with busybox, whose configuration a case changes.
pub struct Bundle<'e> {
    env: &'e TestEnv,
    /// Written by [`Bundle::write`].
    pub config: Value,
    /// Absolute, in all hierarchies.
    pub cgroup: String,
}

impl<'e> Bundle<'e> {
    /// In the folder `bundle`. `script` is what its shell does.
    pub fn new(env: &'e TestEnv, script: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let cgroup = format!("/minke/e2e-oci-{}-{count}", std::process::id());
        let bundle = Bundle { env, config: config(env, script, &cgroup), cgroup };
        env.write("base.tar", Base::layer().blob());
        env.host("sh -c 'mkdir -p bundle/rootfs && tar -xf base.tar -C bundle/rootfs'").run().ok();
        bundle.write();
        bundle
    }

    /// Another value at a place of the configuration (`/linux/seccomp`).
    pub fn set(&mut self, pointer: &str, value: Value) -> &mut Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        self.config.pointer_mut(parent).expect("the parent is there")[name] = value;
        self
    }

    /// One more mount.
    pub fn mount(&mut self, mount: Value) -> &mut Self {
        self.config["mounts"].as_array_mut().expect("a list").push(mount);
        self
    }

    /// Writes config.json.
    pub fn write(&self) {
        self.env.write("bundle/config.json", self.config.to_string());
    }

    /// Writes it and runs it to its end.
    pub fn run(&self) -> Output {
        self.write();
        oci(self.env, "run -b bundle box").run()
    }

    /// Its root on the host.
    pub fn rootfs(&self) -> PathBuf {
        self.env.work().join("bundle/rootfs")
    }
}

fn config(env: &TestEnv, script: &str, cgroup: &str) -> Value {
    let capabilities = json!(["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_SETGID", "CAP_SYS_CHROOT"]);
    let kinds = ["pid", "ipc", "uts", "mount", "network", "cgroup"];
    let mut namespaces: Vec<Value> = kinds.iter().map(|kind| json!({ "type": kind })).collect();
    let mut linux = json!({ "resources": { "devices": [{ "allow": false, "access": "rwm" }] }, "cgroupsPath": cgroup });
    if !env.is_root() {
        namespaces.push(json!({ "type": "user" }));
        linux = json!({
            "uidMappings": [{ "containerID": 0, "hostID": env.user().uid, "size": 1 }],
            "gidMappings": [{ "containerID": 0, "hostID": env.user().gid, "size": 1 }],
        });
    }
    linux["namespaces"] = json!(namespaces);
    json!({
        "ociVersion": "1.0.2",
        "process": {
            "user": { "uid": 0, "gid": 0 }, "args": ["sh", "-c", script], "cwd": "/", "env": ["PATH=/bin", "TERM=xterm"],
            "capabilities": { "bounding": capabilities, "effective": capabilities, "permitted": capabilities },
        },
        "root": { "path": "rootfs" },
        "hostname": "box",
        "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc" },
            { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"] },
            { "destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"] },
            { "destination": "/tmp", "type": "tmpfs", "source": "tmpfs" },
        ],
        "linux": linux,
    })
}

/// A file below the environment's `work`.
pub fn read(env: &TestEnv, name: &str) -> Option<String> {
    env.read(env.work().join(name))
}

/// What `state` says.
pub fn state(env: &TestEnv, id: &str) -> Value {
    serde_json::from_slice(&ok(env, &format!("state {id}")).stdout).expect("state is JSON")
}

/// Waits until it is in that state.
pub fn wait_for_status(env: &TestEnv, id: &str, status: &str) {
    wait_until(status, || state(env, id)["status"] == status);
}

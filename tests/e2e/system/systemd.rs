//! Control groups made by systemd. Outside of the usual environments: systemd counts processes by the machine's numbers.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use testkit::{Base, User, note_skipped, reason_without_cgroup2, reason_without_systemd, wait_until};

/// An engine of the machine itself, with a store of its own.
struct Outside {
    folder: PathBuf,
    user: Option<User>,
}

impl Outside {
    /// `None`: can't be had here.
    fn new(user: Option<User>, name: &str) -> Option<Outside> {
        if let Some(reason) = reason_without_systemd().or_else(reason_without_cgroup2) {
            note_skipped(&reason);
            return None;
        }
        let folder = std::env::temp_dir().join(format!("minke-systemd-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("base.tar"), Base::image().docker_archive("localhost/base:latest")).unwrap();
        if let Some(user) = &user {
            std::os::unix::fs::chown(&folder, Some(user.uid), Some(user.gid)).unwrap();
            assert!(Command::new("loginctl").args(["enable-linger", &user.name]).status().unwrap().success());
            let socket = format!("/run/user/{}/systemd/private", user.uid);
            wait_until("the user's systemd", || std::fs::exists(&socket).unwrap_or(false));
        }
        let outside = Outside { folder, user };
        outside.ok(&format!("load -q -i {}/base.tar", outside.folder.display()));
        Some(outside)
    }

    fn run(&self, words: &str) -> (bool, String) {
        let engine = testkit::engine_under_test();
        let mut command = match &self.user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", &user.name, "--", &engine]);
                command.env("XDG_RUNTIME_DIR", format!("/run/user/{}", user.uid));
                command
            }
            None => Command::new(&engine),
        };
        let folder = self.folder.display();
        command.args(["--root", &format!("{folder}/root"), "--runroot", &format!("{folder}/run")]);
        let output = command
            .args(["--cgroup-manager", "systemd"])
            .args(words.split_whitespace())
            .current_dir(&self.folder)
            .env("HOME", &self.folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).trim().to_owned())
    }

    #[track_caller]
    fn ok(&self, words: &str) -> String {
        let (success, text) = self.run(words);
        assert!(success, "{words}: {text}");
        text
    }

    fn units(&self, id: &str) -> String {
        let mut command = Command::new("systemctl");
        if let Some(user) = &self.user {
            command = Command::new("runuser");
            command.args(["-u", &user.name, "--", "systemctl", "--user"]);
            command.env("XDG_RUNTIME_DIR", format!("/run/user/{}", user.uid));
        }
        let output = command.args(["list-units", "--all", "--no-legend", &format!("minke-{id}*")]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.run("rm -fa -t 0");
        self.run("rmi -fa");
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn limits_hold(outside: &Outside) {
    let shown = outside.ok("run --rm --network none --memory 64m --memory-swap 128m --cpus 0.5 --pids-limit 77 base \
         cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory.swap.max /sys/fs/cgroup/cpu.max /sys/fs/cgroup/pids.max");
    assert_eq!(shown, "67108864\n67108864\n50000 100000\n77");
}

fn a_scope_holds_monitor_and_container(outside: &Outside) {
    let id = outside.ok("run -d --name s --network none base sleep 1000");
    let pids = outside.ok("inspect --format {{.State.Pid}}:{{.State.ConmonPid}} s");
    let (container, monitor) = pids.split_once(':').unwrap();
    let group = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap().trim().to_owned();
    assert!(group(container).ends_with(&format!("/minke-{id}.scope/container")), "{}", group(container));
    assert!(group(monitor).ends_with(&format!("/minke-{id}.scope/monitor")), "{}", group(monitor));
    assert_eq!(format!("0::{}", outside.ok("inspect --format {{.State.CgroupPath}} s")), group(container));
    assert_eq!(outside.ok("exec s cat /proc/self/cgroup"), outside.ok("exec s cat /proc/1/cgroup"));
    assert!(outside.units(&id).contains("running"), "{}", outside.units(&id));
    outside.ok("rm -f -t 0 s");
    wait_until("the scope to go", || outside.units(&id).is_empty());
}

fn a_killed_monitor_leaves_no_scope(outside: &Outside) {
    let id = outside.ok("run -d --name k --network none base sleep 1000");
    let monitor = outside.ok("inspect --format {{.State.ConmonPid}} k");
    assert!(Command::new("kill").args(["-9", &monitor]).status().unwrap().success());
    wait_until("the scope to go", || outside.units(&id).is_empty());
    assert_eq!(outside.ok("inspect --format {{.State.Status}} k"), "exited");
    outside.ok("start k");
    outside.ok("rm -f -t 0 k");
}

fn all(user: Option<User>, name: &str) {
    if let Some(outside) = Outside::new(user, name) {
        limits_hold(&outside);
        a_scope_holds_monitor_and_container(&outside);
        a_killed_monitor_leaves_no_scope(&outside);
    }
}

#[test]
fn privileged_root() {
    all(None, "root");
}

#[test]
fn privileged_user() {
    all(Some(User::for_tests()), "user");
}

//! Control groups made by systemd. Outside of the usual environments: systemd counts processes by the machine's numbers.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use testkit::{Base, User, Who, is_peer, note_skipped, reason_without_cgroup2, reason_without_systemd, wait_until};

/// The test user's systemd, which lives without a login as long as one of these does.
struct Lingering {
    user: User,
}

/// How many there are, and whether the first of them had to ask for it.
static LINGERING: Mutex<(u32, bool)> = Mutex::new((0, false));

impl Lingering {
    fn new(user: &User) -> Lingering {
        let mut lingering = LINGERING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if lingering.0 == 0 {
            lingering.1 = !Path::new("/var/lib/systemd/linger").join(&user.name).exists();
        }
        if lingering.1 {
            assert!(loginctl("enable-linger", user), "loginctl enable-linger {}", user.name);
        }
        lingering.0 += 1;
        Lingering { user: user.clone() }
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let mut lingering = LINGERING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        lingering.0 -= 1;
        if *lingering == (0, true) {
            loginctl("disable-linger", &self.user);
        }
    }
}

fn loginctl(verb: &str, user: &User) -> bool {
    Command::new("loginctl").args([verb, &user.name]).status().is_ok_and(|status| status.success())
}

/// An engine of the machine itself, with a store of its own.
struct Outside {
    folder: PathBuf,
    user: Option<User>,
    /// Given back behind the containers.
    _lingering: Option<Lingering>,
}

impl Outside {
    /// `None`: can't be had here.
    fn new(who: Who) -> Option<Outside> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        if let Some(reason) = reason_without_systemd().or_else(reason_without_cgroup2) {
            note_skipped(&reason);
            return None;
        }
        let name = format!("minke-systemd-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("base.tar"), Base::image().docker_archive("localhost/base:latest")).unwrap();
        let user = (who == Who::User).then(User::for_tests);
        if let Some(user) = &user {
            std::os::unix::fs::chown(&folder, Some(user.uid), Some(user.gid)).unwrap();
        }
        let lingering = user.as_ref().map(Lingering::new);
        let outside = Outside { folder, user, _lingering: lingering };
        if let Some(user) = &outside.user {
            let socket = format!("/run/user/{}/systemd/private", user.uid);
            wait_until("the user's systemd", || std::fs::exists(&socket).unwrap_or(false));
        }
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

/// The same without what only our names for scopes show.
fn with_our_scopes(who: Who) -> Option<Outside> {
    if is_peer() {
        note_skipped("podman calls its scopes otherwise, and keeps its monitors in others");
        return None;
    }
    Outside::new(who)
}

fn limits_hold(who: Who) {
    let Some(outside) = Outside::new(who) else { return };
    let shown = outside.ok("run --rm --network none --memory 64m --memory-swap 128m --cpus 0.5 --pids-limit 77 base \
         cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory.swap.max /sys/fs/cgroup/cpu.max /sys/fs/cgroup/pids.max");
    assert_eq!(shown, "67108864\n67108864\n50000 100000\n77");
}

fn a_scope_holds_monitor_and_container(who: Who) {
    let Some(outside) = with_our_scopes(who) else { return };
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

fn a_killed_monitor_leaves_no_scope(who: Who) {
    let Some(outside) = with_our_scopes(who) else { return };
    let id = outside.ok("run -d --name k --network none base sleep 1000");
    let monitor = outside.ok("inspect --format {{.State.ConmonPid}} k");
    assert!(Command::new("kill").args(["-9", &monitor]).status().unwrap().success());
    wait_until("the scope to go", || outside.units(&id).is_empty());
    assert_eq!(outside.ok("inspect --format {{.State.Status}} k"), "exited");
    outside.ok("start k");
    outside.ok("rm -f -t 0 k");
}

mod privileged_root {
    use testkit::Who;

    #[test]
    fn limits_hold() {
        super::limits_hold(Who::Root);
    }

    #[test]
    fn a_scope_holds_monitor_and_container() {
        super::a_scope_holds_monitor_and_container(Who::Root);
    }

    #[test]
    fn a_killed_monitor_leaves_no_scope() {
        super::a_killed_monitor_leaves_no_scope(Who::Root);
    }
}

mod privileged_user {
    use testkit::Who;

    #[test]
    fn limits_hold() {
        super::limits_hold(Who::User);
    }

    #[test]
    fn a_scope_holds_monitor_and_container() {
        super::a_scope_holds_monitor_and_container(Who::User);
    }

    #[test]
    fn a_killed_monitor_leaves_no_scope() {
        super::a_killed_monitor_leaves_no_scope(Who::User);
    }
}

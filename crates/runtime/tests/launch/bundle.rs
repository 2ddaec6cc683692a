//! A root file system from busybox, a config like Podman's, and running it with its output caught.

use oci::runtime::Spec;
use runtime::{Error, Launch, Launched, Overlay, Ready, Root, Stdio, UserLookup};
use std::cell::RefCell;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

const BUSYBOX: &str = "/bin/busybox";

thread_local! {
    static MADE: RefCell<Vec<PathBuf>> = const { RefCell::new(Vec::new()) };
    static CHOSEN: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
}

pub fn possible() -> bool {
    rustix::process::geteuid().is_root() && Path::new(BUSYBOX).exists()
}

/// Removes what the case made.
pub fn clean_up() {
    for folder in MADE.take() {
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// Removes the group that held the groups of all cases.
pub fn remove_group() {
    let _ = std::fs::remove_dir("/sys/fs/cgroup/minke-test");
    for hierarchy in std::fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten() {
        let _ = std::fs::remove_dir(hierarchy.path().join("minke-test"));
    }
}

/// Takes the folder of the process that this one was cloned from.
pub fn use_folder(folder: PathBuf) {
    CHOSEN.set(Some(folder));
}

/// Of the case that is this process.
pub fn folder_of(pid: u32) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("case-{pid}"))
}

/// A folder of this case's own, on a file system that can hold an overlay's upper.
pub fn folder() -> PathBuf {
    if let Some(folder) = CHOSEN.with_borrow(Clone::clone) {
        return folder;
    }
    let folder = folder_of(std::process::id());
    if !folder.exists() {
        std::fs::create_dir_all(&folder).expect("a scratch folder");
        MADE.with_borrow_mut(|made| made.push(folder.clone()));
    }
    folder
}

/// What a case starts from.
pub struct Container {
    pub spec: Spec,
    pub root: PathBuf,
    pub user: UserLookup,
    pub idmap: bool,
    pub userxattr: bool,
    pub init: bool,
    pub make_working_folder: bool,
    pub copy_up: Vec<String>,
    pub chown: Vec<String>,
    pub terminal: bool,
    pub preserve: Vec<OwnedFd>,
}

/// The config that Podman 5.8 writes for `run --network none`, cut to what matters here.
const CONFIG: &str = r#"{"ociVersion":"1.2.1",
"process":{"user":{"uid":0,"gid":0,"umask":18},"args":["true"],"cwd":"/",
 "env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","container=podman"],
 "capabilities":{"bounding":["CAP_CHOWN","CAP_KILL","CAP_SETUID","CAP_SETGID","CAP_DAC_OVERRIDE"],
  "effective":["CAP_CHOWN","CAP_KILL","CAP_SETUID","CAP_SETGID","CAP_DAC_OVERRIDE"],
  "permitted":["CAP_CHOWN","CAP_KILL","CAP_SETUID","CAP_SETGID","CAP_DAC_OVERRIDE"]},
 "rlimits":[{"type":"RLIMIT_NOFILE","hard":1024,"soft":512}]},
"hostname":"inside",
"mounts":[
 {"destination":"/proc","type":"proc","source":"proc","options":["nosuid","noexec","nodev"]},
 {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=65536k"]},
 {"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid","noexec","nodev","ro"]},
 {"destination":"/dev/pts","type":"devpts","source":"devpts",
  "options":["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620","gid=5"]},
 {"destination":"/dev/mqueue","type":"mqueue","source":"mqueue","options":["nosuid","noexec","nodev"]},
 {"destination":"/dev/shm","type":"tmpfs","source":"shm","options":["nosuid","noexec","nodev","mode=1777","size=64m"]},
 {"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup","options":["rprivate","nosuid","noexec","nodev","ro"]}],
"linux":{"resources":{"devices":[{"allow":false,"access":"rwm"}],"pids":{"limit":2048}},
 "sysctl":{"net.ipv4.ping_group_range":"0 0"},
 "namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"cgroup"}],
 "seccomp":{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],
  "syscalls":[{"names":["keyctl","add_key"],"action":"SCMP_ACT_ERRNO","errnoRet":38}]},
 "maskedPaths":["/proc/acpi","/proc/kcore","/proc/keys","/proc/timer_list","/sys/firmware","/not/there"],
 "readonlyPaths":["/proc/bus","/proc/sys","/proc/sysrq-trigger","/not/there"]}}"#;

impl Container {
    pub fn new(command: &[&str]) -> Self {
        let mut spec: Spec = serde_json::from_str(CONFIG).expect("the config");
        spec.linux.as_mut().expect("linux").cgroups_path = Some(format!("/minke-test/case-{}", std::process::id()));
        let process = spec.process.as_mut().expect("process");
        process.args = command.iter().map(|word| word.to_string()).collect();
        Self {
            spec,
            root: make_root(&folder()),
            user: UserLookup::default(),
            idmap: false,
            userxattr: false,
            init: false,
            make_working_folder: false,
            copy_up: Vec::new(),
            chown: Vec::new(),
            terminal: false,
            preserve: Vec::new(),
        }
    }

    pub fn shell(script: &str) -> Self {
        Self::new(&["sh", "-c", script])
    }

    pub fn process(&mut self) -> &mut oci::runtime::Process {
        self.spec.process.as_mut().expect("process")
    }

    pub fn linux(&mut self) -> &mut oci::runtime::Linux {
        self.spec.linux.as_mut().expect("linux")
    }

    pub fn bind(&mut self, source: &Path, destination: &str, options: &[&str]) {
        self.spec.mounts.push(oci::runtime::Mount {
            destination: destination.to_owned(),
            kind: Some("bind".to_owned()),
            source: Some(source.to_str().expect("a path").to_owned()),
            options: options.iter().map(|word| word.to_string()).collect(),
            ..Default::default()
        });
    }

    /// Launches with these streams.
    pub fn launch(&self, stdio: Stdio<'_>) -> Result<Launched, Error> {
        let folder = folder();
        for part in ["upper", "work", "merged"] {
            std::fs::create_dir_all(folder.join(part)).expect("overlay folders");
        }
        let overlay = Overlay {
            lower: vec![self.root.clone()],
            upper: folder.join("upper"),
            work: folder.join("work"),
            merged: folder.join("merged"),
            userxattr: self.userxattr,
            volatile: true,
            idmap: self.idmap,
        };
        runtime::launch(&Launch {
            id: "case",
            bundle: &folder,
            spec: &self.spec,
            root: Root::Overlay(overlay),
            user: self.user.clone(),
            copy_up: self.copy_up.clone(),
            sub_paths: Default::default(),
            names_in_folders: Default::default(),
            chown: self.chown.clone(),
            stdio,
            preserve: self.preserve.iter().map(OwnedFd::as_fd).collect(),
            die_with_parent: true,
            init: self.init,
            make_working_folder: self.make_working_folder,
            groups: runtime::cgroup::Groups::Needed,
            no_pivot: false,
            keep_keyring: false,
        })
    }

    /// Runs it to its end: output and exit code, or why it didn't start.
    pub fn run(&self) -> Result<(String, i32), Error> {
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).expect("a pipe");
        let null = std::fs::File::open("/dev/null").expect("/dev/null");
        let stdio = match self.terminal {
            true => Stdio::Terminal(24, 80),
            false => Stdio::Fds(null.as_fd(), writer.as_fd(), writer.as_fd()),
        };
        let mut launched = self.launch(stdio)?;
        drop(writer);
        let Ready { terminal, .. } = launched.ready()?;
        launched.start()?;
        let output = read_all(terminal.unwrap_or(reader));
        let code = sys::pidfd::wait(launched.pidfd.as_fd()).expect("an exit").code();
        runtime::cgroup::remove(&launched.cgroups).expect("cgroups go");
        for group in &launched.cgroups.folders {
            assert!(!group.exists(), "{} is still there", group.display());
        }
        Ok((output, code))
    }

    /// The output of a run that must succeed.
    pub fn output(&self) -> String {
        let (output, code) = self.run().unwrap_or_else(|error| panic!("{error}: {:?}", error.source));
        assert_eq!(code, 0, "{output}");
        output
    }

    /// The error of a run that must not start.
    pub fn error(&self) -> Error {
        match self.run() {
            Err(error) => error,
            Ok((output, code)) => panic!("ran, with {code}: {output}"),
        }
    }
}

/// A terminal ends with EIO when its last slave is closed.
fn read_all(fd: OwnedFd) -> String {
    let mut file = std::fs::File::from(fd);
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = file.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..length]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn make_root(folder: &Path) -> PathBuf {
    let root = folder.join("root");
    if root.exists() {
        // The second container of a case. Writing a program that runs in the first would kill it.
        return root;
    }
    for part in ["bin", "etc", "tmp", "root", "home/web"] {
        std::fs::create_dir_all(root.join(part)).expect("a root folder");
    }
    std::fs::copy(BUSYBOX, root.join("bin/busybox")).expect("busybox");
    for name in
        "sh true cat ls id echo grep hostname touch stat sleep readlink mkdir kill mount ps pwd env wc dd".split(' ')
    {
        std::os::unix::fs::symlink("busybox", root.join("bin").join(name)).expect("a link");
    }
    let write = |path: &str, text: &str| std::fs::write(root.join(path), text).expect("a file");
    write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33:Web:/home/web:/bin/sh\n");
    write("etc/group", "root:x:0:\nvideo:x:27:web\nweb:x:33:\n");
    root
}

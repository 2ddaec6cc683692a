//! One test's world: folders, namespaces, cgroups, settings, and the engine's commands run in it.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};

use crate::command::Run;
use crate::image::{Base, Image};
use crate::keeper::Keeper;
use crate::leak::Trace;
use crate::namespace::Namespace;
use crate::output::Output;
use crate::process::Process;
use crate::registry::Registry;
use crate::server::FakeRegistry;
use crate::split::words;
use crate::who::{User, Who};

/// Where test folders are made. On a disk, since tmpfs has no `user.*` attributes on older kernels.
const PARENT: &str = "/var/tmp/minke-e2e";

/// An environment of its own for one test. Everything in it ends and vanishes when it is dropped.
#[derive(Debug)]
pub struct TestEnv {
    who: Who,
    user: User,
    // Fields drop in order: what runs inside goes before the keeper.
    outside: Mutex<Option<Process>>,
    fake_ports: AtomicU16,
    keeper: Keeper,
}

/// What the engine's configuration files of a test say.
#[derive(Debug, Default)]
pub struct Settings<'a> {
    /// Path below `/etc/containers` and content.
    pub system: &'a [(&'a str, &'a str)],
    /// Path below `~/.config/containers` and content.
    pub user: &'a [(&'a str, &'a str)],
}

/// The program under test: `MINKE_ENGINE`, a path or a name (`podman` when proving cases on the reference).
///
/// # Panics
/// When the variable isn't set.
#[must_use]
pub fn engine_under_test() -> String {
    std::env::var("MINKE_ENGINE").expect("MINKE_ENGINE names the program to test; `cargo xtask e2e` sets it")
}

/// Whether another engine than minke is being asked.
#[must_use]
pub fn is_peer() -> bool {
    Path::new(&engine_under_test()).file_name() != Some("minke".as_ref())
}

impl TestEnv {
    /// A fresh environment with an empty store.
    #[must_use]
    pub fn new(who: Who) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("minke-e2e-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = Path::new(PARENT).join(name);
        fs::create_dir_all(&dir).unwrap_or_else(|err| panic!("{}: {err}", dir.display()));
        let user = User::for_tests();
        let keeper = Keeper::start(dir, &user);
        let env = Self { who, user, outside: Mutex::default(), fake_ports: AtomicU16::new(5100), keeper };
        env.write_default_settings();
        env
    }

    /// As whom the engine runs here.
    #[must_use]
    pub fn who(&self) -> Who {
        self.who
    }

    /// Whether the engine runs as root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.who == Who::Root
    }

    /// The unprivileged user of this environment.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    /// Whether another engine than minke is being asked.
    #[must_use]
    pub fn is_peer(&self) -> bool {
        is_peer()
    }

    /// The environment's folder. Its `work` is where commands run.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.keeper.dir
    }

    /// The folder in which commands run, writable for everybody concerned.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.dir().join("work")
    }

    /// The home folder of whoever runs the engine.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.dir().join(if self.is_root() { "home-of-root" } else { "home" })
    }

    /// Where the engine keeps images and containers.
    #[must_use]
    pub fn graphroot(&self) -> PathBuf {
        match self.who {
            Who::Root => PathBuf::from("/var/lib/containers/storage"),
            Who::User => self.dir().join("home/.local/share/containers/storage"),
        }
    }

    /// Where the engine keeps what a reboot forgets.
    #[must_use]
    pub fn runroot(&self) -> PathBuf {
        match self.who {
            Who::Root => PathBuf::from("/run/containers/storage"),
            Who::User => PathBuf::from(format!("/run/user/{}/containers", self.user.uid)),
        }
    }

    /// The namespaces.
    #[must_use]
    pub fn namespace(&self) -> Namespace {
        self.keeper.namespace()
    }

    /// Runs `body` inside the namespaces, with the rights of the test process.
    pub fn inside<T: Send>(&self, body: impl FnOnce() -> T + Send) -> T {
        self.namespace().call(body)
    }

    /// Runs the engine with a command line, written as one would in a shell.
    pub fn run(&self, line: &str) -> Output {
        self.engine().words(line).run()
    }

    /// Runs the engine and demands exit code 0.
    #[track_caller]
    pub fn ok(&self, line: &str) -> Output {
        let output = self.run(line);
        output.ok();
        output
    }

    /// A command of the engine, to be completed.
    #[must_use]
    pub fn engine(&self) -> Run<'_> {
        Run::new(self, self.who).args(words(&engine_under_test()))
    }

    /// A program of the host, run inside as the engine is.
    #[must_use]
    pub fn host(&self, line: &str) -> Run<'_> {
        Run::new(self, self.who).words(line)
    }

    /// A program of the host, run inside as root.
    #[must_use]
    pub fn host_root(&self, line: &str) -> Run<'_> {
        Run::new(self, Who::Root).words(line)
    }

    /// Writes a file into the work folder and returns its path. It belongs to the test user.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        self.write_at(&path, content.as_ref());
        path
    }

    /// Writes a file anywhere inside, parents included; it belongs to the test user if it lies in the folder.
    pub fn write_at(&self, path: &Path, content: &[u8]) {
        self.inside(|| {
            let parent = path.parent().expect("a parent");
            self.make_folders(parent);
            fs::write(path, content).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
            self.give_to_user(path);
        });
    }

    /// Reads a file inside; `None` when it isn't there.
    #[must_use]
    pub fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        let path = path.as_ref();
        self.inside(|| fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Whether a path exists inside (a dangling link does).
    #[must_use]
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        let path = path.as_ref();
        self.inside(|| path.symlink_metadata().is_ok())
    }

    /// Puts `image` into the store as `name`, by an archive and `load`.
    #[track_caller]
    pub fn load(&self, image: &Image, name: &str) {
        let archive = self.write("load.tar", image.docker_archive(name));
        self.engine().words("load -q -i").arg(&archive).run().ok();
    }

    /// Puts the base image into the store as `base`.
    #[track_caller]
    pub fn base(&self) {
        self.load(&Base::image(), "localhost/base:latest");
    }

    /// Lets the engine make what stays once made, for a while (bridge, firewall table) or for good (folders), so that a later look
    /// for leaks finds leaks only. Wants the base image.
    pub fn warm_up(&self) {
        let network = if self.is_root() { "-p 65000:1" } else { "--network none" };
        self.ok(&format!("run --rm {network} -v /anon base true"));
    }

    /// Writes configuration files.
    pub fn configure(&self, settings: &Settings<'_>) {
        for (name, content) in settings.system {
            self.write_at(&Path::new("/etc/containers").join(name), content.as_bytes());
        }
        for (name, content) in settings.user {
            self.write_at(&self.home().join(".config/containers").join(name), content.as_bytes());
        }
    }

    /// Starts Debian's docker-registry inside; plain HTTP, no password.
    #[must_use]
    pub fn registry(&self) -> Registry<'_> {
        Registry::start(self, 5000)
    }

    /// Starts a registry that answers what the test wants.
    #[must_use]
    pub fn fake_registry(&self) -> FakeRegistry {
        let port = self.fake_ports.fetch_add(1, Ordering::Relaxed);
        FakeRegistry::start(self, port)
    }

    /// A second machine, connected by a cable: this side has 192.0.2.1 and fd00:2::1, that side 192.0.2.2 and
    /// fd00:2::2, and is the default route. Made at the first call.
    pub fn outside(&self) -> Namespace {
        let mut outside = self.outside.lock().expect("no panic");
        Namespace::of_network(outside.get_or_insert_with(|| self.connect_outside()).pid())
    }

    /// The network namespace of a running container.
    #[track_caller]
    #[must_use]
    pub fn network_of(&self, container: &str) -> Namespace {
        let pid = self.ok(&format!("inspect {container} --format {{{{.State.Pid}}}}")).text();
        let link = self.inside(|| fs::File::open(format!("/proc/{pid}/ns/net"))).expect("it runs");
        Namespace::behind(link.into())
    }

    /// What is there now that an engine could leave behind.
    #[must_use]
    pub fn trace(&self) -> Trace {
        Trace::settled(self)
    }

    fn connect_outside(&self) -> Process {
        let mut process = self.host_root("unshare --net sh -c 'echo up; cat; exit 0'").spawn();
        process.read_line();
        let inner = process.inner_pid();
        self.host_root(&format!("ip link add up0 type veth peer name out0 netns {inner}")).run().ok();
        self.script(
            "ip addr add 192.0.2.1/24 dev up0; ip addr add fd00:2::1/64 dev up0 nodad; ip link set up0 up
            ip route add default via 192.0.2.2; ip route add default via fd00:2::2",
        );
        self.script(&format!(
            "nsenter -t {inner} -n sh -ec 'ip link set lo up; ip addr add 192.0.2.2/24 dev out0
             ip addr add fd00:2::2/64 dev out0 nodad; ip link set out0 up'"
        ));
        process
    }

    /// Runs a shell script of the host inside, as root.
    #[track_caller]
    pub fn script(&self, script: &str) -> Output {
        let output = self.host_root("sh -ec").arg(script).run();
        output.ok();
        output
    }

    fn write_default_settings(&self) {
        let policy = r#"{"default": [{"type": "insecureAcceptAnything"}]}"#;
        let mut system = vec![("policy.json", policy)];
        if self.is_peer() {
            // The reference can't set its default limits without CAP_SYS_RESOURCE, and wants TLS even on loopback.
            system.push(("containers.conf", "[containers]\ndefault_ulimits = [\"nofile=4096:4096\"]\n"));
            system.push((
                "registries.conf",
                "unqualified-search-registries = [\"127.0.0.1:5000\"]\n[[registry]]\nlocation = \"127.0.0.1:5000\"\ninsecure = true\n",
            ));
        }
        self.configure(&Settings { system: &system, user: &[] });
    }

    fn make_folders(&self, path: &Path) {
        if path.is_dir() {
            return;
        }
        self.make_folders(path.parent().expect("a parent"));
        fs::create_dir(path).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
        self.give_to_user(path);
    }

    fn give_to_user(&self, path: &Path) {
        if path.starts_with(self.dir()) {
            chown(path, Some(self.user.uid), Some(self.user.gid)).expect("chown");
        }
    }
}

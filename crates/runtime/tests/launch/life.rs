//! From start to exit: commands, users, terminals, exec, init, hooks.

use crate::bundle::{Container, folder};
use runtime::{ErrorKind, Exec, Stdio, UserLookup};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;

crate::cases![
    privileged_exit_codes_come_through,
    privileged_commands_that_cannot_run,
    privileged_users_by_name,
    privileged_working_folders,
    privileged_a_terminal_has_its_size_and_console,
    privileged_init_reaps_and_passes_the_code,
    privileged_volumes_are_filled_and_chowned,
    privileged_volumes_of_many_links_and_deep_folders,
    privileged_tmpfs_copies_up,
    privileged_exec_joins_everything,
    privileged_hooks_run_in_order,
    privileged_the_container_dies_with_its_engine,
    privileged_a_joined_network_namespace,
    privileged_a_time_namespace_has_its_offset,
    privileged_shared_mounts_spread_both_ways,
];

fn privileged_exit_codes_come_through() {
    assert_eq!(Container::shell("exit 7").run().expect("a run").1, 7);
    // Pid 1 can't kill itself; its parent can.
    assert_eq!(Container::shell("kill -9 $$; exit 3").run().expect("a run").1, 3);
}

fn privileged_commands_that_cannot_run() {
    let fails = |command: &str| {
        let error = Container::new(&[command]).error();
        (error.what.clone(), error.kind)
    };
    assert_eq!(fails("foo"), ("executable file `foo` not found in $PATH".into(), ErrorKind::CommandNotFound));
    assert_eq!(fails("/foo"), ("executable file `/foo` not found".into(), ErrorKind::CommandNotFound));
    assert_eq!(fails("/etc"), ("the path `/etc` is not a regular file".into(), ErrorKind::CommandNotExecutable));
    let not_executable = "the path `/etc/passwd` exists but it is not executable";
    assert_eq!(fails("/etc/passwd"), (not_executable.into(), ErrorKind::CommandNotExecutable));
    let script = |text: &str| {
        let container = Container::new(&["script"]);
        let path = container.root.join("bin/script");
        std::fs::write(&path, text).expect("a script");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a mode");
        container.error().kind
    };
    assert_eq!(script("#!/nowhere\n"), ErrorKind::CommandNotFound);
    assert_eq!(script("no program\n"), ErrorKind::CommandNotExecutable);
}

fn privileged_users_by_name() {
    let as_user = |user: &str, script: &str| {
        let mut container = Container::shell(script);
        container.user = UserLookup { user: user.into(), set_home: true, ..UserLookup::default() };
        container.output()
    };
    assert_eq!(as_user("web", "id; echo $HOME"), "uid=33(web) gid=33(web) groups=27(video),33(web)\n/home/web\n");
    assert_eq!(
        as_user("4000:27", "id -u; id -g; echo $HOME; grep CapEff /proc/self/status"),
        "4000\n27\n/\nCapEff:\t0000000000000000\n"
    );
    let mut container = Container::shell("id -un");
    container.user =
        UserLookup { user: "77".into(), passwd_line: Some("me:*:77:0:me:/:/bin/sh".into()), ..UserLookup::default() };
    assert_eq!(container.output(), "me\n");
}

fn privileged_working_folders() {
    let mut container = Container::new(&["pwd"]);
    container.process().cwd = "/srv/deep".into();
    assert!(container.error().what.contains("does not exist"));
    container.make_working_folder = true;
    assert_eq!(container.output(), "/srv/deep\n");
}

fn privileged_a_terminal_has_its_size_and_console() {
    let mut container = Container::new(&[
        "busybox",
        "sh",
        "-c",
        "busybox tty; busybox stty size; test -c /dev/console && echo console; busybox ps -o tty | busybox head -2 | busybox tail -1",
    ]);
    container.terminal = true;
    let output = container.output().replace('\r', "");
    assert!(output.starts_with("/dev/pts/0\n24 80\nconsole\n136,0"), "{output}");
}

fn privileged_init_reaps_and_passes_the_code() {
    let mut container = Container::shell("echo $$; (sleep 0 &); cat /proc/1/cmdline; exit 9");
    container.init = true;
    let (output, code) = container.run().expect("a run");
    assert_eq!(code, 9);
    assert!(output.starts_with("2\n/run/podman-init\0--\0sh"), "{output:?}");
}

fn privileged_volumes_are_filled_and_chowned() {
    let mut container = Container::shell("ls -n /data; stat -c %u:%g:%a /data /data/run; readlink /data/link");
    let data = container.root.join("data");
    std::fs::create_dir(&data).expect("a folder");
    std::fs::write(data.join("run"), "x").expect("a file");
    std::os::unix::fs::chown(data.join("run"), Some(5), Some(6)).expect("an owner");
    std::fs::set_permissions(data.join("run"), PermissionsExt::from_mode(0o4750)).expect("a mode");
    std::os::unix::fs::symlink("/nowhere", data.join("link")).expect("a link");
    let volume = folder().join("volume");
    std::fs::create_dir(&volume).expect("a folder");
    container.bind(&volume, "/data", &["rbind"]);
    container.copy_up = vec!["/data".into()];
    let output = container.output();
    assert!(output.ends_with("0:0:755\n5:6:4750\n/nowhere\n"), "{output}");
    container.copy_up.clear();
    container.chown = vec!["/data".into()];
    container.user.user = "web".into();
    assert!(container.output().contains("33:33:755\n33:33:"));
}

/// More links and deeper folders than the copy may have descriptors.
fn privileged_volumes_of_many_links_and_deep_folders() {
    let script =
        "cd /data; stat -c %h y7 x7/a; n=0; while cd d 2>/dev/null; do n=$((n+1)); done; echo $n; stat -c %u:%a .";
    let mut container = Container::shell(script);
    let data = container.root.join("data");
    for number in 0..300 {
        let folder = data.join(format!("x{number}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("a"), "").expect("a file");
        std::fs::hard_link(folder.join("a"), data.join(format!("y{number}"))).expect("a link");
    }
    let deep = data.join("d/".repeat(500));
    std::fs::create_dir_all(&deep).expect("folders");
    std::fs::set_permissions(&deep, PermissionsExt::from_mode(0o751)).expect("a mode");
    let limit = rustix::process::Rlimit { current: Some(128), maximum: Some(128) };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).expect("a limit");
    let volume = folder().join("volume");
    std::fs::create_dir(&volume).expect("a folder");
    container.bind(&volume, "/data", &["rbind"]);
    container.copy_up = vec!["/data".into()];
    assert_eq!(container.output(), "2\n2\n500\n0:751\n");
    container.copy_up.clear();
    container.chown = vec!["/data".into()];
    container.user.user = "web".into();
    assert_eq!(container.output(), "2\n2\n500\n33:751\n");
}

fn privileged_tmpfs_copies_up() {
    let mut container = Container::shell("cat /etc/passwd | wc -l; stat -f -c %T /etc; touch /etc/new");
    container.spec.mounts.push(oci::runtime::Mount {
        destination: "/etc".into(),
        kind: Some("tmpfs".into()),
        source: Some("tmpfs".into()),
        options: vec!["tmpcopyup".into(), "nosuid".into(), "size=1m".into()],
        ..Default::default()
    });
    assert_eq!(container.output(), "2\ntmpfs\n");
}

fn privileged_exec_joins_everything() {
    let container = Container::new(&["sleep", "60"]);
    let null = std::fs::File::open("/dev/null").expect("/dev/null");
    let mut launched = container.launch(Stdio::Fds(null.as_fd(), null.as_fd(), null.as_fd())).expect("a launch");
    launched.ready().expect("ready");
    launched.start().expect("a start");
    let run = |args: &[&str], user: &str| {
        let mut spec = container.spec.clone();
        spec.process.as_mut().expect("process").args = args.iter().map(|arg| arg.to_string()).collect();
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).expect("a pipe");
        let exec = Exec {
            pid: launched.pid,
            spec: &spec,
            user: UserLookup { user: user.into(), ..UserLookup::default() },
            stdio: Stdio::Fds(null.as_fd(), writer.as_fd(), writer.as_fd()),
            cgroups: &launched.cgroups,
            preserve: Vec::new(),
        };
        let done = runtime::exec(&exec)?;
        drop(writer);
        let output = std::io::read_to_string(std::fs::File::from(reader)).expect("output");
        assert_eq!(sys::pidfd::wait(done.pidfd.as_fd()).expect("an exit").code(), 0);
        Ok::<_, runtime::Error>(output)
    };
    let links = "for n in pid net ipc uts mnt cgroup; do readlink /proc/self/ns/$n; readlink /proc/1/ns/$n; done; \
        echo $(cat /proc/self/cgroup); echo $(cat /proc/1/cgroup)";
    let output = run(&["sh", "-c", links], "").expect("an exec");
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(lines.len(), 14, "{output}");
    assert!(lines.chunks(2).all(|pair| pair[0] == pair[1]), "{output}");
    let rights = run(&["sh", "-c", "id -un; grep -E 'CapEff|Seccomp:' /proc/self/status"], "web").expect("an exec");
    assert_eq!(rights, "web\nCapEff:\t0000000000000000\nSeccomp:\t2\n");
    assert_eq!(run(&["nope"], "").expect_err("an error").kind, ErrorKind::CommandNotFound);
    sys::pidfd::send_signal(launched.pidfd.as_fd(), libc::SIGKILL).expect("a signal");
    sys::pidfd::wait(launched.pidfd.as_fd()).expect("an exit");
    runtime::cgroup::remove(&launched.cgroups).expect("cgroups go");
}

fn privileged_hooks_run_in_order() {
    let log = folder().join("log");
    let hook = |word: &str| oci::runtime::Hook {
        path: "/bin/sh".into(),
        args: vec!["sh".into(), "-c".into(), format!("read s; echo {word} ${{s%%:*}} >>{}", log.display())],
        ..Default::default()
    };
    let mut container = Container::new(&["true"]);
    container.spec.hooks = Some(oci::runtime::Hooks {
        prestart: vec![hook("prestart")],
        create_runtime: vec![hook("createRuntime")],
        create_container: vec![hook("createContainer")],
        ..Default::default()
    });
    container.output();
    let said = std::fs::read_to_string(&log).expect("a log");
    assert_eq!(said, "prestart {\"ociVersion\"\ncreateRuntime {\"ociVersion\"\ncreateContainer {\"ociVersion\"\n");
    let slow = oci::runtime::Hook {
        path: "/bin/sleep".into(),
        args: vec!["sleep".into(), "60".into()],
        timeout: Some(1),
        ..Default::default()
    };
    container.spec.hooks = Some(oci::runtime::Hooks { create_runtime: vec![slow], ..Default::default() });
    assert!(container.error().what.contains("no end after 1 s"));
}

fn privileged_the_container_dies_with_its_engine() {
    let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).expect("a pipe");
    let container = Container::new(&["sleep", "600"]);
    let scratch = folder();
    let engine = match sys::process::fork().expect("fork") {
        sys::process::Fork::Child => {
            crate::bundle::use_folder(scratch);
            let mut launched = container.launch(Stdio::Inherit).expect("a launch");
            launched.ready().expect("ready");
            launched.start().expect("a start");
            let words = format!("{} {}", launched.pid, serde_json::to_string(&launched.cgroups).expect("json"));
            rustix::io::write(&writer, words.as_bytes()).expect("told");
            drop(writer);
            sys::signal::kill(std::process::id() as i32, libc::SIGKILL).expect("a signal");
            unreachable!()
        }
        sys::process::Fork::Parent(pid) => pid,
    };
    drop(writer);
    let words = std::io::read_to_string(std::fs::File::from(reader)).expect("words");
    let (pid, cgroups) = words.split_once(' ').expect("two words");
    if let Ok(pidfd) = sys::pidfd::open(pid.parse().expect("a pid")) {
        assert!(sys::pidfd::poll_exit(pidfd.as_fd(), 5000).expect("poll"), "it still runs");
    }
    let _ = rustix::process::waitpid(rustix::process::Pid::from_raw(engine), rustix::process::WaitOptions::empty());
    let cgroups = serde_json::from_str(cgroups).expect("cgroups");
    runtime::cgroup::remove(&cgroups).expect("cgroups go");
}

fn privileged_a_joined_network_namespace() {
    let first = Container::new(&["sleep", "60"]);
    let mut launched = first.launch(Stdio::Inherit).expect("a launch");
    launched.ready().expect("ready");
    launched.start().expect("a start");
    let mut second = Container::shell("readlink /proc/self/ns/net");
    let path = format!("/proc/{}/ns/net", launched.pid);
    let theirs = std::fs::read_link(&path).expect("a link");
    // Another group: the first container still lives in its own.
    second.linux().cgroups_path = Some(format!("/minke-test/case-{}-b", std::process::id()));
    for namespace in &mut second.linux().namespaces {
        if namespace.kind == "network" {
            namespace.path = Some(path.clone());
        }
    }
    second.linux().sysctl.clear();
    assert_eq!(second.output().trim_end(), theirs.to_str().expect("text"));
    sys::pidfd::send_signal(launched.pidfd.as_fd(), libc::SIGKILL).expect("a signal");
    sys::pidfd::wait(launched.pidfd.as_fd()).expect("an exit");
    runtime::cgroup::remove(&launched.cgroups).expect("cgroups go");
}

fn privileged_a_time_namespace_has_its_offset() {
    let mut container = Container::shell("read up rest </proc/uptime; echo ${up%.*}");
    let offset = oci::runtime::TimeOffset { secs: 10_000_000, nanosecs: 0 };
    container.linux().namespaces.push(oci::runtime::Namespace { kind: "time".into(), path: None });
    container.linux().time_offsets.insert("boottime".into(), offset);
    let up: u64 = container.output().trim().parse().expect("a number");
    assert!(up > 10_000_000);
}

fn privileged_shared_mounts_spread_both_ways() {
    // In a mount namespace of our own whose mounts are shared, as on a host with systemd.
    sys::namespace::unshare(sys::namespace::Namespaces::MOUNT).expect("a namespace");
    let spread = |word| sys::mount::Change { propagation: Some(word), ..Default::default() };
    let all = sys::mount::Depth::Tree;
    sys::mount::change_at(c"/", spread(sys::mount::Propagation::Private), all).expect("private");
    let data = folder().join("data");
    std::fs::create_dir_all(data.join("sub")).expect("a folder");
    rustix::mount::mount("none", &data, "tmpfs", rustix::mount::MountFlags::empty(), None).expect("a tmpfs");
    sys::mount::change_at(c"/", spread(sys::mount::Propagation::Shared), all).expect("shared");
    std::fs::create_dir(data.join("sub")).expect("a folder");
    let mut container = Container::shell("mount -t tmpfs none /data/sub && touch /data/sub/made");
    container.bind(&data, "/data", &["rbind", "rshared"]);
    container.linux().rootfs_propagation = Some("shared".into());
    let capabilities = container.process().capabilities.as_mut().expect("capabilities");
    for set in [&mut capabilities.bounding, &mut capabilities.effective, &mut capabilities.permitted] {
        set.push("CAP_SYS_ADMIN".into());
    }
    let before = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts").lines().count();
    container.output();
    let after = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    assert!(data.join("sub/made").exists(), "{after}");
    // Nothing of the container's but that one, and nothing of ours is gone.
    assert_eq!(after.lines().count(), before + 1, "{after}");
}

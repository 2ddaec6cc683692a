//! Runs a bundle (a folder with config.json and rootfs) as the foreground process: `run_bundle BUNDLE [times]`.
//!
//! With a count it runs it that often and tells the time each step took. Options by environment: `OVERLAY=1` puts an overlay
//! over the rootfs, `CMD` replaces the command, `USER_WORDS`, `TTY=1`, `INIT=1`, `VOLATILE=1`, `EXEC` (run in it while it lives).

#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]

use oci::runtime::Spec;
use runtime::{Launch, Overlay, Root, Stdio, UserLookup};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn main() {
    let mut args = std::env::args().skip(1);
    let bundle = PathBuf::from(args.next().expect("a bundle"));
    let times: usize = args.next().map_or(1, |times| times.parse().expect("a number"));
    let mut spec: Spec =
        serde_json::from_slice(&std::fs::read(bundle.join("config.json")).expect("config.json")).expect("json");
    if let (Ok(words), Some(process)) = (std::env::var("CMD"), spec.process.as_mut()) {
        process.args = words.split(' ').map(str::to_owned).collect();
    }
    let mut totals = [Duration::ZERO; 4];
    let mut best = Duration::MAX;
    let mut code = 0;
    for turn in 0..times {
        let start = Instant::now();
        let steps = run(&bundle, &spec, turn, &mut code);
        best = best.min(start.elapsed());
        for (total, step) in totals.iter_mut().zip(steps) {
            *total += step;
        }
        if times > 1 && std::env::var("IDLE").is_ok() {
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    if times > 1 {
        let [launch, ready, started, ended] = totals.map(|total| total / times as u32);
        let sum = launch + ready + started + ended;
        eprintln!("launch {launch:?} ready {ready:?} start {started:?} end {ended:?} sum {sum:?} best {best:?}");
    }
    std::process::exit(code);
}

fn root(bundle: &Path, turn: usize) -> Root {
    let lower = bundle.join("rootfs");
    if std::env::var("OVERLAY").is_err() {
        return Root::Folder(lower);
    }
    let place = bundle.join(format!("overlay-{turn}"));
    for folder in ["upper", "work", "merged"] {
        std::fs::create_dir_all(place.join(folder)).expect("overlay folder");
    }
    Root::Overlay(Overlay {
        lower: vec![lower],
        upper: place.join("upper"),
        work: place.join("work"),
        merged: place.join("merged"),
        userxattr: std::env::var("USERXATTR").is_ok(),
        volatile: std::env::var("VOLATILE").is_ok(),
        idmap: std::env::var("IDMAP").is_ok(),
    })
}

fn run(bundle: &Path, spec: &Spec, turn: usize, code: &mut i32) -> [Duration; 4] {
    let root = root(bundle, turn);
    let terminal = std::env::var("TTY").is_ok();
    let launch = Launch {
        id: "example",
        spec,
        root,
        bundle,
        user: UserLookup { user: std::env::var("USER_WORDS").unwrap_or_default(), ..UserLookup::default() },
        copy_up: Vec::new(),
        sub_paths: Default::default(),
        names_in_folders: Default::default(),
        chown: Vec::new(),
        stdio: if terminal { Stdio::Terminal(24, 80) } else { Stdio::Inherit },
        preserve: Vec::new(),
        groups: runtime::cgroup::Groups::Needed,
        die_with_parent: true,
        init: std::env::var("INIT").is_ok(),
        make_working_folder: true,
        no_pivot: false,
        keep_keyring: false,
    };
    let mut last = Instant::now();
    let mut step = || std::mem::replace(&mut last, Instant::now()).elapsed();
    let mut launched = runtime::launch(&launch).unwrap_or_else(fail);
    let launched_in = step();
    let ready = launched.ready().unwrap_or_else(fail);
    let ready_in = step();
    launched.start().unwrap_or_else(fail);
    let started_in = step();
    if let Some(master) = &ready.terminal {
        let mut master = std::fs::File::from(master.try_clone().expect("a descriptor"));
        let _ = std::io::copy(&mut master, &mut std::io::stdout());
    }
    if let Ok(words) = std::env::var("EXEC") {
        exec(spec, &launched, &words);
    }
    *code = sys::pidfd::wait(launched.pidfd.as_fd()).expect("an exit").code();
    runtime::cgroup::remove(&launched.cgroups).unwrap_or_else(fail);
    let ended_in = step();
    if let Root::Overlay(overlay) = &launch.root {
        let _ = std::fs::remove_dir_all(overlay.upper.parent().expect("a parent"));
    }
    [launched_in, ready_in, started_in, ended_in]
}

fn exec(spec: &Spec, launched: &runtime::Launched, words: &str) {
    let mut spec = spec.clone();
    if let Some(process) = spec.process.as_mut() {
        process.args = words.split(' ').map(str::to_owned).collect();
    }
    let start = Instant::now();
    let exec = runtime::Exec {
        pid: launched.pid,
        spec: &spec,
        user: UserLookup::default(),
        stdio: Stdio::Inherit,
        cgroups: &launched.cgroups,
        preserve: Vec::new(),
    };
    match runtime::exec(&exec) {
        Ok(done) => {
            let began = start.elapsed();
            let exit = sys::pidfd::wait(done.pidfd.as_fd()).expect("an exit");
            eprintln!("exec began after {began:?}, ended after {:?} with {exit:?}", start.elapsed());
        }
        Err(error) => eprintln!("exec: {error}: {:?} {:?}", error.source, error.kind),
    }
    let _ = sys::pidfd::send_signal(launched.pidfd.as_fd(), 9);
}

fn fail<T>(error: runtime::Error) -> T {
    eprintln!("Error: {error}: {:?} ({:?})", error.source, error.kind);
    std::process::exit(match error.kind {
        runtime::ErrorKind::CommandNotFound => 127,
        runtime::ErrorKind::CommandNotExecutable | runtime::ErrorKind::UnknownUser => 126,
        runtime::ErrorKind::Other => 125,
    });
}

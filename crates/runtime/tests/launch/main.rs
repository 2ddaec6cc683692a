//! Containers from busybox, launched for real. Needs root and busybox (`privileged_…`); says so and passes without.
//!
//! No libtest: launch wants a caller with one thread, so every case is a fork of this program. Arguments as libtest's: words
//! that names must contain, `--skip WORD`, `--list`.

#![allow(clippy::print_stdout, missing_docs)]

mod attack;
mod bundle;
mod isolation;
mod life;
mod limits;
mod user_namespace;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

/// A name and what must not panic.
pub type Case = (&'static str, fn());

/// Names the functions of a list by themselves.
#[macro_export]
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        pub const CASES: &[$crate::Case] = &[$((stringify!($name), $name)),*];
    };
}

fn main() -> ExitCode {
    let mut words = Vec::new();
    let mut skipped = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--skip" => skipped.extend(args.next()),
            "--list" => words.push("--list".to_owned()),
            other if other.starts_with('-') => {}
            word => words.push(word.to_owned()),
        }
    }
    let all = [attack::CASES, isolation::CASES, life::CASES, limits::CASES, user_namespace::CASES].concat();
    if words.iter().any(|word| word == "--list") {
        all.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    if !bundle::possible() {
        println!("needs root and a static busybox: {} cases left out", all.len());
        return ExitCode::SUCCESS;
    }
    let chosen = all.into_iter().filter(|(name, _)| {
        (words.is_empty() || words.iter().any(|word| name.contains(word.as_str())))
            && !skipped.iter().any(|word| name.contains(word.as_str()))
    });
    let failed: Vec<_> = chosen.filter(|case| !run(case)).map(|(name, _)| name).collect();
    bundle::remove_group();
    println!("failed: {failed:?}");
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// In a process of its own, so that the caller of launch has one thread and nothing of one case meets another.
fn run((name, case): &Case) -> bool {
    let ok = match sys::process::fork().expect("fork") {
        sys::process::Fork::Child => {
            let result = std::panic::catch_unwind(AssertUnwindSafe(case));
            bundle::clean_up();
            sys::process::exit_now(i32::from(result.is_err()))
        }
        sys::process::Fork::Parent(pid) => {
            let pidfd = sys::pidfd::open(pid).expect("pidfd");
            use std::os::fd::AsFd;
            let exit = sys::pidfd::wait(pidfd.as_fd()).expect("wait");
            // What it could not remove itself, because it was mounted in its own namespaces.
            let _ = std::fs::remove_dir_all(bundle::folder_of(pid as u32));
            exit == sys::pidfd::Exit::Code(0)
        }
    };
    println!("test {name} ... {}", if ok { "ok" } else { "FAILED" });
    ok
}

//! Notes what the binary was built from: the commit, its date (or `SOURCE_DATE_EPOCH`) and the compiler.
//!
//! The same sources give the same bytes: the time of the build isn't noted. Without git nothing is known of the commit.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo:rerun-if-changed=build.rs");
    // Git writes a line here whenever HEAD comes to another commit.
    if let Some(log) =
        output("git", &["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| std::fs::exists(log).is_ok_and(|is| is))
    {
        println!("cargo:rerun-if-changed={log}");
    }
    let commit = output("git", &["log", "-1", "--format=%H %ct"]).unwrap_or_default();
    let (commit, date) = commit.split_once(' ').unwrap_or_default();
    let date = std::env::var("SOURCE_DATE_EPOCH").unwrap_or_else(|_| date.to_owned());
    let compiler = std::env::var("RUSTC").ok().and_then(|rustc| output(&rustc, &["--version"])).unwrap_or_default();
    println!("cargo:rustc-env=MINKE_COMMIT={commit}");
    println!("cargo:rustc-env=MINKE_DATE={date}");
    println!("cargo:rustc-env=MINKE_COMPILER={}", compiler.split(" (").next().unwrap_or_default());
}

/// What a program prints, without the final line end; nothing if it fails.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim_end().to_owned())
}

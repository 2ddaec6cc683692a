//! Compiles the two small programs that run inside containers (`inside/`), to be embedded by `sys::inside`.
//!
//! They have no std and no libc, so rustc and the linker that built minke are all that is needed. The workspace's own
//! flags (RUSTFLAGS, `.cargo/config.toml`) are left out on purpose: these programs have their own start code.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=inside");
    for program in ["init", "hello"] {
        compile(program);
    }
}

fn compile(program: &str) {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
    let output = Path::new(&variable("OUT_DIR")).join(program);
    let mut command = Command::new(variable("RUSTC"));
    command.arg(format!("inside/{program}.rs")).arg("-o").arg(&output);
    command.args(["--edition=2024", "--crate-type=bin", "--target", &variable("TARGET")]);
    if let Ok(linker) = std::env::var("RUSTC_LINKER") {
        command.arg(format!("-Clinker={linker}"));
    }
    for option in [
        "panic=abort",
        "opt-level=s",
        "lto=fat",
        "strip=symbols",
        "relocation-model=static",
        "target-feature=+crt-static",
    ] {
        command.arg(format!("-C{option}"));
    }
    for option in
        ["-nostartfiles", "-nostdlib", "-static", "-Wl,--build-id=none,--gc-sections,-z,norelro,-z,noseparate-code"]
    {
        command.arg(format!("-Clink-arg={option}"));
    }
    let status = command.status().unwrap_or_else(|error| panic!("cannot run rustc for inside/{program}.rs: {error}"));
    assert!(status.success(), "rustc failed for inside/{program}.rs, see above");
}

//! libFuzzer's loop around the target that `MINKE_FUZZ_TARGET` names; started by `cargo xtask fuzz`.
#![no_main]

use std::sync::LazyLock;

static TARGET: LazyLock<fuzz::Target> = LazyLock::new(|| {
    let name = std::env::var("MINKE_FUZZ_TARGET").unwrap_or_default();
    fuzz::Target::named(&name).expect("MINKE_FUZZ_TARGET names a target")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (TARGET.run)(bytes));

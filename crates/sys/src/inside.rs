//! The two small programs that run inside containers, built by `build.rs` from `inside/*.rs`.

/// The last exec before the container's command, and pid 1 of `--init`. Its arguments are described in `inside/init.rs`.
pub const INIT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/init"));

/// The only program of the embedded `hello` image.
pub const HELLO: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hello"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_small_static_programs() {
        for program in [INIT, HELLO] {
            assert_eq!(&program[..4], b"\x7fELF");
            assert!(program.len() < 32 * 1024, "{} bytes", program.len());
        }
    }
}

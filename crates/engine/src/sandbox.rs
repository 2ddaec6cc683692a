//! From a resolved container to a running process under its monitor.

/// Entry of the hidden `minke monitor` personality; returns the process's exit code.
pub fn monitor_main(_args: &[std::ffi::OsString]) -> i32 {
    todo!()
}

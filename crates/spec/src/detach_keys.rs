//! detach_keys

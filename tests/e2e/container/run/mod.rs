//! `run`, concern by concern.

mod devices;
mod exit_codes;
mod identity;
mod init;
mod isolation;
mod joined_users;
mod keep_id;
mod limits;
mod logging;
mod mounts;
mod overlays;
mod process;
mod restart;
mod security;
mod streams;
mod terminal;
mod user_namespace;
mod volumes;

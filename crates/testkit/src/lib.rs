//! Everything an end-to-end test needs: an environment of its own (folders, namespaces, cgroups), commands run in it
//! as root or as an ordinary user, images made from a list of files, registries honest and hostile, a terminal, and
//! a look for what was left behind.
//!
//! Nothing here knows how the engine works: the same cases run on another engine with the same command line, see
//! [`engine_under_test`]. Tests wait for conditions ([`wait_for`]), they don't sleep.

mod command;
mod env;
mod http;
mod image;
mod keeper;
mod leak;
mod limit;
mod namespace;
mod noise;
mod output;
mod process;
mod pty;
mod registry;
mod server;
mod skip;
mod split;
mod tar;
mod tls;
mod wait;
mod who;

pub use command::Run;
pub use env::{Settings, TestEnv, engine_under_test, is_peer};
pub use http::{Answer, Request};
pub use image::{Base, Compression, Flavor, Image, Layer, base64, sha256_hex};
pub use leak::Trace;
pub use namespace::Namespace;
pub use noise::noise;
pub use output::Output;
pub use process::Process;
pub use pty::Terminal;
pub use registry::{Auth, Registry, auth_json, auth_path};
pub use server::{Body, FakeRegistry, Reply};
pub use skip::{note_skipped, reason_without_cgroup2, reason_without_selinux, reason_without_systemd};
pub use tar::{Entry, Kind, write_tar};
pub use tls::Authority;
pub use wait::{LIMIT, wait_for, wait_until};
pub use who::{User, Who};

/// Makes the `#[test]`s of a file from its case functions, each `fn(&TestEnv)` or `fn(Who)`-like via [`TestEnv`].
///
/// `both` runs a case as root and as the test user, `root` and `user` only as one of them. All need root to set the
/// stage, hence the prefix `privileged_`.
#[macro_export]
macro_rules! cases {
    ($(both: [$($both:ident),* $(,)?])? $(;)? $(root: [$($root:ident),* $(,)?])? $(;)? $(user: [$($user:ident),* $(,)?])?) => {
        mod privileged_root {
            $($(#[test] fn $both() { super::$both(&$crate::TestEnv::new($crate::Who::Root)); })*)?
            $($(#[test] fn $root() { super::$root(&$crate::TestEnv::new($crate::Who::Root)); })*)?
        }
        mod privileged_user {
            $($(#[test] fn $both() { super::$both(&$crate::TestEnv::new($crate::Who::User)); })*)?
            $($(#[test] fn $user() { super::$user(&$crate::TestEnv::new($crate::Who::User)); })*)?
        }
    };
}

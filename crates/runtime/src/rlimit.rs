//! Names of resource limits. See getrlimit(2).

use crate::error::Error;
use rustix::process::Resource;

const NAMES: [(&str, Resource); 16] = [
    ("RLIMIT_AS", Resource::As),
    ("RLIMIT_CORE", Resource::Core),
    ("RLIMIT_CPU", Resource::Cpu),
    ("RLIMIT_DATA", Resource::Data),
    ("RLIMIT_FSIZE", Resource::Fsize),
    ("RLIMIT_LOCKS", Resource::Locks),
    ("RLIMIT_MEMLOCK", Resource::Memlock),
    ("RLIMIT_MSGQUEUE", Resource::Msgqueue),
    ("RLIMIT_NICE", Resource::Nice),
    ("RLIMIT_NOFILE", Resource::Nofile),
    ("RLIMIT_NPROC", Resource::Nproc),
    ("RLIMIT_RSS", Resource::Rss),
    ("RLIMIT_RTPRIO", Resource::Rtprio),
    ("RLIMIT_RTTIME", Resource::Rttime),
    ("RLIMIT_SIGPENDING", Resource::Sigpending),
    ("RLIMIT_STACK", Resource::Stack),
];

/// `RLIMIT_NOFILE` and its like.
pub(crate) fn resource(name: &str) -> Result<Resource, Error> {
    let known = NAMES.iter().find(|(known, _)| *known == name);
    known.map(|(_, resource)| *resource).ok_or_else(|| Error::other(format!("unknown resource limit `{name}`")))
}

/// The hard limits of this process, by name; without those that are unlimited.
pub fn hard() -> impl Iterator<Item = (&'static str, u64)> {
    NAMES.iter().filter_map(|(name, resource)| Some((*name, rustix::process::getrlimit(*resource).maximum?)))
}

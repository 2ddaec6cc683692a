//! The last steps of `launch` and `exec`: limits, rights, filter, streams, and the exec itself.

use super::user::Identity;
use crate::Stdio;
use crate::channel;
use crate::command;
use crate::error::{Error, Tried};
use oci::runtime::{Process, Rlimit, Spec};
use rustix::fs::{Mode, OFlags};
use std::convert::Infallible;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use sys::capability::{self, Set, Sets};
use sys::seccomp::Instruction;

/// All that the last steps need.
pub(crate) struct Last<'a> {
    pub spec: &'a Spec,
    pub process: &'a Process,
    pub identity: &'a Identity,
    pub set_home: bool,
    pub stdio: &'a Stdio<'a>,
    /// Of a new terminal.
    pub slave: Option<BorrowedFd<'a>>,
    pub preserve: &'a [BorrowedFd<'a>],
    pub filter: &'a [Instruction],
    pub channel: BorrowedFd<'a>,
    pub trampoline: BorrowedFd<'a>,
    pub die_with_parent: bool,
    pub init: bool,
    pub keep_groups: bool,
    pub keep_keyring: bool,
}

/// Runs `wait` when all is set up but the user, and becomes the command. Errors after the descriptors have moved are
/// reported here.
pub(crate) fn become_command(last: &Last<'_>, wait: impl FnOnce() -> Result<(), Error>) -> Result<Infallible, Error> {
    set_limits(last)?;
    let environment = environment(last)?;
    let root_folder = rustix::fs::open("/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .tried(|| "open `/`")?;
    if let Some(slave) = last.slave {
        leave_streams(slave)?;
    }
    wait()?;
    let entered = change_folder(root_folder.as_fd(), &last.process.cwd);
    if let Some(slave) = last.slave {
        rustix::process::ioctl_tiocsctty(slave).tried(|| "make the terminal the controlling one")?;
    }
    let sets = WantedSets::of(last.process);
    switch_user(last, &sets)?;
    if entered.is_err() {
        // A folder that only the user may enter (a home on NFS, a FUSE mount).
        change_folder(root_folder.as_fd(), &last.process.cwd)?;
    }
    let (path, arguments) = command::find(&last.process.args, &environment, last.init)?;
    let placed = place_descriptors(last)?;
    let failed = match restrict(last, &placed, &sets) {
        Err(error) => error,
        Ok(()) => exec(last, &placed, path, arguments, &environment),
    };
    channel::report_failed(placed.channel, &failed);
    sys::process::exit_now(1)
}

/// The caller's streams are not kept open while the start is awaited: somebody may be reading them to their end.
fn leave_streams(slave: BorrowedFd<'_>) -> Result<(), Error> {
    let streams = [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()];
    let put = |stream| sys::descriptor::put_in_place(slave, stream);
    streams.into_iter().try_for_each(put).tried(|| "make the terminal the standard streams")
}

/// Where the two descriptors of ours are when all others have their final numbers.
struct Placed {
    channel: BorrowedFd<'static>,
    trampoline: BorrowedFd<'static>,
}

/// 0, 1, 2, the preserved ones, the channel and the trampoline; only the latter doesn't pass the exec, like all others.
fn place_descriptors(last: &Last<'_>) -> Result<Placed, Error> {
    let what = || "put the standard streams in place";
    let inherited = (rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr());
    let streams = match (last.slave, last.stdio) {
        (Some(slave), _) => [slave, slave, slave],
        (None, Stdio::Fds(input, output, error)) => [*input, *output, *error],
        (None, _) => [inherited.0, inherited.1, inherited.2],
    };
    let own: [Option<OwnedFd>; 3] = streams.map(own_null);
    let mut sources: Vec<BorrowedFd<'_>> = Vec::with_capacity(8);
    sources.extend(streams.iter().zip(&own).map(|(stream, own)| own.as_ref().map_or(*stream, |own| own.as_fd())));
    sources.extend_from_slice(last.preserve);
    sources.extend([last.channel, last.trampoline]);
    let placed = sys::descriptor::place(0, &sources).tried(what)?;
    let [.., channel, trampoline] = placed[..] else { return Err(Error::other(what())) };
    sys::descriptor::close_on_exec_from(trampoline.as_raw_fd()).tried(what)?;
    // Their numbers are somebody else's by now.
    std::mem::forget(own);
    Ok(Placed { channel, trampoline })
}

/// The container's own null device for a stream that is the host's: `chmod 0 /dev/stdin` inside must not take /dev/null away
/// from the whole machine.
fn own_null(stream: BorrowedFd<'_>) -> Option<OwnedFd> {
    let is_null =
        |fd: BorrowedFd<'_>| rustix::fs::fstat(fd).is_ok_and(|stat| stat.st_rdev == rustix::fs::makedev(1, 3));
    if !is_null(stream) {
        return None;
    }
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let own = rustix::fs::open("/dev/null", flags, Mode::empty()).ok()?;
    is_null(own.as_fd()).then_some(own)
}

fn exec(last: &Last<'_>, placed: &Placed, path: CString, arguments: Vec<CString>, environment: &[CString]) -> Error {
    let status = CString::new(placed.channel.as_raw_fd().to_string()).unwrap_or_default();
    let mut words = vec![c"minke-exec".to_owned(), status, path];
    words.extend(arguments);
    let may = |profile| last.filter.is_empty() || crate::seccomp::allows(profile, "execveat");
    let failure = match profile(last.spec).is_none_or(may) {
        true => sys::exec::fd(placed.trampoline, &words, environment),
        // All that a profile has to allow for a command to start is execve.
        false => {
            let path = CString::new(format!("/proc/self/fd/{}", placed.trampoline.as_raw_fd())).unwrap_or_default();
            sys::exec::path(&path, &words, environment)
        }
    };
    Error::io("start the container's command", failure)
}

fn profile(spec: &Spec) -> Option<&oci::runtime::Seccomp> {
    spec.linux.as_ref()?.seccomp.as_ref()
}

/// Makes the working folder if that is wished, or sees that it is there.
pub(crate) fn check_working_folder(root: BorrowedFd<'_>, cwd: &str, make: bool) -> Result<(), Error> {
    let path = Path::new(if cwd.is_empty() { "/" } else { cwd });
    if !path.is_absolute() {
        return Err(Error::other(format!("the working folder `{cwd}` is not an absolute path")));
    }
    let opened = match make {
        true => sys::path::make_folder(root, path, 0o755),
        false => sys::path::open(root, path, OFlags::PATH | OFlags::DIRECTORY, 0),
    };
    match opened.as_ref().map_err(|error| error.raw_os_error()) {
        // Perhaps the user may enter it; the change of folder will tell.
        Ok(_) | Err(Some(libc::EROFS | libc::EACCES)) => Ok(()),
        Err(Some(libc::ENOENT)) => {
            Err(Error::other(format!("workdir \"{cwd}\" does not exist in the container")).not_executable())
        }
        Err(_) => {
            let tried = opened.map(drop).tried(|| format!("open the working folder `{cwd}`"));
            tried.map_err(Error::not_executable)
        }
    }
}

/// Resolved inside the root and without magic links: `/proc/self/fd/N` can't lead to the host (CVE-2024-21626).
fn change_folder(root: BorrowedFd<'_>, cwd: &str) -> Result<(), Error> {
    let what = || format!("chdir to `{cwd}`");
    let cwd = if cwd.is_empty() { "/" } else { cwd };
    let opened = sys::path::open(root, Path::new(cwd), OFlags::PATH | OFlags::DIRECTORY, 0);
    let missing = opened.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    let folder = opened.tried(what).map_err(|error| if missing { error.not_found() } else { error })?;
    rustix::process::fchdir(folder).tried(what)
}

fn environment(last: &Last<'_>) -> Result<Vec<CString>, Error> {
    let mut environment = last.process.env.clone();
    if last.set_home
        && !environment.iter().any(|entry| entry.strip_prefix("HOME=").is_some_and(|home| !home.is_empty()))
    {
        environment.retain(|entry| !entry.starts_with("HOME="));
        environment.push(format!("HOME={}", last.identity.home));
    }
    environment
        .into_iter()
        .map(|entry| CString::new(entry).map_err(|_| Error::other("a variable contains a zero byte")))
        .collect()
}

fn leave_keyring() -> Result<(), Error> {
    match sys::keyring::join_new_session() {
        // Not built in, forbidden by the engine's own sandbox, or too many keys: not worth a container.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM | libc::EDQUOT)) => Ok(()),
        other => other.tried(|| "join a new session keyring"),
    }
}

/// Everything that is not about the user.
fn set_limits(last: &Last<'_>) -> Result<(), Error> {
    if !last.keep_keyring {
        leave_keyring()?;
    }
    last.process.rlimits.iter().try_for_each(set_rlimit)?;
    if let Some(scheduler) = &last.process.scheduler {
        crate::scheduling::set(scheduler)?;
    }
    if let Some(priority) = &last.process.io_priority {
        crate::scheduling::set_io_priority(priority)?;
    }
    if let Some(personality) = last.spec.linux.as_ref().and_then(|linux| linux.personality.as_ref()) {
        let persona = match personality.domain.as_str() {
            "LINUX" => 0,
            "LINUX32" => 8,
            other => return Err(Error::other(format!("unknown personality `{other}`"))),
        };
        sys::process::set_personality(persona).tried(|| "set the personality")?;
    }
    let umask = last.process.user.umask.unwrap_or(0o022);
    rustix::process::umask(Mode::from_raw_mode(umask & 0o777));
    Ok(())
}

/// Without CAP_SYS_RESOURCE what is allowed is taken: up to the hard limit there is.
fn set_rlimit(limit: &Rlimit) -> Result<(), Error> {
    use rustix::process::{Rlimit as Raw, getrlimit, setrlimit};
    let what = || format!("set {} to {}:{}", limit.kind, limit.soft, limit.hard);
    let resource = crate::rlimit::resource(&limit.kind)?;
    let value = |number: u64| Some(number).filter(|&number| number != u64::MAX);
    let wanted = Raw { current: value(limit.soft), maximum: value(limit.hard) };
    match setrlimit(resource, wanted) {
        Err(rustix::io::Errno::PERM) => {
            let ceiling = getrlimit(resource).maximum.unwrap_or(u64::MAX);
            let wanted = Raw { current: value(limit.soft.min(ceiling)), maximum: value(limit.hard.min(ceiling)) };
            setrlimit(resource, wanted).tried(what)
        }
        other => other.tried(what),
    }
}

/// /proc/self/oom_score_adj, before anything changes. Lowering needs CAP_SYS_RESOURCE; without it things stay as they are.
pub(crate) fn set_oom_score(spec: &Spec) -> Result<(), Error> {
    let Some(score) = spec.process.as_ref().and_then(|process| process.oom_score_adj) else { return Ok(()) };
    match std::fs::write("/proc/self/oom_score_adj", score.to_string()) {
        Err(error) if matches!(error.raw_os_error(), Some(libc::EPERM | libc::EACCES)) => Ok(()),
        other => other.tried(|| format!("set oom_score_adj to {score}")),
    }
}

/// The five sets, cut to what we have.
struct WantedSets {
    bounding: Set,
    sets: Sets,
    ambient: Set,
}

impl WantedSets {
    fn of(process: &Process) -> Self {
        let set = |names: &[String]| Set::from_names(names.iter().map(String::as_str)).0;
        let wish = process.capabilities.clone().unwrap_or_default();
        let permitted = set(&wish.permitted);
        let sets =
            Sets { permitted, effective: set(&wish.effective).and(permitted), inheritable: set(&wish.inheritable) };
        Self { bounding: set(&wish.bounding), sets, ambient: set(&wish.ambient).and(permitted).and(sets.inheritable) }
    }
}

/// Bounding set, groups, user. The permitted set is kept for the steps that follow.
fn switch_user(last: &Last<'_>, wanted: &WantedSets) -> Result<(), Error> {
    let identity = last.identity;
    capability::limit_bounding(wanted.bounding).tried(|| "limit the bounding set of capabilities")?;
    rustix::thread::set_keep_capabilities(true).tried(|| "keep capabilities")?;
    if !last.keep_groups {
        set_groups(identity)?;
    }
    sys::credential::set_gid(identity.gid).map_err(|error| unmapped("group", identity.gid, error))?;
    sys::credential::set_uid(identity.uid).map_err(|error| unmapped("user", identity.uid, error))
}

/// Groups that only the image's files give are dropped where the user namespace doesn't have them; one that was asked for
/// is an error then.
fn set_groups(identity: &Identity) -> Result<(), Error> {
    let Err(error) = sys::credential::set_groups(&identity.groups) else { return Ok(()) };
    match error.raw_os_error() {
        // `deny` in /proc/self/setgroups: a namespace with a single id keeps the groups, and `setgid` gives that one.
        Some(libc::EPERM) => match identity.asked.iter().find(|&&gid| gid != identity.gid) {
            Some(&gid) => Err(unmapped("group", gid, io::Error::from_raw_os_error(libc::EINVAL))),
            None => Ok(()),
        },
        Some(libc::EINVAL) => set_mapped_groups(identity),
        _ => Err(Error::io(format!("set {} supplementary groups", identity.groups.len()), error)),
    }
}

/// The kernel tells of each whether it has a number in this user namespace.
fn set_mapped_groups(identity: &Identity) -> Result<(), Error> {
    let mut groups = identity.groups.clone();
    groups.retain(|&gid| sys::credential::set_groups(&[gid]).is_ok());
    if let Some(&gid) = identity.asked.iter().find(|gid| !groups.contains(gid)) {
        return Err(unmapped("group", gid, io::Error::from_raw_os_error(libc::EINVAL)));
    }
    sys::credential::set_groups(&groups).tried(|| format!("set {} supplementary groups", groups.len()))
}

fn unmapped(what: &str, id: u32, error: io::Error) -> Error {
    match error.raw_os_error() {
        Some(libc::EINVAL) => Error::other(format!("{what} {id} is not mapped in the container's user namespace")),
        _ => Error::io(format!("become {what} {id}"), error),
    }
}

/// Capabilities, no_new_privs and the filter. Without no_new_privs the filter needs CAP_SYS_ADMIN, so it comes first.
fn restrict(last: &Last<'_>, placed: &Placed, wanted: &WantedSets) -> Result<(), Error> {
    let have = capability::get().tried(|| "read the capabilities")?;
    let sets = Sets {
        effective: wanted.sets.effective.and(have.permitted),
        permitted: wanted.sets.permitted.and(have.permitted),
        inheritable: wanted.sets.inheritable,
    };
    if last.die_with_parent {
        // Cleared by the change of user.
        sys::process::die_with_parent(libc::SIGKILL).tried(|| "bind the container's life to the engine's")?;
        // It may have died before that; then its end of the channel is closed.
        if channel::is_alone(placed.channel) {
            sys::process::exit_now(125);
        }
    }
    sys::signal::reset_all().tried(|| "reset the signals")?;
    if last.process.no_new_privileges {
        rustix::thread::set_no_new_privs(true).tried(|| "set no_new_privs")?;
        drop_to(sets, wanted.ambient)?;
        return filter(last);
    }
    if !last.filter.is_empty() && have.effective != have.permitted {
        let all = Sets { effective: have.permitted, ..have };
        capability::set(all).tried(|| "raise the capabilities for the seccomp filter")?;
    }
    filter(last)?;
    drop_to(sets, wanted.ambient)
}

fn drop_to(sets: Sets, ambient: Set) -> Result<(), Error> {
    capability::set(sets).tried(|| "set the capabilities")?;
    match ambient.0 {
        0 => Ok(()),
        _ => capability::set_ambient(ambient).tried(|| "set the ambient capabilities"),
    }
}

fn filter(last: &Last<'_>) -> Result<(), Error> {
    let Some(profile) = profile(last.spec) else { return Ok(()) };
    if last.filter.is_empty() {
        return Ok(());
    }
    let flags = crate::seccomp::filter_flags(&profile.flags)?;
    sys::seccomp::install(last.filter, flags).tried(|| "install the seccomp filter").map(drop)
}

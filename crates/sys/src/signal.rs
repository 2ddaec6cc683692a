//! Signal masks, dispositions and signalfd. See signal(7), signalfd(2).

use crate::check;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// A signal mask.
#[derive(Clone, Copy)]
pub struct Mask(libc::sigset_t);

impl Mask {
    /// Exactly these signals.
    pub fn of(signals: &[i32]) -> Self {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigemptyset initialises the whole set; sigaddset ignores numbers it does not know.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for &signal in signals {
                libc::sigaddset(set.as_mut_ptr(), signal);
            }
            Self(set.assume_init())
        }
    }

    /// Every signal.
    pub fn all() -> Self {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigfillset initialises the whole set.
        unsafe {
            libc::sigfillset(set.as_mut_ptr());
            Self(set.assume_init())
        }
    }
}

fn change(how: i32, mask: &Mask) -> io::Result<Mask> {
    let mut old = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets are valid for the call.
    let error = unsafe { libc::pthread_sigmask(how, &mask.0, old.as_mut_ptr()) };
    // SAFETY: filled by the call when it succeeded.
    if error == 0 { Ok(Mask(unsafe { old.assume_init() })) } else { Err(io::Error::from_raw_os_error(error)) }
}

/// Blocks more signals in this thread; returns the mask there was.
pub fn block(mask: &Mask) -> io::Result<Mask> {
    change(libc::SIG_BLOCK, mask)
}

/// Sets this thread's mask; returns the mask there was.
pub fn set_mask(mask: &Mask) -> io::Result<Mask> {
    change(libc::SIG_SETMASK, mask)
}

/// Back to how a program expects to be started: every disposition default, nothing blocked. (Ignored ones would survive exec.)
pub fn reset_all() -> io::Result<()> {
    for signal in 1..=64 {
        if signal != libc::SIGKILL && signal != libc::SIGSTOP {
            set_disposition(signal, libc::SIG_DFL);
        }
    }
    set_mask(&Mask::of(&[])).map(drop)
}

/// Ignores a signal (SIGPIPE, mostly).
pub fn ignore(signal: i32) {
    set_disposition(signal, libc::SIG_IGN);
}

/// The kernel's own action for a signal.
pub fn set_default(signal: i32) {
    set_disposition(signal, libc::SIG_DFL);
}

/// The kernel's struct sigaction; flags, restorer and mask don't matter for SIG_DFL and SIG_IGN.
#[repr(C)]
struct KernelAction {
    handler: usize,
    flags: usize,
    restorer: usize,
    mask: u64,
}

fn set_disposition(signal: i32, handler: libc::sighandler_t) {
    let action = KernelAction { handler, flags: 0, restorer: 0, mask: 0 };
    let (new, old) = (&raw const action, std::ptr::null_mut::<KernelAction>());
    // Not by libc, which keeps 32 and 33 to itself: a program may be started with them ignored.
    // SAFETY: SIG_DFL and SIG_IGN run no code of ours. Unknown numbers are refused by the kernel.
    unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, new, old, size_of::<u64>()) };
}

/// signalfd(2), non-blocking and close-on-exec. The signals must be blocked by the caller.
pub fn signalfd(mask: &Mask) -> io::Result<OwnedFd> {
    // SAFETY: a valid set.
    let fd = check(unsafe { libc::signalfd(-1, &mask.0, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) }.into())?;
    // SAFETY: a new descriptor of ours.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// One signal read from a signalfd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Its number.
    pub signal: i32,
    /// Who sent it, in our pid namespace; 0 for the kernel.
    pub pid: u32,
    /// SI_USER, SI_KERNEL, CLD_EXITED, ….
    pub code: i32,
}

/// Next signal of a signalfd; `None` when none waits.
pub fn read(signalfd: BorrowedFd<'_>) -> io::Result<Option<Received>> {
    let mut info = MaybeUninit::<libc::signalfd_siginfo>::uninit();
    // SAFETY: the buffer has the size given; the kernel writes whole records only.
    let result =
        unsafe { libc::read(signalfd.as_raw_fd(), info.as_mut_ptr().cast(), size_of::<libc::signalfd_siginfo>()) };
    match check(result as libc::c_long) {
        Ok(0) => Ok(None),
        Ok(_) => {
            // SAFETY: filled, see above.
            let info = unsafe { info.assume_init() };
            Ok(Some(Received { signal: info.ssi_signo as i32, pid: info.ssi_pid, code: info.ssi_code }))
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// kill(2). `pid` 0 and negative numbers mean groups, as there.
pub fn kill(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::kill(pid, signal) }.into()).map(drop)
}

//! The process's descriptor table as a whole. See close_range(2), dup(2).

use crate::check;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Marks every descriptor from `first` on close-on-exec (Linux 5.11; before it one by one).
pub fn close_on_exec_from(first: RawFd) -> io::Result<()> {
    close_range(first, libc::CLOSE_RANGE_CLOEXEC)
}

fn close_range(first: RawFd, flags: libc::c_uint) -> io::Result<()> {
    // SAFETY: closing nothing, only marking.
    match check(unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, flags) }) {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL)) => one_by_one(first),
        Err(error) => Err(error),
    }
}

fn one_by_one(first: RawFd) -> io::Result<()> {
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let number = entry?.file_name().to_str().and_then(|name| name.parse::<RawFd>().ok());
        if let Some(number) = number.filter(|&number| number >= first) {
            // SAFETY: changes a flag only.
            unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
    Ok(())
}

/// Closes every descriptor from `first` on but those in `keep`: for a forked process that goes its own way.
///
/// # Safety-relevant contract
/// Values that own one of the closed numbers must never be dropped or used afterwards (forget them).
pub fn close_from_but(first: RawFd, keep: &[RawFd]) -> io::Result<()> {
    let mut keep: Vec<RawFd> = keep.iter().copied().filter(|&number| number >= first).collect();
    keep.sort_unstable();
    let mut next = first;
    for number in keep {
        if number > next {
            // SAFETY: the caller gave these numbers up.
            check(unsafe { libc::syscall(libc::SYS_close_range, next, number - 1, 0) })?;
        }
        next = next.max(number + 1);
    }
    // SAFETY: as above.
    check(unsafe { libc::syscall(libc::SYS_close_range, next, libc::c_uint::MAX, 0) }).map(drop)
}

/// The open ones of the `count` numbers from `first` on, which this process was started with and never closes
/// (`--preserve-fds`).
pub fn inherited(first: RawFd, count: u32) -> Vec<BorrowedFd<'static>> {
    let numbers = first..first.saturating_add_unsigned(count);
    // SAFETY: asking for flags of any number is harmless.
    let open = numbers.filter(|&number| unsafe { libc::fcntl(number, libc::F_GETFD) } >= 0);
    // SAFETY: open, and by contract of this function it stays so.
    open.map(|number| unsafe { BorrowedFd::borrow_raw(number) }).collect()
}

/// Closes what [`inherited`] gave, for good.
pub fn close_inherited(first: RawFd, count: u32) {
    if count > 0 {
        let last = first.saturating_add_unsigned(count - 1);
        // SAFETY: nobody owns these numbers, and by contract nobody uses them afterwards.
        unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    }
}

/// Takes a descriptor that this program was started with and that nobody else in it owns; it becomes close-on-exec.
/// An error: the number isn't open.
pub fn adopt(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: changes a flag of an open number, fails on any other.
    check(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) }.into())?;
    // SAFETY: open, and the caller's by contract.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Puts copies of `sources` at the numbers `first`, `first + 1`, …, open across exec; whatever was there is closed.
///
/// The sources may themselves sit on those numbers in any order. For a process about to exec: whoever owned one of the
/// numbers must not use or drop it any more; the results stay open until exec.
pub fn place(first: RawFd, sources: &[BorrowedFd<'_>]) -> io::Result<Vec<BorrowedFd<'static>>> {
    let end = first + sources.len() as RawFd;
    // First out of the way of all targets, then into place.
    let away = sources.iter().map(|source| copy_above(*source, end)).collect::<io::Result<Vec<OwnedFd>>>()?;
    let put = |(number, source): (RawFd, &OwnedFd)| {
        // SAFETY: replaces a number that the caller gave up.
        check(unsafe { libc::dup3(source.as_raw_fd(), number, 0) }.into())?;
        // SAFETY: just opened, and nobody closes it before exec, see above.
        Ok(unsafe { BorrowedFd::borrow_raw(number) })
    };
    (first..).zip(&away).map(put).collect()
}

/// A close-on-exec copy with a number of at least `least`.
pub fn copy_above(source: BorrowedFd<'_>, least: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: makes a new descriptor that we own.
    let fd = check(unsafe { libc::fcntl(source.as_raw_fd(), libc::F_DUPFD_CLOEXEC, least) }.into())?;
    // SAFETY: just made.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// From now on `target`'s number is `source`'s file, close-on-exec; what was there is closed.
pub fn put_in_place(source: BorrowedFd<'_>, target: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: both are open; whoever owns the target's number owns the new file as it did the old one.
    check(unsafe { libc::dup3(source.as_raw_fd(), target.as_raw_fd(), libc::O_CLOEXEC) }.into()).map(drop)
}

/// Lets a descriptor pass exec, or not.
pub fn set_close_on_exec(fd: BorrowedFd<'_>, close: bool) -> io::Result<()> {
    // SAFETY: changes a flag only.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFD, if close { libc::FD_CLOEXEC } else { 0 }) }.into())
        .map(drop)
}

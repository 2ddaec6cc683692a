// The program that stands between the engine and a container's command, built without std and embedded in the engine.
//
//   init <status fd> <path> <argv...>   "trampoline": exec path; an error goes as four bytes to the status fd
//   init -- <command...>                pid 1 of `--init`: start the command, reap zombies, pass signals on, exit as it does
//   init wait <seconds>                 only lives so long: keeps the namespaces it is in
//
// As a trampoline it makes /proc/self/exe, and what `#!/proc/self/exe` would run, a sealed copy of a few KB instead of the
// engine's own file (CVE-2019-5736).

#![no_std]
#![no_main]

mod kernel;

use core::ffi::CStr;
use kernel::{Arguments, call, execve, exit, number, write};

const ENOENT: i32 = 2;
const EACCES: i32 = 13;
const ENOTDIR: i32 = 20;
const SIGCHLD: i32 = 17;
const ALL_SIGNALS: u64 = !0;

extern "C" fn start(stack: *const usize) -> ! {
    // SAFETY: called from _start with the kernel's stack.
    let arguments = unsafe { Arguments::new(stack) };
    match arguments.get(1).map(CStr::to_bytes) {
        Some(b"--") if arguments.count > 2 => init(&arguments),
        Some(b"wait") if arguments.count == 3 => wait(parse(arguments.get(2).map_or(b"0", CStr::to_bytes))),
        Some(status) if arguments.count > 3 => trampoline(&arguments, parse(status)),
        _ => {
            write(2, b"usage: podman-init -- COMMAND [ARG...]\n");
            exit(125)
        }
    }
}

fn parse(digits: &[u8]) -> i32 {
    digits.iter().fold(0, |number, digit| number * 10 + i32::from(digit.wrapping_sub(b'0')))
}

fn wait(seconds: i32) -> ! {
    let (none, time) = (0u64, [i64::from(seconds), 0]);
    let wanted = [&none as *const u64 as usize, 0, &time as *const [i64; 2] as usize, 8, 0];
    // SAFETY: an empty mask of eight bytes, no info, a living timespec.
    unsafe { call(number::RT_SIGTIMEDWAIT, wanted) };
    exit(0)
}

fn trampoline(arguments: &Arguments, status: i32) -> ! {
    const F_SETFD: usize = 2;
    const FD_CLOEXEC: usize = 1;
    // SAFETY: plain numbers.
    if unsafe { call(number::FCNTL, [status as usize, F_SETFD, FD_CLOEXEC, 0, 0]) } < 0 {
        // A seccomp profile without fcntl: better no error report than a descriptor in the container.
        // SAFETY: plain number.
        unsafe { call(number::CLOSE, [status as usize, 0, 0, 0, 0]) };
    }
    let error = execve(arguments.from(2).first(), arguments.from(3), arguments.environment());
    write(status, &error.to_ne_bytes());
    exit(if error == ENOENT { 127 } else { 126 })
}

trait First {
    fn first(self) -> *const u8;
}

impl First for *const *const u8 {
    fn first(self) -> *const u8 {
        // SAFETY: points at an entry of argv or at its closing null.
        unsafe { *self }
    }
}

fn init(arguments: &Arguments) -> ! {
    let mut old: u64 = 0;
    set_mask(&ALL_SIGNALS, &mut old);
    // SAFETY: a plain fork (SIGCHLD, no shared memory).
    let child = unsafe { call(number::CLONE, [SIGCHLD as usize, 0, 0, 0, 0]) };
    match child {
        0 => command(arguments, &old),
        1.. => supervise(child as i32),
        _ => {
            write(2, b"podman-init: cannot fork\n");
            exit(125)
        }
    }
}

fn set_mask(mask: &u64, old: &mut u64) {
    const SIG_SETMASK: usize = 2;
    let arguments = [SIG_SETMASK, mask as *const u64 as usize, old as *mut u64 as usize, 8, 0];
    // SAFETY: both masks are eight bytes, as the kernel's sigset_t.
    unsafe { call(number::RT_SIGPROCMASK, arguments) };
}

/// A process group of its own in the foreground of the terminal, if there is one, then the command.
fn command(arguments: &Arguments, mask: &u64) -> ! {
    const TIOCSPGRP: usize = 0x5410;
    // SAFETY: plain numbers, and a pointer to a living number. SIGTTOU is still blocked here.
    unsafe {
        call(number::SETPGID, [0, 0, 0, 0, 0]);
        let group = call(number::GETPID, [0; 5]) as i32;
        call(number::IOCTL, [0, TIOCSPGRP, &group as *const i32 as usize, 0, 0]);
    }
    set_mask(mask, &mut 0);
    let error = exec_by_path(arguments, 2);
    write(2, b"podman-init: cannot run ");
    write(2, arguments.get(2).map_or(b"", CStr::to_bytes));
    write(2, if error == ENOENT { b": not found\n" } else { b": not executable\n" });
    exit(if error == ENOENT { 127 } else { 126 })
}

/// Waits for signals for ever: children are reaped, everything else goes to the command.
fn supervise(child: i32) -> ! {
    loop {
        // SAFETY: an eight byte mask, no info, no time limit.
        let signal = unsafe { call(number::RT_SIGTIMEDWAIT, [&ALL_SIGNALS as *const u64 as usize, 0, 0, 8, 0]) } as i32;
        if signal == SIGCHLD {
            reap(child);
        } else if signal > 0 {
            // SAFETY: plain numbers.
            unsafe { call(number::KILL, [child as usize, signal as usize, 0, 0, 0]) };
        }
    }
}

fn reap(child: i32) {
    const WNOHANG: usize = 1;
    loop {
        let mut status: i32 = 0;
        // SAFETY: any child; `status` lives.
        let pid = unsafe { call(number::WAIT4, [usize::MAX, &mut status as *mut i32 as usize, WNOHANG, 0, 0]) } as i32;
        if pid <= 0 {
            return;
        }
        if pid == child {
            exit(if status & 0x7f == 0 { (status >> 8) & 0xff } else { 128 + (status & 0x7f) });
        }
    }
}

/// As execvp(3): names without a slash are looked for in PATH.
fn exec_by_path(arguments: &Arguments, index: usize) -> i32 {
    let (argv, environment) = (arguments.from(index), arguments.environment());
    let name = arguments.get(index).map_or(b"".as_slice(), CStr::to_bytes);
    if name.contains(&b'/') {
        return execve(argv.first(), argv, environment);
    }
    let mut result = ENOENT;
    for folder in path_of(environment).split(|&byte| byte == b':') {
        let mut buffer = [0u8; 4096];
        let length = folder.len() + 1 + name.len();
        if length >= buffer.len() {
            continue;
        }
        let folder = if folder.is_empty() { b"." } else { folder };
        buffer[..folder.len()].copy_from_slice(folder);
        buffer[folder.len()] = b'/';
        buffer[folder.len() + 1..][..name.len()].copy_from_slice(name);
        match execve(buffer.as_ptr(), argv, environment) {
            ENOENT | ENOTDIR => {}
            EACCES => result = EACCES,
            error => return error,
        }
    }
    result
}

fn path_of<'a>(mut environment: *const *const u8) -> &'a [u8] {
    while !environment.first().is_null() {
        // SAFETY: entries of envp are terminated strings that live as long as the process.
        let entry = unsafe { CStr::from_ptr(environment.first().cast()) }.to_bytes();
        if let Some(path) = entry.strip_prefix(b"PATH=") {
            return path;
        }
        // SAFETY: not yet at the closing null.
        environment = unsafe { environment.add(1) };
    }
    b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}

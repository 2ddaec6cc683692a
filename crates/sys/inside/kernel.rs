// The few system calls and string helpers that the programs inside containers need. No libc, no allocation.

#![allow(dead_code)] // Each program uses its part.

use core::arch::{asm, global_asm};
use core::ffi::CStr;

#[cfg(target_arch = "x86_64")]
global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {start}",
    "ud2",
    start = sym crate::start,
);

#[cfg(target_arch = "aarch64")]
global_asm!(
    ".globl _start",
    "_start:",
    "mov x29, #0",
    "mov x0, sp",
    "bl {start}",
    "brk #1",
    start = sym crate::start,
);

#[cfg(target_arch = "x86_64")]
pub mod number {
    pub const READ: usize = 0;
    pub const WRITE: usize = 1;
    pub const CLOSE: usize = 3;
    pub const RT_SIGPROCMASK: usize = 14;
    pub const IOCTL: usize = 16;
    pub const GETPID: usize = 39;
    pub const CLONE: usize = 56;
    pub const EXECVE: usize = 59;
    pub const WAIT4: usize = 61;
    pub const KILL: usize = 62;
    pub const UNAME: usize = 63;
    pub const FCNTL: usize = 72;
    pub const SETPGID: usize = 109;
    pub const RT_SIGTIMEDWAIT: usize = 128;
    pub const EXIT_GROUP: usize = 231;
    pub const OPENAT: usize = 257;
    pub const READLINKAT: usize = 267;
}

#[cfg(target_arch = "aarch64")]
pub mod number {
    pub const FCNTL: usize = 25;
    pub const IOCTL: usize = 29;
    pub const OPENAT: usize = 56;
    pub const CLOSE: usize = 57;
    pub const READ: usize = 63;
    pub const WRITE: usize = 64;
    pub const READLINKAT: usize = 78;
    pub const EXIT_GROUP: usize = 94;
    pub const KILL: usize = 129;
    pub const RT_SIGPROCMASK: usize = 135;
    pub const RT_SIGTIMEDWAIT: usize = 137;
    pub const SETPGID: usize = 154;
    pub const UNAME: usize = 160;
    pub const GETPID: usize = 172;
    pub const CLONE: usize = 220;
    pub const EXECVE: usize = 221;
    pub const WAIT4: usize = 260;
}

/// A system call; errors are negative numbers.
///
/// # Safety
/// As that call.
pub unsafe fn call(number: usize, args: [usize; 5]) -> isize {
    let result: isize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the kernel's calling convention; the caller vouches for the arguments.
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => result, in("rdi") args[0], in("rsi") args[1], in("rdx") args[2],
            in("r10") args[3], in("r8") args[4], lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: the kernel's calling convention; the caller vouches for the arguments.
    unsafe {
        asm!("svc 0", in("x8") number, inlateout("x0") args[0] as isize => result, in("x1") args[1], in("x2") args[2],
            in("x3") args[3], in("x4") args[4], options(nostack));
    }
    result
}

pub fn exit(code: i32) -> ! {
    loop {
        // SAFETY: ends the process.
        unsafe { call(number::EXIT_GROUP, [code as usize, 0, 0, 0, 0]) };
    }
}

pub fn write(fd: i32, bytes: &[u8]) {
    // SAFETY: the kernel reads `bytes` only.
    unsafe { call(number::WRITE, [fd as usize, bytes.as_ptr() as usize, bytes.len(), 0, 0]) };
}

/// Where the kernel puts argc, argv, envp (the process's first stack).
pub struct Arguments {
    argv: *const *const u8,
    pub count: usize,
}

impl Arguments {
    /// # Safety
    /// `stack` is what the kernel passed to `_start`.
    pub unsafe fn new(stack: *const usize) -> Self {
        // SAFETY: argc is the first word, argv follows.
        unsafe { Self { argv: stack.add(1).cast(), count: *stack } }
    }
    pub fn get(&self, index: usize) -> Option<&CStr> {
        // SAFETY: entries below argc are terminated strings that live as long as the process.
        (index < self.count).then(|| unsafe { CStr::from_ptr((*self.argv.add(index)).cast()) })
    }
    /// argv from `index` on, ended by null.
    pub fn from(&self, index: usize) -> *const *const u8 {
        // SAFETY: argv has count + 1 entries, the last one null.
        unsafe { self.argv.add(index.min(self.count)) }
    }
    pub fn environment(&self) -> *const *const u8 {
        // SAFETY: envp follows argv's null.
        unsafe { self.argv.add(self.count + 1) }
    }
}

/// execve(2); returns only an error number.
pub fn execve(path: *const u8, argv: *const *const u8, environment: *const *const u8) -> i32 {
    // SAFETY: all three point into the process's first stack or terminated buffers.
    -unsafe { call(number::EXECVE, [path as usize, argv as usize, environment as usize, 0, 0]) } as i32
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    exit(125)
}

/// The prebuilt `core` names it in its unwind tables; nothing unwinds here.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

// What the compiler may call behind our back; there is no libc to have them.

#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    for index in 0..count {
        // SAFETY: C's contract of memcpy. Volatile, or the compiler turns the loop into a call of itself.
        unsafe { to.add(index).write_volatile(*from.add(index)) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    for index in 0..count {
        // SAFETY: C's contract of memset. Volatile as above.
        unsafe { to.add(index).write_volatile(byte as u8) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    for index in 0..count {
        // SAFETY: C's contract of memcmp. Volatile as above.
        let (a, b) = unsafe { (left.add(index).read_volatile(), right.add(index).read_volatile()) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    // SAFETY: the same contract.
    unsafe { memcmp(left, right, count) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut length = 0;
    // SAFETY: C's contract of strlen. Volatile as above.
    while unsafe { text.add(length).read_volatile() } != 0 {
        length += 1;
    }
    length
}

// The embedded image's only program: greets, and shows what it can see of its own isolation.
//
// Everything is asked of the kernel (/proc, uname) at the moment it is printed, nothing is assumed.

#![no_std]
#![no_main]

mod kernel;

use core::ffi::CStr;
use kernel::{Arguments, call, exit, number, write};

const AT_FDCWD: usize = -100isize as usize;

extern "C" fn start(stack: *const usize) -> ! {
    // SAFETY: called from _start with the kernel's stack.
    let _arguments = unsafe { Arguments::new(stack) };
    let mut page = Page { bytes: [0; 8192], length: 0 };
    let mut status = [0; 4096];
    let status = read_file(c"/proc/self/status", &mut status);
    greet(&mut page);
    user(&mut page, status);
    process(&mut page);
    host(&mut page);
    root(&mut page);
    network(&mut page);
    control_group(&mut page);
    namespaces(&mut page);
    rights(&mut page, status);
    page.add(b"\n\n  Next: minke run -it --rm IMAGE sh\n\n");
    write(1, &page.bytes[..page.length]);
    exit(0)
}

/// All output, written at once.
struct Page {
    bytes: [u8; 8192],
    length: usize,
}

impl Page {
    fn add(&mut self, text: &[u8]) {
        let room = self.bytes.len() - self.length;
        let text = &text[..text.len().min(room)];
        self.bytes[self.length..][..text.len()].copy_from_slice(text);
        self.length += text.len();
    }
    fn number(&mut self, mut value: u64) {
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                break;
            }
        }
        self.add(&digits[at..]);
    }
    fn line(&mut self, name: &[u8]) {
        self.add(b"\n  ");
        self.add(name);
        self.add(&b"            "[name.len().min(12)..]);
    }
}

fn greet(page: &mut Page) {
    page.add(
        b"
             .
            \":\"
          ___:____     |\"\\/\"|
        ,'        `.    \\  /
        |  O        \\___/  |
      ~^~^~^~^~^~^~^~^~^~^~^~^~

  Hello from inside a container. This is what I can see:
",
    );
}

fn user(page: &mut Page, status: &[u8]) {
    let (uid, gid) = (value(status, b"Uid:"), value(status, b"Gid:"));
    page.line(b"user");
    page.add(if first_word(uid) == b"0" { b"root (uid " } else { b"uid " });
    page.add(first_word(uid));
    page.add(b", gid ");
    page.add(first_word(gid));
    page.add(if first_word(uid) == b"0" { b")" } else { b"" });
    if first_word(uid) == b"0" && !maps_all_ids() {
        page.add(b", somebody else outside: ids are mapped");
    }
}

fn maps_all_ids() -> bool {
    let mut map = [0; 256];
    let map = read_file(c"/proc/self/uid_map", &mut map);
    let mut words = map.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
    words.next() == Some(b"0") && words.next() == Some(b"0")
}

fn process(page: &mut Page) {
    // SAFETY: no arguments.
    let pid = unsafe { call(number::GETPID, [0; 5]) };
    page.line(b"process");
    page.add(b"pid ");
    page.number(pid as u64);
    if pid == 1 {
        page.add(b", the first of its own world");
    }
}

fn host(page: &mut Page) {
    // struct utsname: six fields of 65 bytes.
    let mut names = [0u8; 6 * 65];
    // SAFETY: the buffer has the structure's size.
    unsafe { call(number::UNAME, [names.as_mut_ptr() as usize, 0, 0, 0, 0]) };
    let field = |index: usize| {
        let bytes = &names[index * 65..][..65];
        bytes.split(|&byte| byte == 0).next().unwrap_or(b"")
    };
    page.line(b"hostname");
    page.add(field(1));
    page.line(b"kernel");
    page.add(field(0));
    page.add(b" ");
    page.add(field(2));
    page.add(b" ");
    page.add(field(4));
}

fn root(page: &mut Page) {
    let mut mounts = [0; 4096];
    let mounts = read_file(c"/proc/self/mountinfo", &mut mounts);
    let first = mounts.split(|&byte| byte == b'\n').next().unwrap_or(b"");
    let mut words = first.split(|&byte| byte == b' ');
    let options = words.nth(5).unwrap_or(b"");
    let kind = words.skip_while(|&word| word != b"-").nth(1).unwrap_or(b"?");
    page.line(b"files");
    page.add(kind);
    page.add(if options.starts_with(b"ro") { b", read-only" } else { b", writable" });
}

fn network(page: &mut Page) {
    let mut devices = [0; 4096];
    let devices = read_file(c"/proc/net/dev", &mut devices);
    page.line(b"network");
    let mut count = 0;
    for line in devices.split(|&byte| byte == b'\n').skip(2) {
        let Some(end) = line.iter().position(|&byte| byte == b':') else { continue };
        page.add(if count > 0 { b", " } else { b"" });
        page.add(line[..end].trim_ascii());
        count += 1;
    }
    if count == 1 {
        page.add(b" only: nobody can reach me, I reach nobody");
    }
}

fn control_group(page: &mut Page) {
    let mut groups = [0; 4096];
    let groups = read_file(c"/proc/self/cgroup", &mut groups);
    // The longest path says most: on v1 some hierarchies are not used.
    let mut longest: &[u8] = b"/";
    for line in groups.split(|&byte| byte == b'\n') {
        let path = line.splitn(3, |&byte| byte == b':').nth(2).unwrap_or(b"");
        if path.len() > longest.len() {
            longest = path;
        }
    }
    page.line(b"cgroup");
    let cut = longest.len().min(48);
    page.add(&longest[..cut]);
    page.add(if cut < longest.len() { b"..." } else { b"" });
}

/// The first namespaces of the machine have fixed numbers (include/linux/proc_ns.h); another number is one of our own.
const NAMESPACES: [(&CStr, &[u8], &[u8]); 6] = [
    (c"/proc/self/ns/pid", b"pid", b"pid:[4026531836]"),
    (c"/proc/self/ns/ipc", b"ipc", b"ipc:[4026531839]"),
    (c"/proc/self/ns/uts", b"uts", b"uts:[4026531838]"),
    (c"/proc/self/ns/user", b"user", b"user:[4026531837]"),
    (c"/proc/self/ns/cgroup", b"cgroup", b"cgroup:[4026531835]"),
    (c"/proc/self/ns/time", b"time", b"time:[4026531834]"),
];

fn namespaces(page: &mut Page) {
    page.line(b"namespaces");
    page.add(b"own");
    for (link, name, first) in NAMESPACES {
        let mut buffer = [0u8; 64];
        // SAFETY: a terminated path and a buffer of the length given.
        let length = unsafe {
            call(number::READLINKAT, [AT_FDCWD, link.as_ptr() as usize, buffer.as_mut_ptr() as usize, buffer.len(), 0])
        };
        if length > 0 && &buffer[..length as usize] != first {
            page.add(b" ");
            page.add(name);
        }
    }
    page.add(b" and mounts");
}

fn rights(page: &mut Page, status: &[u8]) {
    let bits = value(status, b"CapEff:");
    let count: u32 = bits.iter().filter_map(|&digit| (digit as char).to_digit(16)).map(u32::count_ones).sum();
    page.line(b"rights");
    page.number(count.into());
    page.add(b" of 41 capabilities, system calls ");
    page.add(match value(status, b"Seccomp:") {
        b"2" => b"filtered by seccomp",
        _ => b"not filtered",
    });
    page.add(if value(status, b"NoNewPrivs:") == b"1" { b", no new privileges" } else { b"" });
}

/// The rest of the line of /proc/PID/status that begins so.
fn value<'a>(status: &'a [u8], name: &[u8]) -> &'a [u8] {
    status.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(name)).unwrap_or(b"").trim_ascii()
}

fn first_word(text: &[u8]) -> &[u8] {
    text.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or(b"")
}

fn read_file<'a>(path: &CStr, buffer: &'a mut [u8]) -> &'a [u8] {
    // SAFETY: a terminated path and a buffer of the length given; the descriptor is ours.
    unsafe {
        let fd = call(number::OPENAT, [AT_FDCWD, path.as_ptr() as usize, 0, 0, 0]);
        if fd < 0 {
            return b"";
        }
        let mut length = 0;
        while length < buffer.len() {
            let room = &mut buffer[length..];
            let count = call(number::READ, [fd as usize, room.as_mut_ptr() as usize, room.len(), 0, 0]);
            if count <= 0 {
                break;
            }
            length += count as usize;
        }
        call(number::CLOSE, [fd as usize, 0, 0, 0, 0]);
        &buffer[..length]
    }
}

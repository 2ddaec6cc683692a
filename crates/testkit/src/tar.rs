//! Writes tar archives entry by entry, hostile ones too: nothing here is checked, that is the point.

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A regular file with this content.
    File(Vec<u8>),
    /// A folder.
    Dir,
    /// A symbolic link to this target.
    Symlink(String),
    /// A hard link to this path in the archive.
    Hardlink(String),
    /// A character device, major and minor.
    CharDevice(u32, u32),
    /// A block device, major and minor.
    BlockDevice(u32, u32),
    /// A named pipe.
    Fifo,
}

/// One entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As written into the archive.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Extended attributes, as `SCHILY.xattr.` records.
    pub xattrs: Vec<(String, Vec<u8>)>,
    /// The size that the header claims, if not the true one.
    pub claimed_size: Option<u64>,
}

impl Entry {
    /// An entry owned by root with usual permissions.
    #[must_use]
    pub fn new(path: &str, kind: Kind) -> Self {
        let mode = if kind == Kind::Dir { 0o755 } else { 0o644 };
        Self { path: path.to_owned(), kind, mode, uid: 0, gid: 0, xattrs: Vec::new(), claimed_size: None }
    }

    /// A regular file.
    #[must_use]
    pub fn file(path: &str, content: impl Into<Vec<u8>>) -> Self {
        Self::new(path, Kind::File(content.into()))
    }

    /// A folder.
    #[must_use]
    pub fn dir(path: &str) -> Self {
        Self::new(path, Kind::Dir)
    }

    /// A symbolic link.
    #[must_use]
    pub fn symlink(path: &str, target: &str) -> Self {
        Self::new(path, Kind::Symlink(target.to_owned()))
    }

    /// A hard link.
    #[must_use]
    pub fn hardlink(path: &str, target: &str) -> Self {
        Self::new(path, Kind::Hardlink(target.to_owned()))
    }

    /// Sets permission bits.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Sets the owner.
    #[must_use]
    pub fn owner(mut self, uid: u32, gid: u32) -> Self {
        (self.uid, self.gid) = (uid, gid);
        self
    }

    /// Adds an extended attribute.
    #[must_use]
    pub fn xattr(mut self, name: &str, value: &[u8]) -> Self {
        self.xattrs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lies about the size.
    #[must_use]
    pub fn claim_size(mut self, size: u64) -> Self {
        self.claimed_size = Some(size);
        self
    }
}

/// The archive of `entries`, in that order, with the two closing blocks.
#[must_use]
pub fn write_tar(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        write_entry(&mut out, entry);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn write_entry(out: &mut Vec<u8>, entry: &Entry) {
    let (flag, target, content, device): (u8, &str, &[u8], (u32, u32)) = match &entry.kind {
        Kind::File(content) => (b'0', "", content, (0, 0)),
        Kind::Hardlink(target) => (b'1', target, &[], (0, 0)),
        Kind::Symlink(target) => (b'2', target, &[], (0, 0)),
        Kind::CharDevice(major, minor) => (b'3', "", &[], (*major, *minor)),
        Kind::BlockDevice(major, minor) => (b'4', "", &[], (*major, *minor)),
        Kind::Dir => (b'5', "", &[], (0, 0)),
        Kind::Fifo => (b'6', "", &[], (0, 0)),
    };
    let records = pax_records(entry, target);
    if !records.is_empty() {
        let extended = Entry::file("PaxHeaders/extended", records.clone());
        write_header(out, &extended, b'x', "", records.len() as u64, (0, 0));
        write_content(out, &records);
    }
    write_header(out, entry, flag, target, entry.claimed_size.unwrap_or(content.len() as u64), device);
    write_content(out, content);
}

/// What doesn't fit into the old header.
fn pax_records(entry: &Entry, target: &str) -> Vec<u8> {
    let mut records = Vec::new();
    if entry.path.len() > 100 {
        add_record(&mut records, "path", entry.path.as_bytes());
    }
    if target.len() > 100 {
        add_record(&mut records, "linkpath", target.as_bytes());
    }
    for (name, value) in &entry.xattrs {
        add_record(&mut records, &format!("SCHILY.xattr.{name}"), value);
    }
    records
}

/// A record begins with its own length, that of the length included.
fn add_record(out: &mut Vec<u8>, key: &str, value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    out.extend(format!("{length} {key}=").bytes());
    out.extend(value);
    out.push(b'\n');
}

fn write_header(out: &mut Vec<u8>, entry: &Entry, flag: u8, target: &str, size: u64, device: (u32, u32)) {
    let mut header = [0; 512];
    put(&mut header, 0, 100, entry.path.as_bytes());
    put_octal(&mut header, 100, 8, entry.mode.into());
    put_octal(&mut header, 108, 8, entry.uid.into());
    put_octal(&mut header, 116, 8, entry.gid.into());
    put_octal(&mut header, 124, 12, size);
    put_octal(&mut header, 136, 12, 1_700_000_000);
    header[156] = flag;
    put(&mut header, 157, 100, target.as_bytes());
    put(&mut header, 257, 8, b"ustar\x0000");
    put_octal(&mut header, 329, 8, device.0.into());
    put_octal(&mut header, 337, 8, device.1.into());
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    put_octal(&mut header, 148, 7, sum.into());
    out.extend(header);
}

fn write_content(out: &mut Vec<u8>, content: &[u8]) {
    out.extend(content);
    out.resize(out.len().next_multiple_of(512), 0);
}

fn put(header: &mut [u8; 512], at: usize, room: usize, bytes: &[u8]) {
    let length = bytes.len().min(room);
    header[at..at + length].copy_from_slice(&bytes[..length]);
}

fn put_octal(header: &mut [u8; 512], at: usize, room: usize, value: u64) {
    let text = format!("{value:0width$o}", width = room - 1);
    put(header, at, room, text.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// The `tar` program reads what we write.
    #[test]
    fn is_understood_by_tar() {
        let long = "d/".repeat(80) + "f";
        let entries = [Entry::dir("a").mode(0o700), Entry::file("a/b", "content"), Entry::file(&long, "x")];
        let archive = write_tar(&entries);
        let mut tar = Command::new("tar").arg("-tv").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(tar.stdin.as_mut().unwrap(), &archive).unwrap();
        let output = tar.wait_with_output().unwrap();
        let listing = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && listing.contains("drwx------") && listing.contains(&long), "{listing}");
    }
}

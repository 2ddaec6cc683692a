//! Copies of files that leave out what they leave out.

use rustix::fs::{SeekFrom, Stat, seek};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read};

/// Bytes in which a file system counts what a file takes.
const BLOCK: i64 = 512;

/// Copies all of `from`, which is as `stat` says, into the empty file `to`.
pub(super) fn copy(from: &mut File, to: &mut File, stat: &Stat) -> io::Result<()> {
    if stat.st_blocks * BLOCK >= stat.st_size {
        return io::copy(from, to).map(drop);
    }
    let mut at = 0;
    loop {
        let data = match seek(&*from, SeekFrom::Data(at)) {
            // The rest is a hole.
            Err(Errno::NXIO) => break,
            // A file system that doesn't know: all of it is data.
            Err(Errno::INVAL) => return io::copy(from, to).map(drop),
            data => data?,
        };
        let hole = seek(&*from, SeekFrom::Hole(data))?;
        seek(&*from, SeekFrom::Start(data))?;
        seek(&*to, SeekFrom::Start(data))?;
        io::copy(&mut from.by_ref().take(hole - data), to)?;
        at = hole;
    }
    to.set_len(stat.st_size.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::FileExt;

    #[test]
    fn holes_stay_holes() {
        let (mut from, mut to) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        from.write_all(b"begin").unwrap();
        from.write_all_at(b"end", 64 << 20).unwrap();
        from.set_len(80 << 20).unwrap();
        let stat = rustix::fs::fstat(&from).unwrap();
        copy(&mut from, &mut to, &stat).unwrap();
        let copied = rustix::fs::fstat(&to).unwrap();
        assert_eq!(copied.st_size, 80 << 20);
        assert!(copied.st_blocks * 512 < 4 << 20, "{}", copied.st_blocks);
        let mut text = [0; 5];
        to.read_exact_at(&mut text, 0).unwrap();
        assert_eq!(&text, b"begin");
        to.read_exact_at(&mut text[..3], 64 << 20).unwrap();
        assert_eq!(&text[..3], b"end");
    }
}

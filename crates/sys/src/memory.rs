//! Giving memory back. See madvise(2), proc_pid_smaps(5).

use std::io;

/// The mappings of this program's own file (code, constants) that were never written to.
#[derive(Debug)]
pub struct ProgramPages {
    ranges: Vec<(usize, usize)>,
}

impl ProgramPages {
    /// As they are now.
    pub fn find() -> io::Result<ProgramPages> {
        Ok(ProgramPages { ranges: clean_ranges(&std::fs::read_to_string("/proc/self/smaps")?) })
    }

    /// Gives the pages back; those still needed are mapped again on the next touch. For a process that goes to sleep.
    pub fn forget(&self) {
        for range in &self.ranges {
            // SAFETY: private file pages without a write are read from the file again with the same content; the ranges
            // are read-only mappings, so that none can be written in between.
            unsafe { libc::madvise(range.0 as *mut libc::c_void, range.1 - range.0, libc::MADV_DONTNEED) };
        }
    }
}

/// Read-only file mappings without a page of their own. (Relocated constants are read-only too, but copies.)
fn clean_ranges(smaps: &str) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    let mut candidate = None;
    for line in smaps.lines() {
        if let Some(range) = mapping(line) {
            candidate = range;
        } else if let Some(size) = line.strip_prefix("Anonymous:") {
            ranges.extend(candidate.take().filter(|_| size.trim() == "0 kB"));
        }
    }
    ranges
}

/// `None`: no head line of a mapping; `Some(None)`: one that is writable or no file's.
fn mapping(line: &str) -> Option<Option<(usize, usize)>> {
    let mut words = line.split_whitespace();
    let (begin, end) = words.next()?.split_once('-')?;
    let number = |text| usize::from_str_radix(text, 16).ok();
    let range = (number(begin)?, number(end)?);
    let read_only = words.next()?.starts_with("r-");
    let is_file = words.nth(3).is_some_and(|path| path.starts_with('/'));
    Some((read_only && is_file).then_some(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clean_read_only_file_mappings() {
        let smaps = "00400000-00401000 r-xp 00000000 fe:00 1 /bin/x\nAnonymous:         0 kB\n\
                     00401000-00402000 r--p 00001000 fe:00 1 /bin/x\nAnonymous:         4 kB\n\
                     00402000-00403000 rw-p 00002000 fe:00 1 /bin/x\nAnonymous:         0 kB\n\
                     00403000-00404000 r--p 00000000 00:00 0\nAnonymous:         0 kB\n";
        assert_eq!(clean_ranges(smaps), [(0x40_0000, 0x40_1000)]);
    }

    #[test]
    fn the_program_goes_on() {
        ProgramPages::find().unwrap().forget();
        assert_eq!(format!("{}", 1 + 1), "2");
    }
}

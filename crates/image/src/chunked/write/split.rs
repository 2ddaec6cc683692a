//! Where the content of a file is cut into chunks: at places that the content itself chooses, so that a change moves no
//! others, and around long runs of zeros. The same rolling checksum as containers/storage's (which is rsync's, by way of
//! bup), so that its chunks and ours are the same.

/// Bytes that decide about a cut.
const WINDOW: usize = 64;
/// Added to each byte: zeros count as well.
const CHARACTER: u32 = 31;
/// So many bits of the checksum are set where a cut is: every 64 KiB on average.
const CUT: u32 = (1 << 16) - 1;
/// A run of so many zeros is a chunk of its own.
const HOLE: u64 = 1 << 10;
/// Content that never chooses is cut nevertheless.
const LONGEST: u64 = 1 << 20;

/// A sum of the last bytes that costs the same whatever their number.
struct Rolling {
    sum: u32,
    weighted: u32,
    window: [u8; WINDOW],
    at: usize,
}

impl Rolling {
    fn new() -> Rolling {
        let window = WINDOW as u32;
        let (sum, weighted) = (window * CHARACTER, window * (window - 1) * CHARACTER);
        Rolling { sum, weighted, window: [0; WINDOW], at: 0 }
    }

    fn roll(&mut self, byte: u8) {
        let gone = u32::from(std::mem::replace(&mut self.window[self.at], byte));
        self.at = (self.at + 1) % WINDOW;
        self.sum = self.sum.wrapping_add(u32::from(byte)).wrapping_sub(gone);
        self.weighted = self.weighted.wrapping_add(self.sum).wrapping_sub(WINDOW as u32 * (gone + CHARACTER));
    }

    fn cuts(&self) -> bool {
        self.weighted & CUT == CUT
    }
}

/// A piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    /// Bytes.
    pub(super) length: u64,
    /// Only zeros.
    pub(super) hole: bool,
}

/// Cuts one file.
pub(super) struct Splitter {
    rolling: Rolling,
    /// Bytes of the chunk so far; without `zeros` unless it is a hole.
    length: u64,
    /// At the end of what was seen, not known yet whether they begin a hole.
    zeros: u64,
    hole: bool,
}

impl Splitter {
    pub(super) fn new() -> Splitter {
        Splitter { rolling: Rolling::new(), length: 0, zeros: 0, hole: false }
    }

    /// Looks at the next bytes; `cut` is told of chunks that end in or before them.
    pub(super) fn push(&mut self, bytes: &[u8], mut cut: impl FnMut(Cut)) {
        for byte in bytes {
            match (*byte, self.hole) {
                (0, true) => self.lengthen(&mut cut),
                (0, false) => {
                    self.zeros += 1;
                    if self.zeros == HOLE {
                        self.end(&mut cut);
                        (self.length, self.zeros, self.hole) = (self.zeros, 0, true);
                        (0..HOLE).for_each(|_| self.rolling.roll(0));
                    }
                }
                (byte, _) => {
                    if self.hole {
                        self.end(&mut cut);
                    }
                    self.data(byte, &mut cut);
                }
            }
        }
    }

    /// The end of the file.
    pub(super) fn finish(mut self, mut cut: impl FnMut(Cut)) {
        self.settle(&mut cut);
        self.end(&mut cut);
    }

    fn lengthen(&mut self, cut: &mut impl FnMut(Cut)) {
        self.rolling.roll(0);
        self.length += 1;
        if self.length == LONGEST {
            self.end(cut);
            self.hole = true;
        }
    }

    /// Too few zeros for a hole are content.
    fn settle(&mut self, cut: &mut impl FnMut(Cut)) {
        for _ in 0..std::mem::take(&mut self.zeros) {
            self.content(0, cut);
        }
    }

    fn data(&mut self, byte: u8, cut: &mut impl FnMut(Cut)) {
        self.settle(cut);
        self.content(byte, cut);
    }

    fn content(&mut self, byte: u8, cut: &mut impl FnMut(Cut)) {
        self.rolling.roll(byte);
        self.length += 1;
        if self.rolling.cuts() || self.length == LONGEST {
            self.end(cut);
        }
    }

    fn end(&mut self, cut: &mut impl FnMut(Cut)) {
        if self.length > 0 {
            cut(Cut { length: self.length, hole: self.hole });
        }
        (self.length, self.hole) = (0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(content: &[u8], step: usize) -> Vec<Cut> {
        let mut all = Vec::new();
        let mut splitter = Splitter::new();
        content.chunks(step).for_each(|bytes| splitter.push(bytes, |cut| all.push(cut)));
        splitter.finish(|cut| all.push(cut));
        all
    }

    fn noise(length: usize) -> Vec<u8> {
        testkit::noise(1, length)
    }

    #[test]
    fn chunks_cover_the_content_however_it_comes() {
        let content = [noise(300_000), vec![0; 5000], noise(70_000), vec![0; 100], noise(10), vec![0; 2000]].concat();
        let whole = cuts(&content, content.len());
        assert_eq!(whole.iter().map(|cut| cut.length).sum::<u64>(), content.len() as u64);
        assert_eq!(cuts(&content, 7), whole);
        let holes: Vec<u64> = whole.iter().filter(|cut| cut.hole).map(|cut| cut.length).collect();
        assert_eq!(holes, [5000, 2000]);
        assert!(whole.len() > 5, "{whole:?}");
        assert_eq!(cuts(b"", 1), []);
        assert_eq!(cuts(&[0; 1023], 64), [Cut { length: 1023, hole: false }]);
    }

    #[test]
    fn a_change_at_the_beginning_moves_no_cut_behind_it() {
        let ends = |content: &[u8], shift: u64| {
            let mut at = 0;
            let sums = cuts(content, 4096).into_iter().map(|cut| {
                at += cut.length;
                at - shift
            });
            sums.collect::<Vec<_>>()
        };
        let content = noise(1 << 20);
        let (before, after) = (ends(&content, 0), ends(&[b"new".as_slice(), &content].concat(), 3));
        let same = before.iter().filter(|end| after.contains(end)).count();
        assert!(same + 1 >= before.len(), "{before:?} {after:?}");
    }

    #[test]
    fn chunks_are_never_too_long() {
        assert!(cuts(&vec![b'a'; 3 << 20], 1 << 16).iter().all(|cut| cut.length <= LONGEST));
        let holes = cuts(&vec![0; 3 << 20], 1 << 16);
        assert!(holes.iter().all(|cut| cut.length <= LONGEST && cut.hole), "{holes:?}");
    }
}

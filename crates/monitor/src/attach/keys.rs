//! Recognises the detach keys in what is typed. Pure.

/// A search for one sequence of bytes in a stream.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    sequence: Vec<u8>,
    matched: usize,
}

impl Keys {
    /// An empty sequence never matches.
    pub fn new(sequence: Vec<u8>) -> Keys {
        Keys { sequence, matched: 0 }
    }

    /// Takes what was typed; returns what goes to the container, and whether the sequence is complete. Keys that may begin
    /// the sequence are held back until the next one decides.
    pub fn filter(&mut self, typed: &[u8]) -> (Vec<u8>, bool) {
        let mut through = Vec::with_capacity(typed.len());
        if self.sequence.is_empty() {
            through.extend_from_slice(typed);
            return (through, false);
        }
        for &byte in typed {
            while self.matched > 0 && self.sequence[self.matched] != byte {
                self.give_up_one(&mut through);
            }
            if self.sequence[self.matched] == byte {
                self.matched += 1;
                if self.matched == self.sequence.len() {
                    return (through, true);
                }
            } else {
                through.push(byte);
            }
        }
        (through, false)
    }

    /// The held-back bytes don't lead to a match: lets go as many as needed for the rest to be a beginning again.
    fn give_up_one(&mut self, through: &mut Vec<u8>) {
        let held = &self.sequence[..self.matched];
        let keep = (0..self.matched).rev().find(|n| held[self.matched - n..] == self.sequence[..*n]).unwrap_or(0);
        through.extend_from_slice(&held[..self.matched - keep]);
        self.matched = keep;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sequence: &[u8], typed: &[&[u8]], expected: &[u8], complete: bool) {
        let mut keys = Keys::new(sequence.to_vec());
        let mut all = Vec::new();
        let mut done = false;
        for piece in typed {
            let (through, now) = keys.filter(piece);
            all.extend(through);
            done |= now;
        }
        assert_eq!((all.as_slice(), done), (expected, complete), "{typed:?}");
    }

    #[test]
    fn detach_keys() {
        check(&[16, 17], &[&[16, 17]], b"", true);
        check(&[16, 17], &[b"a\x10", b"\x11b"], b"a", true);
        check(&[16, 17], &[b"\x10x"], b"\x10x", false);
        check(&[16, 17], &[b"\x10\x10\x11"], b"\x10", true);
        check(&[16, 17], &[b"\x10"], b"", false);
        check(b"aab", &[b"aaab"], b"a", true);
        check(b"aab", &[b"aacaab"], b"aac", true);
        check(b"", &[b"anything\x10\x11"], b"anything\x10\x11", false);
    }
}

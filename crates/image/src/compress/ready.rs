//! Finished bytes on their way to a reader.

/// One piece, and how much of it was taken.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    bytes: Vec<u8>,
    taken: usize,
}

impl Ready {
    /// The next piece, once the last one was taken.
    pub(crate) fn set(&mut self, bytes: Vec<u8>) {
        *self = Ready { bytes, taken: 0 };
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.taken == self.bytes.len()
    }

    /// Moves as much as fits; how much that was.
    pub(crate) fn take(&mut self, buffer: &mut [u8]) -> usize {
        let rest = &self.bytes[self.taken..];
        let count = buffer.len().min(rest.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        count
    }
}

//! Memory for tables: the layers of an image come side by side, and each of their descriptors may claim the largest.

use super::super::annotations::LONGEST;
use super::Positions;
use std::sync::atomic::{AtomicU64, Ordering};

/// For all layers that this process is putting together.
pub(super) static TABLES: Budget = Budget::new();

/// Bytes that may still be taken: three of the longest tables, which one layer may have.
pub(super) struct Budget(AtomicU64);

/// Given back when it is dropped.
pub(super) struct Taken<'b> {
    budget: &'b Budget,
    bytes: u64,
}

impl Budget {
    const fn new() -> Budget {
        Budget(AtomicU64::new(3 * LONGEST))
    }

    /// For a layer's table, compressed and not, and its compressed tar-split; `None`: others need the memory.
    pub(super) fn take(&self, positions: &Positions) -> Option<Taken<'_>> {
        let bytes = positions.toc.length + positions.toc.plain + positions.tar_split.length;
        let less = |left: u64| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).ok().map(|_| Taken { budget: self, bytes })
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunked::Span;
    use oci::Digest;

    #[test]
    fn all_layers_together_get_what_one_may_have() {
        let budget = Budget::new();
        let of = |length| {
            let span = Span { offset: 1, length, plain: length };
            budget.take(&Positions { toc: span, checksum: Digest::sha256(b""), tar_split: span })
        };
        let small: Vec<_> = (0..20).map(|_| of(1 << 20).expect("usual layers get it side by side")).collect();
        assert!(of(LONGEST).is_none());
        drop(small);
        let largest = of(LONGEST).expect("one may be as large as can be");
        assert!(of(1).is_none());
        drop(largest);
        assert!(of(LONGEST).is_some());
    }
}

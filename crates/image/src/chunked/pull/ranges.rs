//! Which parts of a blob are asked for, and reading them in their order.

use crate::source::Source;
use crate::{Error, Progress};
use oci::image::Descriptor;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;

/// What lies between two wanted parts is fetched as well if it isn't longer: a request costs about as much.
const GAP: u64 = 64 << 10;
/// Requests for one layer.
const MOST: usize = 48;

/// Few parts that cover all that is wanted; `wanted` is in order.
pub(super) fn merge(wanted: impl Iterator<Item = Range<u64>> + Clone) -> VecDeque<Range<u64>> {
    let mut gap = GAP;
    loop {
        let merged = merged(wanted.clone(), gap);
        if merged.len() <= MOST {
            return merged;
        }
        gap = gap.saturating_mul(2);
    }
}

fn merged(wanted: impl Iterator<Item = Range<u64>>, gap: u64) -> VecDeque<Range<u64>> {
    let mut all: VecDeque<Range<u64>> = VecDeque::new();
    for part in wanted {
        match all.back_mut() {
            Some(last) if part.start <= last.end.saturating_add(gap) => last.end = last.end.max(part.end),
            _ => all.push_back(part),
        }
    }
    all
}

/// Reads parts of a blob, forwards.
pub(super) struct Parts<'a> {
    source: &'a dyn Source,
    descriptor: &'a Descriptor,
    progress: &'a dyn Progress,
    ranges: VecDeque<Range<u64>>,
    current: Option<(Box<dyn Read + Send + 'a>, Range<u64>)>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(
        source: &'a dyn Source,
        descriptor: &'a Descriptor,
        progress: &'a dyn Progress,
        ranges: VecDeque<Range<u64>>,
    ) -> Parts<'a> {
        Parts { source, descriptor, progress, ranges, current: None }
    }

    /// Goes on to byte `start`.
    pub(super) fn seek(&mut self, start: u64) -> io::Result<()> {
        while self.current.as_ref().is_none_or(|(_, range)| start >= range.end) {
            let range = self.ranges.pop_front().ok_or(io::ErrorKind::UnexpectedEof)?;
            let reader = self.source.part(self.descriptor, range.clone()).map_err(Error::carry)?;
            self.current = Some((reader.ok_or(io::ErrorKind::Unsupported)?, range));
        }
        let at = self.current.as_ref().map_or(start, |(_, range)| range.start);
        let skip = start.checked_sub(at).ok_or(io::ErrorKind::InvalidData)?;
        let skipped = io::copy(&mut self.by_ref().take(skip), &mut io::sink())?;
        if skipped == skip { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl Read for Parts<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some((reader, range)) = &mut self.current else { return Ok(0) };
        let count = reader.read(buffer)?;
        range.start += count as u64;
        self.progress.advance(&self.descriptor.digest, count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_parts_become_one_and_many_become_few() {
        let near = [0..10, 10..20, GAP + 20..GAP + 30, 3 * GAP..3 * GAP + 5];
        assert_eq!(merge(near.into_iter()), [0..GAP + 30, 3 * GAP..3 * GAP + 5]);
        let many = (0..1000).map(|n| n * 2 * GAP..n * 2 * GAP + 1);
        assert!(merge(many.clone()).len() <= MOST);
        let ranges = merge(many.clone());
        assert!(many.clone().all(|part| ranges.iter().any(|range| range.start <= part.start && part.end <= range.end)));
        assert!(merge(std::iter::empty()).is_empty());
    }
}

//! Bytes that can't be compressed, the same each time.

/// `length` bytes without a pattern. Other seeds give other bytes.
#[must_use]
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        // Knuth's MMIX; the low bits have short periods, the high ones are used.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

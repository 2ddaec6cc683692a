//! What a caller can show while images move.

use oci::Digest;

/// Told what goes on; all methods are called from worker threads.
pub trait Progress: Sync {
    /// "Trying to pull …", "Getting image source signatures", ….
    fn line(&self, text: &str);
    /// What is told even to those who want to hear nothing else.
    fn warning(&self, text: &str) {
        self.line(&format!("WARNING: {text}"));
    }
    /// A blob's transfer begins; the key is used below.
    fn begin(&self, blob: &Digest, size: u64);
    /// So many bytes more.
    fn advance(&self, blob: &Digest, bytes: u64);
    /// Whole and verified; `skipped` when it was there already.
    fn end(&self, blob: &Digest, skipped: bool);

    /// Asks which of several answers is meant; `None` if there is nobody to be asked.
    fn choose(&self, _question: &str, _answers: &[String]) -> Option<usize> {
        None
    }
}

/// Says nothing.
pub struct Quiet;

impl Progress for Quiet {
    fn line(&self, _: &str) {}
    fn begin(&self, _: &Digest, _: u64) {}
    fn advance(&self, _: &Digest, _: u64) {}
    fn end(&self, _: &Digest, _: bool) {}
}

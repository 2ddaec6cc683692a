//! The checksum that tar-split keeps of each file.

use crc::{CRC_64_GO_ISO, Crc, Table};

static ISO: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_GO_ISO);

/// CRC-64-ISO of content that comes in pieces.
pub(super) struct Crc64(crc::Digest<'static, u64, Table<16>>);

impl Crc64 {
    pub(super) fn new() -> Crc64 {
        Crc64(ISO.digest())
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// As tar-split writes it.
    pub(super) fn finish(self) -> [u8; 8] {
        self.0.finalize().to_be_bytes()
    }
}

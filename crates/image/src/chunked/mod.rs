//! zstd:chunked: a layer as zstd frames, one or more for each file, with a table of contents behind them, so that single
//! files can be fetched. To other readers it is ordinary zstd.
//!
//! The format is containers/storage's: headers of the tar stream and contents of files alternate, each a frame of its
//! own; then, in frames that decompressors skip, the table of contents (JSON), what else the tar stream consists of
//! (tar-split) and a footer. Annotations of the layer's descriptor say where they are, and the table's digest.

mod annotations;
mod crc64;
pub(crate) mod pull;
mod toc;
pub(crate) mod write;

pub(crate) use annotations::{Positions, Span, is_chunked};

/// The kind of the table of contents, in annotation and footer.
const CRFS: u64 = 1;

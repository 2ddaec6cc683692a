//! How results are printed: tables, `--format` templates, sizes, durations, JSON, progress.

pub mod duration;
pub mod json;
pub mod logger;
pub mod progress;
pub mod report;
pub mod size;
pub mod stream;
pub mod table;
pub mod template;
pub mod yaml;

pub use template::{go_time, quote};

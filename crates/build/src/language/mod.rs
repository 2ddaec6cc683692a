//! The language of Containerfiles: from text to instructions. No I/O, and nothing is decided here: words keep their
//! variables until a stage's surroundings are known.
//!
//! The Dockerfile reference says what is right; where it says nothing, what BuildKit does.

pub mod directives;
pub mod expand;
mod fault;
pub mod heredoc;
pub mod instruction;
mod lines;
mod parse;
mod pattern;
pub mod words;

pub use directives::Directives;
pub(crate) use fault::nearest;
pub use fault::{Fault, Place, excerpt};
pub use instruction::{Instruction, Located};
pub use lines::Style;

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Containerfile {
    /// Of its head.
    pub directives: Directives,
    /// Never empty.
    pub instructions: Vec<Located>,
}

/// Reads a file.
pub fn parse(text: &str) -> Result<Containerfile, Fault> {
    let lines::Lines { directives, lines } = lines::split(text)?;
    let instructions =
        lines.into_iter().map(|line| parse::located(line, directives.escape)).collect::<Result<_, _>>()?;
    Ok(Containerfile { directives, instructions })
}

/// Reads an instruction that a base image has kept for this build (ONBUILD); `place` is that of the `FROM`.
pub fn parse_kept(text: &str, place: Place) -> Result<Located, Fault> {
    // Kept ones were written down by another build, whose escape character isn't known: the usual one.
    let line = lines::single(text, place, '\\')?;
    parse::located(line, '\\')
}

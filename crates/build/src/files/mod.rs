//! Files on their way into an image: which are meant, what is in them, and putting them in place.
//!
//! Sources are hostile: a context's links may lead anywhere and change while they are looked at. Every path is opened beneath its
//! root without following links, or as if that root were `/` (CVE-2024-1753, CVE-2024-9675).

mod accounts;
pub mod glob;
mod hash;
pub mod ignore;
mod listing;
mod place;
mod select;
mod sparse;

pub use accounts::{Owner, owner};
pub use hash::content;
pub use listing::Listing;
pub use place::{Placing, make_folder, place, write};
pub use select::{Choice, Chosen, Item, Pattern, are_unchanged, select};

use std::path::{Path, PathBuf};

/// Why files can't be copied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path that isn't there, or is ignored.
    #[error("\"{path}\": not found{}", if *.ignored { " (an ignore file leaves it out)" } else { "" })]
    NotFound {
        /// As written.
        path: String,
        /// It would be there otherwise.
        ignored: bool,
    },
    /// A pattern that matches nothing: what was written isn't dropped in silence.
    #[error("no source files match \"{pattern}\"")]
    NoMatch {
        /// As written.
        pattern: String,
    },
    /// A socket belongs to the process that listens.
    #[error("\"{path}\" is a socket, which no image can have")]
    Socket {
        /// As written.
        path: String,
    },
    /// A malformed pattern.
    #[error("pattern \"{pattern}\" is malformed: {why}")]
    Pattern {
        /// As written.
        pattern: String,
        /// In words.
        why: &'static str,
    },
    /// Several files for one place.
    #[error("\"{destination}\" is to get several files: it must be a directory, and end with a /")]
    NoFolder {
        /// As written.
        destination: String,
    },
    /// A file where a folder must be, or the other way round.
    #[error("cannot copy {what} to \"{place}\", which is {found}")]
    Kind {
        /// `a directory`
        what: &'static str,
        /// In the image.
        place: String,
        /// `a directory`
        found: &'static str,
    },
    /// `--chown` of nobody.
    #[error("no {what} \"{name}\" in the image's {file} (numbers need not be there)")]
    NoAccount {
        /// `user` or `group`
        what: &'static str,
        /// As written.
        name: String,
        /// Where it was looked for.
        file: &'static str,
    },
    /// What the system says.
    #[error("{what} {}", shown(path))]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Of a very long path its ends.
fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= LONGEST_SHOWN {
        return text;
    }
    let (start, end) = (&letters[..LONGEST_SHOWN / 2], &letters[letters.len() - LONGEST_SHOWN / 2..]);
    format!("{}[…]{}", start.iter().collect::<String>(), end.iter().collect::<String>())
}

/// In characters.
const LONGEST_SHOWN: usize = 300;

trait At<T> {
    fn at(self, what: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T, E: Into<std::io::Error>> At<T> for Result<T, E> {
    fn at(self, what: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|error| Error::Io { what, path: path.to_owned(), source: error.into() })
    }
}

//! Lists of images (`manifest …`): what can be put into one, and reading one as the source of a copy.
//!
//! The store keeps the list; images that are elsewhere stay there until the list is pushed.

mod add;
mod artifact;
mod source;

pub use add::{Addition, Choice, find_additions, stored};
pub use artifact::{Artifact, artifact};
pub use source::ListSource;

//! What isn't among this machine's files: git repositories, what http servers have, tars on standard input. It is fetched into
//! folders of the store that go with this process, whatever ends it.

mod address;
mod fetched;
mod git;
mod repository;
mod web;

pub use address::Address;
pub(crate) use fetched::inner;
pub use fetched::{Fetched, Held, fetch, read_inside};
pub use git::{Access, Checkout, check_out, find_commit};
pub use repository::Repository;
pub(crate) use repository::is_commit;
pub use web::{download_to, open};

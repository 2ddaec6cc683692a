//! Fuzz targets: each takes any bytes for what strangers may send, and panics when a promise is broken.
//!
//! They are driven by libFuzzer (`cargo xtask fuzz [--short] [TARGET]`), and by mutations of their seeds in `tests/`, which
//! needs nothing but Rust and is part of the unit tests. `seeds/TARGET/` has an example of everything; an input that once
//! broke something is put there too, under the name of what it broke.

mod archive;
mod auth;
mod containerfile;
mod documents;
mod layer;
mod policy;
mod reference;
mod registries;
mod signature;
mod template;

use std::path::{Path, PathBuf};

/// Something that reads what strangers write.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// On the command line, and of its folder of seeds.
    pub name: &'static str,
    /// Reads the bytes; panics when a promise is broken.
    pub run: fn(&[u8]),
    /// How many mutations of each seed the unit tests try: about a second's worth.
    pub mutations: usize,
}

/// All of them.
pub const TARGETS: [Target; 10] = [
    Target { name: "reference", run: reference::run, mutations: 5000 },
    Target { name: "documents", run: documents::run, mutations: 2000 },
    Target { name: "layer", run: layer::run, mutations: 60 },
    Target { name: "archive", run: archive::run, mutations: 40 },
    Target { name: "registries", run: registries::run, mutations: 500 },
    Target { name: "policy", run: policy::run, mutations: 2000 },
    Target { name: "auth", run: auth::run, mutations: 2000 },
    Target { name: "signature", run: signature::run, mutations: 2000 },
    Target { name: "containerfile", run: containerfile::run, mutations: 2000 },
    Target { name: "template", run: template::run, mutations: 2000 },
];

impl Target {
    /// By name.
    #[must_use]
    pub fn named(name: &str) -> Option<Target> {
        TARGETS.into_iter().find(|target| target.name == name)
    }

    /// The folder of its seeds.
    #[must_use]
    pub fn seeds(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(self.name)
    }
}

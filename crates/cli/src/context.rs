//! What every command has at hand: global options and the engine.

use crate::error::Failure;
use crate::syntax::matches::Matches;
use engine::info::Build;
use engine::{Engine, Options, Privilege};
use std::cell::OnceCell;

/// Global options of one command.
pub struct Context {
    /// Program and command as typed: `minke ps`.
    pub path: String,
    /// The whole command line, for `inspect`'s CreateCommand.
    pub argv: Vec<String>,
    /// What this program was built from.
    pub build: Build,
    /// The program's own options, which stand before its commands.
    pub given: Matches,
    options: Options,
    engine: OnceCell<Engine>,
}

impl Context {
    /// From the global flags.
    pub fn new(path: String, argv: Vec<String>, globals: &Matches, privilege: Privilege) -> Self {
        let options = Options {
            root: globals.text("root").map(Into::into),
            runroot: globals.text("runroot").map(Into::into),
            privilege,
            image_stores: Vec::new(),
            scratch: None,
            // One of the two words: the parser has checked it.
            cgroup_manager: globals.text("cgroup-manager").and_then(|word| word.parse().ok()),
        };
        Context { path, argv, build: Build::default(), given: globals.clone(), options, engine: OnceCell::new() }
    }

    /// Where temporary files go, instead of into the store's folder.
    pub fn set_scratch(&mut self, folder: Option<&str>) {
        self.options.scratch = folder.map(Into::into);
    }

    /// The engine, opened when first asked for.
    pub fn engine(&self) -> Result<&Engine, Failure> {
        if let Some(engine) = self.engine.get() {
            return Ok(engine);
        }
        let engine = Engine::open(self.options.clone())?;
        Ok(self.engine.get_or_init(|| engine))
    }

    /// The global options that say where the store is, for another call of this program.
    pub fn globals(&self) -> Vec<String> {
        let Options { root, runroot, .. } = &self.options;
        let pairs = [("--root", root), ("--runroot", runroot)];
        let given = pairs.iter().filter_map(|(name, folder)| Some((name, folder.as_ref()?)));
        given.flat_map(|(name, folder)| [(*name).to_owned(), folder.display().to_string()]).collect()
    }

    /// Which rights the engine has.
    pub fn privilege(&self) -> Privilege {
        self.options.privilege
    }
}

//! What every command has at hand: global options and the engine.

use crate::error::Failure;
use crate::syntax::matches::Matches;
use engine::{Engine, Options, Privilege};
use std::cell::OnceCell;

/// Global options of one command.
pub struct Context {
    /// Program and command as typed: `minke ps`.
    pub path: String,
    /// The whole command line, for `inspect`'s CreateCommand.
    pub argv: Vec<String>,
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
            cgroup_manager: globals.text("cgroup-manager").map(str::to_owned),
        };
        Context { path, argv, options, engine: OnceCell::new() }
    }

    /// The engine, opened when first asked for.
    pub fn engine(&self) -> Result<&Engine, Failure> {
        if let Some(engine) = self.engine.get() {
            return Ok(engine);
        }
        let engine = Engine::open(self.options.clone())?;
        Ok(self.engine.get_or_init(|| engine))
    }

    /// Which rights the engine has.
    pub fn privilege(&self) -> Privilege {
        self.options.privilege
    }
}

//! The command line: arguments → spec → engine → print.
//!
//! `syntax` is the grammar as data, `flags` are groups of flags shared by commands, `commands` has one file a command,
//! `output` prints. Never opens the store or the database: the engine does.

pub mod commands;
pub mod context;
pub mod error;
pub mod flags;
pub mod output;
mod prompt;
pub mod syntax;

pub use commands::buildah::unshare::session;
pub use engine::Privilege;
pub use engine::info::Build;
pub use error::Failure;

use context::Context;
use output::{logger, stream};
use std::borrow::Cow;
use std::path::PathBuf;
use syntax::command::Needs;
use syntax::help;
use syntax::parse::{Action, Parsed};

/// A command line that was understood and not yet carried out.
pub struct Invocation {
    argv: Vec<String>,
    parsed: Parsed,
}

/// Understands a command line (with the program's name).
///
/// # Errors
/// A wrong command line; the error is not shown yet.
pub fn parse(argv: Vec<String>) -> Result<Invocation, Failure> {
    error::catch_panics();
    let program = argv.first().and_then(|path| path.rsplit('/').next()).unwrap_or("minke").to_owned();
    let parsed = syntax::parse::parse(&program, &with_globals_of_line(argv.get(1..).unwrap_or_default()))?;
    logger::start(parsed.globals.text("log-level")).map_err(Failure::new)?;
    Ok(Invocation { argv, parsed })
}

/// `__complete 'minke --root R rm '` is asked of the store that the line is about.
fn with_globals_of_line(words: &[String]) -> Cow<'_, [String]> {
    let [command, line] = words else { return words.into() };
    if command != "__complete" {
        return words.into();
    }
    let typed: Vec<&str> = line.split_ascii_whitespace().skip(1).collect();
    let globals = syntax::names::globals(&typed).iter().map(|word| (*word).to_owned());
    globals.chain(words.iter().cloned()).collect()
}

impl Invocation {
    /// Whether the store is needed, and so, for an ordinary user, the user namespace.
    pub fn needs_store(&self) -> bool {
        matches!(&self.parsed.action, Action::Run(command, _) if command.needs == Needs::Store)
    }

    /// The run folder by `--runroot` or storage.conf. `user`: an ordinary user's id.
    ///
    /// # Errors
    /// A storage.conf that can't be read; no folder that is the user's own.
    pub fn run_root(&self, user: Option<u32>) -> Result<PathBuf, Failure> {
        if let Some(folder) = self.parsed.globals.text("runroot") {
            return Ok(folder.into());
        }
        let environment = config::Environment::from_process(user);
        let storage = config::storage::load(&environment);
        storage.and_then(|storage| storage.runroot(&environment)).map_err(|error| Failure::new(error::chain(&error)))
    }

    /// Carries it out; the exit code. `build`: what this program was built from.
    pub fn run(self, privilege: Privilege, build: Build) -> i32 {
        let as_skopeo = is_skopeo(&self.parsed.path);
        self.execute(privilege, build)
            .unwrap_or_else(|failure| if as_skopeo { failure.fatal().show() } else { failure.show() })
    }

    fn execute(self, privilege: Privilege, build: Build) -> Result<i32, Failure> {
        let Parsed { path, action, globals } = self.parsed;
        match action {
            Action::Run(command, matches) => {
                let mut context = Context::new(path, self.argv, &globals, privilege);
                context.build = build;
                if is_runtime(&context.path) {
                    return Ok(commands::oci::carry_out(command, &context, &matches));
                }
                if is_skopeo(&context.path) {
                    commands::skopeo::global::apply(&matches)?;
                    context.set_scratch(matches.text("tmpdir"));
                }
                (command.run)(&context, &matches)
            }
            Action::Help(command) => stream::print(&help::command(&path, command)).map(|()| 0),
            Action::Version if is_runtime(&path) => stream::print(&commands::oci::version(&path)).map(|()| 0),
            Action::Version => stream::line(&format!("{path} version {}", engine::info::VERSION)).map(|()| 0),
            Action::Group { noun, asked } => {
                stream::print(&help::group(&path, noun))?;
                match noun {
                    Some(_) if !asked => {
                        stream::print("\n")?;
                        Err(Failure::new(format!("missing command '{path} COMMAND'")))
                    }
                    None if !asked => Err(Failure::new(format!("missing command '{path} COMMAND'"))),
                    _ => Ok(0),
                }
            }
        }
    }
}

/// Whether the program is called as an OCI runtime.
fn is_runtime(path: &str) -> bool {
    let mut words = path.split(' ');
    let program = words.next().unwrap_or_default();
    commands::oci::PROGRAMS.contains(&program) || words.next() == Some(commands::oci::NAME)
}

/// Whether a command, as it was typed, is one of Skopeo's.
fn is_skopeo(path: &str) -> bool {
    path.split(' ').take(2).any(|word| word == commands::skopeo::NAME)
}

//! The command line: arguments → spec → engine → print.
//!
//! `syntax` is the grammar as data, `flags` are groups of flags shared by commands, `commands` has one file a command,
//! `output` prints. Never opens the store or the database: the engine does.

pub mod commands;
pub mod context;
pub mod error;
pub mod flags;
pub mod output;
pub mod syntax;

use context::Context;
use engine::Privilege;
use error::Failure;
use output::{logger, stream};
use syntax::command::Needs;
use syntax::help;
use syntax::matches::Matches;
use syntax::parse::{Action, Parsed};

/// A command line that was understood and not yet carried out.
pub struct Invocation {
    argv: Vec<String>,
    parsed: Parsed,
}

/// Understands a command line (with the program's name). An error is shown and comes back as the exit code.
pub fn parse(argv: Vec<String>) -> Result<Invocation, i32> {
    error::catch_panics();
    let program = argv.first().and_then(|path| path.rsplit('/').next()).unwrap_or("minke").to_owned();
    let result = syntax::parse::parse(&program, argv.get(1..).unwrap_or_default()).and_then(|parsed| {
        logger::start(parsed.globals.text("log-level")).map_err(Failure::new)?;
        Ok(parsed)
    });
    match result {
        Ok(parsed) => Ok(Invocation { argv, parsed }),
        Err(failure) => Err(shown(&failure)),
    }
}

impl Invocation {
    /// Whether the store is needed, and so, for an ordinary user, the user namespace.
    pub fn needs_store(&self) -> bool {
        matches!(&self.parsed.action, Action::Run(command, _) if command.needs == Needs::Store)
    }

    /// `--runroot`.
    pub fn runroot(&self) -> Option<&str> {
        self.globals().text("runroot")
    }

    fn globals(&self) -> &Matches {
        &self.parsed.globals
    }

    /// Carries it out; the exit code.
    pub fn run(self, privilege: Privilege) -> i32 {
        self.execute(privilege).unwrap_or_else(|failure| shown(&failure))
    }

    fn execute(self, privilege: Privilege) -> Result<i32, Failure> {
        let Parsed { path, action, globals } = self.parsed;
        match action {
            Action::Run(command, matches) => {
                let context = Context::new(path, self.argv, &globals, privilege);
                (command.run)(&context, &matches)
            }
            Action::Help(command) => stream::print(&help::command(&path, command)).map(|()| 0),
            Action::Version => {
                stream::line(&format!("{path} version {}", engine::info::version().version)).map(|()| 0)
            }
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

fn shown(failure: &Failure) -> i32 {
    failure.print();
    failure.code
}

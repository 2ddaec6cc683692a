//! One command as data.

use super::flag::Flag;
use super::matches::Matches;
use crate::context::Context;
use crate::error::Failure;

/// One command, whatever names it has in the tree.
pub struct Command {
    /// After the command's name: `[options] IMAGE [COMMAND [ARG...]]`.
    pub usage: &'static str,
    /// One line for lists of commands.
    pub summary: &'static str,
    /// More about it, may be empty: then the summary is shown again.
    pub details: &'static str,
    /// Command lines without the program's name.
    pub examples: &'static [&'static str],
    /// Groups of flags.
    pub flags: &'static [&'static [Flag]],
    /// Flags end at the first argument, which belongs to another program's command line.
    pub stops: bool,
    /// How many arguments it takes.
    pub arguments: Arguments,
    /// Whether it can do without the store and the user namespace.
    pub needs: Needs,
    /// What it does; the result is the exit code.
    pub run: fn(&Context, &Matches) -> Result<i32, Failure>,
}

/// How many arguments a command takes, with Podman's complaints.
#[derive(Debug, Clone, Copy)]
pub enum Arguments {
    /// The command checks them itself.
    Any,
    /// None.
    None,
    /// At least so many.
    AtLeast(usize),
    /// Exactly so many.
    Exactly(usize),
    /// At most so many.
    AtMost(usize),
    /// At least the first, at most the second.
    Between(usize, usize),
}

/// What must be there before a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it only prints.
    Nothing,
    /// The store; for an ordinary user that means the user namespace.
    Store,
}

impl Arguments {
    /// Checks the count; `path` is the command as typed.
    pub fn check(self, path: &str, got: usize) -> Result<(), Failure> {
        let message = match self {
            Arguments::None if got > 0 => format!("`{path}` takes no arguments"),
            Arguments::AtLeast(n) if got < n => format!("requires at least {n} arg(s), only received {got}"),
            Arguments::Exactly(n) if got != n => format!("accepts {n} arg(s), received {got}"),
            Arguments::AtMost(n) if got > n => format!("accepts at most {n} arg(s), received {got}"),
            Arguments::Between(least, most) if got < least || got > most => {
                format!("accepts between {least} and {most} arg(s), received {got}")
            }
            _ => return Ok(()),
        };
        Err(Failure::new(message))
    }
}

impl Command {
    /// All its flags.
    pub fn all_flags(&self) -> impl Iterator<Item = &'static Flag> {
        self.flags.iter().flat_map(|group| group.iter())
    }
}

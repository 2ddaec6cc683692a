//! One flag as data.

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, or `=true`, `=false`.
    Bool,
    /// One text; the last one given counts.
    Text,
    /// One text, which may be left out: then it is this one.
    Optional(&'static str),
    /// Repeatable and comma-separated (Go's `StringSlice`, with CSV's quotes).
    List,
    /// Repeatable, each value taken whole (Go's `StringArray`).
    Array,
    /// A number.
    Int,
    /// A number not below 0.
    Uint,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// One flag of one or more commands.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// Without dashes.
    pub name: &'static str,
    /// One letter.
    pub short: Option<char>,
    /// Other long names, accepted but not shown.
    pub aliases: &'static [&'static str],
    /// What it takes.
    pub kind: Kind,
    /// How `--help` calls its value.
    pub value: &'static str,
    /// One line.
    pub help: &'static str,
    /// As `--help` shows it; empty: nothing worth showing.
    pub default: &'static str,
    /// Accepted but not shown.
    pub hidden: bool,
}

impl Flag {
    const fn new(name: &'static str, kind: Kind, value: &'static str, help: &'static str) -> Self {
        Flag { name, short: None, aliases: &[], kind, value, help, default: "", hidden: false }
    }

    /// A switch.
    pub const fn bool(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Bool, "", help)
    }

    /// Takes one text.
    pub const fn text(name: &'static str, value: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Text, value, help)
    }

    /// Takes one text, only after `=`; without it the value is `absent`.
    pub const fn optional(name: &'static str, value: &'static str, absent: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Optional(absent), value, help)
    }

    /// Repeatable, split at commas.
    pub const fn list(name: &'static str, value: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::List, value, help)
    }

    /// Repeatable, not split.
    pub const fn array(name: &'static str, value: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Array, value, help)
    }

    /// Takes a number.
    pub const fn int(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Int, "int", help)
    }

    /// Takes a number not below 0.
    pub const fn uint(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Uint, "uint", help)
    }

    /// Takes one of these words.
    pub const fn choice(name: &'static str, words: &'static [&'static str], help: &'static str) -> Self {
        Self::new(name, Kind::Choice(words), "choice", help)
    }

    /// Gives it a letter.
    pub const fn short(mut self, letter: char) -> Self {
        self.short = Some(letter);
        self
    }

    /// Gives it more names.
    pub const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Names its default in `--help`.
    pub const fn default(mut self, text: &'static str) -> Self {
        self.default = text;
        self
    }

    /// Keeps it out of `--help`.
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// `-n, --last` or `--sort`, as error messages show it.
    pub fn shown(&self) -> String {
        match self.short {
            Some(short) => format!("-{short}, --{}", self.name),
            None => format!("--{}", self.name),
        }
    }
}

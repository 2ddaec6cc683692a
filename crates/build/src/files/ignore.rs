//! `.containerignore` and `.dockerignore`: the last pattern that fits decides, and what lies in an ignored folder is ignored.

use super::Error;
use super::glob::{Glob, Matched};
use crate::steps::path;

/// What a context leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignore(Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    glob: Glob,
    /// `!`: not left out after all.
    keeps: bool,
}

impl Ignore {
    /// Reads an ignore file.
    pub fn parse(text: &str) -> Result<Ignore, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Ignore::of(lines)
    }

    /// One rule a pattern.
    pub fn of<'t>(patterns: impl IntoIterator<Item = &'t str>) -> Result<Ignore, Error> {
        let mut rules = Vec::new();
        for pattern in patterns {
            let pattern = pattern.trim();
            let (keeps, plain) = match pattern.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, pattern),
            };
            if plain.is_empty() {
                if keeps {
                    return Err(Error::Pattern { pattern: pattern.to_owned(), why: "nothing follows the !" });
                }
                continue;
            }
            if leads_out(plain) {
                continue;
            }
            let clean = path::join("/", plain);
            let clean = clean.trim_matches('/');
            if clean.is_empty() {
                // All, which nobody means.
                continue;
            }
            let glob = Glob::parse(clean).map_err(|why| Error::Pattern { pattern: pattern.to_owned(), why })?;
            rules.push(Rule { glob, keeps });
        }
        Ok(Ignore(rules))
    }

    /// Whether it is left out; `path` is relative to the context.
    pub fn leaves_out(&self, path: &[u8]) -> bool {
        let mut out = false;
        for rule in &self.0 {
            // A rule that can't change anything needn't be looked at.
            if rule.keeps == out && rule.glob.matches(path) != Matched::No {
                out = !rule.keeps;
            }
        }
        out
    }

    /// Whether something in an ignored folder may be kept.
    pub fn keeps_some(&self) -> bool {
        self.0.iter().any(|rule| rule.keeps)
    }
}

/// Out of the context, where nothing is that could be ignored.
fn leads_out(pattern: &str) -> bool {
    let mut depth = 0;
    !pattern.starts_with('/')
        && pattern.split('/').any(|part| {
            depth += match part {
                "" | "." => 0,
                ".." => -1,
                _ => 1,
            };
            depth < 0
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_decides() {
        let ignore =
            Ignore::parse("# all\n*.md\n!README*.md\nREADME-secret.md\n/tmp/\n../d\nnode_modules\n!node_modules/a/b\n")
                .unwrap();
        for (path, expected) in [
            ("x.md", true),
            ("README.md", false),
            ("README-secret.md", true),
            ("d/x.md", false),
            ("tmp", true),
            ("tmp/x/y", true),
            ("node_modules/a", true),
            ("node_modules/a/b", false),
            ("node_modules/a/b/c", false),
        ] {
            assert_eq!(ignore.leaves_out(path.as_bytes()), expected, "{path}");
        }
        assert!(ignore.keeps_some());
        assert!(!Ignore::parse("\n/\n.\n").unwrap().leaves_out(b"a"));
        assert!(Ignore::parse("a\n!\n").is_err() && Ignore::parse("[").is_err());
    }
}

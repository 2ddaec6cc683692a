//! What is wrong with a Containerfile, and where: line, word, and what may have been meant.

use std::fmt;

/// Lines of the file, the first is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Where it begins.
    pub first: usize,
    /// Where it ends, itself included.
    pub last: usize,
}

/// Something that can't be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which lines.
    pub place: Place,
    /// The word that is wrong, as it stands in the file.
    pub word: Option<String>,
    /// What is wrong with it.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Fault {
    /// About an instruction as a whole.
    pub fn new(place: Place, message: impl Into<String>) -> Fault {
        Fault { place, word: None, message: message.into(), hint: None }
    }

    /// The same, about this word of it.
    pub fn word(self, word: impl Into<String>) -> Fault {
        Fault { word: Some(word.into()), ..self }
    }

    /// The same with a suggestion.
    pub fn hint(self, hint: impl Into<String>) -> Fault {
        Fault { hint: Some(hint.into()), ..self }
    }

    /// The same, suggesting the one of `known` that resembles `word` most, if one does.
    pub fn suggest<'k>(self, word: &str, known: impl IntoIterator<Item = &'k str>) -> Fault {
        match nearest(word, known) {
            Some(meant) => self.hint(format!("did you mean {meant}?")),
            None => self,
        }
    }

    /// File, line and reason, then the line itself with the word marked.
    pub fn explain(&self, file: &str, text: &str) -> String {
        let mut explained = format!("{file}:{}: {self}", self.place.first);
        let lines: Vec<&str> = text.lines().collect();
        let first = self.place.first.saturating_sub(1);
        let range = first..self.place.last.min(lines.len());
        let marked = self.word.as_deref().filter(|word| !word.is_empty()).and_then(|word| {
            let found = |at: usize| lines[at].find(word).map(|column| (at, column, word));
            range.clone().find_map(found)
        });
        let (at, mark) = match marked {
            Some((at, column, word)) => (at, Some((column, word.chars().count()))),
            None => (first, None),
        };
        let Some(line) = lines.get(at) else { return explained };
        if line.chars().count() > LONGEST_SHOWN {
            return explained;
        }
        let number = (at + 1).to_string();
        explained += &format!("\n  {number} | {line}");
        if let Some((column, length)) = mark {
            let indent: String = line[..column].chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            explained += &format!("\n  {} | {indent}{}", " ".repeat(number.len()), "^".repeat(length));
        }
        explained
    }
}

/// A place with the lines around it, for people.
pub fn excerpt(place: Place, file: &str, text: &str) -> String {
    let mut shown = format!("{file}:{}", place.first);
    let last = (place.last + AROUND).min(place.first + MOST_LINES);
    let numbers = place.first.saturating_sub(AROUND).max(1)..=last;
    let width = last.to_string().len();
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(at, _)| numbers.contains(at));
    for (number, line) in lines {
        let mark = if (place.first..=place.last).contains(&number) { ">>>" } else { "   " };
        let line: String = line.chars().take(LONGEST_SHOWN).filter(|c| *c == '\t' || !c.is_control()).collect();
        shown += format!("\n  {number:width$} | {mark} {line}").trim_end();
    }
    shown
}

/// Lines before and after a place.
const AROUND: usize = 2;
/// Of a place; what is longer is cut off.
const MOST_LINES: usize = 12;

/// Longer lines aren't repeated in messages; in characters.
const LONGEST_SHOWN: usize = 400;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

/// The word that is at most a third of its letters away; letters of either case are the same.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    const LONGEST: usize = 60;
    let lower = word.to_lowercase();
    if lower.len() > LONGEST {
        return None;
    }
    let distance = |other: &str| distance(&lower, &other.to_lowercase());
    let best = known.into_iter().map(|other| (distance(other), other)).min_by_key(|(distance, _)| *distance)?;
    (best.0 <= lower.chars().count().div_ceil(3)).then_some(best.1)
}

/// How many letters must be put in, left out, changed, or swapped with their neighbours (Damerau and Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_resemble_the_word() {
        let known = ["RUN", "COPY", "ENTRYPOINT"];
        assert_eq!(nearest("RNU", known), Some("RUN"));
        assert_eq!(nearest("copi", known), Some("COPY"));
        assert_eq!(nearest("entrypiont", known), Some("ENTRYPOINT"));
        assert_eq!(nearest("FETCH", known), None);
    }

    #[test]
    fn the_word_is_marked_in_its_line() {
        let fault = Fault::new(Place { first: 2, last: 3 }, "unknown flag: --form").word("--form");
        let text =
            fault.suggest("--form", ["--from", "--link"]).explain("Containerfile", "FROM a\nCOPY \\\n\t--form=b c d\n");
        assert_eq!(
            text,
            "Containerfile:2: unknown flag: --form (did you mean --from?)\n  3 | \t--form=b c d\n    | \t^^^^^^"
        );
    }

    #[test]
    fn excerpts_have_the_lines_around() {
        let text = "FROM a\nENV b=c\nRUN x \\\n  y\nCMD z\nLABEL l=1\nLABEL l=2\n";
        assert_eq!(
            excerpt(Place { first: 3, last: 4 }, "f", text),
            "f:3\n  1 |     FROM a\n  2 |     ENV b=c\n  3 | >>> RUN x \\\n  4 | >>>   y\n  5 |     CMD z\n  6 |     LABEL l=1"
        );
        assert_eq!(excerpt(Place { first: 9, last: 9 }, "f", "a\n"), "f:9");
    }

    #[test]
    fn places_outside_of_the_file_are_no_trouble() {
        let fault = Fault::new(Place { first: 9, last: 3 }, "x").word("y");
        assert_eq!(fault.explain("f", "a\n"), "f:9: x");
    }
}

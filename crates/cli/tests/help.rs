//! `--help` of every command is kept in `tests/help/`: a change of a table shows there.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p cli --test help` writes the files anew.

use cli::syntax::{help, tree};
use std::path::{Path, PathBuf};

fn pages() -> Vec<(String, String)> {
    let mut pages = vec![("minke".to_owned(), help::group("minke", None))];
    for noun in tree::NOUNS {
        let path = format!("minke {}", noun.name);
        pages.push((path.replace(' ', "-"), help::group(&path, Some(noun))));
    }
    for entry in tree::ENTRIES {
        let words = ["minke", entry.noun, entry.verb];
        let path = words.iter().filter(|w| !w.is_empty()).copied().collect::<Vec<_>>().join(" ");
        pages.push((path.replace(' ', "-"), help::command(&path, entry.command)));
    }
    pages
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help")
}

#[test]
fn is_as_kept() {
    let update = std::env::var_os("UPDATE_SNAPSHOTS").is_some();
    for (name, text) in pages() {
        let file = folder().join(format!("{name}.txt"));
        if update {
            std::fs::write(&file, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(text, kept, "{}: see the head of this test for how to accept it", file.display());
    }
}

#[test]
fn no_page_is_kept_for_a_command_that_went() {
    let names: Vec<String> = pages().into_iter().map(|(name, _)| format!("{name}.txt")).collect();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "tests/help/{name} belongs to no command");
    }
}

#[test]
fn flags_have_help_and_no_letter_twice() {
    for entry in tree::ENTRIES {
        let mut letters = Vec::new();
        let mut names = Vec::new();
        for flag in entry.command.all_flags() {
            assert!(!flag.help.is_empty(), "{}: --{}", entry.verb, flag.name);
            assert!(!names.contains(&flag.name), "{}: --{} twice", entry.verb, flag.name);
            names.push(flag.name);
            if let Some(letter) = flag.short {
                assert!(!letters.contains(&letter), "{}: -{letter} twice", entry.verb);
                letters.push(letter);
            }
        }
    }
}

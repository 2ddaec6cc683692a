//! Measurements beside the reference engine: both alternate in one run on one machine, medians and ratios are printed
//! as a table, with the bars that minke sets itself. `cargo xtask bench [NAME]...`.
//!
//! Commands are timed by a worker (this program again) that lives where the engine lives, so that entering a tree or
//! a namespace isn't counted. `MINKE_PEER="PREFIX... ENGINE"` says how to enter the reference's tree, and
//! `MINKE_PEER_USER` how to do that as an ordinary user; without them only minke is measured.

// The table is the output.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod items;
mod side;
mod statistics;
mod table;
mod worker;

use anyhow::Result;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|word| word == "worker") {
        return worker::serve();
    }
    let mut rows = Vec::new();
    for (name, item) in items::ALL {
        if args.is_empty() || args.iter().any(|word| is_meant(word, name)) {
            eprintln!("bench: {name}");
            match item() {
                Ok(found) => rows.extend(found),
                Err(err) => eprintln!("bench: {name}: {err:#}"),
            }
        }
    }
    print!("{}", table::markdown(&rows));
    Ok(())
}

/// An item's name means that one alone, other words all whose names they are in.
fn is_meant(word: &str, name: &str) -> bool {
    if items::ALL.iter().any(|(item, _)| *item == word) { word == name } else { name.contains(word) }
}

//! `build`: many small steps, steps that are remembered, many files, stages side by side.

use anyhow::Result;
use std::fmt::Write;
use std::path::PathBuf;
use testkit::Who;

use super::{alternate, load_base, shared_folder};
use crate::side::Side;
use crate::statistics::Series;
use crate::table::{Bar, Row, Unit};

/// How often a build is measured.
const BUILDS: usize = 5;
/// In the context that is copied.
const FILES: usize = 20_000;

/// 20 steps, half of them commands, half of them copies.
pub fn steps() -> Result<Vec<Row>> {
    let context = context("build-steps")?;
    let mut text = "FROM localhost/base\n".to_owned();
    for number in 0..10 {
        std::fs::write(context.join(format!("f{number}")), format!("content {number}\n"))?;
        writeln!(text, "COPY f{number} /d/f{number}\nRUN cat /d/f{number} > /r{number}")?;
    }
    std::fs::write(context.join("Containerfile"), text)?;
    let (mut ours, mut theirs) = sides()?;
    let line = |flags: &str| format!("build -q --network none {flags} -t steps {}", context.display());
    let cold = |side: &mut Side| side.time(&line("--no-cache"), 0);
    let (mine, other) = alternate(BUILDS, &mut ours, &mut theirs, cold, cold)?;
    let mut rows = vec![row("`build` of 20 small steps", mine, other, Bar::Ratio(0.2))];
    let cached = |side: &mut Side| side.time(&line(""), 0);
    let (mine, other) = alternate(BUILDS, &mut ours, &mut theirs, cached, cached)?;
    rows.push(row("the same, all remembered", mine, other, Bar::Ratio(0.1)));
    Ok(rows)
}

/// Many small files.
pub fn files() -> Result<Vec<Row>> {
    let context = context("build-files")?;
    for number in 0..FILES {
        let folder = context.join(format!("tree/{}", number % 200));
        if number < 200 {
            std::fs::create_dir_all(&folder)?;
        }
        std::fs::write(folder.join(number.to_string()), format!("content {number}\n"))?;
    }
    std::fs::write(context.join("Containerfile"), "FROM localhost/base\nCOPY tree /tree\n")?;
    let (mut ours, mut theirs) = sides()?;
    let line = format!("build -q --network none --no-cache -t files {}", context.display());
    let measure = |side: &mut Side| side.time(&line, 0);
    let (mine, other) = alternate(3, &mut ours, &mut theirs, measure, measure)?;
    Ok(vec![row(&format!("`COPY` of {FILES} files"), mine, other, Bar::Ratio(0.5))])
}

/// Four stages that wait, beside one of them.
pub fn stages() -> Result<Vec<Row>> {
    let context = context("build-stages")?;
    let mut text = String::new();
    for number in 0..4 {
        writeln!(text, "FROM localhost/base AS s{number}\nRUN sleep 2; echo {number} > /f{number}")?;
    }
    text += "FROM localhost/base\n";
    for number in 0..4 {
        writeln!(text, "COPY --from=s{number} /f{number} /")?;
    }
    std::fs::write(context.join("Containerfile"), text)?;
    let mut ours = Side::ours(Who::Root)?;
    load_base(&mut ours)?;
    let line = |flags: &str| format!("build -q --network none --no-cache {flags} -t stages {}", context.display());
    let (mut four, mut one) = (Series::default(), Series::default());
    for _ in 0..3 {
        four.push(ours.time(&line("--jobs 4"), 0)?);
        one.push(ours.time(&line("--target s0"), 0)?);
    }
    Ok(vec![row("`build` of four stages of 2 s with `--jobs 4`, beside one of them", four, one, Bar::Ratio(1.3))])
}

/// An empty folder that both sides see.
fn context(name: &str) -> Result<PathBuf> {
    let folder = shared_folder()?.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn sides() -> Result<(Side, Option<Side>)> {
    let (mut ours, mut theirs) = (Side::ours(Who::Root)?, Side::theirs(Who::Root)?);
    for side in [Some(&mut ours), theirs.as_mut()].into_iter().flatten() {
        load_base(side)?;
    }
    Ok((ours, theirs))
}

fn row(name: &str, ours: Series, theirs: Series, bar: Bar) -> Row {
    Row { name: name.to_owned(), unit: Unit::Time, ours, theirs, bar }
}

//! The result as a table.

use crate::statistics::Series;

/// In what a row is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds, shown as milliseconds.
    Time,
    /// KiB, shown as MiB.
    Memory,
}

/// What a row must keep to.
#[derive(Debug, Clone, Copy)]
pub enum Bar {
    /// At most this part of the reference's median.
    Ratio(f64),
    /// At most this many microseconds or KiB.
    Value(u64),
}

/// One measurement of both.
#[derive(Debug)]
pub struct Row {
    /// What was done.
    pub name: String,
    /// In what.
    pub unit: Unit,
    /// minke.
    pub ours: Series,
    /// The reference; empty when it isn't there.
    pub theirs: Series,
    /// What must hold.
    pub bar: Bar,
}

/// A table in Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut text =
        String::from("| what | minke (min) | reference (min) | ratio | bar | |\n|---|---|---|---|---|---|\n");
    for row in rows {
        text += &line(row);
    }
    text
}

fn line(row: &Row) -> String {
    let (ours, theirs) = (row.ours.median(), row.theirs.median());
    #[allow(clippy::cast_precision_loss)]
    let ratio = (!row.theirs.is_empty()).then(|| ours as f64 / theirs.max(1) as f64);
    let (bar, kept) = match row.bar {
        Bar::Ratio(limit) => (format!("≤ {limit:.3} ×"), ratio.map(|ratio| ratio <= limit)),
        Bar::Value(limit) => (format!("≤ {}", show(limit, row.unit)), Some(ours <= limit)),
    };
    let verdict = match kept {
        Some(true) => "kept",
        Some(false) => "**missed**",
        None => "not compared",
    };
    let reference = if row.theirs.is_empty() { "–".to_owned() } else { both(&row.theirs, row.unit) };
    let ratio = ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.3}"));
    format!("| {} | {} | {reference} | {ratio} | {bar} | {verdict} |\n", row.name, both(&row.ours, row.unit))
}

fn both(series: &Series, unit: Unit) -> String {
    format!("{} ({})", show(series.median(), unit), show(series.minimum(), unit))
}

#[allow(clippy::cast_precision_loss)]
fn show(value: u64, unit: Unit) -> String {
    match unit {
        Unit::Time => format!("{:.2} ms", value as f64 / 1000.0),
        Unit::Memory => format!("{:.2} MiB", value as f64 / 1024.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_ratio_and_verdict() {
        let (mut ours, mut theirs) = (Series::default(), Series::default());
        ours.push(2000);
        theirs.push(40_000);
        let row = Row { name: "x".into(), unit: Unit::Time, ours, theirs, bar: Bar::Ratio(0.1) };
        assert_eq!(line(&row), "| x | 2.00 ms (2.00 ms) | 40.00 ms (40.00 ms) | 0.050 | ≤ 0.100 × | kept |\n");
    }
}

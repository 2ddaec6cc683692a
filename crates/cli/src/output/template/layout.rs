//! Times by an example, as Go's `time.Format` writes them: `2006-01-02 15:04:05`. Reference: the constants of package time.

use jiff::Zoned;
use jiff::tz::Offset;

/// The pieces of a layout; where one begins like another, the longer comes first.
const PIECES: &[&str] = &[
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "Z07:00:00",
    "Z070000",
    "Z07:00",
    "Z0700",
    "Z07",
    "-07:00:00",
    "-070000",
    "-07:00",
    "-0700",
    "-07",
    "002",
    "__2",
    "_2",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "15",
    "PM",
    "pm",
    "1",
    "2",
    "3",
    "4",
    "5",
];

/// `moment` as the example `layout`.
pub fn format(moment: &Zoned, layout: &str) -> String {
    let mut out = String::new();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        if let Some(length) = fraction(rest) {
            out += &second_part(moment, &rest[..length]);
            rest = &rest[length..];
        } else if let Some(piece) = piece(rest) {
            out += &shown(moment, piece);
            rest = &rest[piece.len()..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

fn piece(rest: &str) -> Option<&'static str> {
    let found = PIECES.iter().find(|piece| rest.starts_with(**piece))?;
    let after = rest[found.len()..].chars().next();
    // `Jan` in `Januar` isn't a month.
    let lower = after.is_some_and(|c| c.is_ascii_lowercase());
    // `_2006` is an underline and a year.
    let year = *found == "_2" && rest.starts_with("_2006");
    (!(year || matches!(*found, "Jan" | "Mon") && lower)).then_some(*found)
}

/// Length of `.000`, `,999`, … that no digit follows.
fn fraction(rest: &str) -> Option<usize> {
    let digits = rest.strip_prefix(['.', ','])?;
    let digit = digits.chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let after = digits.trim_start_matches(digit);
    (!after.starts_with(|c: char| c.is_ascii_digit())).then_some(rest.len() - after.len())
}

/// Nines leave trailing zeros out, and the point with them.
fn second_part(moment: &Zoned, piece: &str) -> String {
    let (point, digits) = piece.split_at(1);
    let all = format!("{:09}", moment.subsec_nanosecond());
    let cut = &all[..digits.len().min(9)];
    let cut = if digits.starts_with('9') { cut.trim_end_matches('0') } else { cut };
    if cut.is_empty() { String::new() } else { format!("{point}{cut}") }
}

fn shown(moment: &Zoned, piece: &str) -> String {
    let hour = match moment.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let named = |form: &str| moment.strftime(form).to_string();
    match piece {
        "January" => named("%B"),
        "Jan" => named("%b"),
        "Monday" => named("%A"),
        "Mon" => named("%a"),
        "2006" => format!("{:04}", moment.year()),
        "06" => format!("{:02}", moment.year().rem_euclid(100)),
        "01" => format!("{:02}", moment.month()),
        "1" => moment.month().to_string(),
        "02" => format!("{:02}", moment.day()),
        "_2" => format!("{:2}", moment.day()),
        "2" => moment.day().to_string(),
        "002" => format!("{:03}", moment.day_of_year()),
        "__2" => format!("{:3}", moment.day_of_year()),
        "15" => format!("{:02}", moment.hour()),
        "03" => format!("{hour:02}"),
        "3" => hour.to_string(),
        "04" => format!("{:02}", moment.minute()),
        "4" => moment.minute().to_string(),
        "05" => format!("{:02}", moment.second()),
        "5" => moment.second().to_string(),
        "PM" => (if moment.hour() < 12 { "AM" } else { "PM" }).to_owned(),
        "pm" => (if moment.hour() < 12 { "am" } else { "pm" }).to_owned(),
        "MST" => zone_name(moment),
        zone => offset(moment.offset(), zone),
    }
}

/// `UTC`, `CET`; without a name the offset's digits, as Go does it.
fn zone_name(moment: &Zoned) -> String {
    if moment.offset() == Offset::UTC {
        return "UTC".to_owned();
    }
    let name = moment.strftime("%Z").to_string();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { offset(moment.offset(), "-0700") }
}

/// `Z…` is `Z` for UTC; the form's length says whether minutes and seconds are there.
fn offset(offset: Offset, form: &str) -> String {
    let seconds = offset.seconds();
    if form.starts_with('Z') && seconds == 0 {
        return "Z".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let colon = if form.contains(':') { ":" } else { "" };
    let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60];
    let count = form.bytes().filter(u8::is_ascii_digit).count() / 2;
    let parts: Vec<String> = parts.iter().take(count).map(|part| format!("{part:02}")).collect();
    format!("{sign}{}", parts.join(colon))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_example() {
        let moment: jiff::Timestamp = "2024-05-06T07:08:09.12Z".parse().unwrap();
        let moment = moment.to_zoned(jiff::tz::TimeZone::UTC);
        for (layout, expected) in [
            ("2006-01-02 Mon Jan _2 15:04:05.000 -0700 MST PM 3", "2024-05-06 Mon May  6 07:08:09.120 +0000 UTC AM 7"),
            ("Monday, 2 January 06, 3:4:5pm .999999 Z07:00", "Monday, 6 May 24, 7:8:9am .12 Z"),
            ("002 __2 Z0700 -07:00 -07", "127 127 Z +00:00 +00"),
            ("Januar _2006 é.5", "Januar _2024 é.9"),
        ] {
            assert_eq!(format(&moment, layout), expected, "{layout}");
        }
    }
}

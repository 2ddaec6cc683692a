//! Methods that a template may call: those of Go's `time.Time` that need no other Go value, and look-ups by a key
//! (`.Label "x"`).
//!
//! Months and weekdays are their names, places are the names of time zones. Not here: what takes durations or locations.

use super::eval::Val;
use super::functions::Failure;
use super::print::time;
use super::{Types, layout};
use jiff::Zoned;
use jiff::tz::{Offset, TimeZone};
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Name and number of arguments.
const OF_TIMES: &[(&str, usize)] = &[
    ("AddDate", 3),
    ("After", 1),
    ("Before", 1),
    ("Compare", 1),
    ("Day", 0),
    ("Equal", 1),
    ("Format", 1),
    ("GoString", 0),
    ("Hour", 0),
    ("IsDST", 0),
    ("IsZero", 0),
    ("Local", 0),
    ("Location", 0),
    ("Minute", 0),
    ("Month", 0),
    ("Nanosecond", 0),
    ("Second", 0),
    ("String", 0),
    ("UTC", 0),
    ("Unix", 0),
    ("UnixMicro", 0),
    ("UnixMilli", 0),
    ("UnixNano", 0),
    ("Weekday", 0),
    ("Year", 0),
    ("YearDay", 0),
];

/// Calls the method, if the receiver has one of that name.
pub fn call<'a>(
    receiver: &Val<'a>,
    name: &str,
    arguments: &[Val<'a>],
    types: Types,
) -> Option<Result<Val<'a>, Failure>> {
    if let Some((_, field)) = types.lookups.iter().find(|(method, _)| *method == name)
        && let Some(map) = receiver.value.get(field)
    {
        return Some(arity(name, 1, arguments).and_then(|()| look_up(map, &arguments[0], types)));
    }
    let text = receiver.value.as_str().filter(|_| types.times.contains(&receiver.name.as_ref()))?;
    let (_, wanted) = OF_TIMES.iter().find(|(method, _)| *method == name)?;
    let moment = parse(text)?;
    Some(arity(name, *wanted, arguments).and_then(|()| of_time(&moment, name, arguments, receiver)))
}

fn arity(name: &str, wanted: usize, arguments: &[Val<'_>]) -> Result<(), Failure> {
    match arguments.len() {
        got if got == wanted => Ok(()),
        got => Err(Failure::Arguments(format!("wrong number of args for {name}: want {wanted} got {got}"))),
    }
}

/// A key that isn't there gives an empty text; its header is the key.
fn look_up<'a>(map: &Value, key: &Val<'a>, types: Types) -> Result<Val<'a>, Failure> {
    let found = map.get(text(key)?);
    if types.header {
        return Ok(key.clone());
    }
    Ok(Val::made(found.cloned().unwrap_or_else(|| Value::from(""))))
}

fn text<'v>(value: &'v Val<'_>) -> Result<&'v str, Failure> {
    value.value.as_str().ok_or_else(|| Failure::Arguments("wrong type for value; expected string".to_owned()))
}

/// RFC 3339, with its own zone kept.
fn parse(text: &str) -> Option<Zoned> {
    let pieces = jiff::fmt::temporal::Pieces::parse(text).ok()?;
    let offset = pieces.to_numeric_offset().unwrap_or(Offset::UTC);
    let zone = if offset == Offset::UTC { TimeZone::UTC } else { TimeZone::fixed(offset) };
    pieces.date().to_datetime(pieces.time().unwrap_or_default()).to_zoned(zone).ok()
}

fn of_time<'a>(moment: &Zoned, name: &str, arguments: &[Val<'a>], receiver: &Val<'a>) -> Result<Val<'a>, Failure> {
    let same_kind = |moment: &Zoned| Val { value: Cow::Owned(rfc3339(moment).into()), ..receiver.clone() };
    let value: Value = match name {
        "UTC" => return Ok(same_kind(&moment.with_time_zone(TimeZone::UTC))),
        "Local" => return Ok(same_kind(&moment.with_time_zone(TimeZone::system()))),
        "AddDate" => return add_date(moment, arguments).map(|moved| same_kind(&moved)),
        "After" => compare(moment, &arguments[0])?.is_gt().into(),
        "Before" => compare(moment, &arguments[0])?.is_lt().into(),
        "Equal" => compare(moment, &arguments[0])?.is_eq().into(),
        "Compare" => (compare(moment, &arguments[0])? as i8).into(),
        "Format" => layout::format(moment, text(&arguments[0])?).into(),
        "String" => time(&rfc3339(moment)).into(),
        "GoString" => go_string(moment).into(),
        "Location" => layout::format(moment, "MST").into(),
        "IsDST" => moment.time_zone().to_offset_info(moment.timestamp()).dst().is_dst().into(),
        "IsZero" => (moment.timestamp().as_second() == ZERO && moment.subsec_nanosecond() == 0).into(),
        "Year" => moment.year().into(),
        "YearDay" => moment.day_of_year().into(),
        "Month" => layout::format(moment, "January").into(),
        "Weekday" => layout::format(moment, "Monday").into(),
        "Day" => moment.day().into(),
        "Hour" => moment.hour().into(),
        "Minute" => moment.minute().into(),
        "Second" => moment.second().into(),
        "Nanosecond" => moment.subsec_nanosecond().into(),
        "Unix" => moment.timestamp().as_second().into(),
        "UnixMilli" => moment.timestamp().as_millisecond().into(),
        "UnixMicro" => moment.timestamp().as_microsecond().into(),
        // As Go's, which wraps for years that don't fit.
        _ => (moment.timestamp().as_nanosecond() as i64).into(),
    };
    Ok(Val::made(value))
}

/// Seconds of 0001-01-01.
const ZERO: i64 = -62_135_596_800;

fn compare(moment: &Zoned, other: &Val<'_>) -> Result<Ordering, Failure> {
    let other = other.value.as_str().and_then(parse);
    let other = other.ok_or_else(|| Failure::Arguments("wrong type for value; expected time.Time".to_owned()))?;
    Ok(moment.timestamp().cmp(&other.timestamp()))
}

fn add_date(moment: &Zoned, arguments: &[Val<'_>]) -> Result<Zoned, Failure> {
    let wrong = |_| Failure::Call("the date is out of range".to_owned());
    let mut span = [0; 3];
    for (slot, argument) in span.iter_mut().zip(arguments) {
        let number = argument.value.as_i64();
        *slot = number.ok_or_else(|| Failure::Arguments("wrong type for value; expected int".to_owned()))?;
    }
    let span =
        jiff::Span::new().try_years(span[0]).and_then(|s| s.try_months(span[1])).and_then(|s| s.try_days(span[2]));
    span.and_then(|span| moment.checked_add(span)).map_err(wrong)
}

fn rfc3339(moment: &Zoned) -> String {
    let fraction = layout::format(moment, ".999999999");
    layout::format(moment, "2006-01-02T15:04:05") + &fraction + &layout::format(moment, "Z07:00")
}

fn go_string(moment: &Zoned) -> String {
    let zone = if moment.offset() == Offset::UTC { "time.UTC" } else { "time.Local" };
    format!(
        "time.Date({}, time.{}, {}, {}, {}, {}, {}, {zone})",
        moment.year(),
        layout::format(moment, "January"),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second(),
        moment.subsec_nanosecond()
    )
}

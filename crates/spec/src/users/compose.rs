//! What the entries of `--uidmap` or `--gidmap` make together, as Podman reads them: later ones may cut into earlier ones
//! (`+`), and what an ordinary user leaves out is filled.

use super::entry::{MapEntry, Side};
use super::{IdRange, covering, holding};
use crate::Invalid;

/// The map of one side, in order of the ids inside. `own` is the engine's map; `rootless`: a map that begins with a `+` entry
/// gets all other ids of the engine besides.
pub(super) fn compose(
    entries: &[MapEntry],
    side: Side,
    own: &[IdRange],
    rootless: bool,
) -> Result<Vec<IdRange>, Invalid> {
    let mut map = Vec::new();
    let mut fill = false;
    for entry in entries.iter().filter(|entry| entry.is_for(side)) {
        for piece in pieces(entry, side, own)? {
            if entry.extend {
                fill |= rootless && map.is_empty();
                map = cut(&map, &piece);
            }
            map.push(piece);
        }
    }
    if fill {
        map = filled(&map, own);
    }
    Ok(merged(map))
}

/// What an entry means in the engine's own ids: `@` ids may lie in several pieces of its map.
pub(super) fn pieces(entry: &MapEntry, side: Side, own: &[IdRange]) -> Result<Vec<IdRange>, Invalid> {
    let IdRange { container_id, host_id, size } = entry.range;
    if !entry.parent {
        return Ok(Vec::from_iter((size > 0).then_some(entry.range)));
    }
    let mut pieces = Vec::new();
    let mut done = 0;
    while done < size {
        let wanted = host_id + done;
        let range = holding(own, wanted, |range| range.host_id).ok_or_else(|| {
            Invalid::new(format!("parent ID {} {wanted} is not mapped/delegated", side.name()))
                .hint("an ordinary user's own id and ranges in /etc/subuid and /etc/subgid are")
        })?;
        let offset = wanted - range.host_id;
        let count = (range.size - offset).min(size - done);
        pieces.push(IdRange { container_id: container_id + done, host_id: range.container_id + offset, size: count });
        done += count;
    }
    Ok(pieces)
}

/// `map` without what collides with `piece` on either side.
fn cut(map: &[IdRange], piece: &IdRange) -> Vec<IdRange> {
    let mut left = Vec::new();
    for range in map {
        let overlap = |have: u32, new: u32| {
            let start = i64::from(new) - i64::from(have);
            let end = start + i64::from(piece.size);
            (start.clamp(0, range.size.into()) as u32, end.clamp(0, range.size.into()) as u32)
        };
        let mut gone = [overlap(range.container_id, piece.container_id), overlap(range.host_id, piece.host_id)];
        gone.sort_unstable();
        let mut kept_from = 0;
        for (start, end) in gone.into_iter().filter(|(start, end)| start < end).chain([(range.size, range.size)]) {
            if start > kept_from {
                left.push(part(range, kept_from, start - kept_from));
            }
            kept_from = kept_from.max(end);
        }
    }
    left
}

fn part(range: &IdRange, offset: u32, size: u32) -> IdRange {
    IdRange { container_id: range.container_id + offset, host_id: range.host_id + offset, size }
}

/// `map`, and the other ids of `own` in their order on the ids inside that are free, from 0 on.
pub(super) fn filled(map: &[IdRange], own: &[IdRange]) -> Vec<IdRange> {
    let mut all = map.to_vec();
    let mut inside = 0u32;
    let mut sorted = own.to_vec();
    sorted.sort_unstable_by_key(|range| range.container_id);
    for range in sorted {
        let (mut outside, end) = (u64::from(range.container_id), u64::from(range.container_id) + u64::from(range.size));
        while outside < end && inside < u32::MAX {
            let at = outside as u32;
            if let Some(taken) = covering(map, at, |range| range.host_id) {
                outside = taken.into();
                continue;
            }
            if let Some(taken) = covering(map, inside, |range| range.container_id) {
                inside = taken;
                continue;
            }
            let until = |id: u32, start: fn(&IdRange) -> u32| map.iter().map(start).filter(|s| *s > id).min();
            let free_inside = until(inside, |range| range.container_id).unwrap_or(u32::MAX) - inside;
            let free_outside = u64::from(until(at, |range| range.host_id).unwrap_or(u32::MAX)).min(end) - outside;
            let size = free_inside.min(free_outside as u32);
            all.push(IdRange { container_id: inside, host_id: at, size });
            (inside, outside) = (inside + size, outside + u64::from(size));
        }
    }
    all
}

/// Sorted by the ids inside; neighbours become one.
fn merged(mut map: Vec<IdRange>) -> Vec<IdRange> {
    map.sort_by_key(|range| range.container_id);
    let mut all: Vec<IdRange> = Vec::with_capacity(map.len());
    for range in map {
        match all.last_mut() {
            Some(last)
                if last.container_id.checked_add(last.size) == Some(range.container_id)
                    && last.host_id.checked_add(last.size) == Some(range.host_id) =>
            {
                last.size += range.size;
            }
            _ => all.push(range),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::entry::parse_entries;
    use super::*;

    fn range(container_id: u32, host_id: u32, size: u32) -> IdRange {
        IdRange { container_id, host_id, size }
    }

    fn own() -> Vec<IdRange> {
        vec![range(0, 1000, 1), range(1, 100_000, 65536)]
    }

    fn map(texts: &[&str], rootless: bool) -> Vec<(u32, u32, u32)> {
        let parse = |text: &&str| parse_entries(text, Side::Groups).unwrap();
        let entries: Vec<MapEntry> = texts.iter().flat_map(parse).collect();
        let map = compose(&entries, Side::Groups, &own(), rootless).unwrap();
        map.iter().map(|range| (range.container_id, range.host_id, range.size)).collect()
    }

    // What Podman 5.8 makes of the same texts.
    #[test]
    fn entries_follow_each_other() {
        assert_eq!(map(&["0:1:1", "1:2:1"], true), [(0, 1, 2)]);
        assert_eq!(map(&["u0:1:1", "g5:2:1", "3:9:0"], true), [(5, 2, 1)]);
        assert_eq!(map(&["0:0:65000", "+100000:1:1"], true), [(0, 0, 1), (2, 2, 64998), (100_000, 1, 1)]);
        assert_eq!(
            map(&["0:0:65000", "+100000:1:1", "1:65001:1"], false),
            [(0, 0, 1), (1, 65001, 1), (2, 2, 64998), (100_000, 1, 1)]
        );
        assert_eq!(map(&["0:0:10", "+8:2:4"], false), [(0, 0, 2), (6, 6, 2), (8, 2, 4)]);
    }

    #[test]
    fn a_first_plus_of_an_ordinary_user_gets_all_other_ids() {
        assert_eq!(map(&["+10:1:1"], false), [(10, 1, 1)]);
        assert_eq!(map(&["+10:1:1"], true), [(0, 0, 1), (1, 2, 9), (10, 1, 1), (11, 11, 65526)]);
        assert_eq!(map(&["+g100:@100010:2"], true), [(0, 0, 11), (11, 13, 89), (100, 11, 2), (102, 102, 65435)]);
        assert_eq!(map(&["++0:1:2"], true), [(0, 1, 2), (2, 0, 1), (3, 3, 65534)]);
    }

    #[test]
    fn ids_of_the_host_are_looked_up() {
        assert_eq!(map(&["5:@1000", "0:@100000:2"], true), [(0, 1, 2), (5, 0, 1)]);
        let entries = parse_entries("0:@165535:2", Side::Users).unwrap();
        let error = compose(&entries, Side::Users, &own(), true).unwrap_err();
        assert_eq!(error.message, "parent ID UID 165536 is not mapped/delegated");
    }
}

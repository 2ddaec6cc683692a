//! Which files something is made of, so that it can be told later which of them changed. Kept small.

use std::collections::BTreeMap;

/// Paths, and the beginnings of their digests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing(BTreeMap<String, String>);

/// So many are remembered one by one.
const MOST_KEPT: usize = 400;
/// So many are looked at.
const MOST: usize = 100_000;
/// Hex digits: enough to see a change.
const DIGITS: usize = 12;

impl Listing {
    /// One more; beyond many they aren't noted any more.
    pub fn add(&mut self, path: &str, digest: &oci::Digest) {
        if self.0.len() < MOST {
            let path = if path.is_empty() { "." } else { path };
            self.0.insert(path.to_owned(), digest.hex()[..DIGITS].to_owned());
        }
    }

    /// What is kept of it: where there are too many, folders stand for what is in them.
    pub fn bounded(&self) -> BTreeMap<String, String> {
        let mut map = self.0.clone();
        let depth = |path: &String| path.trim_end_matches('/').matches('/').count();
        while map.len() > MOST_KEPT {
            let deepest = map.keys().map(depth).max().unwrap_or(0);
            if deepest == 0 {
                return BTreeMap::new();
            }
            let mut folders: BTreeMap<String, String> = BTreeMap::new();
            for (path, digest) in map {
                match path.trim_end_matches('/').rsplit_once('/').filter(|_| depth(&path) == deepest) {
                    Some((folder, name)) => {
                        *folders.entry(format!("{folder}/")).or_default() += &format!("{name}{digest}")
                    }
                    None => *folders.entry(path).or_default() += &digest,
                }
            }
            let short = |text: String| match text.len() > DIGITS {
                true => oci::Digest::sha256(text.as_bytes()).hex()[..DIGITS].to_owned(),
                false => text,
            };
            map = folders.into_iter().map(|(path, text)| (path, short(text))).collect();
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_are_told_by_their_folders() {
        let digest = |text: &str| oci::Digest::sha256(text.as_bytes());
        let of = |changed: &str| {
            let mut listing = Listing::default();
            for number in 0..1000 {
                let path = format!("src/{}/{number}", number % 10);
                listing.add(&path, &digest(if path == changed { "new" } else { "old" }));
            }
            listing.bounded()
        };
        let (old, new) = (of(""), of("src/3/13"));
        assert_eq!(old.len(), 10);
        let differing: Vec<&String> = old.keys().filter(|path| old[*path] != new[*path]).collect();
        assert_eq!(differing, ["src/3/"]);
    }
}

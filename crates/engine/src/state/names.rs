//! Ids and made-up names.

/// 64 random hex digits.
pub fn id() -> String {
    use std::fmt::Write;
    random_bytes::<32>().iter().fold(String::with_capacity(64), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// `adjective_animal`; not necessarily free.
pub fn random() -> String {
    let [a, b, c, d] = random_bytes::<4>();
    let pick = |words: &'static [&'static str], low: u8, high: u8| {
        words[usize::from(u16::from_le_bytes([low, high])) % words.len()]
    };
    format!("{}_{}", pick(ADJECTIVES, a, b), pick(ANIMALS, c, d))
}

fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // For so few bytes the kernel's generator neither fails nor answers short once it is seeded, which it is before any
    // program of ours runs.
    let filled = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    debug_assert_eq!(filled, Ok(N));
    bytes
}

/// Container names as Podman takes them: `[a-zA-Z0-9][a-zA-Z0-9_.-]*`.
pub fn is_valid(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

#[rustfmt::skip]
const ADJECTIVES: &[&str] = &[
    "able", "agile", "airy", "amber", "ample", "apt", "ardent", "azure", "balmy", "bold", "brave", "breezy", "bright",
    "brisk", "calm", "candid", "chilly", "civil", "clear", "clever", "coastal", "cobalt", "cosmic", "cosy", "crisp",
    "curious", "daring", "deep", "deft", "drifting", "eager", "early", "easy", "elegant", "fair", "fancy", "festive",
    "fine", "fleet", "fluent", "foamy", "fond", "free", "fresh", "gallant", "gentle", "gilded", "glad", "golden",
    "grand", "graceful", "hale", "handy", "happy", "hardy", "hearty", "honest", "humble", "icy", "ideal", "jolly",
    "jovial", "keen", "kind", "large", "lively", "loyal", "lucid", "lucky", "lunar", "mellow", "merry", "mighty",
    "mild", "modest", "neat", "nimble", "noble", "open", "patient", "placid", "playful", "plucky", "polar", "polite",
    "prime", "proud", "pure", "quick", "quiet", "rapid", "ready", "regal", "roaming", "robust", "rosy", "salty",
    "serene", "sharp", "silent", "silver", "sleek", "smooth", "snug", "solar", "solid", "sound", "spry", "stable",
    "starry", "steady", "stout", "sturdy", "subtle", "sunny", "sure", "swift", "tidal", "tidy", "true", "trusty",
    "upbeat", "valiant", "vast", "vivid", "warm", "wavy", "wise", "witty", "zesty",
];

#[rustfmt::skip]
const ANIMALS: &[&str] = &[
    "albatross", "anchovy", "anemone", "auk", "barnacle", "beluga", "blenny", "bonito", "bream", "capelin", "carp",
    "catfish", "char", "clam", "cod", "conch", "coral", "cormorant", "cowrie", "crab", "crane", "cuttlefish", "dace",
    "dolphin", "dory", "dugong", "eel", "egret", "eider", "flounder", "fulmar", "gannet", "garfish", "goby", "grebe",
    "grouper", "guillemot", "gull", "haddock", "hake", "halibut", "heron", "herring", "ibis", "jellyfish", "kelp",
    "kingfisher", "kittiwake", "krill", "lamprey", "ling", "limpet", "lobster", "loon", "mackerel", "manatee",
    "marlin", "minnow", "moray", "mullet", "mussel", "narwhal", "nautilus", "octopus", "orca", "osprey", "otter",
    "oyster", "pelican", "penguin", "perch", "petrel", "pike", "plaice", "plover", "pollock", "porpoise", "prawn",
    "puffin", "ray", "roach", "rockling", "salmon", "sandpiper", "sardine", "scallop", "seal", "seahorse", "shad",
    "shrimp", "skate", "skua", "smelt", "snipe", "sole", "sprat", "squid", "starfish", "stingray", "sturgeon",
    "sunfish", "swan", "tarpon", "tern", "trout", "tuna", "turbot", "turtle", "urchin", "walrus", "whale", "whelk",
    "whiting", "wrasse",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_valid() {
        assert_eq!(id().len(), 64);
        assert_ne!(id(), id());
        assert!(is_valid(&random()) && random().contains('_'));
        for name in ["a", "A.b-c_9", "9x"] {
            assert!(is_valid(name));
        }
        for name in ["", "_a", "a b", "ä", "a/b", "-x"] {
            assert!(!is_valid(name));
        }
    }
}

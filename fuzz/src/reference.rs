//! Names of images, and whole locations: what is accepted is printed so that it means the same again.

use oci::reference::{Name, Reference};

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(reference) = text.parse::<Reference>() {
        let again: Reference = reference.to_string().parse().expect("a printed reference is one");
        assert_eq!(again, reference);
        let tagged = reference.with_default_tag();
        assert_eq!(tagged.to_string().parse::<Reference>().expect("with a tag, too"), tagged);
    }
    if let Ok(name) = text.parse::<Name>() {
        let whole = name.in_registry("docker.io");
        assert_eq!(whole.to_string().parse::<Reference>().expect("a completed name is a reference"), whole);
    }
    if let Ok(location) = text.parse::<image::Location>() {
        let printed = location.to_string();
        let again: image::Location = printed.parse().unwrap_or_else(|e| panic!("{printed:?}: {e}"));
        assert_eq!(again.to_string(), printed);
    }
}

//! Whether the name in a signature is the one that the image must have.

use config::policy::SignedIdentity;
use oci::Reference;
use oci::reference::Name;

/// `image` is the name that the image was asked for by; `signed` stands in the signature.
pub(crate) fn matches(identity: &SignedIdentity, image: Option<&Reference>, signed: &str) -> bool {
    let Some(signed) = full(signed) else { return false };
    match identity {
        SignedIdentity::Exact => image.is_some_and(|image| exactly(image, &signed)),
        SignedIdentity::RepoDigestOrExact => image.is_some_and(|image| repo_digest_or_exact(image, &signed)),
        SignedIdentity::Repository => image.is_some_and(|image| image.name() == signed.name()),
        SignedIdentity::ExactReference(wanted) => full(wanted).is_some_and(|wanted| exactly(&wanted, &signed)),
        SignedIdentity::ExactRepository(wanted) => full(wanted).is_some_and(|wanted| wanted.name() == signed.name()),
        SignedIdentity::Remap { prefix, signed_prefix } => image
            .and_then(|image| remap(image, prefix, signed_prefix))
            .is_some_and(|image| repo_digest_or_exact(&image, &signed)),
    }
}

/// As Docker completes names: without a registry it is Docker Hub's.
fn full(text: &str) -> Option<Reference> {
    text.parse::<Name>().ok().map(|name| name.in_registry("docker.io"))
}

fn exactly(wanted: &Reference, signed: &Reference) -> bool {
    names_one(wanted) && names_one(signed) && wanted == signed
}

/// An image that was asked for by digest is the right one already; then any tag of its repository will do.
fn repo_digest_or_exact(image: &Reference, signed: &Reference) -> bool {
    match (&image.tag, &image.digest) {
        (Some(_), _) => exactly(image, signed),
        (None, Some(_)) => names_one(signed) && image.name() == signed.name(),
        (None, None) => false,
    }
}

fn names_one(reference: &Reference) -> bool {
    reference.tag.is_some() || reference.digest.is_some()
}

/// The image's name with its beginning replaced, or as it is when it begins otherwise.
fn remap(image: &Reference, prefix: &str, signed_prefix: &str) -> Option<Reference> {
    let name = image.name();
    let renamed = match name.strip_prefix(prefix) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{signed_prefix}{rest}"),
        // A host alone covers what is in it, with the same port only.
        _ => return Some(image.clone()),
    };
    let mut reference = full(&renamed)?;
    (reference.tag, reference.digest) = (image.tag.clone(), image.digest.clone());
    Some(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn check(identity: &SignedIdentity, image: &str, signed: &str) -> bool {
        let image = (!image.is_empty()).then(|| image.parse::<Reference>().unwrap());
        matches(identity, image.as_ref(), signed)
    }

    #[test]
    fn exact_names() {
        let exact = &SignedIdentity::Exact;
        assert!(check(exact, "docker.io/library/a:1", "a:1"));
        assert!(!check(exact, "x.y/a:1", "x.y/a:2"));
        assert!(!check(exact, "x.y/a:1", "x.y/a"));
        assert!(!check(exact, "x.y/a", "x.y/a"));
        assert!(!check(exact, &format!("x.y/a@{SHA}"), "x.y/a:1"));
        assert!(check(exact, &format!("x.y/a@{SHA}"), &format!("x.y/a@{SHA}")));
        assert!(!check(exact, "", "x.y/a:1"));
        assert!(!check(exact, "x.y/a:1", "-nonsense-"));
    }

    #[test]
    fn by_digest_any_tag_of_the_repository_will_do() {
        let kind = &SignedIdentity::RepoDigestOrExact;
        assert!(check(kind, "x.y/a:1", "x.y/a:1"));
        assert!(!check(kind, "x.y/a:1", "x.y/a:2"));
        assert!(check(kind, &format!("x.y/a@{SHA}"), "x.y/a:2"));
        assert!(!check(kind, &format!("x.y/a@{SHA}"), "x.y/b:2"));
        assert!(!check(kind, &format!("x.y/a@{SHA}"), "x.y/a"));
    }

    #[test]
    fn repositories_and_given_names() {
        assert!(check(&SignedIdentity::Repository, "x.y/a:1", "x.y/a:2"));
        assert!(check(&SignedIdentity::Repository, "x.y/a:1", "x.y/a"));
        assert!(!check(&SignedIdentity::Repository, "x.y/a:1", "x.y/a/b:1"));
        let reference = &SignedIdentity::ExactReference("v.w/a:1".into());
        assert!(check(reference, "", "v.w/a:1"));
        assert!(!check(reference, "x.y/a:1", "x.y/a:1"));
        let repository = &SignedIdentity::ExactRepository("v.w/a".into());
        assert!(check(repository, "x.y/z:9", "v.w/a:3"));
        assert!(!check(repository, "x.y/z:9", "v.w/b:3"));
    }

    #[test]
    fn names_are_remapped_at_their_beginning() {
        let remap =
            |prefix: &str, signed: &str| SignedIdentity::Remap { prefix: prefix.into(), signed_prefix: signed.into() };
        assert!(check(&remap("m.m:5000/v", "v.e"), "m.m:5000/v/a:1", "v.e/a:1"));
        assert!(!check(&remap("m.m:5000/v", "v.e"), "m.m:5000/v/a:1", "v.e/a:2"));
        assert!(!check(&remap("m.m:5000/v", "v.e"), "m.m:5000/v/a:1", "m.m:5000/v/a:1"));
        assert!(check(&remap("m.m:5000/v", "v.e"), "m.m:5000/vv/a:1", "m.m:5000/vv/a:1"));
        assert!(check(&remap("m.m:5000", "v.e"), "m.m:5000/a:1", "v.e/a:1"));
        assert!(check(&remap("m.m", "v.e"), "m.m:5000/a:1", "m.m:5000/a:1"));
        assert!(check(&remap("m.m/a", "v.e/b"), &format!("m.m/a@{SHA}"), "v.e/b:7"));
    }
}

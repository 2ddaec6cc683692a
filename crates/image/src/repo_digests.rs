//! `registry/repository@digest`: where else an image is.

/// By which it was pulled, and every name's repository with the manifest's digest, sorted.
pub fn repo_digests(image: &store::Image) -> Vec<String> {
    let own = |name: &String| Some(format!("{}@{}", name.rsplit_once(':')?.0, image.manifest));
    let mut all: Vec<_> = image.names.iter().filter_map(own).chain(image.repo_digests.iter().cloned()).collect();
    all.sort();
    all.dedup();
    all
}

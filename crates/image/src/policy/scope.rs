//! By which names a policy can speak of an image, containers-policy.json(5) "Supported transports and their scopes".

use oci::Reference;
use std::path::Path;

/// Of an image in a registry: itself, its repository, the namespaces around it, the host, `*.` domains around that.
pub(crate) fn of_reference(reference: &Reference) -> Vec<String> {
    let reference = reference.clone().with_default_tag();
    let name = reference.name();
    let mut scopes = vec![match (&reference.digest, &reference.tag) {
        (Some(digest), _) => format!("{name}@{digest}"),
        (None, tag) => format!("{name}:{}", tag.as_deref().unwrap_or("latest")),
    }];
    let mut parent = name.as_str();
    scopes.push(parent.to_owned());
    while let Some((above, _)) = parent.rsplit_once('/') {
        scopes.push(above.to_owned());
        parent = above;
    }
    let mut domain = parent.split(':').next().unwrap_or_default();
    while let Some((_, above)) = domain.split_once('.') {
        scopes.push(format!("*.{above}"));
        domain = above;
    }
    scopes
}

/// Of a folder or an archive: its path and the folders around it, but not the root.
pub(crate) fn of_path(absolute: &Path) -> Vec<String> {
    let around = absolute.ancestors().filter(|path| path.parent().is_some());
    around.map(|path| path.to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_have_namespaces_and_domains() {
        let of = |text: &str| of_reference(&text.parse().unwrap());
        assert_eq!(
            of("a.b.example:5000/c/d:1"),
            [
                "a.b.example:5000/c/d:1",
                "a.b.example:5000/c/d",
                "a.b.example:5000/c",
                "a.b.example:5000",
                "*.b.example",
                "*.example"
            ]
        );
        assert_eq!(
            of("docker.io/busybox"),
            ["docker.io/library/busybox:latest", "docker.io/library/busybox", "docker.io/library", "docker.io", "*.io"]
        );
        let sha = oci::Digest::sha256(b"");
        assert_eq!(of(&format!("localhost/a@{sha}"))[0], format!("localhost/a@{sha}"));
        assert_eq!(of("localhost/a").last().unwrap(), "localhost");
    }

    #[test]
    fn paths_have_folders_around_them() {
        assert_eq!(of_path(Path::new("/a/b/c.tar")), ["/a/b/c.tar", "/a/b", "/a"]);
    }
}

//! `transport:path[:reference]`, as in containers-transports(5).

use crate::Error;

/// How an image is reached if not by a name in a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Docker,
    DockerArchive,
    OciArchive,
    Oci,
    Dir,
}

/// The transport a name begins with, and the rest; `None` for plain names.
pub(crate) fn split(name: &str) -> Option<(Result<Transport, Error>, &str)> {
    let (word, rest) = name.split_once(':')?;
    let transport = match word {
        "docker" if rest.starts_with("//") => return Some((Ok(Transport::Docker), &rest[2..])),
        "docker-archive" => Transport::DockerArchive,
        "oci-archive" => Transport::OciArchive,
        // A short name with a tag, unless a path follows.
        "oci" | "dir" if !rest.starts_with(['/', '.', '~']) && !rest.contains('/') => return None,
        "oci" => Transport::Oci,
        "dir" => Transport::Dir,
        "containers-storage" | "docker-daemon" | "ostree" | "sif" | "tarball" => {
            return Some((Err(Error::Transport(word.to_owned())), rest));
        }
        _ => return None,
    };
    Some((Ok(transport), rest))
}

/// `path[:reference]`; the reference begins at the first colon behind the last slash of the path.
pub(crate) fn path_and_reference(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((path, reference)) if !reference.is_empty() => (path, Some(reference)),
        Some((path, _)) => (path, None),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports_are_told_from_names() {
        let word = |name: &str| split(name).map(|(transport, rest)| (transport.ok(), rest.to_owned()));
        assert_eq!(word("docker://a.b/c:1"), Some((Some(Transport::Docker), "a.b/c:1".into())));
        assert_eq!(word("docker:1"), None);
        assert_eq!(word("alpine:3"), None);
        assert_eq!(word("localhost:5000/a"), None);
        assert_eq!(word("oci:1"), None);
        assert_eq!(word("oci:/x:ref"), Some((Some(Transport::Oci), "/x:ref".into())));
        assert_eq!(word("oci-archive:x.tar"), Some((Some(Transport::OciArchive), "x.tar".into())));
        assert_eq!(word("docker-daemon:x"), Some((None, "x".into())));
        assert_eq!(path_and_reference("/a/b.tar:x.y/z:1"), ("/a/b.tar", Some("x.y/z:1")));
        assert_eq!(path_and_reference("/a/b.tar"), ("/a/b.tar", None));
    }
}

//! A context by its looks: a folder, a repository, something on the web, an image.

use super::Repository;
use std::path::PathBuf;

/// Where a context is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A folder of this machine.
    Folder(PathBuf),
    /// `-`: a tar, or a Containerfile.
    Stdin,
    /// A repository.
    Git(Box<Repository>),
    /// A tar, or a Containerfile.
    Web(String),
    /// An image: its name as `pull` takes it.
    Image(String),
}

impl Address {
    /// Reads the text of an argument or of `--build-context`.
    ///
    /// # Errors
    /// A repository's address that can't be one.
    pub fn parse(text: &str) -> Result<Address, String> {
        if text == "-" {
            return Ok(Address::Stdin);
        }
        let image = ["docker-image://", "container-image://", "docker://"];
        if let Some(name) = image.iter().find_map(|start| text.strip_prefix(start)) {
            return Ok(Address::Image(name.to_owned()));
        }
        if let Some(layout) = text.strip_prefix("oci-layout://") {
            return Ok(Address::Image(format!("oci:{layout}")));
        }
        if let Some(repository) = Repository::recognize(text)? {
            return Ok(Address::Git(Box::new(repository)));
        }
        let is_web = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme));
        match text.split_once("://") {
            Some(_) if is_web => Ok(Address::Web(text.to_owned())),
            Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') => Err(format!(
                "{scheme}:// is no kind of context (http, https, git, ssh, file for repositories, docker-image, oci-layout)"
            )),
            _ => Ok(Address::Folder(PathBuf::from(text))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_tell_the_kind() {
        let parse = |text| Address::parse(text).unwrap();
        assert_eq!(parse("-"), Address::Stdin);
        assert_eq!(parse("a/b"), Address::Folder("a/b".into()));
        assert_eq!(parse("http://h/x.tar.gz"), Address::Web("http://h/x.tar.gz".into()));
        assert!(matches!(parse("http://h/x.git#main"), Address::Git(_)));
        assert!(matches!(parse("git@h:x"), Address::Git(_)));
        assert_eq!(parse("oci-layout:///p:tag"), Address::Image("oci:/p:tag".into()));
        assert_eq!(parse("docker-image://alpine"), Address::Image("alpine".into()));
        assert!(Address::parse("ftp://h/x").is_err());
    }
}

//! Paths inside an image, as text: nothing is looked up.

/// `path` as seen from `folder`; absolute, without `.`, `..` and empty parts. A slash at its end stays.
pub fn join(folder: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let is_folder = path.ends_with('/') || path.ends_with("/.") || path == ".";
    let clean = format!("/{}", parts.join("/"));
    if is_folder && clean != "/" { clean + "/" } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        assert_eq!(join("/w", "a/../b/./c"), "/w/b/c");
        assert_eq!(join("/w", "../../.."), "/");
        assert_eq!(join("/w", "/x/"), "/x/");
        assert_eq!(join("", "a"), "/a");
        assert_eq!(join("/w", "."), "/w/");
    }
}

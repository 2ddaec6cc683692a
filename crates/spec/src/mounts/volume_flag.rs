//! `-v [source:]destination[:options]` and `--tmpfs destination[:options]`.

use super::{MountFlag, NamedVolume, OverlayVolume, options};
use crate::Invalid;
use oci::runtime::Mount;
use std::path::{Component, Path, PathBuf};

/// `-v`. A source that begins with `/` or `.` is a path (made absolute with `cwd`), else a volume's name.
pub fn parse_volume(text: &str, cwd: &Path) -> Result<MountFlag, Invalid> {
    let parts: Vec<&str> = text.split(':').collect();
    let (source, destination, words) = match parts[..] {
        [destination] => (None, destination, ""),
        [source, destination] => (Some(source), destination, ""),
        [source, destination, words] => (Some(source), destination, words),
        _ => {
            return Err(Invalid::new(format!(
                "{text}: incorrect volume format, should be [host-dir:]ctr-dir[:option]"
            )));
        }
    };
    let Some(source) = source else {
        let dest = clean_destination(destination)?;
        return Ok(MountFlag::Volume(NamedVolume { dest, is_anonymous: true, ..NamedVolume::default() }));
    };
    if source.is_empty() {
        return Err(Invalid::new("host directory cannot be empty"));
    }
    let words: Vec<String> = words.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    options::check(&words)?;
    build(source, clean_destination(destination)?, words, cwd)
}

fn build(source: &str, destination: String, options: Vec<String>, cwd: &Path) -> Result<MountFlag, Invalid> {
    let is_path = source.starts_with(['/', '.']);
    let path = || clean(&cwd.join(source)).to_string_lossy().into_owned();
    if options.iter().any(|word| word == "O") {
        return overlay(if is_path { path() } else { source.to_owned() }, destination, options);
    }
    if let Some(word) = options.iter().find(|word| word.starts_with("upperdir=") || word.starts_with("workdir=")) {
        return Err(Invalid::new(format!("unknown mount option {word:?}: invalid mount option")));
    }
    if is_path {
        let mount = Mount { destination, kind: Some("bind".into()), source: Some(path()), options, ..Mount::default() };
        return Ok(MountFlag::Mount(mount));
    }
    crate::identity::check_name(source).map_err(|e| Invalid::new(format!("creating named volume {source:?}: {e}")))?;
    Ok(MountFlag::Volume(NamedVolume { name: source.to_owned(), dest: destination, options, ..NamedVolume::default() }))
}

fn overlay(source: String, destination: String, options: Vec<String>) -> Result<MountFlag, Invalid> {
    let allowed = |word: &String| {
        matches!(word.as_str(), "O" | "U") || word.starts_with("upperdir=") || word.starts_with("workdir=")
    };
    if !options.iter().all(allowed) {
        return Err(Invalid::new("can't use 'O' with other options"));
    }
    let options = options.into_iter().filter(|word| word != "O").collect();
    Ok(MountFlag::Overlay(OverlayVolume { destination, source, options }))
}

/// `--tmpfs`.
pub fn parse_tmpfs(text: &str) -> Result<MountFlag, Invalid> {
    let (destination, words) = text.split_once(':').unwrap_or((text, ""));
    let destination = clean_destination(destination)?;
    let options: Vec<String> = words.split([',', ':']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    options.iter().try_for_each(|option| options::check_tmpfs(option))?;
    options::check_once(&options)?;
    Ok(MountFlag::Mount(Mount {
        destination,
        kind: Some("tmpfs".into()),
        source: Some("tmpfs".into()),
        options,
        ..Mount::default()
    }))
}

/// Absolute, without `.`, `..` and doubled slashes.
pub(crate) fn clean_destination(text: &str) -> Result<String, Invalid> {
    if text.is_empty() {
        return Err(Invalid::new("container directory cannot be empty"));
    }
    if !text.starts_with('/') {
        return Err(Invalid::new(format!("invalid container path {text:?}, must be an absolute path")));
    }
    match clean(Path::new(text)).to_string_lossy().into_owned() {
        root if root == "/" => Err(Invalid::new("nothing can be mounted on the container's \"/\"")),
        path => Ok(path),
    }
}

/// As Go's filepath.Clean for absolute paths.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::ParentDir => drop(clean.pop()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(text: &str) -> Result<MountFlag, String> {
        parse_volume(text, Path::new("/home/me")).map_err(|e| e.message)
    }

    fn bind(text: &str) -> (String, String, String) {
        match volume(text) {
            Ok(MountFlag::Mount(mount)) => (mount.source.unwrap(), mount.destination, mount.options.join(",")),
            other => panic!("{other:?}"),
        }
    }

    fn texts(a: &str, b: &str, c: &str) -> (String, String, String) {
        (a.into(), b.into(), c.into())
    }

    #[test]
    fn bind_forms() {
        assert_eq!(bind("/tmp:/x"), texts("/tmp", "/x", ""));
        assert_eq!(bind("./d:/x:ro,z"), texts("/home/me/d", "/x", "ro,z"));
        assert_eq!(bind("../d//e/:/x/../y/"), texts("/home/d/e", "/y", ""));
        assert!(volume("/tmp:/x/..").unwrap_err().contains("\"/\""));
    }

    #[test]
    fn volumes_by_name_and_without() {
        let named = |name: &str, dest: &str, options: &[&str], is_anonymous| {
            let options = options.iter().map(|option| option.to_string()).collect();
            Ok(MountFlag::Volume(NamedVolume {
                name: name.into(),
                dest: dest.into(),
                options,
                is_anonymous,
                sub_path: String::new(),
            }))
        };
        assert_eq!(volume("name:/x:ro,nocopy"), named("name", "/x", &["ro", "nocopy"], false));
        assert_eq!(volume("/x"), named("", "/x", &[], true));
        assert!(volume("a@b:/x").unwrap_err().contains("names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*"));
    }

    #[test]
    fn overlays() {
        assert!(matches!(volume("/tmp:/x:O"), Ok(MountFlag::Overlay(_))));
        assert!(matches!(volume("name:/x:U,O"), Ok(MountFlag::Overlay(_))));
        assert_eq!(volume("/tmp:/x:O,ro").unwrap_err(), "can't use 'O' with other options");
        assert_eq!(
            volume("/tmp:/x:upperdir=/a").unwrap_err(),
            "unknown mount option \"upperdir=/a\": invalid mount option"
        );
    }

    #[test]
    fn errors_are_podmans() {
        assert_eq!(volume("a:b").unwrap_err(), "invalid container path \"b\", must be an absolute path");
        assert_eq!(volume(":").unwrap_err(), "host directory cannot be empty");
        assert_eq!(volume("/tmp:").unwrap_err(), "container directory cannot be empty");
        assert_eq!(
            volume("/tmp:/x:ro:rw").unwrap_err(),
            "/tmp:/x:ro:rw: incorrect volume format, should be [host-dir:]ctr-dir[:option]"
        );
    }

    #[test]
    fn tmpfs_forms() {
        let options = |text| match parse_tmpfs(text) {
            Ok(MountFlag::Mount(mount)) => Ok(mount.options.join(",")),
            Ok(other) => panic!("{other:?}"),
            Err(e) => Err(e.message),
        };
        assert_eq!(options("/x"), Ok(String::new()));
        assert_eq!(options("/x:size=10m,mode=1777,ro,noexec"), Ok("size=10m,mode=1777,ro,noexec".into()));
        assert_eq!(options("/x:foo").unwrap_err(), "unknown mount option \"foo\": invalid mount option");
        assert_eq!(options("x").unwrap_err(), "invalid container path \"x\", must be an absolute path");
        assert_eq!(options("").unwrap_err(), "container directory cannot be empty");
    }
}

//! `--mount type=…,source=…,destination=…,…`.

use super::{
    Glob, ImageVolume, MountFlag, NamedVolume,
    artifact::{self, ArtifactFiles},
    csv, options,
    volume_flag::{clean, clean_destination},
};
use crate::Invalid;
use oci::runtime::Mount;
use std::path::Path;

/// The runtime's word for `no-dereference` (crun's).
const COPY_SYMLINK: &str = "copy-symlink";
const NO_FORMAT: &str = "incorrect mount format: should be --mount type=<bind|glob|tmpfs|volume>,\
     [src=<host-dir|volume-name>,]target=<ctr-dir>[,options]";
const IMAGE_INCOMPLETE: &str = "must set source and destination for image volume";

/// `--mount`. Without `type` it is a volume. A pattern (`type=glob`) may mean several.
pub fn parse_mount(text: &str, cwd: &Path, glob: &Glob<'_>) -> Result<Vec<MountFlag>, Invalid> {
    if text.is_empty() {
        return Err(Invalid::new(NO_FORMAT));
    }
    let fields = csv::fields(text)?;
    let mut kind = "volume";
    let mut parts = Parts::default();
    for field in &fields {
        match field.split_once('=') {
            Some(("type", value)) => kind = value,
            _ if field == "type" => return Err(invalid_option("type")),
            _ => {}
        }
    }
    for field in fields.iter().filter(|field| !field.starts_with("type=")) {
        parts.take(field, kind)?;
    }
    match kind {
        "glob" => parts.build_glob(cwd, glob),
        kind => Ok(vec![parts.build(kind, cwd)?]),
    }
}

fn invalid_option(word: &str) -> Invalid {
    Invalid::new(format!("{word}: invalid mount option"))
}

#[derive(Default)]
struct Parts {
    source: Option<String>,
    destination: Option<String>,
    options: Vec<String>,
    read_only: Option<bool>,
    sub_path: String,
    chown: bool,
    files: ArtifactFiles,
}

impl Parts {
    fn take(&mut self, field: &str, kind: &str) -> Result<(), Invalid> {
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (field, None),
        };
        if self.take_place(key, value, kind)? || self.take_shared(key, value, kind)? {
            return Ok(());
        }
        if matches!((key, kind), ("subpath" | "volume-subpath", "bind" | "glob" | "tmpfs" | "ramfs")) {
            return Err(Invalid::new(format!("cannot set option {key:?} on non-volume mounts")));
        }
        let taken = match kind {
            "bind" | "glob" => self.take_bind(key, value)?,
            "tmpfs" | "ramfs" => self.take_tmpfs(key, value)?,
            "volume" => self.take_volume(key, value)?,
            "image" => self.take_image(key, value)?,
            "artifact" => artifact::take(&mut self.files, key, value)?,
            "devpts" => self.take_devpts(key, value),
            _ => return Err(invalid_type(kind)),
        };
        if taken { Ok(()) } else { Err(invalid_option(key)) }
    }

    /// Source and destination.
    fn take_place(&mut self, key: &str, value: Option<&str>, kind: &str) -> Result<bool, Invalid> {
        let (place, empty) = match key {
            "src" | "source" if matches!(kind, "tmpfs" | "ramfs" | "devpts") => {
                return Err(Invalid::new(format!("{key:?} option not supported for {kind:?} mount types")));
            }
            "src" | "source" => (&mut self.source, "host directory cannot be empty"),
            "dst" | "dest" | "destination" | "target" => (&mut self.destination, "container directory cannot be empty"),
            _ => return Ok(false),
        };
        let needs = |what: &str| Invalid::new(format!("{what}: must provide an argument for option"));
        let value = value.ok_or_else(|| needs(key))?;
        if value.is_empty() {
            return Err(needs(empty));
        }
        if place.replace(value.to_owned()).is_some() {
            return Err(needs(&format!("cannot pass {key:?} option more than once")));
        }
        Ok(true)
    }

    /// What most types have.
    fn take_shared(&mut self, key: &str, value: Option<&str>, kind: &str) -> Result<bool, Invalid> {
        if matches!(kind, "devpts" | "image" | "artifact") {
            return Ok(false);
        }
        match (key, value) {
            ("ro" | "readonly" | "rw", value) => {
                let asked = flag(key, value)?;
                if self.read_only.replace(if key == "rw" { !asked } else { asked }).is_some() {
                    return Err(Invalid::new(
                        "cannot pass 'readonly', 'ro', or 'rw' mnt.Options more than once: must provide an argument for option",
                    ));
                }
            }
            ("U" | "chown", value) => self.chown = flag(key, value)?,
            ("nodev" | "dev" | "nosuid" | "suid" | "noexec" | "exec" | "noatime" | "relatime", None) => {
                self.options.push(key.to_owned());
            }
            ("nodev" | "nosuid" | "noexec", Some(value)) => {
                if flag(key, Some(value))? {
                    self.options.push(key.to_owned());
                }
            }
            ("consistency", Some(_)) => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_bind(&mut self, key: &str, value: Option<&str>) -> Result<bool, Invalid> {
        match (key, value) {
            ("bind-propagation", Some(value)) => self.push_propagation(value)?,
            ("bind-nonrecursive", value) => {
                self.options.push(if flag(key, value)? { "bind" } else { "rbind" }.into());
            }
            ("bind" | "rbind" | "rro", None) => self.options.push(key.to_owned()),
            ("no-dereference", value) => self.options.extend(flag(key, value)?.then(|| COPY_SYMLINK.to_owned())),
            ("relabel", value) => self.push_relabel(value)?,
            ("z" | "Z", None) => self.options.push(key.to_owned()),
            ("idmap", None) => self.options.push("idmap".into()),
            ("idmap", Some(value)) => self.options.push(format!("idmap={value}")),
            (word, None) if is_propagation(word) => self.options.push(word.to_owned()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_tmpfs(&mut self, key: &str, value: Option<&str>) -> Result<bool, Invalid> {
        match (key, value) {
            ("tmpfs-size" | "size", Some(value)) => self.push_checked(format!("size={value}"))?,
            ("tmpfs-mode" | "mode", Some(value)) => self.push_checked(format!("mode={value}"))?,
            ("tmpcopyup" | "notmpcopyup" | "noswap", None) => self.options.push(key.to_owned()),
            ("uid" | "gid", Some(value)) => self.push_checked(format!("{key}={value}"))?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_volume(&mut self, key: &str, value: Option<&str>) -> Result<bool, Invalid> {
        match (key, value) {
            ("volume-nocopy", value) => self.options.extend(flag(key, value)?.then(|| "nocopy".to_owned())),
            ("volume-label" | "volume-driver" | "volume-opt", _) => {
                return Err(Invalid::new(format!("the --{key} option is not presently implemented")));
            }
            ("subpath" | "volume-subpath", Some(value)) => self.sub_path = clean_sub_path(value),
            ("relabel", value) => self.push_relabel(value)?,
            ("z" | "Z", None) => self.options.push(key.to_owned()),
            ("idmap", None) => self.options.push("idmap".into()),
            ("idmap", Some(value)) => self.options.push(format!("idmap={value}")),
            (word, None) if is_propagation(word) => self.options.push(word.to_owned()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_image(&mut self, key: &str, value: Option<&str>) -> Result<bool, Invalid> {
        match (key, value) {
            ("rw" | "readwrite", value) => self.read_only = Some(!flag(key, value)?),
            ("subpath", Some(value)) if !value.starts_with('/') => {
                return Err(Invalid::new(format!("volume subpath {value:?} must be an absolute path")));
            }
            ("subpath", Some(value)) => self.sub_path = clean_sub_path(value),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_devpts(&mut self, key: &str, value: Option<&str>) -> bool {
        let number = |value: &str| value.parse::<u32>().is_ok();
        match (key, value) {
            ("uid" | "gid" | "max", Some(value)) if number(value) => self.options.push(format!("{key}={value}")),
            ("mode", Some(value)) if u32::from_str_radix(value, 8).is_ok() => {
                self.options.push(format!("mode={value}"))
            }
            _ => return false,
        }
        true
    }

    fn push_checked(&mut self, option: String) -> Result<(), Invalid> {
        options::check_tmpfs(&option)?;
        self.options.push(option);
        Ok(())
    }

    fn push_propagation(&mut self, word: &str) -> Result<(), Invalid> {
        if !is_propagation(word) {
            return Err(invalid_option(&format!("bind-propagation={word}")));
        }
        self.options.push(word.to_owned());
        Ok(())
    }

    fn push_relabel(&mut self, value: Option<&str>) -> Result<(), Invalid> {
        let word = match value {
            Some("shared") => "z",
            Some("private") => "Z",
            _ => return Err(Invalid::new("relabel mount option must be 'private' or 'shared': invalid mount option")),
        };
        self.options.push(word.into());
        Ok(())
    }

    fn build(mut self, kind: &str, cwd: &Path) -> Result<MountFlag, Invalid> {
        if kind == "artifact" {
            return artifact::build(self.source, self.destination, self.files).map(MountFlag::Artifact);
        }
        if !matches!(kind, "bind" | "tmpfs" | "ramfs" | "volume" | "image" | "devpts") {
            return Err(invalid_type(kind));
        }
        let destination = match self.destination.take() {
            Some(destination) => clean_destination(&destination)?,
            None if kind == "image" => return Err(Invalid::new(IMAGE_INCOMPLETE)),
            // podman: a bind without destination is mounted where it is on the host.
            None => return Err(Invalid::new("must set volume destination")),
        };
        self.finish_options(kind);
        match kind {
            "volume" => self.build_volume(destination),
            "image" => self.build_image(destination),
            "bind" => {
                let source = self.source.take().unwrap_or_else(|| destination.clone());
                let source = clean(&cwd.join(source)).to_string_lossy().into_owned();
                options::check(&self.options)?;
                Ok(self.mount("bind", source, destination))
            }
            kind => Ok(self.mount(kind, kind.to_owned(), destination)),
        }
    }

    fn finish_options(&mut self, kind: &str) {
        match (self.read_only, kind) {
            (_, "image") | (None, _) => {}
            (Some(true), _) => self.options.push("ro".into()),
            (Some(false), _) => self.options.push("rw".into()),
        }
        if self.chown {
            self.options.push("U".into());
        }
    }

    /// A bind mount of each file that matches: by its own name in the destination, or where it is on the host.
    fn build_glob(mut self, cwd: &Path, glob: &Glob<'_>) -> Result<Vec<MountFlag>, Invalid> {
        let pattern = self.source.take().unwrap_or_default();
        let none = || Invalid::new(format!("no file paths matching glob {pattern:?}"));
        let files = if pattern.is_empty() { Vec::new() } else { glob(&pattern)? };
        if files.is_empty() {
            return Err(none());
        }
        self.finish_options("glob");
        options::check(&self.options)?;
        let folder = self.destination.take();
        let bind = |file: String| {
            let source = clean(&cwd.join(&file)).to_string_lossy().into_owned();
            let name = Path::new(&file).file_name().unwrap_or_default();
            let place = folder.as_ref().map(|folder| Path::new(folder).join(name).to_string_lossy().into_owned());
            let destination = clean_destination(&place.unwrap_or_else(|| source.clone()))?;
            let kind = Some("bind".to_owned());
            let options = self.options.clone();
            Ok(MountFlag::Mount(Mount { destination, kind, source: Some(source), options, ..Mount::default() }))
        };
        files.into_iter().map(bind).collect()
    }

    fn mount(self, kind: &str, source: String, destination: String) -> MountFlag {
        MountFlag::Mount(Mount {
            destination,
            kind: Some(kind.to_owned()),
            source: Some(source),
            options: self.options,
            ..Mount::default()
        })
    }

    fn build_volume(self, dest: String) -> Result<MountFlag, Invalid> {
        options::check(&self.options)?;
        let name = self.source.unwrap_or_default();
        if !name.is_empty() {
            crate::identity::check_name(&name)
                .map_err(|e| Invalid::new(format!("creating named volume {name:?}: {e}")))?;
        }
        let is_anonymous = name.is_empty();
        Ok(MountFlag::Volume(NamedVolume { name, dest, options: self.options, is_anonymous, sub_path: self.sub_path }))
    }

    fn build_image(self, destination: String) -> Result<MountFlag, Invalid> {
        let source = self.source.ok_or_else(|| Invalid::new(IMAGE_INCOMPLETE))?;
        let read_write = self.read_only == Some(false);
        Ok(MountFlag::Image(ImageVolume { source, destination, read_write, sub_path: self.sub_path }))
    }
}

fn invalid_type(kind: &str) -> Invalid {
    Invalid::new(format!("invalid filesystem type {kind:?}"))
}

/// `ro`, `ro=true`. (podman takes any other text for false; a typing error should be told.)
fn flag(key: &str, value: Option<&str>) -> Result<bool, Invalid> {
    match value {
        None | Some("true" | "1" | "t" | "T" | "TRUE" | "True") => Ok(true),
        Some("false" | "0" | "f" | "F" | "FALSE" | "False") => Ok(false),
        Some(other) => Err(Invalid::new(format!("mount option {key:?} must be true or false, not {other:?}"))),
    }
}

fn is_propagation(word: &str) -> bool {
    matches!(word, "shared" | "rshared" | "private" | "rprivate" | "slave" | "rslave" | "unbindable" | "runbindable")
}

/// Relative to the volume, never above it.
fn clean_sub_path(text: &str) -> String {
    clean(Path::new(text)).to_string_lossy().trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(text: &str) -> Result<Vec<MountFlag>, String> {
        let glob = |pattern: &str| match pattern {
            "a*" | "./a*" => Ok(vec!["a1".to_owned(), "a2".to_owned()]),
            _ => Ok(Vec::new()),
        };
        parse_mount(text, Path::new("/cwd"), &glob).map_err(|e| e.message)
    }

    #[test]
    fn a_glob_is_a_bind_for_each_file() {
        let places = |text: &str| -> Vec<String> {
            mounts(text).unwrap().iter().map(|flag| flag.destination().to_owned()).collect()
        };
        assert_eq!(places("type=glob,src=a*,dst=/x"), ["/x/a1", "/x/a2"]);
        assert_eq!(places("type=glob,src=./a*"), ["/cwd/a1", "/cwd/a2"]);
        assert_eq!(mounts("type=glob,src=/z*,dst=/x").unwrap_err(), "no file paths matching glob \"/z*\"");
        assert_eq!(mounts("type=glob,dst=/x").unwrap_err(), "no file paths matching glob \"\"");
    }

    fn mount(text: &str) -> Result<String, String> {
        let mut flags = mounts(text)?;
        assert_eq!(flags.len(), 1);
        match flags.remove(0) {
            MountFlag::Mount(m) => {
                let (kind, source) = (m.kind.unwrap(), m.source.unwrap());
                Ok(format!("{kind} {source} {} {}", m.destination, m.options.join(",")))
            }
            MountFlag::Volume(v) => Ok(format!("volume {} {} {} {}", v.name, v.dest, v.options.join(","), v.sub_path)),
            MountFlag::Image(i) => Ok(format!("image {} {} rw={}", i.source, i.destination, i.read_write)),
            MountFlag::Overlay(o) => Ok(format!("overlay {} {}", o.source, o.destination)),
            MountFlag::Artifact(a) => Ok(format!("artifact {} {:?}", a.destination, a.files)),
        }
    }

    #[test]
    fn forms() {
        assert_eq!(mount("type=bind,src=/tmp,dst=/x").unwrap(), "bind /tmp /x ");
        assert_eq!(mount("type=bind,\"src=/a,b\",dst=/x").unwrap(), "bind /a,b /x ");
        assert_eq!(
            mount("type=bind,src=tmp,dst=/x,readonly=true,bind-propagation=rshared").unwrap(),
            "bind /cwd/tmp /x rshared,ro"
        );
        assert_eq!(mount("type=bind,src=/tmp,dst=/x,bind-nonrecursive").unwrap(), "bind /tmp /x bind");
        assert_eq!(mount("type=bind,src=/tmp,dst=/x,relabel=shared,U=true").unwrap(), "bind /tmp /x z,U");
        assert_eq!(mount("type=bind,dst=/x").unwrap(), "bind /x /x ");
        assert_eq!(
            mount("type=tmpfs,dst=/x,tmpfs-size=10m,tmpfs-mode=1777,notmpcopyup").unwrap(),
            "tmpfs tmpfs /x size=10m,mode=1777,notmpcopyup"
        );
        assert_eq!(mount("type=volume,src=v,dst=/x,ro,volume-nocopy,subpath=/a").unwrap(), "volume v /x nocopy,ro a");
        assert_eq!(mount("type=volume,dst=/x").unwrap(), "volume  /x  ");
        assert_eq!(mount("src=v,dst=/x").unwrap(), "volume v /x  ");
        assert_eq!(mount("type=image,src=bb,dst=/x,rw=true").unwrap(), "image bb /x rw=true");
        assert_eq!(mount("type=volume,src=v,dst=/x,subpath=../..").unwrap(), "volume v /x  ");
        assert_eq!(mount("type=bind,src=/l,dst=/x,no-dereference").unwrap(), "bind /l /x copy-symlink");
    }

    #[test]
    fn errors_are_podmans() {
        let errors = [
            ("type=bind,source=/tmp", "must set volume destination"),
            ("type=foo,dst=/x", "invalid filesystem type \"foo\""),
            ("type=", "invalid filesystem type \"\""),
            ("type", "type: invalid mount option"),
            ("type=tmpfs,src=/a,dst=/x", "\"src\" option not supported for \"tmpfs\" mount types"),
            ("type=bind,src=/tmp,dst=/x,foo=bar", "foo: invalid mount option"),
            ("type=bind,src=/tmp,dst=x", "invalid container path \"x\", must be an absolute path"),
            (
                "type=bind,src=/tmp,dst=/x,relabel=foo",
                "relabel mount option must be 'private' or 'shared': invalid mount option",
            ),
            ("type=volume,src=v,dst=/x,nocopy", "nocopy: invalid mount option"),
            ("type=bind,src=,dst=/x", "host directory cannot be empty: must provide an argument for option"),
            (
                "type=bind,src=/tmp,src=/a,dst=/x",
                "cannot pass \"src\" option more than once: must provide an argument for option",
            ),
            ("type=volume,src=v,dst=/x,volume-label=a", "the --volume-label option is not presently implemented"),
        ];
        for (text, message) in errors {
            assert_eq!(mount(text).unwrap_err(), message, "{text}");
        }
        assert!(mount("type=bind,src=/tmp,dst=/x,ro,rw").is_err());
        assert!(mount("type=bind,src=/tmp,dst=/x,ro=foo").is_err());
        assert_eq!(mount("type=artifact,src=b,dst=/x,ro").unwrap_err(), "ro: invalid mount option");
        assert_eq!(mount("type=image,src=b").unwrap_err(), IMAGE_INCOMPLETE);
        assert_eq!(mount("type=image,dst=/b").unwrap_err(), IMAGE_INCOMPLETE);
        assert_eq!(
            mount("type=image,src=b,dst=/x,subpath=a").unwrap_err(),
            "volume subpath \"a\" must be an absolute path"
        );
        let elsewhere = mount("type=bind,src=/a,dst=/x,volume-subpath=b").unwrap_err();
        assert_eq!(elsewhere, "cannot set option \"volume-subpath\" on non-volume mounts");
        assert!(mount("").unwrap_err().ends_with("[src=<host-dir|volume-name>,]target=<ctr-dir>[,options]"));
    }
}

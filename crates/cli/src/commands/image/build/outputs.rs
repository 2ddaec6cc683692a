//! `--output`, and what says the same: where the result goes beside the store. Buildah knows folders and tars, BuildKit the rest;
//! what neither knows is an error.

use crate::error::Failure;
use crate::syntax::matches::Matches;
use build::execute::{ImageOutput, Output, Place, To};
use image::{Algorithm, Format, Layers, Location};
use oci::reference::Name;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::path::PathBuf;

/// Everything that is to become of the result.
pub(super) struct Outputs {
    /// Full names that it gets in the store.
    pub(super) names: Vec<String>,
    /// What is written beside.
    pub(super) written: Vec<Output>,
    /// The store has it in the end.
    pub(super) is_stored: bool,
}

/// Reads `--output`, `--push`, `--load` and `--tag`. If standard output is one of the places, all that is told goes to standard
/// error from now on.
pub(super) fn read(matches: &Matches, several: bool) -> Result<Outputs, Failure> {
    let mut outputs = Outputs { names: Vec::new(), written: Vec::new(), is_stored: true };
    for tag in matches.list("tag") {
        outputs.tag(tag)?;
    }
    let mut texts = matches.list("output").to_vec();
    texts.extend(matches.bool("push").then(|| "type=registry".to_owned()));
    // The store has it anyway.
    texts.extend(matches.bool("load").then(|| "type=docker".to_owned()));
    let mut wishes = texts.iter().map(|text| Wish::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let only_steps = !wishes.is_empty() && wishes.iter().all(|wish| wish.kind == Kind::CacheOnly);
    outputs.is_stored = !only_steps || !outputs.names.is_empty() || matches.text("iidfile").is_some();
    let streams = wishes.iter().filter(|wish| wish.is_stream()).count();
    if streams > 1 {
        return Err(Failure::new("--output: only one can go to standard output"));
    }
    let mut stream = if streams == 1 { Some(take_standard_output()?) } else { None };
    // Names first: each output may have them.
    for wish in &mut wishes {
        wish.take_names(&mut outputs.names)?;
    }
    let compress = matches.maybe_bool("disable-compression") == Some(false);
    for wish in wishes {
        if several && wish.kind == Kind::Docker && wish.dest.is_some() {
            return Err(wish.wrong("Docker's archive has no place for several platforms: use type=oci"));
        }
        let written = wish.output(&outputs.names, &mut stream, compress)?;
        outputs.written.extend(written);
    }
    Ok(outputs)
}

impl Outputs {
    /// A name, or a place by containers-transports(5).
    fn tag(&mut self, tag: &str) -> Result<(), Failure> {
        match Location::unless_name(tag).transpose().map_err(|error| Failure::new(error.to_string()))? {
            None => self.names.push(engine::build::full_name(tag)?),
            Some(Location::Storage(name)) => self.names.push(engine::build::full_name(&name)?),
            Some(location) => {
                let to = To::Locations(vec![location]);
                self.written.push(Output::Image(Box::new(plain(to))));
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Local,
    Tar,
    Oci,
    Docker,
    /// Stored, and pushed if that is said.
    Image,
    Registry,
    CacheOnly,
}

/// One `--output`.
struct Wish {
    text: String,
    kind: Kind,
    dest: Option<String>,
    names: Vec<String>,
    fields: BTreeMap<String, String>,
}

impl Wish {
    fn parse(text: &str) -> Result<Wish, Failure> {
        let wrong = |why: &str| Failure::new(format!("--output {text}: {why}"));
        let fields = spec::mounts::csv::fields(text)?;
        let mut wish =
            Wish { text: text.to_owned(), kind: Kind::Local, dest: None, names: Vec::new(), fields: BTreeMap::new() };
        match &fields[..] {
            [only] if only.is_empty() => return Err(wrong("it names no place")),
            [only] if !only.contains('=') => {
                wish.dest = Some(only.clone());
                wish.kind = if only == "-" { Kind::Tar } else { Kind::Local };
                return Ok(wish);
            }
            _ => {}
        }
        let mut kind = None;
        for field in fields {
            let (key, value) = field.split_once('=').ok_or_else(|| wrong(&format!("\"{field}\" is no KEY=VALUE")))?;
            match key.to_ascii_lowercase().as_str() {
                "type" => kind = Some(kind_of(value).ok_or_else(|| wrong(&format!("invalid type \"{value}\"")))?),
                "dest" => wish.dest = Some(value.to_owned()).filter(|dest| !dest.is_empty()),
                "name" | "ref" => wish.names.extend(value.split(',').map(str::to_owned)),
                other => drop(wish.fields.insert(other.to_owned(), value.to_owned())),
            }
        }
        wish.kind = kind.unwrap_or(if wish.dest.as_deref() == Some("-") { Kind::Tar } else { Kind::Local });
        wish.check()?;
        Ok(wish)
    }

    fn wrong(&self, why: impl std::fmt::Display) -> Failure {
        Failure::new(format!("--output {}: {why}", self.text))
    }

    fn check(&self) -> Result<(), Failure> {
        let known: &[&str] = match self.kind {
            Kind::Local | Kind::Tar | Kind::CacheOnly => &[],
            Kind::Oci | Kind::Docker => &["tar", "compression", "compression-level", "oci-mediatypes"],
            Kind::Image => &["push", "compression", "compression-level", "oci-mediatypes", "registry.insecure"],
            Kind::Registry => &["compression", "compression-level", "oci-mediatypes", "registry.insecure"],
        };
        if let Some(key) = self.fields.keys().find(|key| key.starts_with("annotation")) {
            return Err(self.wrong(format!("{key}: give the image its annotations with --annotation")));
        }
        if let Some(key) = self.fields.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(self.wrong(format!("unrecognized key \"{key}\" for this type")));
        }
        for key in ["tar", "push", "oci-mediatypes", "registry.insecure"] {
            self.switch(key, true)?;
        }
        let dest = self.dest.as_deref();
        match (self.kind, dest) {
            (Kind::Local, None) => Err(self.wrong("dest= is missing")),
            (Kind::Local, Some("-")) => Err(self.wrong("a folder can't go to standard output: use type=tar")),
            (Kind::Local, Some(dest)) if is_root(dest) => {
                Err(self.wrong("that would overwrite this system: name a folder below /"))
            }
            (Kind::Image | Kind::Registry | Kind::CacheOnly, Some(_)) => Err(self.wrong("this type has no dest=")),
            (Kind::Local | Kind::Tar | Kind::CacheOnly, _) if !self.names.is_empty() => {
                Err(self.wrong("this type has no name=: name the image with --tag"))
            }
            (Kind::Oci | Kind::Docker, None | Some("-")) if !self.switch("tar", true)? => {
                Err(self.wrong("a folder needs a dest="))
            }
            (Kind::Docker, Some(_)) if !self.switch("tar", true)? => {
                Err(self.wrong("Docker's form is a tar only: use type=oci for a folder"))
            }
            _ => Ok(()),
        }
    }

    /// Whether it goes to standard output.
    fn is_stream(&self) -> bool {
        match (self.kind, self.dest.as_deref()) {
            (Kind::Tar | Kind::Oci, None) => true,
            (Kind::Tar | Kind::Oci | Kind::Docker, dest) => dest == Some("-"),
            _ => false,
        }
    }

    /// Names of the image in the store, which an archive's aren't.
    fn take_names(&mut self, names: &mut Vec<String>) -> Result<(), Failure> {
        self.names = self.names.iter().map(|name| engine::build::full_name(name)).collect::<Result<_, _>>()?;
        if self.kind == Kind::Image || (self.kind == Kind::Docker && self.dest.is_none()) {
            names.extend(self.names.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
        }
        Ok(())
    }

    fn output(self, names: &[String], stream: &mut Option<File>, compress: bool) -> Result<Option<Output>, Failure> {
        let is_stream = self.is_stream();
        let dest = PathBuf::from(self.dest.clone().unwrap_or_default());
        let mut place = || match stream.take().filter(|_| is_stream) {
            Some(file) => Place::Stream(file),
            None => Place::File(dest.clone()),
        };
        let own_names = if self.names.is_empty() { names.to_vec() } else { self.names.clone() };
        let to = match self.kind {
            Kind::CacheOnly => return Ok(None),
            Kind::Local => return Ok(Some(Output::Folder(dest))),
            Kind::Tar => return Ok(Some(Output::Tar(place()))),
            Kind::Docker if self.dest.is_none() => return Ok(None),
            Kind::Image if !self.switch("push", false)? => return Ok(None),
            Kind::Image | Kind::Registry => To::Locations(self.repositories(&own_names)?),
            Kind::Oci if !self.switch("tar", true)? => {
                let image = own_names.first().cloned().map(image::Pick::Name);
                To::Locations(vec![Location::Oci { path: dest, image }])
            }
            Kind::Oci | Kind::Docker => {
                To::Archive { docker: self.kind == Kind::Docker, place: place(), names: own_names }
            }
        };
        let compression = self.fields.get("compression").filter(|word| *word != "uncompressed");
        let compression = compression.map(|word| word.parse::<Algorithm>()).transpose();
        let level = self.fields.get("compression-level").map(|text| text.parse::<i32>()).transpose();
        let is_oci =
            self.fields.contains_key("oci-mediatypes").then(|| self.switch("oci-mediatypes", true)).transpose()?;
        Ok(Some(Output::Image(Box::new(ImageOutput {
            to,
            compression: compression.map_err(|error| self.wrong(error))?,
            layers: match self.fields.get("compression").map(String::as_str) {
                Some("uncompressed") => Some(Layers::Decompress),
                _ => compress.then_some(Layers::Compress),
            },
            level: level.map_err(|error| self.wrong(error))?,
            format: is_oci.map(|is_oci| if is_oci { Format::Oci } else { Format::Docker }),
            insecure: self.switch("registry.insecure", false)?,
        }))))
    }

    fn repositories(&self, names: &[String]) -> Result<Vec<Location>, Failure> {
        if names.is_empty() {
            return Err(self.wrong("a name is needed to push to: give --tag or name="));
        }
        let location = |name: &String| {
            let name: Name = name.parse().map_err(|error: oci::reference::InvalidReference| self.wrong(error))?;
            Ok(Location::Docker(name.in_registry("docker.io")))
        };
        names.iter().map(location).collect()
    }

    fn switch(&self, key: &str, usual: bool) -> Result<bool, Failure> {
        match self.fields.get(key).map(String::as_str) {
            None => Ok(usual),
            Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(other) => Err(self.wrong(format!("{key}={other}: it must be true or false"))),
        }
    }
}

fn kind_of(text: &str) -> Option<Kind> {
    Some(match text {
        "local" => Kind::Local,
        "tar" => Kind::Tar,
        "oci" => Kind::Oci,
        "docker" => Kind::Docker,
        "image" => Kind::Image,
        "registry" => Kind::Registry,
        "cacheonly" => Kind::CacheOnly,
        _ => return None,
    })
}

fn plain(to: To) -> ImageOutput {
    ImageOutput { to, compression: None, layers: None, level: None, format: None, insecure: false }
}

fn is_root(dest: &str) -> bool {
    std::fs::canonicalize(dest).is_ok_and(|path| path.parent().is_none())
}

/// Standard output; from now on it is the same as standard error.
fn take_standard_output() -> Result<File, Failure> {
    if std::io::stdout().is_terminal() {
        return Err(Failure::new("refusing to write a tar to a terminal: redirect standard output, or name a file"));
    }
    let failed = |error: std::io::Error| Failure::new(format!("standard output: {error}"));
    let taken = std::io::stdout().as_fd().try_clone_to_owned().map_err(failed)?;
    rustix::stdio::dup2_stdout(std::io::stderr()).map_err(|error| failed(error.into()))?;
    Ok(taken.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_places() {
        let parsed = |text: &str| Wish::parse(text).map(|wish| (wish.kind, wish.dest.clone(), wish.is_stream()));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parsed("out").unwrap(), (Kind::Local, some("out"), false));
        assert_eq!(parsed("-").unwrap(), (Kind::Tar, some("-"), true));
        assert_eq!(parsed("dest=-").unwrap(), (Kind::Tar, some("-"), true));
        assert_eq!(parsed("type=tar").unwrap(), (Kind::Tar, None, true));
        assert_eq!(parsed("type=docker").unwrap(), (Kind::Docker, None, false));
        assert_eq!(parsed("type=oci,\"dest=a,b\"").unwrap(), (Kind::Oci, some("a,b"), false));
        for (text, why) in [
            ("", "no place"),
            ("type=local", "dest="),
            ("type=local,dest=-", "type=tar"),
            ("type=local,dest=/", "this system"),
            ("type=local,dest=/../.", "this system"),
            ("type=nope,dest=x", "invalid type \"nope\""),
            ("type=local,dest=x,foo=bar", "unrecognized key \"foo\""),
            ("type=local,dest=x,name=y", "--tag"),
            ("type=registry,dest=x", "no dest="),
            ("type=oci,tar=false", "needs a dest="),
            ("type=image,annotation.a=b", "--annotation"),
            ("type=oci,dest=x,tar=perhaps", "true or false"),
        ] {
            let error = parsed(text).unwrap_err().message.unwrap_or_default();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}

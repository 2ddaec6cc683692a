//! Where a build's files are: the context, the Containerfile, what is left out.

use super::preprocess::preprocess;
use super::secrets;
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::matches::Matches;
use build::execute::Contexts;
use build::files::ignore::Ignore;
use build::remote::{self, Access, Address, Fetched, Held};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What was found.
pub(super) struct Input<'e> {
    /// The Containerfile's name for messages.
    pub(super) file: String,
    /// Its content.
    pub(super) text: String,
    /// Where files come from.
    pub(super) contexts: Contexts,
    /// What was fetched stays as long as this.
    _held: Vec<Held<'e>>,
}

/// The largest Containerfile and ignore file, in bytes.
const LONGEST: u64 = 16 << 20;

/// The context's folder.
enum Place {
    /// The caller's: its links may lead anywhere.
    Own(PathBuf),
    /// Filled by others.
    Fetched(PathBuf),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Place::Own(path) | Place::Fetched(path) => path,
        }
    }

    /// A file of it; `None`: it isn't there.
    fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        let own = self.path().join(name);
        match self {
            Place::Own(_) => own.is_file().then(|| text(&own)).transpose(),
            Place::Fetched(path) => {
                let bytes = remote::read_inside(path, name, LONGEST).map_err(super::failure)?;
                let wrong = |why| Failure::new(format!("read {name} of the build context: {why}"));
                bytes.map(|bytes| utf8(bytes).map_err(wrong)).transpose()
            }
        }
    }
}

pub(super) fn read<'e>(context: &'e Context, matches: &Matches) -> Result<Input<'e>, Failure> {
    let argument = matches.arguments.first().map(String::as_str);
    let files = matches.list("file");
    let address = match (argument, files) {
        (Some(text), _) => Address::parse(text).map_err(|why| Failure::new(format!("context {why}")))?,
        (None, [file, ..]) if file != "-" && !is_web(file) => Address::Folder(parent(file)),
        (None, _) => Address::Folder(PathBuf::from(".")),
    };
    if address == Address::Stdin && files.iter().any(|file| file == "-") {
        return Err(Failure::new("standard input can't be both the context and the Containerfile"));
    }
    let mut held = Vec::new();
    let mut contexts = Contexts::default();
    let (place, alone) = match fetch(context, matches, &address)? {
        Some(Fetched::Folder { path, held: holds }) => {
            held.push(holds);
            (Some(Place::Fetched(path)), None)
        }
        Some(Fetched::Text(stream)) => (None, Some(alone(&address, stream, files)?)),
        None => (Some(own(&address)?), None),
    };
    let (file, text) = match (&place, alone) {
        (_, Some(alone)) => alone,
        (Some(place), None) => preprocessed(place, containerfile(place, files)?, matches)?,
        (None, None) => return Err(Failure::new("there is no context")),
    };
    if let Some(place) = &place {
        contexts.main = Some(absolute(place.path())?);
        contexts.ignore = ignore(place, &file, matches.text("ignorefile"))?;
    }
    for text in matches.list("build-context") {
        held.extend(add_context(context, matches, &mut contexts, text)?);
    }
    Ok(Input { file, text, contexts, _held: held })
}

fn fetch<'e>(context: &'e Context, matches: &Matches, address: &Address) -> Result<Option<Fetched<'e>>, Failure> {
    if matches!(address, Address::Folder(_) | Address::Image(_)) {
        return Ok(None);
    }
    let access = match address {
        Address::Git(repository) => secrets::access(matches, repository)?,
        _ => Access::default(),
    };
    remote::fetch(context.engine()?, address, &access).map_err(super::failure)
}

fn own(address: &Address) -> Result<Place, Failure> {
    let folder = match address {
        Address::Folder(folder) => folder.clone(),
        Address::Image(name) => {
            return Err(Failure::new(format!("context {name}: an image is no context (use it as --build-context)")));
        }
        _ => PathBuf::from("."),
    };
    match folder.is_dir() {
        true => Ok(Place::Own(folder)),
        false => Err(Failure::new(format!("context must be a directory: {}", folder.display()))),
    }
}

/// A Containerfile without a context; `-f` has nothing to find its files in.
fn alone(address: &Address, stream: impl Read, files: &[String]) -> Result<(String, String), Failure> {
    let name = match address {
        Address::Web(url) => url.as_str(),
        _ => "-",
    };
    let text = whole(stream).map_err(|why| Failure::new(format!("read the Containerfile from {name}: {why}")))?;
    match files {
        [] => Ok((name.to_owned(), text)),
        _ => Err(Failure::new(format!("the context {name} is no tar: --file has no files to be found in"))),
    }
}

fn is_web(text: &str) -> bool {
    ["http://", "https://"].iter().any(|start| text.starts_with(start))
}

fn parent(file: &str) -> PathBuf {
    match Path::new(file).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn absolute(folder: &Path) -> Result<PathBuf, Failure> {
    folder.canonicalize().map_err(|error| Failure::new(format!("open context {}: {error}", folder.display())))
}

/// The files named, one after the other; else the usual one.
fn containerfile(place: &Place, files: &[String]) -> Result<(String, String), Failure> {
    let shown = |name: &str| match place {
        Place::Own(folder) => folder.join(name).display().to_string(),
        Place::Fetched(_) => name.to_owned(),
    };
    if files.is_empty() {
        for name in ["Containerfile", "Dockerfile"] {
            if let Some(text) = place.text(name)? {
                return Ok((shown(name), text));
            }
        }
        return Err(Failure::new(format!(
            "no Containerfile or Dockerfile specified or found in context directory, {}: no such file or directory",
            place.path().display()
        )));
    }
    let mut all = String::new();
    for file in files {
        all += &named(place, file)?;
        if !all.ends_with('\n') {
            all.push('\n');
        }
    }
    Ok((files[0].clone(), all))
}

/// A name that ends with `.in` is one for cpp. What others wrote isn't: it could include any file of this machine.
fn preprocessed(place: &Place, (file, text): (String, String), matches: &Matches) -> Result<(String, String), Failure> {
    let flags = matches.list("cpp-flag");
    match (place, file.ends_with(".in")) {
        (_, false) if flags.is_empty() => Ok((file, text)),
        (_, false) => {
            Err(Failure::new(format!("--cpp-flag: {file} isn't preprocessed: its name doesn't end with .in")))
        }
        (Place::Fetched(_), true) => {
            let why = "it was fetched, and could include any file of this machine";
            Err(Failure::new(format!("{file} isn't preprocessed: {why}")))
        }
        (Place::Own(folder), true) => {
            let text = preprocess(&file, &text, folder, flags)?;
            Ok((file, text))
        }
    }
}

/// One of `--file`.
fn named(place: &Place, file: &str) -> Result<String, Failure> {
    let failed = |why: String| Failure::new(format!("read the Containerfile from {file}: {why}"));
    match (file, place) {
        ("-", _) => whole(std::io::stdin()).map_err(failed),
        (url, _) if is_web(url) => whole(remote::open(url).map_err(super::failure)?).map_err(failed),
        (file, Place::Fetched(_)) => {
            place.text(file)?.ok_or_else(|| Failure::new(format!("the build context has no file {file}")))
        }
        (file, Place::Own(folder)) => {
            // Beside the caller first, as the name was typed, else in the context.
            text(Path::new(file)).or_else(|failure| {
                let inside = folder.join(file);
                if !Path::new(file).exists() && inside.is_file() { text(&inside) } else { Err(failure) }
            })
        }
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    let wrong = |why: String| Failure::new(format!("read {}: {why}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    whole(file).map_err(wrong)
}

fn whole(source: impl Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    source.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    utf8(bytes)
}

fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() as u64 > LONGEST {
        return Err(format!("it has more than {LONGEST} bytes"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line =
            1 + error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        format!("line {line} is not UTF-8")
    })
}

/// The file named, one beside the Containerfile that is called like it, or the context's.
fn ignore(place: &Place, file: &str, named: Option<&str>) -> Result<Ignore, Failure> {
    let parse = |name: &str, text: &str| Ignore::parse(text).map_err(|error| Failure::new(format!("{name}: {error}")));
    if let Some(named) = named {
        return parse(named, &text(Path::new(named))?);
    }
    let own = [format!("{file}.containerignore"), format!("{file}.dockerignore")];
    for name in &own {
        let found = match place {
            Place::Own(_) => Path::new(name).is_file().then(|| text(Path::new(name))).transpose()?,
            Place::Fetched(_) => place.text(name)?,
        };
        if let Some(text) = found {
            return parse(name, &text);
        }
    }
    for name in [".containerignore", ".dockerignore"] {
        if let Some(text) = place.text(name)? {
            return parse(name, &text);
        }
    }
    Ok(Ignore::default())
}

/// `NAME=FOLDER`, `NAME=docker-image://IMAGE`, `NAME=https://…`
fn add_context<'e>(
    context: &'e Context,
    matches: &Matches,
    contexts: &mut Contexts,
    text: &str,
) -> Result<Option<Held<'e>>, Failure> {
    let wrong = |why: &str| Failure::new(format!("--build-context {text}: {why}"));
    let (name, value) =
        text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| wrong("it must be NAME=VALUE"))?;
    let name = name.to_lowercase();
    let address = Address::parse(value).map_err(|why| wrong(&why))?;
    if address == Address::Stdin {
        return Err(wrong("standard input can be the main context only"));
    }
    let (folder, held) = match fetch(context, matches, &address)? {
        Some(Fetched::Folder { path, held }) => (path, Some(held)),
        Some(Fetched::Text(_)) => return Err(wrong("it is no tar")),
        None => match address {
            Address::Image(image) => {
                contexts.images.insert(name, image);
                return Ok(None);
            }
            Address::Folder(folder) if folder.is_dir() => (absolute(&folder)?, None),
            _ => return Err(wrong("it is no directory")),
        },
    };
    contexts.folders.insert(name, folder);
    Ok(held)
}

//! Where a build's files are: the context, the Containerfile, what is left out.

use crate::error::Failure;
use crate::syntax::matches::Matches;
use build::execute::Contexts;
use build::files::ignore::Ignore;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What was found.
pub(super) struct Input {
    /// The Containerfile's name for messages.
    pub(super) file: String,
    /// Its content.
    pub(super) text: String,
    /// Where files come from.
    pub(super) contexts: Contexts,
}

/// The largest Containerfile and ignore file, in bytes.
const LONGEST: u64 = 16 << 20;

pub(super) fn read(matches: &Matches) -> Result<Input, Failure> {
    let context = matches.arguments.first().map(String::as_str);
    if let Some(remote) = context.filter(|text| is_remote(text)) {
        let message = format!("context {remote}: URLs and git repositories as contexts are not supported yet");
        return Err(Failure::new(message).hint("Fetch it into a folder, and build that."));
    }
    let mut contexts = Contexts::default();
    let files = matches.list("file");
    let (file, text) = match (context, files) {
        // Only a Containerfile, without any files.
        (Some("-"), []) => ("-".to_owned(), stdin()?),
        (Some("-"), _) => {
            return Err(Failure::new("standard input can't be the context beside --file (not supported yet)"));
        }
        (context, files) => {
            let folder = match (context, files) {
                (Some(folder), _) => PathBuf::from(folder),
                (None, [file, ..]) if file != "-" => parent(file),
                (None, _) => PathBuf::from("."),
            };
            if !folder.is_dir() {
                return Err(Failure::new(format!("context must be a directory: {}", folder.display())));
            }
            let found = containerfile(&folder, files)?;
            contexts.main = Some(absolute(&folder)?);
            found
        }
    };
    if let Some(folder) = &contexts.main {
        contexts.ignore = ignore(folder, &file, matches.text("ignorefile"))?;
    }
    for text in matches.list("build-context") {
        add_context(&mut contexts, text)?;
    }
    Ok(Input { file, text, contexts })
}

fn is_remote(text: &str) -> bool {
    ["http://", "https://", "git://", "git@", "ssh://", "github.com/"].iter().any(|start| text.starts_with(start))
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
fn containerfile(folder: &Path, files: &[String]) -> Result<(String, String), Failure> {
    if files.is_empty() {
        let found = ["Containerfile", "Dockerfile"].iter().map(|name| folder.join(name)).find(|path| path.is_file());
        let missing = || {
            Failure::new(format!(
                "no Containerfile or Dockerfile specified or found in context directory, {}: no such file or directory",
                folder.display()
            ))
        };
        let path = found.ok_or_else(missing)?;
        return Ok((path.display().to_string(), text(&path)?));
    }
    let mut all = String::new();
    for file in files {
        all += &match file.as_str() {
            "-" => stdin()?,
            file => {
                // Beside the caller first, as the name was typed, else in the context.
                let here = PathBuf::from(file);
                text(if here.exists() { &here } else { Path::new(file) }).or_else(|failure| {
                    let inside = folder.join(file);
                    if inside.is_file() { text(&inside) } else { Err(failure) }
                })?
            }
        };
        if !all.ends_with('\n') {
            all.push('\n');
        }
    }
    Ok((files[0].clone(), all))
}

fn text(path: &Path) -> Result<String, Failure> {
    let wrong = |why: String| Failure::new(format!("read {}: {why}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    whole(file).map_err(wrong)
}

fn stdin() -> Result<String, Failure> {
    whole(std::io::stdin()).map_err(|why| Failure::new(format!("read the Containerfile from standard input: {why}")))
}

fn whole(source: impl Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    source.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
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
fn ignore(folder: &Path, file: &str, named: Option<&str>) -> Result<Ignore, Failure> {
    let beside = |suffix: &str| PathBuf::from(format!("{file}{suffix}"));
    let usual = [
        beside(".containerignore"),
        beside(".dockerignore"),
        folder.join(".containerignore"),
        folder.join(".dockerignore"),
    ];
    let path = match named {
        Some(named) => Some(PathBuf::from(named)),
        None => usual.into_iter().find(|path| path.is_file()),
    };
    let Some(path) = path else { return Ok(Ignore::default()) };
    Ignore::parse(&text(&path)?).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// `NAME=FOLDER`, `NAME=docker-image://IMAGE`
fn add_context(contexts: &mut Contexts, text: &str) -> Result<(), Failure> {
    let wrong = |why: &str| Failure::new(format!("--build-context {text}: {why}"));
    let (name, value) =
        text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| wrong("it must be NAME=VALUE"))?;
    let name = name.to_lowercase();
    let image =
        ["docker-image://", "container-image://", "docker://"].iter().find_map(|start| value.strip_prefix(start));
    if let Some(image) = image {
        contexts.images.insert(name, image.to_owned());
        return Ok(());
    }
    if is_remote(value) || value.contains("://") {
        return Err(wrong("URLs are not supported yet"));
    }
    let folder = PathBuf::from(value);
    if !folder.is_dir() {
        return Err(wrong("it is no directory"));
    }
    contexts.folders.insert(name, absolute(&folder)?);
    Ok(())
}

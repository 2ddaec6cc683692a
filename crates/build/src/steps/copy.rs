//! `COPY` and `ADD`: what goes where.

use super::mode::ModeChange;
use super::{Stage, path};
use crate::language::instruction;
use crate::language::{Fault, Located, expand};
use crate::plan::Origin;
use crate::remote::{Repository, is_commit};
use oci::Digest;

/// Files to be copied.
#[derive(Debug, Clone, PartialEq)]
pub struct Copy {
    /// It is ADD.
    pub is_add: bool,
    /// Where paths are looked for.
    pub from: Origin,
    /// Never empty.
    pub sources: Vec<Source>,
    /// Absolute; with a slash at its end it is a folder.
    pub destination: String,
    /// `user[:group]`; else root.
    pub owner: Option<String>,
    /// Else the sources' own.
    pub mode: Option<ModeChange>,
    /// The layer doesn't depend on those below.
    pub link: bool,
    /// The sources' folders are kept.
    pub parents: bool,
    /// Patterns.
    pub exclude: Vec<String>,
    /// Of what is fetched: a digest, or a commit's hash.
    pub checksum: Option<String>,
    /// `.git` stays; else the address says that.
    pub keep_git: Option<bool>,
    /// Whether archives are unpacked; else local ones only.
    pub unpack: Option<bool>,
}

/// Where files come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A path or pattern.
    Path(String),
    /// Fetched.
    Url(String),
    /// A repository.
    Git(Box<Repository>),
    /// Stands in the Containerfile.
    Text {
        /// The file's.
        name: String,
        /// Variables replaced.
        content: String,
    },
}

impl Stage<'_> {
    pub(super) fn copy(&self, located: &Located, written: &instruction::Copy) -> Result<Copy, Fault> {
        // A variable without a value says nothing.
        let maybe = |text: &Option<String>| match text {
            Some(text) => self.word(located, text).map(|word| Some(word).filter(|word| !word.is_empty())),
            None => Ok(None),
        };
        let from = written.from.as_deref().map_or(Ok(Origin::Context), |from| self.origin(located, from))?;
        let mut copy = Copy {
            is_add: written.is_add,
            from,
            sources: self.sources(located, written)?,
            destination: self.destination(located, &written.destination)?,
            owner: maybe(&written.owner)?,
            mode: maybe(&written.mode)?.map(|text| self.mode(located, &text)).transpose()?,
            link: written.link,
            parents: written.parents,
            exclude: written.exclude.iter().map(|text| self.word(located, text)).collect::<Result<_, _>>()?,
            checksum: maybe(&written.checksum)?,
            keep_git: written.keep_git,
            unpack: written.unpack,
        };
        check_content(located, &mut copy)?;
        check(located, &copy)?;
        Ok(copy)
    }

    fn sources(&self, located: &Located, written: &instruction::Copy) -> Result<Vec<Source>, Fault> {
        let mut sources = Vec::new();
        for text in &written.sources {
            let word = self.word(located, text)?;
            if word.is_empty() {
                let keyword = if written.is_add { "ADD" } else { "COPY" };
                return Err(Fault::new(located.place, format!("a source of {keyword} is empty")).word(text));
            }
            sources.push(match written.is_add {
                true => remote(word).map_err(|why| Fault::new(located.place, why).word(text))?,
                false => Source::Path(word),
            });
        }
        for heredoc in &written.heredocs {
            let content = match heredoc.expands {
                false => heredoc.content.clone(),
                true => expand::text(&heredoc.content, &mut |name| self.variable(name))
                    .map_err(|error| Fault::new(located.place, error.to_string()).word(&heredoc.word))?,
            };
            sources.push(Source::Text { name: heredoc.name.clone(), content });
        }
        Ok(sources)
    }

    fn destination(&self, located: &Located, text: &str) -> Result<String, Fault> {
        let word = self.word(located, text)?;
        if word.is_empty() {
            return Err(Fault::new(located.place, "the destination is empty").word(text));
        }
        Ok(path::join(self.workdir(), &word))
    }

    fn mode(&self, located: &Located, text: &str) -> Result<ModeChange, Fault> {
        text.parse().map_err(|why: String| Fault::new(located.place, why).word(text))
    }
}

/// What ADD fetches, by its looks. The caller's own repositories are no affair of a Containerfile.
pub(crate) fn remote(text: String) -> Result<Source, String> {
    if let Some(repository) = Repository::recognize(&text)?.filter(|found| !found.url.starts_with("file://")) {
        return Ok(Source::Git(Box::new(repository)));
    }
    let is_web = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme));
    Ok(if is_web { Source::Url(text) } else { Source::Path(text) })
}

/// It fits what is fetched; that of a repository is known to it.
fn check_content(located: &Located, copy: &mut Copy) -> Result<(), Fault> {
    let Some(checksum) = &copy.checksum else { return Ok(()) };
    let fault = |why: String| Fault::new(located.place, why).word(checksum);
    match &mut copy.sources[..] {
        [Source::Url(_)] => checksum.parse::<Digest>().map(drop).map_err(|error| fault(error.to_string())),
        [Source::Git(repository)] => {
            is_commit(checksum).map_err(fault)?;
            repository.checksum = Some(checksum.clone());
            Ok(())
        }
        _ => Err(fault("--checksum is for one URL or git repository".to_owned())),
    }
}

fn check(located: &Located, copy: &Copy) -> Result<(), Fault> {
    let fault = |message: &str| Err(Fault::new(located.place, message));
    if copy.keep_git.is_some() && !copy.sources.iter().any(|source| matches!(source, Source::Git(_))) {
        return fault("--keep-git-dir is for git repositories");
    }
    if copy.sources.len() > 1 && !copy.destination.ends_with('/') {
        let message = "with more than one source, the destination must be a directory and end with a /";
        return fault(message);
    }
    Ok(())
}

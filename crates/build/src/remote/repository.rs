//! The address of a git repository: `https://host/x.git#ref:folder`, `git@host:x`, or with a query
//! (Dockerfile reference, "ADD"; docker build, "Git repositories").

/// A repository, and what of it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// As git takes it, without fragment and query of ours.
    pub url: String,
    /// A branch, a tag, a commit; else what the server's HEAD is.
    pub reference: Option<String>,
    /// A folder in it.
    pub folder: Option<String>,
    /// The commit that it must be: 7 to 64 hex digits.
    pub checksum: Option<String>,
    /// `.git` stays.
    pub keep_git: bool,
    /// Those of the repository are fetched, too.
    pub submodules: bool,
}

/// The longest address, in bytes.
const LONGEST: usize = 8 << 10;

impl Repository {
    /// `None`: it doesn't look like one.
    ///
    /// # Errors
    /// It does, and can't be one.
    pub fn recognize(text: &str) -> Result<Option<Repository>, String> {
        let plain = text.split(['#', '?']).next().unwrap_or_default();
        let begins = |starts: &[&str]| starts.iter().any(|start| plain.starts_with(start));
        let is_git = begins(&["git://", "ssh://"]) || is_scp(plain) || begins(&["github.com/"]);
        let by_name = begins(&["http://", "https://", "file://"]) && plain.ends_with(".git");
        if is_git || by_name { Repository::parse(text).map(Some) } else { Ok(None) }
    }

    fn parse(text: &str) -> Result<Repository, String> {
        let shown: String = text.chars().take(200).filter(|c| !c.is_control()).collect();
        let wrong = |why: &str| format!("{shown}: {why}");
        if text.len() > LONGEST || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(wrong("an address of a repository has no blanks, and not more than 8 kB"));
        }
        let (front, fragment) = text.split_once('#').map_or((text, None), |(url, rest)| (url, Some(rest)));
        // What follows a question mark is the server's in the form `host:path`.
        let (url, query) = match front.split_once('?') {
            Some((url, query)) if !is_scp(url) => (url, Some(query)),
            _ => (front, None),
        };
        let url = if url.starts_with("github.com/") { format!("https://{url}") } else { url.to_owned() };
        let mut found =
            Repository { url, reference: None, folder: None, checksum: None, keep_git: false, submodules: true };
        if let Some(fragment) = fragment {
            let (reference, folder) = fragment.split_once(':').unwrap_or((fragment, ""));
            found.reference = given(reference);
            found.folder = given(folder);
        }
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            found.option(pair).map_err(|why| wrong(&why))?;
        }
        found.check().map_err(|why| wrong(&why))?;
        Ok(found)
    }

    fn option(&mut self, pair: &str) -> Result<(), String> {
        let (key, value) = pair.split_once('=').map_or((pair, None), |(key, value)| (key, Some(value)));
        let text = || decoded(value.unwrap_or_default());
        let switch = || match value {
            None | Some("" | "1" | "true") => Ok(true),
            Some("0" | "false") => Ok(false),
            Some(other) => Err(format!("{key} is true or false, not {other}")),
        };
        let once = |place: &mut Option<String>, value: String| match place {
            Some(before) if *before != value => Err(format!("{key} contradicts what else the address says")),
            _ => {
                *place = given(&value);
                Ok(())
            }
        };
        match key {
            "ref" => once(&mut self.reference, text()?),
            "branch" => once(&mut self.reference, format!("refs/heads/{}", text()?)),
            "tag" => once(&mut self.reference, format!("refs/tags/{}", text()?)),
            "subdir" => once(&mut self.folder, text()?),
            "commit" | "checksum" => once(&mut self.checksum, text()?),
            "keep-git-dir" => switch().map(|keep| self.keep_git = keep),
            "submodules" => switch().map(|submodules| self.submodules = submodules),
            _ => Err(format!(
                "unexpected query key \"{key}\" (ref, branch, tag, subdir, checksum, keep-git-dir, submodules)"
            )),
        }
    }

    /// Nothing that git takes for an option, or for more than one name.
    fn check(&self) -> Result<(), String> {
        if let Some(reference) = &self.reference {
            is_reference(reference)?;
        }
        if let Some(checksum) = &self.checksum {
            is_commit(checksum)?;
        }
        let host = match self.url.split_once("://") {
            Some((_, rest)) => rest.split('/').next().unwrap_or_default(),
            None => self.url.split(':').next().unwrap_or_default(),
        };
        let name = host.rsplit('@').next().unwrap_or_default();
        let is_file = self.url.starts_with("file://");
        match () {
            () if self.url.starts_with('-') || host.starts_with('-') || name.starts_with('-') => {
                Err("a host's name doesn't begin with -".to_owned())
            }
            () if name.is_empty() && !is_file => Err("it names no host".to_owned()),
            () => Ok(()),
        }
    }

    /// Of an http(s) server: `host[:port]`.
    pub fn host(&self) -> Option<&str> {
        let (scheme, rest) = self.url.split_once("://")?;
        rest.split('/').next()?.rsplit('@').next().filter(|_| scheme.starts_with("http"))
    }

    /// The address of that server.
    pub fn server(&self) -> Option<String> {
        Some(format!("{}://{}/", self.url.split_once("://")?.0, self.host()?))
    }

    /// For messages and files that stay: nobody's password.
    pub fn shown(&self) -> String {
        match self.url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('/')?))) {
            Some((scheme, (host, path))) if scheme.starts_with("http") => {
                format!("{scheme}://{}/{path}", host.rsplit('@').next().unwrap_or_default())
            }
            _ => self.url.clone(),
        }
    }
}

/// 7 to 64 hex digits.
pub(crate) fn is_commit(text: &str) -> Result<(), String> {
    match (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(()),
        false => Err("a commit is 7 to 64 hex digits".to_owned()),
    }
}

/// git's rules for names of references (git-check-ref-format).
fn is_reference(text: &str) -> Result<(), String> {
    let wrong = text.starts_with(['-', '/', '+', '.'])
        || text.ends_with(['/', '.'])
        || [".lock", "..", "@{", "//"].iter().any(|part| text.contains(part))
        || text.contains([' ', '~', '^', ':', '?', '*', '[', '\\']);
    if wrong { Err("what follows # is no name of a branch, tag or commit".to_owned()) } else { Ok(()) }
}

/// `user@host:path`
fn is_scp(text: &str) -> bool {
    let Some((user, rest)) = text.split_once('@') else { return false };
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
    };
    is_word(user) && rest.split_once(':').is_some_and(|(host, path)| is_word(host) && !path.is_empty())
}

fn given(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// `%2F` and its like.
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| "its query is not UTF-8".to_owned())?;
    if text.contains(char::is_control) { Err("its query has control characters".to_owned()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(text: &str) -> Repository {
        Repository::recognize(text).unwrap().unwrap_or_else(|| panic!("{text} is none"))
    }

    #[test]
    fn both_forms_say_the_same() {
        let short = repository("https://h/x.git#v1:a/b");
        assert_eq!(
            (short.url.as_str(), short.reference.as_deref(), short.folder.as_deref()),
            ("https://h/x.git", Some("v1"), Some("a/b"))
        );
        assert_eq!(repository("https://h/x.git?ref=v1&subdir=a%2Fb"), short);
        let long = repository("https://h/x.git?branch=b&keep-git-dir=1&submodules=false&checksum=0123abc");
        assert_eq!((long.reference.as_deref(), long.keep_git, long.submodules), (Some("refs/heads/b"), true, false));
        assert_eq!(long.checksum.as_deref(), Some("0123abc"));
        assert_eq!(repository("github.com/a/b").url, "https://github.com/a/b");
        assert_eq!(repository("git@h:a/b.git#x").url, "git@h:a/b.git");
        assert_eq!(repository("ssh://u@h:22/x").url, "ssh://u@h:22/x");
        assert_eq!(repository("https://me:secret@h/x.git").shown(), "https://h/x.git");
    }

    #[test]
    fn other_things_are_none() {
        for text in ["https://h/x.tar", "a.git", "./git@h:x/y z", "http://h/a#x.git", "user@", "file:///etc"] {
            assert_eq!(Repository::recognize(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn options_are_not_smuggled_in() {
        for text in [
            "https://h/x.git#--upload-pack=touch",
            "https://h/x.git#-a",
            "https://h/x.git?ref=--upload-pack%3Da",
            "https://h/x.git?ref=a%0Ab",
            "https://h/x.git#a b",
            "https://h/x.git#+a",
            "https://h/x.git#a..b",
            "ssh://-oProxyCommand=x/y",
            "ssh://a@-oProxyCommand=x/y",
            "git://-x/y",
            "https:///x.git",
            "https://h/x.git?checksum=xyz",
            "https://h/x.git?other=1",
            "https://h/x.git?ref=a#b",
        ] {
            assert!(Repository::recognize(text).is_err(), "{text}");
        }
        assert_eq!(Repository::recognize("a@-oProxyCommand=x:y"), Ok(None));
    }
}

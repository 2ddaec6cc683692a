//! Repositories are fetched by the host's `git`, which is told everything: nobody's configuration, hooks or prompts are asked,
//! and no other protocol than the address's is spoken.

use super::Repository;
use crate::error::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::build::TemporaryFolder;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// With what a repository is opened.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// An SSH agent's socket.
    pub agent: Option<PathBuf>,
    /// The value of an `Authorization` header for http servers.
    pub authorization: Option<String>,
}

impl Access {
    /// By the secrets that BuildKit takes for this: a header or a token, for one host or for all.
    pub fn new(
        repository: &Repository,
        agent: Option<PathBuf>,
        secret: impl Fn(&str) -> Result<Option<Vec<u8>>, Error>,
    ) -> Result<Access, Error> {
        let Some(host) = repository.host() else { return Ok(Access { agent, authorization: None }) };
        let text = |id: &str| -> Result<Option<String>, Error> {
            let bad = || Error::Missing(format!("the secret {id} is no text of one line"));
            let Some(bytes) = secret(id)? else { return Ok(None) };
            let text = String::from_utf8(bytes).map_err(|_| bad())?;
            let text = text.trim().to_owned();
            if text.contains(char::is_control) { Err(bad()) } else { Ok(Some(text)) }
        };
        for (name, is_header) in [("GIT_AUTH_HEADER", true), ("GIT_AUTH_TOKEN", false)] {
            for id in [format!("{name}.{host}"), name.to_owned()] {
                if let Some(found) = text(&id)? {
                    let token = || format!("basic {}", STANDARD.encode(format!("x-access-token:{found}")));
                    let authorization = Some(if is_header { found.clone() } else { token() });
                    return Ok(Access { agent, authorization });
                }
            }
        }
        Ok(Access { agent, authorization: None })
    }
}

/// A commit's files.
pub struct Checkout<'e> {
    folder: TemporaryFolder<'e>,
    /// Its hash.
    pub commit: String,
}

impl Checkout<'_> {
    /// Where they are.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("tree")
    }
}

/// The commit that is meant, as far as the server tells without anything being fetched.
pub fn find_commit(folder: &Path, repository: &Repository, access: &Access) -> Result<Option<String>, Error> {
    let git = Git { folder, repository, access };
    let name = repository.reference.as_deref().unwrap_or("HEAD");
    let is_whole = matches!(name.len(), 40 | 64) && super::repository::is_commit(name).is_ok();
    let commit = match is_whole {
        true => Some(name.to_ascii_lowercase()),
        false => named(&git.run(&["ls-remote", "--", &repository.url, name, &format!("{name}^{{}}")])?, name),
    };
    if let Some(commit) = &commit {
        git.check(commit)?;
    }
    let is_short = super::repository::is_commit(name).is_ok();
    match (&commit, is_short) {
        (None, false) => Err(git.failed(&format!("there is no branch, tag or commit {name}"))),
        _ => Ok(commit),
    }
}

/// Of what `ls-remote` lists: a branch before a tag, and of an annotated tag its commit.
fn named(listed: &str, name: &str) -> Option<String> {
    let find = |wanted: &str| {
        let mut lines = listed.lines().filter_map(|line| line.split_once('\t'));
        lines.find(|(_, found)| *found == wanted).map(|(hash, _)| hash.to_owned())
    };
    let full = name.strip_prefix("refs/").map_or_else(|| format!("refs/{name}"), |rest| format!("refs/{rest}"));
    let places = [name.to_owned(), full, format!("refs/heads/{name}"), format!("refs/tags/{name}")];
    places.iter().find_map(|place| find(&format!("{place}^{{}}")).or_else(|| find(place)))
}

/// Fetches a commit and puts its files into a folder.
pub fn check_out<'e>(
    folder: TemporaryFolder<'e>,
    repository: &Repository,
    access: &Access,
    keep_git: bool,
) -> Result<Checkout<'e>, Error> {
    let tree = folder.path().join("tree");
    std::fs::create_dir(&tree).map_err(Error::io("make a folder for a repository"))?;
    let git = Git { folder: &tree, repository, access };
    git.run(&["init", "--quiet", "--template=", "--initial-branch=main"])?;
    git.run(&["remote", "add", "--", "origin", &repository.shown()])?;
    let commit = git.fetch()?;
    git.check(&commit)?;
    git.run(&["checkout", "--quiet", "--force", "--detach", &commit, "--"])?;
    if repository.submodules && tree.join(".gitmodules").is_file() {
        git.run(&["submodule", "--quiet", "update", "--init", "--recursive", "--depth=1"])?;
    }
    let remove = |name: &str| match std::fs::remove_file(tree.join(".git").join(name)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("clear up a repository")(error)),
        _ => Ok(()),
    };
    match keep_git {
        true => ["FETCH_HEAD", "ORIG_HEAD", "shallow.lock"].into_iter().try_for_each(remove)?,
        false => std::fs::remove_dir_all(tree.join(".git")).map_err(Error::io("clear up a repository"))?,
    }
    Ok(Checkout { folder, commit })
}

/// No hooks, no helpers, no work behind our back; a server that says nothing for a minute is given up.
const SETTINGS: &[(&str, &str)] = &[
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.autocrlf", "false"),
    ("core.logAllRefUpdates", "false"),
    ("advice.detachedHead", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("credential.helper", ""),
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "60"),
    ("http.followRedirects", "initial"),
];

struct Git<'g> {
    folder: &'g Path,
    repository: &'g Repository,
    access: &'g Access,
}

impl Git<'_> {
    /// Only what is needed, if the server gives that; the commit.
    fn fetch(&self) -> Result<String, Error> {
        let url = self.repository.url.as_str();
        let found = find_commit(self.folder, self.repository, self.access)?;
        let shallow = |what: &str| {
            let ends = ["fetch", "--quiet", "--no-tags", "--depth=1", "--no-recurse-submodules", "--", url, what];
            self.run(&ends)
        };
        if let Some(commit) = &found
            && shallow(commit).is_ok()
        {
            return Ok(commit.clone());
        }
        // A server that gives no commits by hash, or a hash that isn't whole.
        let all = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
        let whole = ["fetch", "--quiet", "--no-recurse-submodules", "--", url, all[0], all[1]];
        self.run(&whole)?;
        let name = found.as_deref().or(self.repository.reference.as_deref()).unwrap_or("HEAD");
        let commit = self.run(&["rev-parse", "--quiet", "--verify", "--end-of-options", &format!("{name}^{{commit}}")]);
        let commit = commit.map_err(|_| self.failed(&format!("there is no branch, tag or commit {name}")))?;
        Ok(commit.trim().to_owned())
    }

    /// It is the commit that was asked for.
    fn check(&self, commit: &str) -> Result<(), Error> {
        match &self.repository.checksum {
            Some(wanted) if !commit.starts_with(&wanted.to_ascii_lowercase()) => {
                Err(self.failed(&format!("expected checksum to match {wanted}, got {commit}")))
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, why: &str) -> Error {
        Error::Missing(format!("repository {}: {why}", self.repository.shown()))
    }

    fn run(&self, arguments: &[&str]) -> Result<String, Error> {
        let mut command = self.command();
        // Whoever names a repository of this machine may mean that; a repository's submodules are what others wrote.
        let is_own = self.repository.url.starts_with("file://") && arguments.first() != Some(&"submodule");
        command.env("GIT_ALLOW_PROTOCOL", if is_own { "file" } else { "http:https:git:ssh" }).args(arguments);
        let output = command.output().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                self.failed("there is no program git on the PATH: install it, or clone it into a folder")
            }
            _ => Error::io("start git")(error),
        })?;
        if output.status.success() {
            return String::from_utf8(output.stdout).map_err(|_| self.failed("git's answer is not UTF-8"));
        }
        let what = arguments.first().copied().unwrap_or_default();
        Err(self.failed(&format!("git {what}: {}", complaint(&output.stderr))))
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.current_dir(self.folder).stdin(Stdio::null()).env_clear();
        for name in PASSED {
            command.envs(std::env::var_os(name).map(|value| (*name, value)));
        }
        let mut settings: Vec<(String, String)> =
            SETTINGS.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        if let (Some(authorization), Some(server)) = (&self.access.authorization, self.repository.server()) {
            // In the environment, which others can't read.
            settings.push((format!("http.{server}.extraHeader"), format!("Authorization: {authorization}")));
        }
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (number, (key, value)) in settings.into_iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{number}"), key).env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        command
            .env("HOME", "/nonexistent")
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "/bin/false")
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .env("GIT_SSH_COMMAND", ssh())
            .envs(self.access.agent.as_ref().map(|socket| ("SSH_AUTH_SOCK", socket)));
        sys::process::end_with_caller(&mut command);
        command
    }
}

/// What git says is wrong, in one line.
fn complaint(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let clean = |line: &str| line.chars().filter(|c| !c.is_control()).take(300).collect::<String>();
    let lines: Vec<String> = said.lines().map(clean).filter(|line| !line.trim().is_empty()).collect();
    let wrong = lines.iter().filter(|line| ["fatal:", "error:", "ERR"].iter().any(|start| line.starts_with(start)));
    let wrong: Vec<&str> = wrong.take(2).map(String::as_str).collect();
    match (&wrong[..], lines.last()) {
        ([], None) => "it failed".to_owned(),
        ([], Some(last)) => last.clone(),
        (wrong, _) => wrong.join("; "),
    }
}

/// What git may know of the caller's environment.
const PASSED: &[&str] = &[
    "PATH",
    "TMPDIR",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "GIT_SSL_CAINFO",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// Asks nobody anything: hosts are those that the caller knows.
fn ssh() -> String {
    let home = std::env::var("HOME").unwrap_or_default();
    let plain = home.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    let known = if plain && home.starts_with('/') {
        format!(" -o UserKnownHostsFile={home}/.ssh/known_hosts")
    } else {
        String::new()
    };
    format!("ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=yes{known}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_come_before_tags_and_tags_mean_their_commit() {
        let listed = "1\trefs/heads/a\n2\trefs/tags/a\n3\trefs/tags/v\n4\trefs/tags/v^{}\n5\tHEAD\n6\trefs/heads/x/v\n";
        let found = |name| named(listed, name);
        assert_eq!(found("a").as_deref(), Some("1"));
        assert_eq!(found("refs/tags/a").as_deref(), Some("2"));
        assert_eq!(found("tags/a").as_deref(), Some("2"));
        assert_eq!(found("v").as_deref(), Some("4"));
        assert_eq!(found("HEAD").as_deref(), Some("5"));
        assert_eq!(found("none"), None);
    }
}

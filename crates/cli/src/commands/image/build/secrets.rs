//! `--secret` and `--ssh`.

use crate::error::Failure;
use crate::syntax::matches::Matches;
use build::execute::Secret;
use build::remote::{Access, Repository};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `--secret id=…[,src=…|,env=…]`
pub(super) fn secrets(matches: &Matches) -> Result<BTreeMap<String, Secret>, Failure> {
    let mut secrets = BTreeMap::new();
    for text in matches.list("secret") {
        let wrong = |why: &str| Failure::new(format!("--secret {text}: {why}"));
        let mut fields = BTreeMap::new();
        for field in spec::mounts::csv::fields(text)? {
            let (key, value) =
                field.split_once('=').ok_or_else(|| wrong("it must be id=NAME,src=FILE or id=NAME,env=VARIABLE"))?;
            fields.insert(key.to_ascii_lowercase(), value.to_owned());
        }
        let mut take = |names: &[&str]| names.iter().find_map(|name| fields.remove(*name));
        let id = take(&["id"]).ok_or_else(|| wrong("it has no id"))?;
        let (file, env, kind) = (take(&["src", "source"]), take(&["env"]), take(&["type"]));
        if let Some(key) = fields.keys().next() {
            return Err(wrong(&format!("unknown key {key}")));
        }
        let secret = match (file, env, kind.as_deref()) {
            (Some(_), Some(_), _) => return Err(wrong("src and env exclude each other")),
            (Some(name), None, Some("env")) => Secret::Env(name),
            (Some(file), None, _) => Secret::File(PathBuf::from(file)),
            (None, Some(name), _) => Secret::Env(name),
            // By its own name.
            (None, None, Some("file")) => Secret::File(PathBuf::from(&id)),
            (None, None, _) => match std::env::var_os(&id) {
                Some(_) => Secret::Env(id.clone()),
                None => Secret::File(PathBuf::from(&id)),
            },
        };
        if let Secret::File(path) = &secret
            && let Err(error) = std::fs::metadata(path)
        {
            return Err(wrong(&format!("{}: {error}", path.display())));
        }
        secrets.insert(id, secret);
    }
    Ok(secrets)
}

/// How a repository on the command line is opened: by the agent that is given, else the caller's, and by the secrets that
/// BuildKit takes for that.
pub(super) fn access(matches: &Matches, repository: &Repository) -> Result<Access, Failure> {
    let agent = agents(matches)?.remove("default").or_else(|| std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from));
    let secrets = secrets(matches)?;
    Access::new(repository, agent, |id| build::execute::secret(&secrets, id)).map_err(super::failure)
}

/// `--ssh default|ID[=SOCKET]`
pub(super) fn agents(matches: &Matches) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let mut agents = BTreeMap::new();
    for text in matches.list("ssh") {
        let (id, socket) = match text.split_once('=') {
            Some((id, socket)) => (id, Some(PathBuf::from(socket))),
            None => (text.as_str(), std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from)),
        };
        let socket = socket
            .ok_or_else(|| Failure::new(format!("--ssh {text}: SSH_AUTH_SOCK isn't set: is an agent running?")))?;
        let is_socket = std::os::unix::fs::FileTypeExt::is_socket;
        match std::fs::metadata(&socket) {
            Ok(found) if is_socket(&found.file_type()) => {}
            Ok(_) => {
                let why = "it is no agent's socket (keys are not read: add them to an agent)";
                return Err(Failure::new(format!("--ssh {text}: {}: {why}", socket.display())));
            }
            Err(error) => return Err(Failure::new(format!("--ssh {text}: {}: {error}", socket.display()))),
        }
        agents.insert(id.to_owned(), socket);
    }
    Ok(agents)
}

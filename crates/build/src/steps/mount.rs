//! `RUN --mount=…` (Dockerfile reference, "RUN --mount").

use spec::mounts::csv;

/// One mount of a step, its words resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Absolute.
    pub target: String,
    /// What is there.
    pub kind: Kind,
}

/// What a mount is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Files from elsewhere. What is written to them is forgotten.
    Bind {
        /// A stage, image or context; else the build's context.
        from: Option<String>,
        /// A path there.
        source: String,
        /// Writable for the step.
        writable: bool,
    },
    /// A folder that stays for later builds.
    Cache(Cache),
    /// In memory.
    Tmpfs {
        /// Bytes; else half of the memory.
        size: Option<u64>,
    },
    /// A file that never becomes part of the image.
    Secret {
        /// Of `--secret`.
        id: String,
        /// It must be given.
        required: bool,
        /// The variable that gets it; with a target it is a file as well.
        env: Option<String>,
        /// There is a file at the target.
        file: bool,
        /// Of the file.
        owner: Owner,
    },
    /// A socket of an SSH agent.
    Ssh {
        /// Of `--ssh`.
        id: String,
        /// It must be given.
        required: bool,
        /// Of the socket.
        owner: Owner,
    },
}

/// `type=cache`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// Which folder.
    pub id: String,
    /// Who may use it at the same time.
    pub sharing: Sharing,
    /// What is in it at first: a stage, image or context.
    pub from: Option<String>,
    /// A path there.
    pub source: String,
    /// Not writable.
    pub readonly: bool,
    /// Of a new folder.
    pub owner: Owner,
}

/// Whether several steps may use a cache at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// All of them.
    Shared,
    /// Each another one.
    Private,
    /// One after the other.
    Locked,
}

/// Of a file or folder that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Number.
    pub uid: u32,
    /// Number.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
}

/// The stage, image or context that a mount takes files from. Its variables are the file's, not the stage's: which stages are
/// needed must be known before.
pub fn from_of(text: &str) -> Result<Option<String>, String> {
    let fields = csv::fields(text).map_err(|invalid| invalid.message)?;
    Ok(fields
        .iter()
        .filter_map(|field| field.split_once('='))
        .find(|(key, _)| key.eq_ignore_ascii_case("from"))
        .map(|(_, value)| value.to_owned()))
}

/// Reads one; `expand` resolves variables in values. Relative targets begin at `workdir`.
pub fn parse(
    text: &str,
    workdir: &str,
    expand: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<Mount, String> {
    let fields = csv::fields(text).map_err(|invalid| invalid.message)?;
    let mut options = Options::default();
    for field in &fields {
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key.to_ascii_lowercase(), Some(value)),
            None => (field.to_ascii_lowercase(), None),
        };
        let value = match value {
            Some(value) if key != "from" => Some(expand(value)?),
            value => value.map(str::to_owned),
        };
        options.set(&key, value, field)?;
    }
    options.finish(workdir)
}

/// What the words say, before it is known whether they fit the type.
#[derive(Default)]
struct Options {
    kind: Option<String>,
    given: Vec<(&'static str, String)>,
}

/// Names with their other spellings and the types that they belong to.
const KNOWN: &[(&str, &[&str], &[&str])] = &[
    ("target", &["dst", "destination"], &["bind", "cache", "tmpfs", "secret", "ssh"]),
    ("source", &["src"], &["bind", "cache"]),
    ("from", &[], &["bind", "cache"]),
    ("readonly", &["ro"], &["bind", "cache"]),
    ("readwrite", &["rw"], &["bind", "cache"]),
    ("id", &[], &["cache", "secret", "ssh"]),
    ("sharing", &[], &["cache"]),
    ("mode", &[], &["cache", "secret", "ssh"]),
    ("uid", &[], &["cache", "secret", "ssh"]),
    ("gid", &[], &["cache", "secret", "ssh"]),
    ("size", &[], &["tmpfs"]),
    ("required", &[], &["secret", "ssh"]),
    ("env", &[], &["secret"]),
];

impl Options {
    fn set(&mut self, key: &str, value: Option<String>, field: &str) -> Result<(), String> {
        if key == "type" {
            self.kind = Some(value.unwrap_or_default());
            return Ok(());
        }
        let Some((name, ..)) = KNOWN.iter().find(|(name, others, _)| *name == key || others.contains(&key)) else {
            return Err(format!("unexpected key '{key}' in '{field}'"));
        };
        let is_switch = matches!(*name, "readonly" | "readwrite" | "required");
        let value = match value {
            Some(value) => value,
            None if is_switch => "true".to_owned(),
            None => return Err(format!("invalid field '{field}': it must be key=value")),
        };
        if is_switch && !matches!(value.as_str(), "true" | "false" | "1" | "0") {
            return Err(format!("invalid value for {key}: {value}"));
        }
        self.given.push((name, value));
        Ok(())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.given.iter().rev().find(|(given, _)| *given == name).map(|(_, value)| value.as_str())
    }

    fn is(&self, name: &str) -> Option<bool> {
        self.text(name).map(|value| matches!(value, "true" | "1"))
    }

    fn number(&self, name: &str, radix: u32, usual: u32) -> Result<u32, String> {
        let Some(text) = self.text(name) else { return Ok(usual) };
        u32::from_str_radix(text, radix).map_err(|_| format!("invalid value {text} for {name}"))
    }

    fn owner(&self, mode: u32) -> Result<Owner, String> {
        Ok(Owner {
            uid: self.number("uid", 10, 0)?,
            gid: self.number("gid", 10, 0)?,
            mode: self.number("mode", 8, mode)?,
        })
    }

    fn writable(&self, usual: bool) -> bool {
        match (self.is("readonly"), self.is("readwrite")) {
            (Some(readonly), _) => !readonly,
            (None, Some(writable)) => writable,
            (None, None) => usual,
        }
    }

    fn target(&self, workdir: &str) -> Option<String> {
        self.text("target").filter(|target| !target.is_empty()).map(|target| super::path::join(workdir, target))
    }

    fn finish(&self, workdir: &str) -> Result<Mount, String> {
        let kind = self.kind.as_deref().unwrap_or("bind");
        let unfit = KNOWN.iter().find(|(name, _, kinds)| self.text(name).is_some() && !kinds.contains(&kind));
        let is_known = ["bind", "cache", "tmpfs", "secret", "ssh"].contains(&kind);
        match unfit {
            _ if !is_known => return Err(format!("unsupported mount type \"{kind}\"")),
            Some((name, ..)) => return Err(format!("{name} isn't allowed for mounts of type {kind}")),
            None => {}
        }
        let target = self.target(workdir);
        let needed = || target.clone().ok_or_else(|| "a mount needs target=PATH".to_owned());
        let source = || self.text("source").unwrap_or("/").to_owned();
        let from = || self.text("from").map(str::to_owned);
        let required = self.is("required").unwrap_or(false);
        match kind {
            "bind" => {
                let kind = Kind::Bind { from: from(), source: source(), writable: self.writable(false) };
                Ok(Mount { target: needed()?, kind })
            }
            "cache" => {
                let target = needed()?;
                let cache = Cache {
                    id: self.text("id").unwrap_or(&target).to_owned(),
                    sharing: self.sharing()?,
                    from: from(),
                    source: source(),
                    readonly: !self.writable(true),
                    owner: self.owner(0o755)?,
                };
                Ok(Mount { target, kind: Kind::Cache(cache) })
            }
            "tmpfs" => Ok(Mount { target: needed()?, kind: Kind::Tmpfs { size: self.size()? } }),
            "secret" => self.secret(target, required),
            _ => {
                let id = self.text("id").unwrap_or("default").to_owned();
                // An empty target is filled in by whoever knows how many there are.
                let kind = Kind::Ssh { id, required, owner: self.owner(0o600)? };
                Ok(Mount { target: target.unwrap_or_default(), kind })
            }
        }
    }

    fn secret(&self, target: Option<String>, required: bool) -> Result<Mount, String> {
        let id = match (self.text("id"), &target, self.text("env")) {
            (Some(id), ..) if !id.is_empty() => id.to_owned(),
            (_, Some(target), _) => target.rsplit('/').next().unwrap_or_default().to_owned(),
            (_, None, Some(env)) => env.to_owned(),
            _ => return Err("a secret needs an id or a target".to_owned()),
        };
        let env = self.text("env").map(str::to_owned);
        let kind = Kind::Secret {
            required,
            file: env.is_none() || target.is_some(),
            env,
            owner: self.owner(0o400)?,
            id: id.clone(),
        };
        Ok(Mount { target: target.unwrap_or_else(|| format!("/run/secrets/{id}")), kind })
    }

    fn sharing(&self) -> Result<Sharing, String> {
        match self.text("sharing") {
            None | Some("shared") => Ok(Sharing::Shared),
            Some("private") => Ok(Sharing::Private),
            Some("locked") => Ok(Sharing::Locked),
            Some(other) => Err(format!("unsupported sharing value \"{other}\": shared, private or locked")),
        }
    }

    fn size(&self) -> Result<Option<u64>, String> {
        let Some(text) = self.text("size") else { return Ok(None) };
        let size = spec::size::parse(text).map_err(|invalid| invalid.message)?;
        u64::try_from(size).map(Some).map_err(|_| format!("invalid value for size: {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Mount, String> {
        parse(text, "/w", &mut |word| Ok(word.replace("$x", "y")))
    }

    #[test]
    fn kinds_and_their_defaults() {
        let bind = read("target=a,src=$x,from=b").unwrap();
        let kind = Kind::Bind { from: Some("b".into()), source: "y".into(), writable: false };
        assert_eq!(bind, Mount { target: "/w/a".into(), kind });
        let Kind::Cache(cache) = read("type=cache,dst=/c,mode=700,sharing=locked").unwrap().kind else { panic!() };
        assert_eq!((cache.id.as_str(), cache.sharing, cache.owner.mode), ("/c", Sharing::Locked, 0o700));
        let secret = read("type=secret,id=s").unwrap();
        assert_eq!(secret.target, "/run/secrets/s");
        assert!(matches!(secret.kind, Kind::Secret { required: false, file: true, env: None, .. }));
        let secret = read("type=secret,env=TOKEN").unwrap();
        assert!(matches!(secret.kind, Kind::Secret { file: false, env: Some(_), .. }));
        assert_eq!(read("type=tmpfs,target=/t,size=1k").unwrap().kind, Kind::Tmpfs { size: Some(1024) });
        assert!(matches!(read("type=ssh,required").unwrap().kind, Kind::Ssh { required: true, .. }));
        assert_eq!(from_of("type=bind,from=a").unwrap().as_deref(), Some("a"));
    }

    #[test]
    fn nonsense_is_named() {
        for (text, why) in [
            ("type=bind", "target"),
            ("type=x,target=/a", "unsupported mount type"),
            ("target=/a,foo=1", "unexpected key 'foo'"),
            ("target=/a,size=1", "isn't allowed"),
            ("type=cache,target=/a,sharing=x", "unsupported sharing"),
            ("type=cache,target=/a,mode=9", "invalid value 9"),
            ("target", "key=value"),
            ("target=/a,ro=maybe", "invalid value for ro"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}

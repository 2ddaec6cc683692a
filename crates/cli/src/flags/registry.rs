//! How registries are talked to.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::RegistryOptions;

/// See podman-pull(1).
pub static FLAGS: &[Flag] = &[
    Flag::text("authfile", "string", "File with credentials of registries (else REGISTRY_AUTH_FILE, …)"),
    Flag::text("cert-dir", "Pathname", "Folder with TLS certificates and keys"),
    Flag::text("creds", "credentials", "Credentials for the registry (name:password)"),
    Flag::bool("tls-verify", "Demand https and valid certificates").default("true"),
];

/// What the flags say.
pub fn options(matches: &Matches) -> Result<RegistryOptions, Failure> {
    if let Some(file) = matches.text("authfile") {
        std::fs::metadata(file)
            .map_err(|error| Failure::new(format!("credential file is not accessible: {file}: {error}")))?;
    }
    Ok(RegistryOptions {
        authfile: matches.text("authfile").map(Into::into),
        credentials: matches.text("creds").map(credentials).transpose()?,
        tls_verify: matches.maybe_bool("tls-verify"),
        cert_dir: matches.text("cert-dir").map(Into::into),
        ..RegistryOptions::default()
    })
}

/// `name:password`.
pub fn credentials(text: &str) -> Result<(String, String), Failure> {
    match text.split_once(':') {
        _ if text.is_empty() => Err(Failure::new("credentials can't be empty")),
        Some(("", _)) => Err(Failure::new("user name can't be empty")),
        Some((user, password)) => Ok((user.to_owned(), password.to_owned())),
        None => Err(Failure::new("--creds needs a password").hint("write it as --creds USER:PASSWORD")),
    }
}

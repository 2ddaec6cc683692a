//! How registries are talked to.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::RegistryOptions;
use image::Retry;

/// See podman-pull(1).
pub static FLAGS: &[Flag] = &[
    Flag::text("authfile", "string", "File with credentials of registries (else REGISTRY_AUTH_FILE, …)"),
    Flag::text("cert-dir", "Pathname", "Folder with TLS certificates and keys"),
    Flag::text("creds", "credentials", "Credentials for the registry (name:password)"),
    Flag::bool("tls-verify", "Demand https and valid certificates").default("true"),
];

/// How often a registry is asked again; see podman-pull(1).
pub static RETRY: &[Flag] = &[
    Flag::uint("retry", "Try again so often when a transfer fails").default("3"),
    Flag::text("retry-delay", "string", "Wait so long before each try (else longer each time)"),
];

/// Who is trusted.
pub static POLICY: &[Flag] = &[Flag::text("signature-policy", "string", "File with the policy of trust").hidden()];

/// Docker's own way of verifying, by a server that signs for names. Not to use it is how it always is here.
pub static CONTENT_TRUST: &[Flag] =
    &[Flag::bool("disable-content-trust", "Don't verify by Docker's content trust").hidden()];

/// What opens encrypted layers.
pub static DECRYPTION: &[Flag] =
    &[Flag::array("decryption-key", "stringArray", "Key of an encrypted image: FILE or FILE:PASSWORD")];

/// What the flags say.
pub fn options(matches: &Matches) -> Result<RegistryOptions, Failure> {
    if let Some(file) = matches.text("authfile") {
        std::fs::metadata(file)
            .map_err(|error| Failure::new(format!("credential file is not accessible: {file}: {error}")))?;
    }
    if matches.maybe_bool("disable-content-trust") == Some(false) {
        return Err(Failure::new(
            "--disable-content-trust=false is not supported: Docker's content trust is never asked",
        )
        .hint("who is trusted stands in policy.json (containers-policy.json(5))"));
    }
    Ok(RegistryOptions {
        authfile: matches.text("authfile").map(Into::into),
        credentials: matches.text("creds").map(credentials).transpose()?,
        tls_verify: matches.maybe_bool("tls-verify"),
        cert_dir: matches.text("cert-dir").map(Into::into),
        retry: retry(matches, "retry")?,
        policy: matches.text("signature-policy").map(Into::into),
        accept_anything: false,
        decryption_keys: matches.list("decryption-key").to_vec(),
        ..RegistryOptions::default()
    })
}

/// What `--retry-delay` and the flag with the number of tries say; `None` if nothing, or the command hasn't got them.
pub fn retry(matches: &Matches, times: &str) -> Result<Option<Retry>, Failure> {
    let usual = Retry::default();
    let delay = matches.text("retry-delay").map(spec::duration::parse).transpose();
    let delay = delay.map_err(|error| Failure::new(error.to_string()))?;
    let times = matches.number(times);
    if delay.is_none() && times.is_none() {
        return Ok(None);
    }
    Ok(Some(Retry {
        times: times.unwrap_or(usual.times),
        first_pause: delay.unwrap_or(usual.first_pause),
        longest_pause: delay.unwrap_or(usual.longest_pause),
        absent: true,
    }))
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

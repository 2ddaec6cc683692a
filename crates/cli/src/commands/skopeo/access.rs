//! How a registry is reached: the same options thrice, plain, and with `src-` and `dest-`.

use crate::error::Failure;
use crate::flags::registry::{credentials, retry};
use crate::output::logger;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::RegistryOptions;

/// Of commands about one image.
pub static ONE: &[Flag] = &[
    Flag::text("cert-dir", "PATH", "Folder with TLS certificates and keys"),
    Flag::text("creds", "USERNAME[:PASSWORD]", "Credentials for the registry"),
    Flag::bool("no-creds", "Be nobody at the registry"),
    Flag::text("password", "string", "Password for the registry"),
    Flag::text("registry-token", "string", "Bearer token for the registry"),
    Flag::bool("tls-verify", "Demand https and valid certificates").default("true"),
    Flag::text("username", "string", "Name for the registry"),
];

/// Where an image comes from.
pub static SOURCE: &[Flag] = &[
    Flag::text("src-authfile", "string", "File with credentials of registries, for the source"),
    Flag::text("src-cert-dir", "PATH", "Folder with TLS certificates and keys, for the source"),
    Flag::text("src-creds", "USERNAME[:PASSWORD]", "Credentials for the source's registry").alias(&["screds"]),
    Flag::bool("src-no-creds", "Be nobody at the source's registry"),
    Flag::text("src-password", "string", "Password for the source's registry"),
    Flag::text("src-registry-token", "string", "Bearer token for the source's registry"),
    Flag::bool("src-tls-verify", "Demand https and valid certificates of the source").default("true"),
    Flag::text("src-username", "string", "Name for the source's registry"),
];

/// Where an image goes.
pub static DESTINATION: &[Flag] = &[
    Flag::text("dest-authfile", "string", "File with credentials of registries, for the destination"),
    Flag::text("dest-cert-dir", "PATH", "Folder with TLS certificates and keys, for the destination"),
    Flag::text("dest-creds", "USERNAME[:PASSWORD]", "Credentials for the destination's registry").alias(&["dcreds"]),
    Flag::bool("dest-no-creds", "Be nobody at the destination's registry"),
    Flag::text("dest-password", "string", "Password for the destination's registry"),
    Flag::text("dest-registry-token", "string", "Bearer token for the destination's registry"),
    Flag::bool("dest-tls-verify", "Demand https and valid certificates of the destination").default("true"),
    Flag::text("dest-username", "string", "Name for the destination's registry"),
];

/// For both sides of a copy, as it was once, and as it still stands in many a script.
pub static BOTH: &[Flag] = &[Flag::bool("tls-verify", "Demand https and valid certificates of both").hidden()];

/// Of one image that may be with Docker's daemon or in a layout.
pub static PLACE: &[Flag] = &[
    Flag::text("daemon-host", "HOST", "Where Docker's daemon is (else DOCKER_HOST, or its usual socket)"),
    Flag::text("shared-blob-dir", "DIRECTORY", "Folder with blobs that several OCI layouts share"),
];

/// The same for both sides of a copy.
pub static PLACES: &[Flag] = &[
    Flag::text("dest-daemon-host", "HOST", "Where Docker's daemon is, for the destination"),
    Flag::text(
        "dest-shared-blob-dir",
        "DIRECTORY",
        "Folder with blobs that several OCI layouts share, for the destination",
    ),
    Flag::text("src-daemon-host", "HOST", "Where Docker's daemon is, for the source"),
    Flag::text("src-shared-blob-dir", "DIRECTORY", "Folder with blobs that several OCI layouts share, for the source"),
];

/// Of all of them.
pub static AUTHFILE: &[Flag] =
    &[Flag::text("authfile", "string", "File with credentials of registries (else REGISTRY_AUTH_FILE, …)")];

/// How often a registry is asked again.
pub static RETRY: &[Flag] = &[
    Flag::text("retry-delay", "duration", "Wait so long before each try (else longer each time)"),
    Flag::uint(TIMES, "Try again so often when a transfer fails"),
];

/// The number of tries, as Skopeo calls it.
pub const TIMES: &str = "retry-times";

/// Names what is better said instead of [`BOTH`].
pub fn warn_of_old(matches: &Matches) {
    if matches.given("tls-verify") {
        logger::line("warning", "'--tls-verify' is deprecated, instead use: --src-tls-verify, --dest-tls-verify");
    }
}

/// What the options with this prefix (``, `src-`, `dest-`) say.
pub fn options(matches: &Matches, prefix: &str) -> Result<RegistryOptions, Failure> {
    let text = |name: &str| matches.text(&format!("{prefix}{name}"));
    let anonymous = matches.bool(&format!("{prefix}no-creds"));
    let pair = match (text("username"), text("password")) {
        (None, None) => None,
        (Some(user), password) => Some((user.to_owned(), password.unwrap_or_default().to_owned())),
        (None, Some(_)) => {
            return Err(Failure::new(format!("--{prefix}password needs --{prefix}username")));
        }
    };
    let named = text("creds").map(credentials).transpose()?;
    let token = text("registry-token").map(str::to_owned);
    let ways = [anonymous, pair.is_some(), named.is_some(), token.is_some()];
    if ways.into_iter().filter(|given| *given).count() > 1 {
        return Err(Failure::new(format!(
            "of --{prefix}creds, --{prefix}username, --{prefix}registry-token and --{prefix}no-creds only one can be given"
        )));
    }
    Ok(RegistryOptions {
        authfile: text("authfile").or_else(|| matches.text("authfile")).map(Into::into),
        credentials: named.or(pair),
        token,
        anonymous,
        tls_verify: matches.maybe_bool(&format!("{prefix}tls-verify")).or_else(|| matches.maybe_bool("tls-verify")),
        cert_dir: text("cert-dir").map(Into::into),
        retry: retry(matches, TIMES)?,
        policy: matches.text("policy").map(Into::into),
        accept_anything: matches.bool("insecure-policy"),
        decryption_keys: matches.list("decryption-key").to_vec(),
        user_agent_prefix: matches.text("user-agent-prefix").map(str::to_owned),
        registries_d: matches.text("registries.d").map(Into::into),
        daemon_host: text("daemon-host").map(str::to_owned),
        shared_blobs: text("shared-blob-dir").map(Into::into),
        ..RegistryOptions::default()
    })
}

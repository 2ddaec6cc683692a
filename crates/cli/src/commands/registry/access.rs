//! What `login` and `logout` have in common: which registry, which file.

use crate::context::Context;
use crate::error::{Failure, chain};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use config::auth::Target;
use image::login::{Realm, default_registry};

/// Which file is changed.
pub static FILES: &[Flag] = &[
    Flag::text("authfile", "string", "File with credentials of registries (else REGISTRY_AUTH_FILE, …)"),
    Flag::text("compat-auth-file", "string", "Docker's file of credentials instead"),
];

/// The image crate's context for these flags: neither needs the store.
pub fn images(context: &Context, matches: &Matches) -> image::Context {
    let environment = config::Environment::from_process(context.privilege().user());
    image::Context {
        // Docker's file is read like any other.
        authfile: matches.text("compat-auth-file").or(matches.text("authfile")).map(Into::into),
        tls_verify: matches.maybe_bool("tls-verify"),
        cert_dir: matches.text("cert-dir").map(Into::into),
        ..image::Context::new(environment)
    }
}

/// Which file the flags mean.
pub fn target(matches: &Matches) -> Result<Target, Failure> {
    match (matches.text("authfile"), matches.text("compat-auth-file")) {
        (Some(_), Some(_)) => Err(Failure::new(
            "options for paths to the credential file and to the Docker-compatible credential file can not be set simultaneously",
        )),
        (_, Some(docker)) => Ok(Target::Docker(docker.into())),
        (_, None) => Ok(Target::Containers(None)),
    }
}

/// The registry that was named, or the usual one.
pub fn realm(context: &image::Context, matches: &Matches) -> Result<Realm, Failure> {
    let name = match matches.arguments.first() {
        Some(name) => name.clone(),
        None => default_registry(context).map_err(|error| Failure::new(chain(&error)))?,
    };
    name.parse().map_err(|error: image::Error| Failure::new(chain(&error)))
}

//! `logout`: what `login` kept goes.

use super::access::{FILES, images, realm, target};
use crate::context::Context;
use crate::error::{Failure, chain};
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use config::auth::Credentials;
use image::login::{known_credentials, logout, logout_all, try_credentials};

/// `logout`
pub static COMMAND: Command = Command {
    usage: "[options] [REGISTRY]",
    summary: "Log out of a registry",
    details: "Forgets the name and the password that login keeps for exactly this registry or repository.",
    examples: &["logout quay.io", "logout --all"],
    flags: &[FLAGS, FILES],
    stops: false,
    arguments: Arguments::AtMost(1),
    needs: Needs::Nothing,
    run,
};

/// Its own flags.
pub static FLAGS: &[Flag] = &[Flag::bool("all", "Forget all registries").short('a')];

/// Does it.
pub fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let target = target(matches)?;
    if let Some(file) = matches.text("compat-auth-file").or(matches.text("authfile")) {
        std::fs::metadata(file)
            .map_err(|error| Failure::new(format!("credential file is not accessible: {file}: {error}")))?;
    }
    let images = images(context, matches);
    let failed = |error: image::Error| Failure::new(chain(&error));
    if matches.bool("all") {
        if !matches.arguments.is_empty() {
            return Err(Failure::new("--all takes no arguments"));
        }
        logout_all(&images, &target).map_err(failed)?;
        stream::line("Removed login credentials for all registries")?;
        return Ok(0);
    }
    let realm = realm(&images, matches)?;
    if logout(&images, &realm, &target).map_err(failed)? {
        stream::line(&format!("Removed login credentials for {}", realm.key))?;
        return Ok(0);
    }
    // Docker's login is in a file that isn't ours.
    match known_credentials(&images, &realm).map_err(failed)? {
        Some(Credentials::Basic { username, password })
            if try_credentials(&images, &realm, &username, &password).unwrap_or(false) =>
        {
            let advice = "Existing credentials were established via docker login. Please use docker logout instead.";
            stream::line(&format!("Not logged into {} with current tool. {advice}", realm.key))?;
            Ok(0)
        }
        _ => Err(Failure::new(format!("not logged into {}", realm.key))),
    }
}

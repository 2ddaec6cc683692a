//! `login`: credentials are tried at a registry and kept.

use super::access::{FILES, images, realm, target};
use crate::context::Context;
use crate::error::{Failure, chain};
use crate::output::{quote, stream};
use crate::prompt;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use config::auth::Credentials;
use image::login::{Realm, known_credentials, login, try_credentials};
use std::io::{IsTerminal, Read};

/// `login`
pub static COMMAND: Command = Command {
    usage: "[options] [REGISTRY]",
    summary: "Log in to a registry",
    details: "Tries a name and a password at a registry and keeps them for pulls and pushes. What is kept for\n\
              registry/namespace or registry/namespace/repository counts for what lies in it.",
    examples: &["login quay.io", "login --username me --password-stdin quay.io/team < token"],
    flags: &[FLAGS, FILES],
    stops: false,
    arguments: Arguments::AtMost(1),
    needs: Needs::Nothing,
    run,
};

/// Its own flags.
pub static FLAGS: &[Flag] = &[
    Flag::text("cert-dir", "string", "Folder with TLS certificates and keys"),
    Flag::bool("get-login", "Show who is logged in"),
    Flag::text("password", "string", "Password (others on this machine can see it)").short('p'),
    Flag::bool("password-stdin", "Read the password from standard input"),
    Flag::bool("tls-verify", "Demand https and valid certificates"),
    Flag::text("username", "string", "Name").short('u'),
    Flag::bool("verbose", "Say where the credentials are kept").short('v'),
];

/// Does it.
pub fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let target = target(matches)?;
    let images = images(context, matches);
    let realm = realm(&images, matches)?;
    let known = known_credentials(&images, &realm).map_err(failed)?;
    if matches.bool("get-login") {
        return get_login(&realm, known);
    }
    if let Some(Credentials::IdentityToken(_)) = known {
        return Err(Failure::new("currently logged in, auth file contains an Identity token"));
    }
    let typed = given_password(matches)?;
    if !matches.given("username") && typed.is_none() && still_good(&images, &realm, known.as_ref())? {
        return Ok(0);
    }
    let (user, password) = ask(matches, typed, known.as_ref())?;
    let taken = try_credentials(&images, &realm, &user, &password)
        .map_err(|error| failed(error).context(format!("authenticating creds for {}", quote(&realm.key))))?;
    if !taken {
        return Err(Failure::new(format!("logging into {}: invalid username/password", quote(&realm.key))));
    }
    let place = login(&images, &realm, &target, &user, &password).map_err(failed)?;
    if matches.bool("verbose") {
        stream::line(&format!("Used: {place}"))?;
    }
    stream::line("Login Succeeded!")?;
    Ok(0)
}

fn failed(error: image::Error) -> Failure {
    Failure::new(chain(&error))
}

fn get_login(realm: &Realm, known: Option<Credentials>) -> Result<i32, Failure> {
    match known {
        Some(Credentials::Basic { username, .. }) => stream::line(&username).map(|()| 0),
        Some(Credentials::IdentityToken(_)) => {
            Err(Failure::new("currently logged in, auth file contains an Identity token"))
        }
        None => Err(Failure::new(format!("not logged into {}", realm.registry))),
    }
}

/// `--password`, or standard input.
fn given_password(matches: &Matches) -> Result<Option<String>, Failure> {
    const LONGEST: u64 = 64 << 10;
    if !matches.bool("password-stdin") {
        return Ok(matches.text("password").filter(|text| !text.is_empty()).map(str::to_owned));
    }
    if matches.given("password") {
        return Err(Failure::new("can't specify both --password-stdin and --password"));
    }
    if !matches.given("username") {
        return Err(Failure::new("must provide --username with --password-stdin"));
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().take(LONGEST).read_to_string(&mut text);
    read.map_err(|error| Failure::new(format!("reading password from stdin: {error}")))?;
    Ok(Some(text.lines().collect::<String>()).filter(|text| !text.is_empty()))
}

/// Whether what is kept already does.
fn still_good(images: &image::Context, realm: &Realm, known: Option<&Credentials>) -> Result<bool, Failure> {
    let Some(Credentials::Basic { username, password }) = known else { return Ok(false) };
    stream::line(&format!("Authenticating with existing credentials for {}", realm.key))?;
    match try_credentials(images, realm, username, password) {
        Ok(true) => {
            stream::line(&format!("Existing credentials are valid. Already logged in to {}", realm.registry))?;
            Ok(true)
        }
        Ok(false) | Err(_) => {
            stream::line("Existing credentials are invalid, please enter valid username and password")?;
            Ok(false)
        }
    }
}

/// Name and password, what is missing from the person at the terminal.
fn ask(matches: &Matches, password: Option<String>, known: Option<&Credentials>) -> Result<(String, String), Failure> {
    let known = known.and_then(|known| match known {
        Credentials::Basic { username, .. } => Some(username.as_str()),
        Credentials::IdentityToken(_) => None,
    });
    let user = match matches.text("username").filter(|name| !name.is_empty()) {
        Some(user) => user.to_owned(),
        None => ask_user(known)?,
    };
    let password = match password {
        Some(password) => password,
        None => ask_password()?,
    };
    Ok((user, password))
}

fn ask_user(known: Option<&str>) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new("getting username and password: cannot prompt for username without stdin terminal")
            .hint("give it by --username, the password by --password-stdin"));
    }
    let question = known.map_or_else(|| "Username: ".to_owned(), |known| format!("Username ({known}): "));
    let typed = prompt::line(&question)?;
    match (typed.trim(), known) {
        ("", Some(known)) => Ok(known.to_owned()),
        (typed, _) => Ok(typed.to_owned()),
    }
}

fn ask_password() -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new("getting username and password: reading password: standard input is no terminal")
            .hint("give it by --password-stdin"));
    }
    prompt::secret("Password: ")
}

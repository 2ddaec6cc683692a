//! `login` and `logout`: credentials tried at a registry, and kept where pulls look for them.

use crate::{Context, Error};
use config::auth::{Credentials, Keyring, Target};
use oci::Reference;
use std::str::FromStr;

/// A registry, or something in it, for which credentials are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realm {
    /// `registry[/namespace[/repository]]`.
    pub key: String,
    /// The registry alone.
    pub registry: String,
}

impl FromStr for Realm {
    type Err = Error;

    /// A URL stands for its host, as people are used to from Docker.
    fn from_str(text: &str) -> Result<Realm, Error> {
        let wrong = |why| Error::Name { name: crate::error::printable(text), why };
        let bare = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let key = match bare {
            Some(rest) => rest.split('/').next().unwrap_or_default(),
            None => text,
        };
        let registry = key.split('/').next().unwrap_or_default();
        // Whatever follows, the registry must be one.
        format!("{registry}/x").parse::<Reference>().map_err(|_| wrong("its first part is no registry's name"))?;
        if registry != key {
            let reference: Reference = key.parse()?;
            if reference.tag.is_some() || reference.digest.is_some() {
                return Err(wrong("reference contains tag or digest; credentials are kept for whole repositories"));
            }
        }
        Ok(Realm { key: key.to_owned(), registry: registry.to_owned() })
    }
}

/// What is kept for a realm or for what it lies in.
pub fn known_credentials(context: &Context, realm: &Realm) -> Result<Option<Credentials>, Error> {
    with_keyring(context, |keyring| keyring.find(&realm.key))
}

/// Whether the registry takes these; other failures are errors.
pub fn try_credentials(context: &Context, realm: &Realm, user: &str, password: &str) -> Result<bool, Error> {
    let context = Context { credentials: Some((user.to_owned(), password.to_owned())), ..context.clone() };
    match context.registry_client(&realm.registry)?.check_credentials() {
        Ok(()) => Ok(true),
        Err(registry::Error::Unauthorized { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Keeps them; returns where.
pub fn login(context: &Context, realm: &Realm, target: &Target, user: &str, password: &str) -> Result<String, Error> {
    with_keyring(context, |keyring| keyring.store(target, &realm.key, user, password))
}

/// Forgets them; false if there were none for exactly this realm.
pub fn logout(context: &Context, realm: &Realm, target: &Target) -> Result<bool, Error> {
    with_keyring(context, |keyring| keyring.erase(target, &realm.key))
}

/// Forgets all there are.
pub fn logout_all(context: &Context, target: &Target) -> Result<(), Error> {
    with_keyring(context, |keyring| keyring.erase_all(target))
}

/// The registry that is meant when none is named: the first that short names are searched in, else Docker Hub.
pub fn default_registry(context: &Context) -> Result<String, Error> {
    let first = context.registries.get()?.unqualified_search.first().cloned();
    Ok(first.unwrap_or_else(|| "docker.io".to_owned()))
}

fn with_keyring<T>(
    context: &Context,
    act: impl FnOnce(&Keyring<'_>) -> Result<T, config::auth::Error>,
) -> Result<T, Error> {
    let helpers = &context.registries.get()?.credential_helpers;
    let keyring = Keyring { environment: &context.environment, authfile: context.authfile.as_deref(), helpers };
    Ok(act(&keyring)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms() {
        let realm = |text: &str| text.parse::<Realm>().map(|realm| (realm.key, realm.registry));
        let both = |key: &str, registry: &str| (key.to_owned(), registry.to_owned());
        assert_eq!(realm("a.b:5000").unwrap(), both("a.b:5000", "a.b:5000"));
        assert_eq!(realm("a.b/c/d").unwrap(), both("a.b/c/d", "a.b"));
        assert_eq!(realm("https://a.b/v1/c").unwrap(), both("a.b", "a.b"));
        for bad in ["", "a.b/c:1", "a.b/C", "a b", "alpine/../x", "x y/z"] {
            assert!(realm(bad).is_err(), "{bad}");
        }
    }
}

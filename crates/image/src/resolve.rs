//! From a name and a policy to an image that is in the store.

use crate::find::{instance, look_up, open_unnamed};
use crate::{Context, Error, Progress, embedded, find, pull};
use oci::Platform;
use oci::reference::Name;
use store::Store;

/// When to ask the registry (`--pull`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PullPolicy {
    /// Only if it isn't in the store.
    #[default]
    Missing,
    /// Always, and fail if that fails.
    Always,
    /// Never.
    Never,
    /// Always, but go on with the stored one when the registry's is the same, or can't be asked.
    Newer,
}

/// An image ready for a container: its record and its configuration.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The store's record. Its `names` are filled by [`find`] and [`pull`] only.
    pub image: store::Image,
    /// The parsed configuration blob.
    pub config: oci::image::ImageConfig,
    /// The name that was meant, fully qualified (`docker.io/library/alpine:latest`), or the ID.
    pub name: String,
}

/// Finds or pulls, as `policy` says. `hello` is in the binary and needs no network when no such image is stored.
///
/// With a platform, a stored image for another one counts as missing.
pub fn resolve(
    store: &Store,
    context: &Context,
    name: &str,
    policy: PullPolicy,
    platform: Option<&Platform>,
    progress: &dyn Progress,
) -> Result<Resolved, Error> {
    let asked = Asked { store, context, name, platform, progress };
    let is_location = crate::Location::unless_name(name).is_some();
    // `oci:1` can be the name of a stored image, too.
    let stored = if is_location && name.parse::<Name>().is_err() { None } else { asked.stored()? };
    match (policy, stored) {
        (PullPolicy::Never, None) if is_location => find(store, context, name),
        (_, None) if is_location => asked.pull(),
        // What was found by its ID can't be asked for anywhere.
        (_, Some(stored)) if stored.name == stored.image.id.hex() => Ok(stored),
        (PullPolicy::Missing | PullPolicy::Never, Some(stored)) => Ok(stored),
        (PullPolicy::Never, None) => match embedded::by_name(store, context, name, platform)? {
            Some(embedded) => Ok(embedded),
            None => Err(Error::NotKnown { name: crate::error::printable(name) }),
        },
        (PullPolicy::Newer, Some(stored)) => asked.newer(stored),
        (PullPolicy::Missing | PullPolicy::Always | PullPolicy::Newer, _) => asked.pull(),
    }
}

/// What is looked for, and where.
struct Asked<'a> {
    store: &'a Store,
    context: &'a Context,
    name: &'a str,
    platform: Option<&'a Platform>,
    progress: &'a dyn Progress,
}

impl Asked<'_> {
    fn pull(&self) -> Result<Resolved, Error> {
        pull(self.store, self.context, self.name, self.platform, self.progress)
    }

    /// The stored image if it suits the platform.
    fn stored(&self) -> Result<Option<Resolved>, Error> {
        let (store, platform) = (self.store, self.platform);
        let Some((id, shown)) = look_up(store, self.context, self.name)? else { return Ok(None) };
        let host = Platform::host();
        let id = match store.image_record(&id)? {
            Some(list) if list.list.is_some() => match instance(store, &list, platform.unwrap_or(&host))? {
                Some(id) => id,
                None => return Ok(None),
            },
            _ => id,
        };
        let found = match open_unnamed(store, &id, shown) {
            // Lost in a power cut: pulling it again heals it.
            Err(Error::Store(store::Error::MissingBlob(_) | store::Error::DamagedBlob(_))) => return Ok(None),
            found => found?,
        };
        // Layers may be lost in the same way; that is noticed here and not when the container starts.
        if !found.image.layers.iter().all(|layer| store.has_layer(layer)) {
            return Ok(None);
        }
        let suits = platform.is_none_or(|wanted| wanted.rank(&found.config.platform()).is_some());
        Ok(suits.then_some(found))
    }

    /// Pulls if the registry has another one; a registry that can't be asked is no reason not to run.
    fn newer(&self, stored: Resolved) -> Result<Resolved, Error> {
        if self.name.parse::<Name>().is_ok() && pull::is_unchanged(self.context, &stored).unwrap_or(false) {
            return Ok(stored);
        }
        self.pull().or_else(|e| {
            self.progress.warning(&format!("{}; going on with the stored image", chain(&e)));
            Ok(stored)
        })
    }
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |e| e.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

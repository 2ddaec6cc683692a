//! `image sign`: a simple signature of an image in a registry, stored where registries.d says.

use crate::signature::lookaside::{self, Base};
use crate::signature::{Claim, simple};
use crate::{Context, Error};
use config::registries_d;
use oci::image::Document;
use oci::{Digest, Reference};
use std::path::{Path, PathBuf};

/// What to sign and how.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// Which of the user's OpenPGP keys.
    pub key: &'a str,
    /// Below which folder; `None`: as registries.d says.
    pub folder: Option<&'a Path>,
    /// The images of an index, too.
    pub all: bool,
}

/// Signs `docker://…`; the files that were written.
pub fn sign(context: &Context, image: &str, signing: Signing<'_>) -> Result<Vec<PathBuf>, Error> {
    let Some(name) = image.strip_prefix("docker://") else {
        let why = "images are signed in their registries: write docker://REGISTRY/REPOSITORY[:TAG]";
        return Err(Error::Name { name: crate::error::printable(image), why });
    };
    let reference = crate::short_name::complete(name.parse::<oci::reference::Name>()?.in_registry("docker.io"));
    let base = match signing.folder {
        Some(folder) => Base::Folder(folder.to_owned()),
        None => lookaside::base(context, &registries_d::load(&context.environment)?, &reference, true)?,
    };
    let digests = digests(context, &reference, signing.all)?;
    digests.iter().map(|digest| sign_one(&base, &reference, digest, signing.key)).collect()
}

fn sign_one(base: &Base, reference: &Reference, digest: &Digest, key: &str) -> Result<PathBuf, Error> {
    let claim = Claim { digest: digest.clone(), reference: reference.to_string() };
    let failed = |why| Error::Signature { what: format!("sign {reference}, {digest}"), why };
    let message = simple::create(&claim, key, None).map_err(failed)?;
    lookaside::add(base, &reference.repository, digest, &message)
}

/// Of what the reference stands for, and of the images in it.
fn digests(context: &Context, reference: &Reference, all: bool) -> Result<Vec<Digest>, Error> {
    let endpoint = context.registries.get()?.push_endpoint(&reference.to_string())?;
    let (client, place) = context.client(&endpoint)?;
    let wanted = place.digest.as_ref().map(ToString::to_string).or(place.tag).unwrap_or_else(|| "latest".to_owned());
    let manifest = client.manifest(&place.repository, &wanted)?;
    let mut digests = vec![manifest.digest];
    if all {
        let parsed = Document::parse(&manifest.bytes, manifest.media_type.as_deref())
            .map_err(|source| Error::Manifest { what: reference.to_string(), source })?;
        if let Document::Index(index) = parsed {
            digests.extend(index.manifests.into_iter().map(|descriptor| descriptor.digest));
        }
    }
    Ok(digests)
}

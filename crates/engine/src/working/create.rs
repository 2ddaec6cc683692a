//! `buildah from`.

use super::find::{self, check_name, owner_of_name};
use super::record::{self, Base, Working};
use crate::image::RegistryOptions;
use crate::state::names;
use crate::{Engine, Error};
use ::image::{Progress, PullPolicy, Resolved};
use oci::Platform;
use oci::image::{ContainerConfig, ImageConfig};
use spec::ContainerSpec;
use std::collections::{BTreeMap, BTreeSet};

/// The image that is none.
const SCRATCH: &str = "scratch";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";
const BASE_NAME: &str = "org.opencontainers.image.base.name";

/// How to begin.
pub struct FromOptions<'a> {
    /// `--name`
    pub name: Option<String>,
    /// `--pull`
    pub pull: PullPolicy,
    /// `--platform`, `--arch`, `--os`, `--variant`
    pub platform: Option<Platform>,
    /// Credentials and TLS of a pull.
    pub registry: RegistryOptions,
    /// Of a pull.
    pub progress: &'a dyn Progress,
    /// `--format docker`
    pub docker: bool,
    /// How commands are to run in it.
    pub spec: ContainerSpec,
    /// See [`Working::isolation`].
    pub isolation: String,
}

/// Makes one from an image, or from `scratch`.
pub fn create(engine: &Engine, image: &str, options: FromOptions<'_>) -> Result<Working, Error> {
    if let Some(name) = &options.name {
        check_name(name)?;
    }
    let found = match image {
        SCRATCH => None,
        name => {
            let platform = options.platform.as_ref();
            Some(crate::image::pull(engine, name, options.pull, platform, &options.registry, options.progress)?)
        }
    };
    let mut working = begin(engine, found.as_ref(), options.platform)?;
    (working.docker, working.spec, working.isolation) = (options.docker, options.spec, options.isolation);
    // From here to the end nobody else takes a name.
    let _lock = engine.store().lock_working_records()?;
    working.name = match options.name {
        Some(name) => match owner_of_name(engine, &name)? {
            Some(id) => return Err(Error::NameTaken { name, id }),
            None => name,
        },
        None => free_name(engine, &usual_name(found.as_ref().map(|found| found.name.as_str())))?,
    };
    engine.store().create_working(&working.id, &working.diff_ids(), &record::encode(&working)?)?;
    Ok(working)
}

/// What a working container of a stored image would begin with.
pub fn image(engine: &Engine, name: &str) -> Result<Working, Error> {
    let found = crate::image::find(engine, name)?;
    let begun = begin(engine, Some(&found), None)?;
    let manifest = begun.base.as_ref().and_then(|base| serde_json::from_str(&base.manifest).ok());
    let annotations = manifest.map(|manifest: oci::image::Manifest| manifest.annotations).unwrap_or_default();
    Ok(Working { annotations, config: found.config, ..begun })
}

fn begin(engine: &Engine, found: Option<&Resolved>, platform: Option<Platform>) -> Result<Working, Error> {
    let now = jiff::Timestamp::now().to_string();
    let config = match found {
        Some(found) => found.config.clone(),
        None => scratch(&platform.unwrap_or_else(Platform::host), now.clone()),
    };
    let base = found.map(|found| base(engine, found)).transpose()?;
    let layers = found.map(|found| layers(engine, found)).transpose()?.unwrap_or_default();
    Ok(Working {
        id: names::id(),
        name: String::new(),
        created: now,
        annotations: annotations(base.as_ref())?,
        base,
        layers,
        config,
        created_by: String::new(),
        history_comment: String::new(),
        added: Vec::new(),
        docker: false,
        spec: ContainerSpec::default(),
        isolation: String::new(),
    })
}

fn scratch(platform: &Platform, created: String) -> ImageConfig {
    ImageConfig {
        created: Some(created),
        architecture: platform.architecture.clone(),
        os: platform.os.clone(),
        variant: platform.variant.clone(),
        config: Some(ContainerConfig { working_dir: "/".to_owned(), ..ContainerConfig::default() }),
        ..ImageConfig::default()
    }
}

fn base(engine: &Engine, found: &Resolved) -> Result<Base, Error> {
    let text = |digest| Ok::<_, Error>(String::from_utf8_lossy(&engine.store().blob(digest)?).into_owned());
    Ok(Base {
        name: found.name.clone(),
        id: found.image.id.hex().to_owned(),
        digest: found.image.manifest.clone(),
        manifest: text(&found.image.manifest)?,
        config: text(&found.image.id)?,
    })
}

fn layers(engine: &Engine, found: &Resolved) -> Result<Vec<(oci::Digest, u64)>, Error> {
    let sized = |layer: &oci::Digest| Ok((layer.clone(), engine.store().layer_size(layer)?));
    found.image.layers.iter().map(sized).collect()
}

/// Those of the base's manifest, and what the base is.
fn annotations(base: Option<&Base>) -> Result<BTreeMap<String, String>, Error> {
    let Some(base) = base else {
        return Ok([BASE_DIGEST, BASE_NAME].map(|key| (key.to_owned(), String::new())).into());
    };
    let manifest: Result<oci::image::Manifest, _> = serde_json::from_str(&base.manifest);
    let mut annotations = manifest.map(|manifest| manifest.annotations).unwrap_or_default();
    annotations.insert(BASE_DIGEST.to_owned(), base.digest.to_string());
    annotations.insert(BASE_NAME.to_owned(), base.name.clone());
    Ok(annotations)
}

/// `busybox-working-container` of `docker.io/library/busybox:1`.
fn usual_name(image: Option<&str>) -> String {
    let Some(image) = image else { return "working-container".to_owned() };
    let last = image.rsplit('/').next().unwrap_or_default();
    let short = last.split([':', '@']).next().unwrap_or_default();
    format!("{short}-working-container")
}

/// It, or it with a number.
fn free_name(engine: &Engine, wanted: &str) -> Result<String, Error> {
    let mut taken: BTreeSet<String> = find::all(engine)?.into_iter().map(|working| working.name).collect();
    taken.extend(engine.database()?.containers()?.into_iter().map(|container| container.name));
    let numbered = (1..).map(|number| format!("{wanted}-{number}"));
    let free = std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !taken.contains(name));
    Ok(free.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::usual_name;

    #[test]
    fn names_are_those_of_images() {
        assert_eq!(usual_name(None), "working-container");
        assert_eq!(usual_name(Some("docker.io/library/busybox:1")), "busybox-working-container");
        assert_eq!(usual_name(Some("localhost:5000/a/b@sha256:00")), "b-working-container");
    }
}

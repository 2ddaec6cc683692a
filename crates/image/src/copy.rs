//! An image's parts into the store: all layers side by side, then configuration and manifest, then the record.

use crate::choose::Chosen;
use crate::layer::{Job, store_layer};
use crate::source::{Source, small_blob_with};
use crate::{Error, Progress, Resolved};
use oci::image::{Descriptor, ImageConfig};
use oci::media_type::{Kind, classify};
use oci::{Digest, Platform};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use store::{NewImage, Store};

/// Layers at a time, at most. Decompression and hashing keep a core busy each; more hide the latency of far registries.
const MAX_WORKERS: usize = 6;

/// Names under which an image is recorded.
#[derive(Default, Clone)]
pub(crate) struct Naming {
    /// `registry/repository:tag`.
    pub(crate) names: Vec<String>,
    /// `registry/repository@digest`.
    pub(crate) repo_digest: Option<String>,
    /// What the user gets to see as the name.
    pub(crate) shown: String,
}

/// Copies what isn't there yet. If a layer is removed by somebody else meanwhile, it is fetched once more.
pub(crate) fn copy(
    store: &Store,
    source: &dyn Source,
    chosen: &Chosen,
    naming: &Naming,
    wanted: Option<&Platform>,
    progress: &dyn Progress,
) -> Result<Resolved, Error> {
    let what = source.name();
    check_types(chosen, &what)?;
    let (bytes, config) = fetch_config(source, chosen, &what, progress)?;
    if let Some(wanted) = wanted {
        warn_of_platform(wanted, &config, &what, progress);
    }
    let jobs = jobs(chosen, &config);
    for attempt in 0.. {
        store_layers(store, source, &jobs, progress)?;
        match commit(store, chosen, (&bytes, &config), naming, progress) {
            Ok(image) => return Ok(Resolved { image, config, name: naming.shown.clone() }),
            Err(store::Error::MissingLayer(_) | store::Error::MissingBlob(_)) if attempt == 0 => {}
            Err(e) => return Err(e.into()),
        }
    }
    unreachable!("the second attempt returns")
}

fn fetch_config(
    source: &dyn Source,
    chosen: &Chosen,
    what: &str,
    progress: &dyn Progress,
) -> Result<(Vec<u8>, ImageConfig), Error> {
    let descriptor = &chosen.manifest.config;
    let name = format!("configuration {} of {what}", descriptor.digest);
    let limit = oci::image::config::MAX_BYTES as u64;
    let bytes = small_blob_with(source, descriptor, &name, limit, progress)?;
    let config = ImageConfig::parse(&bytes, Some(chosen.manifest.layers.len()))
        .map_err(|source| Error::Config { what: what.to_owned(), source })?;
    Ok((bytes, config))
}

/// Configuration, manifest and record; the layers are there.
fn commit(
    store: &Store,
    chosen: &Chosen,
    (bytes, config): (&[u8], &ImageConfig),
    naming: &Naming,
    progress: &dyn Progress,
) -> Result<store::Image, store::Error> {
    let id = &chosen.manifest.config.digest;
    progress.line(&format!("Copying config {id}"));
    store.put_blob(id, bytes)?;
    progress.line("Writing manifest to image destination");
    store.put_blob(&chosen.digest, &chosen.bytes)?;
    store.commit_image(NewImage {
        id: id.clone(),
        manifest: chosen.digest.clone(),
        layers: config.rootfs.diff_ids.clone(),
        repo_digest: naming.repo_digest.clone(),
        names: naming.names.clone(),
    })
}

/// Artifacts (charts, signatures, models) have manifests as well.
fn check_types(chosen: &Chosen, what: &str) -> Result<(), Error> {
    let config = &chosen.manifest.config;
    if classify(&config.media_type) != Kind::Config {
        let found = crate::error::printable(&config.media_type);
        return Err(Error::MediaType {
            what: format!("configuration of {what}"),
            found,
            wanted: "image configuration",
        });
    }
    for layer in &chosen.manifest.layers {
        if !matches!(classify(&layer.media_type), Kind::Layer { .. }) {
            let found = crate::error::printable(&layer.media_type);
            let what = format!("layer {} of {what}", layer.digest);
            return Err(Error::MediaType { what, found, wanted: "file system layer" });
        }
    }
    Ok(())
}

fn warn_of_platform(wanted: &Platform, config: &ImageConfig, what: &str, progress: &dyn Progress) {
    let found = config.platform();
    if !found.architecture.is_empty() && wanted.rank(&found).is_none() {
        progress.line(&format!(
            "WARNING: image platform ({found}) of {what} does not match the expected platform ({wanted})"
        ));
    }
}

/// Each DiffID once: images do have the same (empty) layer several times.
fn jobs(chosen: &Chosen, config: &ImageConfig) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    for (descriptor, diff_id) in chosen.manifest.layers.iter().zip(&config.rootfs.diff_ids) {
        if !jobs.iter().any(|job| job.diff_id == *diff_id) {
            jobs.push(Job { descriptor: descriptor.clone(), diff_id: diff_id.clone() });
        }
    }
    jobs
}

/// Stores the layers that aren't there, the largest first, so that the last to end is a small one.
fn store_layers(store: &Store, source: &dyn Source, jobs: &[Job], progress: &dyn Progress) -> Result<(), Error> {
    let (there, mut missing): (Vec<&Job>, Vec<&Job>) = jobs.iter().partition(|job| store.has_layer(&job.diff_id));
    for Job { descriptor: Descriptor { digest, size, .. }, .. } in there {
        progress.begin(digest, *size);
        progress.end(digest, true);
    }
    missing.sort_by_key(|job| std::cmp::Reverse(job.descriptor.size));
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let failure: Mutex<Option<Error>> = Mutex::new(None);
    let work = || {
        while let Some(job) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            if let Err(error) = store_layer(store, source, job, progress, &stop) {
                stop.store(true, Ordering::Relaxed);
                let mut failure = failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if failure.is_none() && !matches!(error, Error::Stopped) {
                    *failure = Some(error);
                }
                return;
            }
        }
    };
    match workers().min(missing.len()) {
        0 => {}
        1 => work(),
        count => std::thread::scope(|scope| {
            for _ in 1..count {
                scope.spawn(work);
            }
            work();
        }),
    }
    failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).map_or(Ok(()), Err)
}

/// One more than cores, so that waiting for the network or the disk leaves none idle.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).saturating_add(1).min(MAX_WORKERS)
}

/// What was copied is a manifest of this digest.
pub(crate) fn repo_digest(reference: &oci::Reference, digest: &Digest) -> String {
    format!("{}@{digest}", reference.name())
}

//! `system df`: how much room images, containers and volumes take.

use crate::container::{ContainerSummary, ListOptions, folder_size};
use crate::{Engine, Error, container};
use oci::Digest;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Everything that takes room.
#[derive(Debug, Clone)]
pub struct Usage {
    /// One for each name of an image.
    pub images: Vec<ImageUsage>,
    /// All images; what they share counts once.
    pub all_images: Sum,
    /// All.
    pub containers: Vec<ContainerUsage>,
    /// By name.
    pub volumes: Vec<VolumeUsage>,
    /// The build cache, without what images have, too.
    pub cache: Sum,
}

/// How many, and how many bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many there are.
    pub total: usize,
    /// How many are in use.
    pub active: usize,
    /// Bytes.
    pub size: u64,
    /// Bytes that would be free if what isn't in use went.
    pub reclaimable: u64,
}

/// One image.
#[derive(Debug, Clone)]
pub struct ImageUsage {
    /// Hex digits.
    pub id: String,
    /// `None`: nameless.
    pub name: Option<String>,
    /// RFC 3339.
    pub created: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Bytes of layers that other images have, too.
    pub shared: u64,
    /// How many containers use it.
    pub containers: usize,
}

/// One container.
#[derive(Debug, Clone)]
pub struct ContainerUsage {
    /// As `ps` has it.
    pub summary: ContainerSummary,
    /// How many volumes it uses.
    pub volumes: usize,
    /// Bytes that it wrote.
    pub size: u64,
}

/// One volume.
#[derive(Debug, Clone)]
pub struct VolumeUsage {
    /// Its name.
    pub name: String,
    /// How many containers use it.
    pub links: usize,
    /// Bytes.
    pub size: u64,
}

/// Measures everything: reads the folders of all containers and volumes.
pub fn df(engine: &Engine) -> Result<Usage, Error> {
    let counts = crate::working::image_counts(engine)?;
    let mut images = engine.store().images()?;
    images.sort_by(|a, b| a.created.cmp(&b.created).then_with(|| a.id.cmp(&b.id)));
    images.dedup_by(|a, b| a.id == b.id);
    let sizes = layer_sizes(engine, &images);
    let used = |image: &store::Image| counts.get(image.id.hex()).copied().unwrap_or(0);
    let links = engine.database()?.volume_links()?;
    Ok(Usage {
        images: images.iter().flat_map(|image| rows(image, &images, &sizes, used(image))).collect(),
        all_images: sum(&images, &sizes, used),
        containers: containers(engine, &links)?,
        volumes: volumes(engine, &links)?,
        cache: super::prune::cache_sum(engine)?,
    })
}

/// Bytes of each layer.
fn layer_sizes(engine: &Engine, images: &[store::Image]) -> HashMap<Digest, u64> {
    let layers: HashSet<&Digest> = images.iter().flat_map(|image| &image.layers).collect();
    // What is damaged counts as nothing; `system check` tells.
    layers.into_iter().map(|layer| (layer.clone(), engine.store().layer_size(layer).unwrap_or(0))).collect()
}

fn size_of<'a>(layers: impl Iterator<Item = &'a Digest>, sizes: &HashMap<Digest, u64>) -> u64 {
    let layers: HashSet<&Digest> = layers.collect();
    layers.into_iter().filter_map(|layer| sizes.get(layer)).sum()
}

fn rows(
    image: &store::Image,
    images: &[store::Image],
    sizes: &HashMap<Digest, u64>,
    containers: usize,
) -> Vec<ImageUsage> {
    let others = || images.iter().filter(|other| other.id != image.id);
    let is_shared = |layer: &&Digest| others().any(|other| other.layers.contains(layer));
    let shared = size_of(image.layers.iter().filter(is_shared), sizes);
    let row = |name: Option<&String>| ImageUsage {
        id: image.id.hex().to_owned(),
        name: name.cloned(),
        created: image.created.clone(),
        size: image.size,
        shared,
        containers,
    };
    match image.names.as_slice() {
        [] => vec![row(None)],
        names => names.iter().map(|name| row(Some(name))).collect(),
    }
}

/// What images have in common counts once, and can't be reclaimed as long as one of them stays.
fn sum(images: &[store::Image], sizes: &HashMap<Digest, u64>, used: impl Fn(&store::Image) -> usize) -> Sum {
    let own = |image: &store::Image| image.size.saturating_sub(image.layers.iter().filter_map(|l| sizes.get(l)).sum());
    let whole = |images: &[&store::Image]| {
        let layers = images.iter().flat_map(|image| &image.layers);
        size_of(layers, sizes) + images.iter().map(|image| own(image)).sum::<u64>()
    };
    let all: Vec<_> = images.iter().collect();
    let active: Vec<_> = images.iter().filter(|image| used(image) > 0).collect();
    // Nothing goes from an additional store.
    let staying: Vec<_> = images.iter().filter(|image| image.read_only || used(image) > 0).collect();
    let size = whole(&all);
    Sum { total: images.len(), active: active.len(), size, reclaimable: size - whole(&staying).min(size) }
}

fn containers(engine: &Engine, links: &[(String, String)]) -> Result<Vec<ContainerUsage>, Error> {
    let options = ListOptions { all: true, size: true, ..ListOptions::default() };
    let mut all = container::list(engine, &options)?;
    all.extend(crate::working::listed(engine, true)?);
    let usage = |summary: ContainerSummary| ContainerUsage {
        volumes: links.iter().filter(|(_, container)| *container == summary.id).count(),
        size: summary.size.map_or(0, |size| size.rw_size),
        summary,
    };
    Ok(all.into_iter().map(usage).collect())
}

fn volumes(engine: &Engine, links: &[(String, String)]) -> Result<Vec<VolumeUsage>, Error> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (volume, _) in links {
        *counts.entry(volume).or_default() += 1;
    }
    let all = crate::volume::list(engine)?;
    Ok(all
        .into_iter()
        .map(|volume| VolumeUsage {
            links: counts.get(volume.name.as_str()).copied().unwrap_or(0),
            size: folder_size(&volume.mountpoint),
            name: volume.name,
        })
        .collect())
}

impl Usage {
    /// Those that run are in use.
    pub fn all_containers(&self) -> Sum {
        let mut sum = Sum { total: self.containers.len(), ..Sum::default() };
        for container in &self.containers {
            let runs = matches!(container.summary.state.as_str(), "running" | "paused" | "stopping");
            sum.add(container.size, runs);
        }
        sum
    }

    /// Those that a container has are in use.
    pub fn all_volumes(&self) -> Sum {
        let mut sum = Sum { total: self.volumes.len(), ..Sum::default() };
        self.volumes.iter().for_each(|volume| sum.add(volume.size, volume.links > 0));
        sum
    }
}

impl Sum {
    fn add(&mut self, size: u64, active: bool) {
        self.size += size;
        self.active += usize::from(active);
        self.reclaimable += if active { 0 } else { size };
    }
}

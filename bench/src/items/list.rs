//! `ps -a` with many containers, `images` with many images.

use anyhow::Result;
use testkit::{Entry, Image, Layer, Who};

use super::{ROUNDS, alternate, load_base, shared_folder};
use crate::side::Side;
use crate::table::{Bar, Row, Unit};

const CONTAINERS: usize = 300;

/// `ps -a` with 300 containers.
pub fn many() -> Result<Vec<Row>> {
    let (mut ours, mut theirs) = (Side::ours(Who::Root)?, Side::theirs(Who::Root)?);
    let lines = vec!["create --network none base true".to_owned(); CONTAINERS];
    for side in [Some(&mut ours), theirs.as_mut()].into_iter().flatten() {
        load_base(side)?;
        side.time_together(&lines, 4)?;
    }
    let measure = |side: &mut Side| side.time("ps -a", 0);
    let (mine, other) = alternate(ROUNDS, &mut ours, &mut theirs, measure, measure)?;
    if let Some(side) = &mut theirs {
        side.measure("rm -a")?;
    }
    let name = format!("`ps -a` with {CONTAINERS} containers");
    Ok(vec![Row { name, unit: Unit::Time, ours: mine, theirs: other, bar: Bar::Ratio(0.1) }])
}

const IMAGES: usize = 500;

/// `images` with 500 images of one layer each.
pub fn many_images() -> Result<Vec<Row>> {
    let (mut ours, mut theirs) = (Side::ours(Who::Root)?, Side::theirs(Who::Root)?);
    let folder = shared_folder()?.join("many");
    std::fs::create_dir_all(&folder)?;
    let layer = Layer::new(&[Entry::file("f", "x")]);
    let mut lines = Vec::with_capacity(IMAGES);
    for number in 0..IMAGES {
        let image = Image::new(vec![layer.clone()]).config("Labels", serde_json::json!({"n": number.to_string()}));
        let file = folder.join(format!("{number}.tar"));
        std::fs::write(&file, image.docker_archive(&format!("localhost/image{number}:1")))?;
        lines.push(format!("load -q -i {}", file.display()));
    }
    for side in [Some(&mut ours), theirs.as_mut()].into_iter().flatten() {
        side.time_together(&lines, 2)?;
    }
    let _ = std::fs::remove_dir_all(&folder);
    let measure = |side: &mut Side| side.time("images", 0);
    let (mine, other) = alternate(ROUNDS, &mut ours, &mut theirs, measure, measure)?;
    let name = format!("`images` with {IMAGES} images");
    Ok(vec![Row { name, unit: Unit::Time, ours: mine, theirs: other, bar: Bar::Ratio(0.1) }])
}

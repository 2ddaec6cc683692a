//! Which ids an image needs: the highest user or group that its files belong to or that its passwd and group files name.
//! (How large a user namespace of its own has to be.)

use crate::error::{At, Error};
use crate::location::Store;
use crate::lock::open_dir;
use crate::walk::{Enter, walk};
use oci::Digest;
use std::path::Path;

/// Larger files are not believed.
const LIMIT: u64 = 16 << 20;
/// `nobody` stands for ids that aren't there, so it asks for none.
const NOBODY: u32 = 65534;

impl Store {
    /// Of these layers, lowest first.
    pub fn highest_id(&self, layers: &[Digest]) -> Result<u32, Error> {
        let mut highest = 0;
        for layer in layers {
            highest = highest.max(self.highest_owner(layer)?);
        }
        for file in ["etc/passwd", "etc/group"] {
            let text = self.top_file(layers, Path::new(file))?;
            highest = highest.max(text.as_deref().map_or(0, highest_named));
        }
        Ok(highest)
    }

    /// Counted once for each layer.
    fn highest_owner(&self, layer: &Digest) -> Result<u32, Error> {
        let note = self.layer_path(layer).join("highest-id");
        if let Some(known) = std::fs::read_to_string(&note).ok().and_then(|text| text.strip_suffix('\n')?.parse().ok())
        {
            return Ok(known);
        }
        let mut highest = 0;
        walk(&self.diff_path(layer), &mut |found| {
            highest = highest.max(found.stat.st_uid).max(found.stat.st_gid);
            Ok(Enter::Yes)
        })?;
        // A layer of an additional store has no folder here: it is counted again.
        let _ = std::fs::write(&note, format!("{highest}\n"));
        Ok(highest)
    }

    /// A file as the highest layer has it.
    fn top_file(&self, layers: &[Digest], path: &Path) -> Result<Option<String>, Error> {
        for layer in layers.iter().rev() {
            let diff = self.diff_path(layer);
            let root = open_dir(&diff).at("open folder", &diff)?;
            match sys::path::read(&root, path, LIMIT) {
                Ok(Some(bytes)) => return Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
                Ok(None) if self.is_opaque(layer) => return Ok(None),
                Ok(None) => {}
                // A whiteout, or something that isn't a file.
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// The numbers of a line of passwd(5) or group(5): its third field, and the fourth if it is one.
fn highest_named(text: &str) -> u32 {
    let line = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next().unwrap_or_default();
        let ids = fields.skip(1).take(2).filter_map(|field| field.parse().ok());
        let highest = ids.filter(|id| *id != NOBODY).max().unwrap_or(0);
        if matches!(name, "nobody" | "nogroup") { 0 } else { highest }
    };
    text.lines().map(line).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    // What Podman 5.8 makes of the same files.
    #[test]
    fn nobody_needs_no_id() {
        assert_eq!(highest_named("a:x:5000:20::/:\nb:x:3:4::/:"), 5000);
        assert_eq!(highest_named("a:x:50:6000::/:"), 6000);
        assert_eq!(highest_named("nobody:x:6553:20::/:\nnogroup:x:7000:\nother:x:65534:2:"), 2);
        assert_eq!(highest_named("g:x:7000:a,5\nbroken\n"), 7000);
    }
}

//! Where a shared cache is: a registry's repository as Podman's users write it, or BuildKit's `type=…`.

use engine::build::Export;
use image::{Algorithm, Location};
use oci::reference::Name;
use std::collections::BTreeMap;

/// The tag, and the image's name in a layout, if none is given.
const TAG: &str = "buildcache";

/// A place with what else was said about it.
pub(super) struct Place {
    pub(super) location: Location,
    pub(super) fields: BTreeMap<String, String>,
    /// Only a repository was given.
    plain: bool,
}

/// `folder` is what the key of a folder is called.
pub(super) fn read(text: &str, folder: &str) -> Result<Place, String> {
    if !text.contains('=') {
        return Ok(Place { location: registry(text)?, fields: BTreeMap::new(), plain: !has_tag(text) });
    }
    let mut fields = BTreeMap::new();
    for field in spec::mounts::csv::fields(text).map_err(|invalid| invalid.message)? {
        let (key, value) = field.split_once('=').ok_or("it must be KEY=VALUE,…, or a repository")?;
        fields.insert(key.trim().to_ascii_lowercase(), value.to_owned());
    }
    let kind = fields.remove("type").ok_or("it has no type=")?;
    let location = match kind.as_str() {
        "registry" => registry(&fields.remove("ref").ok_or("type=registry needs ref=")?)?,
        "local" => {
            let path = fields.remove(folder).ok_or(format!("type=local needs {folder}="))?;
            let tag = fields.remove("tag").unwrap_or_else(|| TAG.to_owned());
            format!("oci:{path}:{tag}").parse().map_err(|error| format!("{error}"))?
        }
        "inline" => {
            return Err("type=inline is not supported: type=registry,ref=… beside the image does the same".to_owned());
        }
        other => return Err(format!("type={other} is not supported: there are registry and local")),
    };
    Ok(Place { location, fields, plain: false })
}

fn has_tag(text: &str) -> bool {
    text.parse::<Name>().is_ok_and(|name| name.tag.is_some() || name.digest.is_some())
}

fn registry(text: &str) -> Result<Location, String> {
    let name: Name = text.parse().map_err(|error| format!("{error}"))?;
    let mut reference = name.in_registry("docker.io");
    if reference.tag.is_none() && reference.digest.is_none() {
        reference.tag = Some(TAG.to_owned());
    }
    Ok(Location::Docker(reference))
}

impl Place {
    pub(super) fn nothing_else(&self) -> Result<(), String> {
        match self.fields.keys().next() {
            Some(key) => Err(format!("{key}= is not supported")),
            None => Ok(()),
        }
    }

    pub(super) fn export(mut self) -> Result<Export, String> {
        let mut take = |key: &str| self.fields.remove(key);
        let everything = match take("mode").as_deref() {
            None => self.plain,
            Some("max") => true,
            Some("min") => false,
            Some(other) => return Err(format!("mode={other}: there are min and max")),
        };
        let compression = match take("compression").as_deref() {
            None => None,
            Some("gzip") => Some(Algorithm::Gzip),
            Some("zstd") => Some(Algorithm::Zstd),
            Some(other) => return Err(format!("compression={other}: there are gzip and zstd")),
        };
        let optional = match take("ignore-error").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => return Err(format!("ignore-error={other}: it is true or false")),
        };
        // The only form that there is.
        for key in ["image-manifest", "oci-mediatypes"] {
            match take(key).as_deref() {
                None | Some("true") => {}
                Some(_) => return Err(format!("{key}= can only be true")),
            }
        }
        self.nothing_else()?;
        Ok(Export { location: self.location, adds: self.plain, everything, compression, optional })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(text: &str) -> Result<Export, String> {
        read(text, "dest").and_then(Place::export)
    }

    #[test]
    fn podmans_form_adds_everything() {
        let to = export("quay.io/x/cache").unwrap();
        assert_eq!(to.location.to_string(), "docker://quay.io/x/cache:buildcache");
        assert!(to.adds && to.everything && !to.optional);
        assert!(!export("quay.io/x/cache:1").unwrap().adds);
    }

    #[test]
    fn buildkits_forms() {
        let to =
            export("type=registry,ref=x/y:1,mode=max,compression=zstd,oci-mediatypes=true,ignore-error=true").unwrap();
        assert_eq!(to.location.to_string(), "docker://docker.io/x/y:1");
        assert!(to.everything && to.optional && !to.adds);
        assert!(!export("type=local,dest=/tmp/c").unwrap().everything);
        for (wrong, why) in [
            ("type=inline", "type=inline is not supported"),
            ("type=gha", "type=gha is not supported"),
            ("type=registry", "needs ref="),
            ("type=local,dest=/c,mode=some", "mode=some"),
            ("type=local,dest=/c,colour=red", "colour= is not supported"),
            ("type=registry,ref=UPPER", "UPPER"),
        ] {
            let told = export(wrong).unwrap_err();
            assert!(told.contains(why), "{wrong}: {told}");
        }
    }
}

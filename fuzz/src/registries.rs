//! registries.conf and registries.d. The places that a registry is rewritten to are names again, or an error says why not.

use config::registries::RegistriesConf;
use config::registries_d::RegistriesD;
use std::path::Path;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut conf = RegistriesConf::default();
    if conf.merge(text, Path::new("registries.conf")).is_ok() {
        let names: Vec<String> = conf.registries.iter().map(|registry| registry.prefix.replace('*', "x")).collect();
        for name in names.iter().map(String::as_str).chain(["quay.io/a/b", "localhost:5000/x"]) {
            for reference in [format!("{name}:1"), format!("{name}@{DIGEST}"), format!("{name}/x:1@{DIGEST}")] {
                let _ = (conf.pull_endpoints(&reference), conf.push_endpoint(&reference));
            }
        }
        conf.merge(text, Path::new("registries.conf.d/again.conf"))
            .expect("what was understood once is understood twice");
    }
    let mut places = RegistriesD::default();
    if places.merge(text, Path::new("x.yaml")).is_ok() {
        let scopes = ["quay.io/a/b:1", "quay.io/a/b", "quay.io/a", "quay.io", "*.io"].map(str::to_owned);
        let _ =
            (places.lookaside(&scopes), places.lookaside_staging(&scopes), places.use_sigstore_attachments(&scopes));
    }
}

//! Certificates: the system's authorities, and what a folder adds: one of certs.d (containers-certs.d(5)), or Docker's.
//!
//! In one of certs.d `*.crt` are authorities, `*.cert` with a `*.key` of the same name are for the client.

use crate::verifier::Verifier;
use crate::{Error, Security};
use rustls::ClientConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The largest certificate or key file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// What a folder holds.
#[derive(Default)]
struct Folder {
    authorities: Vec<CertificateDer<'static>>,
    client: Option<Identity>,
}

/// What we tell who we are with.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    key_file: PathBuf,
}

/// The TLS side of an agent for a registry: the first of the folders that exists counts.
pub(crate) fn for_registry(folders: &[PathBuf], security: Security) -> Result<Arc<ClientConfig>, Error> {
    let folder = match folders.iter().find(|folder| folder.is_dir()) {
        Some(folder) => read_folder(folder)?,
        None => Folder::default(),
    };
    config(folder, security)
}

/// The same for Docker's daemon, whose folders hold `ca.pem`, `cert.pem` and `key.pem`. As with Docker, all of them have
/// to be there.
pub(crate) fn for_daemon(folder: Option<&Path>, security: Security) -> Result<Arc<ClientConfig>, Error> {
    let folder = match folder {
        Some(folder) => Folder {
            authorities: match security {
                Security::Insecure => Vec::new(),
                _ => certificates(&folder.join("ca.pem"))?,
            },
            client: Some(client(&folder.join("cert.pem"), folder.join("key.pem"))?),
        },
        None => Folder::default(),
    };
    config(folder, security)
}

fn config(folder: Folder, security: Security) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = match security {
        Security::Insecure => Verifier::of_everybody(&provider),
        Security::Verified | Security::Loopback => {
            // Errors of single files are no reason to trust nobody.
            let systems = rustls_native_certs::load_native_certs().certs;
            Verifier::of(folder.authorities.into_iter().chain(systems).collect(), &provider)
        }
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| wrong("TLS", e))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match folder.client {
        Some(Identity { chain, key, key_file }) => {
            builder.with_client_auth_cert(chain, key).map_err(|e| wrong(key_file, e))?
        }
        None => builder.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

fn read_folder(dir: &Path) -> Result<Folder, Error> {
    let mut folder = Folder::default();
    let entries = std::fs::read_dir(dir).map_err(|e| wrong(dir, e))?;
    let mut files = entries.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>().map_err(|e| wrong(dir, e))?;
    files.sort();
    for file in files {
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("crt") => folder.authorities.extend(certificates(&file)?),
            Some("cert") => folder.client = Some(client(&file, file.with_extension("key"))?),
            Some("key") if !file.with_extension("cert").exists() => {
                return Err(wrong(&file, "there is no `.cert` file of the same name"));
            }
            _ => {}
        }
    }
    Ok(folder)
}

fn client(file: &Path, key_file: PathBuf) -> Result<Identity, Error> {
    let chain = certificates(file)?;
    let key = PrivateKeyDer::from_pem_slice(&read(&key_file)?).map_err(|e| wrong(&key_file, e))?;
    Ok(Identity { chain, key, key_file })
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let text = read(file)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.map_err(|e| wrong(file, e))?;
    if found.is_empty() { Err(wrong(file, "there is no PEM certificate in it")) } else { Ok(found) }
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).and_then(|f| f.take(MAX_FILE).read_to_end(&mut bytes));
    opened.map(|_| bytes).map_err(|e| wrong(file, e))
}

fn wrong(path: impl Into<PathBuf>, why: impl std::fmt::Display) -> Error {
    Error::Certificate { path: path.into(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(files: &[(&str, &str)]) -> Result<Arc<ClientConfig>, Error> {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        for_registry(&["/does/not/exist".into(), dir.path().into()], Security::Insecure)
    }

    #[test]
    fn broken_certificates_are_named() {
        assert!(with(&[]).is_ok());
        assert!(with(&[("README", "x")]).is_ok());
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (files, name) in [
            (&[("ca.crt", "nonsense")][..], "ca.crt"),
            (&[("a.key", "x")], "a.key"),
            (&[("a.cert", pem)], "a.key"),
            (&[("a.cert", pem), ("a.key", "nonsense")], "a.key"),
        ] {
            let error = with(files).err().unwrap().to_string();
            assert!(error.contains(name), "{files:?}: {error}");
        }
    }

    #[test]
    fn dockers_folder_has_to_be_whole() {
        let dir = tempfile::tempdir().unwrap();
        let missing = |security| for_daemon(Some(dir.path()), security).err().unwrap().to_string();
        assert!(missing(Security::Verified).contains("ca.pem"));
        assert!(missing(Security::Insecure).contains("cert.pem"));
        assert!(for_daemon(None, Security::Verified).is_ok());
    }
}

//! Certificates: the system's authorities, and what a certs.d folder adds (containers-certs.d(5)).
//!
//! In such a folder `*.crt` are authorities, `*.cert` with a `*.key` of the same name are for the client.

use crate::{Error, Security, Settings};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use ureq::tls::{Certificate, ClientCert, PemItem, RootCerts, TlsConfig, parse_pem};

/// The largest certificate or key file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// What a certs.d folder holds.
#[derive(Default)]
struct Folder {
    authorities: Vec<Certificate<'static>>,
    client: Option<ClientCert>,
}

/// The TLS side of an agent.
pub(crate) fn config(settings: &Settings) -> Result<TlsConfig, Error> {
    let folder = match settings.cert_dirs.iter().find(|dir| dir.is_dir()) {
        Some(dir) => read_folder(dir)?,
        None => Folder::default(),
    };
    let insecure = settings.security == Security::Insecure;
    let mut roots = folder.authorities;
    if !insecure {
        // Errors of single files are no reason to trust nobody.
        roots
            .extend(rustls_native_certs::load_native_certs().certs.iter().map(|c| Certificate::from_der(c).to_owned()));
    }
    Ok(TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::new_with_certs(&roots))
        .client_cert(folder.client)
        .disable_verification(insecure)
        .build())
}

fn read_folder(dir: &Path) -> Result<Folder, Error> {
    let mut folder = Folder::default();
    let entries = std::fs::read_dir(dir).map_err(|e| wrong(dir, e))?;
    let mut files = entries.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>().map_err(|e| wrong(dir, e))?;
    files.sort();
    for file in files {
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("crt") => folder.authorities.extend(certificates(&file)?),
            Some("cert") => folder.client = Some(client(&file)?),
            Some("key") if !file.with_extension("cert").exists() => {
                return Err(wrong(&file, "there is no `.cert` file of the same name"));
            }
            _ => {}
        }
    }
    Ok(folder)
}

fn client(file: &Path) -> Result<ClientCert, Error> {
    let key_file = file.with_extension("key");
    let key_text = read(&key_file)?;
    check_pair(file, &key_file, &key_text)?;
    let key = parse_pem(&key_text).find_map(|item| match item {
        Ok(PemItem::PrivateKey(key)) => Some(key),
        _ => None,
    });
    let key = key.ok_or_else(|| wrong(&key_file, "there is no private key in it"))?;
    Ok(ClientCert::new_with_certs(&certificates(file)?, key))
}

/// ureq takes it for granted that a key is valid and fits its certificate; here that is found out.
fn check_pair(file: &Path, key_file: &Path, key_text: &[u8]) -> Result<(), Error> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&read(file)?).collect::<Result<_, _>>().map_err(|e| wrong(file, e))?;
    let key = PrivateKeyDer::from_pem_slice(key_text).map_err(|e| wrong(key_file, e))?;
    rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|b| b.with_root_certificates(rustls::RootCertStore::empty()).with_client_auth_cert(chain, key))
        .map(drop)
        .map_err(|e| wrong(key_file, e))
}

fn certificates(file: &Path) -> Result<Vec<Certificate<'static>>, Error> {
    let mut found = Vec::new();
    for item in parse_pem(&read(file)?) {
        if let PemItem::Certificate(certificate) = item.map_err(|e| wrong(file, e))? {
            found.push(certificate);
        }
    }
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

    fn with(files: &[(&str, &str)]) -> Result<TlsConfig, Error> {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let mut settings = Settings::new(Security::Insecure);
        settings.cert_dirs = vec!["/does/not/exist".into(), dir.path().into()];
        config(&settings)
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
}

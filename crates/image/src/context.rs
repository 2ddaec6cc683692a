//! The files and settings image operations follow, and the client they lead to.

use crate::Error;
use crate::encryption::Decryptor;
use config::Environment;
use config::auth::{self, Keyring};
use config::policy::Policy;
use config::registries::{Endpoint, Registries};
use oci::Reference;
use registry::{Client, Credentials, Retry, Security, Settings, Timeouts};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

/// Configuration and what the command line says on top of it.
#[derive(Debug, Clone)]
pub struct Context {
    /// registries.conf, read when first needed.
    pub registries: Registries,
    /// Where credentials are looked for.
    pub environment: Environment,
    /// `--authfile`, else the usual search.
    pub authfile: Option<PathBuf>,
    /// `--creds user:password`.
    pub credentials: Option<(String, String)>,
    /// A bearer token instead.
    pub token: Option<String>,
    /// Nobody, whatever is kept.
    pub anonymous: bool,
    /// `--tls-verify`; `None`: as registries.conf says.
    pub tls_verify: Option<bool>,
    /// `--cert-dir`.
    pub cert_dir: Option<PathBuf>,
    /// policy.json, read when first needed.
    pub trust: Trust,
    /// `--decryption-key`: what is encrypted for one of these keys is opened as it is pulled.
    pub decryption: Option<Arc<Decryptor>>,
    /// When a registry is asked again.
    pub retry: Retry,
    /// When a registry is given up.
    pub timeouts: Timeouts,
    /// `--user-agent-prefix`.
    pub user_agent_prefix: Option<String>,
    /// `--registries.d`; else the usual folders.
    pub registries_d: Option<PathBuf>,
    /// `--daemon-host`: where Docker's daemon is, if not where `DOCKER_HOST` says.
    pub daemon_host: Option<String>,
    /// `--shared-blob-dir`: where the blobs of OCI layouts lie, if not in the layout.
    pub shared_blobs: Option<PathBuf>,
    /// More names of what is written into a `docker-archive:`.
    pub additional_names: Vec<String>,
    /// What is compressed on its way to a registry goes through a file first: it may be there already.
    pub precompute_digests: bool,
    /// Shared by its clones.
    pub clients: Clients,
}

/// Clients that were made, so that what one learnt (scheme, tokens, connections) is asked for once.
#[derive(Clone, Default)]
pub struct Clients(Arc<Mutex<Vec<Known>>>);

struct Known {
    security: Security,
    credentials: Option<Credentials>,
    client: Arc<Client>,
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clients")
    }
}

/// Which policy is followed.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// `--signature-policy`, `--policy`; else the user's file, else the system's.
    file: Option<PathBuf>,
    read: OnceLock<Policy>,
}

impl Trust {
    /// `--signature-policy`; `None`: the usual files.
    pub fn following(file: Option<PathBuf>) -> Trust {
        Trust { file, read: OnceLock::new() }
    }

    /// `--insecure-policy`: whatever the files say, everything is accepted.
    pub fn anything() -> Trust {
        Trust { file: None, read: OnceLock::from(Policy::accept_anything()) }
    }
}

impl Context {
    /// What the files of `environment` say, with nothing said on the command line.
    pub fn new(environment: Environment) -> Context {
        let registries = Registries::of(environment.clone());
        Context {
            registries,
            environment,
            authfile: None,
            credentials: None,
            token: None,
            anonymous: false,
            tls_verify: None,
            cert_dir: None,
            trust: Trust::default(),
            decryption: None,
            retry: Retry::default(),
            timeouts: Timeouts::default(),
            user_agent_prefix: None,
            registries_d: None,
            daemon_host: None,
            shared_blobs: None,
            additional_names: Vec::new(),
            precompute_digests: false,
            clients: Clients::default(),
        }
    }

    /// A client for an endpoint, with the credentials for its repository.
    pub(crate) fn client(&self, endpoint: &Endpoint) -> Result<(Arc<Client>, Reference), Error> {
        let reference: Reference = endpoint.reference.parse()?;
        let security = Security::decide(&reference.registry, endpoint.insecure, self.tls_verify);
        let credentials = self.credentials_for(&reference.name())?;
        let mut known = self.clients.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let same = |known: &&Known| {
            known.client.registry() == reference.registry
                && known.security == security
                && known.credentials == credentials
        };
        if let Some(known) = known.iter().find(same) {
            return Ok((Arc::clone(&known.client), reference));
        }
        let settings = self.settings(&reference.registry, security, credentials.clone());
        let client = Arc::new(Client::new(&reference.registry, settings));
        known.push(Known { security, credentials, client: Arc::clone(&client) });
        Ok((client, reference))
    }

    fn settings(&self, registry: &str, security: Security, credentials: Option<Credentials>) -> Settings {
        Settings {
            security,
            credentials,
            cert_dirs: self.cert_dirs(registry),
            retry: self.retry,
            timeouts: self.timeouts,
            user_agent_prefix: self.user_agent_prefix.clone(),
        }
    }

    /// A client for a registry as such.
    pub(crate) fn registry_client(&self, registry: &str) -> Result<Client, Error> {
        let endpoint = self.registries.get()?.push_endpoint(registry)?;
        let place = endpoint.reference.split('/').next().unwrap_or_default().to_owned();
        let security = Security::decide(&place, endpoint.insecure, self.tls_verify);
        let settings = self.settings(&place, security, self.credentials_for(registry)?);
        Ok(Client::new(&place, settings))
    }

    fn credentials_for(&self, repository: &str) -> Result<Option<Credentials>, Error> {
        if self.anonymous {
            return Ok(None);
        }
        if let Some(token) = self.token.clone() {
            return Ok(Some(Credentials::Bearer(token)));
        }
        if let Some((username, password)) = self.credentials.clone() {
            return Ok(Some(Credentials::Basic { username, password }));
        }
        let helpers = &self.registries.get()?.credential_helpers;
        let keyring = Keyring { environment: &self.environment, authfile: self.authfile.as_deref(), helpers };
        keyring.require_file()?;
        Ok(keyring.find(repository)?.map(|credentials| match credentials {
            auth::Credentials::Basic { username, password } => Credentials::Basic { username, password },
            auth::Credentials::IdentityToken(token) => Credentials::IdentityToken(token),
        }))
    }

    pub(crate) fn policy(&self) -> Result<&Policy, Error> {
        if let Some(policy) = self.trust.read.get() {
            return Ok(policy);
        }
        let policy = config::policy::load(&self.environment, self.trust.file.as_deref())?;
        Ok(self.trust.read.get_or_init(|| policy))
    }

    /// `--cert-dir`, else the registry's folder of the user, of containers, of Docker.
    fn cert_dirs(&self, registry: &str) -> Vec<PathBuf> {
        if let Some(dir) = &self.cert_dir {
            return vec![dir.clone()];
        }
        let root = &self.environment.system_root;
        let user = self.environment.config_home().map(|home| home.join("containers/certs.d"));
        let folders = user.into_iter().chain([root.join("etc/containers/certs.d"), root.join("etc/docker/certs.d")]);
        folders.map(|folder| folder.join(registry)).collect()
    }
}

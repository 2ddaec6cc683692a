//! A certificate authority made with `openssl`, for registries that speak TLS.

use std::path::PathBuf;

use crate::env::TestEnv;

/// An authority whose certificate a test can give to the engine.
#[derive(Debug)]
pub struct Authority {
    dir: PathBuf,
    /// Its own certificate is the server's.
    serves: bool,
}

impl Authority {
    /// Makes a key and a certificate that signs itself.
    #[must_use]
    pub fn new(env: &TestEnv) -> Self {
        let dir = env.dir().join("tls");
        let authority = Self { dir, serves: false };
        env.script(&format!(
            "mkdir -p {dir}; cd {dir}; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
             -subj /CN=testkit -addext keyUsage=keyCertSign -keyout ca.key -out ca.crt 2>/dev/null",
            dir = authority.dir.display()
        ));
        authority
    }

    /// A server's certificate that signs itself, as most people make it: for OpenSSL it is an authority's by default.
    /// `purpose`: its `extendedKeyUsage`, if it has one.
    #[must_use]
    pub fn of_itself(env: &TestEnv, address: &str, purpose: Option<&str>) -> Self {
        let authority = Self { dir: env.dir().join("tls"), serves: true };
        let purpose = purpose.map_or(String::new(), |purpose| format!("-addext extendedKeyUsage={purpose}"));
        env.script(&format!(
            "mkdir -p {dir}; cd {dir}; openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={address} \
             -addext subjectAltName=IP:{address} {purpose} -keyout ca.key -out ca.crt 2>/dev/null",
            dir = authority.dir.display()
        ));
        authority
    }

    /// The authority's certificate (PEM).
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.dir.join("ca.crt")
    }

    /// The certificate and key of a server that was started with it; a client may show them as well.
    #[must_use]
    pub fn certified(&self) -> (PathBuf, PathBuf) {
        match self.serves {
            true => (self.certificate(), self.dir.join("ca.key")),
            false => (self.dir.join("server.crt"), self.dir.join("server.key")),
        }
    }

    /// Makes a server certificate for an address; returns certificate and key.
    pub(crate) fn certify(&self, env: &TestEnv, address: &str) -> (PathBuf, PathBuf) {
        if self.serves {
            return self.certified();
        }
        env.script(&format!(
            "cd {dir}; openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={address} \
             -keyout server.key -out server.csr 2>/dev/null
             printf 'subjectAltName=IP:{address},DNS:localhost' >ext
             openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ext \
             -out server.crt 2>/dev/null",
            dir = self.dir.display()
        ));
        self.certified()
    }
}

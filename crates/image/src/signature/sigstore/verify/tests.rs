//! Fulcio's and one's own certificates are made by `openssl`, which the tests have anyway.

use super::*;
use crate::signature::sigstore::{PrivateKey, generate, rekor};
use oci::Digest;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const EXTENSIONS: &str = "[root]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n\
    [leaf]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n\
    subjectAltName=critical,email:me@example.com,DNS:host.example.com\n\
    1.3.6.1.4.1.57264.1.1=DER:68747470733a2f2f697373756572\n1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:https://issuer\n\
    [server]\nextendedKeyUsage=serverAuth\nsubjectAltName=email:me@example.com\n";

struct Authority {
    dir: tempfile::TempDir,
}

impl Authority {
    fn new() -> Authority {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ext"), EXTENSIONS).unwrap();
        let authority = Authority { dir };
        authority.openssl("ecparam -genkey -name prime256v1 -noout -out ca.key");
        authority
            .openssl("req -x509 -new -key ca.key -subj /CN=CA -days 2 -config ext -extensions root -out ca.pem -batch");
        authority
    }

    fn openssl(&self, arguments: &str) {
        let config = self.dir.path().join("ext");
        let text = std::fs::read_to_string(&config).unwrap();
        if !text.contains("[req]") {
            std::fs::write(&config, format!("[req]\ndistinguished_name=dn\n[dn]\n{text}")).unwrap();
        }
        let mut command = Command::new("openssl");
        let done = command.args(arguments.split(' ')).current_dir(self.dir.path()).output().expect("openssl starts");
        assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// A certificate of the kind `extensions`, over a new key.
    fn issue(&self, extensions: &str, days: &str) -> (PrivateKey, String) {
        self.openssl("ecparam -genkey -name prime256v1 -noout -out leaf.ec");
        self.openssl("pkcs8 -topk8 -nocrypt -in leaf.ec -outform DER -out leaf.key");
        self.openssl("req -new -key leaf.ec -subj /CN=me -config ext -batch -out leaf.csr");
        self.openssl(&format!(
            "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} -extfile ext -extensions {extensions} -out leaf.pem"
        ));
        let key = PrivateKey::from_pkcs8(&self.read("leaf.key")).unwrap();
        (key, String::from_utf8(self.read("leaf.pem")).unwrap())
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(Path::new(self.dir.path()).join(name)).unwrap()
    }

    fn roots(&self) -> Vec<Vec<u8>> {
        pem::certificates(&self.read("ca.pem")).unwrap()
    }
}

struct Log {
    key: PrivateKey,
    public: String,
}

fn log() -> Log {
    let (private, public) = generate(b"").unwrap();
    Log { key: PrivateKey::open(private.as_bytes(), b"").unwrap(), public }
}

fn logs(log: &Log) -> Vec<PublicKey> {
    vec![PublicKey::from_pem(log.public.as_bytes()).unwrap()]
}

fn claim() -> Claim {
    Claim { digest: Digest::sha256(b"manifest"), reference: "a.b/c:1".into() }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A signature as cosign makes it without keys: certificate and the log's promise are with it.
fn keyless(key: &PrivateKey, certificate: &str, log: &Log, time: u64) -> Sigstore {
    let mut signature = Sigstore::create(&claim(), key).unwrap();
    let bytes = STANDARD.decode(&signature.annotations[SIGNATURE]).unwrap();
    let time = i64::try_from(time).unwrap();
    let bundle = rekor::tests::record(&log.key, certificate, &bytes, &signature.payload, time);
    signature.annotations.insert(BUNDLE.to_owned(), bundle);
    signature.annotations.insert(CERTIFICATE.to_owned(), certificate.to_owned());
    signature
}

fn fulcio(authority: &Authority, issuer: &str, email: &str) -> Trust {
    Trust::Fulcio { roots: authority.roots(), issuer: issuer.into(), email: email.into() }
}

#[test]
fn without_keys_certificate_and_log_say_who_it_was() {
    let (authority, log) = (Authority::new(), log());
    let (key, certificate) = authority.issue("leaf", "1");
    let signature = keyless(&key, &certificate, &log, now() + 60);
    let ask = |signature: &Sigstore, trust: &Trust, log: &Log| verify(signature, trust, &logs(log), now());
    let trust = fulcio(&authority, "https://issuer", "me@example.com");
    assert_eq!(ask(&signature, &trust, &log), Ok(claim()));
    // What counts is when the log saw it, not when it is looked at.
    let later = now() + 10 * 86400;
    assert_eq!(verify(&signature, &trust, &logs(&log), later), Ok(claim()));
    let late = keyless(&key, &certificate, &log, later);
    assert!(ask(&late, &trust, &log).unwrap_err().contains("not valid"));
    for (trust, why) in [
        (fulcio(&authority, "https://other", "me@example.com"), "vouched for by `https://issuer`"),
        (fulcio(&authority, "https://issuer", "you@example.com"), "not for `you@example.com` but for `me@example.com`"),
        (fulcio(&Authority::new(), "https://issuer", "me@example.com"), "not valid"),
    ] {
        let error = ask(&signature, &trust, &log).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
    assert!(ask(&signature, &trust, &super::tests::log()).unwrap_err().contains("transparency log"));
    let (_, other) = authority.issue("leaf", "1");
    let mut swapped = signature.clone();
    swapped.annotations.insert(CERTIFICATE.to_owned(), other);
    assert!(ask(&swapped, &trust, &log).unwrap_err().contains("another key"));
    let mut changed = signature.clone();
    changed.payload.push(b' ');
    assert!(ask(&changed, &trust, &log).unwrap_err().contains("another document"));
    let mut without = signature;
    without.annotations.remove(BUNDLE);
    assert!(ask(&without, &trust, &log).unwrap_err().contains("missing"));
}

#[test]
fn a_servers_certificate_signs_no_images() {
    let (authority, log) = (Authority::new(), log());
    let (key, certificate) = authority.issue("server", "1");
    let signature = keyless(&key, &certificate, &log, now() + 60);
    let trust = fulcio(&authority, "https://issuer", "me@example.com");
    assert!(verify(&signature, &trust, &logs(&log), now()).is_err());
}

#[test]
fn an_own_authority_names_person_or_machine() {
    let authority = Authority::new();
    let (key, certificate) = authority.issue("leaf", "1");
    let mut signature = Sigstore::create(&claim(), &key).unwrap();
    signature.annotations.insert(CERTIFICATE.to_owned(), certificate);
    let ask = |email: Option<&str>, hostname: Option<&str>, time: u64| {
        let (email, hostname) = (email.map(str::to_owned), hostname.map(str::to_owned));
        let trust = Trust::Pki { roots: authority.roots(), intermediates: Vec::new(), email, hostname };
        verify(&signature, &trust, &[], time)
    };
    let soon = now() + 60;
    assert_eq!(ask(Some("me@example.com"), None, soon), Ok(claim()));
    assert_eq!(ask(Some("me@example.com"), Some("host.example.com"), soon), Ok(claim()));
    assert!(ask(Some("me@example.com"), Some("other.example.com"), soon).is_err());
    assert!(ask(Some("you@example.com"), None, soon).is_err());
    let expired = SystemTime::now() + Duration::from_secs(2 * 86400);
    let expired = expired.duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(ask(Some("me@example.com"), None, expired).unwrap_err().contains("not valid"));
}

#[test]
fn a_log_can_be_asked_for_with_plain_keys_as_well() {
    let (private, public) = generate(b"").unwrap();
    let key = PrivateKey::open(private.as_bytes(), b"").unwrap();
    let trust = Trust::Keys(vec![PublicKey::from_pem(public.as_bytes()).unwrap()]);
    let log = log();
    let plain = Sigstore::create(&claim(), &key).unwrap();
    assert_eq!(verify(&plain, &trust, &[], now()), Ok(claim()));
    assert!(verify(&plain, &trust, &logs(&log), now()).unwrap_err().contains("missing"));
    let logged = keyless(&key, &public, &log, now());
    assert_eq!(verify(&logged, &trust, &logs(&log), now()), Ok(claim()));
    let other = Sigstore { media_type: "text/plain".into(), ..plain };
    assert!(verify(&other, &trust, &[], now()).unwrap_err().contains("no signature"));
}

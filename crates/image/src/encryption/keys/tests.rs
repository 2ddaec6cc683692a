//! Key files as `openssl` writes them.

use super::*;
use std::process::Command;
use std::sync::OnceLock;

/// RSA keys take long to make, so the tests share three pairs.
pub(in crate::encryption) fn pair(number: usize) -> (PrivateKey, PublicKey) {
    static PAIRS: OnceLock<Vec<(PrivateKey, PublicKey)>> = OnceLock::new();
    let make = || {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("key");
        openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key.to_str().unwrap()]);
        let public = dir.path().join("pub");
        openssl(&["pkey", "-in", key.to_str().unwrap(), "-pubout", "-out", public.to_str().unwrap()]);
        (private(&read(&key).unwrap(), None).unwrap(), super::public(&read(&public).unwrap()).unwrap())
    };
    PAIRS.get_or_init(|| (0..3).map(|_| make()).collect())[number].clone()
}

fn openssl(arguments: &[&str]) {
    let done = Command::new("openssl").args(arguments).output().expect("openssl starts");
    assert!(done.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn keys_come_in_several_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    openssl(&["genrsa", "-out", &path("plain"), "2048"]);
    openssl(&["rsa", "-in", &path("plain"), "-aes256", "-passout", "pass:secret", "-out", &path("locked")]);
    openssl(&["rsa", "-in", &path("plain"), "-traditional", "-out", &path("old")]);
    openssl(&["rsa", "-in", &path("plain"), "-outform", "DER", "-pubout", "-out", &path("der")]);
    openssl(&["ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", &path("ec")]);
    std::fs::write(path("password"), "secret").unwrap();
    for good in ["plain", "old", "locked:secret", "locked:pass=secret", &format!("locked:file={}", path("password"))] {
        DecryptionKey::parse(&path(good)).map(drop).unwrap_or_else(|e| panic!("{good}: {e}"));
    }
    assert!(EncryptionKey::parse(&format!("jwe:{}", path("der"))).is_ok());
    for (wrong, why) in [
        ("locked", "password"),
        ("locked:wrong", "password is wrong"),
        ("ec", "EC PRIVATE KEY"),
        ("missing", "missing"),
        ("password", "PEM"),
        ("locked:fd=3", "descriptors"),
    ] {
        let error = DecryptionKey::parse(&path(wrong)).map(drop).unwrap_err();
        assert!(error.contains(why), "{wrong}: {error}");
    }
    for (wrong, why) in [("pgp:a@b", "pgp is not supported"), ("x:y", "not known"), ("file", "protocol is missing")] {
        let error = EncryptionKey::parse(wrong).map(drop).unwrap_err();
        assert!(error.contains(why), "{wrong}: {error}");
    }
}

//! The status lines of gpg, good and bad.

use super::*;

#[test]
fn only_one_good_signature_counts() {
    const GOOD: &str = "[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG AB name\n\
        [GNUPG:] VALIDSIG SUB 2026-11-24 1795449600 0 4 0 1 10 00 PRIMARY\n";
    assert_eq!(judge(GOOD), Ok(("SUB".to_owned(), "PRIMARY".to_owned())));
    for (status, why) in [
        (String::new(), "no OpenPGP signature"),
        ("[GNUPG:] NEWSIG\n[GNUPG:] BADSIG AB name\n".to_owned(), "wrong"),
        (GOOD.replace("GOODSIG", "EXPSIG"), "expired"),
        (GOOD.replace("GOODSIG", "EXPKEYSIG"), "key of the signature has expired"),
        (GOOD.replace("GOODSIG", "REVKEYSIG"), "revoked"),
        (format!("{GOOD}{GOOD}"), "several"),
        (format!("{GOOD}[GNUPG:] NEWSIG\n[GNUPG:] ERRSIG AB 1 10 00 1 9 -\n"), "another key"),
        (format!("[GNUPG:] BEGIN_DECRYPTION\n{GOOD}"), "encrypted"),
        (GOOD.replace("[GNUPG:] GOODSIG", "gpg: GOODSIG"), "no OpenPGP signature"),
    ] {
        let error = judge(&status).unwrap_err();
        assert!(error.contains(why), "{status}: {error}");
    }
}

#[test]
fn text_is_no_signature() {
    let keyring = Keyring { home: None, scratch: Home::new().unwrap() };
    for text in ["", "-----BEGIN PGP SIGNED MESSAGE-----\n", "{}"] {
        assert!(keyring.verify(text.as_bytes()).unwrap_err().contains("no OpenPGP message"));
    }
}

//! Whole policies: what is read, and what is refused.

use super::*;

fn single(requirement: &str) -> Result<Requirement, String> {
    let mut policy = Policy::parse(&format!("{{\"default\":[{requirement}]}}"))?;
    Ok(policy.default.remove(0))
}

#[test]
fn all_kinds_of_requirements_are_read() {
    assert_eq!(single(r#"{"type":"insecureAcceptAnything"}"#), Ok(Requirement::InsecureAcceptAnything));
    assert_eq!(single(r#"{"type":"reject"}"#), Ok(Requirement::Reject));
    let keys = vec![KeySource::Path("/a".into()), KeySource::Path("/b".into())];
    let signed = single(r#"{"type":"signedBy","keyType":"GPGKeys","keyPaths":["/a","/b"]}"#).unwrap();
    assert_eq!(signed, Requirement::SignedBy { keys, identity: SignedIdentity::RepoDigestOrExact });
    let sigstore = single(r#"{"type":"sigstoreSigned","keyData":"YWI=","rekorPublicKeyPath":"/r"}"#).unwrap();
    let Requirement::SigstoreSigned(sigstore) = sigstore else { panic!("{sigstore:?}") };
    assert_eq!(sigstore.trust, SigstoreTrust::Keys(vec![KeySource::Data(b"ab".to_vec())]));
    assert_eq!(sigstore.rekor, [KeySource::Path("/r".into())]);
    let fulcio = r#"{"type":"sigstoreSigned","fulcio":{"caPath":"/c","oidcIssuer":"i","subjectEmail":"e"},
        "rekorPublicKeyDatas":["YWI="]}"#;
    assert!(matches!(
        single(fulcio).unwrap(),
        Requirement::SigstoreSigned(SigstoreSigned { trust: SigstoreTrust::Fulcio { .. }, .. })
    ));
    let pki = r#"{"type":"sigstoreSigned","pki":{"caRootsPath":"/c","subjectHostname":"h"}}"#;
    assert!(matches!(
        single(pki).unwrap(),
        Requirement::SigstoreSigned(SigstoreSigned { trust: SigstoreTrust::Pki { .. }, .. })
    ));
}

#[test]
fn all_kinds_of_identities_are_read() {
    let identity = |text: &str| {
        let text = format!(r#"{{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k","signedIdentity":{text}}}"#);
        single(&text).map(|r| if let Requirement::SignedBy { identity, .. } = r { identity } else { unreachable!() })
    };
    assert_eq!(identity(r#"{"type":"matchExact"}"#), Ok(SignedIdentity::Exact));
    assert_eq!(identity(r#"{"type":"matchRepoDigestOrExact"}"#), Ok(SignedIdentity::RepoDigestOrExact));
    assert_eq!(identity(r#"{"type":"matchRepository"}"#), Ok(SignedIdentity::Repository));
    let reference = SignedIdentity::ExactReference("a.b/c:1".into());
    assert_eq!(identity(r#"{"type":"exactReference","dockerReference":"a.b/c:1"}"#), Ok(reference));
    let repository = SignedIdentity::ExactRepository("a.b/c".into());
    assert_eq!(identity(r#"{"type":"exactRepository","dockerRepository":"a.b/c"}"#), Ok(repository));
    let remap = SignedIdentity::Remap { prefix: "m:5000/x".into(), signed_prefix: "v.e".into() };
    assert_eq!(identity(r#"{"type":"remapIdentity","prefix":"m:5000/x","signedPrefix":"v.e"}"#), Ok(remap));
    for (wrong, why) in [
        (r#"{"type":"matchAll"}"#, "unknown variant"),
        (r#"{"type":"matchExact","x":1}"#, "unknown field"),
        (r#"{"type":"exactReference","dockerReference":"a.b/c"}"#, "neither tag"),
        (r#"{"type":"exactRepository","dockerRepository":"a.b/c:1"}"#, "without tag"),
        (r#"{"type":"remapIdentity","prefix":"m/x:1","signedPrefix":"v.e"}"#, "prefix `m/x:1`"),
        (r#"{"type":"remapIdentity","prefix":"m/x"}"#, "signedPrefix"),
    ] {
        let error = identity(wrong).unwrap_err();
        assert!(error.contains(why), "{wrong}: {error}");
    }
}

#[test]
fn anything_unknown_double_or_missing_makes_the_file_invalid() {
    for (text, why) in [
        ("", "EOF"),
        ("{}", "default"),
        (r#"{"default":[]}"#, "empty"),
        (r#"{"default":[{"type":"reject"}],"x":1}"#, "unknown field `x`"),
        (r#"{"default":[{"type":"reject"}],"default":[{"type":"reject"}]}"#, "duplicate field"),
        (r#"{"default":[{"type":"accept"}]}"#, "unknown variant"),
        (r#"{"default":[{"type":"reject","type":"reject"}]}"#, "duplicate field"),
        (r#"{"default":[{"type":"reject","x":1}]}"#, "unknown field"),
        (r#"{"default":[{"type":"insecureAcceptAnything","x":1}]}"#, "unknown field"),
        (r#"{"default":[{"type":"reject"}],"transports":{"docker":{"a":[]}}}"#, "`a`"),
        (r#"{"default":[{"type":"reject"}],"transports":{"docker":{},"docker":{}}}"#, "`docker` is there twice"),
        (
            r#"{"default":[{"type":"reject"}],"transports":{"docker":{"a":[{"type":"reject"}],"a":[{"type":"reject"}]}}}"#,
            "`a` is there twice",
        ),
        (r#"{"default":[{"type":"signedBy","keyType":"GPGKeys"}]}"#, "one of keyPath"),
        (r#"{"default":[{"type":"signedBy","keyPath":"/x"}]}"#, "keyType"),
        (r#"{"default":[{"type":"signedBy","keyType":"X","keyPath":"/x"}]}"#, "keyType `X`"),
        (r#"{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/x","keyData":""}]}"#, "only one"),
        (r#"{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPaths":[]}]}"#, "empty"),
        (r#"{"default":[{"type":"signedBy","keyType":"GPGKeys","keyData":"?"}]}"#, "base64"),
        (r#"{"default":[{"type":"sigstoreSigned"}]}"#, "one of keyPath"),
        (r#"{"default":[{"type":"sigstoreSigned","keyDatas":[]}]}"#, "empty"),
        (
            r#"{"default":[{"type":"sigstoreSigned","fulcio":{"caPath":"/c","oidcIssuer":"i","subjectEmail":"e"}}]}"#,
            "rekorPublicKey",
        ),
        (r#"{"default":[{"type":"sigstoreSigned","pki":{"caRootsPath":"/c"}}]}"#, "subjectEmail"),
        (
            r#"{"default":[{"type":"sigstoreSigned","keyPath":"/x","rekorPublicKeyPath":"/a","rekorPublicKeyData":""}]}"#,
            "only one",
        ),
    ] {
        let error = Policy::parse(text).expect_err(text);
        assert!(error.contains(why), "{text}: {error}");
    }
}

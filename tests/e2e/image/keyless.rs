//! Signatures without a key to be kept: an authority vouches for a person for some minutes, and a log says when it was used.
//!
//! Authority (Fulcio), log (Rekor) and signer are made by `openssl`; the annotations are cosign's.

use super::trust::policy;
use serde_json::{Value, json};
use testkit::{Base, Registry, Settings, TestEnv, base64, sha256_hex};

/// Two authorities and two logs, of which the second of each is nobody's; a signer with a certificate of the first.
const MAKE: &str = r#"
    cat >ext <<END
[req]
distinguished_name=dn
[dn]
[root]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
[leaf]
keyUsage=critical,digitalSignature
extendedKeyUsage=codeSigning
subjectAltName=critical,email:me@example.com
1.3.6.1.4.1.57264.1.1=DER:68747470733a2f2f697373756572
1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:https://issuer
END
    key() { openssl ecparam -genkey -name prime256v1 -noout -out $1; }
    for ca in fulcio stranger; do
        key $ca.key
        openssl req -x509 -new -key $ca.key -subj /CN=$ca -days 2 -config ext -extensions root -out $ca.pem -batch
    done
    for log in rekor other; do key $log.key; openssl ec -in $log.key -pubout -out $log.pub; done
    key signer.key
    openssl req -new -key signer.key -subj / -config ext -batch -out signer.csr
    openssl x509 -req -in signer.csr -CA fulcio.pem -CAkey fulcio.key -CAcreateserial -days 1 -extfile ext \
        -extensions leaf -out signer.pem"#;

/// What a signature is made of, to be spoilt.
struct Signature {
    payload: Vec<u8>,
    certificate: String,
    bundle: Value,
    signature: String,
}

fn openssl_signs(env: &TestEnv, key: &str, what: &[u8]) -> String {
    env.write("to-be-signed", what);
    let script = format!("openssl dgst -sha256 -sign {key} to-be-signed | base64 -w0");
    env.host("sh -ec").arg(script).run().ok().whole()
}

impl Signature {
    fn new(env: &TestEnv, log: &str, name: &str, manifest: &str) -> Signature {
        let payload = json!({"critical": {
            "identity": {"docker-reference": name},
            "image": {"docker-manifest-digest": manifest},
            "type": "cosign container image signature",
        }, "optional": null})
        .to_string()
        .into_bytes();
        let signature = openssl_signs(env, "signer.key", &payload);
        let certificate = env.read(env.work().join("signer.pem")).expect("the signer's certificate");
        let bundle = promise(env, log, &recorded(&payload, &signature, &certificate));
        Signature { payload, certificate, bundle, signature }
    }

    /// Where cosign puts it.
    fn attach(&self, registry: &Registry<'_>, manifest: &str) {
        let describe = |media_type: &str, blob: &[u8]| json!({"mediaType": media_type, "size": blob.len(), "digest": format!("sha256:{}", sha256_hex(blob))});
        let mut layer = describe("application/vnd.dev.cosign.simplesigning.v1+json", &self.payload);
        layer["annotations"] = json!({
            "dev.cosignproject.cosign/signature": self.signature,
            "dev.sigstore.cosign/certificate": self.certificate,
            "dev.sigstore.cosign/chain": "",
            "dev.sigstore.cosign/bundle": self.bundle.to_string(),
        });
        let config = json!({"architecture": "", "os": "", "config": {},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}})
        .to_string()
        .into_bytes();
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let config_type = "application/vnd.oci.image.config.v1+json";
        let manifest_of_it = json!({"schemaVersion": 2, "mediaType": kind,
            "config": describe(config_type, &config), "layers": [layer]});
        let tag = format!("{}.sig", manifest.replace(':', "-"));
        let blobs = [self.payload.clone(), config];
        registry.push_parts("lib/base", &tag, kind, manifest_of_it.to_string().into_bytes(), blobs);
    }
}

/// What a log writes down of a signature.
fn recorded(payload: &[u8], signature: &str, certificate: &str) -> String {
    let hash = json!({"algorithm": "sha256", "value": sha256_hex(payload)});
    let by = json!({"content": signature, "publicKey": {"content": base64(certificate.as_bytes())}});
    json!({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {"data": {"hash": hash}, "signature": by}})
        .to_string()
}

/// The log's promise that it did, a minute from now: the certificate is valid from this second on.
fn promise(env: &TestEnv, log: &str, entry: &str) -> Value {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970").as_secs();
    let (body, time, id) = (base64(entry.as_bytes()), now + 60, "c0ffee");
    let canonical = format!(r#"{{"body":"{body}","integratedTime":{time},"logID":"{id}","logIndex":7}}"#);
    let signed = openssl_signs(env, &format!("{log}.key"), canonical.as_bytes());
    json!({"SignedEntryTimestamp": signed,
        "Payload": {"body": body, "integratedTime": time, "logIndex": 7, "logID": id}})
}

/// What a policy demands.
#[derive(Clone, Copy)]
struct Demand {
    authority: &'static str,
    issuer: &'static str,
    email: &'static str,
}

const MET: Demand = Demand { authority: "fulcio.pem", issuer: "https://issuer", email: "me@example.com" };

fn demand(env: &TestEnv, demand: Demand) {
    let data = |name: &str| base64(env.read(env.work().join(name)).expect("it was made").as_bytes());
    let requirement = json!({"type": "sigstoreSigned", "rekorPublicKeyData": data("rekor.pub"),
        "fulcio": {"caData": data(demand.authority), "oidcIssuer": demand.issuer, "subjectEmail": demand.email}});
    policy(env, &json!({"default": [requirement]}).to_string());
}

/// A pushed image, the name that a signature has to have, its digest.
fn pushed(env: &TestEnv) -> (Registry<'_>, String, String) {
    env.host("sh -ec").arg(MAKE).run().ok();
    let yaml = "default-docker:\n  use-sigstore-attachments: true\n";
    env.configure(&Settings { system: &[("registries.d/test.yaml", yaml)], user: &[] });
    let registry = env.registry();
    let digest = registry.push("lib/base", "1", &Base::image());
    let name = format!("{}/lib/base:1", registry.host());
    (registry, name, digest)
}

fn the_right_person_at_the_right_time_is_believed(env: &TestEnv) {
    let (registry, name, digest) = pushed(env);
    demand(env, MET);
    let pull = || env.run(&format!("pull -q {name}"));
    pull().code(125).complains("A signature was required, but no signature exists");
    Signature::new(env, "rekor", &name, &digest).attach(&registry, &digest);
    for (demanded, why) in [
        (Demand { email: "you@example.com", ..MET }, "you@example.com"),
        (Demand { issuer: "https://other", ..MET }, "https://"),
        (Demand { authority: "stranger.pem", ..MET }, "certificate"),
    ] {
        demand(env, demanded);
        pull().code(125).complains(why);
        env.ok("images -aq").prints("");
    }
    demand(env, MET);
    pull().ok();
}

fn what_was_tampered_with_is_not(env: &TestEnv) {
    let (registry, name, digest) = pushed(env);
    demand(env, MET);
    let good = Signature::new(env, "rekor", &name, &digest);
    let later = good.bundle["Payload"]["integratedTime"].as_i64().expect("a time") + 1;
    let mut moved = Signature::new(env, "rekor", &name, &digest);
    moved.bundle = good.bundle.clone();
    moved.bundle["Payload"]["integratedTime"] = later.into();
    let mut swapped = Signature::new(env, "rekor", &name, &digest);
    swapped.bundle = good.bundle.clone();
    let mut unlogged = Signature::new(env, "rekor", &name, &digest);
    unlogged.bundle = json!({});
    let spoilt = [
        ("another time than the log signed", moved),
        ("what was logged is another signature", swapped),
        ("no promise of the log", unlogged),
        ("another log", Signature::new(env, "other", &name, &digest)),
        ("another name", Signature::new(env, "rekor", &name.replace("base:1", "base:2"), &digest)),
        ("another image", Signature::new(env, "rekor", &name, &format!("sha256:{}", "0".repeat(64)))),
    ];
    for (what, signature) in spoilt {
        signature.attach(&registry, &digest);
        let refused = env.run(&format!("pull -q {name}"));
        assert_eq!(refused.status.code(), Some(125), "{what}: {}", refused.complaint());
        refused.is_readable();
        env.ok("images -aq").prints("");
    }
    good.attach(&registry, &digest);
    env.ok(&format!("pull -q {name}"));
}

testkit::cases! {
    both: [the_right_person_at_the_right_time_is_believed, what_was_tampered_with_is_not]
}

//! `signedIdentity`: which name a signature must give to the image.

use serde::Deserialize;

/// By what the signed name is compared with the image's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "Fields")]
pub enum SignedIdentity {
    /// The same name with the same tag or digest.
    Exact,
    /// The same, but an image wanted by digest may be signed with any tag of its repository.
    #[default]
    RepoDigestOrExact,
    /// The same repository.
    Repository,
    /// This name (with tag or digest), whatever the image's is.
    ExactReference(String),
    /// This repository, whatever the image's is.
    ExactRepository(String),
    /// As [`SignedIdentity::RepoDigestOrExact`], with the beginning of the image's name replaced.
    Remap {
        /// Of the image's name.
        prefix: String,
        /// What the signature has in its place.
        signed_prefix: String,
    },
}

/// As it is written; empty braces, because serde lets unknown keys pass beside a variant without any.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Fields {
    MatchExact {},
    MatchRepoDigestOrExact {},
    MatchRepository {},
    ExactReference { docker_reference: String },
    ExactRepository { docker_repository: String },
    RemapIdentity { prefix: String, signed_prefix: String },
}

impl TryFrom<Fields> for SignedIdentity {
    type Error = String;

    fn try_from(fields: Fields) -> Result<SignedIdentity, String> {
        Ok(match fields {
            Fields::MatchExact {} => SignedIdentity::Exact,
            Fields::MatchRepoDigestOrExact {} => SignedIdentity::RepoDigestOrExact,
            Fields::MatchRepository {} => SignedIdentity::Repository,
            Fields::ExactReference { docker_reference: name } if !has_tag_or_digest(&name) => {
                return Err(format!("dockerReference `{name}` has neither tag nor digest"));
            }
            Fields::ExactReference { docker_reference: name } => SignedIdentity::ExactReference(name),
            Fields::ExactRepository { docker_repository: name } if name.is_empty() || has_tag_or_digest(&name) => {
                return Err(format!("dockerRepository `{name}` must be a repository without tag and digest"));
            }
            Fields::ExactRepository { docker_repository: name } => SignedIdentity::ExactRepository(name),
            Fields::RemapIdentity { prefix, signed_prefix } => {
                check_prefix("prefix", &prefix)?;
                check_prefix("signedPrefix", &signed_prefix)?;
                SignedIdentity::Remap { prefix, signed_prefix }
            }
        })
    }
}

/// A host with port, or a namespace or repository below one.
fn check_prefix(key: &str, value: &str) -> Result<(), String> {
    let rest = value.split_once('/').map_or("", |(_, rest)| rest);
    if value.is_empty() || value.ends_with('/') || value.contains(char::is_whitespace) || rest.contains([':', '@']) {
        return Err(format!(
            "{key} `{value}` must be `host[:port]` or `host[:port]/namespace`, without tag and digest"
        ));
    }
    Ok(())
}

fn has_tag_or_digest(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    last.contains([':', '@'])
}

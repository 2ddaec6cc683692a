//! Platforms (`os/arch[/variant]`) in Go's words: parse, normalise (`x86_64` → `amd64`, `aarch64` → `arm64`), match.

use crate::null_default;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// OCI image index "platform".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Platform {
    /// GOARCH.
    pub architecture: String,
    /// GOOS.
    pub os: String,
    /// `v7`, `v8`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Windows only.
    #[serde(default, rename = "os.version", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// Windows only.
    #[serde(default, rename = "os.features", skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub os_features: Vec<String>,
    /// Features of the CPU.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub features: Vec<String>,
}

/// Why a text is no platform.
#[derive(Debug, thiserror::Error)]
#[error("invalid platform `{text}`: {why}")]
pub struct InvalidPlatform {
    text: String,
    why: &'static str,
}

impl Platform {
    /// The machine this program runs on.
    pub fn host() -> Platform {
        Platform::new("linux", std::env::consts::ARCH, if cfg!(target_arch = "arm") { "v7" } else { "" })
    }

    /// From words in any spelling, normalised; an empty variant is none.
    pub fn new(os: &str, architecture: &str, variant: &str) -> Platform {
        let (architecture, variant) = normalise(architecture, variant);
        let variant = (!variant.is_empty()).then_some(variant);
        Platform {
            architecture,
            os: normalise_os(os),
            variant,
            os_version: None,
            os_features: Vec::new(),
            features: Vec::new(),
        }
    }

    /// How well `candidate` serves where `self` is wanted: smaller is better, `None` is not at all.
    ///
    /// A CPU runs the code of the variants below its own, best the nearest; where no variant is wanted, one without is best.
    pub fn rank(&self, candidate: &Platform) -> Option<usize> {
        let wanted = self.normalised();
        let offered = candidate.normalised();
        if wanted.os != offered.os || wanted.architecture != offered.architecture {
            return None;
        }
        let ladder = variants(&wanted.architecture);
        match (wanted.variant.as_deref(), offered.variant.as_deref()) {
            (a, b) if a == b => Some(0),
            (None, Some(variant)) => ladder.iter().position(|v| *v == variant).map(|at| at + 1),
            (Some(variant), None) => ladder.contains(&variant).then_some(ladder.len() + 1),
            (Some(wanted), Some(offered)) => {
                let from = ladder.iter().position(|v| *v == wanted)?;
                ladder[from..].iter().position(|v| *v == offered)
            }
            (None, None) => Some(0),
        }
    }

    fn normalised(&self) -> Platform {
        Platform::new(&self.os, &self.architecture, self.variant.as_deref().unwrap_or_default())
    }
}

impl FromStr for Platform {
    type Err = InvalidPlatform;

    /// `os/arch[/variant]`, or one word that is either; what is left out is the host's.
    fn from_str(text: &str) -> Result<Platform, InvalidPlatform> {
        let fail = |why| Err(InvalidPlatform { text: text.chars().take(160).collect(), why });
        let word = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        };
        if !text.split('/').all(word) {
            return fail("it must look like `os/arch[/variant]`");
        }
        let host = Platform::host();
        match text.split('/').collect::<Vec<_>>()[..] {
            [arch] if is_architecture(arch) => Ok(Platform::new(&host.os, arch, "")),
            [os] => Ok(Platform::new(os, &host.architecture, host.variant.as_deref().unwrap_or_default())),
            [os, arch] => Ok(Platform::new(os, arch, "")),
            [os, arch, variant] => Ok(Platform::new(os, arch, variant)),
            _ => fail("it has more than three parts"),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

/// By its own name or another: Podman takes a single word for an operating system, Docker knows these.
fn is_architecture(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    [
        "amd64", "x86", "i386", "i686", "386", "arm", "aarch64", "ppc64", "powerpc", "s390x", "riscv", "mips", "loong",
        "sparc", "wasm",
    ]
    .iter()
    .any(|known| word.starts_with(known))
}

fn normalise_os(os: &str) -> String {
    match os.to_ascii_lowercase().as_str() {
        "macos" => "darwin".to_owned(),
        other => other.to_owned(),
    }
}

/// Architecture and variant as Go and containerd write them.
fn normalise(architecture: &str, variant: &str) -> (String, String) {
    let (architecture, variant) = (architecture.to_ascii_lowercase(), variant.to_ascii_lowercase());
    let (a, v) = match (architecture.as_str(), variant.as_str()) {
        ("i386" | "i686" | "x86" | "386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64" | "amd64", v) => ("amd64", v),
        ("aarch64" | "arm64", "8" | "v8" | "v8.0") => ("arm64", ""),
        ("aarch64" | "arm64", v) => ("arm64", v),
        ("armhf", _) => ("arm", "v7"),
        ("armel", _) => ("arm", "v6"),
        ("arm", "" | "7") => ("arm", "v7"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "6") => ("arm", "v6"),
        ("arm", "8") => ("arm", "v8"),
        ("powerpc64le" | "ppc64el", v) => ("ppc64le", v),
        ("riscv64gc", v) => ("riscv64", v),
        ("loongarch64", v) => ("loong64", v),
        (a, v) => (a, v),
    };
    (a.to_owned(), v.to_owned())
}

/// Variants of an architecture, each of which runs those behind it.
fn variants(architecture: &str) -> &'static [&'static str] {
    match architecture {
        "arm" => &["v8", "v7", "v6", "v5"],
        "amd64" => &["v4", "v3", "v2"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    #[test]
    fn words_are_normalised() {
        for (text, expected) in [
            ("linux/x86_64", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/arm/v6", "linux/arm/v6"),
            ("arm64", "linux/arm64"),
            ("Linux/AMD64", "linux/amd64"),
            ("powerpc64le", "linux/ppc64le"),
        ] {
            assert_eq!(platform(text).to_string(), expected, "{text}");
        }
        assert_eq!(platform("bogus").os, "bogus", "as Podman has it");
        for text in ["", "/", "linux/", "a/b/c/d", "linux/a b"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_cpu_takes_what_it_can_run_and_best_the_nearest() {
        let rank = |wanted: &str, offered: &str| platform(wanted).rank(&platform(offered));
        assert_eq!(rank("linux/amd64", "linux/amd64"), Some(0));
        assert_eq!(rank("linux/amd64", "linux/arm64"), None);
        assert_eq!(rank("linux/amd64", "windows/amd64"), None);
        assert_eq!(rank("linux/arm/v7", "linux/arm/v8"), None);
        assert!(rank("linux/arm/v7", "linux/arm/v6") < rank("linux/arm/v7", "linux/arm/v5"));
        assert!(rank("linux/amd64/v3", "linux/amd64/v2") < rank("linux/amd64/v3", "linux/amd64"));
        assert_eq!(rank("linux/arm64", "linux/arm64/v8"), Some(0));
    }
}

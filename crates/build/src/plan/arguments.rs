//! Build arguments: given ones, those declared before the first stage, and the ones that are always there.

use crate::language::instruction::Argument;
use oci::Platform;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Arguments that needn't be declared, and that RUN gets without leaving a trace in the image (Dockerfile reference,
/// "Predefined ARGs").
pub const PROXIES: [&str; 10] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// All that is known outside of a stage.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    /// `--build-arg`
    given: BTreeMap<String, String>,
    /// Declared before the first FROM, in their order.
    global: Vec<(String, String)>,
    /// `TARGETPLATFORM` and its like.
    automatic: BTreeMap<&'static str, String>,
    consumed: RefCell<BTreeSet<String>>,
}

impl Arguments {
    /// `target` is the name of the stage that is wanted.
    pub fn new(given: &BTreeMap<String, String>, build: &Platform, platform: &Platform, target: &str) -> Arguments {
        let mut automatic = BTreeMap::new();
        for (names, platform) in [(BUILD, build), (TARGET, platform)] {
            let [whole, os, architecture, variant] = names;
            automatic.insert(whole, platform.to_string());
            automatic.insert(os, platform.os.clone());
            automatic.insert(architecture, platform.architecture.clone());
            automatic.insert(variant, platform.variant.clone().unwrap_or_default());
        }
        automatic.insert("TARGETSTAGE", target.to_owned());
        Arguments { given: given.clone(), automatic, ..Arguments::default() }
    }

    /// Of an argument that is declared before the first FROM; its default has its variables replaced.
    pub(super) fn declare(&mut self, name: &str, default: Option<String>) {
        let value = self.take_given(name).or(default);
        if let Some(value) = value {
            self.global.retain(|(known, _)| known != name);
            self.global.push((name.to_owned(), value));
        }
    }

    /// Before the first stage and in FROM.
    pub fn global(&self, name: &str) -> Option<String> {
        let declared = self.global.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        declared.or_else(|| self.automatic(name))
    }

    /// Of an argument that a stage declares. `default` comes with its variables replaced.
    pub fn in_stage(&self, argument: &Argument, default: Option<String>) -> Option<String> {
        let name = argument.name.as_str();
        self.take_given(name).or(default).or_else(|| self.global(name))
    }

    /// The proxies that are given: names and values. Programs disagree about the case, so one stands for the other too.
    pub fn proxies(&self) -> Vec<(String, String)> {
        let other = |name: &str| PROXIES.into_iter().find(|other| *other != name && other.eq_ignore_ascii_case(name));
        let given = |name: &str| self.take_given(name).or_else(|| self.take_given(other(name)?));
        PROXIES.into_iter().filter_map(|name| Some((name.to_owned(), given(name)?))).collect()
    }

    /// Given and never declared, in a file that was read to its end.
    pub fn unused(&self) -> Vec<String> {
        let consumed = self.consumed.borrow();
        let is_ours = |name: &str| PROXIES.contains(&name) || name == crate::lint::ARGUMENT;
        let unused = self.given.keys().filter(|name| !consumed.contains(*name) && !is_ours(name));
        unused.cloned().collect()
    }

    fn automatic(&self, name: &str) -> Option<String> {
        self.take_given(name)
            .filter(|_| self.automatic.contains_key(name))
            .or_else(|| self.automatic.get(name).cloned())
    }

    fn take_given(&self, name: &str) -> Option<String> {
        let value = self.given.get(name)?;
        self.consumed.borrow_mut().insert(name.to_owned());
        Some(value.clone())
    }
}

const BUILD: [&str; 4] = ["BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT"];
const TARGET: [&str; 4] = ["TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT"];

//! Rules of the workspace that a machine can check: which crate may use which, where `unsafe` and printing are
//! allowed, that files say what they are for, and that no test file was forgotten.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::root;

/// The allowed direction: a crate and those of ours that it may use. See ARCHITECTURE.md.
const DIRECTION: [(&str, &[&str]); 16] = [
    ("minke", &["cli", "api", "monitor", "runtime", "network", "sys", "engine"]),
    ("cli", &["build", "bundle", "engine", "image", "spec", "config"]),
    ("api", &["build", "engine", "image", "spec", "config"]),
    ("build", &["engine", "image", "spec"]),
    ("engine", &["spec", "image", "network", "store", "monitor", "runtime", "config"]),
    ("image", &["registry", "store", "config", "sys"]),
    ("registry", &[]),
    ("store", &[]),
    ("network", &["config"]),
    ("bundle", &["runtime"]),
    ("runtime", &[]),
    ("monitor", &["runtime"]),
    ("spec", &["config"]),
    ("config", &[]),
    ("oci", &[]),
    ("sys", &[]),
];

/// Below everything: their types are the common language, and they use nothing of ours.
const BOTTOM: [&str; 2] = ["oci", "sys"];

/// Those that may not use even a part of the bottom.
const PURE: [(&str, &str); 3] = [("spec", "sys"), ("config", "sys"), ("oci", "sys")];

/// Checks all rules and reports every violation.
pub fn check() -> Result<()> {
    let mut complaints = Vec::new();
    direction(&mut complaints)?;
    for file in rust_files(&root())? {
        let text = fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))?;
        let name = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
        source_rules(&name, &text, &mut complaints);
    }
    forgotten(&root().join("tests/e2e"), &mut complaints)?;
    if complaints.is_empty() {
        println!("rules: fine");
        return Ok(());
    }
    bail!("the workspace's rules are broken:\n  {}", complaints.join("\n  "))
}

fn direction(complaints: &mut Vec<String>) -> Result<()> {
    let allowed: BTreeMap<&str, &[&str]> = DIRECTION.into_iter().collect();
    for entry in fs::read_dir(root().join("crates"))? {
        let file = entry?.path().join("Cargo.toml");
        let text = fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))?;
        let manifest: toml::Table = text.parse().with_context(|| format!("can't parse {}", file.display()))?;
        let name = manifest["package"]["name"].as_str().unwrap_or_default().to_owned();
        if name == "testkit" {
            continue;
        }
        let Some(allowed) = allowed.get(name.as_str()) else {
            complaints.push(format!("crate {name} is in no row of the direction table"));
            continue;
        };
        for dependency in dependencies(&manifest) {
            if is_ours(&dependency) && !may_use(&name, allowed, &dependency) {
                complaints.push(format!("crate {name} may not use {dependency}"));
            }
        }
    }
    Ok(())
}

fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let table = |key: &str| manifest.get(key).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys);
    table("dependencies").chain(table("build-dependencies")).cloned().collect()
}

fn is_ours(name: &str) -> bool {
    name == "testkit" || DIRECTION.iter().any(|(ours, _)| *ours == name)
}

fn may_use(name: &str, allowed: &[&str], dependency: &str) -> bool {
    if PURE.contains(&(name, dependency)) {
        return false;
    }
    allowed.contains(&dependency) || (BOTTOM.contains(&dependency) && !BOTTOM.contains(&name))
}

/// Rules about one file. `name` is its path in the workspace.
fn source_rules(name: &str, text: &str, complaints: &mut Vec<String>) {
    // The programs for inside containers include each other, where `//!` isn't allowed.
    let opening = if name.starts_with("crates/sys/inside/") { "// " } else { "//!" };
    if !text.starts_with(opening) {
        complaints.push(format!("{name} doesn't begin with `//!` and what it is for"));
    }
    if name.starts_with("crates/") && !name.starts_with("crates/sys/") {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if code.contains("unsafe {") || code.contains("unsafe fn") || code.contains("unsafe impl") {
                complaints.push(format!("{name}:{}: `unsafe` outside crates/sys", number + 1));
            }
        }
    }
    let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if ["util", "utils", "helper", "helpers", "common", "manager", "misc"].contains(&stem.as_str()) {
        complaints.push(format!("{name}: name it for its subject"));
    }
}

/// Every file and folder of the end-to-end tests is a module of its parent.
fn forgotten(dir: &Path, complaints: &mut Vec<String>) -> Result<()> {
    let parent = [dir.join("main.rs"), dir.join("mod.rs")].into_iter().find(|file| file.exists());
    let text = parent.map(fs::read_to_string).transpose()?.unwrap_or_default();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if ["main", "mod"].contains(&stem.as_str()) {
            continue;
        }
        if !text.lines().any(|line| line.trim() == format!("mod {stem};")) {
            complaints.push(format!("{} is part of no test binary", path.display()));
        }
        if path.is_dir() {
            forgotten(&path, complaints)?;
        }
    }
    Ok(())
}

fn rust_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("can't list {}", dir.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files.extend(rust_files(&path)?);
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_keeps_its_rules() {
        check().unwrap();
    }

    #[test]
    fn only_downward() {
        assert!(may_use("store", &[], "oci"));
        assert!(!may_use("spec", &["config"], "sys"));
        assert!(!may_use("sys", &[], "oci"));
        assert!(!may_use("cli", &["engine"], "store"));
    }
}

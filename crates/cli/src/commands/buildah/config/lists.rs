//! What `buildah config` adds to lists and takes out of them: `--env`, `--label`, `--port`, ….

use super::Change;
use crate::error::Failure;
use crate::output::quote;
use build::language::expand;
use oci::image::config::Empty;
use std::collections::BTreeMap;

/// What one value means for a list.
enum Entry<'t> {
    /// `-`
    Clear,
    /// `key-`
    Remove(&'t str),
    /// Anything else.
    Add(&'t str),
}

/// A dash at the end only counts where no value is given.
fn entry(text: &str) -> Entry<'_> {
    match text.strip_suffix('-') {
        Some("") => Entry::Clear,
        Some(key) if !key.contains('=') => Entry::Remove(key),
        _ => Entry::Add(text),
    }
}

impl Change<'_> {
    /// In the order in which they are noted.
    pub(super) fn lists(&mut self) -> Result<(), Failure> {
        let list = |name: &str| self.matches.list(name).to_vec();
        let [ports, variables, volumes, labels] = ["port", "env", "volume", "label"].map(list);
        let [triggers, features, annotations] = ["onbuild", "os-feature", "annotation"].map(list);
        if !ports.is_empty() {
            self.note("EXPOSE", &ports.join(" "));
            set(&ports, &mut self.working.container().exposed_ports);
        }
        if !variables.is_empty() {
            self.note("ENV", &variables.join(" "));
            variables.iter().try_for_each(|text| variable(text, &mut self.working.container().env))?;
        }
        self.commands()?;
        if !volumes.is_empty() {
            self.note("VOLUME", &volumes.join(" "));
            set(&volumes, &mut self.working.container().volumes);
        }
        if !labels.is_empty() {
            self.note("LABEL", &labels.join(" "));
            labels.iter().for_each(|text| pair(text, &mut self.working.container().labels));
        }
        for key in self.matches.list("unsetlabel") {
            self.working.container().labels.remove(key);
        }
        for trigger in triggers {
            self.docker_only("ONBUILD", &trigger);
            self.note("ONBUILD", &trigger);
            self.working.container().on_build.push(trigger);
        }
        features.iter().for_each(|text| feature(text, &mut self.working.config.os_features));
        annotations.iter().for_each(|text| pair(text, &mut self.working.annotations));
        for key in self.matches.list("unsetannotation") {
            self.working.annotations.remove(key);
        }
        Ok(())
    }
}

fn set(texts: &[String], into: &mut BTreeMap<String, Empty>) {
    for text in texts {
        match entry(text) {
            Entry::Clear => into.clear(),
            Entry::Remove(key) => drop(into.remove(key)),
            Entry::Add(key) => drop(into.insert(key.to_owned(), Empty {})),
        }
    }
}

fn pair(text: &str, into: &mut BTreeMap<String, String>) {
    match entry(text) {
        Entry::Clear => into.clear(),
        Entry::Remove(key) => drop(into.remove(key)),
        Entry::Add(text) => {
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            into.insert(key.to_owned(), value.to_owned());
        }
    }
}

fn feature(text: &str, into: &mut Vec<String>) {
    match entry(text) {
        Entry::Clear => into.clear(),
        Entry::Remove(name) => into.retain(|known| known != name),
        Entry::Add(name) if into.iter().any(|known| known == name) => {}
        Entry::Add(name) => into.push(name.to_owned()),
    }
}

/// A value may name variables that are set already.
fn variable(text: &str, env: &mut Vec<String>) -> Result<(), Failure> {
    let find = |env: &[String], name: &str| {
        env.iter()
            .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
            .map(|(_, value)| value.to_owned())
    };
    let (name, value) = match entry(text) {
        Entry::Clear => {
            env.clear();
            return Ok(());
        }
        Entry::Remove(name) => {
            env.retain(|pair| pair.split_once('=').is_none_or(|(key, _)| key != name));
            return Ok(());
        }
        Entry::Add(text) => match text.split_once('=') {
            Some((name, value)) => {
                let value = expand::text(value, &mut |name| find(env, name));
                (name, value.map_err(|error| Failure::new(format!("setting env {}: {error}", quote(text))))?)
            }
            None => {
                let missing = |_| Failure::new(format!("setting env {}: no value given", quote(text)));
                (text, std::env::var(text).map_err(missing)?)
            }
        },
    };
    env.retain(|pair| pair.split_once('=').is_none_or(|(key, _)| key != name));
    env.push(format!("{name}={value}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::variable;

    #[test]
    fn variables_may_name_others() {
        let mut env = vec!["A=1".to_owned()];
        variable("B=$A-x", &mut env).unwrap();
        variable("A=2-", &mut env).unwrap();
        variable("C=\"${B}\"", &mut env).unwrap();
        assert_eq!(env, ["B=1-x", "A=2-", "C=\"1-x\""]);
        variable("A-", &mut env).unwrap();
        assert_eq!(env, ["B=1-x", "C=\"1-x\""]);
        variable("-", &mut env).unwrap();
        assert!(env.is_empty() && variable("NOBODY_SET_THIS", &mut env).is_err());
    }
}

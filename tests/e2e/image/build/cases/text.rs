//! Cases as they are written; see the module.

/// One rule.
#[derive(Debug, Clone, Default)]
pub(super) struct Case {
    pub(super) name: String,
    /// A shell's script.
    pub(super) prepare: String,
    /// Of the build.
    pub(super) flags: String,
    /// The Containerfile.
    pub(super) text: String,
    pub(super) checks: Vec<(Check, String)>,
    /// It does, and says this.
    pub(super) fails: Option<String>,
    /// Engines that do something else.
    others: Vec<String>,
}

/// What is looked at.
#[derive(Debug, Clone)]
pub(super) enum Check {
    /// What a shell's script prints in it.
    Inside(String),
    /// What `image inspect` makes of a template.
    Shown(String),
}

impl Case {
    pub(super) fn differs(&self, engine: &str) -> bool {
        self.others.iter().any(|other| other == engine)
    }
}

pub(super) fn parse(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            cases.push(Case { name: name.to_owned(), ..Case::default() });
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        match line.split_at_checked(2) {
            Some(("$ ", script)) => case.prepare += &format!("{script}\n"),
            Some(("+ ", flags)) => case.flags += &format!("{flags} "),
            Some(("? ", script)) => case.checks.push((Check::Inside(script.to_owned()), String::new())),
            Some(("@ ", template)) => case.checks.push((Check::Shown(template.to_owned()), String::new())),
            Some(("= ", line)) => {
                let (_, expected) = case.checks.last_mut().unwrap_or_else(|| panic!("{}: = without ?", case.name));
                *expected += &format!("{line}\n");
            }
            Some(("! ", why)) => case.fails = Some(why.to_owned()),
            Some(("~ ", rest)) => {
                let (engine, why) = rest.split_once(": ").unwrap_or_else(|| panic!("{}: ~ ENGINE: WHY", case.name));
                assert!(!why.is_empty());
                case.others.push(engine.to_owned());
            }
            _ => case.text += &format!("{line}\n"),
        }
    }
    assert!(cases.iter().all(|case| case.fails.is_some() == case.checks.is_empty()), "a case without anything to see");
    cases
}

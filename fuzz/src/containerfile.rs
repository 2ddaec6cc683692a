//! Containerfiles and ignore files: stages, steps and rules, or an error that says where; never a panic and never without end.

use build::files::glob::Glob;
use build::files::ignore::Ignore;
use build::language::parse;
use build::plan::{Plan, Wishes};
use build::steps::{Base, interpret};
use std::collections::BTreeMap;

/// Longer ones take time and find nothing else.
const LONGEST: usize = 16 << 10;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(&bytes[..bytes.len().min(LONGEST)]) else { return };
    ignore(text);
    let file = match parse(text) {
        Ok(file) => file,
        Err(fault) => {
            assert!(fault.explain("f", text).contains(&fault.message), "{fault}");
            return;
        }
    };
    let arguments = BTreeMap::from([("A".to_owned(), "given".to_owned())]);
    let Ok(plan) = Plan::new(file, &Wishes { arguments, ..Wishes::default() }) else { return };
    for index in 0..plan.stages.len() {
        assert!(plan.needs(index).is_ok(), "it was looked at when the plan was made");
        let _ = interpret(&plan, index, Base::scratch());
    }
    assert!(plan.needed_stages(false).is_ok_and(|needed| needed.contains(&plan.target)));
}

fn ignore(text: &str) {
    if let Ok(ignore) = Ignore::parse(text) {
        let _ = ignore.leaves_out(b"a/b.c/d");
    }
    let pattern = text.lines().next().unwrap_or_default();
    if let Ok(glob) = Glob::parse(pattern) {
        let _ = glob.matches(pattern.as_bytes());
    }
}

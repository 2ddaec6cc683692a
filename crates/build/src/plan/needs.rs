//! Which stages and images a build needs.

use super::{Origin, Plan};
use crate::language::Fault;
use std::collections::BTreeSet;

impl Plan {
    /// What stage `index` takes files from.
    pub fn needs(&self, index: usize) -> Result<BTreeSet<Origin>, Fault> {
        let stage = &self.stages[index];
        let mut needs = BTreeSet::from([stage.base.clone()]);
        for located in &stage.instructions {
            needs.extend(self.origins_of(index, located)?);
        }
        Ok(needs)
    }

    /// The stages that the target needs, itself included, in their order. With `all`, every stage up to it
    /// (`--skip-unused-stages=false`).
    pub fn needed_stages(&self, all: bool) -> Result<Vec<usize>, Fault> {
        if all {
            return Ok((0..=self.target).collect());
        }
        let mut needed = BTreeSet::new();
        let mut open = vec![self.target];
        while let Some(index) = open.pop() {
            if needed.insert(index) {
                let stages = self.needs(index)?.into_iter().filter_map(|origin| match origin {
                    Origin::Stage(stage) => Some(stage),
                    _ => None,
                });
                open.extend(stages);
            }
        }
        Ok(needed.into_iter().collect())
    }
}

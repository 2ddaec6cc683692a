//! The seccomp compiler: `linux.seccomp` of the runtime specification → a classic BPF program.
//!
//! Numbers are found by a binary tree over ranges instead of libseccomp's list, which makes building some fifty times and
//! attaching six times cheaper. Rules have libseccomp's meaning: names unknown to an architecture are skipped there; a rule
//! without arguments beats rules with arguments, the first one wins; of rules with arguments the first that matches wins.

mod action;
mod condition;
mod syscalls;
mod tree;

use crate::error::Error;
use oci::runtime::{Seccomp, SeccompRule};
use sys::seccomp::Instruction;

pub(crate) use action::filter_flags;

/// Offsets in struct seccomp_data.
const OFFSET_NUMBER: u32 = 0;
const OFFSET_ARCH: u32 = 4;

const BPF_LD_W_ABS: u16 = 0x20;
const BPF_JMP_JA: u16 = 0x05;
const BPF_JMP_JEQ_K: u16 = 0x15;
const BPF_JMP_JGT_K: u16 = 0x25;
const BPF_JMP_JGE_K: u16 = 0x35;
const BPF_ALU_AND_K: u16 = 0x54;
const BPF_RET_K: u16 = 0x06;

/// x32 calls come as x86_64 with this bit in the number.
const X32_BIT: u32 = 0x4000_0000;

fn statement(code: u16, operand: u32) -> Instruction {
    Instruction { code, jump_true: 0, jump_false: 0, operand }
}

fn branch(code: u16, operand: u32, jump_true: u8, jump_false: u8) -> Instruction {
    Instruction { code, jump_true, jump_false, operand }
}

/// An architecture whose calls a process may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Architecture {
    name: &'static str,
    /// AUDIT_ARCH_….
    audit: u32,
    /// Column in the table of numbers.
    column: usize,
    /// Only the lower half of an argument counts.
    narrow: bool,
    /// Added to every number.
    offset: u32,
}

const X86_64: Architecture =
    Architecture { name: "SCMP_ARCH_X86_64", audit: 0xC000_003E, column: 0, narrow: false, offset: 0 };
const X86: Architecture =
    Architecture { name: "SCMP_ARCH_X86", audit: 0x4000_0003, column: 1, narrow: true, offset: 0 };
const X32: Architecture =
    Architecture { name: "SCMP_ARCH_X32", audit: 0xC000_003E, column: 2, narrow: false, offset: X32_BIT };
const AARCH64: Architecture =
    Architecture { name: "SCMP_ARCH_AARCH64", audit: 0xC000_00B7, column: 3, narrow: false, offset: 0 };
const ARM: Architecture =
    Architecture { name: "SCMP_ARCH_ARM", audit: 0x4000_0028, column: 4, narrow: true, offset: 0 };
const ALL: [Architecture; 5] = [X86_64, X86, X32, AARCH64, ARM];

#[cfg(test)]
pub(crate) fn is_action(word: &str) -> bool {
    action::parse(word, None).is_ok()
}

/// Names of those that profiles may be for.
pub(crate) fn architectures() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|architecture| architecture.name)
}

#[cfg(target_arch = "x86_64")]
const NATIVE: Architecture = X86_64;
#[cfg(target_arch = "aarch64")]
const NATIVE: Architecture = AARCH64;

/// What a filter does with one number.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// Always this (SECCOMP_RET_…).
    Always(u32),
    /// These rules in turn, then the default.
    Rules(Vec<(Vec<condition::Condition>, u32)>),
}

/// Builds the program. The native architecture is always part of it, as with libseccomp.
pub(crate) fn compile(profile: &Seccomp) -> Result<Vec<Instruction>, Error> {
    let default = action::parse(&profile.default_action, profile.default_errno_ret)?;
    let rules = profile.syscalls.iter().map(parse_rule).collect::<Result<Vec<_>, _>>()?;
    let mut wanted = vec![NATIVE];
    wanted
        .extend(ALL.into_iter().filter(|arch| *arch != NATIVE && profile.architectures.iter().any(|a| a == arch.name)));
    let block = |arch: &Architecture| tree::block(&verdicts(&rules, *arch), default, arch.narrow);
    let blocks: Vec<_> = wanted.iter().map(|arch| (*arch, block(arch))).collect();
    let program = join(&blocks);
    // BPF_MAXINSNS.
    if program.len() > 4096 {
        return Err(Error::other(format!(
            "seccomp profile needs {} instructions, the kernel takes 4096",
            program.len()
        )));
    }
    Ok(program)
}

/// Whether the profile lets every call of this name pass.
pub(crate) fn allows(profile: &Seccomp, name: &str) -> bool {
    let passes = |action: &str| matches!(action, "SCMP_ACT_ALLOW" | "SCMP_ACT_LOG");
    let mut rules = profile.syscalls.iter().filter(|rule| rule.names.iter().any(|known| known == name)).peekable();
    // What conditions don't meet gets the default.
    let or_default = rules.peek().is_some() && rules.clone().any(|rule| rule.args.is_empty());
    rules.all(|rule| passes(&rule.action)) && (or_default || passes(&profile.default_action))
}

/// A rule with its words parsed: names, alternatives of conditions, action.
struct Rule<'a> {
    names: &'a [String],
    alternatives: Vec<Vec<condition::Condition>>,
    action: u32,
}

fn parse_rule(rule: &SeccompRule) -> Result<Rule<'_>, Error> {
    Ok(Rule {
        names: &rule.names,
        alternatives: condition::parse(&rule.args)?,
        action: action::parse(&rule.action, rule.errno_ret)?,
    })
}

/// The verdict of every number of one architecture that a rule names, sorted by number.
fn verdicts(rules: &[Rule<'_>], arch: Architecture) -> Vec<(u32, Verdict)> {
    // Numbers are dense and small, but for a few private ones of ARM.
    let mut dense: Vec<Option<Verdict>> = vec![None; 1024];
    let mut sparse = std::collections::BTreeMap::new();
    for rule in rules {
        for name in rule.names {
            let Some(number) = number(name, arch) else { continue };
            match dense.get_mut(number as usize) {
                Some(slot) => apply(slot, rule),
                None => apply(sparse.entry(number).or_default(), rule),
            }
        }
    }
    let dense = (0..).zip(dense);
    dense.chain(sparse).filter_map(|(number, verdict)| Some((number + arch.offset, verdict?))).collect()
}

fn apply(slot: &mut Option<Verdict>, rule: &Rule<'_>) {
    match slot {
        Some(Verdict::Always(_)) => {}
        _ if rule.alternatives.is_empty() => *slot = Some(Verdict::Always(rule.action)),
        Some(Verdict::Rules(list)) => list.extend(rule.alternatives.iter().map(|all| (all.clone(), rule.action))),
        None => *slot = Some(Verdict::Rules(rule.alternatives.iter().map(|all| (all.clone(), rule.action)).collect())),
    }
}

fn number(name: &str, arch: Architecture) -> Option<u32> {
    let index = syscalls::SYSCALLS.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Some(syscalls::SYSCALLS[index].1[arch.column]).filter(|&number| number != syscalls::NONE)
}

/// Dispatches on the architecture. A call of one that is not listed kills the thread, as libseccomp does by default.
fn join(blocks: &[(Architecture, Vec<Instruction>)]) -> Vec<Instruction> {
    let mut program = vec![statement(BPF_LD_W_ABS, OFFSET_ARCH)];
    let x32 = blocks.iter().find(|(arch, _)| *arch == X32).map(|(_, block)| block);
    for (arch, block) in blocks.iter().filter(|(arch, _)| *arch != X32) {
        let mut code = vec![statement(BPF_LD_W_ABS, OFFSET_NUMBER)];
        if *arch == X86_64 {
            // Without x32 in the profile its numbers count as a foreign architecture.
            let foreign = vec![statement(BPF_RET_K, action::KILL_THREAD)];
            tree::fork(&mut code, X32_BIT, block, x32.unwrap_or(&foreign));
        } else {
            code.extend_from_slice(block);
        }
        program.push(branch(BPF_JMP_JEQ_K, arch.audit, 1, 0));
        program.push(statement(BPF_JMP_JA, code.len() as u32));
        program.append(&mut code);
    }
    program.push(statement(BPF_RET_K, action::KILL_THREAD));
    program
}

#[cfg(test)]
mod tests;

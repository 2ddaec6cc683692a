//! Device rules as an eBPF program for cgroup v2 (BPF_PROG_TYPE_CGROUP_DEVICE; kernel: Documentation/bpf, bpf_cgroup_dev_ctx).
//!
//! The context has three words: access << 16 | type, major, minor. 1 allows, 0 refuses with EPERM. Rules are tested from the
//! last to the first, the first match decides; without one the answer is no.

use super::devices::{Kind, Rule};
use sys::bpf::Instruction;

const LDX_W: u8 = 0x61;
const ALU_AND_K: u8 = 0x54;
const ALU_RSH_K: u8 = 0x74;
const ALU_MOV_K: u8 = 0xb4;
const ALU_MOV_X: u8 = 0xbc;
const JMP32_JEQ_K: u8 = 0x16;
const JMP32_JNE_K: u8 = 0x56;
const JMP32_JNE_X: u8 = 0x5e;
const EXIT: u8 = 0x95;

const BPF_DEVCG_DEV_BLOCK: i32 = 1;
const BPF_DEVCG_DEV_CHAR: i32 = 2;

// Registers.
const RESULT: u8 = 0;
const SCRATCH: u8 = 1;
const KIND: u8 = 2;
const ACCESS: u8 = 3;
const MAJOR: u8 = 4;
const MINOR: u8 = 5;
/// The context pointer on entry; reused as scratch after the loads.
const CONTEXT: u8 = 1;

fn op(code: u8, to: u8, from: u8, offset: i16, immediate: i32) -> Instruction {
    Instruction { code, registers: from << 4 | to, offset, immediate }
}

/// The program for these rules.
pub(crate) fn compile(rules: &[Rule]) -> Vec<Instruction> {
    let mut program = vec![
        op(LDX_W, KIND, CONTEXT, 0, 0),
        op(ALU_MOV_X, ACCESS, KIND, 0, 0),
        op(ALU_AND_K, KIND, 0, 0, 0xffff),
        op(ALU_RSH_K, ACCESS, 0, 0, 16),
        op(LDX_W, MAJOR, CONTEXT, 4, 0),
        op(LDX_W, MINOR, CONTEXT, 8, 0),
    ];
    for rule in rules.iter().rev() {
        program.extend(one(rule));
        if rule.kind == Kind::All && rule.access.0 == 7 && rule.major.is_none() && rule.minor.is_none() {
            // It answers everything; the kernel refuses programs with unreachable code.
            return program;
        }
    }
    program.extend([op(ALU_MOV_K, RESULT, 0, 0, 0), op(EXIT, 0, 0, 0, 0)]);
    program
}

fn one(rule: &Rule) -> Vec<Instruction> {
    let mut tests = Vec::new();
    match rule.kind {
        Kind::All => {}
        Kind::Char => tests.push(op(JMP32_JNE_K, KIND, 0, 0, BPF_DEVCG_DEV_CHAR)),
        Kind::Block => tests.push(op(JMP32_JNE_K, KIND, 0, 0, BPF_DEVCG_DEV_BLOCK)),
    }
    if rule.access.0 != 7 {
        // An allowing rule must cover all that is asked for; a refusing one any part of it.
        tests.push(op(ALU_MOV_X, SCRATCH, ACCESS, 0, 0));
        tests.push(op(ALU_AND_K, SCRATCH, 0, 0, rule.access.0.into()));
        tests.push(match rule.allow {
            true => op(JMP32_JNE_X, SCRATCH, ACCESS, 0, 0),
            false => op(JMP32_JEQ_K, SCRATCH, 0, 0, 0),
        });
    }
    if let Some(major) = rule.major {
        tests.push(op(JMP32_JNE_K, MAJOR, 0, 0, major as i32));
    }
    if let Some(minor) = rule.minor {
        tests.push(op(JMP32_JNE_K, MINOR, 0, 0, minor as i32));
    }
    // Every failed test jumps behind the answer.
    let length = tests.len() + 2;
    for (at, test) in tests.iter_mut().enumerate() {
        if test.code & 0x07 == 0x06 {
            test.offset = (length - at - 1) as i16;
        }
    }
    tests.extend([op(ALU_MOV_K, RESULT, 0, 0, rule.allow.into()), op(EXIT, 0, 0, 0, 0)]);
    tests
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cgroup::devices::{Access, rules};
    use oci::runtime::DeviceRule;

    #[test]
    fn rules_are_tested_from_the_last_on() {
        let rule = |allow, minor| Rule { allow, kind: Kind::Char, major: Some(1), minor, access: Access::ALL };
        let program = compile(&[rule(false, None), rule(true, Some(3))]);
        // 6 of prologue; then kind, major, minor, answer, exit of the last rule.
        assert_eq!(program[8].immediate, 3);
        assert_eq!(program[9].immediate, 1);
        assert_eq!(program[6].offset, 4);
        assert_eq!(program.len(), 6 + 5 + 4 + 2);
    }

    #[test]
    fn privileged_the_kernel_accepts_the_default_program() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let deny = DeviceRule { allow: false, access: Some("rwm".into()), ..DeviceRule::default() };
        let refuse_some =
            DeviceRule { allow: false, access: Some("w".into()), major: Some(7), ..DeviceRule::default() };
        let program = compile(&rules(&[deny, refuse_some]).unwrap());
        sys::bpf::load_device_program(&program).unwrap();
    }
}

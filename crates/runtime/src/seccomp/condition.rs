//! Conditions on arguments, in BPF. Arguments have 64 bits, the machine 32: each is compared in two halves.

use super::{BPF_ALU_AND_K, BPF_JMP_JEQ_K, BPF_JMP_JGE_K, BPF_JMP_JGT_K, BPF_LD_W_ABS, branch, statement};
use crate::error::Error;
use oci::runtime::SeccompArg;
use sys::seccomp::Instruction;

/// One comparison of one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Condition {
    index: u32,
    operator: Operator,
    value: u64,
    /// For [`Operator::MaskedEqual`]: compared with `argument & value`.
    masked: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    MaskedEqual,
}

/// The alternatives of a rule, each a list of conditions that must all hold. No arguments: no alternatives.
///
/// Two conditions on the same argument are alternatives, as in runc, because libseccomp can't have both in one rule.
pub(crate) fn parse(args: &[SeccompArg]) -> Result<Vec<Vec<Condition>>, Error> {
    let all = args.iter().map(parse_one).collect::<Result<Vec<_>, _>>()?;
    let repeated = all.iter().enumerate().any(|(at, one)| all[..at].iter().any(|other| other.index == one.index));
    Ok(match (all.is_empty(), repeated) {
        (true, _) => Vec::new(),
        (_, true) => all.into_iter().map(|one| vec![one]).collect(),
        (_, false) => vec![all],
    })
}

fn parse_one(arg: &SeccompArg) -> Result<Condition, Error> {
    let operator = match arg.op.as_str() {
        "SCMP_CMP_EQ" => Operator::Equal,
        "SCMP_CMP_NE" => Operator::NotEqual,
        "SCMP_CMP_LT" => Operator::Less,
        "SCMP_CMP_LE" => Operator::LessEqual,
        "SCMP_CMP_GT" => Operator::Greater,
        "SCMP_CMP_GE" => Operator::GreaterEqual,
        "SCMP_CMP_MASKED_EQ" => Operator::MaskedEqual,
        other => return Err(Error::other(format!("unknown seccomp operator `{other}`"))),
    };
    if arg.index > 5 {
        return Err(Error::other(format!("seccomp argument index {} is not in 0-5", arg.index)));
    }
    Ok(Condition { index: arg.index, operator, value: arg.value, masked: arg.value_two.unwrap_or(0) & arg.value })
}

/// A jump out of the rule, to be filled in when its length is known.
const FAIL: u8 = u8::MAX;

/// One rule: all conditions, then `then`; falls through to whatever follows when one fails.
pub(crate) fn rule(conditions: &[Condition], then: Instruction, narrow: bool) -> Vec<Instruction> {
    let mut code = Vec::new();
    for condition in conditions {
        compare(&mut code, condition, narrow);
    }
    code.push(then);
    let length = code.len();
    for (at, instruction) in code.iter_mut().enumerate() {
        let out = (length - at - 1) as u8;
        for jump in [&mut instruction.jump_true, &mut instruction.jump_false] {
            if *jump == FAIL {
                *jump = out;
            }
        }
    }
    code
}

fn compare(code: &mut Vec<Instruction>, condition: &Condition, narrow: bool) {
    // struct seccomp_data: args from byte 16 on; both architectures are little-endian.
    let low = statement(BPF_LD_W_ABS, 16 + condition.index * 8);
    let high = statement(BPF_LD_W_ABS, 16 + condition.index * 8 + 4);
    let (value_low, value_high) = (condition.value as u32, (condition.value >> 32) as u32);
    let (masked_low, masked_high) = (condition.masked as u32, (condition.masked >> 32) as u32);
    // (operation, where to when the low half holds, when not)
    let (operation, yes, no) = match condition.operator {
        Operator::Equal | Operator::MaskedEqual => (BPF_JMP_JEQ_K, 0, FAIL),
        Operator::NotEqual => (BPF_JMP_JEQ_K, FAIL, 0),
        Operator::Less => (BPF_JMP_JGE_K, FAIL, 0),
        Operator::LessEqual => (BPF_JMP_JGT_K, FAIL, 0),
        Operator::Greater => (BPF_JMP_JGT_K, 0, FAIL),
        Operator::GreaterEqual => (BPF_JMP_JGE_K, 0, FAIL),
    };
    if !narrow {
        code.push(high);
        match condition.operator {
            Operator::Equal => code.push(branch(BPF_JMP_JEQ_K, value_high, 0, FAIL)),
            // Different high halves settle it: over the load and comparison of the low ones.
            Operator::NotEqual => code.push(branch(BPF_JMP_JEQ_K, value_high, 0, 2)),
            Operator::Less | Operator::LessEqual => {
                code.push(branch(BPF_JMP_JGT_K, value_high, FAIL, 0));
                code.push(branch(BPF_JMP_JEQ_K, value_high, 0, 2));
            }
            Operator::Greater | Operator::GreaterEqual => {
                code.push(branch(BPF_JMP_JGT_K, value_high, 3, 0));
                code.push(branch(BPF_JMP_JEQ_K, value_high, 0, FAIL));
            }
            Operator::MaskedEqual => {
                code.push(statement(BPF_ALU_AND_K, value_high));
                code.push(branch(BPF_JMP_JEQ_K, masked_high, 0, FAIL));
            }
        }
    }
    code.push(low);
    if condition.operator == Operator::MaskedEqual {
        code.push(statement(BPF_ALU_AND_K, value_low));
        code.push(branch(BPF_JMP_JEQ_K, masked_low, 0, FAIL));
    } else {
        code.push(branch(operation, value_low, yes, no));
    }
}

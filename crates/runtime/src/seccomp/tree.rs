//! The binary tree over ranges of numbers.

use super::{BPF_JMP_JA, BPF_JMP_JGE_K, BPF_LD_W_ABS, BPF_RET_K, OFFSET_NUMBER, Verdict, branch, condition, statement};
use sys::seccomp::Instruction;

/// A run of numbers with the same verdict, from here to the next run.
struct Range<'a> {
    first: u32,
    verdict: Leaf<'a>,
}

#[derive(PartialEq, Clone, Copy)]
enum Leaf<'a> {
    Return(u32),
    Rules(&'a Verdict),
}

/// Code that expects the number in the accumulator and always returns.
pub(crate) fn block(verdicts: &[(u32, Verdict)], default: u32, narrow: bool) -> Vec<Instruction> {
    let mut code = Vec::with_capacity(1024);
    emit(&ranges(verdicts, default), default, narrow, &mut code);
    code
}

fn ranges(verdicts: &[(u32, Verdict)], default: u32) -> Vec<Range<'_>> {
    let mut ranges = vec![Range { first: 0, verdict: Leaf::Return(default) }];
    let mut next = 0;
    for (number, verdict) in verdicts {
        if *number > next {
            push(&mut ranges, next, Leaf::Return(default));
        }
        let leaf = match verdict {
            Verdict::Always(action) => Leaf::Return(*action),
            rules => Leaf::Rules(rules),
        };
        push(&mut ranges, *number, leaf);
        next = number + 1;
    }
    push(&mut ranges, next, Leaf::Return(default));
    ranges
}

fn push<'a>(ranges: &mut Vec<Range<'a>>, first: u32, verdict: Leaf<'a>) {
    match ranges.last_mut() {
        Some(last) if last.verdict == verdict => {}
        Some(last) if last.first == first => last.verdict = verdict,
        _ => ranges.push(Range { first, verdict }),
    }
}

fn emit(ranges: &[Range<'_>], default: u32, narrow: bool, code: &mut Vec<Instruction>) {
    if let [one] = ranges {
        return leaf(one.verdict, default, narrow, code);
    }
    let (left, right) = ranges.split_at(ranges.len() / 2);
    // The jump over the left half is filled in when its length is known.
    let at = code.len();
    code.push(branch(BPF_JMP_JGE_K, right[0].first, 0, 0));
    emit(left, default, narrow, code);
    let length = code.len() - at - 1;
    match u8::try_from(length) {
        Ok(length) => code[at].jump_true = length,
        Err(_) => {
            code[at].jump_false = 1;
            code.insert(at + 1, statement(BPF_JMP_JA, length as u32));
        }
    }
    emit(right, default, narrow, code);
}

fn leaf(verdict: Leaf<'_>, default: u32, narrow: bool, code: &mut Vec<Instruction>) {
    match verdict {
        Leaf::Return(action) => code.push(statement(BPF_RET_K, action)),
        Leaf::Rules(Verdict::Rules(rules)) => {
            for (conditions, action) in rules {
                code.extend(condition::rule(conditions, statement(BPF_RET_K, *action), narrow));
            }
            code.push(statement(BPF_RET_K, default));
        }
        Leaf::Rules(Verdict::Always(action)) => code.push(statement(BPF_RET_K, *action)),
    }
}

/// `below` for numbers under `border`, else `from`.
pub(crate) fn fork(code: &mut Vec<Instruction>, border: u32, below: &[Instruction], from: &[Instruction]) {
    debug_assert_eq!(code.last(), Some(&statement(BPF_LD_W_ABS, OFFSET_NUMBER)));
    code.push(branch(BPF_JMP_JGE_K, border, 0, 1));
    code.push(statement(BPF_JMP_JA, below.len() as u32));
    code.extend_from_slice(below);
    code.extend_from_slice(from);
}

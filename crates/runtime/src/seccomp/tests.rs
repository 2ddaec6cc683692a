//! The compiled program is run by a small emulator and compared with the rules' meaning.

use super::*;
use oci::runtime::SeccompArg;

/// Runs a program on one call.
fn run(program: &[Instruction], arch: u32, number: u32, args: [u64; 6]) -> u32 {
    let mut data = [0u8; 64];
    data[..4].copy_from_slice(&number.to_le_bytes());
    data[4..8].copy_from_slice(&arch.to_le_bytes());
    for (index, arg) in args.iter().enumerate() {
        data[16 + index * 8..][..8].copy_from_slice(&arg.to_le_bytes());
    }
    let (mut at, mut accumulator) = (0, 0u32);
    loop {
        let Instruction { code, jump_true, jump_false, operand } = program[at];
        at += 1;
        let mut jump = |holds: bool| at += usize::from(if holds { jump_true } else { jump_false });
        match code {
            BPF_LD_W_ABS => accumulator = u32::from_le_bytes(data[operand as usize..][..4].try_into().unwrap()),
            BPF_ALU_AND_K => accumulator &= operand,
            BPF_JMP_JEQ_K => jump(accumulator == operand),
            BPF_JMP_JGT_K => jump(accumulator > operand),
            BPF_JMP_JGE_K => jump(accumulator >= operand),
            BPF_JMP_JA => at += operand as usize,
            BPF_RET_K => return operand,
            other => panic!("unknown instruction {other:#x}"),
        }
    }
}

fn arg(index: u32, op: &str, value: u64, value_two: Option<u64>) -> SeccompArg {
    SeccompArg { index, value, value_two, op: format!("SCMP_CMP_{op}") }
}

fn rule(names: &[&str], action: &str, args: Vec<SeccompArg>) -> SeccompRule {
    SeccompRule {
        names: names.iter().map(|name| name.to_string()).collect(),
        action: format!("SCMP_ACT_{action}"),
        errno_ret: None,
        args,
    }
}

fn profile(syscalls: Vec<SeccompRule>) -> Seccomp {
    Seccomp {
        default_action: "SCMP_ACT_ERRNO".into(),
        default_errno_ret: Some(38),
        architectures: vec!["SCMP_ARCH_X86".into(), "SCMP_ARCH_X32".into()],
        syscalls,
        ..Seccomp::default()
    }
}

const DEFAULT: u32 = 0x0005_0000 | 38;

#[cfg(target_arch = "x86_64")]
#[test]
fn numbers_are_those_of_each_architecture() {
    let program = compile(&profile(vec![rule(&["execve", "nonsense", "read"], "ALLOW", vec![])])).unwrap();
    let allowed = |arch: Architecture, number| run(&program, arch.audit, number, [0; 6]) == action::ALLOW;
    let numbers = |arch| (0..600).filter(|&number| allowed(arch, number)).collect::<Vec<u32>>();
    assert_eq!(numbers(X86_64), [0, 59]);
    assert_eq!(numbers(X86), [3, 11]);
    assert_eq!((0..600).filter(|&number| allowed(X32, number | X32_BIT)).collect::<Vec<_>>(), [0, 520]);
    assert_eq!(run(&program, AARCH64.audit, 0, [0; 6]), action::KILL_THREAD);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn operators_compare_all_64_bits() {
    let values = [0, 1, 5, 0xffff_ffff, 1 << 32, (1 << 32) + 5, (5 << 32) + 5, u64::MAX];
    type Meaning = fn(u64, u64) -> bool;
    let operators: [(&str, Meaning); 6] = [
        ("EQ", |a, b| a == b),
        ("NE", |a, b| a != b),
        ("LT", |a, b| a < b),
        ("LE", |a, b| a <= b),
        ("GT", |a, b| a > b),
        ("GE", |a, b| a >= b),
    ];
    for (word, meaning) in operators {
        for value in values {
            let program = compile(&profile(vec![rule(&["read"], "ALLOW", vec![arg(2, word, value, None)])])).unwrap();
            for given in values {
                let expected = if meaning(given, value) { action::ALLOW } else { DEFAULT };
                let got = run(&program, X86_64.audit, 0, [0, 0, given, 0, 0, 0]);
                assert_eq!(got, expected, "{given:#x} {word} {value:#x}");
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn masks_and_several_conditions() {
    let masked = arg(0, "MASKED_EQ", 0x1_0000_00f0, Some(0x1_0000_0050));
    let program = compile(&profile(vec![rule(&["read"], "ALLOW", vec![masked, arg(1, "EQ", 7, None)])])).unwrap();
    let verdict = |first, second| run(&program, X86_64.audit, 0, [first, second, 0, 0, 0, 0]);
    assert_eq!(verdict(0x1_0000_0f5f, 7), action::ALLOW);
    assert_eq!(verdict(0x1_0000_0f5f, 8), DEFAULT);
    assert_eq!(verdict(0x0_0000_0f5f, 7), DEFAULT);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn an_unconditional_rule_beats_others_and_the_first_wins() {
    let conditional = || rule(&["read"], "KILL_PROCESS", vec![arg(0, "EQ", 1, None)]);
    let always = |word| rule(&["read"], word, vec![]);
    let verdict = |rules| run(&compile(&profile(rules)).unwrap(), X86_64.audit, 0, [1, 0, 0, 0, 0, 0]);
    assert_eq!(verdict(vec![conditional(), always("ALLOW")]), action::ALLOW);
    assert_eq!(verdict(vec![always("ALLOW"), conditional()]), action::ALLOW);
    assert_eq!(verdict(vec![always("LOG"), always("ALLOW")]), 0x7ffc_0000);
    assert_eq!(verdict(vec![conditional(), rule(&["read"], "ALLOW", vec![arg(0, "NE", 9, None)])]), 0x8000_0000);
    // Two conditions on one argument are alternatives.
    let either = vec![arg(0, "EQ", 1, None), arg(0, "EQ", 2, None)];
    assert_eq!(verdict(vec![rule(&["read"], "ALLOW", either)]), action::ALLOW);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn long_jumps_are_right_in_a_big_tree() {
    let names: Vec<&str> = syscalls::SYSCALLS.iter().map(|(name, _)| *name).step_by(2).collect();
    let program = compile(&profile(vec![rule(&names, "ALLOW", vec![])])).unwrap();
    for arch in [X86_64, X86, X32] {
        for (at, (name, numbers)) in syscalls::SYSCALLS.iter().enumerate() {
            let number = numbers[arch.column];
            // Two names may share a number; those are checked by the other name.
            let shared = syscalls::SYSCALLS.iter().filter(|(_, other)| other[arch.column] == number).count() > 1;
            if number == syscalls::NONE || shared {
                continue;
            }
            let expected = if at % 2 == 0 { action::ALLOW } else { DEFAULT };
            assert_eq!(run(&program, arch.audit, number | arch.offset, [0; 6]), expected, "{name} on {}", arch.name);
        }
    }
}

#[test]
fn words_not_known_are_errors() {
    assert!(compile(&profile(vec![rule(&["read"], "NOPE", vec![])])).is_err());
    assert!(compile(&profile(vec![rule(&["read"], "ALLOW", vec![arg(0, "XX", 0, None)])])).is_err());
    assert!(compile(&profile(vec![rule(&["read"], "ALLOW", vec![arg(6, "EQ", 0, None)])])).is_err());
}

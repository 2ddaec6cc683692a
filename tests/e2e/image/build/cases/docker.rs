//! The same cases on Docker: one script for all of them, because its daemon may be one that is started for that.

use super::text::{Case, Check};
use std::path::Path;
use std::process::Command;
use testkit::TestEnv;

pub(super) fn compare(env: &TestEnv, prefix: &str, cases: &[Case]) -> Vec<String> {
    let folder = env.work().join("docker");
    std::fs::create_dir(&folder).unwrap();
    env.base();
    env.ok(&format!("save -o {}/base.tar base", folder.display()));
    let mut script = "docker load -q -i base.tar && docker tag localhost/base:latest base\n".to_owned();
    for (number, case) in cases.iter().enumerate() {
        script += &build(&folder, number, case);
    }
    std::fs::write(folder.join("run.sh"), script).unwrap();
    let mut words = prefix.split_whitespace();
    let program = words.next().unwrap();
    let ran = Command::new(program).args(words).args(["sh", "run.sh"]).current_dir(&folder).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let mut wrongs = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        match (case.differs("docker"), wrong(&folder, number, case)) {
            (false, Some(found)) => wrongs.push(format!("## {}\n{}", case.name, found.trim())),
            (true, None) => wrongs.push(format!("## {}\nit does the same: its ~ line is wrong", case.name)),
            _ => {}
        }
    }
    wrongs
}

fn build(folder: &Path, number: usize, case: &Case) -> String {
    let own = folder.join(number.to_string());
    std::fs::create_dir_all(own.join("ctx")).unwrap();
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let prepare = format!("cd ctx\n{}", case.prepare);
    let file = own.join("ctx/Containerfile");
    if !case.text.trim().is_empty() {
        std::fs::write(file, &case.text).unwrap();
    }
    let mut script = format!(
        "cd {number}; sh -ec {}; docker build -f ctx/Containerfile --progress plain --network none -t case{number} {} ctx >log 2>&1; echo $? >code\n",
        quoted(&prepare),
        case.flags
    );
    for (at, (check, _)) in case.checks.iter().enumerate() {
        let command = match check {
            Check::Inside(text) => {
                let run = format!("docker run --rm --network none --user 0 --entrypoint sh case{number} -c");
                format!("{run} {}", quoted(text))
            }
            Check::Shown(template) => format!("docker image inspect case{number} --format {}", quoted(template)),
        };
        // Its daemon sometimes loses what a short command prints.
        script += &format!("for try in 1 2 3; do {command} >{at} 2>&1; [ -s {at} ] && break; done\n");
    }
    script + "cd ..\n"
}

/// What it made of a case, where that isn't what the case says.
fn wrong(folder: &Path, number: usize, case: &Case) -> Option<String> {
    let read = |name: &str| std::fs::read_to_string(folder.join(number.to_string()).join(name)).unwrap_or_default();
    let (code, log) = (read("code"), read("log"));
    match (&case.fails, code.trim()) {
        (Some(_), "0") => return Some("it is built".to_owned()),
        // Its words are its own.
        (Some(_), _) => return None,
        (None, "0") => {}
        (None, _) => return Some(log),
    }
    case.checks.iter().enumerate().find_map(|(at, (check, expected))| {
        let found = read(&at.to_string());
        (found.trim() != expected.trim()).then(|| format!("{check:?}: {found}, expected {expected}"))
    })
}

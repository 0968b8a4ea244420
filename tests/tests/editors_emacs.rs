//! A real Emacs with our set-up file. The tests are in `editors/emacs/redline-test.el`, in Emacs's own form; here
//! they are started with what they need, so that one test command covers them.

#![allow(
    clippy::print_stdout,
    reason = "what was not tested belongs to a test's output"
)]

use std::process::{Command, Stdio};

use e2e::{Project, binary, editors};

#[test]
fn tests_of_the_set_up_file_pass() {
    let emacs = match &editors().emacs {
        Ok(emacs) => emacs,
        Err(problem) => {
            println!("EMACS IS NOT TESTED, because it cannot be had here: {problem}");
            return;
        }
    };
    let project = Project::new();
    let mut command = Command::new(emacs);
    project.isolate(&mut command);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../editors/emacs");
    let output = command
        .args(["--batch", "-Q", "-L", folder, "-l", "redline-test"])
        .args(["-f", "ert-run-tests-batch-and-exit"])
        .env("REDLINE_BIN", binary())
        .current_dir(project.folder())
        .stdin(Stdio::null())
        .output()
        .expect("Emacs starts");
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    let summary = said.lines().find(|line| line.starts_with("Ran "));
    let summary = summary.unwrap_or_else(|| panic!("no summary: {said}"));
    assert!(summary.contains(" 0 unexpected"), "{said}");
    println!("{summary}");
}

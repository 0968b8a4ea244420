//! A real VS Code with our extension. The scenarios are in `tests/vscode`, in TypeScript like the extension; here
//! they are started with what they need, so that one test command covers them.

#![allow(
    clippy::print_stdout,
    reason = "versions and figures belong to a test's output"
)]

use std::env;
use std::process::{Command, Stdio};
use std::sync::Once;

use e2e::vscode;

/// Runs Node; its output is that of the test.
#[track_caller]
fn node(folder: &str, arguments: &[&str]) {
    static SHOWN: Once = Once::new();
    SHOWN.call_once(|| println!("{:#}", vscode::programs()));
    let output = vscode::node(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("Node starts");
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{arguments:?} failed:\n{said}");
    println!("{said}");
}

#[test]
fn extension_has_right_types_style_and_settings() {
    let tsc = "node_modules/typescript/bin/tsc";
    node("editors/vscode", &[tsc, "-p", "."]);
    node("editors/vscode", &[tsc, "-p", "../../tests/vscode"]);
    node(
        "editors/vscode",
        &["node_modules/@biomejs/biome/bin/biome", "check", "."],
    );
    node(
        "editors/vscode",
        &[
            "--test",
            "unit/choice.test.ts",
            "unit/positions.test.ts",
            "unit/line_diff.test.ts",
        ],
    );
    let schema = Command::new(e2e::binary())
        .args(["config", "--schema"])
        .output()
        .expect("the schema is printed");
    let file = env::temp_dir().join(format!("redline-schema-{}.json", std::process::id()));
    std::fs::write(&file, schema.stdout).expect("a file can be written");
    let name = file.to_str().expect("a plain name");
    node("editors/vscode", &["scripts/settings.mjs", "--check", name]);
    std::fs::remove_file(&file).expect("it can be removed");
}

/// One VS Code after the other: each takes a core, and each brings its own server.
#[test]
fn scenarios_in_a_real_vs_code() {
    node("editors/vscode", &["scripts/build.mjs"]);
    node(
        "tests/vscode",
        &[
            "--test",
            "--test-concurrency=1",
            "--test-reporter=spec",
            "--test-timeout=600000",
            "redline.test.ts",
            "completion.test.ts",
            "streaming.test.ts",
            "pacing.test.ts",
            "readable.test.ts",
            "package.test.ts",
        ],
    );
}

//! A real VS Code with our extension. The scenarios are in `tests/vscode`, in TypeScript like the extension; here
//! they are started with what they need, so that one test command covers them.

#![allow(
    clippy::print_stdout,
    reason = "versions and figures belong to a test's output"
)]

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

fn checkout() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests are in the checkout")
}

/// Code-server, its Node and a Chromium, fetched once per machine (about 2 minutes).
fn programs() -> &'static Value {
    static PROGRAMS: OnceLock<Value> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let task = [
            "run",
            "--quiet",
            "--package",
            "xtask",
            "--",
            "vscode",
            "--json",
        ];
        let output = Command::new(env!("CARGO"))
            .current_dir(checkout())
            .args(task)
            .stdin(Stdio::null())
            .output()
            .expect("cargo starts");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "no VS Code to test with: {complaint}"
        );
        let found = serde_json::from_slice(&output.stdout).expect("xtask answers JSON");
        println!("{found:#}");
        found
    })
}

fn program(name: &str) -> PathBuf {
    let path = programs()[name].as_str();
    PathBuf::from(path.unwrap_or_else(|| panic!("no {name} in {}", programs())))
}

/// Runs Node, with the Node of the tests first on the path; its output is that of the test.
#[track_caller]
fn node(folder: &str, arguments: &[&str]) {
    let node = program("node");
    let bin = node.parent().expect("Node is in a folder");
    let path = env::join_paths(
        [bin.to_owned()]
            .into_iter()
            .chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())),
    );
    let output = Command::new(&node)
        .current_dir(checkout().join(folder))
        .args(arguments)
        .env("PATH", path.expect("a path"))
        .env("REDLINE_BIN", e2e::binary())
        .env("REDLINE_CODE_SERVER", program("codeServer"))
        .env("REDLINE_CHROMIUM", program("chromium"))
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
        &["--test", "unit/positions.test.ts", "unit/line_diff.test.ts"],
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

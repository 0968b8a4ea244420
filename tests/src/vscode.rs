//! What the tests in a real VS Code are run with: code-server, a Node and a Chromium, fetched once per machine.
//! The scenarios and what drives the browser are in `tests/vscode`, in TypeScript.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::binary;
use crate::programs::found_by_xtask;

fn checkout() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests are in the checkout")
}

/// Where the programs are, with their versions (about 2 minutes, once per machine).
///
/// # Panics
/// When they cannot be had; the message says what to do.
pub fn programs() -> &'static Value {
    static PROGRAMS: OnceLock<Value> = OnceLock::new();
    PROGRAMS.get_or_init(|| found_by_xtask("vscode"))
}

fn program(name: &str) -> PathBuf {
    let path = programs()[name].as_str();
    PathBuf::from(path.unwrap_or_else(|| panic!("no {name} in {}", programs())))
}

/// Node in a folder of the checkout, with the Node of the tests first on the path and what the scenarios need.
///
/// # Panics
/// As [`programs`].
pub fn node(folder: &str) -> Command {
    let node = program("node");
    let bin = node.parent().expect("Node is in a folder").to_owned();
    let others = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([bin].into_iter().chain(env::split_paths(&others)));
    let mut command = Command::new(&node);
    command
        .current_dir(checkout().join(folder))
        .env("PATH", path.expect("a path"))
        .env("REDLINE_BIN", binary())
        .env("REDLINE_CODE_SERVER", program("codeServer"))
        .env("REDLINE_CHROMIUM", program("chromium"));
    command
}

/// Our extension, built where the tests take it from.
///
/// # Panics
/// With what the build says when it fails.
pub fn build_extension() {
    let output = node("editors/vscode").arg("scripts/build.mjs").output();
    let output = output.expect("Node starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the extension does not build: {said}"
    );
}

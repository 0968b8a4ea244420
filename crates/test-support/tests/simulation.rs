//! Simulated sessions as a test: some thousands under the editors that report each change on its own. A longer
//! run, also under the other editors, is `cargo xtask simulate`.

use test_support::editor::Model;
use test_support::shrink::shrink;
use test_support::simulation::{run_script, run_seed};
use test_support::step::Script;

/// Runs so many sessions under an editor; `SEED` names the first, `ITERATIONS` how many.
fn check(editor: &str) {
    let number = |name: &str, default: u64| {
        let value = std::env::var(name).ok();
        value.and_then(|it| it.parse().ok()).unwrap_or(default)
    };
    let (first, count) = (number("SEED", 1), number("ITERATIONS", 1_500));
    let model = Model::named(editor).expect("there is such an editor");
    for seed in first..first + count {
        let verdict = run_seed(seed, Some(model));
        if let Some(violation) = verdict.violation {
            let (script, shortest) =
                shrink(&verdict.script).unwrap_or((verdict.script, violation.clone()));
            panic!("SEED={seed}: {violation}\n{shortest}\n{script}");
        }
    }
}

#[test]
fn sessions_in_vs_code_keep_every_promise() {
    check("vscode");
}

#[test]
fn sessions_in_vs_code_with_our_extension_keep_every_promise() {
    check("vscode-extension");
}

#[test]
fn sessions_in_helix_keep_every_promise() {
    check("helix");
}

#[test]
fn sessions_in_neovim_without_debounce_keep_every_promise() {
    check("neovim-now");
}

/// Each a session that failed once, as short as it could be made; `cargo xtask simulate` writes them.
#[test]
fn what_failed_once_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../rewrite/tests/regressions");
    for file in std::fs::read_dir(folder).expect("the saved scripts are there") {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a readable script");
        let script = Script::parse(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        if let Err(violation) = run_script(&script) {
            panic!("{}: {violation}", path.display());
        }
    }
}

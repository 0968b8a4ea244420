//! Simulated sessions as a test: some thousands under the editors that report each change on its own. A longer
//! run, also under the other editors, is `cargo xtask simulate`.

use test_support::editor::Model;
use test_support::shrink::shrink;
use test_support::simulation::run_seed;

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
fn sessions_in_helix_keep_every_promise() {
    check("helix");
}

#[test]
fn sessions_in_neovim_without_debounce_keep_every_promise() {
    check("neovim-now");
}

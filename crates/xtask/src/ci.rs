//! `cargo xtask ci`: all set-up, every check and every test, as the continuous integration runs them.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

/// Runs every step in order and stops at the first that fails.
///
/// # Errors
/// Names the step.
pub(crate) fn run() -> Result<()> {
    crate::editors::run(&crate::editors::Args::default()).context("setting up the editors")?;
    crate::vscode::run(&crate::vscode::Args::default()).context("setting up VS Code")?;
    crate::model_servers::run(&crate::model_servers::Args::default())
        .context("setting up the model servers")?;
    cargo("formatting", &["fmt", "--all", "--check"])?;
    cargo("arrows and headers", &["xtask", "arrows"])?;
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    cargo("lints", &clippy)?;
    cargo("the binary", &["build", "--locked", "--package", "redline"])?;
    let has_nextest = Command::new(env!("CARGO"))
        .args(["nextest", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if has_nextest {
        cargo(
            "tests",
            &[
                "nextest",
                "run",
                "--workspace",
                "--locked",
                "--no-fail-fast",
            ],
        )?;
        cargo(
            "documentation tests",
            &["test", "--workspace", "--locked", "--doc"],
        )?;
    } else {
        cargo(
            "tests",
            &["test", "--workspace", "--locked", "--no-fail-fast"],
        )?;
    }
    cargo("proof that the simulation can fail", &["xtask", "mutants"])
}

fn cargo(what: &str, arguments: &[&str]) -> Result<()> {
    println!("== {what}: cargo {}", arguments.join(" "));
    let started = Instant::now();
    let status = Command::new(env!("CARGO"))
        .args(arguments)
        .status()
        .with_context(|| format!("cannot run cargo for {what}"))?;
    println!("== {what}: {:.0} s", started.elapsed().as_secs_f64());
    if !status.success() {
        bail!("{what} failed");
    }
    Ok(())
}

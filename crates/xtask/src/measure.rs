//! `cargo xtask measure link`: what the link to the model costs in time and CPU, side by side in one run, as the
//! tables of `docs/model-link.md`. `cargo xtask measure server`: what the server costs the editor, beside one that
//! only mirrors. What is measured and how lives in the examples that it runs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::checkout;

const PAGE: &str = "docs/model-link.md";
const PLOT: &str = "docs/pictures/model-link.svg";
const BEGIN: &str = "<!-- measured: begin -->\n";
const END: &str = "<!-- measured: end -->";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to measure.
    #[arg(value_enum)]
    what: What,
    /// How often each way of asking is tried, at each round trip.
    #[arg(long, default_value_t = 20)]
    times: u32,
    /// Put the tables and the picture into the documentation, too.
    #[arg(long)]
    write: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    Link,
    Server,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = checkout::root()?;
    cargo(root, &["build", "--release", "-p", "redline"], &[])?;
    let target = checkout::target(root);
    let binary = target
        .join("release")
        .join(format!("redline{}", std::env::consts::EXE_SUFFIX));
    if let What::Server = args.what {
        let env = [("REDLINE_BIN", binary.display().to_string())];
        let example = ["run", "--release", "-q", "-p", "e2e", "--example", "server"];
        println!("{}", cargo(root, &example, &env)?);
        return Ok(());
    }
    let mut env = vec![
        ("REDLINE_BIN", binary.display().to_string()),
        ("TIMES", args.times.to_string()),
    ];
    if args.write {
        env.push(("PLOT", root.join(PLOT).display().to_string()));
    }
    let time = cargo(
        root,
        &["run", "--release", "-q", "-p", "e2e", "--example", "link"],
        &env,
    )?;
    println!("{time}");
    let cpu = cargo(
        root,
        &[
            "run",
            "--release",
            "-q",
            "-p",
            "model-client",
            "--example",
            "throughput",
        ],
        &[],
    )?;
    println!("{cpu}");
    if args.write {
        write(&root.join(PAGE), &tables(&time), &tables(&cpu))?;
    }
    Ok(())
}

/// Runs Cargo and gives what came on standard output.
fn cargo(root: &Path, arguments: &[&str], env: &[(&str, String)]) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .envs(env.iter().map(|(name, value)| (name, value)))
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("cargo {} failed", arguments.join(" "));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The lines of tables among other output.
fn tables(output: &str) -> String {
    let lines = output.lines().filter(|it| it.starts_with('|'));
    lines.map(|it| format!("{it}\n")).collect()
}

fn write(page: &Path, time: &str, cpu: &str) -> Result<()> {
    let text = fs::read_to_string(page)?;
    let (head, rest) = text
        .split_once(BEGIN)
        .context("the page lacks its first mark")?;
    let (_, tail) = rest
        .split_once(END)
        .context("the page lacks its second mark")?;
    let measured = format!(
        "{BEGIN}\nFirst edit after asking, in milliseconds (p50 / p95):\n\n{time}\n![The same as bars](pictures/model-link.svg)\n\nCPU of the client's thread:\n\n{cpu}\n{END}"
    );
    fs::write(page, [head, &measured, tail].concat())?;
    Ok(())
}

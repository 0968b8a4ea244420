//! Records `redline demo` as an animated picture for the documentation.
//!
//! Here is the story that the picture tells; `terminal` runs it, `svg` draws it.

mod svg;
mod terminal;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use self::terminal::Terminal;
use crate::checkout;

/// What GitHub shows without a complaint, and a reader loads without noticing.
const MOST_BYTES: usize = 300_000;

/// Arguments of the task.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the picture goes.
    #[arg(long, default_value = "docs/pictures/demo.svg")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = checkout::root()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "--package", "redline"])
        .current_dir(root)
        .status()?;
    if !built.success() {
        bail!("redline does not build");
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let binary = target
        .join("release")
        .join(format!("redline{}", std::env::consts::EXE_SUFFIX));

    let mut terminal = Terminal::start(&binary, &["demo"])?;
    terminal.film_until("[h]unk by hunk")?;
    terminal.film(Duration::from_millis(1_600))?;
    for (key, answer) in [("h", "hunk 1 of"), ("y", "hunk 2 of"), ("n", "hunk 3 of")] {
        terminal.press(key)?;
        terminal.film_until(answer)?;
        terminal.film(Duration::from_millis(1_400))?;
    }
    terminal.press("a")?;
    terminal.film_until("the final text is")?;
    terminal.film(Duration::from_millis(4_000))?;
    let film = terminal.end()?;

    let picture = svg::draw(&film, "$ redline demo");
    ensure!(
        picture.len() <= MOST_BYTES,
        "the picture has {} bytes, more than {MOST_BYTES}",
        picture.len()
    );
    let out = root.join(&args.out);
    if let Some(folder) = out.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&out, &picture).with_context(|| format!("cannot write {}", out.display()))?;
    println!(
        "{}: {} frames, {} bytes",
        args.out.display(),
        film.len(),
        picture.len()
    );
    Ok(())
}

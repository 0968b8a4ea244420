//! `cargo xtask mutants`: the proof that the simulation can fail. Copies the workspace, breaks the edit engine in one
//! place at a time, and expects the simulated sessions to notice; the sources themselves are never touched.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::checkout;

/// One way to break the engine.
struct Mutant {
    what: &'static str,
    file: &'static str,
    /// Stands there once.
    sound: &'static str,
    broken: &'static str,
}

const MUTANTS: &[Mutant] = &[
    Mutant {
        what: "typing above a region does not move it",
        file: "crates/rewrite/src/document/report.rs",
        sound: "                if range.end <= region.start && !comes_behind {
                    rewrite.start = rewrite.start.wrapping_add_signed(grown);
                    continue;",
        broken: "                if range.end <= region.start && !comes_behind {
                    continue;",
    },
    Mutant {
        what: "`applied: true` is trusted",
        file: "crates/rewrite/src/document/flight.rs",
        sound: "            flight.said_applied = true;
            flight.doubtful = false;",
        broken: "            flight.said_applied = true;
            flight.doubtful = false;
            let parts: Vec<u32> = flight.parts.iter().map(|part| part.number).collect();
            let now = self.next_frame;
            self.confirm(&parts, now, &mut Vec::new());
            self.flight = None;
            return;",
    },
    Mutant {
        what: "a refused edit is sent again as if nobody had typed in the region meanwhile",
        file: "crates/rewrite/src/document/report.rs",
        sound: "            if rewrite.tracked.is_on_characters(&local) {
                rewrite
                    .tracked
                    .user_change(local, if within { text } else { \"\" });
            } else {",
        broken: "            if !rewrite.tracked.is_on_characters(&local) {",
    },
    Mutant {
        what: "an edit that was refused stays counted as arrived",
        file: "crates/rewrite/src/document/flight.rs",
        sound: "        if self.version == flight.version {
            self.refused_at = Some(self.version);
            if flight.lost_since.is_none() && !flight.parts.is_empty() {
                flight.refused = true;
                return;
            }
        }
        self.drop_flight();
        self.refute(edit, |_| true);",
        broken:
            "        let parts: Vec<u32> = flight.parts.iter().map(|part| part.number).collect();
        let now = self.next_frame;
        self.confirm(&parts, now, &mut Vec::new());
        self.flight = None;",
    },
    Mutant {
        what: "a reject keeps what the model put at the end of a region",
        file: "crates/rewrite/src/tracked.rs",
        sound: "            if piece.verdict == Verdict::Open && piece.origin != Origin::Theirs && which(piece) {",
        broken: "            if piece.verdict == Verdict::Open && piece.origin == Origin::Base && which(piece) {",
    },
];

/// Tries each mutant.
///
/// # Errors
/// When the sound engine does not pass, or a broken one does.
pub(crate) fn run() -> Result<()> {
    let root = checkout::root()?;
    let copy = tempfile::tempdir().context("cannot make a folder for the copy")?;
    copy_tree(root, copy.path())?;
    let target = checkout::target(root);
    // A folder of its own: Cargo would take what was built of a broken engine for the sound one's.
    let target = target.join("mutants");
    let simulation = |what: &str| -> Result<bool> {
        let started = Instant::now();
        let status = Command::new(env!("CARGO"))
            .args([
                "test",
                "--quiet",
                "--locked",
                "--package",
                "test-support",
                "--test",
                "simulation",
            ])
            .current_dir(copy.path())
            .env("CARGO_TARGET_DIR", &target)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .context("cannot run cargo")?;
        let verdict = if status.success() { "passes" } else { "fails" };
        println!(
            "{verdict:>7} in {:>3.0} s: {what}",
            started.elapsed().as_secs_f64()
        );
        Ok(status.success())
    };
    if !simulation("the engine as it is")? {
        bail!("the simulation fails without any mutant");
    }
    let mut unnoticed = Vec::new();
    for mutant in MUTANTS {
        let path = copy.path().join(mutant.file);
        let sound = fs::read_to_string(&path)?;
        if sound.matches(mutant.sound).count() != 1 {
            bail!(
                "{} has changed: there is no place to break for {:?}",
                mutant.file,
                mutant.what
            );
        }
        fs::write(&path, sound.replace(mutant.sound, mutant.broken))?;
        let mut check = Command::new(env!("CARGO"));
        let compiles = check
            .args(["check", "--quiet", "--locked", "--package", "rewrite"])
            .current_dir(copy.path())
            .env("CARGO_TARGET_DIR", &target)
            .stderr(Stdio::null())
            .status()?;
        if !compiles.success() {
            bail!("the mutant {:?} does not compile", mutant.what);
        }
        if simulation(mutant.what)? {
            unnoticed.push(mutant.what);
        }
        fs::write(&path, sound)?;
    }
    if !unnoticed.is_empty() {
        bail!("the simulation does not notice: {}", unnoticed.join("; "));
    }
    Ok(())
}

/// The sources, without what is built from them.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let (name, path) = (entry.file_name(), entry.path());
        if [".git", "target", "node_modules"]
            .iter()
            .any(|it| name == *it)
        {
            continue;
        }
        let there = to.join(&name);
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&there)?;
            copy_tree(&path, &there)?;
        } else {
            fs::copy(&path, &there).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(())
}

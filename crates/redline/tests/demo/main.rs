//! `redline demo` as a person meets it: the built binary, with and without a terminal; files are
//! compared byte for byte.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod terminal;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use terminal::Terminal;

const EXACT: &str = "exactly what the model server sent";
const RENAME: &str = "rename alpha to beta";

/// Three places to rename, far enough apart to be three hunks; with a byte order mark, CRLF line
/// ends and no last one, which must all stay.
fn source() -> String {
    let gap = "// ünchanged 🦀\r\n".repeat(6);
    format!("\u{feff}let alpha = 1;\r\n{gap}let b = alpha;\r\n{gap}print(alpha);")
}

/// The source with the chosen places renamed.
fn renamed(places: [bool; 3]) -> String {
    let source = source();
    let mut parts = source.split("alpha");
    let mut out = parts.next().unwrap().to_owned();
    for (part, is_renamed) in parts.zip(places) {
        out += if is_renamed { "beta" } else { "alpha" };
        out += part;
    }
    out
}

struct Place {
    folder: TempDir,
    file: PathBuf,
}

impl Place {
    fn new(text: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("some file.rs");
        fs::write(&file, text).unwrap();
        Place { folder, file }
    }

    fn name(&self) -> &str {
        self.file.to_str().unwrap()
    }

    #[track_caller]
    fn check(&self, text: &str) {
        assert_eq!(fs::read_to_string(&self.file).unwrap(), text);
        let others: Vec<_> = fs::read_dir(self.folder.path()).unwrap().collect();
        assert_eq!(others.len(), 2, "something was left behind: {others:?}");
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Runs in a terminal until the question stands.
    fn asked(&self, environment: &[(&str, &str)]) -> Terminal {
        let arguments = ["demo", self.name(), "-i", RENAME, "--rate", "400"];
        let terminal = Terminal::start(&arguments, &self.state(), environment);
        let screen = terminal.wait_for(&["[a]ccept", "[h]unk by hunk"]);
        assert!(
            screen.contains("proposed") && screen.contains("3 hunks"),
            "{screen}"
        );
        assert!(
            screen.contains("- let alpha = 1;") && screen.contains("+ let beta = 1;"),
            "{screen}"
        );
        // Nothing is on disk before the decision.
        assert_eq!(fs::read_to_string(&self.file).unwrap(), source());
        terminal
    }
}

fn run(arguments: &[&str], state: &Path) -> (Output, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_redline"))
        .arg("demo")
        .args(arguments)
        .env("XDG_STATE_HOME", state)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    (output, text)
}

#[test]
fn the_sample_is_accepted_without_a_terminal() {
    let state = tempfile::tempdir().unwrap();
    let (output, text) = run(&["--yes", "--rate", "800"], state.path());
    assert!(output.status.success(), "{output:?}");
    for wanted in [
        EXACT,
        "+++ orders.py",
        "request to first token",
        "last token to last edit",
    ] {
        assert!(text.contains(wanted), "no {wanted:?} in:\n{text}");
    }
    assert!(
        text.matches(" s  +").count() >= 3,
        "the text is not seen to grow:\n{text}"
    );
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn a_file_is_written_without_a_terminal() {
    let place = Place::new(&source());
    let arguments = [place.name(), "--yes", "-i", RENAME, "--rate", "0"];
    let (output, text) = run(&arguments, &place.state());
    assert!(output.status.success(), "{output:?}");
    assert!(
        text.contains(EXACT) && text.contains("+let beta = 1;"),
        "{text}"
    );
    place.check(&renamed([true; 3]));
}

#[test]
fn what_the_engine_does_not_understand_leaves_the_file() {
    let place = Place::new(&source());
    let arguments = [place.name(), "--yes", "-i", "sing a song", "--rate", "0"];
    let (output, text) = run(&arguments, &place.state());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("rename A to B"), "{text}{errors}");
    place.check(&source());
}

#[test]
fn nothing_to_change_is_no_failure() {
    let place = Place::new(&source());
    let arguments = [
        place.name(),
        "--yes",
        "-i",
        "rename gamma to delta",
        "--rate",
        "0",
    ];
    let (output, text) = run(&arguments, &place.state());
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains("changed nothing"), "{text}");
    place.check(&source());
}

#[test]
fn accepting_writes_the_file() {
    let place = Place::new(&source());
    let mut terminal = place.asked(&[]);
    terminal.press("a");
    let (code, text) = terminal.end();
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains(EXACT) && text.contains("accepted 3 hunks"),
        "{text}"
    );
    assert!(text.contains("\u{1b}[32m"), "no green in {text:?}");
    place.check(&renamed([true; 3]));
}

#[test]
fn rejecting_leaves_every_byte() {
    let place = Place::new(&source());
    let mut terminal = place.asked(&[("NO_COLOR", "1")]);
    terminal.press("r");
    let (code, text) = terminal.end();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("byte for byte the one from before"), "{text}");
    assert!(!text.contains("\u{1b}[32m"), "colour in {text:?}");
    place.check(&source());
}

#[test]
fn hunks_are_decided_one_by_one() {
    for places in [
        [true, false, true],
        [false, true, false],
        [false, false, false],
    ] {
        let place = Place::new(&source());
        let mut terminal = place.asked(&[]);
        terminal.press("h");
        for (at, keep) in places.into_iter().enumerate() {
            terminal.wait_for(&[&format!("hunk {} of 3: keep it?", at + 1)]);
            terminal.press(if keep { "y" } else { "n" });
        }
        let (code, text) = terminal.end();
        assert_eq!(code, 0, "{places:?}: {text}");
        place.check(&renamed(places));
    }
}

#[test]
fn the_hunks_that_are_left_are_accepted_at_once() {
    let place = Place::new(&source());
    let mut terminal = place.asked(&[]);
    terminal.press("h");
    terminal.wait_for(&["hunk 1 of 3"]);
    terminal.press("n");
    terminal.wait_for(&["hunk 2 of 3"]);
    terminal.press("a");
    let (code, text) = terminal.end();
    assert_eq!(code, 0, "{text}");
    place.check(&renamed([false, true, true]));
}

#[test]
fn stopping_in_mid_stream_leaves_the_file() {
    let place = Place::new(&source());
    let arguments = ["demo", place.name(), "-i", RENAME, "--rate", "20"];
    let mut terminal = Terminal::start(&arguments, &place.state(), &[]);
    terminal.wait_for(&["streaming", "+ let beta = 1;"]);
    terminal.press("\u{3}");
    let (code, text) = terminal.end();
    assert_eq!(code, 130, "{text}");
    place.check(&source());
}

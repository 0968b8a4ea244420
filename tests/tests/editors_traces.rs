//! Each real editor still says of the fixed list of happenings what its recorded trace says. The simulation's models
//! are checked against the same files. `RECORD_TRACES=1` writes them anew.

use std::env;
use std::path::Path;

use e2e::Project;
use e2e::traces::{EmacsHands, Hands, HelixHands, NeovimHands, Recorder, Trace, VsCodeHands};

/// What an editor starts to reach the test.
const BRIDGE: &str = env!("CARGO_BIN_EXE_stdio-to-test");

/// Plays the list to the editor that `start` starts, and compares.
fn check<H: Hands>(name: &str, start: impl Fn(&Recorder) -> Option<H>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/test-support/tests/traces");
    let file = folder.join(format!("{name}.jsonl"));
    let label = if name == "vscode-extension" {
        "redline:1"
    } else {
        "trace"
    };
    let recorder = Recorder::new(label);
    let Some(mut hands) = start(&recorder) else {
        return;
    };
    let now = recorder.record(&mut hands);
    if env::var_os("RECORD_TRACES").is_some() {
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        std::fs::write(&file, now.to_text()).expect("the trace can be written");
        return;
    }
    let text = std::fs::read_to_string(&file).expect("the trace is there");
    let recorded = Trace::parse(&text).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
    assert_eq!(recorded.head["positions"], now.head["positions"]);
    if let Some(what) = recorded.differs(&now) {
        panic!(
            "{} {} is no longer as recorded of {}: {what}",
            name, now.head, recorded.head
        );
    }
}

#[test]
fn neovim_does_what_its_trace_says() {
    check("neovim", |it| {
        Some(NeovimHands::start(it.server(), BRIDGE, None))
    });
}

#[test]
fn neovim_without_delay_does_what_its_trace_says() {
    check("neovim-now", |it| {
        Some(NeovimHands::start(it.server(), BRIDGE, Some(0)))
    });
}

#[test]
fn helix_does_what_its_trace_says() {
    check("helix", |it| Some(HelixHands::start(it.server(), BRIDGE)));
}

#[test]
fn eglot_does_what_its_trace_says() {
    check("eglot", |it| EmacsHands::start(it.server(), BRIDGE));
}

#[test]
fn vs_code_does_what_its_trace_says() {
    let project = Project::new();
    check("vscode", |it| {
        Some(VsCodeHands::start(it.server(), BRIDGE, project.root()))
    });
}

#[test]
fn vs_code_with_edits_by_our_extension_does_what_its_trace_says() {
    let project = Project::new();
    check("vscode-extension", |it| {
        Some(VsCodeHands::start(it.server(), BRIDGE, project.root()))
    });
}

//! A file whose middle is rewritten line by line, as far as the test lets the model go.

use e2e::ServerCommand;
use e2e::model_server::{Answer, Gate, ModelServer, Request};
use e2e::neovim::{Neovim, Setup};
use serde_json::{Value, json};

/// How many lines are rewritten: those from [`FIRST`] on.
pub(crate) const LINES: usize = 14;

/// The first line of the region, from 0.
pub(crate) const FIRST: usize = 2;

pub(crate) const OLD: [&str; LINES] = [
    "width = 1",
    "height = read(source)  # 漢字 𝄞",
    "",
    "for row in range(height):",
    "    for column in range(width):",
    "        visit(row, column)",
    "depth = 3  # 漢字 𝄞",
    "if depth > height:",
    "    print(\"deep\")",
    "else:",
    "    print(\"shallow\")",
    "",
    "close(source)",
    "total = 6",
];

/// What the model makes of [`OLD`]: three lines are changed.
pub(crate) const NEW: [&str; LINES] = {
    let mut new = OLD;
    new[0] = "width = 11";
    new[6] = "depth = 33  # 漢字 𝄞 é";
    new[13] = "total = 66  # 🦀";
    new
};

/// What it makes of it when told to do otherwise.
pub(crate) const OTHER: [&str; LINES] = {
    let mut new = OLD;
    new[0] = "width = 777";
    new[8] = "    print(\"very deep\")";
    new
};

pub(crate) const ABOVE: [&str; FIRST] = ["# first", ""];
pub(crate) const BELOW: [&str; 2] = ["", "# last"];

/// Lines with their ends.
pub(crate) fn join(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The whole file with this middle.
pub(crate) fn text(middle: &[&str]) -> String {
    [join(&ABOVE), join(middle), join(&BELOW)].concat()
}

/// Neovim with the plugin, and a server that asks this model.
pub(crate) fn start(model: &ModelServer, apply: &str) -> Neovim {
    let mut setup = Setup::with_plugin(ServerCommand::redline().with_model(&model.url()));
    setup.settings = json!({ "redline": { "apply": apply } });
    Neovim::start(&setup)
}

/// Writes a file and edits it with the server attached.
#[track_caller]
pub(crate) fn open(neovim: &Neovim, name: &str, text: &str) {
    let path = neovim.project().write(name, text);
    neovim.open(&path);
    neovim.wait_until(
        "require('redline.server').client() and require('redline.server').client().initialized",
    );
    assert_eq!(neovim.text(), text);
}

/// A stream that stands before each line of [`NEW`] until its gate is opened; told to do otherwise, the model
/// answers with [`OTHER`] at once.
pub(crate) fn gated_model() -> (ModelServer, Vec<Gate>) {
    let gates: Vec<Gate> = NEW.iter().map(|_| Gate::new()).collect();
    let held = gates.clone();
    let model = ModelServer::start(move |request: &Request| {
        if request.input_text().contains("otherwise") {
            return Answer::to(request).pieces([join(&OTHER)]).actions();
        }
        let mut answer = Answer::to(request);
        for (line, gate) in NEW.iter().zip(&held) {
            answer = answer
                .hold(gate)
                .pieces(line.split_inclusive(' '))
                .pieces(["\n"]);
        }
        answer.actions()
    });
    (model, gates)
}

/// Neovim in that stream, which stands before its first line.
pub(crate) fn streaming(apply: &str) -> (ModelServer, Vec<Gate>, Neovim) {
    let (model, gates) = gated_model();
    let neovim = start(&model, apply);
    open(&neovim, "a.py", &text(&OLD));
    neovim.ex("3,16Redline rewrite change the numbers");
    gates[0].wait_until_reached();
    (model, gates, neovim)
}

/// [`NEW`] waiting for a decision.
pub(crate) fn proposed(apply: &str) -> (ModelServer, Neovim) {
    let (model, gates, neovim) = streaming(apply);
    gates.iter().for_each(Gate::open);
    wait_for_state(&neovim, "proposed");
    (model, neovim)
}

/// The newest rewrite of the buffer as the plugin knows it.
#[track_caller]
pub(crate) fn wait_for_state(neovim: &Neovim, state: &str) -> Value {
    neovim.wait_until(&format!(
        "(function()
           local newest = require('redline.rewrites').newest(vim.api.nvim_get_current_buf())
           return newest and newest.view.state == '{state}' and newest.is_current and newest.view
         end)()"
    ))
}

/// Waits until the buffer has a line that contains `sign`.
#[track_caller]
pub(crate) fn wait_for_line(neovim: &Neovim, sign: &str) {
    e2e::wait_until(&format!("`{sign}` is in the buffer"), || {
        let text = neovim.text();
        if text.contains(sign) {
            Ok(())
        } else {
            Err(format!("{text}\n{}", neovim.messages()))
        }
    });
}

/// The buffer and, once saved, the file are exactly `text`.
#[track_caller]
pub(crate) fn check_saved(neovim: &Neovim, name: &str, text: &str) {
    assert_eq!(neovim.text(), text, "{}", neovim.messages());
    neovim.save();
    let saved = neovim.project().read(name).expect("the file is there");
    assert_eq!(String::from_utf8_lossy(&saved), text);
}

/// The row (from 0) of the first line that contains `sign`.
#[track_caller]
pub(crate) fn row_of(neovim: &Neovim, sign: &str) -> usize {
    let text = neovim.text();
    text.lines()
        .position(|line| line.contains(sign))
        .unwrap_or_else(|| panic!("no {sign:?} in {text}"))
}

/// Puts the cursor at the start of a row (from 0).
#[track_caller]
pub(crate) fn go_to(neovim: &Neovim, row: usize) {
    neovim.keys(&format!("<Esc>{}G0", row + 1));
}

/// How many changes wait in the buffer.
#[track_caller]
pub(crate) fn wait_for_hunks(neovim: &Neovim, count: usize) {
    neovim.wait_until(&format!(
        "#require('redline.actions').hunks(vim.api.nvim_get_current_buf()) == {count}"
    ));
}

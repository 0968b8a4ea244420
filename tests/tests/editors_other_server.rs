//! Another language server beside ours, in a real Helix and a real Emacs: its completions and diagnostics come as
//! without us, it sees the same text, and a rewrite works. (Neovim is in `neovim_plugin/beside.rs`, VS Code in
//! `tests/vscode/redline.test.ts`.)

use e2e::emacs::{Emacs, quoted};
use e2e::helix::{Helix, Setup};
use e2e::model_server::{Answer, Gate, ModelServer};
use e2e::scripted_server::ScriptedServer;
use e2e::{ServerCommand, binary};
use serde_json::{Value, json};

/// What an editor starts to reach the test.
const BRIDGE: &str = env!("CARGO_BIN_EXE_stdio-to-test");

const COMPLAINT: &str = "the other one minds";

/// Completes `fancy_word`, and minds the first line of each file that is told of below.
fn other() -> ScriptedServer {
    let capabilities = json!({
        "textDocumentSync": { "openClose": true, "change": 2 },
        "completionProvider": {},
    });
    ScriptedServer::listen(capabilities, |method, _| match method {
        "textDocument/completion" => Some(json!([{ "label": "fancy_word" }])),
        _ => None,
    })
}

/// Waits until the other server is told of the file, and lets it mind the first line.
fn complain(other: &ScriptedServer, name: &str) {
    let is_it = |it: &Value| {
        let uri = it["params"]["textDocument"]["uri"].as_str();
        it["method"] == "textDocument/didOpen" && uri.is_some_and(|uri| uri.ends_with(name))
    };
    let opened = other.wait_for("the other server is told of the file", 0, is_it);
    let place = |character: u32| json!({ "line": 0, "character": character });
    let range = json!({ "start": place(0), "end": place(5) });
    let complaint =
        json!({ "range": range, "severity": 1, "source": "other", "message": COMPLAINT });
    let uri = &opened["params"]["textDocument"]["uri"];
    other.notify(
        "textDocument/publishDiagnostics",
        &json!({ "uri": uri, "diagnostics": [complaint] }),
    );
}

fn wait_for_text(other: &ScriptedServer, name: &str, text: &str) {
    e2e::wait_until("the other server has the same text", || {
        match other.text(name) {
            Some(its) if its == text => Ok(()),
            its => Err(format!("{its:?}")),
        }
    });
}

const OLD: &str = "first = 0\none = 1\ntwo = 2\nthree = 3\nlast = 9\n";
const CHANGED: [&str; 3] = ["one = 11\n", "two = 2\n", "three = 33\n"];

/// Writes the first of the changed lines, and the others once the gate is open.
fn model(gate: &Gate) -> ModelServer {
    let held = gate.clone();
    ModelServer::start(move |request| {
        let answer = Answer::to(request).pieces([CHANGED[0]]).hold(&held);
        answer.pieces([CHANGED[1], CHANGED[2]]).actions()
    })
}

#[test]
fn another_server_works_beside_ours_in_helix() {
    let gate = Gate::new();
    let (model, other) = (model(&gate), other());
    let ours = ServerCommand::redline().with_model(&model.url());
    let mut setup = Setup::with_server(ours, &["python"]);
    setup.beside = Some(other.command(BRIDGE));
    setup.config = json!({ "apply": "live" });
    let helix = Helix::start(&setup);
    let path = helix.project().write("a.py", OLD);
    helix.open(&path);
    helix.wait_for_server(&path);
    complain(&other, "a.py");
    helix.wait_for_text(COMPLAINT);
    let argument = json!({ "file": "a.py", "from": 2, "to": 4, "ask": "change it" });
    helix.lsp_command("redline.ask", &[argument]);
    gate.wait_until_reached();
    helix.wait_for_text("one = 11");
    // In the midst of the stream.
    helix.normal_mode();
    helix.keys(&["g", "e", "o"]);
    helix.type_text("fanc");
    helix.wait_for_text("fancy_word");
    helix.keys(&["Tab", "Enter"]);
    helix.wait_for_screen("the word is taken", |screen| {
        screen
            .rows
            .iter()
            .any(|row| row.trim_end().ends_with(" fancy_word"))
    });
    helix.normal_mode();
    gate.open();
    let text = format!("first = 0\n{}last = 9\nfancy_word\n", CHANGED.concat());
    e2e::wait_until("the rewrite is there whole", || {
        helix.save();
        let saved = helix.project().read("a.py").unwrap_or_default();
        let saved = String::from_utf8_lossy(&saved).into_owned();
        if saved == text { Ok(()) } else { Err(saved) }
    });
    wait_for_text(&other, "a.py", &text);
    helix.command("goto 3");
    helix.wait_for_text("Pending change");
    helix.lsp_command("redline.accept", &[json!({ "file": "a.py", "line": 2 })]);
    helix.wait_for_screen("nothing waits", |screen| !screen.contains("Pending change"));
    helix.command("goto 1");
    helix.wait_for_text(COMPLAINT);
}

#[test]
fn emacs_runs_ours_where_it_is_set_up_and_the_other_one_elsewhere() {
    let other = other();
    let command = other.command(BRIDGE);
    let command = format!(
        "{} {}",
        quoted(&command.program.to_string_lossy()),
        quoted(&command.args[0])
    );
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../editors/emacs");
    let init = format!(
        "(add-to-list 'load-path {})
         (require 'redline)
         (setq eglot-sync-connect 20 eglot-report-progress nil python-indent-guess-indent-offset nil)
         (setq redline-command '({} \"lsp\"))
         (add-to-list 'eglot-server-programs '((python-mode sh-mode) . ({command})))
         (redline-setup 'python-mode)",
        quoted(folder),
        quoted(&binary().to_string_lossy()),
    );
    let Some(emacs) = Emacs::start(&init) else {
        return;
    };
    let start = "(progn (apply #'eglot (eglot--guess-contact)) t)";
    let ours = emacs.project().write("a.py", OLD);
    let theirs = emacs.project().write("b.sh", "first=0\nlast=9\n");
    emacs.open(&ours);
    emacs.lisp(start);
    emacs.open(&theirs);
    emacs.lisp(start);
    complain(&other, "b.sh");
    let complaint = format!(
        "(seq-find (lambda (it) (string-search {} (flymake-diagnostic-text it))) (flymake-diagnostics)) t",
        quoted(COMPLAINT)
    );
    emacs.wait_until(&format!("(and {complaint})"));
    // Each has its own file only, and its own pace.
    assert!(other.text("a.py").is_none());
    assert_eq!(emacs.lisp("eglot-send-changes-idle-time"), json!(0.5));
    emacs.lisp("(progn (goto-char (point-max)) (insert \"fanc\") (completion-at-point) t)");
    emacs.wait_for_text("first=0\nlast=9\nfancy_word");
    wait_for_text(&other, "b.sh", "first=0\nlast=9\nfancy_word");
    emacs.open(&ours);
    assert_eq!(emacs.lisp("eglot-send-changes-idle-time"), json!(0.1));
    emacs.lisp("(progn (redline-rewrite \"rename two to deux\" (point-min) (point-max)) t)");
    emacs.wait_for_text(&OLD.replace("two", "deux"));
    emacs.wait_until("(equal (plist-get (redline--meant) :state) \"proposed\")");
    emacs.lisp("(progn (redline-accept) t)");
    emacs.wait_until("(and (= (length (redline--open)) 0) t)");
    emacs.open(&theirs);
    emacs.lisp("(progn (goto-char (point-min)) (insert \"# \") t)");
    wait_for_text(&other, "b.sh", "# first=0\nlast=9\nfancy_word");
    assert!(other.text("a.py").is_none());
}

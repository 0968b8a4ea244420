//! Many rewrites in one Emacs with our set-up file, with typing all the while: no keystroke is lost, the text is
//! right, undo takes back what it should, and the cursor stays with what is being typed. `ITERATIONS` says how many,
//! `SEED` which.

use std::env;

use e2e::binary;
use e2e::emacs::{Emacs, quoted};
use e2e::model_server::{Answer, Gate, ModelServer};
use e2e::soak::{Place, REGION, Round, Typed, answer};
use fastrand::Rng;
use serde_json::json;

/// Rewrites in the ordinary run, for each of the two ways of applying.
const ITERATIONS: usize = 6;

/// Notes each edit of ours that takes the cursor off its line, or to another place in it, unless the line itself was
/// replaced.
const WATCH_THE_CURSOR: &str = "
(defvar jumps nil)
(defvar edits 0)
(define-advice eglot--apply-text-edits (:around (apply &rest arguments) watch)
  (cl-flet ((place () (list (buffer-substring-no-properties (pos-bol) (pos-eol)) (- (point) (pos-bol)))))
    (let ((before (place)))
      (setq edits (1+ edits))
      (apply apply arguments)
      (unless (or (equal before (place))
                  (not (string-search (concat \"\n\" (car before) \"\n\") (concat \"\n\" (buffer-string) \"\n\"))))
        (push (format \"%S %S\" before (place)) jumps)))))";

fn init(apply: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../editors/emacs");
    format!(
        "(add-to-list 'load-path {})
         (require 'redline)
         (electric-indent-mode -1)
         (setq eglot-sync-connect 20 eglot-report-progress nil python-indent-guess-indent-offset nil)
         (setq redline-command '({} \"lsp\" :initializationOptions (:apply {})))
         (redline-setup 'python-mode)
         (global-set-key (kbd \"<f5>\") 'undo-redo)
         (global-set-key (kbd \"<f6>\") 'undo-only)
         {WATCH_THE_CURSOR}",
        quoted(folder),
        quoted(&binary().to_string_lossy()),
        quoted(apply),
    )
}

/// An Emacs with this text, which Redline serves.
fn start(model: &ModelServer, apply: &str, text: &str) -> Option<Emacs> {
    let environment = format!(
        "(setenv \"REDLINE_MODEL_URL\" {})\n(setenv \"REDLINE_MODEL\" \"test\")\n",
        quoted(&model.url())
    );
    let emacs = Emacs::start(&(environment + &init(apply)))?;
    let path = emacs.project().write("a.py", text);
    emacs.open(&path);
    emacs.lisp("(progn (apply #'eglot (eglot--guess-contact)) t)");
    Some(emacs)
}

/// Goes to a place and types a word there, key by key; now and then a gate is opened, but not the last one.
fn type_along(emacs: &Emacs, typed: &[Typed], gates: &[Gate]) {
    let keys = typed
        .iter()
        .map(|it| it.word.chars().count() + 2)
        .sum::<usize>();
    let every = keys.div_ceil(gates.len());
    let (_, gates) = gates.split_last().expect("there are gates");
    let mut pressed = 0;
    let mut press = |keys: &[&str]| {
        if pressed % every == 0
            && let Some(gate) = gates.get(pressed / every)
        {
            gate.open();
        }
        pressed += 1;
        emacs.keys(keys);
    };
    for typed in typed {
        match &typed.place {
            // The line break first: the word is then typed into a line of its own.
            Place::Above => press(&["M-<", "C-o"]),
            Place::Below => press(&["M->", "C-o"]),
            Place::Kept(name) => {
                press(&["M-<", "C-s"]);
                emacs.type_text(name);
                emacs.keys(&["Enter", "C-e"]);
            }
        }
        for letter in typed.word.chars() {
            press(&[&letter.to_string()]);
        }
    }
}

fn check(apply: &str) {
    let number = |name: &str| env::var(name).ok().and_then(|it| it.parse::<u64>().ok());
    let seed = number("SEED").unwrap_or(20_261_121);
    let iterations = number("ITERATIONS").map_or(ITERATIONS, |count| count as usize);
    let mut rng = Rng::with_seed(seed);
    let rounds: Vec<Round> = (0..iterations)
        .map(|number| Round::new(number, &mut rng))
        .collect();
    let gates: Vec<Vec<Gate>> = rounds
        .iter()
        .map(|_| (0..8).map(|_| Gate::new()).collect())
        .collect();
    let answers: Vec<Vec<String>> = rounds.iter().map(|round| round.new.clone()).collect();
    let held = gates.clone();
    let model = ModelServer::start(move |request| {
        let mut rng = Rng::with_seed(seed ^ request.index as u64);
        answer(
            request,
            &answers[request.index],
            &held[request.index],
            &mut rng,
        )
    });
    let Some(emacs) = start(&model, apply, "# nothing yet\n") else {
        return;
    };
    for (number, (round, gates)) in rounds.iter().zip(&gates).enumerate() {
        let place = format!("{apply}, round {number} of SEED={seed}");
        let state = |state: &str| {
            emacs.wait_until(&format!(
                "(equal (mapcar (lambda (it) (plist-get it :state)) (redline--open)) '({state}))"
            ));
        };
        emacs.lisp(&format!(
            "(progn (erase-buffer) (insert {}) (setq buffer-undo-list nil) (goto-char (point-min)) t)",
            quoted(&round.untouched())
        ));
        emacs.lisp(&format!(
            "(progn (goto-char (point-min)) (forward-line 1)
                    (redline-rewrite \"round {number}\" (point) (pos-bol {})) t)",
            REGION + 1
        ));
        gates[0].wait_until_reached();
        type_along(&emacs, &round.typed, gates);
        // With `once` the edit comes last, so that one undo is to take back just it.
        let last = round.typed.last().expect("something is typed");
        emacs.wait_until(&format!(
            "(and (looking-back {} (pos-bol)) t)",
            quoted(&last.word)
        ));
        gates.iter().for_each(Gate::open);
        state("\"proposed\"");
        let (before, after) = (round.text(&round.old), round.text(&round.new));
        assert_eq!(emacs.text(), after, "{place}");
        let cursor = emacs.lisp(&format!(
            "(and (looking-back {} (pos-bol)) t)",
            quoted(&last.word)
        ));
        assert_eq!(cursor, json!(true), "the cursor is where it typed, {place}");
        let jumps = emacs.lisp("(prog1 (vconcat jumps) (setq jumps nil))");
        assert_eq!(jumps, json!([]), "{place}");
        emacs.lisp(&format!("(progn (redline-{}) t)", round.verdict));
        state("");
        if round.verdict == "reject" {
            emacs.wait_for_text(&before);
            step(&emacs, "F6", &after, &place);
        } else if apply == "once" {
            step(&emacs, "F6", &before, &place);
            step(&emacs, "F5", &after, &place);
        } else {
            // Steps of the rewrite and of what was typed meanwhile, as they came.
            undo_all(&emacs, &round.untouched(), &place);
        }
    }
    let edits = emacs.lisp("edits").as_u64().unwrap_or_default() as usize;
    // In `live` they come while it streams.
    let least = if apply == "live" { 3 } else { 1 } * iterations;
    assert!(
        edits >= least,
        "{edits} edits in {iterations} rewrites, {apply}, SEED={seed}"
    );
}

/// One undo or redo leads to this text.
#[track_caller]
fn step(emacs: &Emacs, key: &str, text: &str, place: &str) {
    let tick = emacs.lisp("(buffer-chars-modified-tick)");
    emacs.keys(&[key]);
    emacs.wait_until(&format!("(not (eql (buffer-chars-modified-tick) {tick}))"));
    assert_eq!(emacs.text(), text, "{key}, {place}");
}

/// So many undos as there are steps lead back to the text before.
#[track_caller]
fn undo_all(emacs: &Emacs, text: &str, place: &str) {
    let steps = emacs.lisp("(seq-count #'null buffer-undo-list)");
    let steps = steps.as_u64().unwrap_or_default() + 2;
    for _ in 0..steps {
        if emacs.text() == text {
            return;
        }
        let tick = emacs.lisp("(buffer-chars-modified-tick)");
        emacs.keys(&["F6"]);
        emacs.wait_until(&format!("(not (eql (buffer-chars-modified-tick) {tick}))"));
    }
    assert_eq!(emacs.text(), text, "after {steps} undos, {place}");
}

#[test]
fn one_undo_takes_a_live_rewrite_back_and_another_one_what_was_typed_before() {
    let gates = [Gate::new(), Gate::new()];
    let held = gates.clone();
    let model = ModelServer::start(move |request| {
        let answer = Answer::to(request).pieces(["one = 11\n"]).hold(&held[0]);
        let answer = answer.pieces(["two = 22\n"]).hold(&held[1]);
        answer.pieces(["three = 33\n"]).actions()
    });
    let old = "one = 1\ntwo = 2\nthree = 3\n";
    let Some(emacs) = start(&model, "live", old) else {
        return;
    };
    emacs.keys(&["M->"]);
    emacs.type_text("# mine");
    let typed = format!("{old}# mine");
    emacs.wait_for_text(&typed);
    emacs.lisp("(progn (redline-rewrite \"count up\" (point-min) (pos-bol)) t)");
    emacs.wait_for_text(&typed.replace("one = 1", "one = 11"));
    gates[0].open();
    emacs.wait_for_text("one = 11\ntwo = 22\nthree = 3\n# mine");
    gates[1].open();
    let new = "one = 11\ntwo = 22\nthree = 33\n# mine";
    emacs.wait_for_text(new);
    emacs.wait_until("(equal (plist-get (redline--meant) :state) \"proposed\")");
    emacs.lisp("(progn (redline-accept) t)");
    emacs.wait_until("(null (redline--open))");
    emacs.type_text("!");
    emacs.wait_for_text(&format!("{new}!"));
    for text in [new, &typed, old] {
        step(&emacs, "F6", text, "undo");
    }
}

#[test]
fn live_rewrites_with_typing_lose_no_keystroke() {
    check("live");
}

#[test]
fn rewrites_applied_once_with_typing_lose_no_keystroke_and_come_back_by_one_undo() {
    check("once");
}

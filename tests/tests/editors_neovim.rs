//! A real Neovim with its stock language client: select, ask, see the text stream in, decide, save.

use e2e::ServerCommand;
use e2e::model_server::{Answer, Gate, ModelServer};
use e2e::neovim::{Neovim, Setup};
use serde_json::{Value, json};

const FOLLOW: &str = "Redline: Follow the instruction in the comment";
const ACCEPT: &str = "Redline: Accept the rewrite";
const REJECT: &str = "Redline: Reject the rewrite";
const ACCEPT_HUNK: &str = "Redline: Accept this change";
const REJECT_HUNK: &str = "Redline: Reject this change";

/// Neovim's own delay of `didChange`, and none.
const DEBOUNCES: [Option<u32>; 2] = [None, Some(0)];

fn start(server: ServerCommand, apply: &str, debounce: Option<u32>) -> Neovim {
    let mut setup = Setup::with_server(server, &["rust", "python"]);
    setup.settings = json!({ "redline": { "apply": apply } });
    setup.debounce_ms = debounce;
    Neovim::start(&setup)
}

fn open(neovim: &Neovim, name: &str, text: &str) {
    let path = neovim.project().write(name, text);
    neovim.open(&path);
    neovim.wait_for_server();
    assert_eq!(neovim.text(), text);
    // Neovim checks no edit for version 0, the version of a file just opened, so that typing beside the very first
    // edit cannot be told from it. With one change made that is over.
    neovim.keys("ggix<Esc>x");
    assert_eq!(neovim.text(), text);
}

/// The newest rewrite, as the server tells it to Neovim's own client.
fn rewrite(neovim: &Neovim) -> Value {
    let answer = neovim.execute_command("redline.list", json!({}));
    let list = answer["result"].as_array().cloned().unwrap_or_default();
    let newest = list.into_iter().max_by_key(|it| it["rewrite"].as_u64());
    newest.unwrap_or(Value::Null)
}

#[track_caller]
fn wait_for_state(neovim: &Neovim, state: &str) -> Value {
    e2e::wait_until(&format!("the rewrite is {state}"), || {
        let rewrite = rewrite(neovim);
        let settled =
            rewrite["timings"]["decided"].is_number() || !matches!(state, "accepted" | "rejected");
        if rewrite["state"] == state && settled {
            Ok(rewrite)
        } else {
            Err(format!("{rewrite:#}\n{}", neovim.text()))
        }
    })
}

/// The buffer and, once saved, the file are exactly `text`.
#[track_caller]
fn check_saved(neovim: &Neovim, name: &str, text: &str) {
    assert_eq!(neovim.text(), text);
    neovim.save();
    let saved = neovim.project().read(name).expect("the file is there");
    assert_eq!(String::from_utf8_lossy(&saved), text);
}

const AREA: &str =
    "import math\n\n\ndef area(width, height):\n    return width * height\n\n\nprint(area(1, 2))\n";

#[test]
fn preset_with_nothing_configured_is_accepted() {
    for debounce in DEBOUNCES {
        let neovim = start(ServerCommand::redline(), "auto", debounce);
        open(&neovim, "a.py", AREA);
        neovim.code_action(3..5, "Redline: Document");
        let proposed = wait_for_state(&neovim, "proposed");
        assert_eq!(proposed["apply"], "once", "{proposed:#}");
        let shown = neovim.text();
        let hunk = &proposed["hunks"][0];
        assert!(
            hunk["newText"]
                .as_str()
                .is_some_and(|it| it.contains("\"\"\"")),
            "{proposed:#}"
        );
        assert!(
            shown.contains("def area(width, height):\n    \"\"\""),
            "{shown}"
        );
        neovim.code_action_at(3, ACCEPT);
        wait_for_state(&neovim, "accepted");
        check_saved(&neovim, "a.py", &shown);
        for line in AREA.lines() {
            assert!(
                shown.lines().any(|it| it == line),
                "{line:?} is gone from {shown}"
            );
        }
    }
}

#[test]
fn preset_with_nothing_configured_is_rejected() {
    for debounce in DEBOUNCES {
        for apply in ["live", "once", "preview"] {
            let neovim = start(ServerCommand::redline(), apply, debounce);
            open(&neovim, "a.py", AREA);
            neovim.code_action(3..5, "Redline: Document");
            wait_for_state(&neovim, "proposed");
            assert_eq!(neovim.text() == AREA, apply == "preview");
            neovim.code_action_at(3, REJECT);
            wait_for_state(&neovim, "rejected");
            check_saved(&neovim, "a.py", AREA);
        }
    }
}

#[test]
fn instruction_in_a_comment_with_nothing_configured() {
    let neovim = start(ServerCommand::redline(), "auto", None);
    let text = "fn main() {}\n\n// redline: rename width to breadth\nfn area(width: u32) -> u32 {\n    width * width\n}\n";
    open(&neovim, "a.rs", text);
    neovim.code_action(2..6, FOLLOW);
    wait_for_state(&neovim, "proposed");
    let expected = "fn main() {}\n\nfn area(breadth: u32) -> u32 {\n    breadth * breadth\n}\n";
    neovim.wait_for_text(expected);
    neovim.code_action_at(3, ACCEPT);
    wait_for_state(&neovim, "accepted");
    check_saved(&neovim, "a.rs", expected);
}

/// How many lines are rewritten.
const LINES: usize = 14;

/// A file whose middle is rewritten, line by line, as the test lets the model go on.
struct Scene {
    line_end: &'static str,
    old: [&'static str; LINES],
    new: [&'static str; LINES],
}

const OLD: [&str; LINES] = [
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

const SCENE: Scene = Scene {
    line_end: "\n",
    old: OLD,
    new: {
        let mut new = OLD;
        new[0] = "width = 11";
        new[6] = "depth = 33  # 漢字 𝄞 é";
        new[13] = "total = 66  # 🦀";
        new
    },
};

const DOS: Scene = Scene {
    line_end: "\r\n",
    ..SCENE
};

impl Scene {
    fn join(&self, lines: &[&str]) -> String {
        lines
            .iter()
            .map(|line| format!("{line}{}", self.line_end))
            .collect()
    }

    fn text(&self, above: &[&str], middle: &[&str], below: &[&str]) -> String {
        [self.join(above), self.join(middle), self.join(below)].concat()
    }
}

const ABOVE: [&str; 2] = ["# first", ""];
const ASK: &str = "# redline: change the numbers";
const BELOW: [&str; 2] = ["", "# last"];

/// Neovim in a stream that stands before each line of the region; and the gates.
fn streaming(
    scene: &Scene,
    apply: &str,
    debounce: Option<u32>,
) -> (ModelServer, Vec<Gate>, Neovim) {
    let gates: Vec<Gate> = scene.new.iter().map(|_| Gate::new()).collect();
    let (held, lines) = (gates.clone(), scene.new);
    let model = ModelServer::start(move |request| {
        assert!(request.input_text().contains("change the numbers"));
        let mut answer = Answer::to(request);
        for (line, gate) in lines.iter().zip(&held) {
            answer = answer
                .hold(gate)
                .pieces(line.split_inclusive(' '))
                .pieces(["\n"]);
        }
        answer.actions()
    });
    let neovim = start(
        ServerCommand::redline().with_model(&model.url()),
        apply,
        debounce,
    );
    let asking: Vec<&str> = [&[ASK][..], &scene.old].concat();
    open(&neovim, "a.py", &scene.text(&ABOVE, &asking, &BELOW));
    neovim.code_action(2..3 + LINES as u32, FOLLOW);
    gates[0].wait_until_reached();
    (model, gates, neovim)
}

/// Lets the stream go on and sees each change arrive before the next is sent. A changed line is shown once some
/// lines behind it tell which one it is.
#[track_caller]
fn watch_it_grow(gates: &[Gate], neovim: &Neovim) {
    for (gates, sign) in [(&gates[..6], "width = 11"), (&gates[6..12], "depth = 33")] {
        gates.iter().for_each(Gate::open);
        e2e::wait_until(&format!("`{sign}` is in the buffer"), || {
            let text = neovim.text();
            if text.contains(sign) {
                Ok(())
            } else {
                Err(format!("{text}\n{}", neovim.messages()))
            }
        });
        assert_eq!(
            rewrite(neovim)["state"],
            "streaming",
            "it grows before the end"
        );
    }
    gates[12..].iter().for_each(Gate::open);
}

#[test]
fn text_streams_in_and_is_accepted() {
    for scene in [SCENE, DOS] {
        for debounce in DEBOUNCES {
            let (_model, gates, neovim) = streaming(&scene, "live", debounce);
            watch_it_grow(&gates, &neovim);
            wait_for_state(&neovim, "proposed");
            neovim.code_action_at(3, ACCEPT);
            wait_for_state(&neovim, "accepted");
            check_saved(&neovim, "a.py", &scene.text(&ABOVE, &scene.new, &BELOW));
        }
    }
}

#[test]
fn text_streams_in_and_is_rejected() {
    for scene in [SCENE, DOS] {
        for debounce in DEBOUNCES {
            let (_model, gates, neovim) = streaming(&scene, "live", debounce);
            watch_it_grow(&gates, &neovim);
            wait_for_state(&neovim, "proposed");
            neovim.code_action_at(3, REJECT);
            wait_for_state(&neovim, "rejected");
            let asking: Vec<&str> = [&[ASK][..], &scene.old].concat();
            check_saved(&neovim, "a.py", &scene.text(&ABOVE, &asking, &BELOW));
        }
    }
}

#[test]
fn hunks_are_decided_one_by_one() {
    for debounce in DEBOUNCES {
        let (_model, gates, neovim) = streaming(&SCENE, "live", debounce);
        gates.iter().for_each(Gate::open);
        wait_for_state(&neovim, "proposed");
        let remaining = |count: usize| {
            e2e::wait_until(&format!("{count} hunks are left"), || {
                let rewrite = rewrite(&neovim);
                let hunks = rewrite["hunks"].as_array().cloned().unwrap_or_default();
                let open = hunks.iter().filter(|it| it["state"] == "pending").count();
                if open == count {
                    Ok(())
                } else {
                    Err(format!("{rewrite:#}"))
                }
            });
        };
        // The comment went away with the first change; the lines are those after it.
        let line_of = |sign: &str| {
            let text = neovim.text();
            text.lines()
                .position(|line| line.contains(sign))
                .expect("the line is there") as u32
        };
        let count = rewrite(&neovim)["hunks"].as_array().map_or(0, Vec::len);
        assert_eq!(count, 3, "{:#}", rewrite(&neovim));
        neovim.code_action_at(line_of("depth = 33"), REJECT_HUNK);
        remaining(2);
        neovim.code_action_at(line_of("width = 11"), ACCEPT_HUNK);
        remaining(1);
        neovim.code_action_at(line_of("total = 66"), ACCEPT_HUNK);
        wait_for_state(&neovim, "accepted");
        let mut expected = SCENE.new;
        expected[6] = SCENE.old[6];
        check_saved(&neovim, "a.py", &SCENE.text(&ABOVE, &expected, &BELOW));
    }
}

#[test]
fn typing_beside_the_stream_is_kept() {
    for (action, state) in [(ACCEPT, "accepted"), (REJECT, "rejected")] {
        for debounce in DEBOUNCES {
            let (_model, gates, neovim) = streaming(&SCENE, "live", debounce);
            // In insert mode all the while, above and below.
            neovim.input("gg");
            for (index, gate) in gates.iter().enumerate() {
                let keys = if index % 2 == 0 {
                    "<Esc>ggO"
                } else {
                    "<Esc>Go"
                };
                neovim.input(keys);
                for key in format!("# {index}: ü").chars() {
                    neovim.input(&key.to_string());
                }
                gate.open();
            }
            neovim.input("<Esc>");
            wait_for_state(&neovim, "proposed");
            let line = neovim.text().lines().position(|line| line == "width = 11");
            neovim.code_action_at(line.expect("it streamed in") as u32, action);
            wait_for_state(&neovim, state);
            let asking: Vec<&str> = [&[ASK][..], &SCENE.old].concat();
            let middle = if state == "accepted" {
                &SCENE.new[..]
            } else {
                &asking
            };
            let mut above = Vec::new();
            let mut below = BELOW.map(str::to_owned).to_vec();
            for index in 0..LINES {
                let typed = format!("# {index}: ü");
                if index % 2 == 0 {
                    above.insert(0, typed);
                } else {
                    below.push(typed);
                }
            }
            above.extend(ABOVE.map(str::to_owned));
            let above: Vec<&str> = above.iter().map(String::as_str).collect();
            let below: Vec<&str> = below.iter().map(String::as_str).collect();
            check_saved(&neovim, "a.py", &SCENE.text(&above, middle, &below));
        }
    }
}

#[test]
fn undo_takes_a_rewrite_back_in_one_step() {
    for debounce in DEBOUNCES {
        let (_model, gates, neovim) = streaming(&SCENE, "once", debounce);
        gates.iter().for_each(Gate::open);
        wait_for_state(&neovim, "proposed");
        assert_eq!(neovim.text(), SCENE.text(&ABOVE, &SCENE.new, &BELOW));
        neovim.keys("u");
        wait_for_state(&neovim, "rejected");
        let asking: Vec<&str> = [&[ASK][..], &SCENE.old].concat();
        check_saved(&neovim, "a.py", &SCENE.text(&ABOVE, &asking, &BELOW));
        // Nothing more comes of it.
        let late = neovim.execute_command(
            "redline.reject",
            json!({ "rewrite": rewrite(&neovim)["rewrite"] }),
        );
        assert!(late["err"].is_object(), "{late}");
        check_saved(&neovim, "a.py", &SCENE.text(&ABOVE, &asking, &BELOW));
    }
}

#[test]
fn stopping_keeps_the_complete_lines() {
    let (_model, gates, neovim) = streaming(&SCENE, "live", None);
    for gate in &gates[..12] {
        gate.open();
    }
    gates[12].wait_until_reached();
    e2e::wait_until("the second change is there", || {
        let text = neovim.text();
        if text.contains("depth = 33  # 漢字 𝄞 é") {
            Ok(())
        } else {
            Err(text)
        }
    });
    neovim.code_action_at(3, "Redline: Stop here");
    wait_for_state(&neovim, "interrupted");
    neovim.code_action_at(3, ACCEPT);
    wait_for_state(&neovim, "accepted");
    let mut expected = SCENE.new;
    expected[12..].copy_from_slice(&SCENE.old[12..]);
    check_saved(&neovim, "a.py", &SCENE.text(&ABOVE, &expected, &BELOW));
}

#[test]
fn pending_changes_are_diagnostics() {
    let (_model, gates, neovim) = streaming(&SCENE, "once", None);
    gates.iter().for_each(Gate::open);
    wait_for_state(&neovim, "proposed");
    neovim.wait_until("#vim.diagnostic.get(0) == 3");
    let first = neovim.lua("return vim.diagnostic.get(0)[1]", json!([]));
    assert_eq!(first["source"], "redline");
    neovim.code_action_at(3, ACCEPT);
    neovim.wait_until("#vim.diagnostic.get(0) == 0");
}

//! A real Helix in a terminal: select, ask from its menu or its command line, see the text stream in, decide, save.

use e2e::ServerCommand;
use e2e::helix::{Helix, Setup};
use e2e::model_server::{Answer, Gate, ModelServer};
use serde_json::json;

const FOLLOW: &str = "Redline: Follow the instruction in the comment";
const ACCEPT: &str = "Redline: Accept the rewrite";
const REJECT: &str = "Redline: Reject the rewrite";

fn start(server: ServerCommand, apply: &str) -> Helix {
    let mut setup = Setup::with_server(server, &["rust", "python"]);
    setup.config = json!({ "apply": apply });
    Helix::start(&setup)
}

fn open(helix: &Helix, name: &str, text: &str) {
    let path = helix.project().write(name, text);
    helix.open(&path);
    helix.wait_for_server(&path);
}

#[track_caller]
fn check_saved(helix: &Helix, name: &str, text: &str) {
    helix.save();
    let saved = helix.project().read(name).expect("the file is there");
    assert_eq!(String::from_utf8_lossy(&saved), text);
}

/// Decides from the menu with the cursor on a line (from 0), and waits until there is nothing left to decide there.
#[track_caller]
fn decide(helix: &Helix, line: u32, title: &str) {
    helix.select_lines(line, 1);
    helix.code_action(title);
    e2e::wait_until("the decision is taken", || {
        let titles = helix.code_action_titles();
        if titles.iter().any(|it| it == title) {
            Err(titles.join("\n"))
        } else {
            Ok(())
        }
    });
}

const AREA: &str =
    "import math\n\n\ndef area(width, height):\n    return width * height\n\n\nprint(area(1, 2))\n";

#[test]
fn preset_with_nothing_configured_is_accepted() {
    let helix = start(ServerCommand::redline(), "auto");
    open(&helix, "a.py", AREA);
    helix.select_lines(3, 2);
    helix.code_action("Redline: Document");
    helix.wait_for_text("\"\"\"");
    decide(&helix, 3, ACCEPT);
    helix.save();
    let saved = helix.project().read("a.py").expect("the file is there");
    let saved = String::from_utf8(saved).expect("text");
    assert!(
        saved.contains("def area(width, height):\n    \"\"\""),
        "{saved}"
    );
    let mut rest = saved.lines();
    for line in AREA.lines() {
        assert!(rest.any(|it| it == line), "{line:?} is gone from {saved}");
    }
    let screen = helix.screen();
    for line in saved.lines().filter(|line| !line.is_empty()) {
        assert!(
            screen.contains(line),
            "{line:?} is not on the screen\n{}",
            screen.text()
        );
    }
}

#[test]
fn preset_with_nothing_configured_is_rejected() {
    for apply in ["once", "live"] {
        let helix = start(ServerCommand::redline(), apply);
        open(&helix, "a.py", AREA);
        helix.select_lines(3, 2);
        helix.code_action("Redline: Document");
        helix.wait_for_text("\"\"\"");
        decide(&helix, 3, REJECT);
        helix.wait_for_screen("the text is as before", |screen| !screen.contains("\"\"\""));
        check_saved(&helix, "a.py", AREA);
    }
}

#[test]
fn menu_offers_the_presets_of_the_language() {
    let helix = start(ServerCommand::redline(), "auto");
    open(&helix, "a.rs", "fn main() {\n    let a = 1;\n}\n");
    helix.select_lines(0, 3);
    let titles = helix.code_action_titles();
    let expected = ["Simplify", "Document", "Handle errors", "Flatten"];
    assert_eq!(titles, expected.map(|it| format!("Redline: {it}")));
}

const LINES: usize = 14;

const OLD: [&str; LINES] = [
    "fn measure(source: &str) -> usize {",
    "    let width = 1;",
    "    let height = source.len(); // 漢字 𝄞",
    "",
    "    for row in 0..height {",
    "        visit(row, width);",
    "    }",
    "    let depth = 3; // é",
    "    if depth > height {",
    "        println!(\"deep\");",
    "    }",
    "    close(source);",
    "    width * height * depth",
    "}",
];

const NEW: [&str; LINES] = {
    let mut new = OLD;
    new[1] = "    let width = 11;";
    new[7] = "    let depth = 33; // é 漢";
    new[12] = "    width * height * depth * 2 // 🦀";
    new
};

const ABOVE: [&str; 2] = ["// first", ""];
const ASK: &str = "// redline: change the numbers";
const BELOW: [&str; 2] = ["", "// last"];

fn text(above: &[&str], middle: &[&str], below: &[&str], line_end: &str) -> String {
    let lines = [above, middle, below].concat();
    lines
        .iter()
        .map(|line| format!("{line}{line_end}"))
        .collect()
}

fn asking() -> Vec<&'static str> {
    [&[ASK][..], &OLD].concat()
}

/// Helix in a stream that stands before each line of the region; and the gates.
fn streaming(apply: &str, line_end: &str) -> (ModelServer, Vec<Gate>, Helix) {
    let gates: Vec<Gate> = NEW.iter().map(|_| Gate::new()).collect();
    let held = gates.clone();
    let model = ModelServer::start(move |request| {
        assert!(request.input_text().contains("change the numbers"));
        let mut answer = Answer::to(request);
        for (line, gate) in NEW.iter().zip(&held) {
            answer = answer
                .hold(gate)
                .pieces(line.split_inclusive(' '))
                .pieces(["\n"]);
        }
        answer.actions()
    });
    let helix = start(ServerCommand::redline().with_model(&model.url()), apply);
    open(&helix, "a.rs", &text(&ABOVE, &asking(), &BELOW, line_end));
    helix.select_lines(2, 1 + LINES as u32);
    helix.code_action(FOLLOW);
    gates[0].wait_until_reached();
    (model, gates, helix)
}

/// Lets the stream go on and sees each change arrive before the next is sent.
#[track_caller]
fn watch_it_grow(gates: &[Gate], helix: &Helix) {
    gates[..7].iter().for_each(Gate::open);
    let screen = helix.wait_for_text("let width = 11;");
    assert!(screen.contains("let depth = 3; "), "{}", screen.text());
    gates[7..12].iter().for_each(Gate::open);
    let screen = helix.wait_for_text("let depth = 33; // é 漢");
    assert!(!screen.contains("depth * 2"), "{}", screen.text());
    gates[12..].iter().for_each(Gate::open);
    helix.wait_for_text("depth * 2 // 🦀");
}

#[test]
fn text_streams_in_and_is_accepted() {
    for line_end in ["\n", "\r\n"] {
        let (_model, gates, helix) = streaming("live", line_end);
        watch_it_grow(&gates, &helix);
        decide(&helix, 4, ACCEPT);
        check_saved(&helix, "a.rs", &text(&ABOVE, &NEW, &BELOW, line_end));
    }
}

#[test]
fn text_streams_in_and_is_rejected() {
    for line_end in ["\n", "\r\n"] {
        let (_model, gates, helix) = streaming("live", line_end);
        watch_it_grow(&gates, &helix);
        decide(&helix, 4, REJECT);
        helix.wait_for_text("let width = 1;");
        check_saved(&helix, "a.rs", &text(&ABOVE, &asking(), &BELOW, line_end));
    }
}

#[test]
fn hunks_are_decided_one_by_one() {
    let (_model, gates, helix) = streaming("once", "\n");
    gates.iter().for_each(Gate::open);
    helix.wait_for_text("depth * 2 // 🦀");
    // The comment, which is gone, is a change of its own.
    decide(&helix, 9, "Redline: Reject this change");
    helix.wait_for_text("let depth = 3; // é");
    decide(&helix, 3, "Redline: Accept this change");
    decide(&helix, 2, "Redline: Accept this change");
    decide(&helix, 14, "Redline: Accept this change");
    let mut expected = NEW;
    expected[7] = OLD[7];
    check_saved(&helix, "a.rs", &text(&ABOVE, &expected, &BELOW, "\n"));
    helix.select_lines(9, 1);
    let titles = helix.code_action_titles();
    assert!(
        !titles.iter().any(|it| it == ACCEPT),
        "all is decided: {titles:#?}"
    );
}

#[test]
fn typing_beside_the_stream_is_kept() {
    for (action, middle) in [(ACCEPT, NEW.to_vec()), (REJECT, asking())] {
        let (_model, gates, helix) = streaming("live", "\n");
        for (index, gate) in gates.iter().enumerate() {
            // A line above or a line below, key by key, while lines stream in.
            let go = if index % 2 == 0 {
                ["g", "g", "O"]
            } else {
                ["g", "e", "o"]
            };
            helix.normal_mode();
            helix.keys(&go);
            gate.open();
            // Helix goes on with the comment of the line that it starts from.
            helix.type_text(&format!("{index}: u"));
            // Else the screen may still say normal mode, and the next keys would be typed.
            helix.wait_for_text(&format!("// {index}: u"));
        }
        helix.normal_mode();
        helix.wait_for_text("depth * 2 // 🦀");
        let above = (0..LINES).filter(|index| index % 2 == 0).rev();
        let mut above: Vec<String> = above.map(|index| format!("// {index}: u")).collect();
        above.extend(ABOVE.map(str::to_owned));
        let mut below = BELOW.map(str::to_owned).to_vec();
        below.extend(
            (0..LINES)
                .filter(|index| index % 2 == 1)
                .map(|index| format!("// {index}: u")),
        );
        decide(&helix, above.len() as u32 + 2, action);
        let above: Vec<&str> = above.iter().map(String::as_str).collect();
        let below: Vec<&str> = below.iter().map(String::as_str).collect();
        if action == REJECT {
            helix.wait_for_text("let width = 1;");
        }
        check_saved(&helix, "a.rs", &text(&above, &middle, &below, "\n"));
    }
}

/// Many rewrites in one Helix with typing beside all of them; `ITERATIONS` says how many, `SEED` which.
#[test]
fn many_rewrites_with_typing_lose_no_keystroke() {
    let number = |name: &str, usual: u64| {
        let given = std::env::var(name).ok();
        given.and_then(|it| it.parse().ok()).unwrap_or(usual)
    };
    let (seed, rounds) = (number("SEED", 1), number("ITERATIONS", 5));
    let mut rng = fastrand::Rng::with_seed(seed);
    let region = |round: u64| -> Vec<String> {
        let lines = (0..8).map(|line| format!("value_{line} = {round}  # é 漢 𝄞"));
        lines.collect()
    };
    let gates: Vec<Gate> = (0..rounds).map(|_| Gate::new()).collect();
    let held = gates.clone();
    let model = ModelServer::start(move |request| {
        let new = region(1_000 + request.index as u64);
        let answer = Answer::to(request).pieces(new[..4].iter().map(|it| format!("{it}\n")));
        let answer = answer.hold(&held[request.index]);
        let rest = new[4..].iter().map(|it| format!("{it}\n"));
        answer.pieces(rest).actions()
    });
    let helix = start(ServerCommand::redline().with_model(&model.url()), "live");
    let lines = |lines: &[String]| -> String { lines.iter().map(|it| format!("{it}\n")).collect() };
    let (mut above, mut below) = (vec!["first".to_owned()], vec!["last".to_owned()]);
    let mut middle = region(0);
    open(
        &helix,
        "a.py",
        &lines(&[&above[..], &middle, &below].concat()),
    );
    for (round, gate) in gates.iter().enumerate() {
        let (from, to) = (above.len() + 1, above.len() + middle.len());
        let argument = json!({ "file": "a.py", "from": from, "to": to, "ask": "count up" });
        helix.lsp_command("redline.ask", &[argument]);
        gate.wait_until_reached();
        let opened_at = rng.usize(..4);
        for step in 0..4 {
            if step == opened_at {
                gate.open();
            }
            let word = format!("typed_{round}_{step}");
            helix.normal_mode();
            if rng.bool() {
                helix.keys(&["g", "g", "O"]);
                above.insert(0, word.clone());
            } else {
                helix.keys(&["g", "e", "o"]);
                below.push(word.clone());
            }
            helix.type_text(&word);
            // Else the screen may still say normal mode, and the next keys would be typed.
            helix.wait_for_text(&word);
        }
        helix.normal_mode();
        let new = region(1_000 + round as u64);
        let accepts = rng.bool();
        let line = json!({ "file": "a.py", "line": above.len() + 1 });
        let text = |middle: &[String]| lines(&[&above[..], middle, &below].concat());
        e2e::wait_until("the rewrite is there whole", || {
            helix.save();
            let saved = helix.project().read("a.py").unwrap_or_default();
            let saved = String::from_utf8_lossy(&saved).into_owned();
            if saved == text(&new) {
                Ok(())
            } else {
                Err(format!("SEED={seed}, round {round}:\n{saved}"))
            }
        });
        let verdict = if accepts {
            "redline.accept"
        } else {
            "redline.reject"
        };
        helix.lsp_command(verdict, &[line]);
        if accepts {
            middle = new;
        }
        e2e::wait_until("it is decided", || {
            helix.save();
            let saved = helix.project().read("a.py").unwrap_or_default();
            let saved = String::from_utf8_lossy(&saved).into_owned();
            if saved == text(&middle) {
                Ok(())
            } else {
                Err(format!("SEED={seed}, round {round}:\n{saved}"))
            }
        });
    }
}

#[test]
fn asking_from_the_command_line() {
    for (action, middle) in [(ACCEPT, NEW.to_vec()), (REJECT, OLD.to_vec())] {
        let (gate, held) = (Gate::new(), Gate::new());
        let stands = held.clone();
        let model = ModelServer::start({
            let gate = gate.clone();
            move |request| {
                let answer = Answer::to(request).pieces([NEW[..8].join("\n"), "\n".to_owned()]);
                let answer = answer
                    .hold(&gate)
                    .pieces([NEW[8..].join("\n")])
                    .hold(&stands);
                answer.actions()
            }
        });
        let helix = start(ServerCommand::redline().with_model(&model.url()), "live");
        open(&helix, "a.rs", &text(&ABOVE, &OLD, &BELOW, "\n"));
        // A menu or no menu: what it asks for is in its arguments.
        let argument =
            json!({ "file": "a.rs", "from": 3, "to": 2 + LINES, "ask": "change the numbers" });
        helix.lsp_command("redline.ask", &[argument]);
        gate.wait_until_reached();
        let request = model.wait_for_requests(1);
        assert!(request.input_text().contains("change the numbers"));
        assert!(
            request.input_text().contains(&OLD.join("\n")),
            "{}",
            request.input_text()
        );
        helix.wait_for_text("let width = 11;");
        assert!(!helix.screen().contains("depth * 2"));
        gate.open();
        held.open();
        helix.wait_for_text("depth * 2 // 🦀");
        decide(&helix, 4, action);
        if action == REJECT {
            helix.wait_for_text("let width = 1;");
        }
        check_saved(&helix, "a.rs", &text(&ABOVE, &middle, &BELOW, "\n"));
    }
}

#[test]
fn undo_takes_a_rewrite_back_in_one_step() {
    let (_model, gates, helix) = streaming("once", "\n");
    gates.iter().for_each(Gate::open);
    helix.wait_for_text("depth * 2 // 🦀");
    helix.normal_mode();
    helix.keys(&["u"]);
    helix.wait_for_text(ASK);
    helix.select_lines(5, 1);
    e2e::wait_until("nothing is left to decide", || {
        let titles = helix.code_action_titles();
        if titles.iter().any(|it| it == REJECT) {
            Err(titles.join("\n"))
        } else {
            Ok(())
        }
    });
    check_saved(&helix, "a.rs", &text(&ABOVE, &asking(), &BELOW, "\n"));
}

#[test]
fn failure_is_shown_and_leaves_the_text() {
    let model = ModelServer::start(|request| {
        Answer::to(request)
            .failed("server_error", "the tea is cold")
            .actions()
    });
    let helix = start(ServerCommand::redline().with_model(&model.url()), "live");
    open(&helix, "a.rs", &text(&ABOVE, &asking(), &BELOW, "\n"));
    helix.select_lines(2, 1 + LINES as u32);
    helix.code_action(FOLLOW);
    helix.wait_for_text("the tea is cold");
    check_saved(&helix, "a.rs", &text(&ABOVE, &asking(), &BELOW, "\n"));
}

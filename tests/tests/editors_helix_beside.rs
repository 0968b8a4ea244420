//! A real Helix with more than one thing going on: a large file under a fast stream, two rewrites at once, typing in
//! the very lines that are rewritten.

use std::time::Duration;

use e2e::ServerCommand;
use e2e::helix::{Helix, Setup};
use e2e::model_server::{Answer, Gate, ModelServer};
use serde_json::json;

fn start(model: &ModelServer, text: &str) -> Helix {
    let server = ServerCommand::redline().with_model(&model.url());
    let mut setup = Setup::with_server(server, &["python"]);
    setup.config = json!({ "apply": "live" });
    let helix = Helix::start(&setup);
    let path = helix.project().write("a.py", text);
    helix.open(&path);
    helix.wait_for_server(&path);
    helix
}

/// Lines counted from 1, both inclusive.
fn ask(helix: &Helix, from: usize, to: usize, instruction: &str) {
    let argument = json!({ "file": "a.py", "from": from, "to": to, "ask": instruction });
    helix.lsp_command("redline.ask", &[argument]);
}

fn accept(helix: &Helix, line: usize) {
    helix.lsp_command("redline.accept", &[json!({ "file": "a.py", "line": line })]);
}

/// Saves until the file is exactly this.
#[track_caller]
fn saved(helix: &Helix, text: &str) {
    e2e::wait_until("the text is right", || {
        helix.save();
        let saved = helix.project().read("a.py").unwrap_or_default();
        let saved = String::from_utf8_lossy(&saved).into_owned();
        if saved == text { Ok(()) } else { Err(saved) }
    });
}

fn numbered(from: usize, to: usize, word: &str) -> Vec<String> {
    let line = |n| format!("value_{n} = {word}({n})\n");
    (from..to).map(line).collect()
}

#[test]
fn two_thousand_lines_at_240_deltas_a_second() {
    let old = numbered(0, 2_000, "source");
    let region = 1_000..1_200;
    let new: Vec<String> = old[region.clone()]
        .iter()
        .enumerate()
        .map(|(at, line)| match at % 3 {
            0 => line.replace("source", "target"),
            _ => line.clone(),
        })
        .collect();
    let answer = new.concat();
    let pieces: Vec<String> = answer
        .as_bytes()
        .chunks(answer.len().div_ceil(480))
        .map(|piece| String::from_utf8_lossy(piece).into_owned())
        .collect();
    let model = ModelServer::start(move |request| {
        let pause = Duration::from_secs(1) / 240;
        Answer::to(request).paced(pause, pieces.clone()).actions()
    });
    let helix = start(&model, &old.concat());
    ask(&helix, region.start + 1, region.end, "change the source");
    // In front of it and behind it, while two seconds of text stream in.
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for round in 0..6 {
        let word = format!("typed_{round} = {round}");
        helix.normal_mode();
        if round % 2 == 0 {
            helix.keys(&["g", "g", "O"]);
            above.insert(0, format!("{word}\n"));
        } else {
            helix.keys(&["g", "e", "o"]);
            below.push(format!("{word}\n"));
        }
        helix.type_text(&word);
        helix.wait_for_text(&word);
    }
    let changed = [
        &above[..],
        &old[..region.start],
        &new,
        &old[region.end..],
        &below,
    ]
    .concat();
    saved(&helix, &changed.concat());
    accept(&helix, above.len() + region.start + 1);
    helix.wait_for_screen("nothing waits", |screen| !screen.contains("Pending change"));
    saved(&helix, &changed.concat());
}

#[test]
fn two_rewrites_in_one_file() {
    let gates = [Gate::new(), Gate::new()];
    let held = gates.clone();
    let model = ModelServer::start(move |request| {
        let (from, gate) = match request.input_text().contains("the first half") {
            true => (0, &held[0]),
            false => (20, &held[1]),
        };
        let lines = numbered(from, from + 10, "target");
        let answer = Answer::to(request).pieces(lines[..6].to_vec());
        answer.hold(gate).pieces(lines[6..].to_vec()).actions()
    });
    let old = numbered(0, 30, "source");
    let helix = start(&model, &old.concat());
    ask(&helix, 1, 10, "the first half");
    ask(&helix, 21, 30, "the second half");
    for gate in &gates {
        gate.wait_until_reached();
    }
    helix.wait_for_text("value_0 = target");
    // The second one ends first.
    gates[1].open();
    gates[0].open();
    let mut changed = old.clone();
    changed.splice(0..10, numbered(0, 10, "target"));
    changed.splice(20..30, numbered(20, 30, "target"));
    saved(&helix, &changed.concat());
    accept(&helix, 1);
    helix.lsp_command("redline.reject", &[json!({ "file": "a.py", "line": 25 })]);
    changed.splice(20..30, old[20..30].to_vec());
    saved(&helix, &changed.concat());
}

#[test]
fn typing_inside_the_rewritten_lines_stays() {
    let gate = Gate::new();
    let held = gate.clone();
    let new = |lines: &[String]| -> Vec<String> {
        let changes = |(at, line): (usize, &String)| match at % 4 {
            0 => line.replace("source", "target"),
            _ => line.clone(),
        };
        lines.iter().enumerate().map(changes).collect()
    };
    let old = numbered(0, 12, "source");
    let answer = new(&old);
    let model = ModelServer::start(move |request| {
        let pieces = Answer::to(request).pieces(answer[..6].to_vec());
        pieces.hold(&held).pieces(answer[6..].to_vec()).actions()
    });
    let helix = start(&model, &old.concat());
    ask(&helix, 1, 12, "change some");
    gate.wait_until_reached();
    helix.wait_for_text("value_0 = target");
    // A line that the model keeps, and one that it has not come to.
    for (line, word) in [(3, "  # kept"), (11, "  # mine")] {
        helix.command(&format!("goto {line}"));
        helix.keys(&["A"]);
        helix.type_text(word);
        helix.wait_for_text(word);
    }
    helix.normal_mode();
    gate.open();
    let mut expected = new(&old);
    for (line, word) in [(3, "  # kept\n"), (11, "  # mine\n")] {
        expected[line - 1] = expected[line - 1].replace('\n', word);
    }
    saved(&helix, &expected.concat());
    accept(&helix, 1);
    saved(&helix, &expected.concat());
}

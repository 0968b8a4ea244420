//! Every way of reporting a change leads a mirror to the same text.
//! The manners themselves are seen at work in the tests of the real server.

use super::*;
use std::env;

const REPORTS: [Report; 5] = [
    Report::Exact,
    Report::TopDown,
    Report::LineTails,
    Report::Merged,
    Report::Whole,
];

/// Applies reported changes as a server must.
fn follow(mirror: &mut String, changes: &Value, encoding: Encoding) {
    for change in changes.as_array().expect("a list of changes") {
        let text = change["text"].as_str().expect("a text");
        if change["range"].is_null() {
            *mirror = text.to_owned();
            continue;
        }
        let at = |end: &str| {
            let position = Position::from_json(&change["range"][end]).expect("a position");
            offset(mirror, position, encoding).expect("a place in the text")
        };
        let range = at("start")..at("end");
        mirror.replace_range(range, text);
    }
}

fn cut(rng: &mut fastrand::Rng, text: &str) -> Position {
    let places: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
    let at = if places.is_empty() {
        0
    } else {
        places[rng.usize(..places.len())]
    };
    position(text, at, Encoding::Utf16)
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

#[test]
fn every_report_leads_a_mirror_to_the_same_text() {
    let seed = number("SEED").unwrap_or_else(|| fastrand::u64(..));
    let mut rng = fastrand::Rng::with_seed(seed);
    for _ in 0..number("ITERATIONS").unwrap_or(300) {
        for report in REPORTS {
            for encoding in Encoding::ALL {
                check(seed, &mut rng, report, encoding);
            }
        }
    }
}

fn check(seed: u64, rng: &mut fastrand::Rng, report: Report, encoding: Encoding) {
    // One kind of line end in a document: edits of a mixture could join `\r` and `\n` between them.
    let line_end = ["\n", "\r\n", "\r"][rng.usize(..3)];
    let letters = ["a", "é", "𝄞", line_end, " "];
    let word = |rng: &mut fastrand::Rng, most: usize| -> String {
        (0..rng.usize(..most))
            .map(|_| letters[rng.usize(..letters.len())])
            .collect()
    };
    let mut document = Document {
        text: word(rng, 40),
        version: 0,
        applied: Vec::new(),
        refused: 0,
        watched: Vec::new(),
        unsent: Vec::new(),
    };
    let mut mirror = document.text.clone();
    for _ in 0..4 {
        let mut edits = Vec::new();
        for _ in 0..rng.usize(1..4) {
            let (one, other) = (cut(rng, &document.text), cut(rng, &document.text));
            edits.push(TextEdit {
                start: one.min(other),
                end: one.max(other),
                text: word(rng, 6),
            });
        }
        // Overlapping edits are refused whole, and then nothing may have changed.
        if let Ok(replacements) = document.resolve(edits, Encoding::Utf16) {
            let mut expected = document.text.clone();
            for (range, text) in replacements.iter().rev() {
                expected.replace_range(range.clone(), text);
            }
            document.change(replacements, report, encoding);
            assert_eq!(document.text, expected, "SEED={seed} {report:?}");
        }
    }
    follow(&mut mirror, &Value::Array(document.unsent), encoding);
    assert_eq!(mirror, document.text, "SEED={seed} {report:?} {encoding:?}");
}

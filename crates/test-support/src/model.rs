//! What models say: answers to a region by seeded chance, and what an answer means for that region, worked out
//! apart from the session by one run in one piece with nobody typing.

use std::ops::Range;

use model_protocol::{Request, ServerError, StreamEvent};
use prompt::{LineEnding, Shape};
use rewrite::{Apply, DocumentRewrites, Effect, ModelEvent, Profile, RewriteId, Start, State};
use text::{ChangeSet, Text};

use crate::alphabet;
use crate::step::Ending;

/// How the answer stands when nothing more of it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It completed.
    Whole,
    /// It stopped early, by the person or the service: complete lines count.
    Cut,
    /// There is none.
    Nothing,
}

/// What a region becomes: base and result, and the hunks between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The region's new text.
    pub text: String,
    /// For each hunk its bytes of the base and of the new text.
    pub hunks: Vec<(Range<usize>, Range<usize>)>,
}

/// The event that ends an answer, and what comes before it.
pub fn ending_events(ending: Ending) -> Vec<ModelEvent> {
    let completed = || {
        ModelEvent::Stream(StreamEvent::Completed {
            response_id: "r".to_owned(),
            usage: None,
        })
    };
    match ending {
        Ending::Completed => vec![completed()],
        Ending::Incomplete => vec![ModelEvent::Stream(StreamEvent::Incomplete {
            reason: "max_output_tokens".to_owned(),
            usage: None,
        })],
        Ending::Failed => vec![ModelEvent::Stream(StreamEvent::Failed(ServerError {
            message: "overloaded".to_owned(),
            ..ServerError::default()
        }))],
        Ending::Refused => vec![
            ModelEvent::Stream(StreamEvent::Refusal {
                text: "no".to_owned(),
            }),
            completed(),
        ],
        Ending::Dropped => vec![ModelEvent::Failed("connection lost".to_owned())],
    }
}

/// A request to begin a rewrite of a region of a text.
pub fn start(id: RewriteId, text: &Text, region: Range<usize>, apply: Apply) -> Start {
    let ending = LineEnding::first_in(&text.line(0)).unwrap_or_default();
    Start {
        id,
        shape: Shape::of(&text.slice(region.clone()), ending),
        region,
        instruction: "make it so".to_owned(),
        apply,
        request: Request::default(),
        removed: None,
    }
}

/// What an answer (as it came, so far) means for a base with this shape; `None` where it holds no code. One
/// piece, no delay, nobody types: what any other cutting must come to (I5).
pub fn expected(base: &str, shape: &Shape, answer: &str, outcome: Outcome) -> Option<Expected> {
    let nothing = Expected {
        text: base.to_owned(),
        hunks: Vec::new(),
    };
    if outcome == Outcome::Nothing {
        return None;
    }
    let id = RewriteId(1);
    let mut text = Text::from(base);
    let mut engine = DocumentRewrites::open(text.clone(), 1, Profile::default());
    let mut out = Vec::new();
    let begin = Start {
        shape: shape.clone(),
        ..start(id, &text, 0..base.len(), Apply::Live)
    };
    engine.start(begin, 0, &mut out).ok()?;
    if !answer.is_empty() {
        let event = StreamEvent::Delta {
            text: answer.to_owned(),
        };
        engine.model(id, ModelEvent::Stream(event), 0, &mut out);
    }
    match outcome {
        Outcome::Cut => engine.interrupt(id, &mut out).ok()?,
        _ => {
            for event in ending_events(Ending::Completed) {
                engine.model(id, event, 0, &mut out);
            }
        }
    }
    let mut version = 1;
    for now in 1..20 {
        out.clear();
        engine.settle(now * 1_000_000, &mut out);
        engine.wake();
        for effect in std::mem::take(&mut out) {
            if let Effect::Edit { parts, edit, .. } = effect {
                let parts = parts.into_iter().map(|part| (part.range, part.text));
                let change = ChangeSet::from_changes(text.len(), parts);
                change.apply(&mut text);
                version += 1;
                engine.changed(&[change], &text, version, now, &mut out);
                engine.answered(edit, true);
            }
        }
    }
    let view = engine.view(id)?;
    if view.state == State::Failed {
        return None;
    }
    if view.hunks.is_empty() {
        return Some(nothing);
    }
    let mut grown = 0;
    let hunks = view
        .hunks
        .iter()
        .map(|hunk| {
            let start = hunk.range.start.wrapping_add_signed(-grown);
            grown += hunk.new_text.len() as isize - hunk.old_text.len() as isize;
            (start..start + hunk.old_text.len(), hunk.range.clone())
        })
        .collect();
    Some(Expected {
        text: text.to_string(),
        hunks,
    })
}

/// An answer to a region by chance: lines kept, changed, dropped, added, moved. The `nth` of a session.
pub fn answer(rng: &mut fastrand::Rng, base: &str, nth: usize) -> String {
    let line_break = LineEnding::first_in(base).unwrap_or_default().as_str();
    let mut next = nth * 300;
    let mut word = |rng: &mut fastrand::Rng| {
        let from = next;
        next += rng.usize(1..4);
        (from..next).map(alphabet::model).collect::<String>()
    };
    let mut out = String::new();
    let lines: Vec<&str> = base.split_inclusive('\n').collect();
    for line in &lines {
        match rng.u32(0..12) {
            0 => {
                let put = word(rng);
                out.push_str(&changed(rng, line, &put));
            }
            1 => {
                out.push_str(line);
                out.push_str(&word(rng));
                out.push_str(line_break);
            }
            2 => {}
            3 => {
                let once = changed(rng, line, "");
                let put = word(rng);
                out.push_str(&changed(rng, &once, &put));
            }
            4 => {
                out.push_str(&word(rng));
                out.push_str(line_break);
            }
            5 => {
                out.push_str(&word(rng));
                out.push_str(line_break);
                out.push_str("  ");
                out.push_str(line);
            }
            6 => {
                let other = lines[rng.usize(0..lines.len())];
                out.push_str(other);
            }
            _ => out.push_str(line),
        }
    }
    match rng.u32(0..12) {
        0 => out = format!("```\n{out}\n```\n"),
        1 => out.clear(),
        2 => out.push_str(&word(rng)),
        _ => {}
    }
    out
}

/// A line with a character replaced.
fn changed(rng: &mut fastrand::Rng, line: &str, put: &str) -> String {
    let text = line.trim_end_matches(['\r', '\n']);
    let at = text
        .char_indices()
        .nth(rng.usize(0..text.chars().count() + 1));
    let (at, len) = at.map_or((text.len(), 0), |(at, ch)| (at, ch.len_utf8()));
    format!("{}{put}{}", &line[..at], &line[at + len..])
}

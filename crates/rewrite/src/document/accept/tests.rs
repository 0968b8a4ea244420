//! Accepts that come while the text streams, and what accepting would leave.

use model_protocol::Request;
use prompt::{LineEnding, Shape};
use text::{ChangeSet, Text};

use crate::document::tests::{completed, delta};
use crate::effect::{Apply, Effect, Start, State};
use crate::{DocumentRewrites, Profile, RewriteId};

const ID: RewriteId = RewriteId(1);
const OLD: &str = "one = 1\ntwo = 2\n";
const NEW: &str = "one = 11\ntwo = 2\n";

/// A rewrite whose accept was asked for while it streamed, and whose answer has come; the editor takes every edit.
fn accepted_early(apply: Apply) -> DocumentRewrites {
    let text = Text::from(OLD);
    let mut engine = DocumentRewrites::open(text, 1, Profile::default()).hold_accepts();
    let mut out = Vec::new();
    let start = Start {
        id: ID,
        region: 0..OLD.len(),
        instruction: String::new(),
        apply,
        request: Request::default(),
        shape: Shape::of(OLD, LineEnding::Lf),
        removed: None,
    };
    engine.start(start, 0, &mut out).expect("a free region");
    engine.decide(ID, true, None, &mut out).expect("a wish");
    for event in [delta(NEW), completed()] {
        engine.model(ID, event, 0, &mut out);
    }
    settle(&mut engine);
    engine
}

fn settle(engine: &mut DocumentRewrites) {
    loop {
        let mut out = Vec::new();
        engine.settle(1_000_000, &mut out);
        let edit = out.into_iter().find_map(|effect| match effect {
            Effect::Edit {
                edit, text, parts, ..
            } => Some((edit, text, parts)),
            _ => None,
        });
        let Some((edit, mut text, parts)) = edit else {
            return;
        };
        let parts = parts.into_iter().map(|it| (it.range, it.text));
        let change = ChangeSet::from_changes(text.len(), parts.collect::<Vec<_>>());
        change.apply(&mut text);
        let version = engine.version() + 1;
        engine.changed(&[change], &text, version, 1_000_000, &mut Vec::new());
        engine.answered(edit, true);
    }
}

#[test]
fn an_accept_that_is_held_waits_for_its_owner() {
    let mut engine = accepted_early(Apply::Once);
    assert_eq!(engine.state(ID), Some(State::Proposed));
    assert!(engine.holds_accept_of(ID));
    engine
        .decide(ID, true, None, &mut Vec::new())
        .expect("it is open");
    settle(&mut engine);
    assert_eq!(engine.state(ID), Some(State::Accepted));
    assert_eq!(engine.text().to_string(), NEW);
    assert!(!engine.holds_accept_of(ID));
}

#[test]
fn an_accept_that_is_forgotten_leaves_a_proposal() {
    let mut engine = accepted_early(Apply::Once);
    engine.forget_accept(ID);
    settle(&mut engine);
    assert!(!engine.holds_accept_of(ID));
    assert_eq!(engine.state(ID), Some(State::Proposed));
}

#[test]
fn what_a_proposal_would_leave_is_known_before_it_is_decided() {
    for apply in [Apply::Live, Apply::Once, Apply::Preview] {
        let mut engine = accepted_early(apply);
        // The user types on the first line.
        let mut text = engine.text().clone();
        let at = text.line(0).trim_end().len();
        let change = ChangeSet::replace(text.len(), at..at, "0");
        change.apply(&mut text);
        let version = engine.version() + 1;
        engine.changed(&[change], &text, version, 2_000_000, &mut Vec::new());
        let outcomes = engine.outcomes(ID).expect("a proposal");
        assert_eq!(outcomes.region, 0..text.len());
        assert_eq!(outcomes.without, "one = 10\ntwo = 2\n", "{apply:?}");
        engine
            .decide(ID, true, None, &mut Vec::new())
            .expect("it is open");
        settle(&mut engine);
        assert_eq!(engine.text().to_string(), outcomes.accepted, "{apply:?}");
        assert_eq!(engine.outcomes(ID), None);
    }
}

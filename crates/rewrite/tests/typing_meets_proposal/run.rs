//! Runs a case: once for each mode, once for each decision, in large and small pieces of the model's text,
//! and with the user's changes reported as they are and widened to whole lines.

use std::fmt;

use rewrite::{Apply, HunkState, RewriteView, State};

use crate::case::{Case, End, Step};
use crate::editor::Editor;
use crate::world::World;

/// What is done with what waits in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Accept,
    Reject,
}

/// How one run differs from another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) apply: Apply,
    pub(crate) choice: Choice,
    /// The model's text comes by characters and each comes into the document before the next.
    pub(crate) by_characters: bool,
    /// The user's changes are reported as whole lines.
    pub(crate) whole_lines: bool,
}

impl fmt::Display for Manner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}, {:?}", self.apply, self.choice)?;
        if self.by_characters {
            write!(out, ", by characters")?;
        }
        if self.whole_lines {
            write!(out, ", whole lines reported")?;
        }
        Ok(())
    }
}

/// Runs a case in every manner that fits it.
#[track_caller]
pub(crate) fn check(case: &Case) {
    let mut wrong: Vec<(String, Vec<Manner>)> = Vec::new();
    for &apply in case.modes {
        for choice in [Choice::Accept, Choice::Reject] {
            for (by_characters, whole_lines) in
                [(false, false), (true, false), (false, true), (true, true)]
            {
                let manner = Manner {
                    apply,
                    choice,
                    by_characters,
                    whole_lines,
                };
                if by_characters && counts_edits(case) {
                    continue;
                }
                if let Err(error) = World::run(case, manner) {
                    match wrong.iter_mut().find(|(known, _)| *known == error) {
                        Some((_, manners)) => manners.push(manner),
                        None => wrong.push((error, vec![manner])),
                    }
                }
            }
        }
    }
    let lines = wrong.iter().map(|(error, manners)| {
        let manners: Vec<String> = manners.iter().map(ToString::to_string).collect();
        format!("{}:\n  {error}\n", manners.join("; "))
    });
    assert!(
        wrong.is_empty(),
        "{}\n{}",
        case.name,
        lines.collect::<String>()
    );
}

/// Whether the steps of a case depend on how many edits of ours there have been.
fn counts_edits(case: &Case) -> bool {
    let counts = |step: &Step| matches!(step, Step::Undo(_) | Step::Redo(_) | Step::InFlight(..));
    case.steps.iter().any(counts)
}

impl World {
    fn run(case: &Case, manner: Manner) -> Result<(), String> {
        let mut world = World::open(case, manner);
        for step in case.steps {
            world.step(*step)?;
        }
        world.finish_streams()?;
        match case.end {
            End::Waits {
                hunks,
                accept,
                reject,
            } => world.decide(hunks, accept, reject),
            End::Over { state, text } => world.check_over(state, text),
        }
    }

    /// Decides what waits.
    fn decide(&mut self, hunks: &[&str], accept: &str, reject: &str) -> Result<(), String> {
        let active: Vec<RewriteView> = self.engine.active().collect();
        if active.is_empty() {
            let ended: Vec<_> = self
                .engine
                .ended()
                .map(|it| (it.state, &it.message))
                .collect();
            let text = self.text();
            return Err(format!("nothing waits: {ended:?}, {text:?}"));
        }
        let waiting: Vec<&str> = active
            .iter()
            .flat_map(|view| &view.hunks)
            .filter_map(|hunk| match hunk.state {
                HunkState::Pending => Some("pending"),
                HunkState::Conflict => Some("conflict"),
                HunkState::Accepted | HunkState::Rejected => None,
            })
            .collect();
        let mut wrong = Vec::new();
        if waiting != hunks {
            wrong.push(format!("the hunks are {waiting:?}, not {hunks:?}"));
        }
        let shown = match self.manner.apply {
            Apply::Live | Apply::Once => accept,
            Apply::Preview => reject,
        };
        let before = self.text();
        if before != shown {
            wrong.push(format!("before: {before:?}\n     not: {shown:?}"));
        }
        self.our_edits = 0;
        let (expected, state) = match self.manner.choice {
            Choice::Accept => (accept, State::Accepted),
            Choice::Reject => (reject, State::Rejected),
        };
        self.decide_all(self.manner.choice == Choice::Accept)?;
        if let Err(error) = self.check_over(state, expected) {
            wrong.push(error);
        }
        if self.our_edits > 1 {
            wrong.push(format!("{} edits for one decision", self.our_edits));
        }
        if self.our_edits == 1 {
            self.users(Editor::undo)?;
            self.rest()?;
            if self.text() != before {
                wrong.push(format!("undo of the decision gives {:?}", self.text()));
            }
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join("\n  "))
        }
    }

    fn check_over(&self, state: State, expected: &str) -> Result<(), String> {
        let text = self.text();
        if text != expected {
            return Err(format!("text: {text:?}\n     not: {expected:?}"));
        }
        if self.engine.text().to_string() != text {
            return Err("the mirror is not the editor's text".to_owned());
        }
        let active: Vec<State> = self.engine.active().map(|view| view.state).collect();
        if !active.is_empty() {
            return Err(format!("it is not over: {active:?}"));
        }
        match self.engine.ended().last() {
            Some(last) if last.state == state => Ok(()),
            last => Err(format!("it is over as {:?}", last.map(|view| view.state))),
        }
    }
}

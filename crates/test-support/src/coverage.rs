//! Which state of a rewrite met which event under which editor, counted, and as a table.

use std::collections::BTreeMap;
use std::fmt::Write;

use rewrite::State;

use crate::editor::MODELS;
use crate::step::Step;

/// The columns of states: no rewrite at all, then a rewrite's own states.
const STATES: [&str; 9] = [
    "none",
    "requested",
    "streaming",
    "proposed",
    "interrupted",
    "accepted",
    "rejected",
    "failed",
    "stale",
];

/// Counts by editor, event and state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    counts: BTreeMap<(&'static str, &'static str, usize), u64>,
}

impl Coverage {
    /// An event met rewrites in these states.
    pub fn note(&mut self, editor: &'static str, step: &Step, states: &[State]) {
        let mut add = |state| *self.counts.entry((editor, step.name(), state)).or_default() += 1;
        if states.is_empty() {
            add(0);
        }
        for state in states {
            add(match state {
                State::Requested => 1,
                State::Streaming => 2,
                State::Proposed => 3,
                State::Interrupted => 4,
                State::Accepted => 5,
                State::Rejected => 6,
                State::Failed => 7,
                State::Stale => 8,
            });
        }
    }

    /// Takes another count in.
    pub fn add(&mut self, other: &Coverage) {
        for (key, count) in &other.counts {
            *self.counts.entry(*key).or_default() += count;
        }
    }

    /// How often an event was seen under an editor, in any state.
    pub fn of(&self, editor: &str, event: &str) -> u64 {
        let here = |key: &&(&str, &str, usize)| key.0 == editor && key.1 == event;
        let keys = self.counts.keys().filter(here);
        keys.map(|key| self.counts[key]).sum()
    }

    /// A Markdown table: a row for each editor and event, a column for each state.
    pub fn table(&self) -> String {
        let mut out = format!("| editor | event | {} |\n", STATES.join(" | "));
        let _ = writeln!(out, "|---|---|{}", "---:|".repeat(STATES.len()));
        for model in &MODELS {
            for event in Step::NAMES {
                if self.of(model.name, event) == 0 {
                    continue;
                }
                let _ = write!(out, "| {} | {event} |", model.name);
                for state in 0..STATES.len() {
                    match self.counts.get(&(model.name, event, state)) {
                        Some(count) => {
                            let _ = write!(out, " {} |", short(*count));
                        }
                        None => out.push_str(" |"),
                    }
                }
                out.push('\n');
            }
        }
        out
    }
}

fn short(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..10_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}M", count / 1_000_000),
    }
}

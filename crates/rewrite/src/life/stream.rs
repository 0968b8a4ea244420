//! What the model says, and how its answer ends.

use diff::Splice;
use model_protocol::{StreamEvent, Usage};
use prompt::Unusable;

use super::{Phase, Rewrite};
use crate::effect::{State, Time, Tokens};
use crate::piece::Verdict;

/// More output than this ends a rewrite: no code model rewrites a region by megabytes.
const MAX_OUTPUT: usize = 8 << 20;

/// What is said of an answer that was cut off, where some of it stands.
pub(super) const KEPT: &str = "; the complete lines are kept for your decision.";

impl Rewrite {
    /// An event of the model's stream. The path of every token: nothing here grows with the document.
    pub(crate) fn on_stream(&mut self, event: StreamEvent, now: Time) {
        if self.phase != Phase::Streaming {
            return;
        }
        match event {
            StreamEvent::Delta { text } => self.on_delta(&text, now),
            StreamEvent::Refusal { text } => self.refusal.push_str(&text),
            StreamEvent::Completed { usage, .. } => {
                self.count(usage);
                self.complete(now);
            }
            StreamEvent::Incomplete { reason, usage } => {
                self.count(usage);
                self.stop_early(format!("The model stopped before its end ({reason}){KEPT}"));
            }
            StreamEvent::Failed(error) => self.fail(format!(
                "The model failed: {}.",
                error.message.trim_end_matches('.')
            )),
            StreamEvent::Created { .. } | StreamEvent::Ignored => {}
        }
    }

    fn on_delta(&mut self, text: &str, now: Time) {
        self.timings.first_delta.get_or_insert(now);
        self.timings.last_delta = Some(now);
        self.answer.push_str(text);
        if self.answer.len() > MAX_OUTPUT {
            self.fail(
                "The model sent more text than any rewrite needs; nothing was changed.".to_owned(),
            );
            return;
        }
        if self.tokens.estimated {
            self.tokens.output = self.answer.len().div_ceil(4) as u64;
        }
        let clean = match &mut self.cleaner {
            Some(cleaner) => cleaner.push(text),
            None => return,
        };
        self.push(&clean);
    }

    fn push(&mut self, clean: &str) {
        if clean.is_empty() {
            return;
        }
        if let Some(removed) = self.removed.take() {
            self.tracked.splice(&removed);
        }
        let mut splices = std::mem::take(&mut self.splices);
        self.diff.push(clean, &mut splices);
        self.take(splices);
    }

    /// Takes splices in and keeps the emptied list for the next time.
    fn take(&mut self, mut splices: Vec<Splice>) {
        let deleted = self.tracked.deleted_of_ours();
        for mut splice in splices.drain(..) {
            if let Some(end) = &mut self.open_end {
                splice = end.without_break(splice, |at| self.tracked.target_break_before(at));
            }
            self.tracked.splice(&splice);
        }
        if let Some(deleted) = deleted {
            self.tracked.delete_again(&deleted);
        }
        self.splices = splices;
    }

    fn complete(&mut self, now: Time) {
        if !self.refusal.is_empty() {
            let words = std::mem::take(&mut self.refusal);
            return self.fail(format!("The model refused: {}", words.trim()));
        }
        let Some(cleaner) = self.cleaner.take() else {
            return;
        };
        match cleaner.finish() {
            Ok(tail) => {
                self.push(&tail);
                let mut splices = std::mem::take(&mut self.splices);
                if let Some(end) = &self.open_end {
                    self.diff.push(end.line_break(), &mut splices);
                }
                self.diff.finish(&mut splices);
                self.take(splices);
                self.timings.last_delta.get_or_insert(now);
                self.phase = Phase::Finishing(State::Proposed);
            }
            Err(Unusable::Empty) => {
                self.fail("The model answered with nothing; the text is as it was.".to_owned())
            }
            Err(Unusable::Refusal(words)) => {
                self.fail(format!("The model refused: {}", words.trim()))
            }
            Err(Unusable::Prose(_)) => {
                self.fail(
                    "The model answered in prose instead of code; the text is as it was."
                        .to_owned(),
                );
            }
        }
    }

    fn count(&mut self, usage: Option<Usage>) {
        if let Some(usage) = usage {
            self.tokens = Tokens {
                input: usage.input,
                cached: usage.cached,
                output: usage.output,
                estimated: false,
            };
        }
    }

    /// Ends the stream here; what came in complete lines is proposed.
    pub(crate) fn stop_early(&mut self, message: String) {
        if self.phase != Phase::Streaming {
            return;
        }
        self.cleaner = None;
        let mut splices = std::mem::take(&mut self.splices);
        self.diff.interrupt(&mut splices);
        self.take(splices);
        self.message = Some(message);
        self.phase = Phase::Finishing(State::Interrupted);
    }

    /// Ends it without a result: the region becomes what it was, with the user's own changes.
    pub(crate) fn fail(&mut self, message: String) {
        self.message = Some(message);
        self.leave(State::Failed, Verdict::Rejected);
    }
}

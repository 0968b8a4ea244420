//! What the user's undo and redo of our edits make of a rewrite: which of its moments the region is at again.

use std::ops::Range;

use super::{Phase, Rewrite};
use crate::attribution::Replacement;
use crate::effect::State;
use crate::piece::{Origin, Showing, Verdict};

impl Rewrite {
    /// The user replaces a range of the mirror: keeps [`edges`](Self::edges) true.
    pub(crate) fn note_edges(&mut self, range: &Range<usize>, text: &str) {
        let region = self.region();
        let (before, behind) = &mut self.edges;
        if *range == (region.start..region.start) {
            before.push_str(text);
        } else if range.start < region.start && range.end + before.len() > region.start {
            before.clear();
        }
        if range.is_empty() && range.start == region.end && !region.is_empty() {
            behind.insert_str(0, text);
        } else if range.end > region.end && range.start < region.end + behind.len() {
            behind.clear();
        }
    }

    /// The moment that changes of a window around the region (bytes of the mirror) lead it back to. `len` is the
    /// window's length after them.
    pub(crate) fn moment_after(
        &self,
        changes: &[Replacement],
        window: &Range<usize>,
        len: usize,
        apart: bool,
    ) -> Option<usize> {
        if !self.tracked.has_moment_of(len, apart) {
            return None;
        }
        let shown = self.tracked.shown();
        let (before, behind) = (self.start - window.start, window.len() - shown.len());
        let mut text = String::with_capacity(len);
        text.push_str(if before > 0 { &self.edges.0 } else { "" });
        text.push_str(&shown);
        text.push_str(if behind > before { &self.edges.1 } else { "" });
        let mut strips = true;
        for (range, put) in changes.iter().rev() {
            let range = range.start.checked_sub(window.start)?..range.end - window.start;
            let gone = text.get(range.clone())?;
            let ends_line =
                text[range.end..].is_empty() || text[range.end..].starts_with(['\r', '\n']);
            strips &= put.is_empty() && ends_line && gone.chars().all(|c| c == ' ' || c == '\t');
            text.replace_range(range, put);
        }
        let moment = (text != shown).then(|| self.tracked.moment_of(&text, apart))?;
        // To delete what was typed, where one edit has taken back another, is no undo of either.
        let moment = moment.filter(|it| self.tracked.has_edits_since(*it));
        // Blanks at the ends of lines are what formatters take away.
        moment.filter(|it| !strips || !self.tracked.says_what_it_did_at(*it))
    }

    /// The user took edits of ours back by the editor's undo, which led back to a moment of the region.
    pub(crate) fn go_back(&mut self, moment: usize) {
        self.accept_when_proposed = false;
        let stops =
            matches!(self.phase, Phase::Streaming | Phase::Finishing(_)) && self.hunks.is_empty();
        let decision_under_way = self.tracked.is_wanting(self.showing);
        let anew = self.tracked.go_back(moment, stops, self.showing);
        if anew {
            // What is shown counts as the model's text now, also what a rewrite before this one had put there.
            self.showing = Showing::Applied;
            self.hunks.clear();
        }
        match self.phase {
            // Also where the model has said all, and some of it is still to come.
            Phase::Streaming | Phase::Finishing(State::Proposed) if stops => {
                self.cleaner = None;
                self.removed = None;
                self.message =
                    Some("Stopped, because you took back an edit of it by undo.".to_owned());
                self.phase = Phase::Finishing(State::Interrupted);
            }
            Phase::Deciding(_) if anew => {
                self.settle();
                if self.hunks.is_empty() {
                    self.message = Some("Taken back by undo.".to_owned());
                    self.leave(State::Rejected, Verdict::Rejected);
                }
            }
            Phase::Streaming | Phase::Finishing(_) | Phase::Deciding(_) => {
                self.read_verdicts();
                if self.remaining() == 0 && !self.hunks.is_empty() {
                    self.message = Some("Taken back by undo.".to_owned());
                    self.leave_when_decided();
                }
            }
            // A decision that had arrived is undone with the rest; else it still holds.
            Phase::Leaving(_) if !decision_under_way => {}
            Phase::Leaving(state) => {
                let verdict = match state {
                    State::Accepted => Verdict::Accepted,
                    _ => Verdict::Rejected,
                };
                let hunks: Vec<Verdict> = self.hunks.iter().map(|hunk| hunk.verdict).collect();
                for (number, verdict) in (1..).zip(hunks) {
                    self.tracked.decide(verdict, |piece| piece.hunk == number);
                }
                self.tracked.decide(verdict, |_| true);
            }
        }
    }

    /// Takes what is decided from the pieces.
    fn read_verdicts(&mut self) {
        for (number, hunk) in (1..).zip(&mut self.hunks) {
            let pieces = self.tracked.pieces.iter();
            let mut verdicts = pieces
                .filter(|piece| piece.hunk == number && piece.origin != Origin::Theirs)
                .filter(|piece| !piece.removed && !piece.is_plain())
                .map(|piece| piece.verdict);
            let Some(first) = verdicts.next() else {
                continue;
            };
            hunk.verdict = verdicts.fold(first, |one, other| match (one, other) {
                (Verdict::Open, _) | (_, Verdict::Open) => Verdict::Open,
                (Verdict::Accepted, _) | (_, Verdict::Accepted) => Verdict::Accepted,
                _ => Verdict::Rejected,
            });
        }
    }
}

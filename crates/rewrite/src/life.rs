//! [`Rewrite`]: one rewrite from request to decision. Knows its region, not the document's other regions,
//! nor how edits reach the editor; `document` does.

mod lines;
mod stream;
mod undone;

use std::collections::VecDeque;
use std::ops::Range;

use diff::{Splice, StreamingDiff};
use model_protocol::Request;
use prompt::Cleaner;

use crate::effect::{
    Apply, DecideError, Decision, Effect, HunkState, HunkView, RewriteId, RewriteView, Start,
    State, Time, Timings, Tokens,
};
use crate::open_end::OpenEnd;
use crate::piece::{Origin, Showing, Verdict};
use crate::settle::Hunk;
use crate::tracked::Tracked;
use lines::OnLines;
use stream::KEPT;

/// Typing may go on while the model's text changes sides; after so many times it stays where it is.
const MOST_SEATINGS: u8 = 8;

/// What a rewrite is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The model has not finished.
    Streaming,
    /// The stream is over; the rest goes into the document before it is opened for a decision as this state.
    Finishing(State),
    /// Waits for the user.
    Deciding(State),
    /// Decided or failed; the document is brought there.
    Leaving(State),
}

/// One rewrite.
pub(crate) struct Rewrite {
    pub(crate) id: RewriteId,
    instruction: String,
    apply: Apply,
    phase: Phase,
    /// Byte offset of the region in the mirror.
    pub(crate) start: usize,
    /// What the user put right before and right behind the region since an edit arrived: an undo that is
    /// reported in pieces puts text there that belongs to the region.
    pub(crate) edges: (String, String),
    /// What the user's last deletions across the region's start, and across its end, took away outside of it.
    pub(crate) cuts: (VecDeque<String>, VecDeque<String>),
    /// The last changes of the mirror touched the region.
    pub(crate) touched: bool,
    pub(crate) tracked: Tracked,
    diff: StreamingDiff,
    /// The region's last line has no line break.
    open_end: Option<OpenEnd>,
    cleaner: Option<Cleaner>,
    showing: Showing,
    hunks: Vec<DecidedHunk>,
    pub(crate) accept_when_proposed: bool,
    request: Request,
    /// The model's words as they came, for a conversation that goes on.
    answer: String,
    refusal: String,
    splices: Vec<Splice>,
    /// What goes away with the model's first text.
    removed: Option<Splice>,
    /// How often the model's text has changed sides of the user's; see `Tracked::seat_typing`.
    seatings: u8,
    /// Decisions on lines that wait until the document shows what was decided before.
    waiting: Vec<OnLines>,
    /// A decision on the whole that came after them.
    waiting_whole: Option<bool>,
    tokens: Tokens,
    pub(crate) timings: Timings,
    message: Option<String>,
}

#[derive(Debug)]
struct DecidedHunk {
    hunk: Hunk,
    verdict: Verdict,
}

impl Rewrite {
    /// A rewrite of the region that holds `base` now.
    pub(crate) fn new(start: Start, base: String, now: Time) -> Self {
        let removed = start.removed.as_ref().map(|removed| Splice {
            at: removed.start - start.region.start,
            delete: removed.len(),
            insert: String::new(),
        });
        let mut seen = base.clone();
        if let Some(removed) = &removed {
            removed.apply(&mut seen);
        }
        let mut rewrite = Rewrite::over(start, Tracked::new(base), &seen, now);
        rewrite.removed = removed;
        rewrite
    }

    /// `old` is what the model was asked to rewrite.
    fn over(start: Start, tracked: Tracked, old: &str, now: Time) -> Self {
        let open_end = OpenEnd::of(old, start.shape.line_ending.as_str());
        let diff = StreamingDiff::new(&OpenEnd::with_break(open_end.as_ref(), old));
        Rewrite {
            id: start.id,
            instruction: start.instruction,
            apply: start.apply,
            phase: Phase::Streaming,
            start: start.region.start,
            edges: Default::default(),
            cuts: Default::default(),
            touched: false,
            tracked,
            diff,
            open_end,
            cleaner: Some(Cleaner::new(start.shape)),
            showing: match start.apply {
                Apply::Live => Showing::Applied,
                Apply::Once | Apply::Preview => Showing::Withheld,
            },
            hunks: Vec::new(),
            accept_when_proposed: false,
            seatings: 0,
            waiting: Vec::new(),
            waiting_whole: None,
            request: start.request,
            answer: String::new(),
            refusal: String::new(),
            splices: Vec::new(),
            removed: None,
            tokens: Tokens {
                estimated: true,
                ..Tokens::default()
            },
            timings: Timings {
                requested: now,
                ..Timings::default()
            },
            message: None,
        }
    }

    /// A rewrite of a region that an earlier one has left its text in (see [`Tracked::restart`]): that is
    /// taken back as the new text comes.
    pub(crate) fn after(start: Start, tracked: Tracked, now: Time) -> Rewrite {
        let old = tracked.base().to_owned();
        Rewrite::over(start, tracked, &old, now)
    }

    pub(crate) fn request(&self) -> &Request {
        &self.request
    }

    pub(crate) fn answer(&self) -> &str {
        &self.answer
    }

    /// Bytes of the mirror.
    pub(crate) fn region(&self) -> Range<usize> {
        self.start..self.start + self.tracked.shown_len()
    }

    pub(crate) fn state(&self) -> State {
        match self.phase {
            Phase::Streaming if self.timings.first_delta.is_none() => State::Requested,
            Phase::Streaming | Phase::Finishing(_) => State::Streaming,
            Phase::Deciding(state) | Phase::Leaving(state) => state,
        }
    }

    /// Whether the model may still be at work on it.
    pub(crate) fn is_streaming(&self) -> bool {
        self.phase == Phase::Streaming
    }

    /// Whether it waits for a decision.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Deciding(_))
    }

    /// Whether its edits need not wait for the next frame.
    pub(crate) fn is_eager(&self) -> bool {
        self.phase != Phase::Streaming
    }

    /// Whether its region must be left alone.
    pub(crate) fn is_stale(&self) -> bool {
        self.phase == Phase::Leaving(State::Stale)
    }

    pub(crate) fn showing(&self) -> Showing {
        self.showing
    }

    /// The region or the document is gone: nothing more is sent for it.
    pub(crate) fn go_stale(&mut self, message: &str) {
        if !matches!(self.phase, Phase::Leaving(_)) || self.message.is_none() {
            self.message = Some(message.to_owned());
        }
        self.phase = Phase::Leaving(State::Stale);
    }

    /// Ends it, and says so: nobody knows any more where it is, or its file is gone.
    pub(crate) fn let_go(&mut self, message: &str, out: &mut Vec<Effect>) {
        if self.is_streaming() {
            out.push(Effect::Cancel { rewrite: self.id });
        }
        self.go_stale(message);
        out.push(Effect::Changed { rewrite: self.id });
    }

    /// Its place is taken by a new rewrite of the same region.
    pub(crate) fn give_way(&mut self) {
        self.message = Some("Redirected.".to_owned());
        self.phase = Phase::Leaving(State::Rejected);
    }

    fn leave(&mut self, state: State, verdict: Verdict) {
        self.cleaner = None;
        self.tracked.adopt_line_ends();
        self.tracked.decide(verdict, |_| true);
        for hunk in &mut self.hunks {
            if hunk.verdict == Verdict::Open {
                hunk.verdict = verdict;
            }
        }
        self.phase = Phase::Leaving(state);
    }

    /// The document shows what is wanted. Gives whether that led on to something. Where accepts are held, one that was
    /// asked for before waits on.
    pub(crate) fn on_synced(&mut self, now: Time, holds_accepts: bool) -> bool {
        let Phase::Finishing(state) = self.phase else {
            return self.decide_waiting();
        };
        if self.hunks.is_empty() {
            if self.showing == Showing::Applied && self.seatings < MOST_SEATINGS {
                self.seatings += 1;
                let moved = self.tracked.seat_typing();
                if self.tracked.seat_deletions() || moved {
                    return true;
                }
            }
            self.settle();
            if self.apply == Apply::Once
                && self.showing == Showing::Withheld
                && !self.hunks.is_empty()
            {
                self.showing = Showing::Applied;
                return true;
            }
            if self.tracked.has_gap(self.showing) {
                return true;
            }
        }
        self.timings.proposed = Some(now);
        self.phase = Phase::Deciding(state);
        if self.hunks.is_empty() {
            self.settle_without_hunks(state);
        } else if self.accept_when_proposed && !holds_accepts {
            self.leave(State::Accepted, Verdict::Accepted);
        }
        true
    }

    fn settle(&mut self) {
        self.tracked.adopt_line_ends();
        let hunks = self.tracked.settle(self.showing).into_iter();
        self.hunks = hunks
            .map(|hunk| DecidedHunk {
                hunk,
                verdict: Verdict::Open,
            })
            .collect();
    }

    fn settle_without_hunks(&mut self, state: State) {
        if let Some(why) = self.message.as_mut().filter(|it| it.ends_with(KEPT)) {
            why.truncate(why.len() - KEPT.len());
            why.push_str("; nothing had changed by then.");
        }
        let (over, why) = match state {
            State::Interrupted => (State::Rejected, "Stopped before anything had changed."),
            _ if self.tracked.touched() => (
                State::Accepted,
                "The model changed nothing but what you typed over.",
            ),
            _ => (State::Accepted, "The model changed nothing."),
        };
        self.message.get_or_insert(why.to_owned());
        self.leave(over, Verdict::Rejected);
    }

    /// Whether it is over and its region has been brought where it should be.
    pub(crate) fn is_left(&self) -> bool {
        matches!(self.phase, Phase::Leaving(_))
    }

    /// Accepts or rejects the whole or one hunk.
    pub(crate) fn decide(
        &mut self,
        accept: bool,
        hunk: Option<usize>,
    ) -> Result<Decision, DecideError> {
        let verdict = if accept {
            Verdict::Accepted
        } else {
            Verdict::Rejected
        };
        let over = if accept {
            State::Accepted
        } else {
            State::Rejected
        };
        if let Some(hunk) = hunk.filter(|hunk| self.waits(*hunk)) {
            return Err(DecideError::Waits(hunk));
        }
        match (self.phase, hunk) {
            (Phase::Deciding(_), None) if !self.waiting.is_empty() => {
                self.waiting_whole = Some(accept);
            }
            (Phase::Leaving(state), None) if state == over => {}
            (Phase::Leaving(state), _) => return Err(DecideError::Over(state)),
            (Phase::Streaming | Phase::Finishing(_), None) if accept => {
                self.accept_when_proposed = true
            }
            (Phase::Streaming | Phase::Finishing(_), Some(_)) => {
                return Err(DecideError::StillStreaming);
            }
            (_, None) => self.leave(over, verdict),
            (Phase::Deciding(_), Some(index)) => self.decide_hunk(index, verdict)?,
        }
        Ok(self.decision())
    }

    /// Where it stands, as a decision is answered.
    pub(crate) fn decision(&self) -> Decision {
        Decision {
            state: self.state(),
            remaining: self.remaining(),
        }
    }

    fn decide_hunk(&mut self, index: usize, verdict: Verdict) -> Result<(), DecideError> {
        let hunk = self
            .hunks
            .get_mut(index)
            .filter(|hunk| hunk.verdict == Verdict::Open)
            .ok_or(DecideError::NoHunk(index))?;
        hunk.verdict = verdict;
        self.tracked
            .decide(verdict, |piece| piece.hunk as usize == index + 1);
        self.leave_when_decided();
        Ok(())
    }

    pub(super) fn leave_when_decided(&mut self) {
        if self.remaining() == 0 {
            let accepted = self
                .hunks
                .iter()
                .any(|hunk| hunk.verdict == Verdict::Accepted);
            self.phase = Phase::Leaving(if accepted {
                State::Accepted
            } else {
                State::Rejected
            });
        }
    }

    fn remaining(&self) -> usize {
        self.hunks
            .iter()
            .filter(|hunk| hunk.verdict == Verdict::Open)
            .count()
    }

    /// How people see it now. Costs the region's pieces; at most once a frame.
    pub(crate) fn view(&self) -> RewriteView {
        RewriteView {
            id: self.id,
            state: self.state(),
            region: self.region(),
            apply: self.apply,
            instruction: self.instruction.clone(),
            hunks: self.hunk_views(),
            tokens: self.tokens,
            timings: self.timings,
            message: self.message.clone(),
        }
    }

    fn hunk_views(&self) -> Vec<HunkView> {
        // Of text that is gone or lost track of nobody knows where its hunks lie.
        if self.hunks.is_empty() || self.is_stale() {
            return Vec::new();
        }
        let target = self.tracked.target();
        let mut places: Vec<(Option<Range<usize>>, bool)> =
            vec![(None, false); self.hunks.len() + 1];
        let mut shown = 0;
        for piece in &self.tracked.pieces {
            let start = shown;
            shown += if piece.shown { piece.len } else { 0 };
            let (range, touched) = &mut places[piece.hunk as usize];
            range.get_or_insert(start..start).end = shown;
            *touched |= piece.removed || piece.withheld || piece.origin == Origin::Theirs;
        }
        let hunks = self.hunks.iter().zip(&places[1..]).enumerate();
        let mut views: Vec<HunkView> = hunks
            .map(|(index, (decided, (range, touched)))| HunkView {
                index,
                state: match decided.verdict {
                    Verdict::Open if *touched => HunkState::Conflict,
                    Verdict::Open => HunkState::Pending,
                    Verdict::Accepted => HunkState::Accepted,
                    Verdict::Rejected => HunkState::Rejected,
                },
                range: range.as_ref().map_or(self.start..self.start, |range| {
                    self.start + range.start..self.start + range.end
                }),
                old: decided.hunk.old.clone(),
                new: decided.hunk.new.clone(),
                old_text: text_at(self.tracked.base(), &decided.hunk.old),
                new_text: text_at(&target, &decided.hunk.new),
            })
            .collect();
        // A hunk that was parted keeps its number, and its parts have the next free ones.
        views.sort_by_key(|view| (view.old.start, view.new.start));
        views
    }
}

fn text_at(text: &str, range: &Range<usize>) -> String {
    text.get(range.clone()).unwrap_or_default().to_owned()
}

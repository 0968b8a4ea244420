//! [`DocumentRewrites`]: all rewrites of one document, and the one edit in flight.
//!
//! The mirror moves only by what the editor reports. An edit of ours counts as applied when the mirror
//! shows it, whatever the editor answered; until then no other is sent. What the model sends meanwhile
//! waits in the regions and goes out with the next edit.

mod accept;
mod copies;
mod deletion;
mod flight;
mod report;
mod returning;
mod send;
mod stray;
mod undo;

use std::collections::VecDeque;
use std::ops::Range;

use model_protocol::Request;
use text::Text;

use self::flight::Flight;
use crate::effect::{
    DecideError, Decision, EditId, Effect, ModelEvent, RewriteId, RewriteView, Start, StartError,
    State, Time,
};
use crate::life::Rewrite;

/// How an editor treats our edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The editor refuses or drops every edit made for an older version than its own, so a newer version
    /// without our edit proves that the edit is lost. Otherwise its answer is awaited.
    pub checks_versions: bool,
    /// But it makes every edit for version 0 at its lines and columns, whatever has come to stand there.
    pub skips_version_zero: bool,
    /// The editor reports each of its changes on its own, at once and whole: our edit comes alone or not at all.
    pub reports_apart: bool,
    /// One undo takes back an edit of ours, or what was typed, but never both.
    pub undoes_apart: bool,
    /// The editor finds what changed by comparing texts: a change may be reported beside its place, where it says the
    /// same.
    pub compares_texts: bool,
    /// Least time between two edits while text streams, in microseconds.
    pub frame: Time,
}

impl Default for Profile {
    fn default() -> Self {
        Profile {
            checks_versions: false,
            skips_version_zero: false,
            reports_apart: false,
            undoes_apart: false,
            compares_texts: false,
            frame: 33_000,
        }
    }
}

/// How many finished rewrites are remembered for `list`.
const REMEMBERED: usize = 20;

/// What people are told where an editor did something else than it reported.
const LOST_TRACK: &str = "Redline lost track of the text under this rewrite.";

/// All rewrites of one document.
pub struct DocumentRewrites {
    text: Text,
    version: i32,
    profile: Profile,
    /// In the order of their regions.
    rewrites: Vec<Rewrite>,
    ended: VecDeque<RewriteView>,
    flight: Option<Flight>,
    /// What of ours stands where it does not belong.
    strays: Vec<stray::Stray>,
    /// Edits in a row that the editor has refused after it had reported them.
    contradictions: u32,
    /// The version at which the editor refused an edit: wait for a newer one.
    refused_at: Option<i32>,
    copies: copies::Copies,
    next_frame: Time,
    wake_at: Option<Time>,
    edits: u32,
    /// The last edit, while no part of it was seen that put more than blanks: the user may have done the same.
    vague_edit: Option<EditId>,
    parts: u32,
    out_of_step: bool,
    /// See [`DocumentRewrites::hold_accepts`].
    holds_accepts: bool,
}

impl DocumentRewrites {
    /// A document as the editor opened it.
    pub fn open(text: Text, version: i32, profile: Profile) -> Self {
        DocumentRewrites {
            text,
            version,
            profile,
            rewrites: Vec::new(),
            ended: VecDeque::new(),
            flight: None,
            strays: Vec::new(),
            contradictions: 0,
            refused_at: None,
            copies: copies::Copies::default(),
            next_frame: 0,
            wake_at: None,
            edits: 0,
            vague_edit: None,
            parts: 0,
            out_of_step: false,
            holds_accepts: false,
        }
    }

    /// Numbers the edits from behind `last` on: an answer to an edit from before the document was opened again
    /// must not pass for an answer to a new one.
    pub fn number_edits_behind(mut self, last: EditId) -> Self {
        self.edits = last.0;
        self
    }

    /// The edit that was asked for last; 0 for none.
    pub fn last_edit(&self) -> EditId {
        EditId(self.edits)
    }

    /// The mirror's text as this knows it.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// The version of that text.
    pub fn version(&self) -> i32 {
        self.version
    }

    /// Every rewrite that is not over, in the order of their regions.
    pub fn active(&self) -> impl Iterator<Item = RewriteView> {
        self.rewrites.iter().map(Rewrite::view)
    }

    /// The rewrites that are over, oldest first; a bounded number.
    pub fn ended(&self) -> impl Iterator<Item = &RewriteView> {
        self.ended.iter()
    }

    /// One rewrite as people see it.
    pub fn view(&self, id: RewriteId) -> Option<RewriteView> {
        let active = self.rewrites.iter().find(|rewrite| rewrite.id == id);
        active
            .map(Rewrite::view)
            .or_else(|| self.ended.iter().find(|view| view.id == id).cloned())
    }

    /// Where a rewrite stands, without the cost of a view.
    pub fn state(&self, id: RewriteId) -> Option<State> {
        let active = self.rewrites.iter().find(|rewrite| rewrite.id == id);
        let ended = || {
            self.ended
                .iter()
                .find(|view| view.id == id)
                .map(|view| view.state)
        };
        active.map(Rewrite::state).or_else(ended)
    }

    /// Whether a rewrite is not over.
    pub fn is_active(&self, id: RewriteId) -> bool {
        self.rewrites.iter().any(|rewrite| rewrite.id == id)
    }

    /// The region of a rewrite, or what it was when it was over; bytes of the mirror.
    pub fn region(&self, id: RewriteId) -> Option<Range<usize>> {
        let active = self.rewrites.iter().find(|rewrite| rewrite.id == id);
        let ended = || self.ended.iter().find(|view| view.id == id);
        active
            .map(Rewrite::region)
            .or_else(|| ended().map(|view| view.region.clone()))
    }

    /// The rewrite whose region holds the byte at `offset`, its ends included.
    pub fn at(&self, offset: usize) -> Option<RewriteId> {
        self.rewrites
            .iter()
            .filter(|rewrite| !rewrite.is_left())
            .find(|rewrite| {
                let region = rewrite.region();
                region.start <= offset && offset <= region.end
            })
            .map(|rewrite| rewrite.id)
    }

    /// Begins a rewrite of a region of the current text.
    ///
    /// # Errors
    /// When the mirror is out of step, or the region overlaps one that is not decided.
    pub fn start(
        &mut self,
        start: Start,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Result<(), StartError> {
        if self.out_of_step {
            return Err(StartError::OutOfStep);
        }
        self.let_go_of_stale(now, out);
        if let Some(other) = self.overlapping(&start.region) {
            return Err(StartError::Overlaps(other));
        }
        let base = self.text.slice(start.region.clone()).into_owned();
        let index = self.rewrites.partition_point(|rewrite| {
            rewrite.region().end <= start.region.start && rewrite.start < start.region.end
        });
        let rewrite = Rewrite::new(start, base, now);
        Self::announce(&rewrite, out);
        self.rewrites.insert(index, rewrite);
        Ok(())
    }

    fn announce(rewrite: &Rewrite, out: &mut Vec<Effect>) {
        out.push(Effect::Send {
            rewrite: rewrite.id,
            request: Box::new(rewrite.request().clone()),
        });
        out.push(Effect::Changed {
            rewrite: rewrite.id,
        });
    }

    fn overlapping(&self, region: &Range<usize>) -> Option<RewriteId> {
        self.rewrites
            .iter()
            .find(|rewrite| {
                let other = rewrite.region();
                let inside = other.start < region.end && region.start < other.end;
                // Two empty regions at one place, or an empty one inside, have no order.
                inside || other == *region
            })
            .map(|rewrite| rewrite.id)
    }

    /// Stops `old`, takes its text back and begins `new` on the same region, as one operation. `start` makes
    /// the new rewrite from the document as it will be once the old text is gone, the region there, the
    /// old request and the model's answer so far.
    ///
    /// # Errors
    /// When there is no such rewrite, or it is over.
    pub fn redirect(
        &mut self,
        old: RewriteId,
        start: impl FnOnce(&Text, Range<usize>, &Request, &str) -> Start,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Result<(), DecideError> {
        let index = self.index(old)?;
        let rewrite = &mut self.rewrites[index];
        if rewrite.is_left() {
            return Err(DecideError::Over(rewrite.state()));
        }
        if rewrite.is_streaming() {
            out.push(Effect::Cancel { rewrite: old });
        }
        let mut tracked = rewrite.tracked.clone();
        let base = tracked.restart();
        let mut text = self.text.clone();
        text.replace(rewrite.region(), &base);
        let region = rewrite.start..rewrite.start + base.len();
        let start = start(&text, region, rewrite.request(), rewrite.answer());
        let mut next = Rewrite::after(start, tracked, now);
        next.start = rewrite.start;
        rewrite.give_way();
        rewrite.timings.decided = Some(now);
        out.push(Effect::Changed { rewrite: old });
        Self::announce(&next, out);
        let old = std::mem::replace(rewrite, next);
        self.remember(old.view());
        Ok(())
    }

    /// What the model's connection reports.
    pub fn model(&mut self, id: RewriteId, event: ModelEvent, now: Time, out: &mut Vec<Effect>) {
        let Ok(index) = self.index(id) else { return };
        let rewrite = &mut self.rewrites[index];
        let terminal = match &event {
            ModelEvent::Sent => false,
            ModelEvent::Stream(event) => event.is_terminal(),
            ModelEvent::Failed(_) => true,
        };
        let streaming = rewrite.is_streaming();
        match event {
            ModelEvent::Sent => {
                rewrite.timings.sent.get_or_insert(now);
            }
            ModelEvent::Stream(event) => rewrite.on_stream(event, now),
            ModelEvent::Failed(message) if streaming => rewrite.fail(message),
            ModelEvent::Failed(_) => return,
        }
        if streaming && !rewrite.is_streaming() && !terminal {
            out.push(Effect::Cancel { rewrite: id });
        }
        out.push(Effect::Changed { rewrite: id });
    }

    /// Accepts or rejects a rewrite, or one of its hunks (from 0).
    ///
    /// # Errors
    /// When there is nothing of that name to decide.
    pub fn decide(
        &mut self,
        id: RewriteId,
        accept: bool,
        hunk: Option<usize>,
        out: &mut Vec<Effect>,
    ) -> Result<Decision, DecideError> {
        let index = self.undecided(id)?;
        let rewrite = &mut self.rewrites[index];
        let streaming = rewrite.is_streaming();
        let decision = rewrite.decide(accept, hunk)?;
        if streaming && !rewrite.is_streaming() {
            out.push(Effect::Cancel { rewrite: id });
        }
        out.push(Effect::Changed { rewrite: id });
        self.refused_at = None;
        Ok(decision)
    }

    /// Accepts or rejects new lines of a hunk, counted from 0 in the hunk's new text: the hunk is parted, and the rest of
    /// it stays open. Line `n` takes the place of the hunk's old line `n`; old lines beyond the last new one go with it.
    ///
    /// # Errors
    /// When there is no such open hunk or line, or the user typed where the hunk would have to be parted.
    pub fn decide_lines(
        &mut self,
        id: RewriteId,
        accept: bool,
        hunk: usize,
        lines: Range<usize>,
        out: &mut Vec<Effect>,
    ) -> Result<Decision, DecideError> {
        let index = self.undecided(id)?;
        let rewrite = &mut self.rewrites[index];
        let showing = rewrite.showing();
        let is_synced = self.flight.is_none() && !rewrite.tracked.has_gap(showing);
        rewrite.decide_lines(accept, hunk, lines, is_synced)?;
        out.push(Effect::Changed { rewrite: id });
        self.refused_at = None;
        Ok(self.rewrites[index].decision())
    }

    /// Stops the stream; the complete lines that came are proposed.
    ///
    /// # Errors
    /// When there is no such rewrite.
    pub fn interrupt(&mut self, id: RewriteId, out: &mut Vec<Effect>) -> Result<(), DecideError> {
        let index = self.index(id)?;
        let rewrite = &mut self.rewrites[index];
        if rewrite.is_streaming() {
            rewrite.stop_early("Interrupted.".to_owned());
            out.push(Effect::Cancel { rewrite: id });
            out.push(Effect::Changed { rewrite: id });
        }
        self.refused_at = None;
        Ok(())
    }

    /// The mirror cannot be trusted any more: every rewrite ends, and nothing is sent.
    pub fn lose_step(&mut self, now: Time, out: &mut Vec<Effect>) {
        self.end_all(
            "Redline lost track of this file; save it or open it again.",
            now,
            out,
        );
        self.strays.clear();
        self.out_of_step = true;
    }

    /// The document was closed.
    pub fn close(&mut self, now: Time, out: &mut Vec<Effect>) {
        self.end_all("The file was closed.", now, out);
    }

    fn end_all(&mut self, why: &str, now: Time, out: &mut Vec<Effect>) {
        self.flight = None;
        for mut rewrite in std::mem::take(&mut self.rewrites) {
            rewrite.timings.decided = Some(now);
            // What was said to be over is over as it was said.
            if rewrite.is_left() {
                out.push(Effect::Changed {
                    rewrite: rewrite.id,
                });
            } else {
                rewrite.let_go(why, out);
            }
            self.remember(rewrite.view());
        }
    }

    /// A time asked for by [`Effect::WakeAt`] has come.
    pub fn wake(&mut self) {
        self.wake_at = None;
    }

    fn index(&self, id: RewriteId) -> Result<usize, DecideError> {
        self.rewrites
            .iter()
            .position(|rewrite| rewrite.id == id)
            .ok_or(DecideError::Unknown)
    }

    /// The same; one that is over says so.
    fn undecided(&self, id: RewriteId) -> Result<usize, DecideError> {
        let index = self.index(id);
        index.map_err(|error| self.state(id).map_or(error, DecideError::Over))
    }

    fn remember(&mut self, view: RewriteView) {
        if self.ended.len() == REMEMBERED {
            self.ended.pop_front();
        }
        self.ended.push_back(view);
    }

    /// Brings everything as far as it can go now: sends the next edit, opens proposals, lets go of what is
    /// over. To be called after every event, but only when no further change of the mirror is known to
    /// wait: an edit made for a text that has already moved on would be refused.
    pub fn settle(&mut self, now: Time, out: &mut Vec<Effect>) {
        if self.refused_at.is_some() || self.out_of_step {
            return;
        }
        if self.flight.as_ref().is_some_and(|flight| flight.refused) {
            self.drop_flight();
        }
        if let Some(flight) = &mut self.flight {
            if flight.said_applied {
                flight.awaited_since.get_or_insert(now);
            }
            match self.rest_is_lost_at() {
                Some(at) if at <= now => self.give_up_rest(),
                Some(at) => return self.wake_me(at, out),
                None => return,
            }
        }
        if !self.strays.is_empty() {
            return self.take_back_strays(now, out);
        }
        self.advance(now, out);
        let dirty = |rewrite: &Rewrite| rewrite.tracked.is_dirty() && !rewrite.is_stale();
        if self.rewrites.iter().any(dirty) && self.is_due(dirty, now, out) {
            self.send(now, out);
        }
    }

    /// Whether an edit for these rewrites may go out now; else asks to be woken when it may.
    fn is_due(
        &mut self,
        which: impl Fn(&Rewrite) -> bool,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> bool {
        let eager = self
            .rewrites
            .iter()
            .any(|rewrite| which(rewrite) && rewrite.is_eager());
        let due = eager || now >= self.next_frame;
        if !due {
            self.wake_me(self.next_frame, out);
        }
        due
    }

    fn wake_me(&mut self, at: Time, out: &mut Vec<Effect>) {
        if self.wake_at.is_none() {
            self.wake_at = Some(at);
            out.push(Effect::WakeAt(at));
        }
    }

    /// Moves on every rewrite whose region shows what it should.
    fn advance(&mut self, now: Time, out: &mut Vec<Effect>) {
        let mut index = 0;
        while index < self.rewrites.len() {
            let rewrite = &mut self.rewrites[index];
            let waits = !rewrite.is_stale()
                && (rewrite.is_streaming() || rewrite.tracked.has_gap(rewrite.showing()));
            if waits {
                index += 1;
            } else if rewrite.is_left() {
                self.let_go(index, now, out);
            } else if rewrite.on_synced(now, self.holds_accepts) {
                out.push(Effect::Changed {
                    rewrite: rewrite.id,
                });
            } else {
                index += 1;
            }
        }
    }

    /// Lets go of the rewrites whose text is gone and that no edit under way touches.
    fn let_go_of_stale(&mut self, now: Time, out: &mut Vec<Effect>) {
        let gone = |rewrite: &Rewrite| rewrite.is_stale() && !rewrite.tracked.is_in_flight();
        while let Some(index) = self.rewrites.iter().position(gone) {
            self.let_go(index, now, out);
        }
    }

    fn let_go(&mut self, index: usize, now: Time, out: &mut Vec<Effect>) {
        let mut rewrite = self.rewrites.remove(index);
        rewrite.timings.decided = Some(now);
        out.push(Effect::Changed {
            rewrite: rewrite.id,
        });
        self.remember(rewrite.view());
    }

    /// Checks what must always hold between the regions and the mirror. For tests: costs the regions.
    ///
    /// # Errors
    /// A sentence that says what does not hold.
    pub fn check(&self) -> Result<(), String> {
        let mut end = 0;
        for rewrite in self.rewrites.iter().filter(|rewrite| !rewrite.is_stale()) {
            let region = rewrite.region();
            if region.start < end || region.end > self.text.len() {
                return Err(format!(
                    "{:?}: region {region:?} overlaps or ends outside",
                    rewrite.id
                ));
            }
            let shown = rewrite.tracked.shown();
            if !self.text.range_is(region.clone(), &shown) {
                let there = self.text.slice(region.clone());
                return Err(format!(
                    "{:?}: {region:?} holds {there:?}, not {shown:?}",
                    rewrite.id
                ));
            }
            end = region.end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

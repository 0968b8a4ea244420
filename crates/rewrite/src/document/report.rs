//! What a report of the editor means: whose each of its changes was, and what it makes of the regions. Telling texts
//! apart is `attribution`; deletions that say the same elsewhere are in `deletion`, undo in `undo`.

use std::ops::Range;

use text::{ChangeSet, Text};

use super::{DocumentRewrites, LOST_TRACK};
use crate::attribution::{self, Attribution, attribute};
use crate::effect::{Effect, RewriteId, Time};

/// Most changes of one report among which an undo is looked for: each first few of them are read together.
const MOST_OF_UNDO: usize = 12;

impl DocumentRewrites {
    /// The mirror moved: `changes` led one after another from the text known so far to `after`; none where only the
    /// version did.
    pub fn changed(
        &mut self,
        changes: &[ChangeSet],
        after: &Text,
        version: i32,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        if self.rewrites.is_empty() && self.flight.is_none() && self.strays.is_empty() {
            self.text = after.clone();
            self.version = version;
            return;
        }
        if let Some((first, between)) = self.first_are_ours(changes) {
            let (ours, rest) = changes.split_at(first);
            self.changed(ours, &between, version, now, out);
            return self.changed(rest, after, version, now, out);
        }
        if let Some((first, between)) = self.first_are_an_undo(changes, after) {
            let (undo, rest) = changes.split_at(first);
            self.changed(undo, &between, version, now, out);
            return self.changed(rest, after, version, now, out);
        }
        self.judge_refusal(changes, after);
        self.doubt_reported(changes);
        let strays = self.strays_among(changes);
        let reported = changes;
        let mut parts = self
            .flight
            .as_mut()
            .map_or_else(Vec::new, |flight| std::mem::take(&mut flight.parts));
        // What the user has taken away from under a part will not come by it.
        if !parts.is_empty() {
            let growths = self.growths();
            for part in &mut parts {
                part.spoiled |= growths.get(&part.number).copied().unwrap_or(0) != part.growth();
            }
        }
        let changes = self.seated(changes, &parts);
        let telling: Vec<u32> = parts
            .iter()
            .filter(|it| it.is_telling())
            .map(|it| it.number)
            .collect();
        let crossed = self.typed_behind(&parts);
        let (steps, missing) = self.attributed(&changes, after, parts);
        let mut confirmed = steps.iter().flat_map(|step| &step.confirmed);
        if confirmed.any(|part| telling.contains(part)) {
            self.vague_edit = None;
        }
        let partly = steps.iter().any(|step| !step.confirmed.is_empty());
        let typed = steps.iter().any(|step| !step.user.is_empty());
        if partly {
            self.copies.forget();
        } else {
            self.copies.note(reported, &self.text);
        }
        if let Some(flight) = self.flight.as_mut().filter(|it| it.lost_since.is_none()) {
            flight.parts = missing;
            // An edit is atomic, so what arrived in part will be reported whole: Neovim sends a notification for
            // each of its text edits.
            if partly {
                flight.arriving_since = Some(now);
            }
            let arriving = flight.arriving_since.is_some();
            let newer = version > flight.version;
            let known = self.profile.checks_versions;
            let proof = known && !flight.is_unchecked(&self.profile);
            let gone = arriving && !partly && flight.said_applied && !self.profile.checks_versions;
            let may_be_typed = proof && typed || self.vague_edit == Some(flight.edit);
            flight.doubtful |= may_be_typed && partly && !flight.said_applied;
            let contradicted = newer && !arriving && flight.said_applied;
            flight.lost = newer && !arriving && proof || contradicted && known || gone;
            if contradicted {
                flight.contradicted_since.get_or_insert(now);
            }
        }
        self.keep_strays(reported, strays, after);
        let mut known = (!self.profile.reports_apart).then(|| self.text.clone());
        for step in steps {
            known = known.filter(|_| step.confirmed.is_empty());
            self.take_in(&crossed, &step.confirmed);
            self.confirm(&step.confirmed, now, out);
            self.user_changes(&step.user, known.as_ref(), out);
            if let Some(text) = &mut known {
                ChangeSet::from_changes(text.len(), step.user).apply(text);
            }
        }
        if typed {
            self.place_parts(after);
        }
        self.text = after.clone();
        self.version = version;
        self.refused_at = None;
        self.distrust(out);
        if let Some(flight) = &self.flight {
            if flight.lost && flight.lost_since.is_none() {
                self.lose_flight(now);
            } else if flight.parts.is_empty() && !flight.doubtful {
                self.flight = None;
            }
        }
    }

    /// How many changes from the first on are the edit in flight and nothing else, where more were reported with them, and
    /// the text after them: what follows may be its undo.
    fn first_are_ours(&self, changes: &[ChangeSet]) -> Option<(usize, Text)> {
        let flight = self.flight.as_ref()?;
        let clear = !flight.refused && flight.lost_since.is_none() && !flight.parts.is_empty();
        if !clear || self.profile.reports_apart {
            return None;
        }
        let mut text = self.text.clone();
        let most = flight.parts.len().min(changes.len().saturating_sub(1));
        (1..=most).find_map(|first| {
            changes[first - 1].apply(&mut text);
            let ours = &changes[..first];
            attribution::is_all(&self.text, ours, &text, &flight.parts)
                .then(|| (first, text.clone()))
        })
    }

    /// How many changes from the first on undo edits of ours in more regions than all that were reported with them, and the
    /// text after them: what is typed right behind what came back reads as one change with it. Costs what they touch, for
    /// each first few of them.
    fn first_are_an_undo(&self, changes: &[ChangeSet], after: &Text) -> Option<(usize, Text)> {
        let undoable = || self.rewrites.iter().any(|it| it.tracked.has_moments());
        let several = (3..=MOST_OF_UNDO).contains(&changes.len());
        if self.profile.reports_apart || !several || !undoable() {
            return None;
        }
        // What a reject puts back may be what an undo would.
        let parts = self.flight.as_ref().map_or(&[][..], |it| &it.parts);
        if !parts.is_empty() {
            let (steps, _) = attribute(&self.text, changes, after, parts.to_vec());
            if steps.iter().any(|step| !step.confirmed.is_empty()) {
                return None;
            }
        }
        let (mut text, mut most) = (self.text.clone(), 0);
        let mut found = None;
        for (at, change) in changes.iter().enumerate() {
            change.apply(&mut text);
            let (steps, _) = attribute(&self.text, &changes[..=at], &text, Vec::new());
            let undone = match &steps[..] {
                [step] => self.undone_regions(&step.user, Some(&self.text)),
                _ => 0,
            };
            if undone > most {
                (most, found) = (undone, Some((at + 1, text.clone())));
            } else if undone == most && at + 1 == changes.len() {
                return None;
            }
        }
        found.filter(|(count, _)| 1 < *count && *count < changes.len())
    }

    /// Lets go of every region of which the mirror says otherwise than its pieces do. That takes an editor that
    /// applies edits to another text than the one they were made for; nothing is guessed then. Costs the regions
    /// that the last changes touched, and all of them where one is let go of.
    fn distrust(&mut self, out: &mut Vec<Effect>) {
        if self.let_go_of_untrue(out) {
            // What was taken for a change of that one may have been a change of another.
            self.rewrites.iter_mut().for_each(|it| it.touched = true);
            self.let_go_of_untrue(out);
        }
    }

    /// The regions that the changes reach are compared with the mirror afterwards, whoever made what in them.
    fn doubt_reported(&mut self, changes: &[ChangeSet]) {
        let whole = ChangeSet::compose_all(changes);
        for change in whole.iter().flat_map(ChangeSet::changes) {
            for rewrite in &mut self.rewrites {
                let region = rewrite.region();
                rewrite.touched |= change.old.start <= region.end && region.start <= change.old.end;
            }
        }
    }

    /// Gives whether there was one.
    fn let_go_of_untrue(&mut self, out: &mut Vec<Effect>) -> bool {
        let mut any = false;
        let mut end = 0;
        for rewrite in self
            .rewrites
            .iter_mut()
            .filter(|rewrite| !rewrite.is_stale())
        {
            let region = rewrite.region();
            let there = end <= region.start && region.end <= self.text.len();
            let same = there && {
                let touched = std::mem::take(&mut rewrite.touched);
                self.text.is_boundary(region.start)
                    && self.text.is_boundary(region.end)
                    && (!touched || self.text.range_is(region.clone(), &rewrite.tracked.shown()))
            };
            if same {
                end = region.end;
                continue;
            }
            any = true;
            rewrite.let_go(LOST_TRACK, out);
        }
        any
    }

    /// Whose the changes were. Where nothing of ours is in them, each on its own: typing at a region's edge and a deletion
    /// beside it make no replacement across the edge, and an editor may report an undo of ours together with typing
    /// before and after it. But an undo of an edit with several parts is reported as several changes, and together they
    /// say so; and together they say less where one took back what another did.
    fn attributed(
        &self,
        changes: &[ChangeSet],
        after: &Text,
        parts: Vec<attribution::Part>,
    ) -> (Vec<Attribution>, Vec<attribution::Part>) {
        let undoable = || self.rewrites.iter().any(|it| it.tracked.has_moments());
        let alone = self.profile.reports_apart && !parts.is_empty();
        let (steps, missing) = match alone {
            true => attribution::attribute_alone(&self.text, changes, after, parts),
            false => attribute(&self.text, changes, after, parts),
        };
        let arrived = steps.iter().any(|step| !step.confirmed.is_empty());
        if changes.len() < 2 || arrived {
            return (steps, missing);
        }
        let before = Some(&self.text).filter(|_| steps.len() == 1);
        if steps.iter().any(|step| self.is_undo(&step.user, before)) {
            return (steps, missing);
        }
        let mut text = self.text.clone();
        let mut each = Vec::with_capacity(changes.len());
        for change in changes {
            let before = text.clone();
            change.apply(&mut text);
            let one = std::slice::from_ref(change);
            each.extend(attribute(&before, one, &text, Vec::new()).0);
        }
        // What was deleted and came back in one report has never been gone.
        let taken = |steps: &[Attribution]| attribution::taken_from(&self.text, steps);
        if undoable() || taken(&each) <= taken(&steps) {
            return (each, missing);
        }
        (steps, missing)
    }

    /// The user replaced a range (bytes of the text before, with our confirmed parts in it).
    pub(super) fn user_change(&mut self, range: Range<usize>, text: &str, out: &mut Vec<Effect>) {
        if let Some(parted) = self.returns_over_edge(&range, text) {
            for (text, home) in parted {
                self.user_change_in(home, range.clone(), &text, out);
            }
            return;
        }
        if text.is_empty() {
            self.note_cut(&range);
        }
        let home = self.returns_to(&range, text);
        self.user_change_in(home, range, text, out);
    }

    /// The same, where text at an edge comes into the region of one rewrite or none.
    fn user_change_in(
        &mut self,
        returns_to: Option<RewriteId>,
        range: Range<usize>,
        text: &str,
        out: &mut Vec<Effect>,
    ) {
        let grown = text.len() as isize - range.len() as isize;
        let home = self
            .rewrites
            .iter()
            .position(|it| Some(it.id) == returns_to);
        for (index, rewrite) in self.rewrites.iter_mut().enumerate() {
            let region = rewrite.region();
            if returns_to != Some(rewrite.id) {
                rewrite.note_edges(&range, text);
                let comes_behind = home.is_some_and(|home| index < home);
                if range.end <= region.start && !comes_behind {
                    rewrite.start = rewrite.start.wrapping_add_signed(grown);
                    continue;
                }
                if range.start >= region.end {
                    continue;
                }
            }
            rewrite.touched = true;
            let streaming = rewrite.is_streaming();
            if range.start <= region.start && region.end <= range.end && !region.is_empty() {
                rewrite.go_stale("The text under this rewrite was deleted.");
            }
            let inside = range.start.max(region.start)..range.end.min(region.end);
            // What replaces text across an edge stands outside: the region holds only what is its own.
            let within = region.start <= range.start && range.end <= region.end;
            let local = inside.start - region.start..inside.end - region.start;
            if rewrite.tracked.is_on_characters(&local) {
                rewrite
                    .tracked
                    .user_change(local, if within { text } else { "" });
            } else {
                rewrite.go_stale(LOST_TRACK);
            }
            if range.start < region.start {
                rewrite.start = range.start + text.len();
            }
            if rewrite.is_stale() && streaming {
                out.push(Effect::Cancel {
                    rewrite: rewrite.id,
                });
            }
            out.push(Effect::Changed {
                rewrite: rewrite.id,
            });
        }
    }
}

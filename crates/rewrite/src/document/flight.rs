//! The edit in flight: what has arrived of it, when its rest counts as lost, and what the editor's word on it is worth.
//! Its making is in `send`; telling it from typing, in `attribution`.

use std::collections::HashMap;

use text::{ChangeSet, Text};

use super::{DocumentRewrites, Profile, stray};
use crate::attribution::{self, Belief};
use crate::effect::{EditId, Effect, Time};
use crate::life::Rewrite;
use crate::piece::Piece;
use crate::tracked::Place;

/// How long the rest of an edit that arrived in part is waited for, in microseconds. Editors report all parts
/// of an edit in one go.
const PATIENCE: Time = 300_000;

/// How long the answer to an edit that cannot arrive any more is waited for, in microseconds.
const SILENCE: Time = 2_000_000;

/// How long an edit that the editor says it applied is waited for in its reports, in microseconds, when nothing else
/// is reported either. None of the known editors takes a tenth of that.
const UNREPORTED: Time = 5_000_000;

/// The edit that the editor has been asked to apply.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) edit: EditId,
    pub(super) version: i32,
    /// The parts that the mirror does not show yet.
    pub(super) parts: Vec<attribution::Part>,
    /// What the parts replace, by their numbers, ascending.
    pub(super) replaced: Vec<(u32, String)>,
    /// The editor has said that it applied it.
    pub(super) said_applied: bool,
    /// Since when it says so and the mirror does not show it.
    pub(super) awaited_since: Option<Time>,
    /// When the last of the parts that have arrived did.
    pub(super) arriving_since: Option<Time>,
    /// Since when it says so and has reported a newer version without it.
    pub(super) contradicted_since: Option<Time>,
    /// The editor has said that it did not apply it. That is not believed before the next report, either.
    pub(super) refused: bool,
    /// It cannot arrive any more.
    pub(super) lost: bool,
    /// Since when only the answer to it is awaited.
    pub(super) lost_since: Option<Time>,
    /// What arrives, or has arrived, may be the user's own doing: the editor's answer is awaited.
    pub(super) doubtful: bool,
    /// The parts as they were sent, where the editor does not check whether they still fit.
    pub(super) sent: Vec<stray::Sent>,
}

impl Flight {
    /// An edit without parts that anybody waits for.
    pub(super) fn new(edit: EditId, version: i32) -> Flight {
        Flight {
            edit,
            version,
            parts: Vec::new(),
            replaced: Vec::new(),
            said_applied: false,
            awaited_since: None,
            contradicted_since: None,
            arriving_since: None,
            refused: false,
            lost: false,
            lost_since: None,
            doubtful: false,
            sent: Vec::new(),
        }
    }

    /// Whether the editor makes it without looking.
    pub(super) fn is_unchecked(&self, profile: &Profile) -> bool {
        self.version == 0 && profile.skips_version_zero
    }
}

impl DocumentRewrites {
    /// When an edit that arrived in part may be given up, if its rest is not reported before: the user may have
    /// taken the rest away before that. Trying again is safe where versions are checked, even if the rest is
    /// still to come: the editor's version is then newer than the next edit's.
    pub(super) fn rest_is_lost_at(&self) -> Option<Time> {
        let flight = self.flight.as_ref()?;
        if let Some(since) = flight.lost_since {
            return Some(since + SILENCE);
        }
        let Some(since) = flight.arriving_since else {
            // The answer may have overtaken what was typed before the editor took up the edit.
            if let Some(since) = flight.contradicted_since {
                return Some(since + PATIENCE);
            }
            // The user has typed into what it replaces: nobody could tell it from typing when it is reported.
            let unlike = flight.parts.iter().all(|part| part.spoiled);
            let patience = if unlike { SILENCE } else { UNREPORTED };
            return flight.awaited_since.map(|since| since + patience);
        };
        if flight.parts.is_empty() {
            return Some(since + SILENCE);
        }
        let patience = if self.profile.checks_versions {
            PATIENCE
        } else {
            SILENCE
        };
        flight.said_applied.then_some(since + patience)
    }

    /// An edit is atomic: if a part of it never arrives, what looked like a deletion of ours was the user's. Text
    /// of ours that has arrived is ours all the same: nobody types the same by chance.
    pub(super) fn give_up_rest(&mut self) {
        let edit = self.flight.as_ref().map(|flight| flight.edit);
        let whole = |flight: &Flight| flight.parts.is_empty() && flight.lost_since.is_none();
        if self.flight.as_ref().is_some_and(whole) {
            self.flight = None;
            return;
        }
        self.drop_flight();
        if let Some(edit) = edit {
            self.refute(edit, |piece| !piece.shown);
        }
    }

    /// What the user typed at the start of regions where a part that inserts there is under way, by part: it stands
    /// outside of the region, but an editor that does not look puts ours before it.
    pub(super) fn typed_behind(&self, parts: &[attribution::Part]) -> Vec<(u32, String)> {
        let mut all = Vec::new();
        for part in parts.iter().filter(|it| it.range.is_empty() && !it.spoiled) {
            let at = part.range.start;
            let mut rewrites = self.rewrites.iter().filter(|it| !it.is_stale());
            let first = rewrites.find(|it| it.tracked.begins_with_part(part.number));
            if let Some(rewrite) = first.filter(|it| at < it.start) {
                all.push((part.number, self.text.slice(at..rewrite.start).into_owned()));
            }
        }
        all
    }

    /// Some of those parts have arrived: what was typed there is inside of the region, behind them.
    pub(super) fn take_in(&mut self, typed: &[(u32, String)], arrived: &[u32]) {
        for (part, text) in typed.iter().filter(|(part, _)| arrived.contains(part)) {
            let mut rewrites = self.rewrites.iter_mut();
            if let Some(rewrite) = rewrites.find(|it| it.tracked.begins_with_part(*part)) {
                rewrite.start -= text.len();
                rewrite.tracked.take_in(*part, text);
            }
        }
    }

    pub(super) fn confirm(&mut self, parts: &[u32], now: Time, out: &mut Vec<Effect>) {
        if let Some(edit) = self.flight.as_ref().map(|flight| flight.edit) {
            self.confirm_of(edit.0, parts, now, out);
        }
    }

    pub(super) fn confirm_of(
        &mut self,
        edit: u32,
        parts: &[u32],
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        if parts.is_empty() {
            return;
        }
        // One whose text is gone may have come to lie on either side of another.
        let astray = |it: &Rewrite| it.is_stale() && it.tracked.is_in_flight();
        let astray = self.rewrites.iter().any(astray);
        let mut moved = 0;
        for rewrite in &mut self.rewrites {
            rewrite.touched |= astray || rewrite.tracked.is_in_flight();
            rewrite.start = rewrite.start.wrapping_add_signed(moved);
            let before = moved;
            for part in parts {
                moved += rewrite.tracked.confirm(*part, edit);
            }
            rewrite.edges = Default::default();
            if moved != before {
                rewrite.touched = true;
                out.push(Effect::Changed {
                    rewrite: rewrite.id,
                });
            }
            rewrite.timings.first_edit.get_or_insert(now);
        }
    }

    /// By how many bytes each part of the edit in flight lets the document grow, of what the user has left of it.
    pub(super) fn growths(&self) -> HashMap<u32, isize> {
        growths_of(&self.rewrites)
    }

    /// What the user has changed and changed back is what it was: parts that replace it may arrive as they were sent. What
    /// replaces nothing goes where its text waits: what came back around it may be told on either side. And what comes back
    /// in the middle of what a part replaces is in its way.
    pub(super) fn place_parts(&mut self, text: &Text) {
        let Some(flight) = self.flight.as_mut().filter(|it| !it.parts.is_empty()) else {
            return;
        };
        let rewrites = self.rewrites.iter().filter(|it| !it.is_stale());
        let places = rewrites.flat_map(|it| {
            let all = it.tracked.places_of_parts();
            all.map(|place| Place {
                range: it.start + place.range.start..it.start + place.range.end,
                ..place
            })
        });
        let places: Vec<Place> = places.collect();
        let mut growths = None;
        for part in &mut flight.parts {
            let replaced = &flight.replaced;
            let was = replaced.binary_search_by_key(&part.number, |(number, _)| *number);
            let was = was.map_or("", |at| replaced[at].1.as_str());
            let place = places.binary_search_by_key(&part.number, |it| it.part);
            let place = place.ok().map(|at| &places[at]);
            part.spoiled |= place.is_some_and(|it| it.is_parted);
            if !part.spoiled && !was.is_empty() {
                continue;
            }
            let place = place.filter(|place| {
                match (part.spoiled, was.is_empty()) {
                    (true, true) => !place.is_torn,
                    // What is typed right before the region stands outside of it, but behind what the editor puts.
                    (false, _) => !place.is_first,
                    (true, false) => true,
                }
            });
            match place.filter(|place| text.range_is(place.range.clone(), was)) {
                Some(place) => part.range = place.range.clone(),
                None if was.is_empty() => continue,
                None => {}
            }
            if part.spoiled && place.is_none_or(|it| !it.is_parted) {
                let growths = growths.get_or_insert_with(|| growths_of(&self.rewrites));
                let growth = growths.get(&part.number).copied().unwrap_or(0);
                part.spoiled = growth != part.growth() || !text.range_is(part.range.clone(), was);
            }
        }
    }

    /// Our edit will not arrive. The next one waits for the answer to it all the same, so that the editor never
    /// has two to answer.
    pub(super) fn lose_flight(&mut self, now: Time) {
        let flight = self.flight.take();
        self.drop_flight();
        self.flight = flight
            .filter(|flight| !flight.said_applied)
            .map(|flight| Flight {
                parts: Vec::new(),
                doubtful: true,
                arriving_since: None,
                lost_since: Some(now),
                ..flight
            });
    }

    /// Our edit will not arrive.
    pub(super) fn drop_flight(&mut self) {
        self.flight = None;
        for rewrite in &mut self.rewrites {
            rewrite.tracked.drop_flight();
        }
    }

    /// The editor's answer to an edit. True proves nothing; false means that it was not applied.
    pub fn answered(&mut self, edit: EditId, applied: bool) {
        let is_reported = self
            .flight
            .as_ref()
            .is_none_or(|flight| flight.edit != edit);
        self.contradictions = match is_reported && !applied {
            true => self.contradictions + 1,
            false => 0,
        };
        let Some(flight) = self.flight.as_mut().filter(|flight| flight.edit == edit) else {
            // Once the user may have done the same by chance. An editor that refuses again what it has just reported
            // says nothing by it.
            if !applied && self.contradictions == 1 {
                self.refute(edit, |_| true);
            }
            return;
        };
        if applied {
            flight.said_applied = true;
            flight.doubtful = false;
            if !self.profile.checks_versions {
                let parts = flight.parts.iter_mut();
                parts.for_each(|part| part.belief = Belief::Claimed);
            }
            if flight.parts.is_empty() {
                self.flight = None;
            }
            return;
        }
        if self.version == flight.version {
            self.refused_at = Some(self.version);
            if flight.lost_since.is_none() && !flight.parts.is_empty() {
                flight.refused = true;
                return;
            }
        }
        self.drop_flight();
        self.refute(edit, |_| true);
    }

    /// The first report after a refusal: either the edit to the letter after all, or it was refused.
    pub(super) fn judge_refusal(&mut self, changes: &[ChangeSet], after: &Text) {
        let Some(flight) = self.flight.as_mut().filter(|flight| flight.refused) else {
            return;
        };
        flight.refused = false;
        flight.doubtful = false;
        if !attribution::is_all(&self.text, changes, after, &flight.parts) {
            self.drop_flight();
        }
    }

    /// An edit that seemed to have arrived, whole or in part, has not: the user happened to do the same. Where
    /// the editor's word on that cannot be believed, it stays as it seemed, unless it was no word that seemed so.
    pub(super) fn refute(&mut self, edit: EditId, which: impl Fn(&Piece) -> bool) {
        let is_believed = self.profile.checks_versions || self.vague_edit == Some(edit);
        for rewrite in &mut self.rewrites {
            if is_believed {
                rewrite.start += rewrite.tracked.refute(edit.0, &which);
            } else {
                rewrite.tracked.doubt(edit.0);
            }
        }
    }
}

fn growths_of(rewrites: &[Rewrite]) -> HashMap<u32, isize> {
    let mut all = HashMap::new();
    for (part, by) in rewrites.iter().flat_map(|it| it.tracked.growths()) {
        *all.entry(part).or_default() += by;
    }
    all
}

//! The judgement of the streaming diff: what the next held line stands for, as a pure function of complete lines.
//!
//! Nothing here knows how the stream was cut into pieces or what is shown already: therefore any chunking ends in the
//! same text. Carrying a judgement out is the work of `stream`.
//!
//! The reasoning. An inserted line may be wrong at little cost: old text that was not deleted may still come. Deleting
//! old lines is the only step that cannot be taken back, so it needs evidence that grows with how much goes. Evidence is
//! a run of new lines equal to a run of old lines, weighed by how rare they are. While such a run goes on, its lines
//! are held: they are on the screen already, further down, so waiting shows nothing late. Either the run becomes long
//! enough to be believed, or the next old line comes after all, and what was held turns out to be moved or copied.

mod evidence;

use crate::lines::{ContentId, OldLines};
use crate::similarity::{Shape, Shaped};

/// Complete lines that are held at most before one is judged for good.
pub(crate) const HOLD: usize = 4;
/// As many where they repeat old lines further down: what is on the screen already can wait.
pub(crate) const HOLD_RUN: usize = 32;
/// Old lines that are looked at for the beginning of a block.
const HEADS: usize = 4;
/// Lines shown as insertions that still count as evidence.
pub(crate) const TRAIL: usize = 48;
/// Similar lines are worth comparing on this many diagonals from the next old line on.
const NEAR: usize = 3;
/// Places of one content that are tried.
const PLACES: usize = 6;

/// A complete line of new text.
pub(crate) struct NewLine {
    /// With its line end.
    pub(crate) text: String,
    pub(crate) content: ContentId,
    pub(crate) shape: Shape,
}

impl NewLine {
    pub(crate) fn shaped(&self) -> Shaped<'_> {
        (&self.text, &self.shape)
    }
}

/// What is known when a line is judged.
pub(crate) struct Situation<'a, L> {
    pub(crate) old: &'a OldLines,
    /// The first old line that is not consumed.
    pub(crate) next: usize,
    /// New lines shown as insertions since old and new were last in step.
    pub(crate) inserted: usize,
    /// The contents of the last of them.
    pub(crate) trail: &'a [ContentId],
    /// Lines in a row that replaced a similar old line.
    pub(crate) paired: usize,
    /// How often, lately, a definition was renamed in place where a copy in front of it might have come.
    pub(crate) renamed: u32,
    /// Held lines, at least one; the first is not equal to the next old line.
    pub(crate) held: &'a [L],
    /// No more lines come: nothing may be held.
    pub(crate) last: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// One more line will tell.
    Hold,
    /// The first held line is new; no old line goes.
    Insert,
    /// The first held line is the next old line, changed.
    Pair,
    /// The held line `held` is the old line `old`; what is before them on both sides was replaced.
    Anchor { held: usize, old: usize },
}

/// One way to lay the held lines beside old lines: held line `k` beside old line `offset + k`.
#[derive(Clone, Copy)]
struct Diagonal {
    judgement: Judgement,
    evidence: f32,
    threshold: f32,
    /// Enough evidence where waiting tells no more.
    least: f32,
    /// Most lines from the anchor on are equal, so that holding them hides nothing: they are on the screen.
    unbroken: bool,
}

impl Diagonal {
    fn margin(&self) -> f32 {
        self.evidence - self.threshold
    }
}

impl<L: AsRef<NewLine>> Situation<'_, L> {
    /// Cost: bounded, a few microseconds at most, independent of the length of the texts.
    pub(crate) fn judge(&self) -> Judgement {
        let mut best: Option<Diagonal> = None;
        let mut likely: Option<Diagonal> = None;
        let mut hopeful = false;
        let mut tried = OffsetsTried::default();
        for offset in self.offsets() {
            if !tried.first_time(offset) {
                continue;
            }
            let Some(diagonal) = self.weigh(offset) else {
                continue;
            };
            hopeful |= self.may_still_pass(&diagonal);
            if diagonal.evidence >= diagonal.least
                && likely
                    .as_ref()
                    .is_none_or(|likely| diagonal.margin() > likely.margin())
            {
                likely = Some(diagonal);
            }
            if best
                .as_ref()
                .is_none_or(|best| diagonal.margin() > best.margin())
            {
                best = Some(diagonal);
            }
        }
        match best {
            Some(best) if best.margin() >= 0.0 => best.judgement,
            Some(best) if best.unbroken && self.held.len() >= HOLD_RUN => best.judgement,
            _ if hopeful && !self.last => Judgement::Hold,
            _ => likely.map_or(Judgement::Insert, |likely| likely.judgement),
        }
    }

    fn may_still_pass(&self, diagonal: &Diagonal) -> bool {
        let limit = if diagonal.unbroken { HOLD_RUN } else { HOLD };
        let room = limit.saturating_sub(self.held.len()) as f32 * 0.9;
        room > 0.0 && (diagonal.unbroken || diagonal.margin() + room >= 0.0)
    }

    /// Diagonals worth weighing: those near, and those where a held line has an equal.
    fn offsets(&self) -> impl Iterator<Item = isize> {
        let next = self.next as isize;
        let near = (0..NEAR as isize).map(move |ahead| next + ahead);
        let level = self.next + self.inserted;
        let near = near.chain([level as isize, level as isize - 1, level as isize + 1]);
        // After a while only what was tried before is followed, and the return of the next old line watched for.
        let many = self.held.len() > HOLD;
        let places_tried = if many { 1 } else { PLACES };
        let newest = self.held.len() - 1;
        let telling = self
            .held
            .iter()
            .enumerate()
            .filter(move |(k, _)| *k < HOLD || *k == newest);
        let by_content = telling.flat_map(move |(k, line)| {
            let places = self.old.places_from(line.as_ref().content, self.next);
            let beside = places.partition_point(|&place| (place as usize) < level + k);
            let from = if many {
                beside
            } else {
                beside.saturating_sub(1)
            };
            let level_places = &places[from..(beside + 1).min(places.len())];
            places
                .iter()
                .take(places_tried)
                .chain(level_places)
                .map(move |&place| place as isize - k as isize)
        });
        near.chain(by_content)
    }

    /// The figures in here are tuned by the bench `streaming`; no exactness hangs on them.
    fn weigh(&self, offset: isize) -> Option<Diagonal> {
        let beside = |k: usize| {
            usize::try_from(offset + k as isize)
                .ok()
                .filter(|&line| line >= self.next && line < self.old.len())
        };
        let level = offset == self.next as isize;
        let ahead = offset - self.next as isize;
        let balance = ahead - self.inserted as isize;
        let near = ahead >= 0 && (ahead < NEAR as isize || balance.abs() <= 1);
        let mut similar = 0.0;
        let mut anchor = None;
        for (k, line) in self.held.iter().enumerate() {
            let Some(old) = beside(k) else { continue };
            if self.equal_weight(line.as_ref(), old) > 0.0 {
                anchor = Some((k, old));
                break;
            }
            if near && k < HOLD {
                similar += self.similar_weight(line.as_ref(), old);
                similar -= self.equal_nearby(line.as_ref(), old);
            }
        }
        let Some((k, old)) = anchor else {
            if !near || similar <= 0.0 || balance > 0 && !level {
                return None;
            }
            let deleted = ahead as usize;
            let head = self.deleted_head(
                self.next + deleted + self.held.len(),
                self.held.len(),
                self.next,
            );
            let in_a_row = if self.paired >= 2 { 0.35 } else { 0.6 };
            let copied = if head > 0 { 0.7 } else { 0.0 };
            let threshold = in_a_row + copied + 0.25 * ((1 + deleted) as f32).log2();
            let judgement = if level {
                Judgement::Pair
            } else {
                Judgement::Anchor {
                    held: 0,
                    old: self.next + deleted,
                }
            };
            return Some(Diagonal {
                judgement,
                evidence: similar,
                threshold,
                least: threshold,
                unbroken: false,
            });
        };
        let run = self.run(k, old);
        let mut evidence = similar + run.evidence;
        let deleted = old - self.next;
        if deleted == 0 {
            let judgement = if k == 0 {
                Judgement::Pair
            } else {
                Judgement::Anchor { held: k, old }
            };
            let threshold = if k == 0 { 0.35 } else { 0.8 };
            return Some(Diagonal {
                judgement,
                evidence,
                threshold,
                least: threshold,
                unbroken: false,
            });
        }
        if level && k == 1 && self.paired >= 2 {
            evidence += 0.2;
        }
        evidence += self.trail_evidence(offset);
        let head = self.deleted_head(old, k, run.known_until);
        let surplus = deleted.saturating_sub(k + self.inserted);
        let least = 0.65 + 0.25 * ((1 + deleted) as f32).log2();
        // Where more goes than came, and where a block loses its first line, the old text may only be late: a whole
        // block may have been moved or copied to the front of it.
        let late = (0.5 * surplus.min(2 * HOLD_RUN) as f32).max(1.3 * head as f32);
        Some(Diagonal {
            judgement: Judgement::Anchor { held: k, old },
            evidence,
            threshold: least + late,
            least: least + 0.3 * ((1 + surplus) as f32).log2(),
            unbroken: run.unbroken && (k == 0 || head > 0),
        })
    }
}

/// Remembers a few offsets, so that no diagonal is weighed twice.
#[derive(Default)]
struct OffsetsTried {
    offsets: [isize; 24],
    len: usize,
}

impl OffsetsTried {
    fn first_time(&mut self, offset: isize) -> bool {
        if self.offsets[..self.len].contains(&offset) || self.len == self.offsets.len() {
            return false;
        }
        self.offsets[self.len] = offset;
        self.len += 1;
        true
    }
}

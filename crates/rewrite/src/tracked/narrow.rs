//! Making replacements as small as they can be before they are sent: what would be taken away and put back the
//! same stays where it is. An edit that changes nothing is never reported, and the user who deletes a
//! character that no edit touched has deleted that very character.

use std::ops::Range;

use super::{Finger, Tracked};
use crate::piece::{Origin, Piece, Showing, Verdict};

impl Tracked {
    /// Lets pieces stay that would only trade places with the same text at the ends of a replacement. To be
    /// called when nothing is in flight. O(pieces).
    pub(super) fn narrow_gaps(&mut self, showing: Showing) {
        self.finger = Finger::default();
        if !self.changes_sides {
            self.write_beside_changes();
            // The user's text amid a replacement does not part it; but each side of it is sent on its own.
            self.narrow_runs(showing, |piece| piece.origin != Origin::Theirs);
            self.narrow_runs(showing, |_| true);
        }
        self.give_way();
    }

    /// Narrows each run of pieces up to one that stays and that `parts` names.
    fn narrow_runs(&mut self, showing: Showing, parts: impl Fn(&Piece) -> bool) {
        let mut start = 0;
        while start < self.pieces.len() {
            let stays = |piece: &Piece| parts(piece) && piece.shown && piece.wanted(showing);
            let run = self.pieces[start..]
                .iter()
                .take_while(|piece| !stays(piece));
            let end = start + run.count();
            start = self.narrow(start..end, showing) + 1;
        }
    }

    /// Text of the model that no edit has put there stands for base that reads the same and stayed where it was. When
    /// the user deletes it, or has it back, that base is deleted or comes back. Gives how many pieces came to stand
    /// before `index` by that.
    pub(super) fn remove_what_it_stands_for(&mut self, index: usize, removed: bool) -> usize {
        let piece = self.pieces[index];
        let Some(start) = piece.stands_for.filter(|_| piece.flipped == 0) else {
            return 0;
        };
        let (mut at, mut before, end) = (0, 0, start + piece.len);
        while at < self.pieces.len() {
            let it = self.pieces[at];
            let (from, to) = (it.start.max(start), (it.start + it.len).min(end));
            if it.origin != Origin::Base || it.shown || from >= to {
                at += 1;
                continue;
            }
            let mut parts = vec![it];
            for cut in [from - it.start, to - from] {
                let rest = parts.last_mut().map(|last| last.split_off(cut));
                parts.extend(rest);
            }
            parts[1].removed = removed;
            parts.retain(|part| part.len > 0);
            before += if at < index + before {
                parts.len() - 1
            } else {
                0
            };
            let count = parts.len();
            self.pieces.splice(at..=at, parts);
            at += count;
        }
        before
    }

    /// Narrows one replacement; gives where its pieces end now.
    fn narrow(&mut self, run: Range<usize>, showing: Showing) -> usize {
        let (goes, comes) = self.sides(&run, showing);
        if goes.is_empty() || comes.is_empty() {
            return run.end;
        }
        let (prefix, suffix) = common_ends(&goes, &comes);
        let mut end = run.end;
        let (goes, comes) = (goes.len(), comes.len());
        let mut pairs = vec![(goes - suffix..goes, comes - suffix..comes)];
        pairs.push((0..prefix, 0..prefix));
        for (goes, comes) in pairs {
            if goes.is_empty() {
                continue;
            }
            end = self.cut(run.start..end, showing, &goes, &comes);
            let run = run.start..end;
            let before = self.pieces[run.clone()].to_vec();
            let said = self.readings(&run, showing);
            let (old, new) = self.pairs(run.clone(), showing, &goes, &comes);
            let kept = self.keep_base(&old, &new);
            // Base that is kept holds its place among what the user typed.
            if kept && self.readings(&run, showing)[..4] == said[..4] {
                continue;
            }
            // Other text stands between the two, in one order or the other.
            self.pieces[run.clone()].copy_from_slice(&before);
            if kept {
                let moved = self.move_base(run.clone(), &old, &new);
                if self.readings(&moved, showing) == said {
                    end = moved.end;
                    continue;
                }
                self.pieces.splice(moved, before.iter().copied());
                let moved = self.move_ours(run.clone(), &old, &new);
                if self.readings(&moved, showing) == said {
                    end = moved.end;
                    continue;
                }
                self.pieces.splice(moved, before.iter().copied());
            }
            if old.len() == new.len() {
                for (old, new) in old.iter().zip(&new) {
                    let old = self.pieces[*old];
                    self.pieces[*new].stands_for = match old.origin {
                        Origin::Base => Some(old.start),
                        _ => old.stands_for,
                    };
                }
            }
            for index in old.into_iter().chain(new) {
                self.pieces[index].shown = !self.pieces[index].shown;
            }
            if self.readings(&run, showing) != said {
                self.pieces[run].copy_from_slice(&before);
            }
        }
        end
    }

    /// What pieces say: shown, target, base, wanted without the user's text; wanted, base with the user's text.
    fn readings(&self, run: &Range<usize>, showing: Showing) -> [String; 6] {
        let pieces = || self.pieces[run.clone()].iter();
        let spelled = |take: &dyn Fn(&Piece) -> bool| {
            let taken = pieces().filter(|piece| take(piece));
            taken.map(|piece| self.text_of(piece)).collect()
        };
        [
            spelled(&|piece| piece.shown),
            spelled(&|piece| piece.in_target),
            spelled(&|piece| piece.origin == Origin::Base),
            spelled(&|piece| piece.origin != Origin::Theirs && piece.wanted(showing)),
            spelled(&|piece| piece.wanted(showing)),
            spelled(&|piece| piece.origin != Origin::Ours),
        ]
    }

    fn sides(&self, run: &Range<usize>, showing: Showing) -> (String, String) {
        let (mut goes, mut comes) = (String::new(), String::new());
        for piece in &self.pieces[run.clone()] {
            match (piece.shown, piece.wanted(showing)) {
                (true, false) => goes.push_str(self.text_of(piece)),
                (false, true) => comes.push_str(self.text_of(piece)),
                _ => {}
            }
        }
        (goes, comes)
    }

    /// Cuts pieces so that both ranges are whole pieces of equal lengths; gives the run's new end.
    fn cut(
        &mut self,
        run: Range<usize>,
        showing: Showing,
        goes: &Range<usize>,
        comes: &Range<usize>,
    ) -> usize {
        let mut cuts = vec![0, goes.len()];
        let (mut gone, mut come) = (0, 0);
        for piece in &self.pieces[run.clone()] {
            let (at, side) = match (piece.shown, piece.wanted(showing)) {
                (true, false) => (&mut gone, goes),
                (false, true) => (&mut come, comes),
                _ => continue,
            };
            *at += piece.len;
            if side.contains(at) {
                cuts.push(*at - side.start);
            }
        }
        let (mut gone, mut come) = (0, 0);
        let mut index = run.start;
        let mut end = run.end;
        while index < end {
            let piece = &mut self.pieces[index];
            let (at, side) = match (piece.shown, piece.wanted(showing)) {
                (true, false) => (&mut gone, goes),
                (false, true) => (&mut come, comes),
                _ => {
                    index += 1;
                    continue;
                }
            };
            let places = cuts.iter().map(|cut| cut + side.start);
            let inside = places.filter(|place| *at < *place && *place < *at + piece.len);
            if let Some(place) = inside.min() {
                let rest = piece.split_off(place - *at);
                *at = place;
                self.pieces.insert(index + 1, rest);
                end += 1;
            } else {
                *at += piece.len;
            }
            index += 1;
        }
        end
    }

    /// The pieces of two ranges of equal text: those that go, and those that come in their place.
    fn pairs(
        &self,
        run: Range<usize>,
        showing: Showing,
        goes: &Range<usize>,
        comes: &Range<usize>,
    ) -> (Vec<usize>, Vec<usize>) {
        let (mut gone, mut come) = (0, 0);
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for index in run {
            let piece = &self.pieces[index];
            let (at, side, list) = match (piece.shown, piece.wanted(showing)) {
                (true, false) => (&mut gone, goes, &mut old),
                (false, true) => (&mut come, comes, &mut new),
                _ => continue,
            };
            if side.contains(at) && piece.len > 0 {
                list.push(index);
            }
            *at += piece.len;
        }
        (old, new)
    }

    /// Base that goes, and comes again as the model's text, is kept instead; gives whether all of it could be.
    fn keep_base(&mut self, old: &[usize], new: &[usize]) -> bool {
        let may_be = |(old, new): (&usize, &usize)| {
            let (base, ours) = (&self.pieces[*old], &self.pieces[*new]);
            base.origin == Origin::Base
                && ours.origin == Origin::Ours
                && ours.in_target
                && !base.in_target
                && base.hunk == ours.hunk
                && base.verdict == Verdict::Open
                && ours.verdict == Verdict::Open
        };
        if old.len() != new.len() || !old.iter().zip(new).all(may_be) {
            return false;
        }
        for (old, new) in old.iter().zip(new) {
            self.pieces[*old].in_target = true;
            self.pieces[*new].in_target = false;
        }
        true
    }

    /// The same, the rest of the model's text moved behind the base.
    fn move_ours(&mut self, run: Range<usize>, old: &[usize], new: &[usize]) -> Range<usize> {
        let mut pieces = Vec::with_capacity(run.len());
        let mut later = Vec::new();
        for index in run.clone() {
            let mut piece = self.pieces[index];
            if new.contains(&index) {
                continue;
            }
            let between = new.last().is_some_and(|last| *last < index)
                && old.first().is_some_and(|first| index < *first);
            if between && piece.origin == Origin::Ours {
                later.push(piece);
                continue;
            }
            piece.in_target |= old.contains(&index);
            pieces.push(piece);
            if old.last() == Some(&index) {
                pieces.append(&mut later);
            }
        }
        pieces.append(&mut later);
        let moved = run.start..run.start + pieces.len();
        self.pieces.splice(run, pieces);
        moved
    }

    /// The same, the base moved to where the model's text stands; gives where the run's pieces lie then.
    fn move_base(&mut self, run: Range<usize>, old: &[usize], new: &[usize]) -> Range<usize> {
        let mut pieces = Vec::with_capacity(run.len());
        for index in run.clone() {
            if let Some(pair) = new.iter().position(|at| *at == index) {
                let mut base = self.pieces[old[pair]];
                base.in_target = true;
                pieces.push(base);
            } else if !old.contains(&index) {
                pieces.push(self.pieces[index]);
            }
        }
        let moved = run.start..run.start + pieces.len();
        self.pieces.splice(run, pieces);
        moved
    }
}

/// How many bytes two texts end with alike after beginning with alike; whole characters and line breaks.
pub(super) fn common_ends(a: &str, b: &str) -> (usize, usize) {
    let most = a.len().min(b.len());
    let cuts = |text: &str, at: usize| {
        !text.is_char_boundary(at) || text[..at].ends_with('\r') && text[at..].starts_with('\n')
    };
    let same = |(a, b): &(u8, u8)| a == b;
    let mut suffix = a
        .bytes()
        .rev()
        .zip(b.bytes().rev())
        .take_while(same)
        .count();
    while cuts(a, a.len() - suffix) || cuts(b, b.len() - suffix) {
        suffix -= 1;
    }
    let mut prefix = a
        .bytes()
        .zip(b.bytes())
        .take(most - suffix)
        .take_while(same)
        .count();
    while cuts(a, prefix) || cuts(b, prefix) {
        prefix -= 1;
    }
    (prefix, suffix)
}

//! From the pieces that a stream left behind to hunks: the minimal diff between base and target, laid
//! under the same text.
//!
//! While text streams, the pieces follow what the streamed diff decided line by line. Once it has ended,
//! what a person accepts or rejects should be the minimal diff. The shown text does not change here; only
//! which bytes count as kept, taken away and put.

mod layout;
mod path;
mod seat;

use std::ops::Range;

use layout::Layout;
use path::Path;

use crate::open_end;
use crate::piece::{Origin, Piece, Showing, Verdict};
use crate::tracked::Tracked;

/// A hunk by its whole lines on both sides, in bytes of base and target and in lines from 0.
pub(crate) use diff::Hunk;

/// A hunk with its number, from 1, and what was decided about it.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    pub(crate) number: u32,
    pub(crate) hunk: Hunk,
    pub(crate) verdict: Verdict,
}

/// What the pieces so far say about each byte of the target and of the base.
struct Marks {
    /// Ranges of the target that the user deleted.
    target_removed: Vec<Range<usize>>,
    /// Ranges of the target that give way to what the user did.
    target_withheld: Vec<Range<usize>>,
    /// Ranges of the base that the user deleted.
    base_removed: Vec<Range<usize>>,
    /// Base that the model keeps, or that its text stands for, and the user deleted: both at once. In the order of the
    /// target.
    both_removed: Vec<Kept>,
    /// The user's text, in order.
    theirs: Vec<Theirs>,
}

/// The user's text, and before which bytes of target and base it stands.
struct Theirs {
    target: usize,
    base: usize,
    piece: Piece,
}

/// Base that stands in the target too.
struct Kept {
    base: usize,
    target: usize,
    len: usize,
}

impl Tracked {
    /// Replaces the pieces by those of the minimal diff and numbers its hunks from 1. To be called when the
    /// shown text is what is wanted and nothing is in flight. Cost is the region.
    pub(crate) fn settle(&mut self, showing: Showing) -> Vec<Hunk> {
        debug_assert!(
            self.spells_base(&self.pieces),
            "the base has changed places"
        );
        let target = self.target();
        let mut marks = self.marks();
        let mut path = Path::new(self.base(), &target, open_end::hunks(self.base(), &target));
        if showing == Showing::Withheld {
            marks.follow(&path, self.base(), &target);
        } else {
            marks.follow_back(&path, &target);
        }
        marks.widen(&mut path, showing);
        let hunks = path.hunks().to_vec();
        let numbered: Vec<Numbered> = (1..)
            .zip(&hunks)
            .map(|(number, hunk)| Numbered {
                number,
                hunk: hunk.clone(),
                verdict: Verdict::Open,
            })
            .collect();
        let pieces = self.laid(showing, &marks, &target, &numbered);
        debug_assert_eq!(
            self.shown(),
            self.spelled(&target, &pieces),
            "settling changed the shown text"
        );
        self.replace_pieces(pieces, &target);
        self.name_hunks_of_theirs();
        hunks
    }

    /// Replaces the pieces by those of other hunks that cover the same lines, some of them decided; ascending. To be
    /// called when the shown text is what is wanted and nothing is in flight. Gives whether that could be: not where
    /// a text of the user's stands across two of them. Cost is the region.
    pub(crate) fn lay_anew(&mut self, showing: Showing, hunks: &[Numbered]) -> bool {
        let target = self.target();
        let marks = self.marks();
        let sides: Vec<Hunk> = hunks.iter().map(|it| it.hunk.clone()).collect();
        let mut path = Path::new(self.base(), &target, sides.clone());
        marks.widen(&mut path, showing);
        if path.hunks() != sides {
            return false;
        }
        let pieces = self.laid(showing, &marks, &target, hunks);
        if self.spelled(&target, &pieces) != self.shown() {
            return false;
        }
        self.replace_pieces(pieces, &target);
        self.name_hunks_of_theirs();
        true
    }

    fn laid(
        &self,
        showing: Showing,
        marks: &Marks,
        target: &str,
        hunks: &[Numbered],
    ) -> Vec<Piece> {
        let kept = self.stretches_kept();
        let untouched = self.untouched();
        let mut layout = Layout::new(showing, marks, &untouched);
        for Numbered {
            number,
            hunk,
            verdict,
        } in hunks
        {
            layout.kept(hunk.new.start);
            (layout.hunk, layout.verdict) = (*number, *verdict);
            // What no edit has ever touched stays the base's own; what lies between is compared.
            for stretch in &kept {
                let from = stretch
                    .base
                    .max(hunk.old.start)
                    .max((stretch.base + hunk.new.start).saturating_sub(stretch.target));
                let to = (stretch.base + stretch.len)
                    .min(hunk.old.end)
                    .min((stretch.base + hunk.new.end).saturating_sub(stretch.target));
                if from < to {
                    let at = stretch.target + from - stretch.base;
                    self.lay_between(&mut layout, target, from, at);
                    layout.kept(at + to - from);
                }
            }
            self.lay_between(&mut layout, target, hunk.old.end, hunk.new.end);
            layout.kept(hunk.new.end);
            (layout.hunk, layout.verdict) = (0, Verdict::Open);
        }
        layout.kept(target.len());
        layout.joined()
    }

    /// Lays base and target down to where both are the same again, by what is different between them.
    fn lay_between(&self, layout: &mut Layout<'_>, target: &str, old_end: usize, new_end: usize) {
        let (old, new) = (layout.base..old_end, layout.target..new_end);
        for (gone, put) in diff::refine(&self.base()[old.clone()], &target[new.clone()]) {
            layout.kept(new.start + put.start);
            layout.gone(old.start + gone.end);
            layout.put(new.start + put.end);
        }
        layout.kept(new_end);
    }

    /// The stretches of base that the stream has kept.
    fn stretches_kept(&self) -> Vec<Kept> {
        let (mut base, mut target) = (0, 0);
        let mut kept = Vec::new();
        for piece in &self.pieces {
            let of_base = piece.origin == Origin::Base;
            if of_base && piece.in_target {
                kept.push(Kept {
                    base,
                    target,
                    len: piece.len,
                });
            }
            base += if of_base { piece.len } else { 0 };
            target += if piece.in_target { piece.len } else { 0 };
        }
        kept
    }

    /// The stretches of the target that no edit has put, with the base that they were.
    fn untouched(&self) -> Vec<Kept> {
        let mut target = 0;
        let mut untouched = Vec::new();
        for piece in self.pieces.iter().filter(|piece| piece.in_target) {
            let base = match piece.origin {
                Origin::Base => Some(piece.start),
                _ => piece.stands_for.filter(|_| piece.flipped == 0),
            };
            untouched.extend(base.map(|base| Kept {
                base,
                target,
                len: piece.len,
            }));
            target += piece.len;
        }
        untouched
    }

    fn spelled(&self, target: &str, pieces: &[Piece]) -> String {
        let shown = pieces.iter().filter(|piece| piece.shown);
        shown
            .map(|piece| match piece.origin {
                Origin::Ours => &target[piece.start..piece.start + piece.len],
                _ => self.text_of(piece),
            })
            .collect()
    }

    fn marks(&self) -> Marks {
        let mut marks = Marks {
            target_removed: Vec::new(),
            target_withheld: Vec::new(),
            base_removed: Vec::new(),
            both_removed: Vec::new(),
            theirs: Vec::new(),
        };
        let (mut target, mut base) = (0, 0);
        for piece in &self.pieces {
            match piece.origin {
                Origin::Theirs => marks.theirs.push(Theirs {
                    target,
                    base,
                    piece: *piece,
                }),
                Origin::Base => {
                    base += piece.len;
                    if piece.removed {
                        marks.base_removed.push(base - piece.len..base);
                    }
                }
                Origin::Ours => {}
            }
            if piece.in_target {
                target += piece.len;
                if piece.removed {
                    marks.target_removed.push(target - piece.len..target);
                    let of_base = match piece.origin {
                        Origin::Base => Some(piece.start),
                        _ => piece.stands_for,
                    };
                    marks.both_removed.extend(of_base.map(|base| Kept {
                        base,
                        target: target - piece.len,
                        len: piece.len,
                    }));
                }
                if piece.withheld {
                    marks.target_withheld.push(target - piece.len..target);
                }
            }
        }
        let base_removed = &marks.base_removed;
        marks.both_removed.retain(|it| {
            let (removed, len) = marked(base_removed, it.base);
            removed && it.len <= len
        });
        marks
    }
}

impl Marks {
    /// What the user typed while the model's text was not to be seen stands behind a place of the base alone:
    /// in the target it is where that place went. So is what they deleted.
    fn follow(&mut self, path: &Path<'_>, base: &str, target: &str) {
        let mut changes: Vec<(Range<usize>, Range<usize>)> = Vec::new();
        for hunk in path.hunks() {
            let pairs = diff::refine(&base[hunk.old.clone()], &target[hunk.new.clone()]);
            let (old, new) = (hunk.old.start, hunk.new.start);
            changes.extend(pairs.into_iter().map(|(gone, put)| {
                (
                    gone.start + old..gone.end + old,
                    put.start + new..put.end + new,
                )
            }));
        }
        for theirs in &mut self.theirs {
            let behind = changes.partition_point(|(gone, _)| {
                gone.start < theirs.base || gone.is_empty() && gone.start == theirs.base
            });
            theirs.target = match behind.checked_sub(1).map(|at| &changes[at]) {
                None => theirs.base,
                Some((gone, put)) => put.end + theirs.base.saturating_sub(gone.end),
            };
        }
        for other in self.on_other_lines(path, base, target) {
            let parts = self.target_removed.iter().flat_map(|it| {
                [
                    it.start..it.end.min(other.start),
                    it.start.max(other.end)..it.end,
                ]
            });
            self.target_removed = parts.filter(|part| !part.is_empty()).collect();
        }
    }

    /// Grows the hunks until the user's texts stand either on kept lines, in one place of both sides, or in a
    /// hunk; and until what the user deleted of one side of kept lines is deleted of the side to be seen.
    fn widen(&self, path: &mut Path<'_>, showing: Showing) {
        for theirs in &self.theirs {
            let point = (theirs.base, theirs.target);
            if !path.passes(point) {
                path.join(point.0..point.0, point.1..point.1);
            }
        }
        let mut differing = Vec::new();
        for (old, new) in path.kept() {
            let mut at = 0;
            while at < old.len() {
                let (base, base_len) = marked(&self.base_removed, old.start + at);
                let (target, target_len) = marked(&self.target_removed, new.start + at);
                let len = base_len.min(target_len).min(old.len() - at);
                let (seen, unseen) = match showing {
                    Showing::Applied => (target, base),
                    Showing::Withheld => (base, target),
                };
                if unseen && !seen {
                    let end = at + len;
                    differing.push((
                        old.start + at..old.start + end,
                        new.start + at..new.start + end,
                    ));
                }
                at += len;
            }
        }
        for (old, new) in differing {
            path.join(old, new);
        }
    }
}

/// Whether an offset lies in a marked range, and for how many bytes on that stays so.
fn marked(ranges: &[Range<usize>], at: usize) -> (bool, usize) {
    let next = ranges.partition_point(|range| range.end <= at);
    match ranges.get(next) {
        Some(range) if range.start <= at => (true, range.end - at),
        Some(range) => (false, range.start - at),
        None => (false, usize::MAX),
    }
}

//! From the pieces that a stream left behind to hunks: the minimal diff between base and target, laid
//! under the same text.
//!
//! While text streams, the pieces follow what the streamed diff decided line by line. Once it has ended,
//! what a person accepts or rejects should be the minimal diff. The shown text does not change here; only
//! which bytes count as kept, taken away and put.

use std::ops::Range;

use crate::piece::{Origin, Piece, Showing, Verdict};
use crate::tracked::Tracked;

/// A hunk by its whole lines on both sides, in bytes of base and target and in lines from 0.
pub(crate) use diff::Hunk;

/// What the pieces so far say about each byte of the target and of the base.
struct Marks {
    /// Ranges of the target that the user deleted.
    target_removed: Vec<Range<usize>>,
    /// Ranges of the base that the user deleted.
    base_removed: Vec<Range<usize>>,
    /// The user's text, in order.
    theirs: Vec<Theirs>,
}

/// The user's text, and before which bytes of target and base it stands.
struct Theirs {
    target: usize,
    base: usize,
    piece: Piece,
}

impl Tracked {
    /// Replaces the pieces by those of the minimal diff and numbers its hunks from 1. To be called when the
    /// shown text is what is wanted and nothing is in flight. Cost is the region.
    pub(crate) fn settle(&mut self, showing: Showing) -> Vec<Hunk> {
        self.fold_taken_back();
        let target = self.target();
        let hunks = diff::hunks(self.base(), &target);
        let marks = self.marks();
        let mut layout = Layout {
            showing,
            marks: &marks,
            pieces: Vec::new(),
            next_theirs: 0,
            hunk: 0,
            base: 0,
            target: 0,
        };
        for (number, hunk) in (1..).zip(&hunks) {
            layout.kept(hunk.new.start);
            layout.hunk = number;
            let old = &self.base()[hunk.old.clone()];
            let new = &target[hunk.new.clone()];
            for (gone, put) in diff::refine(old, new) {
                layout.kept(hunk.new.start + put.start);
                layout.gone(hunk.old.start + gone.end);
                layout.put(hunk.new.start + put.end);
            }
            layout.kept(hunk.new.end);
            layout.hunk = 0;
        }
        layout.kept(target.len());
        layout.theirs_while(|_| true);
        let pieces = layout.pieces;
        debug_assert_eq!(
            self.shown_len(),
            pieces
                .iter()
                .filter(|piece| piece.shown)
                .map(|piece| piece.len)
                .sum::<usize>(),
            "settling changed the shown text"
        );
        self.replace_pieces(pieces, target);
        hunks
    }

    /// What the user took back by undo is no longer the model's: base that stands again counts as kept.
    fn fold_taken_back(&mut self) {
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.retain(|piece| piece.origin != Origin::Ours || piece.verdict != Verdict::Rejected);
        for piece in &mut pieces {
            if piece.verdict == Verdict::Rejected {
                piece.in_target = true;
                piece.verdict = Verdict::Open;
            }
        }
        self.pieces = pieces;
    }

    fn marks(&self) -> Marks {
        let mut marks = Marks {
            target_removed: Vec::new(),
            base_removed: Vec::new(),
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
                }
            }
        }
        marks
    }
}

/// Lays the new pieces down from left to right.
struct Layout<'a> {
    showing: Showing,
    marks: &'a Marks,
    pieces: Vec<Piece>,
    next_theirs: usize,
    hunk: u32,
    /// How far base and target are laid down.
    base: usize,
    target: usize,
}

impl Layout<'_> {
    /// Base that stands in the target too, up to an offset of the target.
    fn kept(&mut self, target_end: usize) {
        while self.target < target_end {
            let (base, target, showing) = (self.base, self.target, self.showing);
            self.theirs_while(|theirs| match showing {
                Showing::Applied => theirs.target <= target,
                Showing::Withheld => theirs.base <= base,
            });
            let next = self.marks.theirs.get(self.next_theirs);
            let mut len = target_end - target;
            if let Some(theirs) = next {
                len = len.min(match showing {
                    Showing::Applied => theirs.target - target,
                    Showing::Withheld => theirs.base - base,
                });
            }
            let (target_removed, target_len) = marked(&self.marks.target_removed, target);
            let (base_removed, base_len) = marked(&self.marks.base_removed, base);
            len = len.min(target_len).min(base_len);
            if base_removed == target_removed {
                self.push(Piece::base(base, len), base_removed);
                self.base += len;
                self.target += len;
            } else {
                // The same text, but the user deleted another copy of it than the diff now pairs.
                self.gone(base + len);
                self.put(target + len);
            }
        }
    }

    /// Base that the target lacks, up to an offset of the base.
    fn gone(&mut self, base_end: usize) {
        while self.base < base_end {
            let (base, target, showing) = (self.base, self.target, self.showing);
            self.theirs_while(|theirs| {
                theirs.base <= base && (showing == Showing::Withheld || theirs.target <= target)
            });
            let next = self.marks.theirs.get(self.next_theirs);
            let mut len = base_end - base;
            if let Some(theirs) = next.filter(|theirs| theirs.base > base) {
                len = len.min(theirs.base - base);
            }
            let (removed, until) = marked(&self.marks.base_removed, base);
            len = len.min(until);
            let mut piece = Piece::base(base, len);
            piece.in_target = false;
            self.push(piece, removed);
            self.base += len;
        }
    }

    /// Text that only the target has, up to an offset of the target.
    fn put(&mut self, target_end: usize) {
        while self.target < target_end {
            let (base, target, showing) = (self.base, self.target, self.showing);
            self.theirs_while(|theirs| {
                theirs.target <= target && (showing == Showing::Applied || theirs.base <= base)
            });
            let next = self.marks.theirs.get(self.next_theirs);
            let mut len = target_end - target;
            if let Some(theirs) = next.filter(|theirs| theirs.target > target) {
                len = len.min(theirs.target - target);
            }
            let (removed, until) = marked(&self.marks.target_removed, target);
            len = len.min(until);
            self.push(Piece::ours(target, len), removed);
            self.target += len;
        }
    }

    /// The user's text that comes next, as long as it stands here.
    fn theirs_while(&mut self, here: impl Fn(&Theirs) -> bool) {
        while let Some(theirs) = self.marks.theirs.get(self.next_theirs)
            && here(theirs)
        {
            let mut piece = theirs.piece;
            piece.hunk = self.hunk;
            self.pieces.push(piece);
            self.next_theirs += 1;
        }
    }

    fn push(&mut self, mut piece: Piece, removed: bool) {
        piece.removed = removed;
        piece.hunk = self.hunk;
        piece.shown = piece.wanted(self.showing);
        self.pieces.push(piece);
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

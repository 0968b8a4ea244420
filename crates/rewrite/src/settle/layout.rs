//! [`Layout`]: the pieces of hunks and of kept lines, laid down from left to right under the same text. Which hunks
//! there are is `settle`'s.

use std::ops::Range;

use super::{Kept, Marks, marked};
use crate::piece::{Origin, Piece, Showing, Verdict};

/// Lays the new pieces down from left to right.
///
/// Each text of the user stands behind so much of the base and so much of the target, and stays there. So the
/// user's texts cut both into stretches, and only within a stretch can text of both be the same text: where the
/// diff pairs what the user's text separates, it is taken away on one side and put on the other.
pub(super) struct Layout<'a> {
    showing: Showing,
    marks: &'a Marks,
    /// The target that no edit has put, and which base it was.
    untouched: &'a [Kept],
    /// The pieces before each of the user's texts, and behind the last.
    stretches: Vec<Vec<Piece>>,
    /// The hunk that is being laid down, 0 for kept lines.
    pub(super) hunk: u32,
    pub(super) verdict: Verdict,
    /// How far base and target are laid down.
    pub(super) base: usize,
    pub(super) target: usize,
    /// Bytes of the base that the user deleted with the model's copy of them, where that is another byte's copy now.
    freed: Vec<Range<usize>>,
}

impl<'a> Layout<'a> {
    pub(super) fn new(showing: Showing, marks: &'a Marks, untouched: &'a [Kept]) -> Self {
        Layout {
            showing,
            marks,
            untouched,
            stretches: vec![Vec::new(); marks.theirs.len() + 1],
            hunk: 0,
            verdict: Verdict::Open,
            base: 0,
            target: 0,
            freed: Vec::new(),
        }
    }

    /// The stretch that a byte of the base lies in, and for how many bytes on that stays so.
    fn base_stretch(&self) -> (usize, usize) {
        let theirs = &self.marks.theirs;
        let stretch = theirs.partition_point(|it| it.base <= self.base);
        let len = theirs
            .get(stretch)
            .map_or(usize::MAX, |it| it.base - self.base);
        (stretch, len)
    }

    fn target_stretch(&self) -> (usize, usize) {
        let theirs = &self.marks.theirs;
        let stretch = theirs.partition_point(|it| it.target <= self.target);
        let len = theirs
            .get(stretch)
            .map_or(usize::MAX, |it| it.target - self.target);
        (stretch, len)
    }

    /// Base that stands in the target too, up to an offset of the target.
    pub(super) fn kept(&mut self, target_end: usize) {
        while self.target < target_end {
            let (base_removed, base_len) = marked(&self.marks.base_removed, self.base);
            let (target_removed, target_len) = marked(&self.marks.target_removed, self.target);
            let (withheld, withheld_len) = marked(&self.marks.target_withheld, self.target);
            let (base_stretch, base_room) = self.base_stretch();
            let (target_stretch, target_room) = self.target_stretch();
            let len = (target_end - self.target)
                .min(base_len)
                .min(target_len)
                .min(withheld_len)
                .min(base_room)
                .min(target_room);
            // The same text, but the user typed between the two copies, or deleted the one that is not to be
            // seen now, hence before the other came. What was deleted of the one to be seen is deleted of both.
            let (seen, unseen) = match self.showing {
                Showing::Applied => (target_removed, base_removed),
                Showing::Withheld => (base_removed, target_removed),
            };
            if withheld && !unseen && !seen && base_stretch == target_stretch {
                // What the model keeps after all gives way to nothing.
                self.push(base_stretch, Piece::base(self.base, len), false);
                if let (Showing::Applied, Some(piece)) =
                    (self.showing, self.stretches[base_stretch].last_mut())
                {
                    piece.shown = false;
                }
                self.base += len;
                self.target += len;
                continue;
            }
            // Nor was the old copy deleted with the model's where the line is another on the whole.
            let alone = self.hunk != 0 && self.showing == Showing::Applied && seen && !unseen;
            let other = unseen && !seen || alone || withheld;
            if other || base_stretch != target_stretch {
                // Only the user's text stands between the two copies: who deletes one has deleted both.
                let copy_of = (!other).then_some(self.base);
                self.gone(self.base + len);
                self.put_copy(self.target + len, copy_of);
                continue;
            }
            if self.showing == Showing::Applied && seen {
                self.free(len);
            }
            self.push(base_stretch, Piece::base(self.base, len), seen);
            self.base += len;
            self.target += len;
        }
    }

    /// The next bytes of base and target are kept and deleted. One deletion takes one line of two that are the same: the
    /// other, which it took before, is the model's to take now.
    fn free(&mut self, len: usize) {
        let (base, target) = (self.base, self.target);
        for it in &self.marks.both_removed {
            let from = it.target.max(target);
            let to = (it.target + it.len).min(target + len);
            if from >= to || it.base + from - it.target == base + from - target {
                continue;
            }
            let now = base + from - target..base + to - target;
            let gone_alone = |range: &Range<usize>| {
                let met = range.start < now.end && now.start < range.end;
                let both = |it: &Kept| it.base <= range.start && range.end <= it.base + it.len;
                met && !self.marks.both_removed.iter().any(both)
            };
            if !self.marks.base_removed.iter().any(gone_alone) {
                self.freed
                    .push(it.base + from - it.target..it.base + to - it.target);
            }
        }
    }

    /// Base that the target lacks, up to an offset of the base.
    pub(super) fn gone(&mut self, base_end: usize) {
        while self.base < base_end {
            let (stretch, room) = self.base_stretch();
            let (removed, until) = marked(&self.marks.base_removed, self.base);
            let len = (base_end - self.base).min(room).min(until);
            let mut piece = Piece::base(self.base, len);
            piece.in_target = false;
            self.push(stretch, piece, removed);
            self.base += len;
        }
    }

    /// Text that only the target has, up to an offset of the target.
    pub(super) fn put(&mut self, target_end: usize) {
        self.put_copy(target_end, None);
    }

    /// The same, of the base from an offset on.
    fn put_copy(&mut self, target_end: usize, copy_of: Option<usize>) {
        let start = self.target;
        while self.target < target_end {
            let (stretch, room) = self.target_stretch();
            let (removed, until) = marked(&self.marks.target_removed, self.target);
            let (withheld, end) = marked(&self.marks.target_withheld, self.target);
            let (stands_for, same) = self.stands_for();
            let len = (target_end - self.target).min(room).min(until).min(end);
            let len = len.min(same);
            let mut piece = Piece::ours(self.target, len);
            piece.stands_for = copy_of
                .map(|base| base + self.target - start)
                .or(stands_for);
            piece.withheld = withheld;
            self.push(stretch, piece, removed);
            self.target += len;
        }
    }

    /// Which byte of the base the stream has kept at this byte of the target, and for how many bytes on that stays so.
    fn stands_for(&self) -> (Option<usize>, usize) {
        let next = self
            .untouched
            .partition_point(|it| it.target + it.len <= self.target);
        match self.untouched.get(next) {
            Some(it) if it.target <= self.target => {
                let at = self.target - it.target;
                (Some(it.base + at), it.len - at)
            }
            Some(it) => (None, it.target - self.target),
            None => (None, usize::MAX),
        }
    }

    fn push(&mut self, stretch: usize, mut piece: Piece, removed: bool) {
        piece.removed = removed;
        piece.hunk = self.hunk;
        piece.verdict = self.verdict;
        piece.shown = piece.wanted(self.showing);
        self.stretches[stretch].push(piece);
    }

    /// All pieces in order, the user's texts between them.
    pub(super) fn joined(self) -> Vec<Piece> {
        let mut theirs = self.marks.theirs.iter().map(|it| it.piece);
        let mut pieces = Vec::new();
        for stretch in self.stretches {
            pieces.extend(stretch);
            pieces.extend(theirs.next());
        }
        for range in &self.freed {
            pieces = pieces
                .into_iter()
                .flat_map(|piece| without_deletion(piece, range, self.showing))
                .collect();
        }
        pieces
    }
}

/// The piece in up to three, the bytes of `range` (of the base) not deleted by the user: where the model took them.
fn without_deletion(
    mut piece: Piece,
    range: &Range<usize>,
    showing: Showing,
) -> impl Iterator<Item = Piece> {
    let from = range.start.max(piece.start);
    let to = range.end.min(piece.start + piece.len);
    let is_models = piece.origin == Origin::Base && !piece.in_target && piece.removed;
    let mut freed = Piece {
        removed: false,
        ..piece
    };
    if !is_models || from >= to || freed.wanted(showing) {
        return [Some(piece), None, None].into_iter().flatten();
    }
    let rest = piece.split_off(to - piece.start);
    freed.start = from;
    freed.len = to - from;
    piece.len = from - piece.start;
    [piece, freed, rest]
        .map(|it| (it.len > 0).then_some(it))
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use diff::Splice;

    use crate::piece::{Showing, Verdict};
    use crate::tracked::Tracked;

    #[test]
    fn a_word_deleted_of_the_models_line_is_deleted_of_the_old_one_where_typing_stands_between() {
        let mut tracked = Tracked::new("fofeg = vecaq + m\n".to_owned());
        let lands = |tracked: &mut Tracked, edit: u32| {
            tracked.gaps(Showing::Applied, |_| edit);
            tracked.confirm(edit, edit);
        };
        tracked.splice(&Splice {
            at: 0,
            delete: 0,
            insert: "fofeg = GAHIV + P\n".to_owned(),
        });
        lands(&mut tracked, 1);
        tracked.splice(&Splice {
            at: 18,
            delete: 18,
            insert: String::new(),
        });
        tracked.user_change(34..35, "");
        tracked.user_change(20..20, "<me>");
        lands(&mut tracked, 2);
        tracked.settle(Showing::Applied);
        tracked.user_change(0..5, "");
        tracked.decide(Verdict::Rejected, |_| true);
        assert_eq!(tracked.wanted(Showing::Applied), "<me> = vecaq + \n");
    }
}

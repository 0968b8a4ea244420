//! Where the user's text belongs once all of the model's text is known: on the line on which it was typed.
//!
//! While text streams, a line that the model keeps may have come as a line of the model's own, and the old copy of
//! it may have gone or become another line. What was typed on the old copy then stands on a wrong line. It stays
//! where it is in the document, and the model's text around it changes sides. What was deleted of the old copy is
//! deleted of the new one.

use std::ops::Range;

use super::Marks;
use super::path::Path;
use crate::open_end;
use crate::piece::{Beside, Origin, Piece};
use crate::tracked::Tracked;

impl Tracked {
    /// Lets the target move around texts of the user's until each that was typed on a line of the base that the
    /// target holds, whole, stands on that line. Gives whether there is something to send now. To be called when
    /// the shown text is what is wanted. Cost is the region if the user typed in it, else O(pieces).
    pub(crate) fn seat_typing(&mut self) -> bool {
        let typed = |piece: &Piece| matches!(piece.beside, Beside::Base(_));
        if !self.pieces.iter().any(typed) {
            return false;
        }
        let seats = self.seats();
        let said = |it: &Tracked| (it.shown(), it.target(), it.base_reading());
        let before = cfg!(debug_assertions).then(|| said(self));
        let mut moved = false;
        for (number, from, to) in seats.iter().rev() {
            moved |= from < to && self.seat_behind(*number, *to);
        }
        for (number, from, to) in &seats {
            moved |= from > to && self.seat_before(*number, *to);
        }
        debug_assert!(
            before.is_none_or(|before| before == said(self)),
            "a seat changed what the pieces say"
        );
        if moved {
            self.changes_sides = true;
            self.pieces_replaced();
        }
        moved
    }

    /// Lets what the user deleted of a line of the base that the target holds, whole, be deleted of that line: not only
    /// of the base, where the line came as one of the model's own, and not of another line that the old one became.
    /// Gives whether there is something to send now. To be called as [`Self::seat_typing`]; cost is the region if the
    /// user deleted some of the base, else O(pieces).
    pub(crate) fn seat_deletions(&mut self) -> bool {
        let deleted = |it: &Piece| it.origin == Origin::Base && it.removed;
        if !self.pieces.iter().any(deleted) {
            return false;
        }
        let target = self.target();
        let path = Path::new(self.base(), &target, open_end::hunks(self.base(), &target));
        let marks = self.marks();
        let others = marks.on_other_lines(&path, self.base(), &target);
        // Deleted of the target already, of a line that reads the same.
        let is_deleted = |from: usize, to: usize| {
            marks.both_removed.iter().any(|it| {
                let meets = it.base < to && from < it.base + it.len;
                meets
                    && !others
                        .iter()
                        .any(|other| it.target <= other.start && other.end <= it.target + it.len)
            })
        };
        let mut copies = Vec::new();
        for (old, new) in path.kept() {
            for range in &marks.base_removed {
                let (from, to) = (range.start.max(old.start), range.end.min(old.end));
                if from < to && !is_deleted(from, to) {
                    copies.push((from, new.start + from - old.start, to - from));
                }
            }
        }
        let mut any = false;
        for range in others {
            any |= self.put_anew(range);
        }
        for (base, at, len) in copies {
            any |= self.delete_copy(base, at..at + len, &target);
        }
        if any {
            self.pieces_replaced();
        }
        any
    }

    /// The model's copy of so much base is deleted, also where it is some of another line's; gives whether any of it is
    /// to be seen.
    fn delete_copy(&mut self, base: usize, copy: Range<usize>, target: &str) -> bool {
        let start = self.index_in_target(copy.start);
        let end = self.index_in_target(copy.end);
        let (mut any, mut base) = (false, base + copy.len());
        for index in (start..end).rev() {
            let piece = self.pieces[index];
            if !piece.in_target {
                continue;
            }
            base -= piece.len;
            let line = || &self.base()[line_at(self.base(), piece.start)];
            let of_base = piece.origin == Origin::Base;
            if piece.removed || of_base && line() == &target[line_at(target, copy.start)] {
                continue;
            }
            any |= piece.shown;
            let of_copy = if of_base {
                self.take_from_target(index);
                index + 1
            } else {
                index
            };
            let piece = &mut self.pieces[of_copy];
            (piece.removed, piece.stands_for) = (true, Some(base));
        }
        any
    }

    /// What the user deleted of the base in a range of the target is deleted of the base alone, and the model puts it;
    /// gives whether there was any.
    fn put_anew(&mut self, target: Range<usize>) -> bool {
        let start = self.index_in_target(target.start);
        let end = self.index_in_target(target.end);
        let mut any = false;
        for index in (start..end).rev() {
            let piece = self.pieces[index];
            if piece.in_target && piece.origin == Origin::Base && piece.removed {
                self.take_from_target(index);
                any = true;
            }
        }
        any
    }

    fn base_reading(&self) -> String {
        let base = self
            .pieces
            .iter()
            .filter(|piece| piece.origin == Origin::Base);
        base.map(|piece| self.text_of(piece)).collect()
    }

    /// Which of the user's texts, counted from 0, stands behind so much of the target and belongs behind so much.
    fn seats(&self) -> Vec<(usize, usize, usize)> {
        let target = self.target();
        let path = Path::new(self.base(), &target, open_end::hunks(self.base(), &target));
        let theirs = self.marks().theirs.into_iter().enumerate();
        theirs
            .filter_map(|(number, it)| {
                let Beside::Base(at) = it.piece.beside else {
                    return None;
                };
                let line = line_at(self.base(), at);
                let to = path.in_kept_lines(&line, at)?;
                (to != it.target && !self.is_whole_in_target(&line))
                    .then_some((number, it.target, to))
            })
            .collect()
    }

    /// Whether the stream has kept these bytes of the base, and put nothing between them.
    fn is_whole_in_target(&self, base: &Range<usize>) -> bool {
        let (mut end, mut stands_at) = (base.start, None);
        for kept in self.stretches_kept() {
            let (from, to) = (
                kept.base.max(base.start),
                (kept.base + kept.len).min(base.end),
            );
            if from >= to {
                continue;
            }
            let at = kept.target + from - kept.base;
            if from != end || stands_at.is_some_and(|expected| expected != at) {
                return false;
            }
            (end, stands_at) = (to, Some(at + to - from));
        }
        end == base.end
    }

    fn place_of_theirs(&self, number: usize) -> Option<usize> {
        let theirs = |(_, piece): &(usize, &Piece)| piece.origin == Origin::Theirs;
        let mut all = self.pieces.iter().enumerate().filter(theirs);
        all.nth(number).map(|(index, _)| index)
    }

    /// The target up to an offset, which stands behind a text of the user's, comes before it.
    fn seat_behind(&mut self, number: usize, to: usize) -> bool {
        let end = self.index_in_target(to);
        let Some(index) = self.place_of_theirs(number).filter(|index| *index < end) else {
            return false;
        };
        let Some((stays, moves)) = self.parted(index + 1..end) else {
            return false;
        };
        let theirs = self.pieces[index];
        let pieces = moves.into_iter().chain([theirs]).chain(stays);
        self.pieces.splice(index..end, pieces.collect::<Vec<_>>());
        true
    }

    /// The target from an offset on, which stands before a text of the user's, comes behind it.
    fn seat_before(&mut self, number: usize, to: usize) -> bool {
        let start = self.index_in_target(to);
        // What the user typed there before stays before it.
        let here = self.pieces[start..].iter().take_while(|it| !it.in_target);
        let here = here
            .enumerate()
            .filter(|(_, it)| it.origin == Origin::Theirs);
        let start = start + here.last().map_or(0, |(at, _)| at + 1);
        let Some(index) = self.place_of_theirs(number).filter(|index| *index >= start) else {
            return false;
        };
        let Some((stays, moves)) = self.parted(start..index) else {
            return false;
        };
        let theirs = self.pieces[index];
        let pieces = stays.into_iter().chain([theirs]).chain(moves);
        self.pieces
            .splice(start..=index, pieces.collect::<Vec<_>>());
        true
    }

    /// Pieces as those that stay, the base among them, and those that make the same target elsewhere, not shown
    /// yet. None where the user has typed among them: no edit of ours touches the user's text, so it cannot pass.
    fn parted(&mut self, range: Range<usize>) -> Option<(Vec<Piece>, Vec<Piece>)> {
        let before = self.pieces[..range.start].iter();
        let mut at: usize = before.filter(|it| it.in_target).map(|it| it.len).sum();
        let pieces = self.pieces[range].to_vec();
        if pieces.iter().any(|piece| piece.origin == Origin::Theirs) {
            return None;
        }
        let (mut stays, mut moves) = (Vec::new(), Vec::new());
        for piece in pieces {
            if !piece.in_target {
                stays.push(piece);
                continue;
            }
            let text = self.text_of(&piece).to_owned();
            // Base that the user deleted stays known as what the copy was.
            let deleted = piece.removed && piece.origin == Origin::Base;
            moves.push(Piece {
                removed: piece.removed,
                withheld: piece.withheld,
                stands_for: deleted.then_some(piece.start),
                ..Piece::ours(self.ours.len(), piece.len)
            });
            self.ours.push_str(&text);
            if piece.origin == Origin::Base || piece.shown {
                // Until it has gone the user may delete some of it.
                stays.push(Piece {
                    in_target: false,
                    was_at: Some(at),
                    ..piece
                });
            }
            at += piece.len;
        }
        Some((stays, moves))
    }
}

impl Marks {
    /// What the user deleted of the target because the stream had made another line of the old one, which the target
    /// holds, whole, elsewhere.
    pub(super) fn on_other_lines(
        &self,
        path: &Path<'_>,
        base: &str,
        target: &str,
    ) -> Vec<Range<usize>> {
        let mut others = Vec::new();
        for (old, new) in path.kept() {
            for it in &self.both_removed {
                let (from, to) = (it.base.max(old.start), (it.base + it.len).min(old.end));
                let at = it.target + from - it.base;
                if from < to
                    && at != new.start + from - old.start
                    && base[line_at(base, from)] != target[line_at(target, at)]
                {
                    others.push(at..at + to - from);
                }
            }
        }
        others
    }

    /// What the user typed on a line of the model's that turns out to be a line of the base stands on that line
    /// of the base too.
    pub(super) fn follow_back(&mut self, path: &Path<'_>, target: &str) {
        let place = |it: &super::Theirs| {
            let line = line_at(target, it.target);
            let base = path.of_kept_lines(&line, it.target)?;
            let known = [Beside::Ours, Beside::Base(base)].contains(&it.piece.beside);
            known.then_some(base)
        };
        let places: Vec<Option<usize>> = self.theirs.iter().map(place).collect();
        // In an order in which none has to pass another.
        for (at, place) in places.iter().enumerate().rev() {
            let behind = self.theirs.get(at + 1).map_or(usize::MAX, |it| it.base);
            if let Some(place) =
                place.filter(|place| self.theirs[at].base < *place && *place <= behind)
            {
                self.theirs[at].base = place;
            }
        }
        for (at, place) in places.iter().enumerate() {
            let before = at.checked_sub(1).map_or(0, |at| self.theirs[at].base);
            if let Some(place) =
                place.filter(|place| before <= *place && *place < self.theirs[at].base)
            {
                self.theirs[at].base = place;
            }
        }
    }
}

/// The line at an offset, without its line break.
fn line_at(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let end = text[at..].find('\n').map_or(text.len(), |len| at + len);
    start..end
}

#[cfg(test)]
mod tests {
    use diff::Splice;

    use crate::piece::Showing;
    use crate::tracked::Tracked;

    #[test]
    fn a_word_deleted_of_a_line_that_is_on_its_way_past_typing_stays_deleted() {
        let mut tracked = Tracked::new("\nif {\n\n".to_owned());
        let lands = |tracked: &mut Tracked, edit: u32| {
            tracked.gaps(Showing::Applied, |_| edit);
            tracked.confirm(edit, edit);
        };
        tracked.user_change(2..2, "<me>");
        for (at, delete, insert) in [(0, 0, "if {"), (5, 4, "* NEW")] {
            tracked.splice(&Splice {
                at,
                delete,
                insert: insert.to_owned(),
            });
        }
        lands(&mut tracked, 1);
        assert_eq!(tracked.shown(), "if {\n* NEW<me>\n\n");
        assert!(tracked.seat_typing(), "its line is above now");
        tracked.user_change(7..10, "");
        lands(&mut tracked, 2);
        assert_eq!(tracked.shown(), "i<me>f {\n* \n\n");
        tracked.settle(Showing::Applied);
        assert_eq!(tracked.wanted(Showing::Applied), "i<me>f {\n* \n\n");
    }
}

//! Where the user's text belongs once all of the model's text is known: on the line on which it was typed.
//!
//! While text streams, a line that the model keeps may have come as a line of the model's own, and the old copy of
//! it may have gone or become another line. What was typed on the old copy then stands on a wrong line. It stays
//! where it is in the document, and the model's text around it changes sides.

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
    /// yet. None where the user has typed among them or deleted some of the base: no edit of ours touches the user's
    /// text, so it cannot pass.
    fn parted(&mut self, range: Range<usize>) -> Option<(Vec<Piece>, Vec<Piece>)> {
        let pieces = self.pieces[range].to_vec();
        let of_user = |piece: &Piece| {
            piece.origin == Origin::Theirs || piece.origin == Origin::Base && piece.removed
        };
        if pieces.iter().any(of_user) {
            return None;
        }
        let (mut stays, mut moves) = (Vec::new(), Vec::new());
        for piece in pieces {
            if !piece.in_target {
                stays.push(piece);
                continue;
            }
            let text = self.text_of(&piece).to_owned();
            moves.push(Piece {
                removed: piece.removed,
                withheld: piece.withheld,
                ..Piece::ours(self.ours.len(), piece.len)
            });
            self.ours.push_str(&text);
            if piece.origin == Origin::Base || piece.shown {
                stays.push(Piece {
                    in_target: false,
                    ..piece
                });
            }
        }
        Some((stays, moves))
    }
}

impl Marks {
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

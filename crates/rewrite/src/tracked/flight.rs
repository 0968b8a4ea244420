//! What of a region is still to be asked for, what is under way, and what becomes of it when it has arrived, is lost or was
//! refused. When an edit is sent, and what proves it, is `document`'s.

use std::ops::Range;

use super::restored::Edge;
use super::{Finger, Gap, Tracked};
use crate::piece::{Origin, Piece, Showing};

/// Where a part of the edit in flight goes.
pub(crate) struct Place {
    pub(crate) part: u32,
    /// What it replaces, and what was typed in between: bytes of the shown text.
    pub(crate) range: Range<usize>,
    /// It puts text before all that is shown.
    pub(crate) is_first: bool,
    /// The user has deleted what is right beside it.
    pub(crate) is_torn: bool,
    /// What the user had deleted came back in the middle of it.
    pub(crate) is_parted: bool,
}

impl Tracked {
    /// Whether something is shown that is not wanted, or the reverse. O(pieces) when something happened, else O(1).
    pub(crate) fn has_gap(&mut self, showing: Showing) -> bool {
        if self.dirty {
            self.narrow_gaps(showing);
            self.dirty = self
                .pieces
                .iter()
                .any(|piece| piece.shown != piece.wanted(showing));
        }
        self.dirty
    }

    /// The replacements that would make the shown text what is wanted. Marks the pieces as in flight under
    /// the numbers that `part` gives for each; 0 where it has to wait, see [`Self::wait`]. O(pieces).
    pub(crate) fn gaps(&mut self, showing: Showing, mut part: impl FnMut(Gap) -> u32) {
        self.narrow_gaps(showing);
        self.dirty = false;
        let mut shown = 0;
        let mut index = 0;
        while index < self.pieces.len() {
            let piece = &self.pieces[index];
            if piece.shown == piece.wanted(showing) {
                shown += if piece.shown { piece.len } else { 0 };
                index += 1;
                continue;
            }
            // A run of pieces to flip, with hidden ones in between, is one replacement.
            let mut gap = Gap {
                range: shown..shown,
                text: String::new(),
            };
            let mut gone = String::new();
            let mut end = index;
            let mut last = index;
            while let Some(piece) = self.pieces.get(end) {
                match (piece.shown, piece.wanted(showing)) {
                    (true, true) => break,
                    (false, false) => {}
                    (true, false) => {
                        gap.range.end += piece.len;
                        gone.push_str(self.text_of(piece));
                        last = end;
                    }
                    (false, true) => {
                        gap.text.push_str(self.text_of(piece));
                        last = end;
                    }
                }
                end += 1;
            }
            shown = gap.range.end;
            // What would change nothing is never reported: it counts as done.
            let number = (gone != gap.text).then(|| part(gap));
            for piece in &mut self.pieces[index..=last] {
                if piece.shown != piece.wanted(showing) {
                    match number {
                        Some(number) => piece.flight = number,
                        None => piece.shown = !piece.shown,
                    }
                }
            }
            index = last + 1;
        }
    }

    /// Something that is wanted was not sent.
    pub(crate) fn wait(&mut self) {
        self.dirty = true;
    }

    /// The editor has applied part `part` of edit `edit`. Gives by how much the shown text grew. O(pieces).
    pub(crate) fn confirm(&mut self, part: u32, edit: u32) -> isize {
        if self.pieces.iter().all(|piece| piece.flight != part) {
            return 0;
        }
        if self.moments.landed() != edit {
            self.remember_moment(true);
            self.moments.land(edit);
        }
        self.finger = Finger::default();
        let before = self.shown_len;
        for piece in &mut self.pieces {
            if piece.forestalled == part {
                piece.forestalled = 0;
            }
            if piece.flight != part {
                continue;
            }
            piece.flight = 0;
            piece.flipped = edit;
            piece.doubted = false;
            piece.shown = !piece.shown;
            if piece.shown {
                self.shown_len += piece.len;
            } else {
                self.shown_len -= piece.len;
            }
        }
        self.forget_taken_back();
        self.dirty = true;
        self.shown_len as isize - before as isize
    }

    /// By how many bytes each piece lets the shown text grow when its part of the edit in flight arrives, with the
    /// part's number. O(pieces).
    pub(crate) fn growths(&self) -> impl Iterator<Item = (u32, isize)> {
        let pieces = self.pieces.iter().filter(|piece| piece.flight != 0);
        pieces.map(|piece| {
            let len = piece.len as isize;
            (piece.flight, if piece.shown { -len } else { len })
        })
    }

    /// Whether an edit in flight will change it. O(pieces).
    pub(crate) fn is_in_flight(&self) -> bool {
        self.pieces.iter().any(|piece| piece.flight != 0)
    }

    /// Whether a part of the edit in flight will put text before all that is shown. O(pieces).
    pub(crate) fn begins_with_part(&self, part: u32) -> bool {
        let mut pieces = self.pieces.iter();
        let first = pieces.find(|piece| piece.shown || piece.flight != 0);
        first.is_some_and(|piece| !piece.shown && piece.flight == part)
    }

    /// Where the parts of the edit in flight go, in order. O(pieces).
    pub(crate) fn places_of_parts(&self) -> impl Iterator<Item = Place> {
        // Each with its bytes of the shown text, and its pieces from the first to the last.
        let mut parts: Vec<(u32, Range<usize>, Range<usize>)> = Vec::new();
        let mut end = 0;
        for (index, piece) in self.pieces.iter().enumerate() {
            let start = end;
            end += if piece.shown { piece.len } else { 0 };
            match parts.last_mut().filter(|(part, ..)| *part == piece.flight) {
                Some((_, range, pieces)) => (range.end, pieces.end) = (end, index + 1),
                None if piece.flight == 0 => {}
                None => parts.push((piece.flight, start..end, index..index + 1)),
            }
        }
        let is_removed = |index: usize| self.pieces.get(index).is_some_and(|it| it.removed);
        let comes_between = |it: &Piece| it.shown && it.flight == 0 && it.origin != Origin::Theirs;
        parts.into_iter().map(move |(part, range, pieces)| Place {
            part,
            is_parted: self.pieces[pieces.clone()].iter().any(comes_between),
            is_first: range.start == 0 && self.begins_with_part(part),
            is_torn: pieces.start > 0 && is_removed(pieces.start - 1) || is_removed(pieces.end),
            range,
        })
    }

    /// What the user typed before the region turns out to stand inside of it, right behind what a part puts.
    pub(crate) fn take_in(&mut self, part: u32, text: &str) {
        let last = self.pieces.iter().rposition(|piece| piece.flight == part);
        if let Some(index) = last {
            let piece = Piece::theirs(self.theirs.len(), text.len());
            self.theirs.push_str(text);
            self.pieces.insert(index + 1, piece);
            self.pieces_replaced();
        }
    }

    /// The edit in flight was not applied: its pieces are as they were.
    pub(crate) fn drop_flight(&mut self) {
        for piece in &mut self.pieces {
            self.dirty |= piece.flight != 0;
            piece.flight = 0;
            piece.forestalled = 0;
        }
    }

    /// An edit that seemed to have arrived was refused, by an editor whose word on it is not believed: what it took away
    /// may come back, by the user's undo. O(pieces).
    pub(crate) fn doubt(&mut self, edit: u32) {
        let pieces = self.pieces.iter_mut();
        for piece in pieces.filter(|it| it.flipped == edit && !it.shown) {
            piece.doubted = true;
        }
        self.unland(edit);
    }

    /// An edit that seemed to have arrived was refused: what it seemed to do the user did. What stands at an edge
    /// then stands outside: gives how many bytes of it stand before the region. O(pieces).
    pub(crate) fn refute(&mut self, edit: u32, which: impl Fn(&Piece) -> bool) -> usize {
        let (mut index, mut before) = (0, 0);
        let (mut start, mut end) = (false, false);
        while index < self.pieces.len() {
            let piece = &mut self.pieces[index];
            index += 1;
            if piece.flipped != edit || !which(piece) {
                continue;
            }
            piece.flipped = 0;
            if !piece.shown {
                piece.removed = true;
            } else if piece.origin == Origin::Ours {
                // The user typed it; the model's is still to come.
                piece.shown = false;
                let len = piece.len;
                let is_shown = |piece: &Piece| piece.shown;
                let at_start = !self.pieces[..index].iter().any(is_shown);
                if at_start || !self.pieces[index..].iter().any(is_shown) {
                    self.shown_len -= len;
                    before += if at_start { len } else { 0 };
                    start |= at_start;
                    end |= !at_start;
                    continue;
                }
                let piece = &self.pieces[index - 1];
                let text = &self.ours[piece.start..piece.start + piece.len];
                let typed = Piece::theirs(self.theirs.len(), piece.len);
                self.theirs.push_str(text);
                self.pieces.insert(index, typed);
                index += 1;
            }
        }
        // What was typed beside it was typed at the edge.
        if start {
            before += self.put_outside(Edge::Start);
        }
        if end {
            self.put_outside(Edge::End);
        }
        self.unland(edit);
        self.finger = Finger::default();
        self.dirty = true;
        before
    }

    /// The user's text right inside of an edge stands outside of it; gives how many bytes.
    fn put_outside(&mut self, edge: Edge) -> usize {
        let mut len = 0;
        loop {
            let mut shown = self.pieces.iter();
            let at = match edge {
                Edge::Start => shown.position(|piece| piece.shown),
                Edge::End => shown.rposition(|piece| piece.shown),
            };
            let of_user = at.filter(|at| self.pieces[*at].origin == Origin::Theirs);
            let Some(at) = of_user else {
                self.shown_len -= len;
                return len;
            };
            len += self.pieces.remove(at).len;
        }
    }
}

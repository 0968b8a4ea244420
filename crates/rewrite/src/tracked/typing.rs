//! What the user types and deletes in a region. What comes back of it is in `restored`, where it stands against the model's
//! text in `precedence`.

use std::ops::Range;

use super::{Finger, Tracked};
use crate::piece::{Beside, Origin, Piece};

impl Tracked {
    /// The index of the piece before which a change of the shown text at `at` goes: right behind what the
    /// user typed there before, else right before the next shown character, hence behind text of the
    /// model that waits there. Splits a piece if need be.
    fn shown_index(&mut self, at: usize) -> usize {
        self.finger = Finger::default();
        let mut shown = 0;
        let mut behind_theirs = None;
        for index in 0..self.pieces.len() {
            let piece = &mut self.pieces[index];
            if !piece.shown {
                continue;
            }
            if shown == at {
                return behind_theirs.unwrap_or(index);
            }
            behind_theirs = (piece.origin == Origin::Theirs).then_some(index + 1);
            if shown + piece.len > at {
                let rest = piece.split_off(at - shown);
                self.pieces.insert(index + 1, rest);
                return index + 1;
            }
            shown += piece.len;
        }
        behind_theirs.unwrap_or(self.pieces.len())
    }

    /// Whether a range of the shown text begins and ends between characters. O(pieces).
    pub(crate) fn is_on_characters(&self, range: &Range<usize>) -> bool {
        let whole = |at: usize| {
            let mut shown = 0;
            for piece in self.pieces.iter().filter(|piece| piece.shown) {
                if at < shown + piece.len {
                    return self.text_of(piece).is_char_boundary(at - shown);
                }
                shown += piece.len;
            }
            at == shown
        };
        whole(range.start) && whole(range.end)
    }

    /// The user replaced a range of the shown text. O(pieces).
    pub(crate) fn user_change(&mut self, range: Range<usize>, text: &str) {
        if range.is_empty() && self.takes_mixture_back(range.start, text) {
            return;
        }
        self.note_mixture(&range);
        self.remember_moment(false);
        let mut index = if text.ends_with('\n') && self.begins_line(range.start) {
            self.line_index(range.start)
        } else {
            self.shown_index(range.start)
        };
        let back = match text {
            "" => Vec::new(),
            text => self.deleted_there(index, range.len(), text),
        };
        if !text.is_empty() && back.is_empty() {
            let start = self.theirs.len();
            self.theirs.push_str(text);
            let piece = Piece {
                beside: self.beside(index, range.len()),
                ..Piece::theirs(start, text.len())
            };
            self.shown_len += text.len();
            match index.checked_sub(1).map(|before| &mut self.pieces[before]) {
                Some(last) if last.origin == Origin::Theirs && last.start + last.len == start => {
                    last.len += text.len();
                }
                _ => {
                    self.pieces.insert(index, piece);
                    index += 1;
                }
            }
        }
        let mut left = range.len();
        let mut copies = Vec::new();
        while left > 0 && index < self.pieces.len() {
            let piece = &mut self.pieces[index];
            if !piece.shown {
                index += 1;
                continue;
            }
            let cut = self.cut_piece(index, left).len;
            left -= cut;
            self.shown_len -= cut;
            let piece = &mut self.pieces[index];
            if piece.origin == Origin::Theirs {
                self.pieces.remove(index);
            } else {
                self.deleted_ours |= piece.origin == Origin::Ours;
                piece.removed = true;
                piece.shown = false;
                piece.forestalled = std::mem::take(&mut piece.flight);
                copies.extend(self.copy_of(index));
                index += 1 + self.remove_what_it_stands_for(index, true);
            }
        }
        for copy in copies {
            self.delete_of_target(copy, true);
        }
        self.take_back(&back);
        if text.is_empty() {
            self.take_back_what_is_left(index);
        }
        if self.moments.is_settled() {
            self.name_hunks_of_theirs();
        }
    }

    /// What stands on the line at the place before a piece, before it or else behind the next `gone` bytes shown.
    fn beside(&self, index: usize, mut gone: usize) -> Beside {
        let shown = |piece: &&Piece| piece.shown;
        let mut before = self.pieces[..index].iter().rev().filter(shown);
        match before.next() {
            Some(piece) if piece.origin == Origin::Theirs => return piece.beside,
            Some(piece) if !self.text_of(piece).ends_with('\n') => {
                return match piece.origin {
                    Origin::Base if !self.has_ours_on_line(index) => {
                        Beside::Base(piece.start + piece.len)
                    }
                    _ => Beside::Ours,
                };
            }
            _ => {}
        }
        for piece in self.pieces[index..].iter().filter(shown) {
            if gone >= piece.len {
                gone -= piece.len;
                continue;
            }
            return match piece.origin {
                Origin::Theirs => piece.beside,
                Origin::Base if !self.has_ours_on_line(index) => Beside::Base(piece.start + gone),
                _ => Beside::Ours,
            };
        }
        Beside::Nothing
    }

    /// Whether text of the model is shown on the line of the place before a piece. O(the line).
    fn has_ours_on_line(&self, index: usize) -> bool {
        let (before, behind) = self.pieces.split_at(index);
        let ours = |piece: &Piece| piece.origin == Origin::Ours;
        for piece in before.iter().rev().filter(|piece| piece.shown) {
            let text = self.text_of(piece);
            if text.ends_with('\n') {
                break;
            }
            if ours(piece) {
                return true;
            }
            if text.contains('\n') {
                break;
            }
        }
        for piece in behind.iter().filter(|piece| piece.shown) {
            let text = self.text_of(piece);
            if ours(piece) && !text.starts_with('\n') {
                return true;
            }
            if text.contains('\n') {
                break;
            }
        }
        false
    }

    /// Whether a place in the shown text is the start of a line. O(pieces).
    fn begins_line(&self, at: usize) -> bool {
        let mut shown = 0;
        for piece in self.pieces.iter().filter(|piece| piece.shown) {
            if shown + piece.len >= at {
                return self.text_of(piece)[..at - shown].ends_with('\n');
            }
            shown += piece.len;
        }
        false
    }

    /// The index of the piece before which whole lines typed at the start of a line go: before what is hidden of
    /// the base's line that they push down. Splits a piece if need be.
    fn line_index(&mut self, at: usize) -> usize {
        let index = self.shown_index(at);
        let hidden = |piece: &&Piece| piece.origin == Origin::Base && !piece.shown;
        let pushed_down = self.pieces[..index].iter().rev().take_while(hidden);
        index - pushed_down.count()
    }
}

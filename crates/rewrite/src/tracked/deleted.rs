//! What the user deleted of the model's text stays deleted while the stream goes on. Where in the text a deletion was made
//! is `deletion`'s.

use std::ops::Range;

use super::{Finger, Tracked};
use crate::attribution::common_prefix;
use crate::piece::{Origin, Piece};

/// What the user deleted of the model's text.
pub(crate) struct Deleted {
    /// The target then.
    target: String,
    /// Bytes of it, ascending.
    ranges: Vec<Range<usize>>,
}

impl Tracked {
    /// What the user has deleted of the model's text so far, if anything. Costs the region where there is something.
    pub(crate) fn deleted_of_ours(&self) -> Option<Deleted> {
        if !self.deleted_ours {
            return None;
        }
        let mut at = 0;
        let mut ranges = Vec::new();
        for piece in self.pieces.iter().filter(|piece| piece.in_target) {
            if piece.removed && piece.origin == Origin::Ours {
                ranges.push(at..at + piece.len);
            }
            at += piece.len;
        }
        let any = !ranges.is_empty();
        any.then(|| Deleted {
            target: self.target(),
            ranges,
        })
    }

    /// The model's text may have been laid anew meanwhile, elsewhere among the base: what was deleted of it stays
    /// deleted. Costs the region.
    pub(crate) fn delete_again(&mut self, deleted: &Deleted) {
        let same = common_prefix(&deleted.target, &self.target());
        for range in deleted.ranges.iter().filter(|range| range.end <= same) {
            self.delete_of_target(range.clone(), true);
        }
    }

    /// Where in the target a piece has gone that the stream has laid anew: what the user deletes of it is deleted there.
    pub(super) fn copy_of(&self, index: usize) -> Option<Range<usize>> {
        let piece = self.pieces[index];
        let at = piece.was_at.filter(|_| !piece.in_target)?;
        let target = self.target();
        let same = target.get(at..at + piece.len) == Some(self.text_of(&piece));
        same.then_some(at..at + piece.len)
    }

    /// The user has deleted a range of the target, or has it back. Base in it is no more of the target then, and a copy of
    /// the model's own is. O(pieces).
    pub(super) fn delete_of_target(&mut self, range: Range<usize>, removed: bool) {
        let start = self.index_in_target(range.start);
        let end = self.index_in_target(range.end);
        for index in (start..end).rev() {
            let piece = &mut self.pieces[index];
            match piece.origin {
                _ if !piece.in_target || piece.removed == removed => {}
                Origin::Base if removed => {
                    self.take_from_target(index);
                    self.pieces[index + 1].removed = true;
                }
                Origin::Base => {}
                _ => piece.removed = removed,
            }
        }
        self.finger = Finger::default();
    }

    /// Base that the target holds is no more of it, and a copy of the model's own is.
    pub(crate) fn take_from_target(&mut self, index: usize) {
        let piece = self.pieces[index];
        let text = self.text_of(&piece).to_owned();
        let copy = Piece::ours(self.ours.len(), piece.len);
        self.ours.push_str(&text);
        self.pieces[index].in_target = false;
        self.pieces.insert(index + 1, copy);
    }
}

//! What the user deleted of the model's text stays deleted while the stream goes on. Where in the text a deletion was made
//! is `deletion`'s.

use std::ops::Range;

use super::{Finger, Tracked};
use crate::attribution::common_prefix;
use crate::piece::Origin;

/// What the user deleted of the model's text.
pub(crate) struct Deleted {
    /// The target then.
    target: String,
    /// Bytes of it, ascending.
    ranges: Vec<Range<usize>>,
}

impl Tracked {
    /// What the user has deleted of the model's text so far, if anything. Costs the region then.
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
        let target = self.target();
        Some(Deleted { target, ranges })
    }

    /// The model's text may have been laid anew meanwhile, elsewhere among the base: what was deleted of it stays
    /// deleted. Costs the region.
    pub(crate) fn delete_again(&mut self, deleted: &Deleted) {
        let same = common_prefix(&deleted.target, &self.target());
        for range in deleted.ranges.iter().filter(|range| range.end <= same) {
            let start = self.index_in_target(range.start);
            let end = self.index_in_target(range.end);
            for piece in &mut self.pieces[start..end] {
                piece.removed |= piece.in_target;
            }
        }
        self.finger = Finger::default();
    }
}

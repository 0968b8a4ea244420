//! Lines of the base that the model puts elsewhere, whole: what the user deleted in the old line does not come back with
//! the new one. What was deleted in lines that stay is `settle`'s.

use std::collections::HashMap;
use std::ops::Range;

use super::Tracked;
use crate::piece::{Origin, Piece, Verdict};

impl Tracked {
    /// Withholds what the user deleted of a line that the target holds elsewhere. Nothing that is decided. To be called when
    /// nothing is in flight. Costs the region where the user deleted words of base that the model does not keep, else
    /// O(pieces).
    pub(super) fn give_way_in_moved_lines(&mut self) {
        let deleted = self.deleted_alone();
        if deleted.is_empty() {
            return;
        }
        let target = self.target();
        let moved = moved_lines(self.base(), &target);
        for range in deleted {
            for (old, new) in moved.iter().filter(|(old, _)| meet(old, &range)) {
                let from = new + range.start.max(old.start) - old.start;
                let to = new + range.end.min(old.end) - old.start;
                let (first, last) = (self.index_in_target(from), self.index_in_target(to));
                for piece in &mut self.pieces[first..last] {
                    let ours = piece.origin == Origin::Ours && piece.in_target && !piece.removed;
                    piece.withheld |= ours && piece.verdict == Verdict::Open;
                }
            }
        }
    }

    /// What the user deleted of base that the model does not keep, blanks apart: bytes of the base. O(pieces).
    fn deleted_alone(&self) -> Vec<Range<usize>> {
        let deleted = |it: &&Piece| it.origin == Origin::Base && !it.in_target && it.removed;
        let says = |it: &&Piece| !self.text_of(it).trim().is_empty();
        let pieces = self.pieces.iter().filter(deleted).filter(says);
        pieces.map(|it| it.start..it.start + it.len).collect()
    }
}

/// The lines that both texts hold once, without their line breaks: bytes of the base, and where the target's begins.
fn moved_lines(base: &str, target: &str) -> Vec<(Range<usize>, usize)> {
    // None for what is there twice.
    let mut places: HashMap<&str, Option<usize>> = HashMap::new();
    for (at, line) in lines(target) {
        let twice = places.contains_key(line);
        places.insert(line, (!twice).then_some(at));
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    lines(base).for_each(|(_, line)| *seen.entry(line).or_default() += 1);
    let once = lines(base).filter(|(_, line)| !line.trim().is_empty() && seen[line] == 1);
    once.filter_map(|(at, line)| {
        let new = places.get(line).copied().flatten()?;
        Some((at..at + line.len(), new))
    })
    .collect()
}

/// The lines of a text, each with where it begins, without their line breaks.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches(['\r', '\n']))
    })
}

fn meet(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

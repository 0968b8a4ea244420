//! Where a deletion was made that says the same in several places: an editor that compares texts tells of the lines
//! `if a {` and what follows, deleted before an `if b {`, as of `a {` up to the next `if `. At a region's edge it
//! matters which was meant.

use std::ops::Range;

use text::Text;

use super::DocumentRewrites;
use crate::attribution::Replacement;

/// How far a deletion is moved, in bytes.
const FURTHEST: usize = 4_096;

impl DocumentRewrites {
    /// Moves each deletion that reaches over one edge of a region to where it says the same and reaches over none;
    /// whole lines before others, the nearest place before others. `changes` are sorted, in bytes of `text`; the
    /// regions are those of `text`, too. Costs what is deleted over an edge.
    pub(super) fn seat_deletions(&self, text: &Text, changes: &mut [Replacement]) {
        for at in 0..changes.len() {
            let (range, put) = &changes[at];
            if put.is_empty() && self.cuts_a_region(range) {
                let floor = at.checked_sub(1).map_or(0, |before| changes[before].0.end);
                let next = changes.get(at + 1).map(|(range, _)| range.start);
                let room = floor..next.unwrap_or(text.len());
                if let Some(range) = self.seat(text, range, &room) {
                    changes[at].0 = range;
                }
            }
        }
    }

    fn seat(&self, text: &Text, range: &Range<usize>, room: &Range<usize>) -> Option<Range<usize>> {
        let Range { start, end } = *range;
        let back = (start - room.start).min(FURTHEST);
        let on = (room.end - end).min(FURTHEST);
        let back = (1..=back).take_while(|n| text.byte(start - n) == text.byte(end - n));
        let on = (1..=on).take_while(|n| text.byte(start + n - 1) == text.byte(end + n - 1));
        let whole = |range: &Range<usize>| {
            let begins = |at: usize| at == text.len() || text.line_start(text.line_of(at)) == at;
            begins(range.start) && begins(range.end)
        };
        let earlier = back.map(|n| (n, start - n..end - n));
        earlier
            .chain(on.map(|n| (n, start + n..end + n)))
            .filter(|(_, it)| text.is_boundary(it.start) && text.is_boundary(it.end))
            .filter(|(_, it)| !text.splits_crlf(it.start) && !text.splits_crlf(it.end))
            .filter(|(_, it)| !self.cuts_a_region(it))
            .min_by_key(|(n, it)| (!whole(it), *n))
            .map(|(_, it)| it)
    }

    /// Whether a range holds one edge of a region, and text on both sides of it.
    fn cuts_a_region(&self, range: &Range<usize>) -> bool {
        let mut regions = self
            .rewrites
            .iter()
            .filter(|it| !it.is_stale())
            .map(|it| it.region());
        regions.any(|region| {
            let over = |edge: usize| range.start < edge && edge < range.end;
            let swallowed = range.start <= region.start && region.end <= range.end;
            !swallowed && (over(region.start) || over(region.end))
        })
    }
}

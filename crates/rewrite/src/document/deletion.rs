//! Where a deletion was made that says the same in several places: an editor that compares texts tells of the lines
//! `if a {` and what follows, deleted before an `if b {`, as of `a {` up to the next `if `. At a region's edge it
//! matters which was meant.

use std::borrow::Cow;
use std::ops::Range;

use text::{Bias, ChangeSet, Text};

use super::DocumentRewrites;

/// How far a deletion is moved, in bytes.
const FURTHEST: usize = 4_096;

impl DocumentRewrites {
    /// Moves each deletion that reaches over one edge of a region to where it says the same, is one of whole lines
    /// and reaches over no edge. Costs the changes, and what is deleted over an edge.
    pub(super) fn seated<'a>(&self, changes: &'a [ChangeSet]) -> Cow<'a, [ChangeSet]> {
        let mut seated = Cow::Borrowed(changes);
        let active = self.rewrites.iter().filter(|it| !it.is_stale());
        let mut regions: Vec<Range<usize>> = active.map(|it| it.region()).collect();
        let mut text = self.text.clone();
        for at in 0..changes.len() {
            if let [only] = changes[at].changes().as_slice()
                && only.text.is_empty()
                && cuts(&regions, &only.old)
                && let Some(range) = seat(&text, &only.old, &regions)
            {
                seated.to_mut()[at] = ChangeSet::replace(text.len(), range, "");
            }
            let change = &seated[at];
            for region in &mut regions {
                region.start = change.map(region.start, Bias::Right);
                region.end = change.map(region.end, Bias::Left).max(region.start);
            }
            change.apply(&mut text);
        }
        seated
    }
}

/// The nearest place of a deletion at which it is one of whole lines and cuts no region.
fn seat(text: &Text, range: &Range<usize>, regions: &[Range<usize>]) -> Option<Range<usize>> {
    let Range { start, end } = *range;
    let back = (1..=start.min(FURTHEST))
        .take_while(|n| text.byte(start - n) == text.byte(end - n))
        .map(|n| (n, start - n..end - n));
    let on = (1..=(text.len() - end).min(FURTHEST))
        .take_while(|n| text.byte(start + n - 1) == text.byte(end + n - 1))
        .map(|n| (n, start + n..end + n));
    let begins_line = |at: usize| {
        text.is_boundary(at) && (at == text.len() || text.line_start(text.line_of(at)) == at)
    };
    back.chain(on)
        .filter(|(_, it)| begins_line(it.start) && begins_line(it.end) && !cuts(regions, it))
        .min_by_key(|(n, _)| *n)
        .map(|(_, it)| it)
}

/// Whether a range holds one edge of a region, and text on both sides of it.
fn cuts(regions: &[Range<usize>], range: &Range<usize>) -> bool {
    regions.iter().any(|region| {
        let over = |edge: usize| range.start < edge && edge < range.end;
        let swallowed = range.start <= region.start && region.end <= range.end;
        !swallowed && (over(region.start) || over(region.end))
    })
}

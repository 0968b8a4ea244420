//! What the user deleted at an edge of a region, or across it, and puts back by undo or by hand: it stands where it stood.
//! What comes back within a region is `tracked`'s.

use std::ops::Range;

use super::DocumentRewrites;
use crate::effect::RewriteId;
use crate::tracked::Edge;

/// How much of a deletion across an edge of a region is remembered, in bytes, and of how many.
const MOST_CUT: usize = 4_096;
const MOST_CUTS: usize = 8;

impl DocumentRewrites {
    /// The rewrite in whose region, just inside of its edge, the user deleted what is put there now.
    pub(super) fn returns_to(&self, range: &Range<usize>, text: &str) -> Option<RewriteId> {
        let active = self.rewrites.iter().filter(|it| !it.is_stale());
        let mut at_edge = active.filter(|rewrite| {
            let region = rewrite.region();
            let returns = |edge: Edge, at: usize| {
                *range == (at..at) && rewrite.tracked.has_deleted_at(edge, text)
            };
            returns(Edge::End, region.end) || returns(Edge::Start, region.start)
        });
        at_edge.next().map(|rewrite| rewrite.id)
    }

    /// The user deletes a range: remembers what of it lies outside of a region whose edge it crosses.
    pub(super) fn note_cut(&mut self, range: &Range<usize>) {
        for rewrite in self.rewrites.iter_mut().filter(|it| !it.is_stale()) {
            let region = rewrite.region();
            let over = |edge: usize| range.start < edge && edge < range.end;
            let (start, end) = (over(region.start), over(region.end));
            // What was reported together with this may not be in the text yet.
            let crosses = start != end && range.end <= self.text.len();
            if !crosses || !self.text.range_is(region.clone(), &rewrite.tracked.shown()) {
                continue;
            }
            let (cut, outside) = match start {
                true => (&mut rewrite.cuts.0, range.start..region.start),
                false => (&mut rewrite.cuts.1, region.end..range.end),
            };
            let whole = self.text.is_boundary(outside.start) && self.text.is_boundary(outside.end);
            if whole && outside.len() <= MOST_CUT {
                cut.truncate(MOST_CUTS - 1);
                cut.push_front(self.text.slice(outside).into_owned());
            }
        }
    }

    /// What the user deleted across an edge of a region comes back in one piece: its two sides, each with the rewrite that it
    /// comes into, in the order in which they are put to stand where they stood.
    pub(super) fn returns_over_edge(
        &self,
        range: &Range<usize>,
        text: &str,
    ) -> Option<[(String, Option<RewriteId>); 2]> {
        if !range.is_empty() || text.is_empty() {
            return None;
        }
        let mut active = self.rewrites.iter().filter(|it| !it.is_stale());
        active.find_map(|rewrite| {
            let region = rewrite.region();
            let inside = |edge: Edge, inside: Option<&str>| {
                let came = inside.filter(|it| rewrite.tracked.has_deleted_at(edge, it));
                came.map(|it| (it.to_owned(), Some(rewrite.id)))
            };
            let (before, behind) = &rewrite.cuts;
            if range.start == region.start {
                let own = |cut: &String| inside(Edge::Start, text.strip_prefix(&**cut));
                return before
                    .iter()
                    .find_map(|cut| Some([own(cut)?, (cut.clone(), None)]));
            }
            if range.start == region.end {
                let own = |cut: &String| inside(Edge::End, text.strip_suffix(&**cut));
                return behind
                    .iter()
                    .find_map(|cut| Some([(cut.clone(), None), own(cut)?]));
            }
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use text::{ChangeSet, Text};

    use crate::effect::{Apply, ModelEvent, RewriteId, Start};
    use crate::{DocumentRewrites, Profile};

    const OLD: &str = "top\nbase\nend\n";
    const REGION: std::ops::Range<usize> = 4..9;

    /// Ranges are deleted one after the other, and come back in the reverse order, before the model says anything. Expects
    /// what the model's line in place of the region's leaves.
    #[track_caller]
    fn check(gone: &[(usize, usize)], left: &str) {
        let mut text = Text::from(OLD);
        let mut engine = DocumentRewrites::open(text.clone(), 1, Profile::default());
        let mut out = Vec::new();
        let start = Start {
            id: RewriteId(1),
            region: REGION,
            instruction: "make it so".to_owned(),
            apply: Apply::Once,
            request: model_protocol::Request::default(),
            shape: prompt::Shape::of(&OLD[REGION], prompt::LineEnding::Lf),
            removed: None,
        };
        engine.start(start, 0, &mut out).expect("a free region");
        let mut changes = Vec::new();
        let mut undo = Vec::new();
        let mut after = text.clone();
        for (start, end) in gone {
            let range = *start..*end;
            let put = after.slice(range.clone()).into_owned();
            let change = ChangeSet::replace(after.len(), range.clone(), "");
            change.apply(&mut after);
            changes.push(change);
            undo.push(ChangeSet::replace(
                after.len(),
                range.start..range.start,
                put,
            ));
        }
        changes.extend(undo.into_iter().rev());
        for (version, change) in (2..).zip(changes) {
            change.apply(&mut text);
            engine.changed(&[change], &text, version, 0, &mut out);
        }
        let answer = model_protocol::StreamEvent::Delta {
            text: "MODEL\n".to_owned(),
        };
        let end = model_protocol::StreamEvent::Completed {
            response_id: "r".to_owned(),
            usage: None,
        };
        for event in [answer, end] {
            engine.model(RewriteId(1), ModelEvent::Stream(event), 0, &mut out);
        }
        out.clear();
        engine.settle(0, &mut out);
        let parts = out.into_iter().find_map(|effect| match effect {
            crate::Effect::Edit { parts, .. } => Some(parts),
            _ => None,
        });
        let parts = parts.into_iter().flatten();
        let parts: Vec<_> = parts.map(|part| (part.range, part.text)).collect();
        ChangeSet::from_changes(text.len(), parts).apply(&mut text);
        assert_eq!(text.to_string(), left);
    }

    #[test]
    fn what_was_deleted_across_the_start_of_a_region_and_comes_back_stands_on_both_sides_of_it() {
        check(&[(2, 8)], "top\nMODEL\nend\n");
        check(&[(3, 6)], "top\nMODEL\nend\n");
    }

    #[test]
    fn what_was_deleted_across_the_end_of_a_region_and_comes_back_stands_on_both_sides_of_it() {
        check(&[(6, 11)], "top\nMODEL\nend\n");
    }

    #[test]
    fn what_was_deleted_across_an_edge_twice_and_comes_back_stands_on_both_sides_of_it() {
        check(&[(7, 10), (5, 8)], "top\nMODEL\nend\n");
        check(&[(3, 6), (2, 5)], "top\nMODEL\nend\n");
    }
}

//! What the user deleted at an edge of a region, or across it, and puts back by undo or by hand: it stands where it stood.
//! What comes back within a region is `tracked`'s.

use std::ops::Range;

use super::DocumentRewrites;
use crate::effect::RewriteId;
use crate::tracked::Edge;

/// How much of a deletion across an edge of a region is remembered, in bytes.
const MOST_CUT: usize = 4_096;

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
            cut.clear();
            let whole = self.text.is_boundary(outside.start) && self.text.is_boundary(outside.end);
            if whole && outside.len() <= MOST_CUT {
                cut.push_str(&self.text.slice(outside));
            }
        }
    }

    /// What the user deleted across an edge of a region comes back in one piece: its two sides, in the order in which they
    /// are put to stand where they stood.
    pub(super) fn returns_over_edge(
        &self,
        range: &Range<usize>,
        text: &str,
    ) -> Option<[String; 2]> {
        if !range.is_empty() || text.is_empty() {
            return None;
        }
        let mut active = self.rewrites.iter().filter(|it| !it.is_stale());
        active.find_map(|rewrite| {
            let region = rewrite.region();
            let (before, behind) = (&rewrite.cuts.0, &rewrite.cuts.1);
            let inside = |edge: Edge, inside: Option<&str>| {
                let came = inside.filter(|it| rewrite.tracked.has_deleted_at(edge, it));
                came.map(str::to_owned)
            };
            if range.start == region.start && !before.is_empty() {
                let own = inside(Edge::Start, text.strip_prefix(&**before))?;
                return Some([own, before.clone()]);
            }
            if range.start == region.end && !behind.is_empty() {
                let own = inside(Edge::End, text.strip_suffix(&**behind))?;
                return Some([behind.clone(), own]);
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

    /// A range is deleted and comes back in one piece before the model says anything. Expects what the model's line in
    /// place of the region's leaves.
    #[track_caller]
    fn check(gone: std::ops::Range<usize>, left: &str) {
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
        let back = ChangeSet::replace(
            OLD.len() - gone.len(),
            gone.start..gone.start,
            &OLD[gone.clone()],
        );
        for (version, change) in (2..).zip([ChangeSet::replace(OLD.len(), gone, ""), back]) {
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
        check(2..8, "top\nMODEL\nend\n");
        check(3..6, "top\nMODEL\nend\n");
    }

    #[test]
    fn what_was_deleted_across_the_end_of_a_region_and_comes_back_stands_on_both_sides_of_it() {
        check(6..11, "top\nMODEL\nend\n");
    }
}

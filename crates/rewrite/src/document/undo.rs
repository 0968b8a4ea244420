//! Recognising the editor's undo of our edits. An editor reports it as a change like any other; what gives it
//! away is that a region's text is again what it was before one of our edits.

use std::borrow::Cow;
use std::ops::Range;

use text::Text;

use super::DocumentRewrites;
use super::flight::Flight;
use crate::attribution::Replacement;
use crate::effect::Effect;
use crate::life::Rewrite;

/// How much one change may put to be taken for an undo in two regions, in bytes.
const MOST_PUT: usize = 4_096;

/// An undo of our edits in one region.
struct Undone {
    /// The region's place among the rewrites.
    index: usize,
    /// The moment that it leads back to.
    moment: usize,
    /// How many bytes beside the region, before and behind it, come back into it.
    edges: (usize, usize),
    /// Length of the region's text then.
    len: usize,
    /// Which of the changes were the undo.
    changes: Range<usize>,
}

impl DocumentRewrites {
    /// The user replaced ranges: typing, or the undo of our edits. Sorted, all in bytes of the text before, which is
    /// given where it is known.
    pub(super) fn user_changes(
        &mut self,
        changes: &[Replacement],
        text: Option<&Text>,
        out: &mut Vec<Effect>,
    ) {
        let changes = &*self.seated_in_regions(changes);
        let changes = &*self.parted_by_undo(changes);
        let changes = &*self.slid_to_undo(changes, text);
        let undone = self.all_undone(changes);
        let taken = |at: usize| undone.iter().any(|undone| undone.changes.contains(&at));
        let mut order: Vec<(usize, bool, usize)> = (0..changes.len())
            .filter(|at| !taken(*at))
            .map(|at| (changes[at].0.start, false, at))
            .collect();
        let reverts = undone.iter().enumerate();
        order.extend(reverts.map(|(at, undone)| (self.rewrites[undone.index].start, true, at)));
        // From the end of the text, so that offsets stay right; what is typed at a region's start stands before it.
        order.sort_unstable_by(|a, b| b.cmp(a));
        for (_, revert, at) in order {
            if revert {
                self.undo(&undone[at], out);
            } else {
                let (range, text) = &changes[at];
                self.user_change(range.clone(), text, out);
            }
        }
    }

    /// Whether these changes of the user undo an edit of ours in some region.
    pub(super) fn is_undo(&self, changes: &[Replacement], text: Option<&Text>) -> bool {
        let changes = self.parted_by_undo(changes);
        !self
            .all_undone(&self.slid_to_undo(&changes, text))
            .is_empty()
    }

    /// An editor that compares texts tells of a line that comes back behind a region's last one as put behind that one's
    /// line break: that insertion at the region's edge, where it says the same there and is an undo. Costs what is put.
    fn slid_to_undo<'a>(
        &self,
        changes: &'a [Replacement],
        text: Option<&Text>,
    ) -> Cow<'a, [Replacement]> {
        let Some(text) = text.filter(|_| !self.profile.reports_apart) else {
            return Cow::Borrowed(changes);
        };
        for (index, rewrite) in self.rewrites.iter().enumerate() {
            if rewrite.is_stale() || !rewrite.tracked.has_moments() {
                continue;
            }
            let slid = changes.iter().enumerate().find_map(|(at, (range, put))| {
                let put = put_at_edge(text, &rewrite.region(), range, put)?;
                let mut slid = changes.to_vec();
                slid[at] = put;
                let undone = self.all_undone(&slid);
                undone.iter().any(|it| it.index == index).then_some(slid)
            });
            if let Some(slid) = slid {
                return Cow::Owned(slid);
            }
        }
        Cow::Borrowed(changes)
    }

    /// An editor may take back edits of ours in two regions that touch, and tell of it as one change: that change in two,
    /// where both are an undo then. Costs as many looks at the two regions as the change puts characters.
    fn parted_by_undo<'a>(&self, changes: &'a [Replacement]) -> Cow<'a, [Replacement]> {
        for (index, pair) in self.rewrites.windows(2).enumerate() {
            let (first, second) = (&pair[0], &pair[1]);
            let border = second.start;
            let can = |it: &Rewrite| !it.is_stale() && it.tracked.has_moments();
            if first.region().end != border || !can(first) || !can(second) {
                continue;
            }
            let over = |(range, put): &Replacement| {
                let holds = range.start <= border && border <= range.end;
                let inside = first.start <= range.start && range.end <= second.region().end;
                holds && inside && put.len() <= MOST_PUT
            };
            let Some(at) = changes.iter().position(over) else {
                continue;
            };
            let (range, put) = &changes[at];
            let cuts = put.char_indices().map(|(cut, _)| cut).chain([put.len()]);
            for cut in cuts {
                let halves = [
                    (range.start..border, put[..cut].to_owned()),
                    (border..range.end, put[cut..].to_owned()),
                ];
                let mut parted = changes.to_vec();
                let says = |(range, put): &Replacement| !range.is_empty() || !put.is_empty();
                parted.splice(at..=at, halves.into_iter().filter(says));
                let undone = self.all_undone(&parted);
                let is_undone = |which: usize| undone.iter().any(|it| it.index == which);
                if is_undone(index) && is_undone(index + 1) {
                    return Cow::Owned(parted);
                }
            }
        }
        Cow::Borrowed(changes)
    }

    fn all_undone(&self, changes: &[Replacement]) -> Vec<Undone> {
        let mut all: Vec<Undone> = Vec::new();
        for index in 0..self.rewrites.len() {
            let free = all.last().map_or(0, |last| last.changes.end);
            all.extend(self.undone(index, changes, free));
        }
        all
    }

    /// Whether the changes from `free` on undo an edit in a region. Costs the region if a length fits.
    fn undone(&self, index: usize, changes: &[Replacement], free: usize) -> Option<Undone> {
        let rewrite = &self.rewrites[index];
        // An edit of which a part has arrived must find its pieces.
        let arriving = || {
            let arriving = |flight: &Flight| !flight.lost && flight.arriving_since.is_some();
            self.flight.as_ref().is_some_and(arriving) && rewrite.tracked.is_in_flight()
        };
        if rewrite.is_stale() || !rewrite.tracked.has_moments() || arriving() {
            return None;
        }
        let region = rewrite.region();
        let (before, behind) = (rewrite.edges.0.len(), rewrite.edges.1.len());
        let mut edges = vec![(0, 0), (before, 0), (0, behind), (before, behind)];
        edges.dedup();
        edges.into_iter().find_map(|edges| {
            let window = region.start - edges.0..region.end + edges.1;
            choices(&window, changes, free)
                .into_iter()
                .find_map(|choice| {
                    let changes = &changes[choice.clone()];
                    let len = window.len().checked_add_signed(grown(changes))?;
                    let moment = rewrite.moment_after(changes, &window, len)?;
                    Some(Undone {
                        index,
                        moment,
                        edges,
                        len,
                        changes: choice,
                    })
                })
        })
    }

    fn undo(&mut self, undone: &Undone, out: &mut Vec<Effect>) {
        let rewrite = &mut self.rewrites[undone.index];
        let id = rewrite.id;
        let before = rewrite.region().len() + undone.edges.0 + undone.edges.1;
        let streaming = rewrite.is_streaming();
        // An edit that was made for what was undone will be refused; if it is not, its text is what the user let in.
        if rewrite.tracked.is_in_flight()
            && let Some(flight) = &mut self.flight
        {
            flight.lost = true;
        }
        rewrite.start -= undone.edges.0;
        rewrite.edges = Default::default();
        rewrite.go_back(undone.moment);
        if streaming {
            out.push(Effect::Cancel { rewrite: id });
        }
        out.push(Effect::Changed { rewrite: id });
        let grown = undone.len as isize - before as isize;
        for later in &mut self.rewrites[undone.index + 1..] {
            later.start = later.start.wrapping_add_signed(grown);
        }
    }
}

/// What is put beside a region, at the region's edge, where that gives the same text.
fn put_at_edge(
    text: &Text,
    region: &Range<usize>,
    range: &Range<usize>,
    put: &str,
) -> Option<Replacement> {
    if !range.is_empty() {
        return None;
    }
    let at = range.start;
    if region.end < at && at - region.end < put.len() {
        let between = text.slice(region.end..at);
        let rest = put.strip_suffix(&*between)?;
        return Some((region.end..region.end, format!("{between}{rest}")));
    }
    if at < region.start && region.start - at < put.len() {
        let between = text.slice(at..region.start);
        let rest = put.strip_prefix(&*between)?;
        return Some((region.start..region.start, format!("{rest}{between}")));
    }
    None
}

/// By how many bytes changes make a text longer.
fn grown(changes: &[Replacement]) -> isize {
    changes
        .iter()
        .map(|(range, text)| text.len() as isize - range.len() as isize)
        .sum()
}

/// Which of the changes from `free` on may be one of a window of the text: what is put exactly at its edge may
/// belong to it, or stand beside it. None where a change crosses its edge.
fn choices(window: &Range<usize>, changes: &[Replacement], free: usize) -> Vec<Range<usize>> {
    let inside = |range: &Range<usize>| window.start <= range.start && range.end <= window.end;
    let crosses = |range: &Range<usize>| {
        !inside(range) && range.start < window.end && window.start < range.end
    };
    let first = (free..changes.len()).find(|at| inside(&changes[*at].0));
    let Some(first) = first.filter(|_| !changes.iter().any(|(range, _)| crosses(range))) else {
        return Vec::new();
    };
    let count = changes[first..]
        .iter()
        .take_while(|(range, _)| inside(range));
    let all = first..first + count.count();
    let put_at = |at: usize, place: usize| changes[at].0 == (place..place);
    let later = all.start + usize::from(put_at(all.start, window.start));
    let earlier = all.end - usize::from(put_at(all.end - 1, window.end));
    let mut choices = vec![
        all.clone(),
        later..all.end,
        all.start..earlier,
        later..earlier,
    ];
    choices.dedup();
    choices.retain(|choice| !choice.is_empty());
    choices
}

//! Recognising the editor's undo of our edits. An editor reports it as a change like any other; what gives it
//! away is that a region's text is again what it was before one of our edits.

use std::borrow::Cow;
use std::ops::{Range, RangeInclusive};

use text::Text;

use super::DocumentRewrites;
use super::flight::Flight;
use crate::attribution::Replacement;
use crate::effect::Effect;
use crate::life::Rewrite;
use crate::slide::{FURTHEST, slides};

/// How much changes may put to be taken for an undo in several regions, in bytes.
const MOST_PUT: usize = 4_096;

/// How far such regions may reach together, in bytes.
const MOST_BETWEEN: usize = 65_536;

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
        let changes = &*self.seated_in_regions(changes, text);
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
        self.undone_regions(changes, text) > 0
    }

    /// In how many regions they do.
    pub(super) fn undone_regions(&self, changes: &[Replacement], text: Option<&Text>) -> usize {
        let changes = self.parted_by_undo(changes);
        self.all_undone(&self.slid_to_undo(&changes, text)).len()
    }

    /// An editor that compares texts tells of a line that comes back behind a region's last one as put behind that one's
    /// line break, and of one of two equal lines that goes as the last, and one that tells of lines takes what stays beside
    /// the region along: that change within the region, where it says the same there and is an undo. Costs what is put, or
    /// how far the deletion says the same.
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
                let region = rewrite.region();
                let at_edge = match put.as_str() {
                    "" if self.profile.compares_texts => {
                        let floor = at.checked_sub(1).map_or(0, |before| changes[before].0.end);
                        let next = changes.get(at + 1);
                        let room = floor..next.map_or(text.len(), |next| next.0.start);
                        (taken_at_edge(text, &region, range, room)?, String::new())
                    }
                    _ => put_at_edge(text, &region, range, put)
                        .or_else(|| without_kept(text, &region, range, put))?,
                };
                let mut slid = changes.to_vec();
                slid[at] = at_edge;
                let undone = self.all_undone(&slid);
                undone.iter().any(|it| it.index == index).then_some(slid)
            });
            if let Some(slid) = slid {
                return Cow::Owned(slid);
            }
        }
        Cow::Borrowed(changes)
    }

    /// An editor may take back edits of ours in several regions at once and tell of it as one change of all that lies
    /// between, in which what came back stands on the wrong side of a border: the changes laid anew, each within its
    /// region, where more of the regions are again what they were. Costs the text from the first of those regions to the
    /// last, for each way of laying.
    fn parted_by_undo<'a>(&self, changes: &'a [Replacement]) -> Cow<'a, [Replacement]> {
        let may_undo = |it: &Rewrite| !it.is_stale() && it.tracked.has_moments();
        let able: Vec<usize> = (0..self.rewrites.len())
            .filter(|index| may_undo(&self.rewrites[*index]))
            .collect();
        let is_touched = |index: &usize| {
            let region = self.rewrites[*index].region();
            let touches =
                |(range, _): &Replacement| range.start <= region.end && region.start <= range.end;
            changes.iter().any(touches)
        };
        let first = able.iter().position(is_touched);
        let last = able.iter().rposition(is_touched);
        let (Some(first), Some(last)) = (first, last) else {
            return Cow::Borrowed(changes);
        };
        // Typing well inside of one region is no undo in several, and must not cost them.
        if first == last {
            let region = self.rewrites[able[first]].region();
            let well_inside = |(range, put): &Replacement| {
                let reach = range.len().max(put.len());
                region.start + reach < range.start && range.end + reach < region.end
            };
            if changes.iter().all(well_inside) {
                return Cow::Borrowed(changes);
            }
        }
        // What comes back right at a region's edge may be told of as standing a little before it.
        let (before, behind) = (first.saturating_sub(1), (last + 1).min(able.len() - 1));
        let ends = [
            (first, last),
            (before, last),
            (first, behind),
            (before, behind),
        ];
        let pairs = (first..last).map(|at| (at, at + 1));
        let mut runs: Vec<(usize, usize)> = ends.into_iter().chain(pairs).collect();
        runs.retain(|(first, last)| first < last);
        runs.dedup();
        if runs.is_empty() {
            return Cow::Borrowed(changes);
        }
        let all = self.all_undone(changes).len();
        runs.into_iter()
            .filter_map(|(first, last)| self.laid_by_undo(able[first]..=able[last], changes))
            .find(|laid| self.all_undone(laid).len() > all)
            .map_or(Cow::Borrowed(changes), Cow::Owned)
    }

    /// The changes to some regions and the text between them, laid so that each region is what it was at some moment, or
    /// stays, and so does the text between them.
    fn laid_by_undo(
        &self,
        run: RangeInclusive<usize>,
        changes: &[Replacement],
    ) -> Option<Vec<Replacement>> {
        let rewrites = &self.rewrites[run];
        let window = rewrites.first()?.start..rewrites.last()?.region().end;
        // What came in the same report before may not be in the text yet.
        let is_there =
            |it: &Rewrite| !it.is_stale() && self.text.range_is(it.region(), &it.tracked.shown());
        if window.len() > MOST_BETWEEN || !rewrites.iter().all(is_there) {
            return None;
        }
        choices(&window, changes, 0).into_iter().find_map(|choice| {
            let put = changes[choice.clone()].iter().map(|(_, put)| put.len());
            if put.sum::<usize>() > MOST_PUT {
                return None;
            }
            let mut text = self.text.slice(window.clone()).into_owned();
            for (range, put) in changes[choice.clone()].iter().rev() {
                let range = range.start - window.start..range.end - window.start;
                text.get(range.clone())?;
                text.replace_range(range, put);
            }
            let lens = self.lay(rewrites, &text, &mut Vec::new())?;
            let mut laid = changes.to_vec();
            let mut at = 0;
            let mut end = window.start;
            let own = rewrites.iter().zip(lens).filter_map(|(rewrite, len)| {
                let region = rewrite.region();
                at += region.start - end;
                let now = &text[at..at + len];
                (at, end) = (at + len, region.end);
                (!self.text.range_is(region.clone(), now)).then(|| (region, now.to_owned()))
            });
            laid.splice(choice, own);
            Some(laid)
        })
    }

    /// How long each region's part of `text` is, where it is made of them as they were or are and what stands between
    /// them. `failed` holds what cannot be: so many regions, and bytes of text, left.
    fn lay(
        &self,
        rewrites: &[Rewrite],
        text: &str,
        failed: &mut Vec<(usize, usize)>,
    ) -> Option<Vec<usize>> {
        let (rewrite, rest) = rewrites.split_first()?;
        let place = (rest.len(), text.len());
        if failed.contains(&place) {
            return None;
        }
        let end = rewrite.region().end;
        let between = rest.first().map(|next| self.text.slice(end..next.start));
        let shown = rewrite.tracked.shown();
        let stays = text.starts_with(&shown).then_some(shown.len());
        let lens = rewrite.tracked.moments_at(text).into_iter().chain(stays);
        let found = lens.into_iter().find_map(|len| {
            let left = &text[len..];
            let mut lens = match &between {
                None => left.is_empty().then(Vec::new)?,
                Some(between) => self.lay(rest, left.strip_prefix(&**between)?, failed)?,
            };
            lens.insert(0, len);
            Some(lens)
        });
        if found.is_none() {
            failed.push(place);
        }
        found
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
        // Another rewrite may have begun on what stands beside this one.
        let others = || {
            let others = self.rewrites.iter().enumerate();
            others.filter(|(at, it)| *at != index && !it.is_stale())
        };
        let is_free = |range: Range<usize>| {
            others().all(|(_, it)| it.region().end <= range.start || range.end <= it.start)
        };
        let (before, behind) = (rewrite.edges.0.len(), rewrite.edges.1.len());
        let before = match region.start.checked_sub(before) {
            Some(start) if is_free(start..region.start) => before,
            _ => 0,
        };
        let behind = match is_free(region.end..region.end + behind) {
            true => behind,
            false => 0,
        };
        let mut edges = vec![(0, 0), (before, 0), (0, behind), (before, behind)];
        edges.dedup();
        edges.into_iter().find_map(|edges| {
            let window = region.start - edges.0..region.end + edges.1;
            choices(&window, changes, free)
                .into_iter()
                .find_map(|choice| {
                    let changes = &changes[choice.clone()];
                    let len = window.len().checked_add_signed(grown(changes))?;
                    let moment =
                        rewrite.moment_after(changes, &window, len, self.profile.undoes_apart)?;
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
        let (rest, between) = put.split_at_checked(put.len() - (at - region.end))?;
        let is_there = text.range_is(region.end..at, between);
        return is_there.then(|| (region.end..region.end, format!("{between}{rest}")));
    }
    if at < region.start && region.start - at < put.len() {
        let (between, rest) = put.split_at_checked(region.start - at)?;
        let is_there = text.range_is(at..region.start, between);
        return is_there.then(|| (region.start..region.start, format!("{rest}{between}")));
    }
    None
}

/// What is replaced over a region's edges, in the region alone, where what stands outside is put back as it was.
fn without_kept(
    text: &Text,
    region: &Range<usize>,
    range: &Range<usize>,
    put: &str,
) -> Option<Replacement> {
    let reaches_over = range.start < region.start || region.end < range.end;
    if !reaches_over || range.end < region.start || region.end < range.start {
        return None;
    }
    let (start, end) = (range.start.max(region.start), range.end.min(region.end));
    let (before, put) = put.split_at_checked(start - range.start)?;
    let (put, behind) = put.split_at_checked(put.len().checked_sub(range.end - end)?)?;
    let is_kept =
        text.range_is(range.start..start, before) && text.range_is(end..range.end, behind);
    is_kept.then(|| (start..end, put.to_owned()))
}

/// What is taken beside a region or over its edge, in the region at its edge, where that leaves the same text.
fn taken_at_edge(
    text: &Text,
    region: &Range<usize>,
    range: &Range<usize>,
    room: Range<usize>,
) -> Option<Range<usize>> {
    let holds = |it: &Range<usize>| region.start <= it.start && it.end <= region.end;
    let is_far = region.end + FURTHEST < range.start || range.end + FURTHEST < region.start;
    if range.is_empty() || is_far || holds(range) {
        return None;
    }
    let (_, seat) = slides(|at| text.byte(at), range, room).find(|(_, it)| holds(it))?;
    (text.is_boundary(seat.start) && text.is_boundary(seat.end)).then_some(seat)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_within_a_character_is_no_edge() {
        let text = Text::from("aé\nbb\n");
        assert_eq!(without_kept(&text, &(0..2), &(0..4), "x\n"), None);
        assert_eq!(put_at_edge(&text, &(0..2), &(4..4), "cc\né\n"), None);
        let kept = without_kept(&text, &(0..3), &(0..4), "x\n");
        assert_eq!(kept, Some((0..3, "x".to_owned())));
    }
}

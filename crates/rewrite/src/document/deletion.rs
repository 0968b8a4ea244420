//! Where a deletion was made that says the same in several places: an editor that compares texts tells of the lines
//! `if a {` and what follows, deleted before an `if b {`, as of `a {` up to the next `if `. At a region's edge it
//! matters which was meant.

use std::borrow::Cow;
use std::ops::Range;

use text::{Bias, Change, ChangeSet, Text};

use super::DocumentRewrites;
use crate::attribution::{Part, Replacement, common_prefix, common_suffix, is_replaced, lines_put};
use crate::slide::{FURTHEST, slides};

impl DocumentRewrites {
    /// Moves each deletion that reaches over one edge of a region to where it says the same, is one of lines and reaches
    /// over no edge; and whole lines that are told of as the replacement of the line break before them, to behind it.
    /// Costs the changes, and what is deleted over an edge.
    pub(super) fn seated<'a>(
        &self,
        changes: &'a [ChangeSet],
        parts: &[Part],
    ) -> Cow<'a, [ChangeSet]> {
        let mut seated = Cow::Borrowed(changes);
        let active = self.rewrites.iter().filter(|it| !it.is_stale());
        let mut regions: Vec<Range<usize>> = active.map(|it| it.region()).collect();
        let mut text = self.text.clone();
        for at in 0..changes.len() {
            if let [only] = changes[at].changes().as_slice()
                && let Some(seat) = self
                    .seat_as_part(&text, only, parts.iter().filter(|_| at == 0))
                    .or_else(|| self.seat_of(&text, only, &regions, at == 0))
            {
                seated.to_mut()[at] = ChangeSet::from_changes(text.len(), seat);
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

    /// A deletion that says the same as one of ours under way, at that one's place: of several equal lines, an editor that
    /// compares texts may tell of the last. The user may delete one of them too; where versions are checked, that is known.
    /// Costs the parts that delete as much, and how far the deletion says the same.
    fn seat_as_part<'a>(
        &self,
        text: &Text,
        change: &Change,
        parts: impl Iterator<Item = &'a Part>,
    ) -> Option<Vec<Replacement>> {
        let compares = self.profile.compares_texts && !self.profile.checks_versions;
        if !compares || !change.text.is_empty() {
            return None;
        }
        let same = |it: &&Part| {
            it.text.is_empty() && it.range.len() == change.old.len() && it.range != change.old
        };
        let mut parts = parts.filter(|it| !it.spoiled).filter(same);
        let part = parts.find(|it| {
            let span = it.range.start.min(change.old.start)..it.range.end.max(change.old.end);
            span.len() <= 2 * FURTHEST && {
                let mut all = slides(|at| text.byte(at), &change.old, span);
                all.any(|(_, seat)| seat == it.range)
            }
        })?;
        Some(vec![(part.range.clone(), String::new())])
    }

    /// The replacements that a reported one stands for where it stood elsewhere or was several, by the first of these
    /// readings that fits: a deletion, typing beside a deletion, a blank line, whole lines. `is_first` says that `text` is
    /// the text that the pieces are of.
    fn seat_of(
        &self,
        text: &Text,
        Change { old, text: put, .. }: &Change,
        regions: &[Range<usize>],
        is_first: bool,
    ) -> Option<Vec<Replacement>> {
        let by_comparing = || {
            let deleted = self.seat_deletion(text, old, put, regions, is_first);
            let deleted = deleted.map(|it| vec![(it, String::new())]);
            deleted.or_else(|| seat_replacement(text, old, put, regions))
        };
        let compares = self.profile.compares_texts;
        let compared = compares.then(by_comparing).flatten();
        compared
            .or_else(|| blank_line_at_edge(text, old, put, regions))
            .or_else(|| lines_behind_break(text, old, put))
    }

    /// Where a deletion that cuts a region, in whatever way it is told, was made.
    fn seat_deletion(
        &self,
        text: &Text,
        range: &Range<usize>,
        put: &str,
        regions: &[Range<usize>],
        is_first: bool,
    ) -> Option<Range<usize>> {
        let deleted = deletion(text, range, put).filter(|it| cuts(regions, it))?;
        seat(text, &deleted, regions, 0..text.len()).or_else(|| {
            let at_border = is_first && !put.is_empty();
            let seat = || self.seat_at_border(text, &deleted, 0..text.len(), true);
            at_border.then(seat).flatten()
        })
    }

    /// Where a deletion over a region's edge that says the same in several places was made: the nearest of them within
    /// `room` that leaves what was typed in the region in one piece, where the one told of does not. A deletion that is
    /// told as a replacement is told of at the first of them. Costs the pieces of the regions, and the places.
    fn seat_at_border(
        &self,
        text: &Text,
        range: &Range<usize>,
        room: Range<usize>,
        is_replacement: bool,
    ) -> Option<Range<usize>> {
        let active = self.rewrites.iter().filter(|it| !it.is_stale());
        let typing: Vec<Range<usize>> = active
            .flat_map(|it| {
                let (start, typed) = (it.start, it.tracked.typing().into_iter());
                typed.map(move |at| at.start + start..at.end + start)
            })
            .collect();
        let parted = |at: usize| {
            let next = typing.partition_point(|it| it.end <= at);
            typing.get(next).is_some_and(|it| it.start < at)
        };
        let cost = |it: &Range<usize>| usize::from(parted(it.start)) + usize::from(parted(it.end));
        let others = slides(|at| text.byte(at), range, room)
            .filter(|(_, it)| text.is_boundary(it.start) && text.is_boundary(it.end));
        let all: Vec<(usize, Range<usize>)> =
            std::iter::once((0, range.clone())).chain(others).collect();
        let told = match is_replacement {
            true => all.iter().map(|(_, it)| it).min_by_key(|it| it.start)?,
            false => range,
        };
        let (_, best) = all.iter().min_by_key(|(n, it)| (cost(it), *n))?;
        (cost(best) < cost(told)).then(|| best.clone())
    }

    /// Moves each deletion inside of a region to where it says the same and leaves what was typed in one go in one
    /// piece, one that cuts a region to where it cuts none, what comes back to where it was deleted, and lines that were put
    /// in to the start of a line. `changes` are sorted, all in bytes of the text before: `text`, where it is known. Costs the
    /// pieces of the regions, and a region's text where as much as is put was deleted in it.
    pub(super) fn seated_in_regions<'a>(
        &self,
        changes: &'a [Replacement],
        text: Option<&Text>,
    ) -> Cow<'a, [Replacement]> {
        let mut seated = Cow::Borrowed(changes);
        if !self.profile.compares_texts {
            return seated;
        }
        let moves = |text: &str, range: &Range<usize>| {
            text.is_empty() || range.is_empty() && text.len() > 1 && !text.trim().is_empty()
        };
        let active = self.rewrites.iter().filter(|it| !it.is_stale());
        let regions: Vec<Range<usize>> = active.map(|it| it.region()).collect();
        for (at, (range, put)) in changes
            .iter()
            .enumerate()
            .filter(|(_, it)| moves(&it.1, &it.0))
        {
            let floor = at.checked_sub(1).map_or(0, |before| seated[before].0.end);
            let ceiling = changes.get(at + 1).map(|next| next.0.start);
            let holds =
                |region: &Range<usize>| region.start <= range.start && range.end <= region.end;
            let Some(rewrite) = self
                .rewrites
                .iter()
                .find(|it| !it.is_stale() && holds(&it.region()))
            else {
                if let Some(text) = text.filter(|_| put.is_empty() && cuts(&regions, range)) {
                    let room = floor..ceiling.unwrap_or(text.len());
                    let seat = seat(text, range, &regions, room.clone());
                    if let Some(seat) =
                        seat.or_else(|| self.seat_at_border(text, range, room, false))
                    {
                        seated.to_mut()[at].0 = seat;
                    }
                }
                continue;
            };
            let start = rewrite.start;
            let room = floor.saturating_sub(start)..ceiling.unwrap_or(usize::MAX) - start;
            let local = range.start - start..range.end - start;
            if !put.is_empty() {
                let seat = rewrite.tracked.seat_return(local.start, put).or_else(|| {
                    let shown = put.contains('\n').then(|| rewrite.tracked.shown())?;
                    lines_put(&shown, local.start, put)
                });
                if let Some((seat, text)) = seat.filter(|(seat, _)| room.contains(seat)) {
                    seated.to_mut()[at] = (seat + start..seat + start, text);
                }
                continue;
            }
            let seat = rewrite.tracked.seat_deletion(&local, &room);
            if seat != local {
                seated.to_mut()[at].0 = seat.start + start..seat.end + start;
            }
        }
        seated
    }
}

/// What a replacement deletes, where it does nothing else.
fn deletion(text: &Text, range: &Range<usize>, put: &str) -> Option<Range<usize>> {
    if put.len() >= range.len() {
        return None;
    }
    let old = text.slice(range.clone());
    let start = common_prefix(&old, put);
    let end = common_suffix(&old[start..], &put[start..]);
    (start + end == put.len()).then_some(range.start + start..range.end - end)
}

/// How likely a deletion was made where it is: 0 is the likeliest.
fn likelihood(text: &Text, range: &Range<usize>, regions: &[Range<usize>]) -> u8 {
    let begins_line = |at: usize| {
        text.is_boundary(at) && (at == text.len() || text.line_start(text.line_of(at)) == at)
    };
    let at_edge = |at: usize| {
        let mut regions = regions.iter();
        regions.any(|region| region.start == at || region.end == at)
    };
    let lines = begins_line(range.end) && (begins_line(range.start) || at_edge(range.end));
    match () {
        () if lines && begins_line(range.start) => 0,
        () if lines || regions.contains(range) => 1,
        () => 2,
    }
}

/// A replacement that cuts a region, as typing beside a deletion of lines, or of a region to the letter, that says the
/// same and cuts none: each in bytes of the text before.
fn seat_replacement(
    text: &Text,
    range: &Range<usize>,
    put: &str,
    regions: &[Range<usize>],
) -> Option<Vec<Replacement>> {
    let mut edges = regions.iter().flat_map(|it| [it.start, it.end]);
    if !edges.any(|edge| range.start < edge && edge < range.end) {
        return None;
    }
    let old = text.slice(range.clone());
    let before = common_prefix(&old, put);
    let behind = common_suffix(&old[before..], &put[before..]);
    let range = range.start + before..range.end - behind;
    let put = &put[before..put.len() - behind];
    if put.is_empty() || !cuts(regions, &range) || !is_replaced(&text.slice(range.clone()), put) {
        return None;
    }
    let (_, seat) = slides(|at| text.byte(at), &range, 0..text.len())
        .filter(|(_, it)| text.is_boundary(it.start) && text.is_boundary(it.end))
        .filter(|(_, it)| !cuts(regions, it) && likelihood(text, it, regions) < 2)
        .min_by_key(|(n, it)| (likelihood(text, it, regions), *n))?;
    // What is put in stands behind what is before it, on the side that the deletion has left.
    let typed = match seat.start < range.start {
        true => range.end,
        false => range.start,
    };
    let mut parted = vec![(seat, String::new()), (typed..typed, put.to_owned())];
    parted.sort_by_key(|(range, _)| range.start);
    Some(parted)
}

/// The nearest place of a deletion within `room` at which it is one of whole lines and cuts no region, else where it ends
/// with the line at a region's edge, or is a region to the letter, else where it cuts none.
fn seat(
    text: &Text,
    range: &Range<usize>,
    regions: &[Range<usize>],
    room: Range<usize>,
) -> Option<Range<usize>> {
    slides(|at| text.byte(at), range, room)
        .filter(|(_, it)| text.is_boundary(it.start) && text.is_boundary(it.end))
        .filter(|(_, it)| !cuts(regions, it))
        .min_by_key(|(n, it)| (likelihood(text, it, regions), *n))
        .map(|(_, it)| it)
}

/// A replacement across the start of a region that deletes up to a line break and leaves one, where the region's first
/// line is blank: it is that line that goes, and the region begins at the start of a line as before.
fn blank_line_at_edge(
    text: &Text,
    range: &Range<usize>,
    put: &str,
    regions: &[Range<usize>],
) -> Option<Vec<Replacement>> {
    let blank = ["\r\n", "\n"].into_iter().find(|it| *it == put)?.len();
    let mut starts = regions.iter().map(|it| it.start);
    let edge = starts.find(|it| range.start < *it && it + blank == range.end)?;
    let kept = edge.checked_sub(blank).filter(|it| *it > range.start)?;
    let old = text.slice(range.clone());
    let lines = old.ends_with(&put.repeat(2)) && text.line_start(text.line_of(edge)) == edge;
    let parted = vec![
        (range.start..kept, String::new()),
        (edge..range.end, String::new()),
    ];
    lines.then_some(parted)
}

/// Whole lines that were put in, where a line break is replaced by itself and them: behind it.
fn lines_behind_break(text: &Text, range: &Range<usize>, put: &str) -> Option<Vec<Replacement>> {
    if range.len() > 2 {
        return None;
    }
    let old = text.slice(range.clone());
    let is_break = matches!(&*old, "\n" | "\r\n");
    let lines = put.strip_prefix(&*old).filter(|_| is_break)?;
    let behind = || vec![(range.end..range.end, lines.to_owned())];
    lines.ends_with('\n').then(behind)
}

/// Whether a range holds one edge of a region, and text on both sides of it.
fn cuts(regions: &[Range<usize>], range: &Range<usize>) -> bool {
    regions.iter().any(|region| {
        let over = |edge: usize| range.start < edge && edge < range.end;
        let swallowed = range.start <= region.start && region.end <= range.end;
        !swallowed && (over(region.start) || over(region.end))
    })
}

//! [`Edit`]: one replacement in a normal form, so that two ways of saying the same are alike. Not what it means.

use std::ops::Range;

use text::Text;

use super::words::{Replacement, by_words, common_prefix, common_suffix, middles, shift};
use super::{Belief, Part};
use crate::slide::slides;

/// A replacement in bytes of the old text.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    /// Where it was reported or sent, and what.
    pub(super) raw: Range<usize>,
    pub(super) raw_text: String,
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

/// A part of ours in the same form.
#[derive(Debug)]
pub(super) struct OurEdit {
    pub(super) number: u32,
    pub(super) belief: Belief,
    pub(super) edit: Edit,
}

/// How far an insertion or deletion is moved left to reach its canonical place.
pub(super) const MAX_SLIDE: usize = 4_096;

impl Edit {
    pub(super) fn new(range: Range<usize>, text: String) -> Edit {
        Edit {
            raw: range.clone(),
            raw_text: text.clone(),
            range,
            text,
        }
    }

    /// The whole lines that it touches. A whole line put in front of another touches the end of the line before:
    /// there it can be said to stand as well.
    pub(super) fn lines(&self, old: &Text) -> Range<usize> {
        let line = old.line_of(self.range.start);
        let start = match self.is_whole_line(old) {
            true => line.checked_sub(1).map_or(0, |before| old.line_end(before)),
            false => old.line_start(line),
        };
        start..old.line_start(old.line_of(self.range.end) + 1)
    }

    /// Whether it only puts whole lines in front of another.
    fn is_whole_line(&self, old: &Text) -> bool {
        let start = self.range.start;
        if self.text.len() <= self.range.len() || old.line_start(old.line_of(start)) != start {
            return false;
        }
        let put = self.text.len() - self.range.len();
        let (new, kept) = (self.text.get(..put), self.text.get(put..));
        new.is_some_and(|it| it.ends_with(['\n', '\r']))
            && kept.is_some_and(|it| old.range_is(self.range.clone(), it))
    }

    /// Whether this reported change lies where it could be, or hold, a part. Editors widen a change to the
    /// lines it touches, but none reports it on other lines.
    pub(super) fn may_be(&self, part: &Part, old: &Text) -> bool {
        let line = old.line_of(part.range.start);
        let start = old.line_start(line);
        let last = old.line_of(part.range.end);
        // A new tail of a line may be reported as a line inserted before the next.
        let end = match part.text.starts_with(['\n', '\r']) && self.is_whole_line(old) {
            true => old.line_start(last + 1),
            false => old.line_end(last),
        };
        let end = end.max(part.range.end);
        if self.text.is_empty() {
            return self.range.start < end && start < self.range.end;
        }
        // A line inserted before this one may be reported as a new tail of the line before.
        let start = line
            .checked_sub(1)
            .map_or(start, |before| old.line_end(before));
        (self.range.start <= end || self.range.start <= part.told_up_to(old))
            && (start <= self.range.end || self.may_end_before(part, start, old))
    }

    /// Whether a part that begins at `start` may be told as beginning before it, no further on than this ends: a line put
    /// behind one that ends alike may be reported as put before that end.
    fn may_end_before(&self, part: &Part, start: usize, old: &Text) -> bool {
        let end = self.range.end;
        part.range.is_empty() && start - end <= MAX_SLIDE && {
            let part = Edit::new(part.range.clone(), part.text.clone());
            part.canonical(old, end).range.start <= end
        }
    }

    /// From where to where it may be said to stand.
    pub(super) fn reach(&self) -> Range<usize> {
        self.range.start.min(self.raw.start)..self.range.end.max(self.raw.end)
    }

    /// The same where what is put in place of nothing may be said to stand further on, behind what is there and it begins
    /// with, too.
    pub(super) fn reach_on(&self, old: &Text) -> Range<usize> {
        let Range { start, end } = self.reach();
        start..end.max(told_up_to(&self.range, &self.text, old))
    }

    /// By how many bytes a deletion may be said to stand further on.
    pub(super) fn slack(&self, old: &Text) -> usize {
        let Range { start, end } = self.range;
        if !self.text.is_empty() || start == end {
            return 0;
        }
        slides(|at| old.byte(at), &self.range, start..old.len()).count()
    }

    /// Whether this says the same as a part of ours, and where.
    pub(super) fn says_the_same(&self, part: &Part, old: &Text) -> bool {
        if !part.is_told_beside(self, old) && !self.may_be(part, old) {
            return false;
        }
        let grown = self.text.len() as isize - self.range.len() as isize;
        if grown != part.growth() {
            return false;
        }
        let theirs = self.clone().canonical(old, 0);
        let part = Edit::new(part.range.clone(), part.text.clone());
        let ours = part.canonical(old, 0);
        theirs.range == ours.range && theirs.text == ours.text
    }

    /// This as the smallest replacements, in bytes from `start`, where `was` begins.
    pub(super) fn narrowed(&self, was: &str, start: usize) -> Vec<Replacement> {
        let at = self.raw.start - start;
        let mut smaller = by_words(&was[at..self.raw.end - start], &self.raw_text);
        for (range, _) in &mut smaller {
            *range = range.start + at..range.end + at;
        }
        smaller
    }

    /// Without common suffix and prefix, where it was reported or sent; in bytes from `start`, where `was` begins.
    pub(super) fn trimmed(&self, was: &str, start: usize) -> (Range<usize>, &str) {
        let raw = self.raw.start - start..self.raw.end - start;
        let (gone, put) = middles(&was[raw.clone()], &self.raw_text);
        (shift(gone, raw.start), &self.raw_text[put])
    }

    /// Without common suffix and prefix, and moved as far left as it says the same: an editor that reports a
    /// line inserted after another means the same as one that reports it inserted before the next.
    /// It moves no further than to `floor`.
    pub(super) fn canonical(mut self, old: &Text, floor: usize) -> Edit {
        let removed = old.slice(self.range.clone()).into_owned();
        let suffix = common_suffix(&removed, &self.text);
        self.range.end -= suffix;
        self.text.truncate(self.text.len() - suffix);
        let prefix = common_prefix(&removed[..removed.len() - suffix], &self.text);
        self.range.start += prefix;
        self.text.drain(..prefix);
        if self.range.is_empty() && !self.text.is_empty() {
            self.slide_insertion(old, floor);
        } else if self.text.is_empty() && !self.range.is_empty() {
            self.slide_deletion(old, floor);
        }
        self
    }

    fn slide_insertion(&mut self, old: &Text, floor: usize) {
        let bytes = self.text.as_bytes();
        let at = self.range.start;
        let furthest = (at - floor.min(at)).min(MAX_SLIDE);
        let mut moved = (0..furthest)
            .take_while(|n| old.byte(at - 1 - n) == Some(bytes[bytes.len() - 1 - n % bytes.len()]))
            .count();
        while !old.is_boundary(at - moved) || !self.text.is_char_boundary(cut(bytes.len(), moved)) {
            moved -= 1;
        }
        let (head, tail) = self.text.split_at(cut(bytes.len(), moved));
        self.text = format!("{tail}{head}");
        self.range = at - moved..at - moved;
    }

    fn slide_deletion(&mut self, old: &Text, floor: usize) {
        let Range { start, end } = self.range.clone();
        let furthest = (start - floor.min(start)).min(MAX_SLIDE);
        let mut moved = (0..furthest)
            .take_while(|n| old.byte(start - 1 - n) == old.byte(end - 1 - n))
            .count();
        while !old.is_boundary(start - moved) || !old.is_boundary(end - moved) {
            moved -= 1;
        }
        self.range = start - moved..end - moved;
    }
}

/// Up to where a replacement may be told: what is put in place of nothing may be said to stand further on, behind what is
/// there and it begins with, too. Costs as far as it may.
pub(super) fn told_up_to(range: &Range<usize>, text: &str, old: &Text) -> usize {
    let put = text.as_bytes();
    if !range.is_empty() || put.is_empty() {
        return range.end;
    }
    let at = range.start;
    let mut on = (0..MAX_SLIDE)
        .take_while(|n| old.byte(at + n) == Some(put[n % put.len()]))
        .count();
    while !old.is_boundary(at + on) {
        on -= 1;
    }
    at + on
}

/// Where an inserted text of `len` bytes is cut when it moves left by `moved`.
pub(super) fn cut(len: usize, moved: usize) -> usize {
    (len - moved % len) % len
}

/// Whether the new text is the old one with all parts in it and nothing else.
pub(super) fn is_exactly(old: &Text, new: &Text, clusters: &[Edit], parts: &[Part]) -> bool {
    let grown: isize = parts
        .iter()
        .map(|part| part.text.len() as isize - part.range.len() as isize)
        .sum();
    if old.len() as isize + grown != new.len() as isize {
        return false;
    }
    let same = clusters.len() == parts.len()
        && clusters
            .iter()
            .zip(parts)
            .all(|(edit, part)| edit.range == part.range && edit.text == part.text);
    if same {
        return true;
    }
    let mut starts = clusters
        .iter()
        .map(|edit| edit.range.start)
        .chain(parts.iter().map(|part| part.range.start));
    let mut ends = clusters
        .iter()
        .map(|edit| edit.range.end)
        .chain(parts.iter().map(|part| part.range.end));
    let (Some(start), Some(end)) = (starts.by_ref().min(), ends.by_ref().max()) else {
        return true;
    };
    // Outside that window neither the change nor the parts touch anything.
    let mut at = start;
    let mut there = start;
    for part in parts {
        let kept = part.range.start - at;
        if !ranges_equal(old, at..part.range.start, new, there..there + kept) {
            return false;
        }
        there += kept;
        if !new.range_is(there..there + part.text.len(), &part.text) {
            return false;
        }
        there += part.text.len();
        at = part.range.end;
    }
    ranges_equal(old, at..end, new, there..there + (end - at))
}

pub(super) fn ranges_equal(
    a: &Text,
    a_range: Range<usize>,
    b: &Text,
    b_range: Range<usize>,
) -> bool {
    if b_range.end > b.len() || !b.is_boundary(b_range.start) || !b.is_boundary(b_range.end) {
        return false;
    }
    let mut at = b_range.start;
    a.chunks(a_range).all(|chunk| {
        let end = at + chunk.len();
        let same = b.is_boundary(end) && b.range_is(at..end, chunk);
        at = end;
        same
    })
}

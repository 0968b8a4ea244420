//! [`Path`]: which place of the base is which place of the target, by the hunks between them; and hunks grown
//! until no text of the user's stands across them.

use std::ops::Range;

use diff::Hunk;

/// A place in base and target at once.
type Point = (usize, usize);

/// The way through base and target that hunks describe: kept lines in step, a jump at each hunk.
pub(super) struct Path<'a> {
    base: &'a str,
    target: &'a str,
    hunks: Vec<Hunk>,
}

impl<'a> Path<'a> {
    pub(super) fn new(base: &'a str, target: &'a str, hunks: Vec<Hunk>) -> Self {
        Path {
            base,
            target,
            hunks,
        }
    }

    pub(super) fn hunks(&self) -> &[Hunk] {
        &self.hunks
    }

    /// The runs of whole lines that are the same in both.
    pub(super) fn kept(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let starts = std::iter::once((0, 0))
            .chain(self.hunks.iter().map(|hunk| (hunk.old.end, hunk.new.end)));
        let ends = self
            .hunks
            .iter()
            .map(|hunk| (hunk.old.start, hunk.new.start))
            .chain([(self.base.len(), self.target.len())]);
        starts
            .zip(ends)
            .map(|(start, end)| (start.0..end.0, start.1..end.1))
    }

    /// Where in the target a place on a line of the base is, if the line stays.
    pub(super) fn in_kept_lines(&self, line: &Range<usize>, at: usize) -> Option<usize> {
        let mut kept = self.kept();
        kept.find(|(old, _)| old.start <= line.start && line.end <= old.end && !line.is_empty())
            .map(|(old, new)| new.start + at - old.start)
    }

    /// Where in the base a place on a line of the target is, if the line stays.
    pub(super) fn of_kept_lines(&self, line: &Range<usize>, at: usize) -> Option<usize> {
        let mut kept = self.kept();
        kept.find(|(_, new)| new.start <= line.start && line.end <= new.end && !line.is_empty())
            .map(|(old, new)| old.start + at - new.start)
    }

    /// Whether a text of the user's behind so much of the base and so much of the target stands in one place.
    pub(super) fn passes(&self, (base, target): Point) -> bool {
        let in_hunk = self.hunks.iter().any(|hunk| {
            hunk.old.start <= base
                && base <= hunk.old.end
                && hunk.new.start <= target
                && target <= hunk.new.end
        });
        in_hunk || self.around(base, |(base, _)| base).0 == (base, target)
    }

    /// The nearest points of the way at or before, and at or behind, a place on one side.
    fn around(&self, at: usize, side: impl Fn(Point) -> usize) -> (Point, Point) {
        let mut last = (0, 0);
        for hunk in &self.hunks {
            let (start, end) = (
                (hunk.old.start, hunk.new.start),
                (hunk.old.end, hunk.new.end),
            );
            if at < side(start) {
                break;
            }
            if at < side(end) && at > side(start) || side(start) == side(end) && at == side(start) {
                return (start, end);
            }
            if at == side(start) {
                return (start, start);
            }
            last = end;
        }
        let by = at - side(last);
        let point = (last.0 + by, last.1 + by);
        (point, point)
    }

    /// Makes a hunk of the whole lines between two points of the base and of the target, with all hunks on
    /// the way.
    pub(super) fn join(&mut self, base: Range<usize>, target: Range<usize>) {
        let points = [
            self.around(base.start, |(base, _)| base),
            self.around(base.end, |(base, _)| base),
            self.around(target.start, |(_, target)| target),
            self.around(target.end, |(_, target)| target),
        ];
        let (mut start, mut end) = points[0];
        for (before, behind) in points {
            start = start.min(before);
            end = end.max(behind);
        }
        // Off the hunks the way leads through kept lines, the same on both sides; at the end of a region without a last
        // line break a hunk may begin before the line break.
        let line_start = self.base[..start.0].rfind('\n').map_or(0, |at| at + 1);
        let on_corner = |point: Point| {
            self.hunks.iter().any(|hunk| {
                point == (hunk.old.start, hunk.new.start) || point == (hunk.old.end, hunk.new.end)
            })
        };
        if !on_corner(start) {
            let by = start.0 - line_start;
            start = (start.0 - by, start.1 - by);
        }
        if !on_corner(end) && !self.base[..end.0].ends_with('\n') && end.0 > 0 {
            let rest = &self.base[end.0..];
            let next = self.hunks.iter().find(|hunk| hunk.old.start >= end.0);
            let most = next.map_or(rest.len(), |hunk| hunk.old.start - end.0);
            let by = rest.find('\n').map_or(rest.len(), |at| at + 1).min(most);
            end = (end.0 + by, end.1 + by);
        }
        let (mut old, mut new) = (start.0..end.0, start.1..end.1);
        let touches = |hunk: &Hunk, old: &Range<usize>, new: &Range<usize>| {
            hunk.old.start <= old.end
                && old.start <= hunk.old.end
                && hunk.new.start <= new.end
                && new.start <= hunk.new.end
        };
        let at = self
            .hunks
            .partition_point(|hunk| hunk.old.end < old.start || hunk.new.end < new.start);
        while let Some(hunk) = self.hunks.get(at).filter(|hunk| touches(hunk, &old, &new)) {
            old = old.start.min(hunk.old.start)..old.end.max(hunk.old.end);
            new = new.start.min(hunk.new.start)..new.end.max(hunk.new.end);
            self.hunks.remove(at);
        }
        let hunk = Hunk {
            old_lines: lines(self.base, &old),
            new_lines: lines(self.target, &new),
            old,
            new,
        };
        self.hunks.insert(at, hunk);
    }
}

fn lines(text: &str, range: &Range<usize>) -> Range<u32> {
    let count = |text: &str| text.matches('\n').count() as u32;
    let start = count(&text[..range.start]);
    let within = &text[range.clone()];
    let open = !within.is_empty() && !within.ends_with('\n');
    start..start + count(within) + u32::from(open)
}

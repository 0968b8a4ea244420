//! Where a deletion was made that says the same in several places of a region. `<1><2>` without `<1>` is also itself
//! without `1><`, and editors that compare texts tell of that; what stood unseen between the two then comes to stand
//! in the middle of one.

use std::ops::Range;

use super::Tracked;
use crate::piece::Origin;
use crate::slide::slides;

impl Tracked {
    /// The place nearest to `range` (bytes of the shown text) at which a deletion of as much leads to the same text and
    /// cuts the fewest texts of different origin and, if it can, takes whole lines, within `room`. Costs the pieces; the
    /// region's text where it cuts one or holds a line break.
    pub(crate) fn seat_deletion(&self, range: &Range<usize>, room: &Range<usize>) -> Range<usize> {
        let borders = self.borders();
        let shown = borders.last().copied().unwrap_or_default();
        let cuts = |range: &Range<usize>| {
            let is_inside = |at: &usize| range.start < *at && *at < range.end;
            if !borders.iter().any(is_inside) {
                return 0;
            }
            let cut = |at: usize| usize::from(borders.binary_search(&at).is_err());
            cut(range.start) + cut(range.end)
        };
        if range.end > shown || cuts(range) == 0 && !self.holds_line_break(range) {
            return range.clone();
        }
        let text = self.shown();
        // The range may lie within a character: what does not fit is found out later.
        let begins_line = |at: usize| at == 0 || text.as_bytes()[at - 1] == b'\n';
        let parts_lines = |it: &Range<usize>| !(begins_line(it.start) && begins_line(it.end));
        if cuts(range) == 0 && !parts_lines(range) {
            return range.clone();
        }
        let bytes = text.as_bytes();
        let room = room.start..room.end.min(shown);
        let stands = |at: usize| {
            text.is_char_boundary(at)
                && !(text[..at].ends_with('\r') && text[at..].starts_with('\n'))
        };
        std::iter::once((0, range.clone()))
            .chain(slides(|at| bytes.get(at).copied(), range, room))
            .filter(|(_, it)| stands(it.start) && stands(it.end))
            .min_by_key(|(n, it)| (cuts(it), parts_lines(it), *n))
            .map_or_else(|| range.clone(), |(_, it)| it)
    }

    /// Where the pieces of the shown text begin, in order, and where the last one ends: bytes of that text. O(pieces).
    fn borders(&self) -> Vec<usize> {
        let mut shown = 0;
        let starts = self.pieces.iter().filter(|piece| piece.shown).map(|piece| {
            let start = shown;
            shown += piece.len;
            start
        });
        let mut borders: Vec<usize> = starts.collect();
        borders.push(shown);
        borders
    }

    /// What the user typed, each text that was typed in one go, in bytes of the shown text; in order. O(pieces).
    pub(crate) fn typing(&self) -> Vec<Range<usize>> {
        let mut start = 0;
        let shown = self.pieces.iter().filter(|piece| piece.shown);
        let typed = shown.filter_map(|piece| {
            let range = start..start + piece.len;
            start = range.end;
            (piece.origin == Origin::Theirs).then_some(range)
        });
        typed.collect()
    }

    /// Whether a range of the shown text holds a line break. O(pieces), and the range.
    fn holds_line_break(&self, range: &Range<usize>) -> bool {
        let mut start = 0;
        self.pieces.iter().filter(|piece| piece.shown).any(|piece| {
            let (from, to) = (
                range.start.max(start) - start,
                range.end.min(start + piece.len),
            );
            let here = from..to.saturating_sub(start);
            start += piece.len;
            here.start < here.end && self.text_of(piece).as_bytes()[here].contains(&b'\n')
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two texts typed beside each other, one after the other; then a deletion is reported. Expects where it was made.
    #[track_caller]
    fn check(typed: [&str; 2], reported: Range<usize>, made: Range<usize>) {
        let mut tracked = Tracked::new("x\n".to_owned());
        tracked.user_change(0..0, typed[1]);
        tracked.user_change(0..0, typed[0]);
        let all = 0..tracked.shown_len();
        let seat = tracked.seat_deletion(&reported, &all);
        assert_eq!(seat, made, "in {:?}", tracked.shown());
    }

    #[test]
    fn one_of_two_texts_that_begin_alike_is_deleted_whole() {
        check(["<1>", "<2>"], 1..4, 0..3);
        check(["<1>", "<2>"], 2..5, 3..6);
        check(["<1>", "<2>"], 0..3, 0..3);
    }

    #[test]
    fn a_line_that_begins_as_the_next_one_does_is_deleted_whole() {
        check(["let a = 1;\n", "let b = 2;\n"], 4..15, 0..11);
        check(["let a = 1;\n", "let b = 2;\n"], 0..11, 0..11);
        check(["let a = 1;\n", "var b = 2;\n"], 4..15, 4..15);
    }

    #[test]
    fn a_deletion_from_within_a_character_stays_where_it_is() {
        check(["é\n", "ü\n"], 1..3, 1..3);
        check(["é\n", "ü\n"], 3..5, 3..5);
    }

    #[test]
    fn what_was_deleted_across_two_texts_stays_where_it_says_the_same_nowhere_else() {
        check(["ab", "cd"], 1..3, 1..3);
        check(["ab", "cd"], 2..3, 2..3);
    }
}

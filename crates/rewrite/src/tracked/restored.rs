//! What the user deleted and puts back, by the editor's undo or by hand: it is again what it was, so that what the
//! model does to it counts, and a reject takes only the model's away.

use std::ops::Range;

use super::Tracked;
use crate::piece::{Origin, Piece, Verdict};
use crate::slide::slides;

/// Where a region begins, or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Start,
    End,
}

/// A text that came back: origin, start, length.
type Back = (Origin, usize, usize);

/// How much of a deletion that took text of the user's along is remembered, in bytes, and of how many.
const MOST_MIXED: usize = 4_096;
const MOST_MIXTURES: usize = 8;

impl Tracked {
    /// The deleted texts around the place before a piece that spell `text` in order, all of it; `gone` bytes shown from
    /// there on are about to go. Costs what is not shown there.
    pub(super) fn deleted_there(&self, index: usize, gone: usize, text: &str) -> Vec<Back> {
        self.spelled_by_deleted(self.hidden_around(index, gone), text)
    }

    /// Where text that is put at `at` (bytes of the shown text) is what the user deleted, if it leads to the same text there,
    /// and what it is there: `b = 2, ` put behind `a = 1, ` may be told as ` b = 2,` before that blank. Costs the region
    /// where so much was deleted, else O(pieces).
    pub(crate) fn seat_return(&self, at: usize, put: &str) -> Option<(usize, String)> {
        let deleted = self.pieces.iter().filter(|it| it.removed && !it.shown);
        if deleted.map(|it| it.len).sum::<usize>() < put.len() {
            return None;
        }
        let mut text = self.shown();
        text.get(..at)?;
        text.insert_str(at, put);
        let told = at..at + put.len();
        let others = slides(|at| text.as_bytes().get(at).copied(), &told, 0..text.len());
        let all = std::iter::once((0, told.clone())).chain(others);
        let returns = |it: &Range<usize>| {
            let there = text.get(it.clone())?;
            let back = self.deleted_there(self.border_at(it.start)?, 0, there);
            (!back.is_empty()).then(|| (it.start, there.to_owned()))
        };
        let found = all.filter_map(|(n, it)| Some((n, returns(&it)?)));
        found.min_by_key(|(n, _)| *n).map(|(_, it)| it)
    }

    /// The index of a piece before which so much is shown, where that is between two pieces. O(pieces).
    fn border_at(&self, at: usize) -> Option<usize> {
        let mut shown = 0;
        for (index, piece) in self.pieces.iter().enumerate() {
            if shown >= at {
                return (shown == at).then_some(index);
            }
            shown += if piece.shown { piece.len } else { 0 };
        }
        (shown == at).then_some(self.pieces.len())
    }

    /// Whether the user deleted `text`, all of it, just inside of the region's start or end. Not where it is blank: a line
    /// break typed at an edge stands outside.
    pub(crate) fn has_deleted_at(&self, edge: Edge, text: &str) -> bool {
        let index = match edge {
            Edge::Start => 0,
            Edge::End => self.pieces.len(),
        };
        let returns =
            || !self.deleted_there(index, 0, text).is_empty() || self.mixture_of(text).is_some();
        !text.trim().is_empty() && returns()
    }

    /// The user deletes a range of the shown text: where it holds text of theirs and other, remembers in which order. Costs
    /// the pieces, and what is deleted.
    pub(super) fn note_mixture(&mut self, range: &Range<usize>) {
        if range.is_empty() || range.len() > MOST_MIXED {
            return;
        }
        let mut start = 0;
        let mut stretches: Vec<(bool, String)> = Vec::new();
        for piece in self.pieces.iter().filter(|piece| piece.shown) {
            let (from, to) = (range.start.max(start), range.end.min(start + piece.len));
            if from < to {
                let text = &self.text_of(piece)[from - start..to - start];
                let theirs = piece.origin == Origin::Theirs;
                match stretches.last_mut() {
                    Some((last, all)) if *last == theirs && theirs => all.push_str(text),
                    _ => stretches.push((theirs, text.to_owned())),
                }
            }
            start += piece.len;
        }
        let holds = |theirs: bool| stretches.iter().any(|it| it.0 == theirs);
        if holds(true) && holds(false) {
            self.mixtures.truncate(MOST_MIXTURES - 1);
            let texts = stretches.into_iter().map(|it| it.1);
            self.mixtures.push_front(texts.collect());
        }
    }

    /// Puts back what the user deleted together with text of their own, each stretch as what it was; gives whether `text`
    /// is that. Costs what is remembered, and the region where it is.
    pub(super) fn takes_mixture_back(&mut self, at: usize, text: &str) -> bool {
        let Some(stretches) = self.mixture_of(text).cloned() else {
            return false;
        };
        let mut restored = self.clone();
        // From behind: each stands right before what is shown next.
        for stretch in stretches.iter().rev() {
            restored.user_change(at..at, stretch);
        }
        let mut expected = self.shown();
        expected.insert_str(at, text);
        let fits = restored.shown() == expected;
        if fits {
            *self = restored;
        }
        fits
    }

    fn mixture_of(&self, text: &str) -> Option<&Vec<String>> {
        let spells = |stretches: &&Vec<String>| {
            let mut rest = Some(text);
            for stretch in *stretches {
                rest = rest.and_then(|it| it.strip_prefix(stretch.as_str()));
            }
            rest == Some("")
        };
        self.mixtures.iter().find(spells)
    }

    /// The pieces around the place before a piece up to the next ones shown that stay there.
    fn hidden_around(&self, index: usize, mut gone: usize) -> Range<usize> {
        let before = self.pieces[..index].iter().rev();
        let start = index - before.take_while(|piece| !piece.shown).count();
        let behind = self.pieces[index..].iter().take_while(|piece| {
            let stays = piece.shown && gone < piece.len;
            gone -= if piece.shown && !stays { piece.len } else { 0 };
            !stays
        });
        start..index + behind.count()
    }

    fn spelled_by_deleted(&self, near: Range<usize>, text: &str) -> Vec<Back> {
        // While the rest of an edit is missing, the user may have done what a part of it would.
        let half = Some(self.moments.landed()).filter(|it| *it != 0 && self.is_in_flight());
        let doubted = |piece: &Piece| piece.doubted || Some(piece.flipped) == half;
        let deleted = |piece: &&Piece| !piece.shown && (piece.removed || doubted(piece));
        // What the model keeps comes first: the rest would only go away again.
        let all: Vec<&Piece> = self.pieces[near].iter().filter(deleted).collect();
        let kept: Vec<&Piece> = all.iter().copied().filter(|it| it.in_target).collect();
        let mut found = [kept, all]
            .into_iter()
            .filter_map(|it| self.spelling(&it, text));
        found.next().unwrap_or_default()
    }

    /// Some of the pieces that spell a text in order.
    fn spelling(&self, pieces: &[&Piece], text: &str) -> Option<Vec<Back>> {
        let mut ways: Vec<(usize, Vec<Back>)> = vec![(0, Vec::new())];
        for piece in pieces {
            for way in 0..ways.len() {
                let (at, back) = &ways[way];
                let reaches = at + piece.len;
                let new = ways.iter().all(|(end, _)| *end != reaches);
                if new && text[*at..].starts_with(self.text_of(piece)) {
                    let mut back = back.clone();
                    back.push((piece.origin, piece.start, piece.len));
                    ways.push((reaches, back));
                }
            }
        }
        let whole = ways.into_iter().find(|(end, _)| *end == text.len());
        whole.map(|(_, back)| back)
    }

    /// What is left of the user's own text beside the place before a piece is what it was typed for, where it spells that and
    /// no more: who replaces `x` by `xyz` and takes `yz` away has replaced nothing. Costs the pieces there.
    pub(super) fn take_back_what_is_left(&mut self, index: usize) {
        let theirs = |it: &&Piece| it.origin == Origin::Theirs;
        let hidden = |it: &Piece| !it.shown && it.origin != Origin::Theirs;
        let index = index.min(self.pieces.len());
        let gap = self.pieces[..index].iter().rev();
        let end = index - gap.take_while(|it| hidden(it)).count();
        let start = end - self.pieces[..end].iter().rev().take_while(theirs).count();
        let behind = self.pieces[end..].iter().take_while(theirs).count();
        let run = start..end + behind;
        let text: String = self.pieces[run.clone()]
            .iter()
            .map(|it| self.text_of(it))
            .collect();
        if text.is_empty() {
            return;
        }
        let back = self.deleted_there(start, text.len(), &text);
        if back.is_empty() {
            return;
        }
        self.shown_len -= text.len();
        self.pieces.drain(run);
        self.take_back(&back);
    }

    /// Shows deleted texts again, as what they were.
    pub(super) fn take_back(&mut self, back: &[Back]) {
        if back.is_empty() {
            return;
        }
        let place = |it: &Tracked, &(origin, start, len): &Back| {
            let mut pieces = it.pieces.iter();
            pieces.position(|it| (it.origin, it.start, it.len) == (origin, start, len))
        };
        for text in back {
            if let Some(index) = place(self, text).filter(|at| !self.pieces[*at].shown) {
                let piece = &mut self.pieces[index];
                if !piece.removed {
                    piece.flipped = 0;
                }
                (piece.removed, piece.doubted, piece.shown) = (false, false, true);
                piece.flight = std::mem::take(&mut piece.forestalled);
                self.shown_len += piece.len;
            }
        }
        // Only then: what one of them stands for may be another of them.
        for text in back {
            if let Some(index) = place(self, text) {
                let copy = self.copy_of(index);
                self.remove_what_it_stands_for(index, false);
                if let Some(copy) = copy {
                    self.delete_of_target(copy, false);
                }
            }
        }
        // What gave way to the deletion gives way no more.
        for piece in &mut self.pieces {
            piece.withheld &= piece.verdict != Verdict::Open;
        }
        self.dirty = true;
    }
}

#[cfg(test)]
mod tests {
    use diff::Splice;

    use super::*;
    use crate::piece::Showing;

    /// The model's line before the old one, shown; then the user replaces one text by another. Expects what a reject
    /// would leave.
    #[track_caller]
    fn check(changes: &[(Range<usize>, &str)], rejected: &str) {
        let mut tracked = Tracked::new("one\ntwo\n".to_owned());
        tracked.splice(&Splice {
            at: 0,
            delete: 0,
            insert: "NEW\n".to_owned(),
        });
        tracked.gaps(Showing::Applied, |_| 1);
        tracked.confirm(1, 1);
        for (range, text) in changes {
            tracked.user_change(range.clone(), text);
        }
        assert_eq!(
            tracked.base_with_theirs(),
            rejected,
            "of {:?}",
            tracked.shown()
        );
    }

    #[test]
    fn what_the_user_deleted_and_puts_back_is_what_it_was() {
        check(&[(4..8, ""), (4..4, "one\n")], "one\ntwo\n");
        check(&[(0..4, ""), (0..0, "NEW\n")], "one\ntwo\n");
        check(&[(2..6, ""), (2..2, "W\non")], "one\ntwo\n");
    }

    #[test]
    fn what_was_deleted_in_two_goes_comes_back_in_one() {
        check(&[(4..6, ""), (4..6, ""), (4..4, "one\n")], "one\ntwo\n");
    }

    #[test]
    fn what_was_typed_over_comes_back_when_the_typing_goes() {
        check(&[(4..7, "1"), (4..5, "one")], "one\ntwo\n");
    }

    #[test]
    fn what_is_left_of_typing_is_what_it_was_typed_for_where_it_says_the_same() {
        let mut tracked = Tracked::new("// one\n".to_owned());
        for (range, text) in [(0..1, "<3>/<2>"), (0..3, ""), (1..4, "")] {
            tracked.user_change(range, text);
        }
        assert_eq!(tracked.shown(), "// one\n");
        assert!(!tracked.touched(), "all is as it was");
    }

    #[test]
    fn what_was_deleted_together_with_typing_is_what_it_was() {
        check(&[(5..5, "x"), (4..8, ""), (4..4, "oxne")], "oxne\ntwo\n");
        check(
            &[(6..6, "x"), (2..9, ""), (2..2, "W\nonxe\n")],
            "onxe\ntwo\n",
        );
        let typed = [(5..5, "x"), (7..7, "y"), (4..9, ""), (4..4, "oxnye")];
        check(&typed, "oxnye\ntwo\n");
    }

    #[test]
    fn what_was_deleted_comes_back_where_it_was_deleted_though_it_is_told_beside() {
        let mut tracked = Tracked::new("a = 1, b = 2, c\n".to_owned());
        tracked.user_change(7..14, "");
        let seat = |at: usize, put: &str| tracked.seat_return(at, put);
        assert_eq!(seat(7, "b = 2, "), Some((7, "b = 2, ".to_owned())));
        assert_eq!(seat(6, " b = 2,"), Some((7, "b = 2, ".to_owned())));
        assert_eq!(seat(6, " b = 3,"), None);
        assert_eq!(seat(0, "b = 2, "), None);
    }

    #[test]
    fn half_of_what_was_deleted_is_typing() {
        let mut tracked = Tracked::new("one\ntwo\n".to_owned());
        tracked.user_change(0..4, "");
        tracked.user_change(0..0, "on");
        assert!(tracked.touched());
        assert_eq!(tracked.base_with_theirs(), "ontwo\n");
    }
}

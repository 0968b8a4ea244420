//! Where the user and the model change the same text, the user's text stands, and the model's is withheld there:
//! its hunk says that there is a conflict.

use std::ops::Range;

use super::narrow::common_ends;
use super::{Finger, Tracked};
use crate::piece::{Beside, Origin, Piece, Verdict};

/// A line of the target while it is being read.
#[derive(Default)]
struct Line {
    /// Base that stands in it.
    kept: bool,
    /// Base that would stand in it, had the user not deleted it.
    deleted: bool,
    /// Some of the model's text in it is in the document: the user has seen it, and deleted other text.
    seen: bool,
    /// Text of the model in it: piece, bytes of the piece.
    ours: Vec<(usize, Range<usize>)>,
}

impl Tracked {
    /// The user typed in base that has just been taken out of the target, from piece `first` up to `end`. The
    /// model's lines for it have come before it: they are written into its lines instead, so that what was typed
    /// stays where it was typed. O(pieces); the target stays the same.
    pub(super) fn write_beside_typing(&mut self, first: usize, end: usize) {
        let is_base = |piece: &&Piece| piece.origin == Origin::Base && !piece.in_target;
        let gone: String = self.pieces[first..end]
            .iter()
            .filter(is_base)
            .map(|piece| self.text_of(piece))
            .collect();
        let before = self.pieces[..first]
            .iter()
            .rev()
            .take_while(|piece| piece.origin == Origin::Ours || !piece.in_target && !piece.shown)
            .count();
        let block = first - before..first;
        let written: String = self.pieces[block.clone()]
            .iter()
            .filter(|piece| piece.in_target)
            .map(|piece| self.text_of(piece))
            .collect();
        let lines = gone.split_inclusive('\n').count().max(1);
        let ends = written.trim_end_matches('\n').len() < written.len();
        let start = written
            .rmatch_indices('\n')
            .map(|(at, _)| at + 1)
            .nth(lines - usize::from(!ends))
            .unwrap_or(0);
        let exchanges = exchanges(&gone, &written[start..]);
        let exchanged: usize = exchanges.iter().map(|(gone, _)| gone.len()).sum();
        if exchanged == gone.len() {
            return;
        }
        let mut pieces: Vec<Piece> = Vec::with_capacity(self.pieces.len() + 4);
        pieces.extend_from_slice(&self.pieces[..block.start]);
        let of_target = pieces.iter().filter(|piece| piece.in_target);
        let before: usize = of_target.map(|piece| piece.len).sum();
        let mut at = 0;
        for mut piece in self.pieces[block].iter().copied() {
            if !piece.in_target {
                pieces.push(piece);
                continue;
            }
            let keeps = start.saturating_sub(at).min(piece.len);
            at += piece.len;
            let mut rest = piece.split_off(keeps);
            pieces.push(piece);
            rest.in_target = false;
            rest.was_at = Some(before + at - rest.len);
            if rest.shown || rest.flight != 0 {
                pieces.push(rest);
            }
        }
        let hunk = self.pieces[first].hunk;
        let mut put = exchanges.iter().peekable();
        let (mut at, mut next) = (0, 0);
        for piece in self.pieces[first..end].iter().copied() {
            if !is_base(&&piece) {
                pieces.push(piece);
                continue;
            }
            let mut rest = piece;
            loop {
                while let Some((_, text)) = put.next_if(|(gone, _)| gone.start <= at) {
                    pieces.push(Piece {
                        hunk,
                        ..Piece::ours(self.ours.len(), text.len())
                    });
                    self.ours.push_str(text);
                }
                if rest.len == 0 {
                    break;
                }
                while exchanges.get(next).is_some_and(|(gone, _)| gone.end <= at) {
                    next += 1;
                }
                let (goes, border) = match exchanges.get(next) {
                    Some((gone, _)) if gone.start <= at => (true, gone.end),
                    Some((gone, _)) => (false, gone.start),
                    None => (false, usize::MAX),
                };
                let mut head = rest;
                rest = head.split_off((border - at).min(head.len));
                head.in_target = !goes;
                at += head.len;
                pieces.push(head);
            }
        }
        pieces.extend_from_slice(&self.pieces[end..]);
        pieces.retain(|piece| piece.len > 0);
        self.pieces = pieces;
        self.finger = Finger::default();
    }

    /// The same wherever the user has typed in such base, or deleted some of it, since: for what no edit has put yet. To be
    /// called when nothing is in flight. O(pieces), and the lines in question.
    pub(super) fn write_beside_changes(&mut self) {
        let stays = |piece: &Piece| piece.origin == Origin::Base && piece.in_target;
        let mut start = 0;
        while start < self.pieces.len() {
            let rest = self.pieces[start..].iter();
            let mut end = start + rest.take_while(|piece| !stays(piece)).count();
            if let Some((first, last)) = self.changed_base(start..end) {
                let count = self.pieces.len();
                self.write_beside_typing(first, last + 1);
                end = end + self.pieces.len() - count;
            }
            start = end + 1;
        }
    }

    /// The first and the last base in a replacement by text that waits before it, where the user has changed some of it.
    fn changed_base(&self, run: Range<usize>) -> Option<(usize, usize)> {
        let of_base = |index: &usize| self.pieces[*index].origin == Origin::Base;
        let first = run.clone().find(of_base)?;
        let last = run.clone().rfind(of_base)?;
        let is_blank = |piece: &Piece| self.text_of(piece).trim().is_empty();
        let changed = |it: &Piece| it.origin == Origin::Theirs || it.removed && !is_blank(it);
        let comes = |piece: &Piece| piece.origin == Origin::Ours && piece.in_target;
        let waits = |piece: &Piece| is_ours(piece) && may_wait(piece) && !piece.shown;
        let mut before = self.pieces[run.start..first].iter().filter(|it| comes(it));
        let any = before.clone().next().is_some();
        let fits = any
            && before.all(waits)
            && self.pieces[first..=last].iter().any(changed)
            && !self.pieces[first..run.end].iter().any(comes)
            && self.pieces[run.clone()].iter().all(may_wait);
        // What is one hunk stays one.
        let hunk = self.pieces[first].hunk;
        let parts = |piece: &Piece| piece.origin != Origin::Theirs && piece.hunk != hunk;
        let fits = fits && !self.pieces[run].iter().any(parts);
        fits.then_some((first, last))
    }

    /// Withholds what the model puts where the user has typed over or deleted what it changes. Nothing that is
    /// decided. To be called when nothing is in flight. O(pieces); where the user has deleted base that
    /// the model keeps, O(region).
    pub(super) fn give_way(&mut self) {
        if self.pieces.iter().any(|piece| piece.removed) {
            self.give_way_to_typing();
            self.give_way_to_deletion();
            self.give_way_in_moved_lines();
        }
    }

    /// All that the model replaces the user has replaced: the user's text it is.
    fn give_way_to_typing(&mut self) {
        let stays = |piece: &Piece| {
            piece.origin == Origin::Base && piece.in_target && !piece.removed && piece.len > 0
        };
        let mut start = 0;
        while start < self.pieces.len() {
            let run = self.pieces[start..]
                .iter()
                .take_while(|piece| !stays(piece));
            let end = start + run.count();
            // White space that a formatter makes anew is no text of its own.
            let says = |piece: &&Piece| !self.text_of(piece).trim().is_empty();
            let all = &self.pieces[start..end];
            let (said, typed) = (
                all.iter()
                    .filter(says)
                    .any(|it| it.origin == Origin::Base && it.removed),
                // What was typed amid the model's text replaces nothing.
                all.iter()
                    .filter(says)
                    .any(|it| it.origin == Origin::Theirs && it.beside != Beside::Ours),
            );
            let run = &mut self.pieces[start..end];
            let mut gone = run
                .iter()
                .filter(|piece| piece.origin == Origin::Base && !piece.in_target)
                .peekable();
            let replaced = said && gone.peek().is_some() && gone.all(|piece| piece.removed);
            if replaced && typed && run.iter().filter(|it| is_ours(it)).all(may_wait) {
                for piece in run.iter_mut().filter(|piece| is_ours(piece)) {
                    piece.withheld = true;
                }
            }
            start = end + 1;
        }
    }

    /// All that the model keeps of a line the user has deleted before any of the rest was there: the line is gone.
    fn give_way_to_deletion(&mut self) {
        let deleted =
            |piece: &Piece| piece.origin == Origin::Base && piece.in_target && piece.removed;
        if !self.pieces.iter().any(deleted) {
            return;
        }
        let mut withheld: Vec<(usize, Range<usize>)> = Vec::new();
        let mut line = Line::default();
        let mut end = |line: Line| {
            if line.deleted && !line.kept && !line.seen {
                withheld.extend(line.ours);
            }
        };
        for (index, piece) in self.pieces.iter().enumerate() {
            if !piece.in_target {
                continue;
            }
            let mut at = 0;
            for part in self.text_of(piece).split_inclusive('\n') {
                let range = at..at + part.len();
                at = range.end;
                match piece.origin {
                    Origin::Base if part.trim_matches([' ', '\t']).is_empty() => {}
                    Origin::Base if piece.removed => line.deleted = true,
                    Origin::Base => line.kept = true,
                    // A line break that the model puts behind the line ends what is left of it.
                    _ if is_ours(piece) && !part.trim().is_empty() => {
                        line.seen |= piece.shown;
                        line.ours.push((index, range));
                    }
                    _ => {}
                }
                if part.ends_with('\n') {
                    end(std::mem::take(&mut line));
                }
            }
        }
        end(line);
        for (index, range) in withheld.into_iter().rev() {
            if !may_wait(&self.pieces[index]) {
                continue;
            }
            let mut middle = self.pieces[index].split_off(range.start);
            let rest = middle.split_off(range.len());
            middle.withheld = true;
            let parts = [middle, rest].into_iter().filter(|piece| piece.len > 0);
            self.pieces.splice(index + 1..index + 1, parts);
        }
        self.pieces.retain(|piece| piece.len > 0);
    }
}

/// What is written in place of what of old lines, in bytes of them, ascending: lines that stay are no part of it, and of
/// others each is written over its like where there are as many, without what the two begin and end with. A blank line
/// alone may as well be another.
fn exchanges<'a>(gone: &str, written: &'a str) -> Vec<(Range<usize>, &'a str)> {
    let mut hunks: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for hunk in diff::hunks(gone, written) {
        match hunks.last_mut() {
            Some((old, new)) if gone[old.end..hunk.old.start].trim().is_empty() => {
                (old.end, new.end) = (hunk.old.end, hunk.new.end);
            }
            _ => hunks.push((hunk.old, hunk.new)),
        }
    }
    let lines = |text: &str| text.split_inclusive('\n').count();
    let mut all = Vec::new();
    for (old, new) in hunks {
        let (mut at, old, new) = (old.start, &gone[old], &written[new]);
        let pairs: Vec<(&str, &str)> = match lines(old) == lines(new) {
            true => old
                .split_inclusive('\n')
                .zip(new.split_inclusive('\n'))
                .collect(),
            false => vec![(old, new)],
        };
        for (old, new) in pairs {
            let (prefix, suffix) = common_ends(old, new);
            let range = at + prefix..at + old.len() - suffix;
            all.push((range, &new[prefix..new.len() - suffix]));
            at += old.len();
        }
    }
    all
}

fn is_ours(piece: &Piece) -> bool {
    piece.origin == Origin::Ours && piece.in_target && !piece.removed && !piece.withheld
}

/// Whether text of the model is not decided yet.
fn may_wait(piece: &Piece) -> bool {
    piece.verdict == Verdict::Open
}

#[cfg(test)]
mod tests {
    use diff::Splice;

    use crate::piece::Showing;
    use crate::tracked::Tracked;

    #[test]
    fn what_is_typed_amid_the_models_text_replaces_nothing_that_was_deleted_before() {
        let mut tracked = Tracked::new("a toces b\n".to_owned());
        tracked.user_change(2..7, "");
        let splice = |at: usize, delete: usize, insert: &str| Splice {
            at,
            delete,
            insert: insert.to_owned(),
        };
        tracked.splice(&splice(2, 5, "ZIFIV"));
        tracked.gaps(Showing::Applied, |_| 1);
        tracked.confirm(1, 1);
        assert_eq!(tracked.shown(), "a ZIFIV b\n");
        tracked.user_change(5..5, "<me>");
        tracked.splice(&splice(10, 0, "more\n"));
        let mut gaps = Vec::new();
        tracked.gaps(Showing::Applied, |gap| {
            gaps.push((gap.range, gap.text));
            2
        });
        assert_eq!(gaps, [(14..14, "more\n".to_owned())]);
    }
}

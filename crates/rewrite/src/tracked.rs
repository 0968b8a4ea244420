//! [`Tracked`]: a region with tracked changes: base, the model's text and the user's typing in one sequence.
//!
//! Every stretch of text that ever stood in the region is a piece in one list, also what was taken away.
//! Three readings of that list matter:
//!
//! - the **base**: pieces of the base, whatever became of them;
//! - the **target**: what the model's stream has produced so far over the not yet consumed base. The
//!   streamed diff speaks of offsets in it, and the user's typing is invisible there;
//! - the **shown** text: what stands in the mirror now.
//!
//! So no operation ever needs to be carried over another one: the model's splices and the user's changes
//! each find their own coordinates, and accept, reject and what is sent to the editor are choices of
//! which pieces are wanted. Nothing here knows versions, editors or other regions.

mod deleted;
mod deletion;
mod flight;
mod line_ends;
mod moments;
mod moved;
mod narrow;
mod precedence;
mod restored;
mod typing;

use std::collections::VecDeque;
use std::ops::Range;

use diff::Splice;

use crate::open_end::line_break_at_end;
use crate::piece::{Beside, Origin, Piece, Showing, Verdict};
pub(crate) use flight::Place;
use moments::Moments;
use narrow::common_ends;
pub(crate) use restored::Edge;

/// One region under rewrite. Offsets into the shown text count from the region's start, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Tracked {
    pub(crate) pieces: Vec<Piece>,
    base: String,
    pub(crate) ours: String,
    theirs: String,
    shown_len: usize,
    /// Something may be shown that is not wanted, or the reverse.
    dirty: bool,
    /// The user has deleted text of the model's.
    deleted_ours: bool,
    /// Text of the model changes sides of the user's: what goes on one side and comes on the other is meant to.
    pub(crate) changes_sides: bool,
    /// What the user deleted together with text of their own, newest first: its stretches in order.
    mixtures: VecDeque<Vec<String>>,
    finger: Finger,
    moments: Moments,
}

/// A remembered place in the target, since splices come close together.
#[derive(Clone, Copy, Debug, Default)]
struct Finger {
    index: usize,
    /// Target offset at which that piece starts.
    target: usize,
}

/// One replacement that would bring the document to what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    /// Bytes of the shown text.
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
}

impl Tracked {
    pub(crate) fn new(base: String) -> Self {
        let len = base.len();
        Tracked {
            pieces: if len == 0 {
                Vec::new()
            } else {
                vec![Piece::base(0, len)]
            },
            base,
            ours: String::new(),
            theirs: String::new(),
            shown_len: len,
            dirty: false,
            deleted_ours: false,
            changes_sides: false,
            mixtures: VecDeque::new(),
            finger: Finger::default(),
            moments: Moments::default(),
        }
    }

    /// Length of the shown text in bytes. O(1).
    pub(crate) fn shown_len(&self) -> usize {
        self.shown_len
    }

    /// Whether something may have to be sent. O(1).
    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// The region's text when the rewrite began.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn text_of(&self, piece: &Piece) -> &str {
        let buffer = match piece.origin {
            Origin::Base => &self.base,
            Origin::Ours => &self.ours,
            Origin::Theirs => &self.theirs,
        };
        &buffer[piece.start..piece.start + piece.len]
    }

    fn collect(&self, take: impl Fn(&Piece) -> bool) -> String {
        self.pieces
            .iter()
            .filter(|piece| take(piece))
            .map(|piece| self.text_of(piece))
            .collect()
    }

    /// What stands in the mirror. Cost is the region.
    pub(crate) fn shown(&self) -> String {
        self.collect(|piece| piece.shown)
    }

    /// What is to stand in the mirror, if what is not decided shows so. Cost is the region.
    pub(crate) fn wanted(&self, showing: Showing) -> String {
        self.collect(|piece| piece.wanted(showing))
    }

    /// What the model has produced over the unconsumed base. Cost is the region.
    pub(crate) fn target(&self) -> String {
        self.collect(|piece| piece.in_target)
    }

    /// The base with the user's own changes. Cost is the region.
    pub(crate) fn base_with_theirs(&self) -> String {
        self.collect(|piece| piece.origin != Origin::Ours && !piece.removed)
    }

    /// Whether the user has typed or deleted in the region.
    pub(crate) fn touched(&self) -> bool {
        self.pieces
            .iter()
            .any(|piece| piece.removed || piece.origin == Origin::Theirs)
    }

    /// A piece without what of it lies beyond `most` bytes, which becomes one of its own behind it.
    fn cut_piece(&mut self, index: usize, most: usize) -> &mut Piece {
        if self.pieces[index].len > most {
            let rest = self.pieces[index].split_off(most);
            self.pieces.insert(index + 1, rest);
        }
        &mut self.pieces[index]
    }

    /// Takes a splice of the streamed diff; its offsets are in the target. Usually O(1), see [`Finger`].
    pub(crate) fn splice(&mut self, splice: &Splice) {
        self.dirty = true;
        // What is taken away and put back the same stays: the user may be typing right beside it.
        let at = self.target_index(splice.at);
        let gone = self.target_from(at, splice.delete);
        let (prefix, suffix) = common_ends(&gone, &splice.insert);
        let insert = &splice.insert[prefix..splice.insert.len() - suffix];
        let at = self.target_index(splice.at + prefix);
        if !insert.is_empty() {
            self.insert_ours(at, insert);
        }
        let mut index = self.finger.index;
        let mut left = splice.delete - prefix - suffix;
        let first = index;
        let mut typed = false;
        let mut gone_at = splice.at + prefix;
        while left > 0 && index < self.pieces.len() {
            let piece = &mut self.pieces[index];
            if !piece.in_target {
                typed |= piece.origin == Origin::Theirs;
                index += 1;
                continue;
            }
            let piece = self.cut_piece(index, left);
            left -= piece.len;
            piece.in_target = false;
            piece.was_at = (piece.origin == Origin::Ours).then_some(gone_at);
            gone_at += piece.len;
            let forgotten = piece.origin == Origin::Ours && !piece.shown && piece.flight == 0;
            if forgotten && !piece.removed {
                self.pieces.remove(index);
            } else {
                index += 1;
            }
        }
        if typed {
            self.write_beside_typing(first, index);
        }
    }

    /// The line break of the target right before an offset, or nothing.
    pub(crate) fn target_break_before(&mut self, at: usize) -> &'static str {
        let index = self.target_index(at);
        let mut last = String::with_capacity(2);
        for piece in self.pieces[..index].iter().rev().filter(|it| it.in_target) {
            let text = self.text_of(piece);
            let end = text.len().saturating_sub(2);
            let from = (end..=text.len()).find(|at| text.is_char_boundary(*at));
            last.insert_str(0, &text[from.unwrap_or(text.len())..]);
            if last.len() >= 2 {
                break;
            }
        }
        line_break_at_end(&last)
    }

    /// So many bytes of the target from a piece on.
    fn target_from(&self, index: usize, len: usize) -> String {
        let mut text = String::with_capacity(len);
        for piece in self.pieces[index..].iter().filter(|piece| piece.in_target) {
            if text.len() >= len {
                break;
            }
            let piece = self.text_of(piece);
            text.push_str(&piece[..piece.len().min(len - text.len())]);
        }
        text
    }

    /// Inserts text of the model before the piece at `index`, growing the piece before it where that is possible.
    /// Leaves the finger behind the inserted text.
    fn insert_ours(&mut self, index: usize, text: &str) {
        let start = self.ours.len();
        self.ours.push_str(text);
        if let Some(last) = index.checked_sub(1).map(|before| &mut self.pieces[before])
            && last.origin == Origin::Ours
            && last.start + last.len == start
            && last.in_target
            && !last.shown
            && !last.removed
            && last.flight == 0
        {
            last.len += text.len();
        } else {
            self.pieces.insert(index, Piece::ours(start, text.len()));
            self.finger.index += 1;
        }
        self.finger.target += text.len();
    }

    /// The index of the piece before which text at target offset `at` goes: right behind the target's
    /// character before it, hence before what the user typed there. Splits a piece if need be.
    fn target_index(&mut self, at: usize) -> usize {
        let Finger {
            mut index,
            mut target,
        } = self.finger;
        while target > at || (target == at && index > 0) {
            index -= 1;
            target -= self.target_len(index);
            // The piece that ends exactly at the offset, or holds it, comes first.
            if target < at {
                break;
            }
        }
        while target < at {
            let len = self.target_len(index);
            if target + len > at {
                let rest = self.pieces[index].split_off(at - target);
                self.pieces.insert(index + 1, rest);
                target = at;
            } else {
                target += len;
            }
            index += 1;
        }
        self.finger = Finger { index, target };
        index
    }

    /// The index of the piece before which text at a target offset goes, see [`Self::target_index`]; whatever was
    /// looked at before.
    pub(crate) fn index_in_target(&mut self, at: usize) -> usize {
        self.finger = Finger::default();
        self.target_index(at)
    }

    fn target_len(&self, index: usize) -> usize {
        let piece = &self.pieces[index];
        if piece.in_target { piece.len } else { 0 }
    }

    /// The user's text belongs to a hunk if it stands on a line of it. O(pieces).
    pub(crate) fn name_hunks_of_theirs(&mut self) {
        for at in 0..self.pieces.len() {
            if self.pieces[at].origin != Origin::Theirs {
                continue;
            }
            let ends_line = |piece: &Piece| self.text_of(piece).ends_with('\n');
            let before = at.checked_sub(1).map(|at| self.pieces[at]);
            let behind = self.pieces[at..]
                .iter()
                .find(|piece| piece.origin != Origin::Theirs);
            let (left, right) = (
                before.map_or(0, |piece| piece.hunk),
                behind.map_or(0, |piece| piece.hunk),
            );
            let inside = left == right || before.is_some_and(|piece| !ends_line(&piece));
            // Lines behind the region's last one bring the line break before them; that one's line stays.
            let on_kept_line = before.is_some_and(|piece| !ends_line(&piece))
                && behind.is_some_and(|piece| self.text_of(piece).starts_with(['\n', '\r']));
            self.pieces[at].hunk = match (left, right) {
                (0, _) if on_kept_line => 0,
                (0, right) if ends_line(&self.pieces[at]) => right.min(left),
                (0, right) => right,
                (left, _) if inside => left,
                (_, right) => right,
            };
        }
    }

    fn forget_taken_back(&mut self) {
        self.pieces.retain(|piece| {
            let gone = !piece.in_target && !piece.shown && piece.flight == 0;
            piece.origin != Origin::Ours || !gone || piece.removed
        });
    }

    pub(crate) fn pieces_replaced(&mut self) {
        self.finger = Finger::default();
        let shown = self.pieces.iter().filter(|piece| piece.shown);
        self.shown_len = shown.map(|piece| piece.len).sum();
        self.dirty = true;
    }

    /// Decides every open piece that `which` names.
    pub(crate) fn decide(&mut self, verdict: Verdict, which: impl Fn(&Piece) -> bool) {
        self.dirty = true;
        for piece in &mut self.pieces {
            if piece.verdict == Verdict::Open && piece.origin != Origin::Theirs && which(piece) {
                piece.verdict = verdict;
            }
        }
    }

    /// Takes the model's text back and makes the base with the user's changes the new base, for a new
    /// stream over the same region. Gives the new base. O(region).
    pub(crate) fn restart(&mut self) -> String {
        let base = self.base_with_theirs();
        let pieces = std::mem::take(&mut self.pieces);
        let kept = |piece: &Piece| {
            let base = !piece.removed && piece.origin == Origin::Base;
            piece.shown || base || piece.flight != 0
        };
        let (mut at, mut rebased) = (0, Vec::new());
        for mut piece in pieces.into_iter().filter(kept) {
            piece.verdict = Verdict::Open;
            piece.hunk = 0;
            if piece.removed && piece.origin != Origin::Ours {
                // It still comes, and goes again.
                let text = self.text_of(&piece).to_owned();
                (piece.origin, piece.start) = (Origin::Ours, self.ours.len());
                self.ours.push_str(&text);
            }
            if piece.origin == Origin::Ours {
                piece.in_target = false;
            } else {
                rebased.push((piece, at));
                piece.origin = Origin::Base;
                piece.beside = Beside::Nothing;
                piece.in_target = true;
                piece.start = at;
                at += piece.len;
            }
            self.pieces.push(piece);
        }
        let of_base = |start: usize| {
            let mut there = rebased.iter();
            let holds = |it: &Piece| it.start <= start && start < it.start + it.len;
            let it = there.find(|(it, _)| it.origin == Origin::Base && holds(it));
            it.map(|(it, at)| at + start - it.start)
        };
        // All of it, in one piece: else the user has taken some of it away, or typed in it.
        let stands_for: Vec<Option<usize>> = self
            .pieces
            .iter()
            .map(|piece| {
                let start = piece.stands_for.and_then(of_base)?;
                let there = base.get(start..start + piece.len);
                (there == Some(self.text_of(piece))).then_some(start)
            })
            .collect();
        for (piece, stands_for) in self.pieces.iter_mut().zip(stands_for) {
            piece.stands_for = stands_for;
        }
        self.moments.rebase(&rebased);
        self.base = base.clone();
        self.finger = Finger::default();
        self.dirty = true;
        base
    }

    /// Puts another list of pieces in place (see `settle`), those of the model counted in `ours`; the shown
    /// text must stay the same.
    pub(crate) fn replace_pieces(&mut self, mut pieces: Vec<Piece>, ours: &str) {
        // Earlier pieces stay good: the buffers only grow.
        let start = self.ours.len();
        self.ours.push_str(ours);
        for piece in &mut pieces {
            if piece.origin == Origin::Ours {
                piece.start += start;
            }
        }
        self.pieces = pieces;
        self.changes_sides = false;
        self.moments.settle();
        self.pieces_replaced();
    }
}

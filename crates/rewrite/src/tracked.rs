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
mod line_ends;
mod moments;
mod narrow;
mod precedence;
mod restored;

use std::collections::VecDeque;
use std::ops::Range;

use diff::Splice;

use crate::open_end::line_break_at_end;
use crate::piece::{Beside, Origin, Piece, Showing, Verdict};
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
            if piece.len > left {
                let rest = piece.split_off(left);
                self.pieces.insert(index + 1, rest);
            }
            let piece = &mut self.pieces[index];
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

    /// The index of the piece before which a change of the shown text at `at` goes: right behind what the
    /// user typed there before, else right before the next shown character, hence behind text of the
    /// model that waits there. Splits a piece if need be.
    fn shown_index(&mut self, at: usize) -> usize {
        self.finger = Finger::default();
        let mut shown = 0;
        let mut behind_theirs = None;
        for index in 0..self.pieces.len() {
            let piece = &mut self.pieces[index];
            if !piece.shown {
                continue;
            }
            if shown == at {
                return behind_theirs.unwrap_or(index);
            }
            behind_theirs = (piece.origin == Origin::Theirs).then_some(index + 1);
            if shown + piece.len > at {
                let rest = piece.split_off(at - shown);
                self.pieces.insert(index + 1, rest);
                return index + 1;
            }
            shown += piece.len;
        }
        behind_theirs.unwrap_or(self.pieces.len())
    }

    /// Whether a range of the shown text begins and ends between characters. O(pieces).
    pub(crate) fn is_on_characters(&self, range: &Range<usize>) -> bool {
        let whole = |at: usize| {
            let mut shown = 0;
            for piece in self.pieces.iter().filter(|piece| piece.shown) {
                if at < shown + piece.len {
                    return self.text_of(piece).is_char_boundary(at - shown);
                }
                shown += piece.len;
            }
            at == shown
        };
        whole(range.start) && whole(range.end)
    }

    /// The user replaced a range of the shown text. O(pieces).
    pub(crate) fn user_change(&mut self, range: Range<usize>, text: &str) {
        if range.is_empty() && self.takes_mixture_back(range.start, text) {
            return;
        }
        self.note_mixture(&range);
        self.remember_moment(false);
        let mut index = if text.ends_with('\n') && self.begins_line(range.start) {
            self.line_index(range.start)
        } else {
            self.shown_index(range.start)
        };
        let back = match text {
            "" => Vec::new(),
            text => self.deleted_there(index, range.len(), text),
        };
        if !text.is_empty() && back.is_empty() {
            let start = self.theirs.len();
            self.theirs.push_str(text);
            let piece = Piece {
                beside: self.beside(index, range.len()),
                ..Piece::theirs(start, text.len())
            };
            self.shown_len += text.len();
            match index.checked_sub(1).map(|before| &mut self.pieces[before]) {
                Some(last) if last.origin == Origin::Theirs && last.start + last.len == start => {
                    last.len += text.len();
                }
                _ => {
                    self.pieces.insert(index, piece);
                    index += 1;
                }
            }
        }
        let mut left = range.len();
        let mut copies = Vec::new();
        while left > 0 && index < self.pieces.len() {
            let piece = &mut self.pieces[index];
            if !piece.shown {
                index += 1;
                continue;
            }
            if piece.len > left {
                let rest = piece.split_off(left);
                self.pieces.insert(index + 1, rest);
            }
            let piece = &mut self.pieces[index];
            left -= piece.len;
            self.shown_len -= piece.len;
            if piece.origin == Origin::Theirs {
                self.pieces.remove(index);
            } else {
                self.deleted_ours |= piece.origin == Origin::Ours;
                piece.removed = true;
                piece.shown = false;
                piece.forestalled = std::mem::take(&mut piece.flight);
                copies.extend(self.copy_of(index));
                index += 1 + self.remove_what_it_stands_for(index, true);
            }
        }
        for copy in copies {
            self.delete_of_target(copy, true);
        }
        self.take_back(&back);
        if self.moments.is_settled() {
            self.name_hunks_of_theirs();
        }
    }

    /// What stands on the line at the place before a piece, before it or else behind the next `gone` bytes shown.
    fn beside(&self, index: usize, mut gone: usize) -> Beside {
        let shown = |piece: &&Piece| piece.shown;
        let mut before = self.pieces[..index].iter().rev().filter(shown);
        match before.next() {
            Some(piece) if piece.origin == Origin::Theirs => return piece.beside,
            Some(piece) if !self.text_of(piece).ends_with('\n') => {
                return match piece.origin {
                    Origin::Base if !self.has_ours_on_line(index) => {
                        Beside::Base(piece.start + piece.len)
                    }
                    _ => Beside::Ours,
                };
            }
            _ => {}
        }
        for piece in self.pieces[index..].iter().filter(shown) {
            if gone >= piece.len {
                gone -= piece.len;
                continue;
            }
            return match piece.origin {
                Origin::Theirs => piece.beside,
                Origin::Base if !self.has_ours_on_line(index) => Beside::Base(piece.start + gone),
                _ => Beside::Ours,
            };
        }
        Beside::Nothing
    }

    /// Whether text of the model is shown on the line of the place before a piece. O(the line).
    fn has_ours_on_line(&self, index: usize) -> bool {
        let (before, behind) = self.pieces.split_at(index);
        let ours = |piece: &Piece| piece.origin == Origin::Ours;
        for piece in before.iter().rev().filter(|piece| piece.shown) {
            let text = self.text_of(piece);
            if text.ends_with('\n') {
                break;
            }
            if ours(piece) {
                return true;
            }
            if text.contains('\n') {
                break;
            }
        }
        for piece in behind.iter().filter(|piece| piece.shown) {
            let text = self.text_of(piece);
            if ours(piece) && !text.starts_with('\n') {
                return true;
            }
            if text.contains('\n') {
                break;
            }
        }
        false
    }

    /// Whether a place in the shown text is the start of a line. O(pieces).
    fn begins_line(&self, at: usize) -> bool {
        let mut shown = 0;
        for piece in self.pieces.iter().filter(|piece| piece.shown) {
            if shown + piece.len >= at {
                return self.text_of(piece)[..at - shown].ends_with('\n');
            }
            shown += piece.len;
        }
        false
    }

    /// The index of the piece before which whole lines typed at the start of a line go: before what is hidden of
    /// the base's line that they push down. Splits a piece if need be.
    fn line_index(&mut self, at: usize) -> usize {
        let index = self.shown_index(at);
        let hidden = |piece: &&Piece| piece.origin == Origin::Base && !piece.shown;
        let pushed_down = self.pieces[..index].iter().rev().take_while(hidden);
        index - pushed_down.count()
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

    /// Whether something is shown that is not wanted, or the reverse. O(pieces) when something happened, else O(1).
    pub(crate) fn has_gap(&mut self, showing: Showing) -> bool {
        if self.dirty {
            self.narrow_gaps(showing);
            self.dirty = self
                .pieces
                .iter()
                .any(|piece| piece.shown != piece.wanted(showing));
        }
        self.dirty
    }

    /// The replacements that would make the shown text what is wanted. Marks the pieces as in flight under
    /// the numbers that `part` gives for each; 0 where it has to wait, see [`Self::wait`]. O(pieces).
    pub(crate) fn gaps(&mut self, showing: Showing, mut part: impl FnMut(Gap) -> u32) {
        self.narrow_gaps(showing);
        self.dirty = false;
        let mut shown = 0;
        let mut index = 0;
        while index < self.pieces.len() {
            let piece = &self.pieces[index];
            if piece.shown == piece.wanted(showing) {
                shown += if piece.shown { piece.len } else { 0 };
                index += 1;
                continue;
            }
            // A run of pieces to flip, with hidden ones in between, is one replacement.
            let mut gap = Gap {
                range: shown..shown,
                text: String::new(),
            };
            let mut gone = String::new();
            let mut end = index;
            let mut last = index;
            while let Some(piece) = self.pieces.get(end) {
                match (piece.shown, piece.wanted(showing)) {
                    (true, true) => break,
                    (false, false) => {}
                    (true, false) => {
                        gap.range.end += piece.len;
                        gone.push_str(self.text_of(piece));
                        last = end;
                    }
                    (false, true) => {
                        gap.text.push_str(self.text_of(piece));
                        last = end;
                    }
                }
                end += 1;
            }
            shown = gap.range.end;
            // What would change nothing is never reported: it counts as done.
            let number = (gone != gap.text).then(|| part(gap));
            for piece in &mut self.pieces[index..=last] {
                if piece.shown != piece.wanted(showing) {
                    match number {
                        Some(number) => piece.flight = number,
                        None => piece.shown = !piece.shown,
                    }
                }
            }
            index = last + 1;
        }
    }

    /// Something that is wanted was not sent.
    pub(crate) fn wait(&mut self) {
        self.dirty = true;
    }

    /// The editor has applied part `part` of edit `edit`. Gives by how much the shown text grew. O(pieces).
    pub(crate) fn confirm(&mut self, part: u32, edit: u32) -> isize {
        if self.pieces.iter().all(|piece| piece.flight != part) {
            return 0;
        }
        if self.moments.landed() != edit {
            self.remember_moment(true);
            self.moments.land(edit);
        }
        self.finger = Finger::default();
        let before = self.shown_len;
        for piece in &mut self.pieces {
            if piece.forestalled == part {
                piece.forestalled = 0;
            }
            if piece.flight != part {
                continue;
            }
            piece.flight = 0;
            piece.flipped = edit;
            piece.doubted = false;
            piece.shown = !piece.shown;
            if piece.shown {
                self.shown_len += piece.len;
            } else {
                self.shown_len -= piece.len;
            }
        }
        self.forget_taken_back();
        self.dirty = true;
        self.shown_len as isize - before as isize
    }

    /// By how many bytes each piece lets the shown text grow when its part of the edit in flight arrives, with the
    /// part's number. O(pieces).
    pub(crate) fn growths(&self) -> impl Iterator<Item = (u32, isize)> {
        let pieces = self.pieces.iter().filter(|piece| piece.flight != 0);
        pieces.map(|piece| {
            let len = piece.len as isize;
            (piece.flight, if piece.shown { -len } else { len })
        })
    }

    /// Whether an edit in flight will change it. O(pieces).
    pub(crate) fn is_in_flight(&self) -> bool {
        self.pieces.iter().any(|piece| piece.flight != 0)
    }

    /// Whether a part of the edit in flight will put text before all that is shown. O(pieces).
    pub(crate) fn begins_with_part(&self, part: u32) -> bool {
        let mut pieces = self.pieces.iter();
        let first = pieces.find(|piece| piece.shown || piece.flight != 0);
        first.is_some_and(|piece| !piece.shown && piece.flight == part)
    }

    /// What the user typed before the region turns out to stand inside of it, right behind what a part puts.
    pub(crate) fn take_in(&mut self, part: u32, text: &str) {
        let last = self.pieces.iter().rposition(|piece| piece.flight == part);
        if let Some(index) = last {
            let piece = Piece::theirs(self.theirs.len(), text.len());
            self.theirs.push_str(text);
            self.pieces.insert(index + 1, piece);
            self.pieces_replaced();
        }
    }

    /// The edit in flight was not applied: its pieces are as they were.
    pub(crate) fn drop_flight(&mut self) {
        for piece in &mut self.pieces {
            self.dirty |= piece.flight != 0;
            piece.flight = 0;
            piece.forestalled = 0;
        }
    }

    /// An edit that seemed to have arrived was refused, by an editor whose word on it is not believed: what it took away
    /// may come back, by the user's undo. O(pieces).
    pub(crate) fn doubt(&mut self, edit: u32) {
        let pieces = self.pieces.iter_mut();
        for piece in pieces.filter(|it| it.flipped == edit && !it.shown) {
            piece.doubted = true;
        }
        self.unland(edit);
    }

    /// An edit that seemed to have arrived was refused: what it seemed to do the user did. What stands at an edge
    /// then stands outside: gives how many bytes of it stand before the region. O(pieces).
    pub(crate) fn refute(&mut self, edit: u32, which: impl Fn(&Piece) -> bool) -> usize {
        let (mut index, mut before) = (0, 0);
        let (mut start, mut end) = (false, false);
        while index < self.pieces.len() {
            let piece = &mut self.pieces[index];
            index += 1;
            if piece.flipped != edit || !which(piece) {
                continue;
            }
            piece.flipped = 0;
            if !piece.shown {
                piece.removed = true;
            } else if piece.origin == Origin::Ours {
                // The user typed it; the model's is still to come.
                piece.shown = false;
                let len = piece.len;
                let is_shown = |piece: &Piece| piece.shown;
                let at_start = !self.pieces[..index].iter().any(is_shown);
                if at_start || !self.pieces[index..].iter().any(is_shown) {
                    self.shown_len -= len;
                    before += if at_start { len } else { 0 };
                    start |= at_start;
                    end |= !at_start;
                    continue;
                }
                let piece = &self.pieces[index - 1];
                let text = &self.ours[piece.start..piece.start + piece.len];
                let typed = Piece::theirs(self.theirs.len(), piece.len);
                self.theirs.push_str(text);
                self.pieces.insert(index, typed);
                index += 1;
            }
        }
        // What was typed beside it was typed at the edge.
        if start {
            before += self.put_outside(Edge::Start);
        }
        if end {
            self.put_outside(Edge::End);
        }
        self.unland(edit);
        self.finger = Finger::default();
        self.dirty = true;
        before
    }

    /// The user's text right inside of an edge stands outside of it; gives how many bytes.
    fn put_outside(&mut self, edge: Edge) -> usize {
        let mut len = 0;
        loop {
            let mut shown = self.pieces.iter();
            let at = match edge {
                Edge::Start => shown.position(|piece| piece.shown),
                Edge::End => shown.rposition(|piece| piece.shown),
            };
            let of_user = at.filter(|at| self.pieces[*at].origin == Origin::Theirs);
            let Some(at) = of_user else {
                self.shown_len -= len;
                return len;
            };
            len += self.pieces.remove(at).len;
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

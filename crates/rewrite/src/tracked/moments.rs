//! What a region was before each change of it, so that the editor's undo, which is reported as a change like
//! any other, takes the pieces back to what they were then.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;

use super::Tracked;
use crate::attribution::visible;
use crate::piece::{Origin, Piece, Showing, Verdict};

/// How many changes an undo may reach back over.
const DEPTH: usize = 1_024;

/// How many pieces all moments of a region may hold: 56 bytes each.
const MOST_PIECES: usize = 65_536;

/// The pieces before a change.
#[derive(Clone, Debug)]
struct Moment {
    pieces: Vec<Piece>,
    /// Length of the shown text then, in bytes.
    len: usize,
    /// The edit of ours that had arrived last.
    landed: u32,
    /// How often the pieces had been settled.
    settled: u32,
    /// It was an edit of ours that came then.
    lands: bool,
}

/// The moments of one region, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Moments {
    all: VecDeque<Moment>,
    pieces: usize,
    landed: u32,
    settled: u32,
}

impl Moments {
    pub(super) fn landed(&self) -> u32 {
        self.landed
    }

    pub(super) fn land(&mut self, edit: u32) {
        self.landed = edit;
    }

    /// The edit that seemed to have landed last has not: nothing of it can be undone. O(moments).
    fn unland(&mut self, edit: u32) {
        let before = |it: &&mut Moment| it.lands && it.landed < edit;
        let Some(moment) = self.all.iter_mut().rev().find(before) else {
            return;
        };
        moment.lands = false;
        let landed = moment.landed;
        for moment in self.all.iter_mut().filter(|it| it.landed == edit) {
            moment.landed = landed;
        }
        self.landed = landed;
    }

    pub(super) fn settle(&mut self) {
        self.settled += 1;
    }

    pub(super) fn is_settled(&self) -> bool {
        self.settled > 0
    }

    fn push(&mut self, moment: Moment) {
        self.pieces += moment.pieces.len();
        self.all.push_back(moment);
        while self.all.len() > DEPTH || self.pieces > MOST_PIECES {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.all.pop_front() {
            self.pieces -= oldest.pieces.len();
        }
    }

    /// The base has become another text: pieces of the old base and of the user's text, each with where it
    /// lies in the new base. Moments that show other text of theirs than that are forgotten.
    pub(super) fn rebase(&mut self, rebased: &[(Piece, usize)]) {
        for mut moment in std::mem::take(&mut self.all) {
            let mut pieces = Vec::with_capacity(moment.pieces.len());
            let mut good = true;
            for piece in moment.pieces.drain(..) {
                if piece.origin == Origin::Ours {
                    pieces.push(Piece {
                        in_target: false,
                        stands_for: None,
                        ..piece
                    });
                } else {
                    good &= rebase_piece(piece, rebased, &mut pieces);
                }
            }
            moment.pieces = pieces;
            if good {
                self.all.push_back(moment);
            }
        }
        self.pieces = self.all.iter().map(|moment| moment.pieces.len()).sum();
    }
}

/// Gives whether all of the piece that was shown is part of the new base.
fn rebase_piece(mut piece: Piece, rebased: &[(Piece, usize)], out: &mut Vec<Piece>) -> bool {
    let mut found = true;
    while piece.len > 0 {
        let inside = |(it, _): &&(Piece, usize)| {
            it.origin == piece.origin
                && it.start < piece.start + piece.len
                && piece.start < it.start + it.len
        };
        let next = rebased.iter().filter(inside).min_by_key(|(it, _)| it.start);
        let Some((it, at)) = next else {
            return found && !piece.shown;
        };
        if piece.start < it.start {
            found &= !piece.shown;
            piece = piece.split_off(it.start - piece.start);
        }
        let skipped = piece.start - it.start;
        let mut part = piece;
        let len = piece.len.min(it.len - skipped);
        piece = part.split_off(len);
        out.push(Piece {
            origin: Origin::Base,
            start: at + skipped,
            in_target: true,
            removed: false,
            ..part
        });
    }
    found
}

impl Tracked {
    /// Keeps the pieces as they are, before a change. O(pieces).
    pub(super) fn remember_moment(&mut self, lands: bool) {
        self.moments.push(Moment {
            lands,
            pieces: self.pieces.clone(),
            len: self.shown_len,
            landed: self.moments.landed,
            settled: self.moments.settled,
        });
    }

    /// An edit was refused. Where none of its text has come, there is nothing of it to undo. O(pieces).
    pub(super) fn unland(&mut self, edit: u32) {
        let stands = |it: &Piece| it.flipped == edit && it.shown;
        if self.moments.landed == edit && !self.pieces.iter().any(stands) {
            self.moments.unland(edit);
        }
    }

    /// Whether there was a moment before an edit of ours at which the region had this length; right before it, if
    /// `apart`. O(moments).
    pub(crate) fn has_moment_of(&self, len: usize, apart: bool) -> bool {
        let mut moments = self.moments.all.iter();
        moments.any(|moment| moment.len == len && self.may_be_undone_to(moment, apart))
    }

    /// Where an undo takes nothing else along, it leads to where an edit of ours came, and over no typing.
    fn may_be_undone_to(&self, moment: &Moment, apart: bool) -> bool {
        moment.landed < self.moments.landed && (moment.lands || !apart)
    }

    /// Whether an edit of ours could be undone. O(1).
    pub(crate) fn has_moments(&self) -> bool {
        !self.moments.all.is_empty()
    }

    /// The newest moment before an edit of ours at which the region's text was `text`; see [`Self::has_moment_of`].
    /// O(region) if a length fits, else O(moments).
    pub(crate) fn moment_of(&self, text: &str, apart: bool) -> Option<usize> {
        let moments = self.moments.all.iter();
        moments.enumerate().rev().find_map(|(index, moment)| {
            let fits = self.may_be_undone_to(moment, apart)
                && moment.len == text.len()
                && self.spells(&moment.pieces, text);
            fits.then_some(index)
        })
    }

    /// Whether an edit of ours has put text since a moment that is there, or has taken some away that is not. O(region).
    pub(crate) fn has_edits_since(&self, moment: usize) -> bool {
        let moment = self.moments.all.get(moment);
        moment.is_some_and(|it| done_by_edits(&it.pieces) != done_by_edits(&self.pieces))
    }

    /// Whether all that stood there at a moment and is none of the user's, but for blanks, stands there now. O(region).
    pub(crate) fn says_what_it_did_at(&self, moment: usize) -> bool {
        let seen = |pieces: &[Piece]| -> String {
            let shown = pieces.iter();
            let shown = shown.filter(|it| it.shown && it.origin != Origin::Theirs);
            shown.flat_map(|it| visible(self.text_of(it))).collect()
        };
        let moment = self.moments.all.get(moment);
        moment.is_some_and(|it| seen(&it.pieces) == seen(&self.pieces))
    }

    /// The lengths that the region's text had at moments before an edit of ours and `text` begins with, newest first.
    /// O(moments), and the region for each length.
    pub(crate) fn moments_at(&self, text: &str) -> Vec<usize> {
        let mut lens: Vec<usize> = Vec::new();
        for moment in self.moments.all.iter().rev() {
            let fits = moment.landed < self.moments.landed && !lens.contains(&moment.len);
            let there = text.get(..moment.len).filter(|_| fits);
            if there.is_some_and(|there| self.spells(&moment.pieces, there)) {
                lens.push(moment.len);
            }
        }
        lens
    }

    fn spells(&self, pieces: &[Piece], text: &str) -> bool {
        let mut rest = text;
        pieces.iter().filter(|piece| piece.shown).all(|piece| {
            let tail = rest.strip_prefix(self.text_of(piece));
            rest = tail.unwrap_or_default();
            tail.is_some()
        })
    }

    /// Whether some text is there that is not wanted, or the reverse, apart from what the user did. O(pieces).
    pub(crate) fn is_wanting(&self, showing: Showing) -> bool {
        self.pieces
            .iter()
            .any(|piece| piece.shown != piece.wanted(showing))
    }

    /// The user's undo has led back to a moment: what it shows stays. Gives whether the pieces have to be
    /// settled anew, since the moment lies before their settling, or `stops` says that the stream ends here;
    /// what is shown is the model's text then. O(pieces).
    pub(crate) fn go_back(&mut self, moment: usize, stops: bool, showing: Showing) -> bool {
        let kept = &self.moments.all[moment];
        let (pieces, settled, landed) = (kept.pieces.clone(), kept.settled, kept.landed);
        self.pieces = self.completed(pieces);
        let anew = stops || settled != self.moments.settled;
        if anew {
            self.pieces
                .retain(|piece| piece.origin != Origin::Ours || piece.shown);
        }
        for piece in &mut self.pieces {
            (piece.flight, piece.forestalled) = (0, 0);
            // What the undo shows again gives way to nothing, and a deletion that our edit was to bring about is taken back.
            piece.withheld &= !piece.shown;
            piece.removed &= !piece.shown;
            match piece.origin {
                Origin::Theirs => {}
                _ if anew => {
                    piece.verdict = Verdict::Open;
                    piece.hunk = 0;
                    piece.in_target = piece.shown || piece.removed && piece.in_target;
                }
                _ => stay(piece, showing),
            }
        }
        self.moments.all.truncate(moment);
        self.moments.pieces = self.moments.all.iter().map(|it| it.pieces.len()).sum();
        self.moments.landed = landed;
        self.pieces_replaced();
        anew
    }
}

impl Tracked {
    /// Pieces with what the base has gained since: before a redirect the user had not yet typed it, so it is gone. What
    /// stood in another order then (a redirect took the base as a reject would leave it) is there as text of the
    /// model's, and the base where it belongs is gone.
    fn completed(&mut self, mut pieces: Vec<Piece>) -> Vec<Piece> {
        let spelled = self.filled(pieces.clone());
        if self.spells_base(&spelled) {
            return spelled;
        }
        let of_base: Vec<usize> = (0..pieces.len())
            .filter(|index| pieces[*index].origin == Origin::Base)
            .collect();
        let ordered: HashSet<usize> = in_order(&pieces, &of_base).into_iter().collect();
        let mut belongs = Vec::new();
        for index in of_base.into_iter().filter(|it| !ordered.contains(it)) {
            let text = self.text_of(&pieces[index]).to_owned();
            let piece = &mut pieces[index];
            belongs.push(Piece {
                shown: false,
                in_target: false,
                ..*piece
            });
            (piece.origin, piece.start) = (Origin::Ours, self.ours.len());
            (piece.in_target, piece.stands_for) = (piece.shown, None);
            self.ours.push_str(&text);
        }
        for piece in belongs {
            insert_base(&mut pieces, piece);
        }
        self.filled(pieces)
    }

    /// Whether the base can be read in the order of these pieces. Costs the base.
    pub(crate) fn spells_base(&self, pieces: &[Piece]) -> bool {
        let mut rest = self.base();
        let mut of_base = pieces.iter().filter(|it| it.origin == Origin::Base);
        of_base.all(|piece| {
            let tail = rest.strip_prefix(self.text_of(piece));
            rest = tail.unwrap_or_default();
            tail.is_some()
        }) && rest.is_empty()
    }

    fn filled(&self, mut pieces: Vec<Piece>) -> Vec<Piece> {
        let of_base = |piece: &&Piece| piece.origin == Origin::Base;
        let mut there: Vec<(usize, usize)> = pieces
            .iter()
            .filter(of_base)
            .map(|piece| (piece.start, piece.start + piece.len))
            .collect();
        // Equal blanks may have traded places.
        there.sort_unstable();
        there.push((self.base().len(), self.base().len()));
        let mut end = 0;
        for (from, to) in there {
            if end < from {
                let gone = Piece {
                    removed: true,
                    shown: false,
                    ..Piece::base(end, from - end)
                };
                insert_base(&mut pieces, gone);
            }
            end = end.max(to);
        }
        pieces
    }
}

/// What edits of ours have put and what they have taken away, each as ranges of its buffer, in order.
fn done_by_edits(pieces: &[Piece]) -> [Vec<Range<usize>>; 2] {
    let put = |it: &Piece| it.origin == Origin::Ours && it.shown;
    let gone = |it: &Piece| it.origin == Origin::Base && !it.shown && !it.removed;
    [ranges_of(pieces, put), ranges_of(pieces, gone)]
}

fn ranges_of(pieces: &[Piece], which: impl Fn(&Piece) -> bool) -> Vec<Range<usize>> {
    let named = pieces.iter().filter(|it| which(it) && it.len > 0);
    let mut all: Vec<Range<usize>> = named.map(|it| it.start..it.start + it.len).collect();
    all.sort_unstable_by_key(|it| it.start);
    all.dedup_by(|next, last| {
        let joins = last.end == next.start;
        if joins {
            last.end = next.end;
        }
        joins
    });
    all
}

/// Puts a piece of the base before the first that it stands before in the base.
fn insert_base(pieces: &mut Vec<Piece>, piece: Piece) {
    let behind = |it: &Piece| it.origin == Origin::Base && it.start >= piece.start + piece.len;
    let at = pieces.iter().position(behind).unwrap_or(pieces.len());
    pieces.insert(at, piece);
}

/// The pieces of a list, of those named, that stand in the order of the base: the most of them.
fn in_order(pieces: &[Piece], named: &[usize]) -> Vec<usize> {
    // By its length, the piece that the shortest base ends with.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; named.len()];
    for (at, index) in named.iter().enumerate() {
        let start = pieces[*index].start;
        let len = ends.partition_point(|end| {
            let end = &pieces[named[*end]];
            end.start + end.len <= start
        });
        before[at] = len.checked_sub(1).map(|last| ends[last]);
        match ends.get_mut(len) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut found = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(at) = next {
        found.push(named[at]);
        next = before[at];
    }
    found
}

/// Gives a piece the verdict under which it is as it should be.
fn stay(piece: &mut Piece, showing: Showing) {
    if piece.removed || piece.shown == piece.wanted(showing) {
        return;
    }
    for verdict in [Verdict::Open, Verdict::Rejected, Verdict::Accepted] {
        piece.verdict = verdict;
        if piece.shown == piece.wanted(showing) {
            return;
        }
    }
}

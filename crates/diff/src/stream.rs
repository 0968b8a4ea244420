//! The streaming diff itself: takes pieces of new text, carries out what `policy` judges, and says it in splices.
//!
//! At any time the shown text is: complete new lines, the shown part of the incomplete last line (with a line break of
//! ours behind it while old text follows), and the old text that is not consumed. Old text is consumed from its
//! beginning only and never comes back.

mod align;
mod growth;
mod output;

use std::collections::VecDeque;

use crate::Splice;
use crate::lines::{ContentId, OldLines};
use crate::policy::{Judgement, NewLine, Situation, TRAIL};
use crate::similarity::Shape;
use growth::Growth;
use output::Output;

/// Turns streamed new text into splices of the shown text, which begins as the old text.
///
/// Lines that stay are never touched. A line that may turn out to be an old one, or a changed one, is held for a few
/// lines; everything else is shown as it comes.
pub struct StreamingDiff {
    old: OldLines,
    /// The first old line that is not consumed.
    next: usize,
    /// Bytes of the new lines that are judged, all of them shown.
    settled: usize,
    /// Complete lines that are not judged yet. Only the first may be shown.
    held: VecDeque<Held>,
    /// The incomplete last line.
    tail: String,
    growth: Growth,
    inserted: usize,
    trail: VecDeque<ContentId>,
    paired: usize,
    renamed: u32,
}

struct Held {
    line: NewLine,
    /// It was shown while it grew, in front of the old rest.
    shown: bool,
}

impl AsRef<NewLine> for Held {
    fn as_ref(&self) -> &NewLine {
        &self.line
    }
}

impl StreamingDiff {
    /// Begins with `old` as the shown text. Cost: O(length of `old`).
    pub fn new(old: &str) -> Self {
        StreamingDiff {
            old: OldLines::new(old),
            next: 0,
            settled: 0,
            held: VecDeque::new(),
            tail: String::new(),
            growth: Growth::default(),
            inserted: 0,
            trail: VecDeque::with_capacity(TRAIL + 1),
            paired: 0,
            renamed: 0,
        }
    }

    /// Takes the next piece of new text and appends what changes in the shown text to `out`.
    ///
    /// A piece may hold any number of lines or a part of one. Cost: O(length of `piece`), and a few microseconds for
    /// each line in it that differs; nothing grows with the old text or with what came before.
    pub fn push(&mut self, piece: &str, out: &mut Vec<Splice>) {
        let mut out = Output::new(out);
        let mut rest = piece;
        while let Some(end) = rest.find('\n') {
            self.tail.push_str(&rest[..=end]);
            rest = &rest[end + 1..];
            self.end_line(&mut out);
        }
        if !rest.is_empty() {
            self.tail.push_str(rest);
            self.grow(&mut out);
        }
    }

    /// The stream is complete: afterwards the shown text is the new text exactly.
    ///
    /// Cost: bounded, about as much as a push. Nothing may be pushed afterwards.
    pub fn finish(&mut self, out: &mut Vec<Splice>) {
        let mut out = Output::new(out);
        if !self.tail.is_empty() {
            self.end_line_without_judging(&mut out);
        }
        self.align_rest(&mut out);
    }

    /// The stream stopped early: the incomplete last line is taken back, complete lines stay, and so does the old
    /// text that is not consumed. Where the stream stopped decides the outcome, not how it was cut into pieces.
    ///
    /// Cost: bounded. Nothing may be pushed afterwards.
    pub fn interrupt(&mut self, out: &mut Vec<Splice>) {
        let mut out = Output::new(out);
        let shown = self.growth.take();
        out.splice(self.settled, shown.bytes + shown.line_break.len(), "");
        self.tail.clear();
        self.judge(true, &mut out);
    }

    /// Bytes of the old text that are consumed: kept, replaced or deleted. The shown text ends with the rest of it.
    pub fn consumed_old(&self) -> usize {
        self.old.start(self.next)
    }

    /// Bytes of new text in the shown text, so the length of the shown text before the old rest; a line break that we
    /// show behind an incomplete last line is not counted.
    pub fn new_len(&self) -> usize {
        self.settled + self.first_held_shown() + self.growth.shown()
    }

    /// Where the old rest begins in the shown text, in bytes: what follows is the old text from `consumed_old` on.
    pub fn old_rest_at(&self) -> usize {
        self.new_len() + self.growth.line_break().len()
    }

    fn first_held_shown(&self) -> usize {
        self.held
            .front()
            .filter(|held| held.shown)
            .map_or(0, |held| held.line.text.len())
    }

    fn end_line(&mut self, out: &mut Output<'_>) {
        // The common case, kept free of allocation and hashing.
        if self.held.is_empty()
            && self.growth.shown() == 0
            && self.next < self.old.len()
            && self.old.line(self.next) == self.tail
        {
            self.keep();
            self.tail.clear();
            self.growth.take();
            return;
        }
        self.end_line_without_judging(out);
        self.judge(false, out);
    }

    /// Moves the last line to the held ones; shows the rest of it if it was shown while it grew.
    fn end_line_without_judging(&mut self, out: &mut Output<'_>) {
        let text = std::mem::take(&mut self.tail);
        let shown = self.growth.take();
        if shown.bytes > 0 {
            let at = self.settled + shown.bytes;
            let rest = &text[shown.bytes..];
            match rest.strip_suffix(shown.line_break) {
                // The line break is there already; a lone `\n` is none after a `\r`.
                Some(body) if !body.ends_with('\r') => out.splice(at, 0, body),
                _ => out.splice(at, shown.line_break.len(), rest),
            }
        }
        let content = self.old.find(&text);
        let shape = Shape::of(&text);
        self.held.push_back(Held {
            line: NewLine {
                text,
                content,
                shape,
            },
            shown: shown.bytes > 0,
        });
    }

    /// Settles held lines as far as can be told; all of them if no more come.
    fn judge(&mut self, last: bool, out: &mut Output<'_>) {
        while let Some(first) = self.held.front() {
            if !first.shown
                && self.next < self.old.len()
                && self.old.line(self.next) == first.line.text
            {
                self.held.pop_front();
                self.keep();
                continue;
            }
            let held = self.held.make_contiguous();
            let trail = self.trail.make_contiguous();
            let situation = Situation {
                old: &self.old,
                next: self.next,
                inserted: self.inserted,
                trail,
                paired: self.paired,
                renamed: self.renamed,
                held,
                last,
            };
            let judgement = situation.judge();
            self.renamed = match judgement {
                Judgement::Pair if situation.renames(self.next + 1, 1) => self.renamed + 1,
                Judgement::Anchor { held, old } if situation.renames(old, held) => self.renamed + 1,
                // New lines in front of an old one: definitions are being added.
                Judgement::Anchor { old, .. } if old == self.next => 0,
                _ => self.renamed,
            };
            match judgement {
                Judgement::Hold => break,
                Judgement::Insert => self.insert_first(out),
                Judgement::Pair => {
                    self.pair_first(out);
                    self.in_step(self.paired + 1);
                }
                Judgement::Anchor { held, old } => {
                    let one_for_one = held == 1 && old == self.next + 1;
                    let paired = if one_for_one { self.paired + 1 } else { 0 };
                    self.align(held, old, out);
                    self.pair_first(out);
                    self.in_step(paired);
                }
            }
        }
    }

    /// The next old line stays as it is.
    fn keep(&mut self) {
        self.settled += self.old.bytes(self.next..self.next + 1);
        self.next += 1;
        self.in_step(self.paired);
    }

    fn in_step(&mut self, paired: usize) {
        self.inserted = 0;
        self.trail.clear();
        self.paired = paired;
    }

    /// The first held line is shown in front of the old rest.
    fn insert_first(&mut self, out: &mut Output<'_>) {
        let Some(held) = self.held.pop_front() else {
            return;
        };
        if !held.shown {
            out.splice(self.settled, 0, &held.line.text);
        }
        self.settled += held.line.text.len();
        self.inserted += 1;
        self.paired = 0;
        self.trail.push_back(held.line.content);
        if self.trail.len() > TRAIL {
            self.trail.pop_front();
        }
    }

    /// The first held line takes the place of the next old line; only what differs between them is sent.
    fn pair_first(&mut self, out: &mut Output<'_>) {
        let Some(held) = self.held.pop_front() else {
            return;
        };
        let old = self.old.line(self.next);
        let text = &held.line.text;
        if held.shown {
            out.splice(self.settled + text.len(), old.len(), "");
        } else if old != text {
            for (old_range, new_range) in crate::refine(old, text) {
                out.splice(
                    self.settled + new_range.start,
                    old_range.len(),
                    &text[new_range],
                );
            }
        }
        self.settled += text.len();
        self.next += 1;
    }

    /// Old lines up to `end` go. The first held line, where it is shown, stands before them.
    fn delete_until(&mut self, end: usize, out: &mut Output<'_>) {
        out.splice(
            self.settled + self.first_held_shown(),
            self.old.bytes(self.next..end),
            "",
        );
        self.next = end;
    }
}

//! Deciding single lines of a hunk: the hunk is parted, and the part with those lines decided like any hunk.
//!
//! New line `n` of a hunk takes the place of old line `n`; old lines beyond the last new one go with it.

use std::ops::Range;

use super::{DecidedHunk, Phase, Rewrite};
use crate::effect::DecideError;
use crate::open_end::line_break_at_end;
use crate::piece::Verdict;
use crate::settle::{Hunk, Numbered};

/// A decision on lines that waits.
#[derive(Debug)]
pub(super) struct OnLines {
    hunk: usize,
    lines: Range<usize>,
    verdict: Verdict,
}

impl Rewrite {
    /// Accepts or rejects new lines of a hunk, counted from 0 in its new text.
    ///
    /// # Errors
    /// When there is no such open hunk, it has no such lines, or the user typed where it would have to be parted.
    pub(crate) fn decide_lines(
        &mut self,
        accept: bool,
        hunk: usize,
        lines: Range<usize>,
        is_synced: bool,
    ) -> Result<(), DecideError> {
        match self.phase {
            Phase::Leaving(state) => return Err(DecideError::Over(state)),
            Phase::Streaming | Phase::Finishing(_) => return Err(DecideError::StillStreaming),
            Phase::Deciding(_) => {}
        }
        let open = self
            .hunks
            .get(hunk)
            .filter(|it| it.verdict == Verdict::Open);
        let open = open.ok_or(DecideError::NoHunk(hunk))?;
        if self.waits(hunk) {
            return Err(DecideError::Waits(hunk));
        }
        let count = open.hunk.new_lines.len();
        if lines.is_empty() || lines.end > count {
            return Err(DecideError::NoLines(hunk, count));
        }
        let verdict = if accept {
            Verdict::Accepted
        } else {
            Verdict::Rejected
        };
        if lines == (0..count) {
            return self.decide_hunk(hunk, verdict);
        }
        let decision = OnLines {
            hunk,
            lines,
            verdict,
        };
        if is_synced {
            return self.part(&decision);
        }
        // The pieces can be laid anew only when none is on its way.
        self.waiting.push(decision);
        Ok(())
    }

    /// Carries out what waited; the document shows what is wanted. Gives whether there was something.
    pub(super) fn decide_waiting(&mut self) -> bool {
        if self.waiting.is_empty() || !matches!(self.phase, Phase::Deciding(_)) {
            return false;
        }
        let decision = self.waiting.remove(0);
        if let Err(why) = self.part(&decision) {
            self.message = Some(format!("Nothing was decided: {why}."));
        }
        if self.waiting.is_empty()
            && let Some(accept) = self.waiting_whole.take()
        {
            // It is refused only where the lines were the last that waited, and then all is decided.
            let _ = self.decide(accept, None);
        }
        true
    }

    /// Whether a decision on lines of a hunk waits.
    pub(super) fn waits(&self, hunk: usize) -> bool {
        self.waiting.iter().any(|it| it.hunk == hunk)
    }

    fn part(&mut self, decision: &OnLines) -> Result<(), DecideError> {
        let OnLines {
            hunk,
            lines,
            verdict,
        } = decision;
        let open = self
            .hunks
            .get(*hunk)
            .filter(|it| it.verdict == Verdict::Open);
        let whole = open.ok_or(DecideError::NoHunk(*hunk))?.hunk.clone();
        let target = self.tracked.target();
        let cuts =
            [lines.start, lines.end].map(|line| cut(&whole, line, self.tracked.base(), &target));
        let mut parts = vec![
            between(
                &whole,
                (whole.old.start, whole.new.start),
                cuts[0],
                self.tracked.base(),
                &target,
            ),
            between(&whole, cuts[0], cuts[1], self.tracked.base(), &target),
            between(
                &whole,
                cuts[1],
                (whole.old.end, whole.new.end),
                self.tracked.base(),
                &target,
            ),
        ];
        parts.retain(|part| !part.old.is_empty() || !part.new.is_empty());
        let chosen = parts
            .iter()
            .position(|part| part.new.start == cuts[0].1 && !part.new.is_empty())
            .ok_or(DecideError::NoHunk(*hunk))?;
        // The first part keeps the number.
        let mut hunks: Vec<(usize, Hunk, Verdict)> = self
            .hunks
            .iter()
            .enumerate()
            .filter(|(index, _)| index != hunk)
            .map(|(index, it)| (index, it.hunk.clone(), it.verdict))
            .collect();
        let numbers: Vec<usize> = std::iter::once(*hunk)
            .chain(self.hunks.len()..)
            .take(parts.len())
            .collect();
        hunks.extend(
            numbers
                .iter()
                .zip(parts)
                .map(|(number, part)| (*number, part, Verdict::Open)),
        );
        hunks.sort_by_key(|(_, hunk, _)| (hunk.old.start, hunk.new.start));
        let numbered: Vec<Numbered> = hunks
            .iter()
            .map(|(index, hunk, verdict)| Numbered {
                number: *index as u32 + 1,
                hunk: hunk.clone(),
                verdict: *verdict,
            })
            .collect();
        if !self.tracked.lay_anew(self.showing, &numbered) {
            return Err(DecideError::Typed);
        }
        hunks.sort_by_key(|(index, ..)| *index);
        self.hunks = hunks
            .into_iter()
            .map(|(_, hunk, verdict)| DecidedHunk { hunk, verdict })
            .collect();
        self.decide_hunk(numbers[chosen], *verdict)
    }
}

/// The bytes of base and target at which a hunk is cut before one of its new lines.
fn cut(hunk: &Hunk, line: usize, base: &str, target: &str) -> (usize, usize) {
    if line == 0 {
        return (hunk.old.start, hunk.new.start);
    }
    if line == hunk.new_lines.len() {
        return (hunk.old.end, hunk.new.end);
    }
    let old = hunk.old.start + line_start(&base[hunk.old.clone()], line);
    let begun = usize::from(!begins_line(target, hunk.new.start));
    let new = hunk.new.start + line_start(&target[hunk.new.clone()], line + begun);
    // Lines that come behind a last line without a line break bring the one before them.
    let brings = old == base.len() && !base.is_empty() && !base.ends_with('\n');
    let by = if brings {
        line_break_at_end(&target[..new]).len()
    } else {
        0
    };
    (old, new - by)
}

fn begins_line(text: &str, at: usize) -> bool {
    at == 0 || text[..at].ends_with('\n')
}

/// Where a line begins, in bytes; the text's end for lines behind it.
fn line_start(text: &str, line: usize) -> usize {
    text.split_inclusive('\n').take(line).map(str::len).sum()
}

fn between(
    hunk: &Hunk,
    from: (usize, usize),
    to: (usize, usize),
    base: &str,
    target: &str,
) -> Hunk {
    let lines = |text: &str, first: u32, start: usize, range: &Range<usize>| {
        let count = |range: Range<usize>| {
            let begun = !range.is_empty() && !begins_line(text, range.start);
            text[range].split_inclusive('\n').count() as u32 - u32::from(begun)
        };
        let before = first + count(start..range.start);
        before..before + count(range.clone())
    };
    let (old, new) = (from.0..to.0, from.1..to.1);
    Hunk {
        old_lines: lines(base, hunk.old_lines.start, hunk.old.start, &old),
        new_lines: lines(target, hunk.new_lines.start, hunk.new.start, &new),
        old,
        new,
    }
}

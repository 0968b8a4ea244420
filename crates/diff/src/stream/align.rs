//! Lays held lines beside old lines where both ends are known, and at the end of the stream. No judgement of evidence.

use super::{Output, StreamingDiff};
use crate::similarity::similarity;

/// Old lines at each end of a replaced run that are compared with the new ones.
const ENDS: usize = 8;
/// Places of one content that are tried at the end of the stream, from either side.
const PLACES: usize = 64;
/// Lines that are less alike than this are told apart: one goes, the other comes.
const ALIKE: f32 = 0.5;

impl StreamingDiff {
    /// The first `count` held lines replace the old lines up to `end`: similar ones are paired, in order.
    pub(super) fn align(&mut self, mut count: usize, end: usize, out: &mut Output<'_>) {
        if count > 0 && self.held[0].shown {
            self.insert_first(out);
            count -= 1;
        }
        let from = self.next;
        let lines: Vec<usize> = if end - from <= 2 * ENDS {
            (from..end).collect()
        } else {
            (from..from + ENDS).chain(end - ENDS..end).collect()
        };
        let pairs = best_chain(count, lines.len(), |k, at| {
            let alike = similarity(self.old.shaped(lines[at]), self.held[k].line.shaped());
            if alike >= ALIKE { alike } else { 0.0 }
        });
        let mut done = 0;
        for (k, at) in pairs {
            for _ in done..k {
                self.insert_first(out);
            }
            self.delete_until(lines[at], out);
            self.pair_first(out);
            done = k + 1;
        }
        for _ in done..count {
            self.insert_first(out);
        }
        self.delete_until(end, out);
    }

    /// Everything is known: all held lines stand against all that is left of the old text.
    pub(super) fn align_rest(&mut self, out: &mut Output<'_>) {
        let lines = self.places_of_held();
        let equal = best_chain(self.held.len(), lines.len(), |k, at| {
            let held = &self.held[k];
            if !held.shown && held.line.text == self.old.line(lines[at]) {
                1.0
            } else {
                0.0
            }
        });
        let mut done = 0;
        for (k, at) in equal {
            self.align(k - done, lines[at], out);
            self.pair_first(out);
            done = k + 1;
        }
        self.align(self.held.len(), self.old.len(), out);
    }

    /// Old lines that a held line may be equal to, ascending: of common ones the first and the last.
    fn places_of_held(&self) -> Vec<usize> {
        let mut lines = Vec::new();
        for held in &self.held {
            let places = self.old.places_from(held.line.content, self.next);
            let rest = places
                .len()
                .saturating_sub(PLACES)
                .max(PLACES.min(places.len()));
            lines.extend(
                places
                    .iter()
                    .take(PLACES)
                    .chain(&places[rest..])
                    .map(|&line| line as usize),
            );
        }
        lines.sort_unstable();
        lines.dedup();
        lines
    }
}

/// The ascending chain of pairs `(row, column)` with the greatest sum of scores; pairs that score nothing are left out.
/// Cost: O(rows × columns) and as many calls of `score`.
fn best_chain(
    rows: usize,
    columns: usize,
    score: impl Fn(usize, usize) -> f32,
) -> Vec<(usize, usize)> {
    let width = columns + 1;
    let mut best = vec![0.0_f32; (rows + 1) * width];
    let mut scores = vec![0.0_f32; rows * columns];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let here = score(row, column);
            scores[row * columns + column] = here;
            let paired = if here > 0.0 {
                here + best[(row + 1) * width + column + 1]
            } else {
                0.0
            };
            best[row * width + column] = paired
                .max(best[(row + 1) * width + column])
                .max(best[row * width + column + 1]);
        }
    }
    let mut chain = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        let here = scores[row * columns + column];
        let total = best[row * width + column];
        if here > 0.0 && here + best[(row + 1) * width + column + 1] >= total {
            chain.push((row, column));
            row += 1;
            column += 1;
        } else if best[row * width + column + 1] >= total {
            column += 1;
        } else {
            row += 1;
        }
    }
    chain
}

//! What one rewrite costs: CPU, lines that the editor sees change, bytes sent; and what the best possible would.

use std::time::Instant;

use diff::{Splice, StreamingDiff, refine};
use imara_diff::{Algorithm, Diff, InternedInput};

/// Characters per piece; about one token of a model.
const PIECE: usize = 4;

#[derive(Default, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) tokens: usize,
    /// Nanoseconds of all pushes.
    pub(crate) total: f64,
    /// The 99th percentile of one push, in nanoseconds, and the longest.
    pub(crate) p99: f64,
    pub(crate) longest: f64,
    /// Lines inserted and deleted while streaming, and in the least line diff.
    pub(crate) lines: usize,
    pub(crate) optimal_lines: usize,
    /// Bytes of inserted text while streaming, in the least line diff, and in that refined to words.
    pub(crate) bytes: usize,
    pub(crate) optimal_bytes: usize,
    pub(crate) refined_bytes: usize,
    pub(crate) splices: usize,
    /// Complete lines that are received and not shown, at each piece: the sum and the 99th percentile.
    pub(crate) held_sum: usize,
    pub(crate) held: usize,
    /// Nanoseconds of a batch diff of old and new-so-far at every line end, interner kept.
    pub(crate) batch: f64,
}

pub(crate) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::with_capacity(text.len() / PIECE + 1);
    let mut rest = text;
    while !rest.is_empty() {
        let len = rest
            .char_indices()
            .nth(PIECE)
            .map_or(rest.len(), |(at, _)| at);
        pieces.push(&rest[..len]);
        rest = &rest[len..];
    }
    pieces
}

/// Runs one rewrite. Panics if the shown text does not end as the new text.
pub(crate) fn measure(old: &str, new: &str, batch: bool) -> Measured {
    let pieces = pieces(new);
    let mut measured = Measured {
        tokens: pieces.len(),
        ..Measured::default()
    };
    watch(old, new, &pieces, &mut measured);
    time(old, &pieces, &mut measured);
    optimum(old, new, &mut measured);
    if batch {
        measured.batch = batch_at_each_line(old, new);
    }
    measured
}

fn time(old: &str, pieces: &[&str], measured: &mut Measured) {
    let mut best = f64::INFINITY;
    let mut out = Vec::new();
    for _ in 0..3 {
        let mut diff = StreamingDiff::new(old);
        let start = Instant::now();
        for piece in pieces {
            out.clear();
            diff.push(piece, &mut out);
        }
        best = best.min(start.elapsed().as_nanos() as f64);
    }
    measured.total = best;
    let mut each = Vec::with_capacity(pieces.len());
    let mut diff = StreamingDiff::new(old);
    for piece in pieces {
        out.clear();
        let start = Instant::now();
        diff.push(piece, &mut out);
        each.push(start.elapsed().as_nanos() as f64);
    }
    each.sort_by(f64::total_cmp);
    measured.p99 = each.get(each.len() * 99 / 100).copied().unwrap_or(0.0);
    measured.longest = each.last().copied().unwrap_or(0.0);
}

fn watch(old: &str, new: &str, pieces: &[&str], measured: &mut Measured) {
    let mut editor = Editor::new(old);
    let mut diff = StreamingDiff::new(old);
    let mut out = Vec::new();
    let mut held = Vec::with_capacity(pieces.len());
    let mut received = 0;
    for piece in pieces {
        diff.push(piece, &mut out);
        editor.apply(&mut out, measured);
        received += piece.len();
        held.push(new[diff.new_len()..received].matches('\n').count());
    }
    measured.held_sum = held.iter().sum();
    held.sort_unstable();
    measured.held = held.get(held.len() * 99 / 100).copied().unwrap_or(0);
    diff.finish(&mut out);
    editor.apply(&mut out, measured);
    assert!(editor.shown == new, "the shown text is not the new text");
}

/// A buffer that counts changed lines as an editor's gutter would: each line once, however often it is touched.
struct Editor {
    shown: String,
    /// Length of each line and whether it is counted as changed.
    lines: Vec<(usize, bool)>,
    /// A line and its offset, near the last splice.
    near: (usize, usize),
}

impl Editor {
    fn new(old: &str) -> Self {
        Editor {
            shown: old.to_owned(),
            lines: old
                .split_inclusive('\n')
                .map(|line| (line.len(), false))
                .collect(),
            near: (0, 0),
        }
    }

    fn apply(&mut self, splices: &mut Vec<Splice>, measured: &mut Measured) {
        for splice in splices.drain(..) {
            measured.splices += 1;
            measured.bytes += splice.insert.len();
            self.count(&splice, measured);
            splice.apply(&mut self.shown);
        }
    }

    fn count(&mut self, splice: &Splice, measured: &mut Measured) {
        let (mut first, mut start) = self.near;
        while start > splice.at {
            first -= 1;
            start -= self.lines[first].0;
        }
        while first < self.lines.len() && start + self.lines[first].0 <= splice.at {
            start += self.lines[first].0;
            first += 1;
        }
        self.near = (first, start);
        let end = splice.at + splice.delete;
        let (mut last, mut last_end) = (first, start);
        while last_end < end {
            last_end += self.lines[last].0;
            last += 1;
        }
        let whole = splice.at == start
            && last_end == end
            && (splice.insert.is_empty() || splice.insert.ends_with('\n'));
        if !whole
            && last_end <= end
            && last < self.lines.len()
            && (last == first || !splice.insert.ends_with('\n'))
        {
            last_end += self.lines[last].0;
            last += 1;
        }
        let mut after = self.shown[start..splice.at].to_owned();
        after.push_str(&splice.insert);
        after.push_str(&self.shown[end..last_end]);
        let after: Vec<(usize, bool)> = after
            .split_inclusive('\n')
            .map(|line| (line.len(), true))
            .collect();
        let counted = self.lines[first..last].iter().filter(|line| line.1).count();
        if whole {
            measured.lines += last - first + after.len();
        } else {
            measured.lines += last - first - counted + after.len().abs_diff(counted);
        }
        self.lines.splice(first..last, after);
    }
}

fn optimum(old: &str, new: &str, measured: &mut Measured) {
    let input = InternedInput::new(old, new);
    measured.optimal_lines = usize::MAX;
    for algorithm in [Algorithm::Histogram, Algorithm::Myers] {
        let diff = Diff::compute(algorithm, &input);
        let lines = (diff.count_additions() + diff.count_removals()) as usize;
        if lines < measured.optimal_lines {
            measured.optimal_lines = lines;
            measured.optimal_bytes = (0..input.after.len() as u32)
                .filter(|line| diff.is_added(*line))
                .map(|line| input.interner[input.after[line as usize]].len())
                .sum();
        }
    }
    measured.refined_bytes = diff::hunks(old, new)
        .into_iter()
        .map(|hunk| {
            refine(&old[hunk.old], &new[hunk.new])
                .into_iter()
                .map(|(_, new)| new.len())
                .sum::<usize>()
        })
        .sum();
}

/// Nanoseconds of beginning a stream, of the hunks, and of the hunks refined.
pub(crate) fn measure_batch(old: &str, new: &str) -> [f64; 3] {
    let timed = |run: &dyn Fn() -> usize| {
        let start = Instant::now();
        std::hint::black_box(run());
        start.elapsed().as_nanos() as f64
    };
    let refined = || {
        let hunks = diff::hunks(old, new);
        hunks
            .into_iter()
            .map(|hunk| refine(&old[hunk.old], &new[hunk.new]).len())
            .sum()
    };
    [
        timed(&|| StreamingDiff::new(old).new_len()),
        timed(&|| diff::hunks(old, new).len()),
        timed(&refined),
    ]
}

fn batch_at_each_line(old: &str, new: &str) -> f64 {
    let mut input: InternedInput<&str> = InternedInput::default();
    input.update_before(imara_diff::sources::lines(old));
    let mut diff = Diff::default();
    let start = Instant::now();
    for line in imara_diff::sources::lines(new) {
        let token = input.interner.intern(line);
        input.after.push(token);
        diff.compute_with(
            Algorithm::Histogram,
            &input.before,
            &input.after,
            input.interner.num_tokens(),
        );
    }
    start.elapsed().as_nanos() as f64
}

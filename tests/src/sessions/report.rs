//! How a change is put into the protocol's words: positions, and the ways in which editors widen, narrow and cut
//! what has changed. Everything counts characters of the text; nothing here is remembered.

use std::ops::Range;

use serde_json::{Value, json};

use super::page::{Cell, text_of};
use crate::lsp::{Encoding, Position};

/// Where each line begins. Lines end at `\n`, `\r\n` and `\r`.
fn line_starts(cells: &[Cell]) -> impl Iterator<Item = usize> {
    let ends = cells.iter().enumerate().filter_map(|(at, cell)| {
        let is_end = match cell.ch {
            '\n' => true,
            '\r' => cells.get(at + 1).is_none_or(|next| next.ch != '\n'),
            _ => false,
        };
        is_end.then_some(at + 1)
    });
    std::iter::once(0).chain(ends)
}

fn is_break(cell: &Cell) -> bool {
    matches!(cell.ch, '\r' | '\n')
}

pub(super) fn position(cells: &[Cell], at: usize, encoding: Encoding) -> Value {
    let (line, start) = line_starts(&cells[..at])
        .enumerate()
        .last()
        .unwrap_or((0, 0));
    let before = cells[start..at].iter().filter(|cell| !is_break(cell));
    let character: u32 = before.map(|cell| encoding.width(cell.ch)).sum();
    json!({ "line": line, "character": character })
}

/// # Errors
/// What is wrong with a position that names no place between two characters of a line.
pub(super) fn offset(cells: &[Cell], value: &Value, encoding: Encoding) -> Result<usize, String> {
    let there = Position::from_json(value)?;
    let start = line_starts(cells).nth(there.line as usize);
    let mut at = start.ok_or_else(|| format!("{there} is past the last line"))?;
    let mut left = there.character;
    while left > 0 {
        let cell = cells.get(at).filter(|cell| !is_break(cell));
        let cell = cell.ok_or_else(|| format!("{there} is past the end of its line"))?;
        let width = encoding.width(cell.ch);
        left = left
            .checked_sub(width)
            .ok_or_else(|| format!("{there} is inside of {:?}", cell.ch))?;
        at += 1;
    }
    Ok(at)
}

/// # Errors
/// As [`offset`], and where it is the wrong way round.
pub(super) fn span(
    cells: &[Cell],
    range: &Value,
    encoding: Encoding,
) -> Result<Range<usize>, String> {
    let span = offset(cells, &range["start"], encoding)?..offset(cells, &range["end"], encoding)?;
    if span.start > span.end {
        return Err(format!("{range} is the wrong way round"));
    }
    Ok(span)
}

pub(super) fn range(cells: &[Cell], span: &Range<usize>, encoding: Encoding) -> Value {
    json!({
        "start": position(cells, span.start, encoding),
        "end": position(cells, span.end, encoding),
    })
}

/// A content change as it is.
pub(super) fn change(before: &[Cell], span: &Range<usize>, put: &str, encoding: Encoding) -> Value {
    json!({ "range": range(before, span, encoding), "text": put })
}

/// Neovim's: the first line is compared from its start, the last from its end, and where lines come in, what lay
/// behind the place in its line is told as new.
pub(super) fn by_lines(
    before: &[Cell],
    span: &Range<usize>,
    put: &[Cell],
    encoding: Encoding,
) -> Value {
    let mut after = before[..span.start].to_vec();
    after.extend_from_slice(put);
    after.extend_from_slice(&before[span.end..]);
    let first = line_starts(&before[..span.start]).last().unwrap_or(0);
    let line_end = |cells: &[Cell], from: usize| {
        let rest = cells[from..].iter().position(is_break);
        rest.map_or(cells.len(), |length| from + length)
    };
    // A place right behind `\r` of a line end counts as in that line.
    let (old_end, new_end) = (
        line_end(before, span.end),
        line_end(&after, span.start + put.len()),
    );
    let first_line = |cells: &[Cell]| line_end(cells, first) - first;
    let prefix = before[first..]
        .iter()
        .zip(&after[first..])
        .take(first_line(before).min(first_line(&after)))
        .take_while(|(old, new)| old.ch == new.ch)
        .count();
    let start = first + prefix;
    let last_start = |cells: &[Cell], end: usize| {
        cells[..end]
            .iter()
            .rposition(is_break)
            .map_or(0, |at| at + 1)
    };
    // Within its first line a change reaches no further back than its start, counted in either text.
    let room = |cells: &[Cell], end: usize| {
        let line = last_start(cells, end);
        end - line
    };
    let one_line = last_start(before, old_end) <= first;
    let mut most = room(before, old_end).min(room(&after, new_end));
    if one_line {
        most = room(before, old_end)
            .saturating_sub(prefix)
            .min(room(&after, new_end).saturating_sub(prefix));
    }
    most = most
        .min(old_end - start.min(old_end))
        .min(new_end - start.min(new_end));
    let suffix = (0..most)
        .take_while(|back| before[old_end - 1 - back].ch == after[new_end - 1 - back].ch)
        .count();
    let span = start..old_end - suffix;
    change(
        before,
        &span,
        &text_of(&after[start..new_end - suffix]),
        encoding,
    )
}

/// A replacement as smaller ones, from the last to the first, by the characters that both sides have in common.
pub(super) fn rediffed(old: &[Cell], new: &[Cell]) -> Vec<(Range<usize>, Range<usize>)> {
    let (old_units, new_units) = (units(old), units(new));
    let same = |one: &Range<usize>, other: &Range<usize>| {
        let (one, other) = (&old[one.clone()], &new[other.clone()]);
        one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.ch == b.ch)
    };
    let (n, m) = (old_units.len(), new_units.len());
    if n * m > 90_000 || n == 0 || m == 0 {
        return vec![(0..old.len(), 0..new.len())];
    }
    // Length of the longest common part of each two tails.
    let mut common = vec![0_u16; (n + 1) * (m + 1)];
    let cell = |i: usize, j: usize| i * (m + 1) + j;
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            common[cell(i, j)] = match same(&old_units[i], &new_units[j]) {
                true => common[cell(i + 1, j + 1)] + 1,
                false => common[cell(i + 1, j)].max(common[cell(i, j + 1)]),
            };
        }
    }
    let edge = |units: &[Range<usize>], at: usize, length: usize| {
        units.get(at).map_or(length, |unit| unit.start)
    };
    let mut changes: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < n || j < m {
        if i < n && j < m && same(&old_units[i], &new_units[j]) {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let (from_i, from_j) = (i, j);
        while (i < n || j < m) && !(i < n && j < m && same(&old_units[i], &new_units[j])) {
            if j == m || i < n && common[cell(i + 1, j)] >= common[cell(i, j + 1)] {
                i += 1;
            } else {
                j += 1;
            }
        }
        changes.push((
            edge(&old_units, from_i, old.len())..edge(&old_units, i, old.len()),
            edge(&new_units, from_j, new.len())..edge(&new_units, j, new.len()),
        ));
    }
    changes.reverse();
    changes
}

/// Characters, with line ends as one.
fn units(cells: &[Cell]) -> Vec<Range<usize>> {
    let mut units = Vec::with_capacity(cells.len());
    let mut at = 0;
    while at < cells.len() {
        let pair = cells[at].ch == '\r' && cells.get(at + 1).is_some_and(|next| next.ch == '\n');
        let end = at + 1 + usize::from(pair);
        units.push(at..end);
        at = end;
    }
    units
}

/// The one stretch in which two texts differ: from where, to where in the one and in the other. It cuts no line end.
pub(super) fn difference(old: &[Cell], new: &[Cell]) -> (usize, usize, usize) {
    let most = old.len().min(new.len());
    let alike = |(one, other): &(&Cell, &Cell)| one.ch == other.ch;
    let mut start = old.iter().zip(new).take_while(alike).count();
    let backward = old.iter().rev().zip(new.iter().rev());
    let mut tail = backward.take(most - start).take_while(alike).count();
    if start > 0 && old[start - 1].ch == '\r' {
        start -= 1;
    }
    if tail > 0 && old[old.len() - tail].ch == '\n' {
        tail -= 1;
    }
    (
        start,
        (old.len() - tail).max(start),
        (new.len() - tail).max(start),
    )
}

#[cfg(test)]
mod tests {
    use super::super::page::{By, cells};
    use super::*;

    fn apply(cells_before: &[Cell], change: &Value, encoding: Encoding) -> String {
        let at = span(cells_before, &change["range"], encoding).expect("a place in the text");
        let text = change["text"].as_str().expect("a text");
        text_of(&cells_before[..at.start]) + text + &text_of(&cells_before[at.end..])
    }

    #[test]
    fn every_way_of_telling_leads_to_the_same_text() {
        let mut rng = fastrand::Rng::with_seed(7);
        for round in 0..4_000 {
            let eol = ["\n", "\r\n"][round % 2];
            let parts = ["a", "b", "𝄞", eol, eol, "é"];
            let mut word = |most: usize| -> String {
                let count = rng.usize(..most);
                (0..count)
                    .map(|_| parts[rng.usize(..parts.len())])
                    .collect()
            };
            let (head, gone, tail, put) = (word(9), word(9), word(9), word(9));
            let before = cells(&[&*head, &*gone, &*tail].concat(), By::Text);
            let start = head.chars().count();
            let range = start..start + gone.chars().count();
            let expected = [&*head, &*put, &*tail].concat();
            let put_cells = cells(&put, By::Person);
            for encoding in Encoding::ALL {
                let told = by_lines(&before, &range, &put_cells, encoding);
                assert_eq!(apply(&before, &told, encoding), expected, "{told}");
                let told = change(&before, &range, &put, encoding);
                assert_eq!(apply(&before, &told, encoding), expected, "{told}");
            }
            let after = cells(&expected, By::Text);
            let mut again = before.clone();
            for (old, new) in rediffed(&before, &after) {
                again.splice(old, after[new].iter().copied());
            }
            assert_eq!(text_of(&again), expected);
            let (start, old_end, new_end) = difference(&before, &after);
            let mut again = before.clone();
            again.splice(start..old_end, after[start..new_end].iter().copied());
            assert_eq!(text_of(&again), expected);
        }
    }

    #[test]
    fn a_line_that_comes_in_takes_the_tail_of_its_line_along() {
        let before = cells("abcd\nef\n", By::Text);
        let told = by_lines(&before, &(2..2), &cells("x\ny", By::Person), Encoding::Utf8);
        assert_eq!(told["range"]["start"], json!({ "line": 0, "character": 2 }));
        // It compares no more of the tail than the new last line is longer than the place.
        assert_eq!(told["range"]["end"], json!({ "line": 0, "character": 3 }));
        assert_eq!(told["text"], "x\nyc");
    }
}

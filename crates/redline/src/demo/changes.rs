//! The document against the text before, line by line, as the terminal shows it.

use std::time::{Duration, Instant};

use similar::{ChangeTag, TextDiff};

use super::proposal::Hunk;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Same,
    Added,
    Removed,
}

/// One line of the old or the new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) mark: Mark,
    /// Without its line end.
    pub(super) text: String,
    /// The line in the new text, from 0; of a removed line, the one that follows it.
    pub(super) line: usize,
}

/// All lines of both texts in order. Gives up on minimality after a frame's time.
pub(super) fn rows(before: &str, after: &str) -> Vec<Row> {
    let diff = TextDiff::configure()
        .deadline(Instant::now() + Duration::from_millis(30))
        .diff_lines(before, after);
    let mut line = 0;
    diff.iter_all_changes()
        .map(|change| {
            let mark = match change.tag() {
                ChangeTag::Equal => Mark::Same,
                ChangeTag::Insert => Mark::Added,
                ChangeTag::Delete => Mark::Removed,
            };
            let row = Row {
                mark,
                text: change.value().trim_end_matches(['\r', '\n']).to_owned(),
                line,
            };
            line += usize::from(mark != Mark::Removed);
            row
        })
        .collect()
}

/// Added and removed lines.
pub(super) fn counts(rows: &[Row]) -> (usize, usize) {
    let count = |mark| rows.iter().filter(|it| it.mark == mark).count();
    (count(Mark::Added), count(Mark::Removed))
}

/// The last changed row: the place where the text grows.
pub(super) fn frontier(rows: &[Row]) -> Option<usize> {
    rows.iter().rposition(|it| it.mark != Mark::Same)
}

/// The rows of a hunk: its new lines and the removed ones before and between them.
pub(super) fn of_hunk(rows: &[Row], hunk: &Hunk) -> std::ops::Range<usize> {
    let (from, mut to) = (hunk.span.start.line, hunk.span.end.line);
    // Part of a line is a line.
    to += usize::from(hunk.span.end.byte > 0);
    let inside =
        |row: &Row| (from..to).contains(&row.line) || row.mark == Mark::Removed && row.line == from;
    let start = rows.iter().position(inside);
    let end = rows.iter().rposition(inside);
    match (start, end) {
        (Some(start), Some(end)) => start..end + 1,
        _ => {
            let at = rows
                .iter()
                .position(|it| it.line >= from)
                .unwrap_or(rows.len());
            at..at
        }
    }
}

/// The text as a terminal can take it: tabs as spaces, control characters made visible.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '\t' => out.push_str("    "),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            it if it.is_control() => out.push('\u{fffd}'),
            it => out.push(it),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::document::{Position, Span};
    use super::*;

    #[test]
    fn rows_carry_the_lines_of_the_new_text() {
        let rows = rows("a\nb\nc\n", "a\nB\nnew\nc\n");
        let shown: Vec<_> = rows
            .iter()
            .map(|it| (it.mark, it.text.as_str(), it.line))
            .collect();
        assert_eq!(
            shown,
            [
                (Mark::Same, "a", 0),
                (Mark::Removed, "b", 1),
                (Mark::Added, "B", 1),
                (Mark::Added, "new", 2),
                (Mark::Same, "c", 3),
            ]
        );
        assert_eq!(counts(&rows), (2, 1));
        assert_eq!(frontier(&rows), Some(3));
        let hunk = Hunk {
            index: 0,
            is_pending: true,
            span: Span {
                start: Position { line: 1, byte: 0 },
                end: Position { line: 3, byte: 0 },
            },
            old_text: String::new(),
            new_text: String::new(),
        };
        assert_eq!(of_hunk(&rows, &hunk), 1..4);
    }

    #[test]
    fn a_file_cannot_steer_the_terminal() {
        assert_eq!(
            printable("a\tb\x1b[2J\u{202e}"),
            "a    b\u{fffd}[2J\u{fffd}"
        );
    }
}

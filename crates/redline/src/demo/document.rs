//! The document as the demo's editor holds it: plain text, with lines and ranges as LSP counts them
//! in utf-8.
//!
//! Written apart from the server's mirror on purpose: two that agree are a check of both.

use std::ops::Range;

use serde_json::{Value, json};

/// Line from 0 and byte in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) byte: usize,
}

/// A range of positions, the end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: Position,
    pub(crate) end: Position,
}

/// One LSP text edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextEdit {
    pub(super) span: Span,
    pub(super) new_text: String,
}

/// Text with a version that rises with every batch of edits.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) text: String,
    pub(super) version: i64,
}

impl Position {
    fn from_json(value: &Value) -> Option<Position> {
        let number = |key| usize::try_from(value.get(key)?.as_u64()?).ok();
        Some(Position {
            line: number("line")?,
            byte: number("character")?,
        })
    }

    fn to_json(self) -> Value {
        json!({ "line": self.line, "character": self.byte })
    }
}

impl Span {
    pub(super) fn from_json(value: &Value) -> Option<Span> {
        Some(Span {
            start: Position::from_json(value.get("start")?)?,
            end: Position::from_json(value.get("end")?)?,
        })
    }

    pub(super) fn to_json(self) -> Value {
        json!({ "start": self.start.to_json(), "end": self.end.to_json() })
    }

    /// All of a text.
    pub(super) fn whole(text: &str) -> Span {
        let starts = line_starts(text);
        let line = starts.len() - 1;
        Span {
            start: Position { line: 0, byte: 0 },
            end: Position {
                line,
                byte: text.len() - starts[line],
            },
        }
    }

    /// The bytes of the text, or nothing where the span does not fit it exactly.
    pub(super) fn bytes(self, text: &str) -> Option<Range<usize>> {
        let starts = line_starts(text);
        let offset = |at: Position| {
            let start = *starts.get(at.line)?;
            let end = starts.get(at.line + 1).copied().unwrap_or(text.len());
            let offset = start.checked_add(at.byte).filter(|it| *it <= end)?;
            text.is_char_boundary(offset).then_some(offset)
        };
        let range = offset(self.start)?..offset(self.end)?;
        (range.start <= range.end).then_some(range)
    }
}

impl TextEdit {
    pub(super) fn from_json(value: &Value) -> Option<TextEdit> {
        Some(TextEdit {
            span: Span::from_json(value.get("range")?)?,
            new_text: value.get("newText")?.as_str()?.to_owned(),
        })
    }
}

impl Document {
    /// Applies edits whose ranges all speak of the text before, and returns them in the order in
    /// which a `didChange` may list them: from the end of the document to its start.
    ///
    /// Errors: a range that does not fit, or edits that overlap; the text is then as before.
    pub(super) fn apply(&mut self, edits: Vec<TextEdit>) -> Result<Vec<TextEdit>, &'static str> {
        let mut located = edits
            .into_iter()
            .map(|edit| Some((edit.span.bytes(&self.text)?, edit)))
            .collect::<Option<Vec<_>>>()
            .ok_or("a range does not fit the document")?;
        // Stable, so that insertions at one place keep their order.
        located.sort_by_key(|(range, _)| range.start);
        if located.windows(2).any(|it| it[0].0.end > it[1].0.start) {
            return Err("edits overlap");
        }
        let mut text = std::mem::take(&mut self.text);
        for (range, edit) in located.iter().rev() {
            text.replace_range(range.clone(), &edit.new_text);
        }
        self.text = text;
        self.version += 1;
        Ok(located.into_iter().rev().map(|(_, edit)| edit).collect())
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = (0..bytes.len()).filter(|&at| match bytes[at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    std::iter::once(0).chain(ends.map(|it| it + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: (usize, usize), end: (usize, usize), new_text: &str) -> TextEdit {
        let at = |(line, byte)| Position { line, byte };
        TextEdit {
            span: Span {
                start: at(start),
                end: at(end),
            },
            new_text: new_text.to_owned(),
        }
    }

    #[track_caller]
    fn check(before: &str, edits: &[TextEdit], after: Option<&str>) {
        let mut document = Document {
            text: before.to_owned(),
            version: 1,
        };
        let applied = document.apply(edits.to_vec());
        assert_eq!(applied.is_ok(), after.is_some());
        assert_eq!(document.text, after.unwrap_or(before));
        assert_eq!(document.version, if after.is_some() { 2 } else { 1 });
    }

    #[test]
    fn edits_speak_of_the_text_before() {
        check(
            "a\r\nb\rc\nd",
            &[
                edit((0, 0), (0, 1), "A"),
                edit((2, 0), (3, 0), ""),
                edit((3, 1), (3, 1), "!"),
            ],
            Some("A\r\nb\rd!"),
        );
        check("é", &[edit((0, 1), (0, 2), "e")], None);
        check(
            "ab",
            &[edit((0, 0), (0, 2), "x"), edit((0, 1), (0, 1), "y")],
            None,
        );
        check("ab", &[edit((1, 0), (1, 0), "x")], None);
        check(
            "",
            &[edit((0, 0), (0, 0), "x"), edit((0, 0), (0, 0), "y")],
            Some("xy"),
        );
    }
}

//! [`Text`]: the rope behind a byte-offset interface. No positions, no versions.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use ropey::Rope;

/// A text as a rope. All offsets are bytes into its UTF-8 form and must lie on character boundaries.
///
/// Cloning is O(1) and shares all storage, so a clone is a snapshot. Edits and conversions are
/// O(log n). Methods that take an offset panic when it is past the end; callers hold offsets that
/// came from this very text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text {
    pub(crate) rope: Rope,
}

impl Text {
    /// Length in bytes. O(1).
    pub fn len(&self) -> usize {
        self.rope.len_bytes()
    }

    /// Whether there is no text. O(1).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of lines as LSP counts them: an empty text has one, a final line break opens another.
    pub fn line_count(&self) -> usize {
        self.rope.len_lines()
    }

    /// Byte offset at which `line` (from 0) starts; the end of the text for lines past the last.
    pub fn line_start(&self, line: usize) -> usize {
        if line >= self.line_count() {
            return self.len();
        }
        self.rope.line_to_byte(line)
    }

    /// Byte offset of the end of `line` without its line break.
    pub fn line_end(&self, line: usize) -> usize {
        let start = self.line_start(line);
        let mut end = self.line_start(line + 1);
        while end > start && matches!(self.rope.byte(end - 1), b'\n' | b'\r') {
            end -= 1;
        }
        end
    }

    /// The line (from 0) that holds the byte at `offset`.
    pub fn line_of(&self, offset: usize) -> usize {
        self.rope.byte_to_line(offset)
    }

    /// One line with its line break.
    pub fn line(&self, line: usize) -> Cow<'_, str> {
        self.slice(self.line_start(line)..self.line_start(line + 1))
    }

    /// The text of a byte range; borrowed when it lies in one chunk of the rope.
    pub fn slice(&self, range: Range<usize>) -> Cow<'_, str> {
        self.rope.byte_slice(range).into()
    }

    /// The chunks of a byte range, in order.
    pub fn chunks(&self, range: Range<usize>) -> impl Iterator<Item = &str> {
        self.rope.byte_slice(range).chunks()
    }

    /// The chunk that holds the byte at `offset`, and where that chunk starts; empty at the end.
    pub fn chunk_at(&self, offset: usize) -> (&str, usize) {
        if offset >= self.len() {
            return ("", self.len());
        }
        let (chunk, start, _, _) = self.rope.chunk_at_byte(offset);
        (chunk, start)
    }

    /// The byte at `offset`, or `None` at the end.
    pub fn byte(&self, offset: usize) -> Option<u8> {
        self.rope.get_byte(offset)
    }

    /// Whether `offset` lies between characters (or at either end).
    pub fn is_boundary(&self, offset: usize) -> bool {
        offset == self.len() || self.byte(offset).is_some_and(|byte| byte & 0xC0 != 0x80)
    }

    /// Whether `offset` lies between the `\r` and the `\n` of one line break, where no LSP position can point.
    pub fn splits_crlf(&self, offset: usize) -> bool {
        offset > 0 && self.byte(offset) == Some(b'\n') && self.byte(offset - 1) == Some(b'\r')
    }

    /// Whether the range holds exactly `text`; any range may be asked about. Cost is the length of `text`.
    pub fn range_is(&self, range: Range<usize>, text: &str) -> bool {
        range.len() == text.len()
            && range.end <= self.len()
            && self.is_boundary(range.start)
            && self.is_boundary(range.end)
            && self.rope.byte_slice(range) == text
    }

    /// Replaces a byte range. O(log n + inserted).
    pub fn replace(&mut self, range: Range<usize>, text: &str) {
        let start = self.rope.byte_to_char(range.start);
        if !range.is_empty() {
            let end = self.rope.byte_to_char(range.end);
            self.rope.remove(start..end);
        }
        if !text.is_empty() {
            self.rope.insert(start, text);
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text {
            rope: Rope::from_str(text),
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rope.chunks().try_for_each(|chunk| f.write_str(chunk))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes, {} lines)", self.len(), self.line_count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_cuts_a_character_holds_no_text() {
        let text = Text::from("«漢»");
        assert!(text.range_is(0..2, "«"));
        assert!(!text.range_is(0..3, "abc"));
        assert!(!text.range_is(3..99, &"x".repeat(96)));
    }
}

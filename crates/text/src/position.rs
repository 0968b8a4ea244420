//! LSP positions and their conversion to byte offsets and back, in all three encodings.

use std::ops::Range;

use thiserror::Error;

use crate::Text;

/// What one unit of [`Position::character`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units; LSP's default.
    #[default]
    Utf16,
    /// Characters (Unicode scalar values).
    Utf32,
}

/// A place between two characters: line from 0, and units of the negotiated [`Encoding`] from the line's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 0.
    pub line: u32,
    /// Units from the start of the line.
    pub character: u32,
}

impl Position {
    /// A position from its two numbers.
    pub fn new(line: u32, character: u32) -> Self {
        Position { line, character }
    }
}

/// Why a position names no place in a text.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PositionError {
    /// The line lies past the end of the text.
    #[error("line {line} is past the end of the text, which has {lines} lines")]
    LineOutOfBounds {
        /// The line asked for, from 0.
        line: u32,
        /// How many lines there are.
        lines: usize,
    },
    /// The character count ends inside a character (half a surrogate pair, or a UTF-8 continuation byte).
    #[error("character {character} of line {line} lies inside a character")]
    InsideCharacter {
        /// The line, from 0.
        line: u32,
        /// The units asked for.
        character: u32,
    },
}

impl Text {
    /// The byte offset of a position. A character past the end of its line means the end of that line
    /// (LSP 3.17, `Position`); the line just past the last means the end of the text. O(log n).
    ///
    /// # Errors
    /// A line further out, or a place inside a character.
    pub fn offset(&self, position: Position, encoding: Encoding) -> Result<usize, PositionError> {
        let line = position.line as usize;
        let lines = self.line_count();
        if line == lines && position.character == 0 {
            return Ok(self.len());
        }
        if line >= lines {
            return Err(PositionError::LineOutOfBounds {
                line: position.line,
                lines,
            });
        }
        let inside = PositionError::InsideCharacter {
            line: position.line,
            character: position.character,
        };
        let start = self.rope.line_to_byte(line);
        let units = position.character as usize;
        if units == 0 {
            return Ok(start);
        }
        let end = self.line_end(line);
        match encoding {
            Encoding::Utf8 => {
                let offset = start.saturating_add(units).min(end);
                self.is_boundary(offset).then_some(offset).ok_or(inside)
            }
            Encoding::Utf32 => {
                let first = self.rope.byte_to_char(start);
                let last = self.rope.byte_to_char(end);
                Ok(self
                    .rope
                    .char_to_byte(first.saturating_add(units).min(last)))
            }
            Encoding::Utf16 => {
                let first = self.rope.char_to_utf16_cu(self.rope.byte_to_char(start));
                let last = self.rope.char_to_utf16_cu(self.rope.byte_to_char(end));
                let unit = first.saturating_add(units).min(last);
                let char = self.rope.utf16_cu_to_char(unit);
                if self.rope.char_to_utf16_cu(char) != unit {
                    return Err(inside);
                }
                Ok(self.rope.char_to_byte(char))
            }
        }
    }

    /// As [`Text::offset`], but any position gives the nearest place at or before it: for requests,
    /// where a slightly stale position is no error.
    pub fn offset_clamped(&self, position: Position, encoding: Encoding) -> usize {
        let mut position = position;
        for _ in 0..4 {
            match self.offset(position, encoding) {
                Ok(offset) => return offset,
                Err(PositionError::LineOutOfBounds { .. }) => return self.len(),
                Err(PositionError::InsideCharacter { .. }) => position.character -= 1,
            }
        }
        self.line_start(position.line as usize)
    }

    /// The position of a byte offset. O(log n).
    pub fn position(&self, offset: usize, encoding: Encoding) -> Position {
        let line = self.rope.byte_to_line(offset);
        let start = self.rope.line_to_byte(line);
        let character = match encoding {
            Encoding::Utf8 => offset - start,
            Encoding::Utf32 => self.rope.byte_to_char(offset) - self.rope.byte_to_char(start),
            Encoding::Utf16 => {
                self.rope.char_to_utf16_cu(self.rope.byte_to_char(offset))
                    - self.rope.char_to_utf16_cu(self.rope.byte_to_char(start))
            }
        };
        // Documents are far below 4 billion lines or columns: the rope would not fit in memory.
        Position::new(line as u32, character as u32)
    }

    /// The positions of both ends of a byte range.
    pub fn position_range(&self, range: Range<usize>, encoding: Encoding) -> Range<Position> {
        self.position(range.start, encoding)..self.position(range.end, encoding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, encoding: Encoding, line: u32, character: u32, expect: Option<usize>) {
        let text = Text::from(text);
        let offset = text.offset(Position::new(line, character), encoding).ok();
        assert_eq!(offset, expect);
    }

    #[test]
    fn emoji_is_four_bytes_two_units_one_character() {
        for (encoding, units) in [
            (Encoding::Utf8, 4),
            (Encoding::Utf16, 2),
            (Encoding::Utf32, 1),
        ] {
            check("a\n🙂b", encoding, 1, units, Some(6));
            check("a\n🙂b", encoding, 1, units + 1, Some(7));
        }
    }

    #[test]
    fn inside_a_character_is_refused() {
        check("🙂", Encoding::Utf16, 0, 1, None);
        check("🙂", Encoding::Utf8, 0, 3, None);
        let text = Text::from("🙂");
        assert_eq!(text.offset_clamped(Position::new(0, 3), Encoding::Utf8), 0);
    }

    #[test]
    fn character_past_the_line_means_its_end() {
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            check("ab\r\ncd", encoding, 0, 99, Some(2));
            check("ab\rcd", encoding, 0, u32::MAX, Some(2));
        }
    }

    #[test]
    fn line_past_the_text_is_refused_but_just_past_means_the_end() {
        check("a\nb", Encoding::Utf16, 2, 0, Some(3));
        check("a\nb", Encoding::Utf16, 2, 1, None);
        check("a\nb", Encoding::Utf16, 3, 0, None);
    }

    #[test]
    fn unicode_separators_break_no_line() {
        let text = Text::from("a\u{2028}b\u{85}c\u{b}d\u{c}e\n");
        assert_eq!(text.line_count(), 2);
    }

    #[test]
    fn lone_carriage_return_breaks_a_line() {
        let text = Text::from("a\rb\r\nc");
        assert_eq!(text.line_count(), 3);
        assert_eq!(text.position(2, Encoding::Utf16), Position::new(1, 0));
        assert!(text.splits_crlf(4));
    }
}

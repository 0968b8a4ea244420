//! Positions of the protocol against a plain `String`, strictly: a position that is not in the text is an error.
//! Lines end at `\n`, `\r\n` and `\r`, and at nothing else. Everything is counted from the start of the text.

use std::fmt;
use std::ops::Range;

use serde_json::{Value, json};

/// What `character` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16,
    Utf32,
}

impl Encoding {
    pub const ALL: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    /// The protocol's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16 => "utf-16",
            Encoding::Utf32 => "utf-32",
        }
    }

    /// # Errors
    /// The name itself when it is none of the three.
    pub fn from_name(name: &str) -> Result<Encoding, String> {
        let found = Encoding::ALL.into_iter().find(|it| it.name() == name);
        found.ok_or_else(|| format!("`{name}` is no position encoding"))
    }

    /// How many units one character takes.
    pub fn width(self, character: char) -> u32 {
        let width = match self {
            Encoding::Utf8 => character.len_utf8(),
            Encoding::Utf16 => character.len_utf16(),
            Encoding::Utf32 => 1,
        };
        width as u32
    }
}

/// Line from 0, and units of the encoding within the line from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub character: u32,
}

impl Position {
    pub fn to_json(self) -> Value {
        json!({ "line": self.line, "character": self.character })
    }

    /// # Errors
    /// When it is not two unsigned numbers.
    pub fn from_json(value: &Value) -> Result<Position, String> {
        let number = |key: &str| {
            let number = value[key].as_u64().and_then(|n| u32::try_from(n).ok());
            number.ok_or_else(|| format!("{value} is no position"))
        };
        Ok(Position {
            line: number("line")?,
            character: number("character")?,
        })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.character)
    }
}

/// The bytes of each line without its end, the last one possibly empty. Costs the length of the text.
pub fn lines(text: &str) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let bytes = text.as_bytes();
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        let end = at;
        at += match (bytes[at], bytes.get(at + 1)) {
            (b'\r', Some(b'\n')) => 2,
            (b'\r' | b'\n', _) => 1,
            _ => {
                at += 1;
                continue;
            }
        };
        lines.push(start..end);
        start = at;
    }
    lines.push(start..bytes.len());
    lines
}

/// The byte offset of a position. Costs the length of the text.
///
/// # Errors
/// When the line or the character is past the end, or the position is inside a character.
pub fn offset(text: &str, position: Position, encoding: Encoding) -> Result<usize, String> {
    let lines = lines(text);
    let Some(line) = lines.get(position.line as usize) else {
        return Err(format!(
            "{position} is past the last line {}",
            lines.len() - 1
        ));
    };
    let mut left = position.character;
    for (at, character) in text[line.clone()].char_indices() {
        if left == 0 {
            return Ok(line.start + at);
        }
        let width = encoding.width(character);
        left = left
            .checked_sub(width)
            .ok_or_else(|| format!("{position} is inside {character:?} ({})", encoding.name()))?;
    }
    match left {
        0 => Ok(line.end),
        past => Err(format!(
            "{position} is {past} units past the end of its line"
        )),
    }
}

/// The position of a byte offset. An offset between `\r` and `\n` counts as the end of that line.
/// Costs the length of the text.
///
/// # Panics
/// When the offset is not on a character's border of the text.
pub fn position(text: &str, offset: usize, encoding: Encoding) -> Position {
    let lines = lines(text);
    let line = lines.partition_point(|line| line.start <= offset) - 1;
    let Range { start, end } = lines[line];
    let before = &text[start..offset.min(end)];
    Position {
        line: line as u32,
        character: before.chars().map(|it| encoding.width(it)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, at: usize, expected: [(u32, u32); 3]) {
        for (encoding, (line, character)) in Encoding::ALL.into_iter().zip(expected) {
            let there = Position { line, character };
            assert_eq!(position(text, at, encoding), there, "{}", encoding.name());
            assert_eq!(offset(text, there, encoding), Ok(at), "{}", encoding.name());
        }
    }

    #[test]
    fn each_encoding_counts_its_own_units() {
        check("aé𝄞b\n", 0, [(0, 0); 3]);
        check("aé𝄞b\n", 7, [(0, 7), (0, 4), (0, 3)]);
        check("aé𝄞b\n", 9, [(1, 0); 3]);
    }

    #[test]
    fn only_three_line_ends_count() {
        check("a\rb\r\nc\u{2028}d\u{85}e\nf", 5, [(2, 0); 3]);
        check("a\rb\r\nc\u{2028}d\n", 11, [(3, 0); 3]);
        assert_eq!(lines("a\r\n\r\rb").len(), 4);
        assert_eq!(lines("").len(), 1);
    }

    #[test]
    fn positions_outside_the_text_are_refused() {
        for (line, character) in [(1, 0), (0, 4), (0, 2)] {
            let there = Position { line, character };
            let answer = offset("a𝄞", there, Encoding::Utf16);
            assert!(answer.is_err(), "{there} is {answer:?}");
        }
    }
}

//! LSP positions in a text of characters, worked out apart from crate `text`.

use text::{Encoding, Position};

fn width(ch: char, encoding: Encoding) -> u32 {
    (match encoding {
        Encoding::Utf8 => ch.len_utf8(),
        Encoding::Utf16 => ch.len_utf16(),
        Encoding::Utf32 => 1,
    }) as u32
}

/// Whether a line ends behind the character at `index`.
fn ends_line(chars: &[char], index: usize) -> bool {
    match chars[index] {
        '\n' => true,
        '\r' => chars.get(index + 1) != Some(&'\n'),
        _ => false,
    }
}

/// The position of a character.
pub fn position_of(chars: &[char], index: usize, encoding: Encoding) -> Position {
    let (mut line, mut start) = (0, 0);
    for at in 0..index {
        if ends_line(chars, at) {
            line += 1;
            start = at + 1;
        }
    }
    let character = chars[start..index]
        .iter()
        .map(|ch| width(*ch, encoding))
        .sum();
    Position::new(line, character)
}

/// The character at a position; past the end of a line is its end, past the last line the end.
pub fn index_of(chars: &[char], position: Position, encoding: Encoding) -> usize {
    let mut line = 0;
    let mut at = 0;
    while line < position.line {
        if at == chars.len() {
            return at;
        }
        line += u32::from(ends_line(chars, at));
        at += 1;
    }
    let mut left = position.character;
    while at < chars.len() && !matches!(chars[at], '\n' | '\r') {
        let width = width(chars[at], encoding);
        if left < width {
            break;
        }
        left -= width;
        at += 1;
    }
    at
}

//! Who writes with which characters. In most sessions every character of the text is unlike every other, and
//! person and model each write characters of their own, so that no report is ambiguous: what is missing or
//! doubled shows. Blanks and line breaks are everyone's.

/// The n-th character of a text, one to four bytes long.
pub fn base(n: usize) -> char {
    let n = n as u32 % 1_000;
    let (row, at) = (n % 4, n / 4);
    let code = match row {
        0 if at < 26 => u32::from('a') + at,
        0 => 0x391 + at,
        1 => 0x430 + at,
        2 => 0x2800 + at,
        _ => 0x1_F300 + at,
    };
    char::from_u32(code).unwrap_or('?')
}

/// The n-th character that a person types.
pub fn person(n: usize) -> char {
    char::from_u32(0xAC00 + n as u32 % 11_172).unwrap_or('?')
}

/// Whether only a person types it.
pub fn is_person(ch: char) -> bool {
    (0xAC00..0xAC00 + 11_172).contains(&u32::from(ch))
}

/// The n-th character that a model writes.
pub fn model(n: usize) -> char {
    let n = n as u32 % 20_000;
    let code = if n.is_multiple_of(5) {
        0x2_0000 + n
    } else {
        0x4E00 + n
    };
    char::from_u32(code).unwrap_or('?')
}

/// Whether a character may come from anyone.
pub fn is_neutral(ch: char) -> bool {
    matches!(ch, ' ' | '\n' | '\r')
}

/// Whether no character of a text occurs twice, those of everyone aside.
pub fn is_distinct(text: &str) -> bool {
    let mut seen: Vec<char> = text.chars().filter(|ch| !is_neutral(*ch)).collect();
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    seen.len() == all
}

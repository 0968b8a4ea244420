//! Tells code, comments and strings apart, so that rules do not touch what they must not.
//!
//! It is a scanner over delimiters, not a parser: enough to be right about everyday code.

use std::ops::Range;

use super::language::Language;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Code,
    Comment,
    Str,
}

/// Adjacent pieces of the text; together they cover it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

/// Cost: one pass.
pub(super) fn spans(text: &str, language: Language) -> Vec<Span> {
    let scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        language,
    };
    let mut spans = Vec::new();
    let (mut at, mut code) = (0, 0);
    while at < text.len() {
        match scanner.token(at) {
            Some((kind, end)) => {
                if code < at {
                    spans.push(Span {
                        kind: Kind::Code,
                        range: code..at,
                    });
                }
                spans.push(Span {
                    kind,
                    range: at..end,
                });
                (at, code) = (end, end);
            }
            None => at += 1,
        }
    }
    if code < text.len() {
        spans.push(Span {
            kind: Kind::Code,
            range: code..text.len(),
        });
    }
    spans
}

/// The text with every byte of a comment made a space and every byte of a string made a quote;
/// line ends and all offsets stay.
pub(super) fn masked(text: &str, language: Language) -> String {
    let mut out = String::with_capacity(text.len());
    for span in spans(text, language) {
        let piece = &text[span.range];
        match span.kind {
            Kind::Code => out.push_str(piece),
            kind => out.extend(piece.bytes().map(|byte| match (byte, kind) {
                (b'\n' | b'\r', _) => char::from(byte),
                (_, Kind::Comment) => ' ',
                _ => '"',
            })),
        }
    }
    out
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    language: Language,
}

impl Scanner<'_> {
    /// The comment or string that begins at `at`, with its end.
    fn token(&self, at: usize) -> Option<(Kind, usize)> {
        let rest = &self.bytes[at..];
        if let Some(end) = self.comment(at) {
            return Some((Kind::Comment, end));
        }
        let end = match (self.language, rest[0]) {
            (Language::Python, b'"' | b'\'') => {
                let triple = [rest[0]; 3];
                if rest.starts_with(&triple) {
                    self.until(at + 3, &triple, true)
                } else {
                    self.quoted(at)
                }
            }
            (Language::Rust, b'\'') => return self.rust_char(at).map(|end| (Kind::Str, end)),
            (Language::Rust, b'r') => return self.rust_raw(at).map(|end| (Kind::Str, end)),
            (Language::JavaScript | Language::TypeScript, b'`') => self.template(at),
            (Language::JavaScript | Language::TypeScript, b'/') if self.regex_may_begin(at) => {
                return self.js_regex(at).map(|end| (Kind::Str, end));
            }
            (Language::Go, b'`') => self.until(at + 1, b"`", false),
            (Language::Lua, b'[') => {
                return self.lua_long(at).map(|end| (Kind::Str, end));
            }
            (Language::Bash, b'\'') => self.until(at + 1, b"'", false),
            (Language::Bash, b'"') => self.until(at + 1, b"\"", true),
            (Language::Bash, b'\\') => (at + 2).min(self.bytes.len()),
            (Language::Bash, b'<') => return self.heredoc(at).map(|end| (Kind::Str, end)),
            (Language::Rust, b'"') => self.until(at + 1, b"\"", true),
            (_, b'"') => self.quoted(at),
            // An apostrophe in prose is no string.
            (Language::Other, b'\'') => return None,
            (_, b'\'') => self.quoted(at),
            _ => return None,
        };
        Some((Kind::Str, self.boundary(end)))
    }

    fn comment(&self, at: usize) -> Option<usize> {
        let rest = &self.bytes[at..];
        if self.language == Language::Lua
            && rest.starts_with(b"--")
            && let Some(end) = self.lua_long(at + 2)
        {
            return Some(end);
        }
        if rest.starts_with(self.language.line_comment().as_bytes()) {
            let word_start = at == 0 || matches!(self.bytes[at - 1], b' ' | b'\t' | b'\n' | b';');
            // In a shell `$#` and `a#b` are no comments.
            if self.language != Language::Bash || word_start {
                return Some(self.line_end(at));
            }
        }
        if self.language.has_block_comments() && rest.starts_with(b"/*") {
            return Some(self.block_comment(at));
        }
        None
    }

    fn block_comment(&self, at: usize) -> usize {
        let nests = self.language == Language::Rust;
        let (mut depth, mut at) = (1, at + 2);
        while at < self.bytes.len() {
            let rest = &self.bytes[at..];
            if rest.starts_with(b"*/") {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            } else if nests && rest.starts_with(b"/*") {
                depth += 1;
                at += 2;
            } else {
                at += 1;
            }
        }
        self.bytes.len()
    }

    /// A string on one line: an unclosed quote ends with the line.
    fn quoted(&self, at: usize) -> usize {
        let quote = self.bytes[at];
        let mut end = at + 1;
        while end < self.bytes.len() {
            match self.bytes[end] {
                b'\\' => end += 2,
                b'\n' => return end,
                byte if byte == quote => return end + 1,
                _ => end += 1,
            }
        }
        self.bytes.len()
    }

    fn until(&self, from: usize, close: &[u8], escapes: bool) -> usize {
        let mut at = from;
        while at < self.bytes.len() {
            if escapes && self.bytes[at] == b'\\' {
                at += 2;
            } else if self.bytes[at..].starts_with(close) {
                return at + close.len();
            } else {
                at += 1;
            }
        }
        self.bytes.len()
    }

    /// A character literal; a lifetime is code.
    fn rust_char(&self, at: usize) -> Option<usize> {
        let mut chars = self.text[at + 1..].char_indices();
        let (_, first) = chars.next()?;
        if first == '\\' {
            let end = self.quoted(at);
            return (self.bytes.get(end - 1) == Some(&b'\'')).then_some(end);
        }
        let (after, second) = chars.next()?;
        (second == '\'').then_some(at + 1 + after + 1)
    }

    fn rust_raw(&self, at: usize) -> Option<usize> {
        // An identifier that ends in r is not a prefix, but `br` is.
        if at > 0 && is_word(self.bytes[at - 1]) && self.bytes[at - 1] != b'b' {
            return None;
        }
        let hashes = self.bytes[at + 1..]
            .iter()
            .take_while(|it| **it == b'#')
            .count();
        let open = at + 1 + hashes;
        if self.bytes.get(open) != Some(&b'"') {
            return None;
        }
        let close = format!("\"{}", "#".repeat(hashes));
        Some(self.until(open + 1, close.as_bytes(), false))
    }

    /// A template literal, with the templates inside its `${…}`.
    fn template(&self, at: usize) -> usize {
        let (mut at, mut depth) = (at + 1, 0);
        while at < self.bytes.len() {
            match self.bytes[at] {
                b'\\' => at += 2,
                b'`' if depth == 0 => return at + 1,
                b'`' => at = self.template(at),
                b'$' if self.bytes.get(at + 1) == Some(&b'{') => {
                    depth += 1;
                    at += 2;
                }
                b'{' if depth > 0 => {
                    depth += 1;
                    at += 1;
                }
                b'}' if depth > 0 => {
                    depth -= 1;
                    at += 1;
                }
                _ => at += 1,
            }
        }
        self.bytes.len()
    }

    /// After a value a slash divides.
    fn regex_may_begin(&self, at: usize) -> bool {
        let before = self.text[..at].trim_end();
        let word = before
            .rsplit(|it: char| !it.is_alphanumeric() && it != '_')
            .next()
            .unwrap_or("");
        match before.bytes().next_back() {
            None => true,
            Some(byte) if is_word(byte) => {
                matches!(word, "return" | "typeof" | "case" | "in" | "of")
            }
            Some(byte) => !matches!(byte, b')' | b']' | b'}' | b'"' | b'\'' | b'`' | b'<'),
        }
    }

    fn js_regex(&self, at: usize) -> Option<usize> {
        let (mut at, mut class) = (at + 1, false);
        loop {
            match *self.bytes.get(at)? {
                b'\n' => return None,
                b'\\' => at += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => return Some(at + 1),
                _ => {}
            }
            at += 1;
        }
    }

    fn lua_long(&self, at: usize) -> Option<usize> {
        let rest = self.bytes.get(at..)?;
        let level = rest
            .strip_prefix(b"[")?
            .iter()
            .take_while(|it| **it == b'=')
            .count();
        if rest.get(level + 1) != Some(&b'[') {
            return None;
        }
        let close = format!("]{}]", "=".repeat(level));
        Some(self.until(at + level + 2, close.as_bytes(), false))
    }

    fn heredoc(&self, at: usize) -> Option<usize> {
        let rest = self.text[at..].strip_prefix("<<")?;
        if rest.starts_with('<') {
            return None;
        }
        let tabs = rest.starts_with('-');
        let word = rest
            .trim_start_matches('-')
            .trim_start_matches([' ', '\'', '"', '\\']);
        let word: &str = &word[..word.bytes().take_while(|it| is_word(*it)).count()];
        if word.is_empty() {
            return None;
        }
        let mut end = self.line_end(at);
        while end < self.bytes.len() {
            let start = end + 1;
            end = self.line_end(start);
            let line = &self.text[start.min(end)..end];
            let line = if tabs {
                line.trim_start_matches('\t')
            } else {
                line
            };
            if line.trim_end_matches('\r') == word {
                return Some(end);
            }
        }
        Some(self.bytes.len())
    }

    /// The end of the line without its line end.
    fn line_end(&self, at: usize) -> usize {
        let at = at.min(self.bytes.len());
        let end = self.bytes[at..]
            .iter()
            .position(|it| *it == b'\n')
            .map_or(self.bytes.len(), |it| at + it);
        if end > at && end < self.bytes.len() && self.bytes[end - 1] == b'\r' {
            end - 1
        } else {
            end
        }
    }

    /// An escape may have jumped into the middle of a character.
    fn boundary(&self, end: usize) -> usize {
        let end = end.min(self.text.len());
        (end..=self.text.len())
            .find(|it| self.text.is_char_boundary(*it))
            .unwrap_or(self.text.len())
    }
}

pub(super) fn is_word(byte: u8) -> bool {
    byte == b'_' || byte == b'$' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

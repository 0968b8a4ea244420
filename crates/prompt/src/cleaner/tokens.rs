//! Pieces of a stream as runs of text and line breaks. Knows nothing of what they mean.

/// A line break as the model wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    Lf,
    CrLf,
    Cr,
}

/// A run of text without line breaks, or one line break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Text(&'a str),
    Break(Break),
}

/// A token that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Text(String),
    Break(Break),
}

impl Held {
    pub(super) fn as_token(&self) -> Token<'_> {
        match self {
            Held::Text(text) => Token::Text(text),
            Held::Break(kind) => Token::Break(*kind),
        }
    }
}

impl From<Token<'_>> for Held {
    fn from(token: Token<'_>) -> Self {
        match token {
            Token::Text(text) => Held::Text(text.to_owned()),
            Token::Break(kind) => Held::Break(kind),
        }
    }
}

/// Whatever takes tokens in order.
pub(super) trait Sink {
    fn token(&mut self, token: Token<'_>);

    fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.token(Token::Text(text));
        }
    }
}

/// The cutter: remembers whether the stream has begun, and a `\r` that waits for its `\n`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tokens {
    begun: bool,
    carriage_return: bool,
}

impl Tokens {
    pub(super) fn cut(&mut self, piece: &str, give: &mut dyn FnMut(Token<'_>)) {
        let mut rest = piece;
        if !self.begun && !rest.is_empty() {
            self.begun = true;
            rest = rest.strip_prefix('\u{feff}').unwrap_or(rest);
        }
        if self.carriage_return && !rest.is_empty() {
            self.carriage_return = false;
            match rest.strip_prefix('\n') {
                Some(behind) => {
                    rest = behind;
                    give(Token::Break(Break::CrLf));
                }
                None => give(Token::Break(Break::Cr)),
            }
        }
        while let Some(at) = rest.find(['\n', '\r']) {
            if at > 0 {
                give(Token::Text(&rest[..at]));
            }
            let tail = &rest[at..];
            if tail == "\r" {
                self.carriage_return = true;
                return;
            }
            let (kind, len) = if tail.starts_with("\r\n") {
                (Break::CrLf, 2)
            } else if tail.starts_with('\r') {
                (Break::Cr, 1)
            } else {
                (Break::Lf, 1)
            };
            give(Token::Break(kind));
            rest = &tail[len..];
        }
        if !rest.is_empty() {
            give(Token::Text(rest));
        }
    }

    pub(super) fn end(&mut self, give: &mut dyn FnMut(Token<'_>)) {
        if std::mem::take(&mut self.carriage_return) {
            give(Token::Break(Break::Cr));
        }
    }
}

//! Gives indentation back that the model left out, at the first line or everywhere. Anything else that
//! is unusual about indentation is left as the model wrote it.

use std::collections::HashSet;

use super::Shape;
use super::output::Output;
use super::shape::{first_word, indent_of};
use super::tokens::{Held, Sink, Token};

/// What the region's own indentation tells about the answer's.
#[derive(Clone, Debug)]
struct Base {
    indent: String,
    second_is_deeper: bool,
    first_word: String,
    first_words: HashSet<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Indent {
    base: Base,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// Nothing to do, or done.
    Off,
    /// The white space of the first line that is not blank.
    First(String),
    /// The first line has no indentation: it is held until the second line tells.
    Second {
        first: String,
        held: Vec<Held>,
        white: String,
    },
    /// Every line gets it back; the white space at the start of the line.
    Everywhere(Option<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    None,
    FirstLine,
    Everywhere,
}

/// The stage with what stands behind it.
pub(super) struct Indented<'a> {
    indent: &'a mut Indent,
    output: &'a mut Output,
}

impl Indent {
    pub(super) fn new(shape: &Shape) -> Self {
        let watch = !shape.first_indent.is_empty() && shape.indented_throughout;
        Indent {
            base: Base {
                indent: shape.first_indent.clone(),
                second_is_deeper: shape.second_is_deeper,
                first_word: shape.first_word.clone(),
                first_words: shape.first_words.clone(),
            },
            state: if watch {
                State::First(String::new())
            } else {
                State::Off
            },
        }
    }

    pub(super) fn before<'a>(&'a mut self, output: &'a mut Output) -> Indented<'a> {
        Indented {
            indent: self,
            output,
        }
    }
}

impl Base {
    /// What is lost, by the first line (without indentation) and the second (its white space, its text).
    fn loss(&self, first: &str, white: &str, second: &str) -> Loss {
        let opens = opens_block(first);
        if white.len() < self.indent.len() && self.indent.starts_with(white) {
            return Loss::Everywhere;
        }
        if !white.starts_with(&self.indent) {
            return Loss::None;
        }
        let same_start = first_word(first) == self.first_word;
        if white == self.indent
            && ((opens && !closes_block(second)) || (same_start && self.second_is_deeper))
        {
            return Loss::Everywhere;
        }
        // A new first line may stand at the margin on purpose; one that the region knows may not.
        if opens || same_start || self.first_words.contains(first_word(first)) {
            Loss::FirstLine
        } else {
            Loss::None
        }
    }
}

fn opens_block(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with(['{', '(', '[', ':']) || matches!(line.rsplit(' ').next(), Some("then" | "do"))
}

fn closes_block(text: &str) -> bool {
    text.starts_with(['}', ')', ']'])
}

impl Indented<'_> {
    pub(super) fn end(mut self) {
        match std::mem::replace(&mut self.indent.state, State::Off) {
            State::Off | State::Everywhere(None) => {}
            State::First(white) | State::Everywhere(Some(white)) => self.output.text(&white),
            State::Second { held, white, .. } => {
                self.output.text(&self.indent.base.indent);
                self.replay(&held);
                self.output.text(&white);
            }
        }
    }

    fn replay(&mut self, held: &[Held]) {
        for token in held {
            self.output.token(token.as_token());
        }
    }

    fn first(&mut self, mut white: String, token: Token<'_>) -> State {
        let Token::Text(text) = token else {
            self.output.text(&white);
            self.output.token(token);
            return State::First(String::new());
        };
        let own = indent_of(text);
        white.push_str(own);
        if own.len() == text.len() {
            return State::First(white);
        }
        if white.is_empty() {
            return State::Second {
                first: text.to_owned(),
                held: vec![token.into()],
                white,
            };
        }
        self.output.text(&white);
        self.output.text(&text[own.len()..]);
        State::Off
    }

    fn second(
        &mut self,
        mut first: String,
        mut held: Vec<Held>,
        mut white: String,
        token: Token<'_>,
    ) -> State {
        let in_first = !held.iter().any(|held| matches!(held, Held::Break(_)));
        let own = match token {
            Token::Text(text) if !in_first => indent_of(text),
            _ => "",
        };
        white.push_str(own);
        match token {
            Token::Text(text) if in_first => {
                first.push_str(text);
                held.push(token.into());
            }
            Token::Break(_) => {
                if !white.is_empty() {
                    held.push(Held::Text(std::mem::take(&mut white)));
                }
                held.push(token.into());
            }
            Token::Text(text) if own.len() < text.len() => {
                let loss = self.indent.base.loss(&first, &white, &text[own.len()..]);
                return self.restore(loss, held, &white, &text[own.len()..]);
            }
            Token::Text(_) => {}
        }
        State::Second { first, held, white }
    }

    fn restore(&mut self, loss: Loss, held: Vec<Held>, white: &str, second: &str) -> State {
        if loss != Loss::None {
            self.output.text(&self.indent.base.indent);
        }
        self.replay(&held);
        if loss == Loss::Everywhere {
            self.output.text(&self.indent.base.indent);
        }
        self.output.text(white);
        self.output.text(second);
        if loss == Loss::Everywhere {
            State::Everywhere(None)
        } else {
            State::Off
        }
    }

    fn everywhere(&mut self, line_start: Option<String>, token: Token<'_>) -> State {
        match (token, line_start) {
            (Token::Break(_), white) => {
                self.output.text(&white.unwrap_or_default());
                self.output.token(token);
                State::Everywhere(Some(String::new()))
            }
            (Token::Text(text), Some(mut white)) => {
                let own = indent_of(text);
                white.push_str(own);
                if own.len() == text.len() {
                    return State::Everywhere(Some(white));
                }
                self.output.text(&self.indent.base.indent);
                self.output.text(&white);
                self.output.text(&text[own.len()..]);
                State::Everywhere(None)
            }
            (Token::Text(_), None) => {
                self.output.token(token);
                State::Everywhere(None)
            }
        }
    }
}

impl Sink for Indented<'_> {
    fn token(&mut self, token: Token<'_>) {
        self.indent.state = match std::mem::replace(&mut self.indent.state, State::Off) {
            State::Off => {
                self.output.token(token);
                State::Off
            }
            State::First(white) => self.first(white, token),
            State::Second { first, held, white } => self.second(first, held, white, token),
            State::Everywhere(line_start) => self.everywhere(line_start, token),
        };
    }
}

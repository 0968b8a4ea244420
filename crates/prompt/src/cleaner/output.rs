//! The last stage: line breaks as the text has them, and its final newline.

use super::tokens::{Break, Sink, Token};
use super::{LineEnding, Shape, Unusable};

#[derive(Clone, Debug)]
pub(super) struct Output {
    ending: LineEnding,
    keep_endings: bool,
    ends_with_newline: bool,
    /// White space before anything else; nothing is given before there is more.
    lead: String,
    begun: bool,
    /// Line breaks that are dropped if they are the last.
    breaks: String,
    at_line_start: bool,
    out: String,
}

impl Output {
    pub(super) fn new(shape: &Shape) -> Self {
        Output {
            ending: shape.line_ending,
            keep_endings: shape.mixed_endings,
            ends_with_newline: shape.ends_with_newline,
            lead: String::new(),
            begun: false,
            breaks: String::new(),
            at_line_start: false,
            out: String::new(),
        }
    }

    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    pub(super) fn end(mut self) -> Result<String, Unusable> {
        if !self.begun {
            return Err(Unusable::Empty);
        }
        if self.ends_with_newline && !self.at_line_start {
            self.out.push_str(self.ending.as_str());
        }
        Ok(self.out)
    }

    /// A lone `\r` stays what it is in a text that has none: it is no line break that any model means.
    fn converted(&self, kind: Break) -> &'static str {
        match kind {
            Break::Cr if self.keep_endings || self.ending != LineEnding::Cr => "\r",
            Break::Lf if self.keep_endings => "\n",
            Break::CrLf if self.keep_endings => "\r\n",
            _ => self.ending.as_str(),
        }
    }
}

impl Sink for Output {
    fn token(&mut self, token: Token<'_>) {
        match token {
            Token::Text(text) => {
                self.at_line_start = false;
                if !self.begun && text.trim().is_empty() {
                    self.lead.push_str(text);
                    return;
                }
                self.begun = true;
                self.out.push_str(&std::mem::take(&mut self.lead));
                self.out.push_str(&self.breaks);
                self.breaks.clear();
                self.out.push_str(text);
            }
            Token::Break(kind) => {
                let line_break = self.converted(kind);
                self.at_line_start = true;
                if !self.begun {
                    self.lead.push_str(line_break);
                } else if self.ends_with_newline {
                    self.out.push_str(line_break);
                } else {
                    self.breaks.push_str(line_break);
                }
            }
        }
    }
}
